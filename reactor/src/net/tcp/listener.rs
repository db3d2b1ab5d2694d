//! [`TcpListener`]: accepts connections.

use std::io;
use std::net::{self, SocketAddr};
use std::task::{Context, Poll};

use super::{TcpSocket, TcpStream};
use crate::net::socket::impl_socket;
use crate::net::{ToSocketAddrs, each_addr, sys};
use crate::{Direction, Interest, Registered};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// A socket that listens for connections.
///
/// Any number of tasks may accept from one listener; each connection goes to one of them.
///
/// ```
/// use pintle_reactor::net::{TcpListener, TcpStream};
///
/// # pintle_reactor::Driver::new(64)?.block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (server, addr) = listener.accept().await?;
/// assert_eq!(addr, client.local_addr()?);
/// assert_eq!(server.local_addr()?, client.peer_addr()?);
/// # Ok::<(), std::io::Error>(()) })??; Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TcpListener {
    io: Registered<net::TcpListener>,
}

impl_socket!(TcpListener, net::TcpListener);

impl TcpListener {
    /// Listens on the first of the addresses that can be bound. Port 0 lets the system choose.
    /// The address may be in use by connections that are ending (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name's resolution.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        let addrs = addr.to_socket_addrs().await?;
        each_addr(addrs, |addr| {
            let socket = TcpSocket::new_for(addr)?;
            socket.set_reuseaddr(true)?;
            socket.bind(addr)?;
            socket.listen(BACKLOG)
        })
    }

    /// Accepts a connection.
    ///
    /// # Cancel safety
    ///
    /// Safe: if dropped before it is ready, no connection was taken.
    ///
    /// # Errors
    ///
    /// Among others, the process may be out of descriptors. The connection then stays in the
    /// queue, and can be accepted when some are closed: the listener is as good as before.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.io.async_io(Interest::READABLE, accept).await
    }

    /// [`accept`](Self::accept) for those who write their own futures. Only the last task that
    /// polled is woken.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.io.poll_io(cx, Direction::Read, accept)
    }

    /// The address it listens on.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// How many hops the packets of accepted connections live (`IP_TTL`).
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets how many hops the packets of accepted connections live.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
    }
}

fn accept(listener: &net::TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, addr) = sys::accept(listener)?;
    let addr = addr
        .as_socket()
        .ok_or_else(|| io::Error::other("a connection from an address that is not IP"))?;
    Ok((TcpStream::from_nonblocking(socket.into()), addr))
}
