//! [`Runtime`]: what a scenario asks of a runtime, in the runtime's own primitives.
//!
//! Scenarios are written once, so everything here is `Send`. A runtime whose futures stay on their
//! thread wraps them in [`Here`], which costs nothing; it spawns them where they stay.

use crate::channels::Channels;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// How a runtime runs its tasks: what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Several workers, and tasks that may move between them.
    Stealing,
    /// Several workers, each with tasks of its own.
    PerCore,
    /// One thread.
    Single,
    /// No runtime: plain threads.
    Plain,
}

impl Kind {
    /// How many workers a runtime of this kind has when `workers` are asked for.
    pub fn workers(self, workers: usize) -> usize {
        match self {
            Kind::Single => 1,
            Kind::Stealing | Kind::PerCore | Kind::Plain => workers,
        }
    }
}

/// A running runtime; the functions without `self` are for its tasks.
pub trait Runtime: Sized + 'static {
    const NAME: &'static str;
    const KIND: Kind;
    /// The channels its users take.
    type Channels: Channels;
    type Listener: Send + 'static;
    type Stream: Send + 'static;
    /// Its stream under hyper's traits.
    type HyperIo: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static;

    /// Why it cannot do a scenario, if it cannot.
    fn cannot(_scenario: &str) -> Option<&'static str> {
        None
    }

    fn start(workers: usize) -> Self;

    /// From outside: starts a task on a worker, if the runtime lets one choose.
    fn spawn_at<M, F>(&self, worker: usize, make: M)
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static;

    /// From outside: starts a task on whichever worker.
    fn spawn_outside<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static;

    fn stop(self);

    /// Spawns a task and lets go of it. It must not use timers or sockets.
    fn spawn<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static;

    /// Spawns a task that may use timers and sockets. Differs from [`spawn`](Self::spawn) where only
    /// tasks without them may move.
    fn spawn_home<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::spawn(future);
    }

    /// As [`spawn`](Self::spawn), with a handle to await.
    fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    fn yield_now() -> impl Future<Output = ()> + Send;

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static;

    fn listener(listener: TcpListener) -> Self::Listener;

    /// Accepts connections for ever, and spawns `handle` for each.
    fn serve<H, F>(listener: Self::Listener, handle: H) -> impl Future<Output = ()> + Send
    where
        H: Fn(Self::Stream) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static;

    /// Reads once. The buffer travels, because completion-based runtimes want to own it; its length
    /// stays as it is.
    fn read(
        stream: &mut Self::Stream,
        buffer: Vec<u8>,
    ) -> impl Future<Output = (io::Result<usize>, Vec<u8>)> + Send;

    /// Writes the first `n` bytes of the buffer.
    fn write(
        stream: &mut Self::Stream,
        buffer: Vec<u8>,
        n: usize,
    ) -> impl Future<Output = (io::Result<()>, Vec<u8>)> + Send;

    fn hyper_io(stream: Self::Stream) -> Self::HyperIo;
}

/// Says of a value that stays on its thread that it may be sent, for the sake of the scenarios'
/// bounds.
#[derive(Debug)]
pub struct Here<T>(pub T);

// SAFETY: it is never sent. Adapters put into it only what they make on a worker, and on runtimes
// (or with spawn functions: `spawn_home`) whose tasks stay on the worker that polled them first.
unsafe impl<T> Send for Here<T> {}
// SAFETY: as above, so it is not shared either.
unsafe impl<T> Sync for Here<T> {}

impl<T> Here<T> {
    /// The pinned contents.
    fn project(self: Pin<&mut Self>) -> Pin<&mut T> {
        // SAFETY: the field is pinned when the struct is: nothing moves it out of a pinned `Here`,
        // which has no `Drop` and is `Unpin` only if `T` is.
        unsafe { self.map_unchecked_mut(|here| &mut here.0) }
    }
}

impl<F: Future> Future for Here<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().poll(cx)
    }
}

impl<T: hyper::rt::Read> hyper::rt::Read for Here<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().poll_read(cx, buffer)
    }
}

impl<T: hyper::rt::Write> hyper::rt::Write for Here<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().poll_write_vectored(cx, slices)
    }
}
