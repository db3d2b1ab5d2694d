//! The standard streams.
//!
//! They share `std`'s handles, so what is written here and by `println!` does not interleave
//! within a piece. Terminals and redirected files cannot be polled alike, so all are worked on by
//! the blocking pool.
//!
//! Tested in `tests/io.rs`.

use super::pooled::{Blocking, Pooled};
use futures_lite::io::{AsyncRead, AsyncWrite};
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

impl Blocking for io::Stdin {}
impl Blocking for io::Stdout {}
impl Blocking for io::Stderr {}

/// The standard input of the process, as [`stdin`] makes it.
#[derive(Debug)]
pub struct Stdin {
    pooled: Pooled<io::Stdin>,
}

/// The standard output of the process, as [`stdout`] makes it.
#[derive(Debug)]
pub struct Stdout {
    pooled: Pooled<io::Stdout>,
}

/// The standard error of the process, as [`stderr`] makes it.
#[derive(Debug)]
pub struct Stderr {
    pooled: Pooled<io::Stderr>,
}

/// Makes a handle to the standard input.
///
/// A read waits on a thread of the blocking pool and **cannot be called off**: if its future is
/// dropped, the thread goes on waiting, and what it gets is for the next read of this handle.
/// Dropping a runtime waits for that thread, until the user presses Enter, say: use
/// [`Runtime::shutdown_background`](crate::runtime::Runtime::shutdown_background) where that
/// matters. For a program that is all dialogue a thread that reads `std::io::stdin` and a channel
/// are the better way.
///
/// Keep one handle: two that read at a time each get a part of the input.
///
/// # Panics
///
/// Reading panics outside of a runtime.
///
/// ```no_run
/// use pintle::io::{AsyncBufReadExt, BufReader, StreamExt};
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut lines = BufReader::new(pintle::io::stdin()).lines();
/// while let Some(line) = lines.next().await {
///     println!("you said {}", line?);
/// }
/// # Ok(())
/// # }
/// ```
pub fn stdin() -> Stdin {
    Stdin {
        pooled: Pooled::new(io::stdin()),
    }
}

/// Makes a handle to the standard output.
///
/// A write is accepted at once and done by the blocking pool soon after; end with a `flush`, which
/// waits for that, or what was written last may come after what follows, or not at all if the
/// process exits. What one handle accepts keeps its order; between handles, and with `println!`,
/// order is up to chance.
///
/// # Panics
///
/// Writing panics outside of a runtime.
///
/// ```
/// use pintle::io::AsyncWriteExt;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut stdout = pintle::io::stdout();
/// stdout.write_all(b"no newline").await?;
/// stdout.flush().await?;
/// # Ok(())
/// # }
/// ```
pub fn stdout() -> Stdout {
    Stdout {
        pooled: Pooled::new(io::stdout()),
    }
}

/// Makes a handle to the standard error; as [`stdout`] in all.
///
/// # Panics
///
/// Writing panics outside of a runtime.
///
/// ```
/// use pintle::io::AsyncWriteExt;
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut stderr = pintle::io::stderr();
/// stderr.write_all(b"oh\n").await?;
/// stderr.flush().await?;
/// # Ok(())
/// # }
/// ```
pub fn stderr() -> Stderr {
    Stderr {
        pooled: Pooled::new(io::stderr()),
    }
}

impl AsyncRead for Stdin {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.pooled.poll_read(cx, buf)
    }
}

macro_rules! descriptor {
    ($Stream:ident) => {
        impl AsFd for $Stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.pooled.get_ref().as_fd()
            }
        }

        impl AsRawFd for $Stream {
            fn as_raw_fd(&self) -> RawFd {
                self.pooled.get_ref().as_raw_fd()
            }
        }
    };
}

macro_rules! output {
    ($Stream:ident) => {
        impl AsyncWrite for $Stream {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.pooled.poll_write(cx, buf)
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.pooled.poll_write_vectored(cx, bufs)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.pooled.poll_flush(cx)
            }

            /// Flushes. The stream stays open: it is the process's.
            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(cx)
            }
        }
    };
}

descriptor!(Stdin);
descriptor!(Stdout);
descriptor!(Stderr);
output!(Stdout);
output!(Stderr);
