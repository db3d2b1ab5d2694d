//! Sends everything back, over any kind of stream.

use pintle::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use pintle::time::{Duration, timeout};
use pintle_examples::Result;
use pintle_examples::accept::{Connections, Listener};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What the server has seen.
#[derive(Debug, Default)]
pub struct Tally {
    connections: AtomicU64,
    bytes: AtomicU64,
    idle: AtomicU64,
    failed: AtomicU64,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "served {} connections, at most {} at once, and {} bytes; {} were idle for too long, {} failed",
            self.connections.load(Ordering::Relaxed),
            self.most_open.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
            self.idle.load(Ordering::Relaxed),
            self.failed.load(Ordering::Relaxed),
        )
    }
}

/// Serves for ever. Each connection is a task of its own; how they are spread over the workers is
/// the runtime's business.
pub async fn serve<L>(listener: L, idle: Duration, tally: &Arc<Tally>) -> Result<()>
where
    L: Listener<Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static>,
{
    let mut connections = Connections::new(listener);
    loop {
        let mut stream = connections.next().await;
        let tally = tally.clone();
        pintle::spawn(async move {
            tally.connections.fetch_add(1, Ordering::Relaxed);
            let open = tally.open.fetch_add(1, Ordering::Relaxed) + 1;
            tally.most_open.fetch_max(open, Ordering::Relaxed);
            match echo(&mut stream, idle, &tally).await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    tally.idle.fetch_add(1, Ordering::Relaxed);
                }
                Err(_) => {
                    tally.failed.fetch_add(1, Ordering::Relaxed);
                }
            }
            tally.open.fetch_sub(1, Ordering::Relaxed);
            // Counted first: whoever sees it closed may ask for the report.
            drop(stream);
        });
    }
}

async fn echo<S>(stream: &mut S, idle: Duration, tally: &Tally) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = [0; 1024];
    loop {
        let read = timeout(idle, stream.read(&mut buffer)).await;
        let length = read.map_err(|_elapsed| io::ErrorKind::TimedOut)??;
        if length == 0 {
            return Ok(());
        }
        tally.bytes.fetch_add(length as u64, Ordering::Relaxed);
        // A peer that sends and does not read is as good as idle.
        let written = timeout(idle, stream.write_all(&buffer[..length])).await;
        written.map_err(|_elapsed| io::ErrorKind::TimedOut)??;
    }
}
