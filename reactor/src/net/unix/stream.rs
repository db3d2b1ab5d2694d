//! [`UnixStream`]: a connection between processes of one machine.
//!
//! A short write says that the buffer is full, and is remembered as that. A short read says
//! nothing: it also ends where the peer has sent descriptors along, with more bytes behind.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use socket2::{Domain, SockAddr};

use super::split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use crate::net::bytes::{impl_futures_io, impl_readiness};
use crate::net::socket::impl_socket;
use crate::net::sys;
use crate::{Interest, Registered};

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
    pub(crate) io: Registered<net::UnixStream>,
}

impl_socket!(UnixStream, net::UnixStream);
impl_readiness!(UnixStream);
impl_futures_io!(UnixStream);

/// Making one.
impl UnixStream {
    /// Connects to the listener at `path`.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the connection is closed.
    ///
    /// # Errors
    ///
    /// The system's. On Linux a listener whose queue is full is
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), and nothing tells when it has room again: try
    /// later. Elsewhere it is [`ConnectionRefused`](io::ErrorKind::ConnectionRefused).
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        let socket = sys::stream_socket(Domain::UNIX, None)?;
        // socket2 reads abstract names as `addr_of` does.
        let connected = sys::start_connect(&socket, &SockAddr::unix(path)?)?;
        let stream = UnixStream::from_nonblocking(socket.into());
        if !connected {
            // Never on Linux, which connects at once or not at all.
            let connected = |io: &net::UnixStream| match (io.take_error()?, io.peer_addr()) {
                (Some(error), _) => Err(error),
                (None, Err(error)) if error.kind() == io::ErrorKind::NotConnected => {
                    Err(io::ErrorKind::WouldBlock.into())
                }
                (None, peer) => peer.map(drop),
            };
            stream.io.async_io(Interest::WRITABLE, connected).await?;
        }
        Ok(stream)
    }

    /// Makes two streams without names, connected to each other.
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((UnixStream::from_std(one)?, UnixStream::from_std(other)?))
    }
}

/// The halves, which can be used at once, and what `std` has under the same names.
impl UnixStream {
    /// The halves of a borrowed stream, for one task that reads and writes at once.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        split::split(self)
    }

    /// The halves of the stream, for two tasks. Dropping the writing one ends the writing.
    ///
    /// ```
    /// use futures_lite::{AsyncReadExt, AsyncWriteExt};
    /// use pintle_reactor::net::UnixStream;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (ours, mut theirs) = UnixStream::pair()?;
    /// let (read, mut write) = ours.into_split();
    /// write.write_all(b"hello").await?;
    ///
    /// let mut buf = [0; 5];
    /// theirs.read_exact(&mut buf).await?;
    /// let _whole_again = read.reunite(write).unwrap();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split::into_split(self)
    }

    /// The address of this side.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The address of the other side.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    /// Ends reading, writing or both; whoever waits for it is woken.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.get_ref().shutdown(how)
    }
}
