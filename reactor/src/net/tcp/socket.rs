//! [`TcpSocket`]: options that have to be set before connecting or listening.

use std::io;
use std::net::{self, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket};

use super::{TcpListener, TcpStream};
use crate::net::sys;

/// A socket that neither connects nor listens yet.
///
/// ```
/// use pintle_reactor::net::TcpSocket;
///
/// // Two listeners on one port: the kernel deals connections to both.
/// let one = TcpSocket::new_v4()?;
/// one.set_reuseport(true)?;
/// one.bind("127.0.0.1:0".parse().unwrap())?;
/// let one = one.listen(1024)?;
///
/// let two = TcpSocket::new_v4()?;
/// two.set_reuseport(true)?;
/// two.bind(one.local_addr()?)?;
/// let two = two.listen(1024)?;
/// assert_eq!(one.local_addr()?, two.local_addr()?);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TcpSocket {
    inner: Socket,
}

impl TcpSocket {
    /// Makes a socket for IPv4.
    ///
    /// # Errors
    ///
    /// If the process is out of descriptors.
    pub fn new_v4() -> io::Result<TcpSocket> {
        Self::new(Domain::IPV4)
    }

    /// Makes a socket for IPv6.
    ///
    /// # Errors
    ///
    /// If the process is out of descriptors, or the system without IPv6.
    pub fn new_v6() -> io::Result<TcpSocket> {
        Self::new(Domain::IPV6)
    }

    pub(super) fn new_for(addr: SocketAddr) -> io::Result<TcpSocket> {
        Self::new(Domain::for_address(addr))
    }

    fn new(domain: Domain) -> io::Result<TcpSocket> {
        let inner = sys::stream_socket(domain, Some(Protocol::TCP))?;
        Ok(Self { inner })
    }

    /// Takes over a socket that neither connects nor listens yet, made elsewhere; `std` has no
    /// type for it.
    ///
    /// # Errors
    ///
    /// If it cannot be made nonblocking.
    pub fn from_std_stream(stream: net::TcpStream) -> io::Result<TcpSocket> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            inner: stream.into(),
        })
    }

    /// Binds to an address.
    ///
    /// # Errors
    ///
    /// Among others, if the address is in use.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.inner.bind(&addr.into())
    }

    /// Connects.
    ///
    /// # Cancel safety
    ///
    /// The socket is closed if this is dropped before it is ready.
    ///
    /// # Errors
    ///
    /// Those of the system, and of having to wait on a thread without a driver.
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect_socket(self.inner, addr).await
    }

    /// Listens, with room for `backlog` connections that wait to be accepted.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        self.inner.listen(backlog.try_into().unwrap_or(i32::MAX))?;
        Ok(TcpListener::from_nonblocking(self.inner.into()))
    }

    /// The address it is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let addr = self.inner.local_addr()?.as_socket();
        addr.ok_or_else(|| io::Error::other("the socket is not of an IP family"))
    }

    /// The error of the socket, if it has one, which is thereby cleared (`SO_ERROR`).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Whether [`set_reuseaddr`](Self::set_reuseaddr) is on.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        self.inner.reuse_address()
    }

    /// Lets the address be bound while connections on it are ending (`SO_REUSEADDR`).
    pub fn set_reuseaddr(&self, on: bool) -> io::Result<()> {
        self.inner.set_reuse_address(on)
    }

    /// Whether [`set_reuseport`](Self::set_reuseport) is on.
    #[cfg(not(any(target_os = "solaris", target_os = "illumos")))]
    pub fn reuseport(&self) -> io::Result<bool> {
        self.inner.reuse_port()
    }

    /// Lets several sockets listen on one address; Linux deals connections to all of them
    /// (`SO_REUSEPORT`).
    #[cfg(not(any(target_os = "solaris", target_os = "illumos")))]
    pub fn set_reuseport(&self, on: bool) -> io::Result<()> {
        self.inner.set_reuse_port(on)
    }

    /// Whether [`set_keepalive`](Self::set_keepalive) is on.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.inner.keepalive()
    }

    /// Makes the system look now and then whether a silent peer is still there (`SO_KEEPALIVE`).
    pub fn set_keepalive(&self, on: bool) -> io::Result<()> {
        self.inner.set_keepalive(on)
    }

    /// Whether [`set_nodelay`](Self::set_nodelay) is on.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.inner.tcp_nodelay()
    }

    /// Sends small writes at once instead of gathering them (`TCP_NODELAY`).
    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        self.inner.set_tcp_nodelay(on)
    }

    /// For how long closing waits for what is unsent; `None` if it goes on behind the scenes.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.inner.linger()
    }

    /// Sets for how long closing waits for what is unsent (`SO_LINGER`). Closing then blocks the
    /// thread, unless it is zero, which resets the connection.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.inner.set_linger(linger)
    }

    /// How many bytes may be unsent; Linux says twice what was set.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.inner.send_buffer_size().map(saturate)
    }

    /// Sets how many bytes may be unsent (`SO_SNDBUF`).
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_send_buffer_size(size as usize)
    }

    /// How many bytes may be unread; Linux says twice what was set.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.inner.recv_buffer_size().map(saturate)
    }

    /// Sets how many bytes may be unread (`SO_RCVBUF`). Set it before connecting or listening: it
    /// decides what window the peer is offered.
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_recv_buffer_size(size as usize)
    }
}

fn saturate(size: usize) -> u32 {
    size.try_into().unwrap_or(u32::MAX)
}

impl AsFd for TcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsRawFd for TcpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}
