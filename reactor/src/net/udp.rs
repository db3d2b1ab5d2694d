//! [`UdpSocket`]: datagrams over IP, connected or not.
//!
//! A thin face on [`Registered`], like its sibling `UnixDatagram`; `datagrams` is what both share.
//!
//! Tested in `tests/udp.rs`.

use std::io;
use std::net::{self, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context, Poll};

use super::datagrams::impl_datagrams;
use super::{ToSocketAddrs, each_addr, lookup_host, no_addresses};
use crate::{Direction, Interest, Registered};

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
    io: Registered<net::UdpSocket>,
}

impl_datagrams!(UdpSocket, net::UdpSocket, SocketAddr);

/// Making one.
impl UdpSocket {
    /// Binds to the first of the addresses that can be bound. Port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name's resolution.
    pub async fn bind(addr: impl ToSocketAddrs) -> io::Result<UdpSocket> {
        let addrs = lookup_host(addr).await?;
        UdpSocket::from_std(each_addr(addrs, net::UdpSocket::bind)?)
    }

    /// Fixes the peer to the first of the addresses that can be connected to: [`send`](Self::send)
    /// goes there and only datagrams from there are received. Nothing is sent.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name's resolution.
    pub async fn connect(&self, addr: impl ToSocketAddrs) -> io::Result<()> {
        let addrs = lookup_host(addr).await?;
        each_addr(addrs, |addr| self.io.get_ref().connect(addr))
    }
}

/// Sending to any peer, and looking ahead.
impl UdpSocket {
    /// Sends one datagram to the first of the addresses and returns the number of bytes sent: all
    /// of them.
    ///
    /// # Cancel safety
    ///
    /// Safe: if dropped before it is ready, nothing was sent.
    ///
    /// # Errors
    ///
    /// The system's, or [`InvalidInput`](io::ErrorKind::InvalidInput) for a name without address.
    pub async fn send_to(&self, buf: &[u8], target: impl ToSocketAddrs) -> io::Result<usize> {
        let target = lookup_host(target).await?.next().ok_or_else(no_addresses)?;
        self.io
            .async_io(Interest::WRITABLE, |socket| socket.send_to(buf, target))
            .await
    }

    /// [`send_to`](Self::send_to) for those who write their own futures. Only the last task that
    /// polled for sending is woken.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.io
            .poll_io(cx, Direction::Write, |socket| socket.send_to(buf, target))
    }

    /// [`send_to`](Self::send_to) without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room.
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.io
            .try_io(Interest::WRITABLE, |socket| socket.send_to(buf, target))
    }

    /// [`recv`](Self::recv) that leaves the datagram in the queue.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is taken.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let op = |io: &net::UdpSocket| io.peek(buf);
        self.io.async_io(Interest::READABLE, op).await
    }

    /// [`recv_from`](Self::recv_from) that leaves the datagram in the queue.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is taken.
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let op = |io: &net::UdpSocket| io.peek_from(buf);
        self.io.async_io(Interest::READABLE, op).await
    }

    /// Who sent the next datagram, which stays in the queue.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is taken.
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        let (_, sender) = self.peek_from(&mut []).await?;
        Ok(sender)
    }
}

/// Options: what `std::net::UdpSocket` has under the same names.
impl UdpSocket {
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
