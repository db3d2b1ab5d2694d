//! [`UnixStream`]: a connection between processes of one machine.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use socket2::{Domain, SockAddr, Socket, Type};

use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf, split};
use crate::{Direction, Interest, Ready, Registered};

/// A connected Unix socket: bytes both ways.
///
/// Reads and writes through the `futures-io` traits, which `UnixStream`, `&UnixStream` and the
/// halves that [`split`](Self::split) and [`into_split`](Self::into_split) make all implement.
/// Closing it, as those traits call it, shuts down the writing side: the peer reads to the end.
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use pintle_reactor::net::UnixStream;
///
/// # futures_lite::future::block_on(async {
/// let (mut ours, mut theirs) = UnixStream::pair()?;
/// ours.write_all(b"hello").await?;
/// ours.close().await?;
///
/// let mut heard = String::new();
/// theirs.read_to_string(&mut heard).await?;
/// assert_eq!(heard, "hello");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixStream {
    io: Registered<net::UnixStream>,
}

/// Making one.
impl UnixStream {
    /// Connects to the listener at `path`.
    ///
    /// # Errors
    ///
    /// The system's. On Linux a listener whose queue is full is
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), and nothing tells when it has room again: try
    /// later. Elsewhere it is [`ConnectionRefused`](io::ErrorKind::ConnectionRefused).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the connection is closed.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        todo!()
    }

    /// Makes two streams without names, connected to each other.
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((UnixStream::from_std(one)?, UnixStream::from_std(other)?))
    }

    /// Takes over a `std` stream, whatever its mode, and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// When the mode cannot be changed.
    pub fn from_std(stream: net::UnixStream) -> io::Result<UnixStream> {
        stream.set_nonblocking(true)?;
        Ok(UnixStream { io: Registered::new(stream) })
    }

    /// Gives the `std` stream back, deregistered and still non-blocking.
    ///
    /// # Errors
    ///
    /// None today; the `Result` is tokio's.
    pub fn into_std(self) -> io::Result<net::UnixStream> {
        Ok(self.io.into_inner())
    }
}
