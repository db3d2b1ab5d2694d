//! Pintle is an async runtime of **pinned workers, each owning a reactor, a timing wheel and a run
//! queue**. A task is pinned to its worker or may be stolen by idle siblings, so one crate is both
//! a share-nothing and a work-stealing runtime.
//!
//! ```
//! use pintle::io::{AsyncReadExt, AsyncWriteExt};
//! use pintle::net::{TcpListener, TcpStream};
//!
//! #[pintle::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!     pintle::spawn(async move {
//!         let (mut stream, _) = listener.accept().await?;
//!         stream.write_all(b"hello").await
//!     });
//!     let mut greeting = String::new();
//!     TcpStream::connect(address).await?.read_to_string(&mut greeting).await?;
//!     assert_eq!(greeting, "hello");
//!     Ok(())
//! }
//! ```
//!
//! # Spawning
//!
//! | call | must be `Send` | runs | may move |
//! | --- | --- | --- | --- |
//! | [`spawn`] on a work-stealing runtime | future, output | on this worker, or whichever is idle | yes |
//! | [`spawn`] on a thread-per-core runtime | future, output | on this worker; from outside, on each in turn | no |
//! | [`task::spawn_local`] | nothing | on this thread | no |
//! | [`spawn_on`]`(worker, \|\| future)` | the closure, the output | on that worker | no |
//! | [`spawn_on_each`]`(\|worker\| future)` | the closure, the output | on every worker | no |
//! | [`task::spawn_blocking`] | closure, output | on a thread of the blocking pool | no |
//!
//! # Model checking
//!
//! Under `--cfg loom` this is a runtime for [loom](https://docs.rs/loom): the same workers, queues,
//! tasks, timers and locks, on modelled threads and atomics, without anything of the operating
//! system's (`net`, `fs`, `process`, `signal`). So a crate that embeds Pintle can have its own code run
//! in every interleaving; `loom-tests/README.md` in the repository shows how in twenty lines.
//!
//! # Features
//!
//! | feature | default | |
//! | --- | --- | --- |
//! | `macros` | yes | [`#[pintle::main]`](main), [`#[pintle::test]`](test), [`select!`], [`join!`], [`try_join!`] |
//! | `fs` | yes | files and directories on the blocking pool: [`fs`] |
//! | `signal` | yes | Ctrl-C and Unix signals: [`signal`] |
//! | `process` | | child processes: [`process`] |
//! | `hyper` | | hyper's runtime traits on our streams, timers and spawners: [`hyper`] |
//! | `full` | | all of these |

#![deny(unsafe_code)]
// For the models, more is public than is meant for anybody, and not all of it has a user.
#![cfg_attr(loom, allow(dead_code, missing_docs, missing_debug_implementations))]

mod blocking;
mod park;
mod queue;
mod spawn;
mod steal;
mod task_tools;
mod yield_now;

/// What `loom-tests` checks one by one: the atomic protocols of this crate.
#[cfg(loom)]
#[doc(hidden)]
pub mod checked {
    pub mod blocking {
        pub use crate::blocking::*;
    }
    pub mod park {
        pub use crate::park::*;
    }
    pub mod queue {
        pub use crate::queue::*;
    }
    pub mod steal {
        pub use crate::steal::*;
    }
    pub mod task {
        pub use crate::task::*;
    }
}

pub mod io;
#[doc(hidden)]
pub mod macros;
pub mod runtime;
pub mod sync;
pub mod task;
pub mod time;
pub mod worker;

// The operating system's things, of which there are none in a model.
#[cfg(all(not(loom), feature = "fs"))]
pub mod fs;
#[cfg(all(not(loom), feature = "hyper"))]
pub mod hyper;
#[cfg(not(loom))]
pub mod net;
#[cfg(all(not(loom), feature = "process"))]
pub mod process;
#[cfg(all(not(loom), feature = "signal"))]
pub mod signal;

pub use spawn::{spawn, spawn_on, spawn_on_each};

#[cfg(feature = "macros")]
pub use pintle_macros::{main, test};
