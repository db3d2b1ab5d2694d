//! The two halves of a [`TcpStream`](super::TcpStream), to be used by two tasks or in two
//! functions.
//!
//! ```
//! use futures_lite::{AsyncReadExt, AsyncWriteExt};
//! use pintle_reactor::net::{TcpListener, TcpStream};
//!
//! # pintle_reactor::Driver::new(64)?.block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let mut client = TcpStream::connect(listener.local_addr()?).await?;
//! let (server, _) = listener.accept().await?;
//!
//! let (mut read, mut write) = server.into_split();
//! client.write_all(b"ping").await?;
//! let mut buf = [0; 4];
//! read.read_exact(&mut buf).await?;
//! write.write_all(&buf).await?;
//! drop(write); // ends the writing
//! let mut echo = Vec::new();
//! client.read_to_end(&mut echo).await?;
//! assert_eq!(echo, b"ping");
//! # Ok::<(), std::io::Error>(()) })??; Ok::<(), std::io::Error>(())
//! ```

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::TcpStream;
use crate::net::halves::halves;
use crate::{Interest, Ready};

halves!(TcpStream, SocketAddr);

/// Looking ahead.
impl ReadHalf<'_> {
    /// As [`TcpStream::peek`].
    pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf).await
    }

    /// As [`TcpStream::poll_peek`].
    pub fn poll_peek(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_peek(cx, buf)
    }
}

/// Looking ahead.
impl OwnedReadHalf {
    /// As [`TcpStream::peek`].
    pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.peek(buf).await
    }

    /// As [`TcpStream::poll_peek`].
    pub fn poll_peek(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_peek(cx, buf)
    }
}
