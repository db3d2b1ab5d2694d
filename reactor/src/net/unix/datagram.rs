//! [`UnixDatagram`]: messages between processes of one machine.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::task::{Context, Poll, ready};

use super::addr_of;
use crate::{Direction, Interest, Ready, Registered};

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

    /// Takes over a `std` socket, whatever its mode, and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// When the mode cannot be changed.
    pub fn from_std(socket: net::UnixDatagram) -> io::Result<UnixDatagram> {
        socket.set_nonblocking(true)?;
        Ok(UnixDatagram { io: Registered::new(socket) })
    }

    /// Gives the `std` socket back, deregistered and still non-blocking.
    ///
    /// # Errors
    ///
    /// None today; the `Result` is tokio's.
    pub fn into_std(self) -> io::Result<net::UnixDatagram> {
        Ok(self.io.into_inner())
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
}

/// With the connected peer.
impl UnixDatagram {
    /// Sends one message to the connected peer and returns the number of bytes sent: all of them.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing was sent.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.async_io(Interest::WRITABLE, |socket| socket.send(buf)).await
    }

    /// [`send`](Self::send), as a poll. Only the last task that polled for sending is woken.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io.poll_io(cx, Direction::Write, |socket| socket.send(buf))
    }

    /// [`send`](Self::send), now or [`WouldBlock`](io::ErrorKind::WouldBlock).
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_io(Interest::WRITABLE, |socket| socket.send(buf))
    }

    /// Receives one message and returns its length. What does not fit into `buf` is lost.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, no message was taken.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.async_io(Interest::READABLE, |socket| socket.recv(buf)).await
    }

    /// [`recv`](Self::recv), as a poll. Only the last task that polled for receiving is woken.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.io.poll_io(cx, Direction::Read, |socket| socket.recv(buf))
    }

    /// [`recv`](Self::recv), now or [`WouldBlock`](io::ErrorKind::WouldBlock).
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_io(Interest::READABLE, |socket| socket.recv(buf))
    }
}

/// With any peer.
impl UnixDatagram {
    /// Sends one message to the socket at `path` and returns the number of bytes sent: all of
    /// them.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing was sent.
    pub async fn send_to(&self, buf: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        let target = addr_of(path.as_ref())?;
        self.io.async_io(Interest::WRITABLE, |socket| socket.send_to_addr(buf, &target)).await
    }

    /// [`send_to`](Self::send_to), as a poll. Only the last task that polled for sending is woken.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        path: impl AsRef<Path>,
    ) -> Poll<io::Result<usize>> {
        let target = addr_of(path.as_ref())?;
        self.io.poll_io(cx, Direction::Write, |socket| socket.send_to_addr(buf, &target))
    }

    /// [`send_to`](Self::send_to), now or [`WouldBlock`](io::ErrorKind::WouldBlock).
    pub fn try_send_to(&self, buf: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        let target = addr_of(path.as_ref())?;
        self.io.try_io(Interest::WRITABLE, |socket| socket.send_to_addr(buf, &target))
    }

    /// Receives one message and returns its length and sender. What does not fit into `buf` is
    /// lost.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, no message was taken.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.async_io(Interest::READABLE, |socket| socket.recv_from(buf)).await
    }

    /// [`recv_from`](Self::recv_from), as a poll. Only the last task that polled for receiving is
    /// woken.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.io.poll_io(cx, Direction::Read, |socket| socket.recv_from(buf))
    }

    /// [`recv_from`](Self::recv_from), now or [`WouldBlock`](io::ErrorKind::WouldBlock).
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.try_io(Interest::READABLE, |socket| socket.recv_from(buf))
    }
}

/// Readiness.
impl UnixDatagram {
    /// Waits until one of the wanted states is likely: the operation that follows may still find
    /// that it [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: readiness stays until an operation meets `WouldBlock`.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }
}

/// Addresses and the rest: what `std::os::unix::net::UnixDatagram` has under the same names.
impl UnixDatagram {
    /// The address this socket is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The address this socket is connected to; an error when it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    /// Takes the error that is pending on the socket, if any (`SO_ERROR`).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.get_ref().take_error()
    }

    /// Shuts down receiving, sending or both; whoever waits for it is woken.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.get_ref().shutdown(how)
    }
}
