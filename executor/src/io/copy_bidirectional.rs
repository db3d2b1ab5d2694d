//! [`copy_bidirectional`]: what a proxy does.
//!
//! Two one-way copies in one future. Each knows what it has read and not yet written, what it has
//! written and not yet flushed, and whether its source has ended.
//!
//! Tested in `tests/io.rs`.

use futures_lite::io::{AsyncRead, AsyncWrite};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// What `io::copy` and its like use everywhere.
const BUF_SIZE: usize = 8 * 1024;

/// Copies from each stream to the other, until both have ended; says how many bytes went from `a`
/// to `b` and how many from `b` to `a`.
///
/// When one ends, the other is closed for writing, and the rest of its own data is still copied.
///
/// # Cancel safety
///
/// Not cancel safe: what was read from one and not yet written to the other is lost.
///
/// # Errors
///
/// The first error of either stream ends both directions.
///
/// ```
/// use pintle::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional, duplex};
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut client, mut inner) = duplex(64);
/// let (mut outer, mut server) = duplex(64);
/// let proxy = pintle::spawn(async move { copy_bidirectional(&mut inner, &mut outer).await });
///
/// client.write_all(b"ping").await?;
/// client.close().await?;
/// let mut ping = String::new();
/// server.read_to_string(&mut ping).await?;
/// server.write_all(b"pong!").await?;
/// server.close().await?;
/// assert_eq!(proxy.await.unwrap()?, (4, 5));
/// # Ok(())
/// # }
/// ```
pub async fn copy_bidirectional<A, B>(a: &mut A, b: &mut B) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    copy_bidirectional_with_sizes(a, b, BUF_SIZE, BUF_SIZE).await
}

/// As [`copy_bidirectional`], with the sizes in bytes of the buffer from `a` to `b` and of that
/// from `b` to `a`.
///
/// # Cancel safety
///
/// As `copy_bidirectional`.
///
/// # Errors
///
/// As `copy_bidirectional`.
///
/// # Panics
///
/// If a size is 0.
///
/// ```
/// use pintle::io::{AsyncWriteExt, copy_bidirectional_with_sizes, duplex};
///
/// # futures_lite::future::block_on(async {
/// let (mut client, mut inner) = duplex(64);
/// let (mut outer, server) = duplex(64);
/// client.write_all(b"upload").await?;
/// drop((client, server));
/// let failed = copy_bidirectional_with_sizes(&mut inner, &mut outer, 1024, 64).await;
/// assert!(failed.is_err(), "nobody reads it");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub async fn copy_bidirectional_with_sizes<A, B>(
    a: &mut A,
    b: &mut B,
    a_to_b_buf_size: usize,
    b_to_a_buf_size: usize,
) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    let mut there = Copy::new(a_to_b_buf_size);
    let mut back = Copy::new(b_to_a_buf_size);
    poll_fn(|cx| {
        let a_to_b = there.poll(cx, a, b)?;
        let b_to_a = back.poll(cx, b, a)?;
        // Both have been polled, so both have left a waker where they are pending.
        Poll::Ready(Ok((ready!(a_to_b), ready!(b_to_a))))
    })
    .await
}

/// One direction.
struct Copy {
    buf: Box<[u8]>,
    /// Read and not yet written: `start..end`.
    start: usize,
    end: usize,
    copied: u64,
    unflushed: bool,
    phase: Phase,
}

enum Phase {
    Copying,
    /// The source has ended; the target is being closed.
    Closing,
    Done,
}

impl Copy {
    fn new(buf_size: usize) -> Self {
        assert!(
            buf_size > 0,
            "a buffer of 0 bytes would let nothing through"
        );
        Self {
            buf: vec![0; buf_size].into(),
            start: 0,
            end: 0,
            copied: 0,
            unflushed: false,
            phase: Phase::Copying,
        }
    }

    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        loop {
            match self.phase {
                Phase::Copying if self.start < self.end => {
                    ready!(self.poll_write(cx, to))?;
                }
                Phase::Copying => {
                    let Poll::Ready(count) = Pin::new(&mut *from).poll_read(cx, &mut self.buf)
                    else {
                        // Nothing more for now: what went before should not wait for it.
                        if self.unflushed {
                            ready!(Pin::new(&mut *to).poll_flush(cx))?;
                            self.unflushed = false;
                        }
                        return Poll::Pending;
                    };
                    (self.start, self.end) = (0, count?);
                    if self.end == 0 {
                        self.phase = Phase::Closing;
                    }
                }
                Phase::Closing => {
                    ready!(Pin::new(&mut *to).poll_close(cx))?;
                    self.phase = Phase::Done;
                }
                Phase::Done => return Poll::Ready(Ok(self.copied)),
            }
        }
    }

    fn poll_write<W>(&mut self, cx: &mut Context<'_>, to: &mut W) -> Poll<io::Result<()>>
    where
        W: AsyncWrite + Unpin + ?Sized,
    {
        let unwritten = &self.buf[self.start..self.end];
        let count = ready!(Pin::new(to).poll_write(cx, unwritten))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.start += count;
        self.copied += count as u64;
        self.unflushed = true;
        Poll::Ready(Ok(()))
    }
}
