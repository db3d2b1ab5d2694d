//! The I/O traits, which are [`futures-io`](https://docs.rs/futures-io)'s, with the extension
//! traits and adaptors of [`futures-lite`](https://docs.rs/futures-lite).
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

pub use futures_lite::io::*;

pub use pintle_reactor::{Interest, Ready};

/// Descriptors of other libraries, waited for by the reactor.
pub mod unix {
    pub use pintle_reactor::{AsyncFd, AsyncFdReadyGuard, TryIoError};
}
