//! [`UdpSocket`]: datagrams over IP, connected or not.
//!
//! A thin face on [`Registered`]: every operation is one non-blocking system call of the `std`
//! socket inside, tried at once and tried again when the reactor says so. A datagram is received
//! whole or not at all, so a receive that is dropped while it waits has taken nothing.
//!
//! Tested in `tests/udp.rs`.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{Context, Poll, ready};

use super::ToSocketAddrs;
use crate::{Direction, Interest, Ready, Registered};

/// A UDP socket.
///
/// Two ways to use it:
///
/// - one to many: [`bind`](Self::bind), then [`send_to`](Self::send_to) and
///   [`recv_from`](Self::recv_from) with any number of peers;
/// - one to one: [`connect`](Self::connect) as well, then [`send`](Self::send) and
///   [`recv`](Self::recv), which see that one peer only.
///
/// All operations take `&self`, so a socket in an `Arc` may be sent on and received on by several
/// tasks at once. Each datagram reaches one of them.
///
/// ```
/// use pintle_reactor::net::UdpSocket;
///
/// # futures_lite::future::block_on(async {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.connect(server.local_addr()?).await?;
///
/// client.send(b"ping").await?;
/// let mut buf = [0; 16];
/// let (len, from) = server.recv_from(&mut buf).await?;
/// assert_eq!(&buf[..len], b"ping");
///
/// server.send_to(b"pong", from).await?;
/// let len = client.recv(&mut buf).await?;
/// assert_eq!(&buf[..len], b"pong");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    io: Registered<std::net::UdpSocket>,
}

/// Making one.
impl UdpSocket {
    /// Binds to the first of the addresses that can be bound. Port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name's resolution.
    pub async fn bind(addr: impl ToSocketAddrs) -> io::Result<UdpSocket> {
        let addrs = addr.to_socket_addrs().await?;
        UdpSocket::from_std(super::each_addr(addrs, std::net::UdpSocket::bind)?)
    }

    /// Takes over a `std` socket, whatever its mode, and makes it non-blocking.
    ///
    /// ```
    /// use pintle_reactor::net::UdpSocket;
    ///
    /// let socket = UdpSocket::from_std(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # std::io::Result::Ok(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the mode cannot be changed.
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        socket.set_nonblocking(true)?;
        Ok(UdpSocket { io: Registered::new(socket) })
    }

    /// Gives the `std` socket back, deregistered and still non-blocking.
    ///
    /// # Errors
    ///
    /// None today; the `Result` is tokio's.
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        Ok(self.io.into_inner())
    }

    /// Fixes the peer to the first of the addresses that can be connected to: [`send`](Self::send)
    /// goes there and only datagrams from there are received. Nothing is sent.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name's resolution.
    pub async fn connect(&self, addr: impl ToSocketAddrs) -> io::Result<()> {
        let addrs = addr.to_socket_addrs().await?;
        super::each_addr(addrs, |addr| self.io.get_ref().connect(addr))
    }
}

/// With the connected peer.
impl UdpSocket {
    /// Sends one datagram to the connected peer and returns the number of bytes sent: all of them.
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

    /// Receives one datagram from the connected peer and returns its length. What does not fit
    /// into `buf` is lost.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, no datagram was taken.
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

    /// [`recv`](Self::recv) that leaves the datagram in the queue.
    ///
    /// # Cancel safety
    ///
    /// It takes nothing in any case.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.async_io(Interest::READABLE, |socket| socket.peek(buf)).await
    }
}

/// With any peer.
impl UdpSocket {
    /// Sends one datagram to the first of the addresses and returns the number of bytes sent: all
    /// of them.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing was sent.
    ///
    /// # Errors
    ///
    /// The system's, or [`InvalidInput`](io::ErrorKind::InvalidInput) for a name without address.
    pub async fn send_to(&self, buf: &[u8], target: impl ToSocketAddrs) -> io::Result<usize> {
        let target = target.to_socket_addrs().await?.next().ok_or_else(super::no_addr)?;
        self.io.async_io(Interest::WRITABLE, |socket| socket.send_to(buf, target)).await
    }

    /// [`send_to`](Self::send_to), as a poll. Only the last task that polled for sending is woken.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.io.poll_io(cx, Direction::Write, |socket| socket.send_to(buf, target))
    }

    /// [`send_to`](Self::send_to), now or [`WouldBlock`](io::ErrorKind::WouldBlock).
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.io.try_io(Interest::WRITABLE, |socket| socket.send_to(buf, target))
    }

    /// Receives one datagram and returns its length and sender. What does not fit into `buf` is
    /// lost.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, no datagram was taken.
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
    ///
    /// ```
    /// use pintle_reactor::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # futures_lite::future::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let nothing_yet = socket.try_recv_from(&mut [0; 16]).unwrap_err();
    /// assert_eq!(nothing_yet.kind(), ErrorKind::WouldBlock);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.try_io(Interest::READABLE, |socket| socket.recv_from(buf))
    }

    /// [`recv_from`](Self::recv_from) that leaves the datagram in the queue.
    ///
    /// # Cancel safety
    ///
    /// It takes nothing in any case.
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.async_io(Interest::READABLE, |socket| socket.peek_from(buf)).await
    }

    /// Who sent the next datagram, which stays in the queue.
    ///
    /// # Cancel safety
    ///
    /// It takes nothing in any case.
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        let (_, sender) = self.peek_from(&mut []).await?;
        Ok(sender)
    }
}

/// Readiness.
impl UdpSocket {
    /// Waits until one of the wanted states is likely: the operation that follows may still find
    /// that it [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: readiness stays until an operation meets `WouldBlock`.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is likely something to receive. See [`ready`](Self::ready).
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(drop)
    }

    /// Waits until there is likely room to send. See [`ready`](Self::ready).
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(drop)
    }

    /// [`readable`](Self::readable), as a poll. Only the last task that polled for receiving is
    /// woken.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.io.poll_ready(cx, Direction::Read))?;
        Poll::Ready(Ok(()))
    }

    /// [`writable`](Self::writable), as a poll. Only the last task that polled for sending is
    /// woken.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.io.poll_ready(cx, Direction::Write))?;
        Poll::Ready(Ok(()))
    }

    /// Runs `op`, a non-blocking operation of your own on this socket, if the socket may be ready
    /// for it. If `op` returns [`WouldBlock`](io::ErrorKind::WouldBlock), the socket counts as not
    /// ready until the reactor hears otherwise: return it only when the socket said so.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        op: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.try_io(interest, |_| op())
    }

    /// Runs `op` as [`try_io`](Self::try_io) does, again each time the socket becomes ready, until
    /// it returns something else than [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Cancel safety
    ///
    /// `op` is never interrupted: if this is dropped, `op` has not succeeded.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut op: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.async_io(interest, |_| op()).await
    }
}

/// Addresses and options: what `std::net::UdpSocket` has under the same names.
impl UdpSocket {
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

    /// Whether sending to a broadcast address is allowed (`SO_BROADCAST`).
    pub fn broadcast(&self) -> io::Result<bool> {
        self.io.get_ref().broadcast()
    }

    /// Allows sending to a broadcast address, or forbids it.
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        self.io.get_ref().set_broadcast(on)
    }

    /// The time to live of outgoing datagrams, in hops (`IP_TTL`).
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets the time to live of outgoing datagrams, in hops.
    pub fn set_ttl(&self, hops: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(hops)
    }

    /// Whether multicast datagrams sent from here are also delivered here (`IP_MULTICAST_LOOP`).
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.io.get_ref().multicast_loop_v4()
    }

    /// Sets whether multicast datagrams sent from here are also delivered here.
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.io.get_ref().set_multicast_loop_v4(on)
    }

    /// The time to live of outgoing multicast datagrams, in hops (`IP_MULTICAST_TTL`).
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.io.get_ref().multicast_ttl_v4()
    }

    /// Sets the time to live of outgoing multicast datagrams, in hops.
    pub fn set_multicast_ttl_v4(&self, hops: u32) -> io::Result<()> {
        self.io.get_ref().set_multicast_ttl_v4(hops)
    }

    /// Whether IPv6 multicast datagrams sent from here are also delivered here
    /// (`IPV6_MULTICAST_LOOP`).
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.io.get_ref().multicast_loop_v6()
    }

    /// Sets whether IPv6 multicast datagrams sent from here are also delivered here.
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.io.get_ref().set_multicast_loop_v6(on)
    }

    /// Joins a multicast group on the interface with the given address, or on one of the system's
    /// choice when that is [`Ipv4Addr::UNSPECIFIED`].
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.get_ref().join_multicast_v4(&group, &interface)
    }

    /// Leaves a group that was joined with the same arguments.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.get_ref().leave_multicast_v4(&group, &interface)
    }

    /// Joins an IPv6 multicast group on the interface with the given index, or on one of the
    /// system's choice when that is 0.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.get_ref().join_multicast_v6(group, interface)
    }

    /// Leaves an IPv6 group that was joined with the same arguments.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.get_ref().leave_multicast_v6(group, interface)
    }
}

impl AsFd for UdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.get_ref().as_fd()
    }
}

impl AsRawFd for UdpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.io.get_ref().as_raw_fd()
    }
}

impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    fn try_from(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        UdpSocket::from_std(socket)
    }
}
