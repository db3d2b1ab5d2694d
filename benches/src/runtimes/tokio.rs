//! tokio: multi-thread, current-thread, and one current-thread runtime for each core.

use super::cores::Cores;
use crate::channels;
use crate::runtime::{Kind, Runtime};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle};

/// What all of them have in common: everything but starting and stopping.
macro_rules! common {
    () => {
        type Channels = channels::Tokio;
        type Listener = TcpListener;
        type Stream = TcpStream;
        type HyperIo = TokioIo<TcpStream>;

        fn spawn<F>(future: F)
        where
            F: Future<Output = ()> + Send + 'static,
        {
            tokio::spawn(future);
        }

        fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
        where
            F: Future + Send + 'static,
            F::Output: Send + 'static,
        {
            let task = tokio::spawn(future);
            async { task.await.expect("a task") }
        }

        fn yield_now() -> impl Future<Output = ()> + Send {
            tokio::task::yield_now()
        }

        fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
            tokio::time::sleep(duration)
        }

        fn listener(listener: std::net::TcpListener) -> TcpListener {
            TcpListener::from_std(listener).expect("a listener")
        }

        async fn serve<H, F>(listener: TcpListener, handle: H)
        where
            H: Fn(TcpStream) -> F + Clone + Send + Sync + 'static,
            F: Future<Output = ()> + Send + 'static,
        {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(handle(stream));
            }
        }

        async fn read(stream: &mut TcpStream, mut buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
            (stream.read(&mut buffer).await, buffer)
        }

        async fn write(
            stream: &mut TcpStream,
            buffer: Vec<u8>,
            n: usize,
        ) -> (io::Result<()>, Vec<u8>) {
            (stream.write_all(&buffer[..n]).await, buffer)
        }

        fn hyper_io(stream: TcpStream) -> TokioIo<TcpStream> {
            TokioIo::new(stream)
        }
    };
}

/// The multi-thread runtime.
#[derive(Debug)]
pub struct MultiThread(tokio::runtime::Runtime);

impl Runtime for MultiThread {
    const NAME: &'static str = "tokio-mt";
    const KIND: Kind = Kind::Stealing;

    fn start(workers: usize) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build();
        Self(runtime.expect("a runtime"))
    }

    fn spawn_at<M, F>(&self, _worker: usize, make: M)
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(make());
    }

    fn spawn_outside<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(future);
    }

    fn stop(self) {}

    common!();
}

/// Current-thread runtimes: one alone, or one for each core.
#[derive(Debug)]
pub struct CurrentThread<const PER_CORE: bool> {
    cores: Cores,
    handles: Vec<Handle>,
    next: AtomicUsize,
}

/// One current-thread runtime.
pub type Alone = CurrentThread<false>;
/// One current-thread runtime for each core.
pub type PerCore = CurrentThread<true>;

impl<const PER_CORE: bool> Runtime for CurrentThread<PER_CORE> {
    const NAME: &'static str = if PER_CORE { "tokio-tpc" } else { "tokio-ct" };
    const KIND: Kind = if PER_CORE {
        Kind::PerCore
    } else {
        Kind::Single
    };

    fn start(workers: usize) -> Self {
        let workers = Self::KIND.workers(workers);
        let (started, handles) = std::sync::mpsc::channel();
        let cores = Cores::start(workers, move |inbox| {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            let _ = started.send(runtime.handle().clone());
            runtime.block_on(inbox.run());
        });
        Self {
            cores,
            handles: handles.iter().take(workers).collect(),
            next: AtomicUsize::new(0),
        }
    }

    fn spawn_at<M, F>(&self, worker: usize, make: M)
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.handles[worker].spawn(make());
    }

    fn spawn_outside<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.handles[turn % self.handles.len()].spawn(future);
    }

    fn stop(self) {
        self.cores.stop();
    }

    common!();
}
