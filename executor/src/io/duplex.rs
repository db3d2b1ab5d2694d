//! [`duplex`]: two connected streams in memory.
//!
//! Two pipes, one in each direction. A pipe is a bounded queue of bytes under a lock, with the
//! wakers of its one reader and its one writer, which are woken when it is unlocked. Needs no
//! runtime; takes part in the cooperative budget.
//!
//! Tested in `tests/io.rs`.

use futures_lite::io::{AsyncRead, AsyncWrite};
use pintle_sync::budget;
use pintle_sync::shim::sync::Mutex;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

/// Makes two streams in memory, connected to each other as two ends of a socket are.
///
/// Up to `max_buf_size` bytes may be under way in each direction; a write waits while there are.
/// When one end is closed or dropped, the other reads what is left and then the end; when it is
/// dropped, writes to it are [`BrokenPipe`](io::ErrorKind::BrokenPipe).
///
/// # Panics
///
/// If `max_buf_size` is 0.
///
/// ```
/// use pintle::io::{AsyncReadExt, AsyncWriteExt, duplex};
///
/// // No runtime is needed.
/// futures_lite::future::block_on(async {
///     let (mut client, mut server) = duplex(64);
///     client.write_all(b"ping").await?;
///     let mut ping = [0; 4];
///     server.read_exact(&mut ping).await?;
///     assert_eq!(&ping, b"ping");
///
///     server.write_all(b"pong").await?;
///     drop(server);
///     let mut pong = String::new();
///     client.read_to_string(&mut pong).await?;
///     assert_eq!(pong, "pong");
///     std::io::Result::Ok(())
/// }).unwrap();
/// ```
pub fn duplex(max_buf_size: usize) -> (DuplexStream, DuplexStream) {
    assert!(
        max_buf_size > 0,
        "a duplex of 0 bytes would let nothing through"
    );
    let one = Arc::new(Mutex::new(Pipe::new(max_buf_size)));
    let other = Arc::new(Mutex::new(Pipe::new(max_buf_size)));
    let ours = DuplexStream {
        reads: one.clone(),
        writes: other.clone(),
    };
    let theirs = DuplexStream {
        reads: other,
        writes: one,
    };
    (ours, theirs)
}

/// One end of what [`duplex`] makes.
pub struct DuplexStream {
    reads: Arc<Mutex<Pipe>>,
    writes: Arc<Mutex<Pipe>>,
}

struct Pipe {
    bytes: VecDeque<u8>,
    max: usize,
    /// The writer has closed it: nothing comes after `bytes`.
    ended: bool,
    /// The reader is gone: nobody takes `bytes`.
    broken: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn new(max: usize) -> Self {
        Self {
            bytes: VecDeque::new(),
            max,
            ended: false,
            broken: false,
            reader: None,
            writer: None,
        }
    }

    fn room(&self) -> usize {
        self.max - self.bytes.len()
    }

    fn take(&mut self, to: &mut [u8]) -> usize {
        let count = to.len().min(self.bytes.len());
        // The bytes go round a ring: they are two slices.
        let (front, back) = self.bytes.as_slices();
        let from_front = count.min(front.len());
        to[..from_front].copy_from_slice(&front[..from_front]);
        to[from_front..count].copy_from_slice(&back[..count - from_front]);
        self.bytes.drain(..count);
        count
    }
}

/// Puts the waker where an older one may be, which is for the caller to drop, unlocked.
fn put(slot: &mut Option<Waker>, cx: &Context<'_>) -> Option<Waker> {
    match slot {
        Some(waker) if waker.will_wake(cx.waker()) => None,
        _ => slot.replace(cx.waker().clone()),
    }
}

fn poll_read(
    pipe: &Mutex<Pipe>,
    cx: &mut Context<'_>,
    bufs: &mut [IoSliceMut<'_>],
) -> Poll<io::Result<usize>> {
    let progress = ready!(budget::poll_proceed(cx));
    let mut pipe = pipe.lock();
    if pipe.bytes.is_empty() && !pipe.ended && bufs.iter().any(|buf| !buf.is_empty()) {
        let stale = put(&mut pipe.reader, cx);
        drop(pipe);
        drop(stale);
        return Poll::Pending;
    }
    let count = bufs.iter_mut().map(|buf| pipe.take(buf)).sum();
    let writer = if pipe.room() > 0 {
        pipe.writer.take()
    } else {
        None
    };
    drop(pipe);
    if let Some(writer) = writer {
        writer.wake();
    }
    progress.made_progress();
    Poll::Ready(Ok(count))
}

fn poll_write(
    pipe: &Mutex<Pipe>,
    cx: &mut Context<'_>,
    bufs: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    let progress = ready!(budget::poll_proceed(cx));
    let mut pipe = pipe.lock();
    if pipe.ended || pipe.broken {
        progress.made_progress();
        return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
    }
    if pipe.room() == 0 && bufs.iter().any(|buf| !buf.is_empty()) {
        let stale = put(&mut pipe.writer, cx);
        drop(pipe);
        drop(stale);
        return Poll::Pending;
    }
    let before = pipe.bytes.len();
    for buf in bufs {
        let fits = buf.len().min(pipe.room());
        pipe.bytes.extend(&buf[..fits]);
    }
    let count = pipe.bytes.len() - before;
    let reader = if count > 0 { pipe.reader.take() } else { None };
    drop(pipe);
    if let Some(reader) = reader {
        reader.wake();
    }
    progress.made_progress();
    Poll::Ready(Ok(count))
}

impl DuplexStream {
    /// The other end reads what is left, and then the end.
    fn end(&self) {
        let mut pipe = self.writes.lock();
        pipe.ended = true;
        let reader = pipe.reader.take();
        drop(pipe);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Drop for DuplexStream {
    fn drop(&mut self) {
        self.end();
        let mut pipe = self.reads.lock();
        pipe.broken = true;
        let unread = std::mem::take(&mut pipe.bytes);
        let writer = pipe.writer.take();
        drop(pipe);
        drop(unread);
        if let Some(writer) = writer {
            writer.wake();
        }
    }
}

impl AsyncRead for DuplexStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        poll_read(&self.reads, cx, &mut [IoSliceMut::new(buf)])
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_read(&self.reads, cx, bufs)
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        poll_write(&self.writes, cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_write(&self.writes, cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends this direction; the other end reads what is left, and may still write.
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end();
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for DuplexStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuplexStream").finish_non_exhaustive()
    }
}
