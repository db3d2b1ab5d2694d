//! monoio: one runtime for each core, on io_uring or on epoll.

use super::cores::Cores;
use crate::channels;
use crate::runtime::{Here, Kind, Runtime};
use monoio::buf::IoBufMut;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt, IntoPollIo};
use monoio::net::tcp::stream_poll::TcpStreamPoll;
use monoio::net::{TcpListener, TcpStream};
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};
use monoio_compat::hyper::MonoioIo;
use std::future::Future;
use std::io;
use std::time::Duration;

/// Runtimes on threads of their own.
#[derive(Debug)]
pub struct Monoio<const URING: bool>(Cores);

/// On io_uring.
pub type Uring = Monoio<true>;
/// On its legacy driver: epoll.
pub type Epoll = Monoio<false>;

impl<const URING: bool> Runtime for Monoio<URING> {
    const NAME: &'static str = if URING {
        "monoio-uring"
    } else {
        "monoio-epoll"
    };
    const KIND: Kind = Kind::PerCore;
    type Channels = channels::Tokio;
    type Listener = Here<TcpListener>;
    type Stream = Here<TcpStream>;
    type HyperIo = Here<MonoioIo<TcpStreamPoll>>;

    fn start(workers: usize) -> Self {
        Self(Cores::start(workers, |inbox| {
            if URING {
                let runtime = RuntimeBuilder::<IoUringDriver>::new().enable_all().build();
                runtime.expect("a runtime").block_on(inbox.run());
            } else {
                let runtime = RuntimeBuilder::<LegacyDriver>::new().enable_all().build();
                runtime.expect("a runtime").block_on(inbox.run());
            }
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
        monoio::spawn(future);
    }

    fn spawn_join<F>(future: F) -> impl Future<Output = F::Output> + Send + 'static
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Here(monoio::spawn(future))
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        // It has none of its own.
        smol::future::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        Here(monoio::time::sleep(duration))
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
            // As a slice, or it would shorten the buffer to what it has read.
            let (read, buffer) = stream.0.read(buffer.slice_mut(..)).await;
            (read, buffer.into_inner())
        })
    }

    fn write(
        stream: &mut Here<TcpStream>,
        buffer: Vec<u8>,
        n: usize,
    ) -> impl Future<Output = (io::Result<()>, Vec<u8>)> + Send {
        Here(async move {
            let (written, buffer) = stream.0.write_all(buffer.slice_mut(..n)).await;
            (written.map(|_| ()), buffer.into_inner())
        })
    }

    fn hyper_io(stream: Here<TcpStream>) -> Here<MonoioIo<TcpStreamPoll>> {
        Here(MonoioIo::new(stream.0.into_poll_io().expect("a stream")))
    }
}
