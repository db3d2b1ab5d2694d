//! compio: one runtime for each core, on io_uring or on polling.

use super::cores::Cores;
use crate::channels;
use crate::runtime::{Here, Kind, Runtime};
use compio::BufResult;
use compio::buf::{IntoInner, IoBuf};
use compio::driver::{DriverType, ProactorBuilder};
use compio::io::compat::AsyncStream;
use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream};
use compio::runtime::RuntimeBuilder;
use smol_hyper::rt::FuturesIo;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

/// Runtimes on threads of their own.
#[derive(Debug)]
pub struct Compio<const URING: bool>(Cores);

/// On io_uring.
pub type Uring = Compio<true>;
/// On its polling driver: epoll.
pub type Poll = Compio<false>;

impl<const URING: bool> Runtime for Compio<URING> {
    const NAME: &'static str = if URING { "compio-uring" } else { "compio-poll" };
    const KIND: Kind = Kind::PerCore;
    type Channels = channels::Tokio;
    type Listener = Here<TcpListener>;
    type Stream = Here<TcpStream>;
    type HyperIo = Here<FuturesIo<Pin<Box<AsyncStream<TcpStream>>>>>;

    fn start(workers: usize) -> Self {
        Self(Cores::start(workers, |inbox| {
            let mut driver = ProactorBuilder::new();
            driver.driver_type(if URING {
                DriverType::IoUring
            } else {
                DriverType::Poll
            });
            let runtime = RuntimeBuilder::new().with_proactor(driver).build();
            runtime.expect("a runtime").block_on(inbox.run());
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
        compio::runtime::spawn(future).detach();
    }

    fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let task = compio::runtime::spawn(future);
        Here(async { task.await.expect("a task") })
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        // It has none of its own.
        smol::future::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        Here(compio::time::sleep(duration))
    }

    fn listener(listener: std::net::TcpListener) -> Here<TcpListener> {
        Here(TcpListener::from_std(listener).expect("a listener"))
    }

    fn serve<H, F>(listener: Here<TcpListener>, handle: H) -> impl Future<Output = ()> + Send
    where
        H: Fn(Here<TcpStream>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Here(async move {
            while let Ok((stream, _)) = listener.0.accept().await {
                Self::spawn(handle(Here(stream)));
            }
        })
    }

    fn read(
        stream: &mut Here<TcpStream>,
        buffer: Vec<u8>,
    ) -> impl Future<Output = (io::Result<usize>, Vec<u8>)> + Send {
        Here(async move {
            let BufResult(read, buffer) = stream.0.read(buffer.slice(..)).await;
            (read, buffer.into_inner())
        })
    }

    fn write(
        stream: &mut Here<TcpStream>,
        buffer: Vec<u8>,
        n: usize,
    ) -> impl Future<Output = (io::Result<()>, Vec<u8>)> + Send {
        Here(async move {
            let BufResult(written, buffer) = stream.0.write_all(buffer.slice(..n)).await;
            (written, buffer.into_inner())
        })
    }

    fn hyper_io(stream: Here<TcpStream>) -> Self::HyperIo {
        Here(FuturesIo::new(Box::pin(AsyncStream::new(stream.0))))
    }
}
