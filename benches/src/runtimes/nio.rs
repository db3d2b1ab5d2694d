//! nio. Its tasks may move if they have neither timers nor sockets, which belong to a worker.

use crate::channels;
use crate::runtime::{Here, Kind, Runtime};
use hyper_util::rt::TokioIo;
use nio::RuntimeBuilder;
use nio::net::{TcpListener, TcpStream};
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// The runtime with workers of its own.
pub struct Nio(nio::Runtime);

impl Runtime for Nio {
    const NAME: &'static str = "nio";
    const KIND: Kind = Kind::Stealing;
    type Channels = channels::Tokio;
    type Listener = Here<TcpListener>;
    type Stream = Here<TcpStream>;
    type HyperIo = Here<TokioIo<TcpStream>>;

    fn cannot(scenario: &str) -> Option<&'static str> {
        (scenario == "start_stop").then_some("it cannot be stopped")
    }

    fn start(workers: usize) -> Self {
        let workers = workers.try_into().expect("few workers");
        let runtime = RuntimeBuilder::new().worker_threads(workers).rt();
        Self(runtime.expect("a runtime"))
    }

    fn spawn_at<M, F>(&self, worker: usize, make: M)
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let worker = worker.try_into().expect("few workers");
        // The closure is called here and now, but nothing is done before the first poll.
        self.0
            .spawn_pinned_at(worker, move || async move { make().await });
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
        nio::spawn(future);
    }

    fn spawn_home<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        nio::spawn_local(future);
    }

    fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let task = nio::spawn(future);
        async { task.await.expect("a task") }
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        // It has none of its own.
        smol::future::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        Here(nio::sleep(duration))
    }

    fn listener(listener: std::net::TcpListener) -> Here<TcpListener> {
        let listener = TcpListener::new(mio::net::TcpListener::from_std(listener));
        Here(listener.expect("a listener"))
    }

    async fn serve<H, F>(mut listener: Here<TcpListener>, handle: H)
    where
        H: Fn(Here<TcpStream>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        // The future of `accept` is pinned to this worker, as this task is.
        while let Ok(connection) = Here(listener.0.accept()).await {
            let handle = handle.clone();
            nio::spawn_pinned(move || async move {
                if let Ok(stream) = connection.connect().await {
                    handle(Here(stream)).await;
                }
            });
        }
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

    fn hyper_io(stream: Here<TcpStream>) -> Here<TokioIo<TcpStream>> {
        Here(TokioIo::new(stream.0))
    }
}
