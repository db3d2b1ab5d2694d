//! Child processes.
//!
//! `std::process` with the waiting awaited: [`Command`] starts a process, [`Child`] is one, and
//! its pipes are read and written through the `futures-io` traits on the worker's reactor, as
//! sockets are.
//!
//! | piece | what it is |
//! | --- | --- |
//! | [`Command`], [`Child`] | what `std` has under these names, with the same builder |
//! | [`ChildStdin`], [`ChildStdout`], [`ChildStderr`] | the pipes to a child |
//! | `exit` | hearing of a child's end: a `pidfd`, or `SIGCHLD` where there is none |
//! | `orphan` | children whose [`Child`] was dropped; they are reaped when they end |
//!
//! Nothing here is tied to a runtime: a child may be started on one and awaited on another.
//!
//! ```
//! use pintle::process::Command;
//!
//! # #[pintle::main]
//! # async fn main() -> std::io::Result<()> {
//! let output = Command::new("echo").arg("hello").output().await?;
//! assert!(output.status.success());
//! assert_eq!(output.stdout, b"hello\n");
//! # Ok(())
//! # }
//! ```

mod child;
mod command;
mod exit;
mod orphan;
mod pipe;

pub use child::Child;
pub use command::Command;
pub use pipe::{ChildStderr, ChildStdin, ChildStdout};
