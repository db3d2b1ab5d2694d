//! Accepting connections for ever.
//!
//! `accept` fails when the process (`EMFILE`) or the system (`ENFILE`) has no descriptor left. A
//! server must survive that: it says so, goes on serving the connections it has, and tries again
//! after a pause, until one of them has closed. The connections that wait meanwhile are in the
//! listener's backlog.

use pintle::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use pintle::time::{Duration, Instant, sleep};
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

/// How long to wait for descriptors to come free.
const PAUSE: Duration = Duration::from_millis(50);

/// Errors are reported no more often than this.
const REPORT_EVERY: Duration = Duration::from_secs(30);

/// What connections come from.
pub trait Listener {
    /// A connection.
    type Stream;

    /// Accepts one.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Stream>>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        self.poll_accept(cx).map_ok(|(stream, _)| stream)
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        self.poll_accept(cx).map_ok(|(stream, _)| stream)
    }
}

/// The connections of a listener.
#[derive(Debug)]
pub struct Connections<L> {
    listener: L,
    reported: Option<Instant>,
}

impl<L: Listener> Connections<L> {
    /// Accepts from `listener`.
    pub fn new(listener: L) -> Self {
        Self {
            listener,
            reported: None,
        }
    }

    /// The next connection, however long it takes and whatever goes wrong meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no connection is lost.
    pub async fn next(&mut self) -> L::Stream {
        loop {
            match poll_fn(|cx| self.listener.poll_accept(cx)).await {
                Ok(stream) => return stream,
                // The peer has gone again; the next one has nothing to do with it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    self.report(&error);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn report(&mut self, error: &io::Error) {
        let now = Instant::now();
        if self
            .reported
            .is_none_or(|last| now.duration_since(last) > REPORT_EVERY)
        {
            self.reported = Some(now);
            eprintln!("accept: {error}; serving those who are here, and trying again meanwhile");
        }
    }
}
