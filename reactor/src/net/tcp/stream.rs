//! [`TcpStream`]: a connection.

use std::io;
use std::net::{self, Shutdown, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, Socket};

use super::split;
use super::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, TcpSocket, WriteHalf};
use crate::net::bytes::{impl_futures_io, impl_readiness};
use crate::net::socket::impl_socket;
use crate::net::{ToSocketAddrs, no_addresses, sys};
use crate::{Direction, Interest, Registered};

/// A TCP connection: bytes both ways.
///
/// It is read and written through the `futures-io` traits, which a reference implements too.
/// Closing it, as those traits call it, ends the writing: the other side reads to the end.
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use pintle_reactor::net::{TcpListener, TcpStream};
///
/// # pintle_reactor::Driver::new(64)?.block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// client.write_all(b"hello").await?;
/// client.close().await?;
///
/// let (mut server, _) = listener.accept().await?;
/// let mut heard = String::new();
/// server.read_to_string(&mut heard).await?;
/// assert_eq!(heard, "hello");
/// # Ok::<(), std::io::Error>(()) })??; Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TcpStream {
    pub(crate) io: Registered<net::TcpStream>,
}

impl_socket!(TcpStream, net::TcpStream);
impl_futures_io!(TcpStream);
impl_readiness!(TcpStream);

impl TcpStream {
    /// Connects to the first of the addresses that answers. Needs a runtime only if it has to
    /// wait.
    ///
    /// # Cancel safety
    ///
    /// The connection is closed if this is dropped before it is ready.
    ///
    /// # Errors
    ///
    /// The error of the last address tried, or of the name's resolution.
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        let addrs = addr.to_socket_addrs().await?;
        let mut last = None;
        for addr in addrs {
            let attempt = match TcpSocket::new_for(addr) {
                Ok(socket) => socket.connect(addr).await,
                Err(error) => Err(error),
            };
            match attempt {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(no_addresses))
    }

    pub(super) async fn connect_socket(socket: Socket, addr: SocketAddr) -> io::Result<TcpStream> {
        let done = sys::start_connect(&socket, &addr.into())?;
        let stream = Self::from_nonblocking(socket.into());
        if !done {
            stream.connected().await?;
        }
        Ok(stream)
    }

    /// Waits for the end of connecting.
    async fn connected(&self) -> io::Result<()> {
        loop {
            let event = self.io.ready_event(Interest::WRITABLE).await?;
            if let Some(error) = self.take_error()? {
                return Err(error);
            }
            // Readiness is a hint: there may be neither an error nor a connection.
            match self.peer_addr() {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                    self.io.clear_ready(event);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads what is there without taking it, waiting if nothing is. Any number of tasks may.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is taken.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let op = |io: &net::TcpStream| io.peek(buf);
        self.io.async_io(Interest::READABLE, op).await
    }

    /// [`peek`](Self::peek) for those who write their own futures. Shares its one waker with
    /// `poll_read`.
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.io.poll_io(cx, Direction::Read, |io| io.peek(buf))
    }

    /// Two halves that borrow the stream. No cost.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        split::split(self)
    }

    /// Two halves that share the stream, for two tasks.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split::into_split(self)
    }

    /// Ends reading, writing or both, at once and without waiting. The trait's `close` ends
    /// writing.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.get_ref().shutdown(how)
    }

    /// The address of this side.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The address of the other side.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    /// Whether [`set_nodelay`](Self::set_nodelay) is on.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.get_ref().nodelay()
    }

    /// Sends small writes at once instead of gathering them (`TCP_NODELAY`).
    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        self.io.get_ref().set_nodelay(on)
    }

    /// How many hops a packet lives (`IP_TTL`).
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets how many hops a packet lives.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
    }

    /// For how long closing waits for what is unsent; `None` if it goes on behind the scenes.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self.io.get_ref()).linger()
    }

    /// Sets for how long closing waits for what is unsent (`SO_LINGER`). Closing then blocks the
    /// thread, unless it is zero, which resets the connection.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(self.io.get_ref()).set_linger(linger)
    }
}
