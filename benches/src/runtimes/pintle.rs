//! Pintle: work-stealing, thread-per-core and current-thread.

use super::cores::Cores;
use crate::channels;
use crate::runtime::{Kind, Runtime};
use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::{TcpListener, TcpStream};
use pintle::runtime::{Builder, Handle};
use std::future::Future;
use std::io;
use std::time::Duration;

/// What all three flavours have in common: everything but starting and spawning.
macro_rules! common {
    () => {
        type Channels = channels::Pintle;
        type Listener = TcpListener;
        type Stream = TcpStream;
        type HyperIo = TcpStream;

        fn yield_now() -> impl Future<Output = ()> + Send {
            pintle::task::yield_now()
        }

        fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
            pintle::time::sleep(duration)
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
                Self::spawn(handle(stream));
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

        fn hyper_io(stream: TcpStream) -> TcpStream {
            stream
        }
    };
}

/// `Builder::new_multi_thread`.
#[derive(Debug)]
pub struct Stealing(pintle::runtime::Runtime);

impl Runtime for Stealing {
    const NAME: &'static str = "pintle-ws";
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

    fn spawn<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        pintle::spawn(future);
    }

    fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let task = pintle::spawn(future);
        async { task.await.expect("a task") }
    }

    common!();
}

/// `Builder::new_thread_per_core`. As with its peers, nothing is pinned to a processor, because the
/// load generators are on the same processors.
#[derive(Debug)]
pub struct PerCore(pintle::runtime::Runtime);

impl Runtime for PerCore {
    const NAME: &'static str = "pintle-tpc";
    const KIND: Kind = Kind::PerCore;

    fn start(workers: usize) -> Self {
        let runtime = Builder::new_thread_per_core()
            .worker_threads(workers)
            .pin_workers(false)
            .enable_all()
            .build();
        Self(runtime.expect("a runtime"))
    }

    fn spawn_at<M, F>(&self, worker: usize, make: M)
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.handle().spawn_on(worker, make);
    }

    fn spawn_outside<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(future);
    }

    fn stop(self) {}

    fn spawn<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        pintle::task::spawn_local(future);
    }

    fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let task = pintle::task::spawn_local(future);
        async { task.await.expect("a task") }
    }

    common!();
}

/// `Builder::new_current_thread`, on a thread of its own.
#[derive(Debug)]
pub struct CurrentThread {
    thread: Cores,
    handle: Handle,
}

impl Runtime for CurrentThread {
    const NAME: &'static str = "pintle-ct";
    const KIND: Kind = Kind::Single;

    fn start(_workers: usize) -> Self {
        let (started, handle) = std::sync::mpsc::channel();
        let thread = Cores::start(1, move |inbox| {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            let _ = started.send(runtime.handle().clone());
            runtime.block_on(inbox.run());
        });
        let handle = handle.recv().expect("a runtime");
        Self { thread, handle }
    }

    fn spawn_at<M, F>(&self, _worker: usize, make: M)
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.handle.spawn(make());
    }

    fn spawn_outside<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.handle.spawn(future);
    }

    fn stop(self) {
        self.thread.stop();
    }

    fn spawn<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        pintle::spawn(future);
    }

    fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let task = pintle::spawn(future);
        async { task.await.expect("a task") }
    }

    common!();
}
