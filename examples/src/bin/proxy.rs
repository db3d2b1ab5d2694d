//! A TCP proxy: what it accepts, it connects to another address, and copies both ways.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin echo
//! cargo run --release -p pintle-examples --bin proxy -- --to 127.0.0.1:7000
//! nc 127.0.0.1 7002
//! ```
//!
//! It keeps itself within bounds: a semaphore limits its connections (the others wait in the
//! listener's backlog), connecting has a timeout, and a connection through which nothing has come
//! for a while is closed. Ctrl-C stops accepting and lets the connections end by themselves, for
//! `--grace` seconds; then, or at a second Ctrl-C, a token cancels those that are left.

#![forbid(unsafe_code)]

use pintle::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use pintle::net::{TcpListener, TcpStream};
use pintle::sync::{CancellationToken, Semaphore};
use pintle::task::TaskTracker;
use pintle::time::{Duration, sleep, timeout};
use pintle_examples::accept::Connections;
use pintle_examples::limits::raise_descriptors;
use pintle_examples::{Args, During, Error, Mode, Result, run};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

const HELP: &str = "
A TCP proxy.

    --to HOST:PORT       where to; must be given
    --addr HOST:PORT     where to listen [127.0.0.1:7002]; port 0 takes a free one
    --limit N            connections at a time [1000]
    --connect SECONDS    how long connecting may take [5]
    --idle SECONDS       close connections through which nothing comes for so long [60]
    --grace SECONDS      how long connections may go on after Ctrl-C [10]
    --mode MODE          stealing, per-core or current [stealing]
    --workers N          worker threads [one for each core]
";

/// What a process needs besides its connections: standard streams, reactors, a listener.
const OTHER_DESCRIPTORS: u64 = 64;

struct Options {
    to: SocketAddr,
    limit: u32,
    connect: Duration,
    idle: Duration,
    grace: Duration,
}

fn main() -> ExitCode {
    run(HELP, |mut args: Args| {
        let addr: SocketAddr = args.value("--addr", ([127, 0, 0, 1], 7002).into())?;
        let to = args.optional("--to")?;
        let limit = args.optional::<NonZeroU32>("--limit")?;
        let mut seconds = |name, default| args.value(name, default).map(Duration::from_secs);
        let (connect, idle) = (seconds("--connect", 5)?, seconds("--idle", 60)?);
        let grace = seconds("--grace", 10)?;
        let (_, runtime) = Mode::from_args(&mut args)?;
        args.finish()?;
        let options = Options {
            to: to.ok_or_else(|| Error::Usage("--to is missing: where to?".into()))?,
            limit: limit.map_or(1000, NonZeroU32::get),
            connect,
            idle,
            grace,
        };
        let proxy = Arc::new(Proxy {
            options,
            tally: Tally::default(),
            cut: CancellationToken::new(),
        });
        let result = runtime.block_on(serve(addr, &proxy));
        println!("{}", proxy.tally);
        result
    })
}

async fn serve(addr: SocketAddr, proxy: &Arc<Proxy>) -> Result<()> {
    let Options {
        to, limit, grace, ..
    } = proxy.options;
    // A connection is two.
    raise_descriptors(2 * u64::from(limit) + OTHER_DESCRIPTORS);
    let listener = TcpListener::bind(addr)
        .await
        .during(format_args!("listening on {addr}"))?;
    let addr = listener.local_addr().during("asking for the address")?;
    println!("listening on {addr}, to {to}");

    let tracker = TaskTracker::new();
    let interrupted = || async { pintle::signal::ctrl_c().await.during("waiting for Ctrl-C") };
    futures_lite::future::or(interrupted(), proxy.accept(listener, &tracker)).await?;

    tracker.close();
    if !tracker.is_empty() {
        println!("draining {} connections", tracker.len());
        println!("(press Ctrl-C again not to wait for them)");
        let drained = async {
            let _ = timeout(grace, tracker.wait()).await;
            Ok(())
        };
        futures_lite::future::or(interrupted(), drained).await?;
    }
    proxy.cut.cancel();
    tracker.wait().await;
    Ok(())
}

struct Proxy {
    options: Options,
    tally: Tally,
    /// Ends every connection.
    cut: CancellationToken,
}

/// How a connection has ended.
enum End {
    Done,
    Unreachable(io::Error),
    Idle,
    Broken,
    Cut,
}

impl Proxy {
    async fn accept(self: &Arc<Self>, listener: TcpListener, tracker: &TaskTracker) -> Result<()> {
        let places = Arc::new(Semaphore::new(self.options.limit as usize));
        let mut connections = Connections::new(listener);
        loop {
            // The place first: who is not accepted waits outside, at no cost to us.
            let place = places.clone().acquire_owned().await;
            let place = place.expect("nobody closes it");
            let client = connections.next().await;
            let proxy = self.clone();
            tracker.spawn(async move {
                let end = proxy.cut.run_until_cancelled(proxy.carry(client)).await;
                let end = end.unwrap_or(End::Cut);
                proxy.tally.count(&end);
                if let End::Unreachable(error) = end {
                    eprintln!("{}: {error}", proxy.options.to);
                }
                drop(place);
            });
        }
    }

    async fn carry(&self, client: TcpStream) -> End {
        let connecting = timeout(self.options.connect, TcpStream::connect(self.options.to));
        let mut server = match connecting.await {
            Ok(Ok(server)) => server,
            Ok(Err(error)) => return End::Unreachable(error),
            Err(_elapsed) => return End::Unreachable(io::ErrorKind::TimedOut.into()),
        };
        // Small messages go on as they come. Not worth giving up a connection for.
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let traffic = Traffic {
            bytes: AtomicU64::new(0),
            total: &self.tally.bytes,
        };
        let mut client = Watched {
            stream: client,
            traffic: &traffic,
        };
        let copying = async {
            match copy_bidirectional(&mut client, &mut server).await {
                Ok(_) => End::Done,
                Err(_) => End::Broken,
            }
        };
        let idling = async {
            traffic.has_been_idle_for(self.options.idle).await;
            End::Idle
        };
        futures_lite::future::or(copying, idling).await
    }
}

/// How much a connection has carried.
struct Traffic<'a> {
    bytes: AtomicU64,
    /// Where it goes in the end, also if the connection is cut.
    total: &'a AtomicU64,
}

impl Drop for Traffic<'_> {
    fn drop(&mut self) {
        self.total
            .fetch_add(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

impl Traffic<'_> {
    /// Done when nothing has moved for so long, at least, and for less than twice that.
    async fn has_been_idle_for(&self, limit: Duration) {
        let mut before = None;
        loop {
            let bytes = self.bytes.load(Ordering::Relaxed);
            if before.replace(bytes) == Some(bytes) {
                return;
            }
            sleep(limit).await;
        }
    }

    fn count(&self, moved: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = moved {
            self.bytes.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
    }
}

/// A stream that counts what it carries either way.
struct Watched<'a> {
    stream: TcpStream,
    traffic: &'a Traffic<'a>,
}

impl AsyncRead for Watched<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.traffic.count(&moved);
        moved
    }
}

impl AsyncWrite for Watched<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.traffic.count(&moved);
        moved
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}

/// How connections have ended.
#[derive(Default)]
struct Tally {
    done: AtomicU64,
    unreachable: AtomicU64,
    idle: AtomicU64,
    broken: AtomicU64,
    cut: AtomicU64,
    bytes: AtomicU64,
}

impl Tally {
    fn count(&self, end: &End) {
        let counter = match end {
            End::Done => &self.done,
            End::Unreachable(_) => &self.unreachable,
            End::Idle => &self.idle,
            End::Broken => &self.broken,
            End::Cut => &self.cut,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} connections done, {} could not be made, {} were idle, {} broke, {} were cut; {} bytes",
            self.done.load(Ordering::Relaxed),
            self.unreachable.load(Ordering::Relaxed),
            self.idle.load(Ordering::Relaxed),
            self.broken.load(Ordering::Relaxed),
            self.cut.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
        )
    }
}
