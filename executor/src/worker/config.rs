//! What a builder has decided, as plain values.

use pintle_sync::shim::panic::catch_unwind;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Called at certain moments of a thread's life.
pub type Hook = Arc<dyn Fn() + Send + Sync>;

/// Calls a hook. A panic in it is the user's, has been reported, and must not take a worker along.
pub fn run_hook(hook: &Option<Hook>) {
    if let Some(hook) = hook
        && let Err(payload) = catch_unwind(|| hook())
    {
        // Its drop might panic again.
        std::mem::forget(payload);
    }
}

/// Names the next thread.
pub type ThreadName = Arc<dyn Fn() -> String + Send + Sync>;

/// Which queue `spawn` uses, and whether idle workers hold stealers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One worker, the thread inside `block_on`; `spawn` pins to it.
    CurrentThread,
    /// `spawn` makes stealable tasks.
    Stealing,
    /// `spawn` pins to the worker it is called on.
    PerCore,
}

/// See the builder's methods of the same names.
#[derive(Clone)]
pub struct Config {
    pub mode: Mode,
    pub workers: usize,
    pub pin_workers: bool,
    /// Whether a worker may wait awake: somebody else can run meanwhile.
    pub can_spin: bool,
    pub thread_name: ThreadName,
    pub stack_size: Option<usize>,
    pub keep_alive: Duration,
    pub max_blocking_threads: usize,
    pub on_thread_start: Option<Hook>,
    pub on_thread_stop: Option<Hook>,
    pub on_thread_park: Option<Hook>,
    pub on_thread_unpark: Option<Hook>,
    pub event_interval: u32,
    pub io: bool,
    pub time: bool,
    pub start_paused: bool,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("mode", &self.mode)
            .field("workers", &self.workers)
            .field("pin_workers", &self.pin_workers)
            .field("event_interval", &self.event_interval)
            .field("io", &self.io)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
