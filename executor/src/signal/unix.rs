//! Unix signals by kind.

use super::registry::Listener;
use signal_hook::consts;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

/// Which signal.
///
/// ```
/// use pintle::signal::unix::SignalKind;
///
/// assert_eq!(SignalKind::interrupt().as_raw_value(), 2);
/// assert_eq!(SignalKind::from_raw(2), SignalKind::interrupt());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignalKind(i32);

impl SignalKind {
    /// By the system's number, for those that have no function here: real-time signals, say.
    pub const fn from_raw(signal: i32) -> Self {
        Self(signal)
    }

    /// The system's number.
    pub const fn as_raw_value(&self) -> i32 {
        self.0
    }

    /// A timer of the system's has run out: `SIGALRM`.
    pub const fn alarm() -> Self {
        Self(consts::SIGALRM)
    }

    /// A child process has changed: `SIGCHLD`.
    pub const fn child() -> Self {
        Self(consts::SIGCHLD)
    }

    /// The terminal is gone; to servers: read your configuration again. `SIGHUP`.
    pub const fn hangup() -> Self {
        Self(consts::SIGHUP)
    }

    /// Ctrl-C: `SIGINT`.
    pub const fn interrupt() -> Self {
        Self(consts::SIGINT)
    }

    /// Input or output is possible: `SIGIO`.
    pub const fn io() -> Self {
        Self(consts::SIGIO)
    }

    /// A pipe was written that nobody reads: `SIGPIPE`, which Rust programs ignore from the start.
    pub const fn pipe() -> Self {
        Self(consts::SIGPIPE)
    }

    /// Ctrl-\: `SIGQUIT`.
    pub const fn quit() -> Self {
        Self(consts::SIGQUIT)
    }

    /// Please end: `SIGTERM`.
    pub const fn terminate() -> Self {
        Self(consts::SIGTERM)
    }

    /// For programs to give a meaning: `SIGUSR1`.
    pub const fn user_defined1() -> Self {
        Self(consts::SIGUSR1)
    }

    /// For programs to give a meaning: `SIGUSR2`.
    pub const fn user_defined2() -> Self {
        Self(consts::SIGUSR2)
    }

    /// The terminal has another size: `SIGWINCH`.
    pub const fn window_change() -> Self {
        Self(consts::SIGWINCH)
    }
}

impl From<i32> for SignalKind {
    fn from(signal: i32) -> Self {
        Self::from_raw(signal)
    }
}

impl From<SignalKind> for i32 {
    fn from(kind: SignalKind) -> Self {
        kind.as_raw_value()
    }
}

/// Starts to listen to a signal.
///
/// From the first listener on, the signal no longer does to the process what it does by default,
/// and never will again, even when all listeners are gone.
///
/// Any number may listen; each is told of every signal that comes after it was made, where signals
/// that come faster than it asks are one. Needs no runtime, and works on each.
///
/// # Errors
///
/// [`InvalidInput`](io::ErrorKind::InvalidInput) for what cannot be listened to: `SIGKILL` and
/// `SIGSTOP`, which the system delivers to nobody; `SIGILL`, `SIGFPE` and `SIGSEGV`, which are not
/// news but faults; and what is no signal. The process is out of descriptors or threads.
///
/// ```no_run
/// use pintle::signal::unix::{SignalKind, signal};
///
/// # #[pintle::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut hangup = signal(SignalKind::hangup())?;
/// while hangup.recv().await.is_some() {
///     println!("reading the configuration again");
/// }
/// # Ok(())
/// # }
/// ```
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    let listener = Listener::new(kind.as_raw_value())?;
    Ok(Signal { listener })
}

/// A listener to one signal, as [`signal`] makes it.
#[derive(Debug)]
pub struct Signal {
    listener: Listener,
}

impl Signal {
    /// Waits for the signal. Never `None`, today.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what comes while nobody waits is for the next call.
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`recv`](Self::recv), as a poll. Only the last task that polled is woken.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.listener.poll(cx).map(Some)
    }
}
