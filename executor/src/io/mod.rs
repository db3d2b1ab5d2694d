//! The I/O traits, which are [`futures-io`](https://docs.rs/futures-io)'s, with the extension
//! traits and adaptors of [`futures-lite`](https://docs.rs/futures-lite); and what those have not:
//! the [standard](stdin) [streams](stdout), [`duplex`], [`copy_bidirectional`].
//!
//! ```
//! use pintle::io::{AsyncReadExt, Cursor};
//!
//! # #[pintle::main]
//! # async fn main() -> pintle::io::Result<()> {
//! let mut text = String::new();
//! Cursor::new(b"text").read_to_string(&mut text).await?;
//! assert_eq!(text, "text");
//! # Ok(())
//! # }
//! ```

mod copy_bidirectional;
mod duplex;
#[cfg(not(loom))]
pub(crate) mod pooled;
#[cfg(not(loom))]
mod stdio;

pub use futures_lite::io::*;

/// For the streams that [`lines`](AsyncBufReadExt::lines) and [`split`](AsyncBufReadExt::split)
/// make.
pub use futures_lite::stream::StreamExt;

pub use copy_bidirectional::{copy_bidirectional, copy_bidirectional_with_sizes};
pub use duplex::{DuplexStream, duplex};
#[cfg(not(loom))]
pub use stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};

pub use pintle_reactor::{Interest, Ready};

/// Descriptors of other libraries, waited for by the reactor.
#[cfg(not(loom))]
pub mod unix {
    pub use pintle_reactor::{AsyncFd, AsyncFdReadyGuard, TryIoError};
}
