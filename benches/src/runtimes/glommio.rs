//! glommio: one executor for each core, on io_uring.

use super::cores::Cores;
use crate::channels;
use crate::runtime::{Here, Kind, Runtime};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::net::{TcpListener, TcpStream};
use glommio::timer::Timer;
use glommio::{LocalExecutorBuilder, Placement};
use smol_hyper::rt::FuturesIo;
use std::future::Future;
use std::io;
use std::os::fd::{FromRawFd, IntoRawFd};
use std::time::Duration;

/// Executors on threads of their own, not pinned to processors.
#[derive(Debug)]
pub struct Glommio(Cores);

impl Runtime for Glommio {
    const NAME: &'static str = "glommio";
    const KIND: Kind = Kind::PerCore;
    type Channels = channels::Tokio;
    type Listener = Here<TcpListener>;
    type Stream = Here<TcpStream>;
    type HyperIo = Here<FuturesIo<TcpStream>>;

    fn start(workers: usize) -> Self {
        Self(Cores::start(workers, |inbox| {
            let executor = LocalExecutorBuilder::new(Placement::Unbound).make();
            executor.expect("an executor").run(inbox.run());
        }))
    }

    fn spawn_at<M, F>(&self, worker: usize, make: M)
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.run_at(worker, Box::new(|| Self::spawn(make())));
    }

    fn spawn_outside<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.run_anywhere(Box::new(|| Self::spawn(future)));
    }

    fn stop(self) {
        self.0.stop();
    }

    fn spawn<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        glommio::spawn_local(future).detach();
    }

    fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Here(glommio::spawn_local(future))
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        // Its own `yield_if_needed` is for long computations and does nothing most of the time.
        smol::future::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        Here(async move {
            Timer::new(duration).await;
        })
    }

    fn listener(listener: std::net::TcpListener) -> Here<TcpListener> {
        // SAFETY: the descriptor is a listening socket, and nobody else has it any more.
        Here(unsafe { TcpListener::from_raw_fd(listener.into_raw_fd()) })
    }

    fn serve<H, F>(listener: Here<TcpListener>, handle: H) -> impl Future<Output = ()> + Send
    where
        H: Fn(Here<TcpStream>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Here(async move {
            while let Ok(stream) = listener.0.accept().await {
                Self::spawn(handle(Here(stream)));
            }
        })
    }

    fn read(
        stream: &mut Here<TcpStream>,
        mut buffer: Vec<u8>,
    ) -> impl Future<Output = (io::Result<usize>, Vec<u8>)> + Send {
        Here(async move { (stream.0.read(&mut buffer).await, buffer) })
    }

    fn write(
        stream: &mut Here<TcpStream>,
        buffer: Vec<u8>,
        n: usize,
    ) -> impl Future<Output = (io::Result<()>, Vec<u8>)> + Send {
        Here(async move { (stream.0.write_all(&buffer[..n]).await, buffer) })
    }

    fn hyper_io(stream: Here<TcpStream>) -> Here<FuturesIo<TcpStream>> {
        Here(FuturesIo::new(stream.0))
    }
}
