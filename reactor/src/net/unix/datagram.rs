//! [`UnixDatagram`]: messages between processes of one machine.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::task::{Context, Poll};

use super::addr_of;
use crate::net::datagrams::impl_datagrams;
use crate::{Direction, Interest, Registered};

/// A Unix socket that sends and receives whole messages, in order and without loss.
///
/// All operations take `&self`, so a socket in an `Arc` may be sent on and received on by several
/// tasks at once. Each message reaches one of them.
///
/// A sender waits while its receiver's queue is full. For one that is not
/// [connected](Self::connect), Linux tells when the receiver has taken one of *its own* messages,
/// and nothing else: where many send to one queue, let each connect first.
///
/// ```
/// use pintle_reactor::net::UnixDatagram;
///
/// # futures_lite::future::block_on(async {
/// let (ours, theirs) = UnixDatagram::pair()?;
/// ours.send(b"one").await?;
/// ours.send(b"two").await?;
///
/// let mut buf = [0; 16];
/// assert_eq!(theirs.recv(&mut buf).await?, 3);
/// assert_eq!(&buf[..3], b"one"); // messages keep their order and their bounds
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixDatagram {
    io: Registered<net::UnixDatagram>,
}

impl_datagrams!(UnixDatagram, net::UnixDatagram, SocketAddr);

/// Making one.
impl UnixDatagram {
    /// Makes a socket others can send to under `path`.
    ///
    /// # Errors
    ///
    /// The system's; [`AddrInUse`](io::ErrorKind::AddrInUse) when there is anything at `path`.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        UnixDatagram::from_std(net::UnixDatagram::bind_addr(&addr_of(path.as_ref())?)?)
    }

    /// Makes a socket without a name, which can send but not be answered.
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixDatagram::from_std(net::UnixDatagram::unbound()?)
    }

    /// Makes two sockets without names, connected to each other.
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((UnixDatagram::from_std(one)?, UnixDatagram::from_std(other)?))
    }

    /// Fixes the peer to the socket at `path`: [`send`](Self::send) goes there, and only messages
    /// from there are received.
    ///
    /// # Errors
    ///
    /// The system's, when there is no such socket for one.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.io.get_ref().connect_addr(&addr_of(path.as_ref())?)
    }

    /// Shuts down receiving, sending or both: what is sent then, by this socket or to it, is
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe). On Linux a receive of this socket that waits
    /// is not ended by it.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.get_ref().shutdown(how)
    }
}

/// Sending to any peer.
impl UnixDatagram {
    /// Sends one message to the socket at `path` and returns the number of bytes sent: all of
    /// them.
    ///
    /// # Cancel safety
    ///
    /// Safe: if dropped before it is ready, nothing was sent.
    pub async fn send_to(&self, buf: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        let target = addr_of(path.as_ref())?;
        self.io
            .async_io(Interest::WRITABLE, |socket| {
                socket.send_to_addr(buf, &target)
            })
            .await
    }

    /// [`send_to`](Self::send_to) for those who write their own futures. Only the last task that
    /// polled for sending is woken.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        path: impl AsRef<Path>,
    ) -> Poll<io::Result<usize>> {
        let target = addr_of(path.as_ref())?;
        self.io.poll_io(cx, Direction::Write, |socket| {
            socket.send_to_addr(buf, &target)
        })
    }

    /// [`send_to`](Self::send_to) without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room.
    pub fn try_send_to(&self, buf: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        let target = addr_of(path.as_ref())?;
        self.io.try_io(Interest::WRITABLE, |socket| {
            socket.send_to_addr(buf, &target)
        })
    }
}
