//! smol: one executor, run by as many threads as there are workers, and async-io's reactor.

use crate::channels;
use crate::runtime::{Kind, Runtime};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, Executor, Timer};
use smol_hyper::rt::FuturesIo;
use std::future::Future;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Where a program has it, so that every task can spawn.
static EXECUTOR: Executor<'static> = Executor::new();

/// The threads that run the executor.
#[derive(Debug)]
pub struct Smol {
    threads: Vec<JoinHandle<()>>,
    /// Closed to stop them.
    running: smol::channel::Sender<()>,
}

impl Runtime for Smol {
    const NAME: &'static str = "smol";
    const KIND: Kind = Kind::Stealing;
    type Channels = channels::Smol;
    type Listener = Async<TcpListener>;
    type Stream = Async<TcpStream>;
    type HyperIo = FuturesIo<Async<TcpStream>>;

    fn start(workers: usize) -> Self {
        let (running, stopped) = smol::channel::bounded::<()>(1);
        let threads = (0..workers).map(|_| {
            let stopped = stopped.clone();
            thread::spawn(move || {
                let _ = smol::block_on(EXECUTOR.run(stopped.recv()));
            })
        });
        Self {
            threads: threads.collect(),
            running,
        }
    }

    fn spawn_at<M, F>(&self, _worker: usize, make: M)
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        EXECUTOR.spawn(make()).detach();
    }

    fn spawn_outside<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        EXECUTOR.spawn(future).detach();
    }

    fn stop(self) {
        self.running.close();
        for thread in self.threads {
            thread.join().expect("a worker does not panic");
        }
    }

    fn spawn<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        EXECUTOR.spawn(future).detach();
    }

    fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        EXECUTOR.spawn(future)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }

    async fn sleep(duration: Duration) {
        Timer::after(duration).await;
    }

    fn listener(listener: TcpListener) -> Async<TcpListener> {
        Async::new(listener).expect("a listener")
    }

    async fn serve<H, F>(listener: Async<TcpListener>, handle: H)
    where
        H: Fn(Async<TcpStream>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        while let Ok((stream, _)) = listener.accept().await {
            EXECUTOR.spawn(handle(stream)).detach();
        }
    }

    async fn read(
        stream: &mut Async<TcpStream>,
        mut buffer: Vec<u8>,
    ) -> (io::Result<usize>, Vec<u8>) {
        (stream.read(&mut buffer).await, buffer)
    }

    async fn write(
        stream: &mut Async<TcpStream>,
        buffer: Vec<u8>,
        n: usize,
    ) -> (io::Result<()>, Vec<u8>) {
        (stream.write_all(&buffer[..n]).await, buffer)
    }

    fn hyper_io(stream: Async<TcpStream>) -> FuturesIo<Async<TcpStream>> {
        FuturesIo::new(stream)
    }
}
