//! [`UnixListener`]: accepts connections made on this machine.

use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::task::{Context, Poll};

use super::{UnixStream, addr_of, std_addr};
use crate::net::socket::impl_socket;
use crate::net::sys;
use crate::{Direction, Interest, Registered};

/// A Unix socket that listens for connections.
///
/// Several tasks may accept from one listener; each connection reaches one of them.
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use pintle_reactor::net::{UnixListener, UnixStream};
///
/// # futures_lite::future::block_on(async {
/// let path = std::env::temp_dir().join(format!("pintle-doc-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
///
/// let mut client = UnixStream::connect(&path).await?;
/// let (mut server, _addr) = listener.accept().await?;
/// client.write_all(b"hello").await?;
/// drop(client);
///
/// let mut heard = String::new();
/// server.read_to_string(&mut heard).await?;
/// assert_eq!(heard, "hello");
/// # std::fs::remove_file(&path)?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixListener {
    io: Registered<net::UnixListener>,
}

impl_socket!(UnixListener, net::UnixListener);

impl UnixListener {
    /// Makes a socket at `path` and listens on it.
    ///
    /// # Errors
    ///
    /// The system's; [`AddrInUse`](io::ErrorKind::AddrInUse) when there is anything at `path`.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        UnixListener::from_std(net::UnixListener::bind_addr(&addr_of(path.as_ref())?)?)
    }

    /// Waits for a connection and returns it with the address of its other end, which is seldom
    /// more than "unnamed".
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, no connection was taken.
    ///
    /// # Errors
    ///
    /// The system's, of which some pass: when the process is out of descriptors, the connection
    /// stays in the queue and can be accepted once there is one again.
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        self.io.async_io(Interest::READABLE, accept).await
    }

    /// [`accept`](Self::accept) for those who write their own futures. Only the last task that
    /// polled is woken.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        self.io.poll_io(cx, Direction::Read, accept)
    }

    /// The address this listener is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }
}

fn accept(listener: &net::UnixListener) -> io::Result<(UnixStream, SocketAddr)> {
    let (socket, addr) = sys::accept(listener)?;
    let stream = UnixStream::from_nonblocking(socket.into());
    Ok((stream, std_addr(&addr)?))
}
