//! What the blocking pool is told when it is made.

use pintle_sync::shim::thread::{self, JoinHandle};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Called on each thread of the pool as it starts or stops.
pub type Hook = Arc<dyn Fn() + Send + Sync>;

/// Names a thread that is about to be started.
pub type ThreadName = Arc<dyn Fn() -> String + Send + Sync>;

/// Calls its argument, once, with what the pool's threads need around them.
pub type Around = Arc<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// Starts a thread: its name, its stack size, what it runs.
pub type StartThread = Arc<
    dyn Fn(String, Option<usize>, Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>
        + Send
        + Sync,
>;

/// The settings of a [`BlockingPool`](super::BlockingPool).
#[derive(Clone)]
pub struct BlockingConfig {
    /// Threads at most; at least 1.
    pub max_threads: usize,
    /// How long a thread stays without a job.
    pub keep_alive: Duration,
    /// The name of each thread.
    pub thread_name: ThreadName,
    /// The stack of each thread in bytes, or what the platform gives.
    pub stack_size: Option<usize>,
    /// Called first on each thread.
    pub on_start: Option<Hook>,
    /// Called last on each thread.
    pub on_stop: Option<Hook>,
    /// The operating system's threads; a test puts others here.
    pub start_thread: StartThread,
}

impl Default for BlockingConfig {
    fn default() -> Self {
        Self {
            max_threads: 512,
            keep_alive: Duration::from_secs(10),
            thread_name: Arc::new(|| "pintle-blocking".into()),
            stack_size: None,
            on_start: None,
            on_stop: None,
            start_thread: Arc::new(start_thread),
        }
    }
}

impl fmt::Debug for BlockingConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingConfig")
            .field("max_threads", &self.max_threads)
            .field("keep_alive", &self.keep_alive)
            .field("stack_size", &self.stack_size)
            .finish_non_exhaustive()
    }
}

fn start_thread(
    name: String,
    stack_size: Option<usize>,
    body: Box<dyn FnOnce() + Send>,
) -> io::Result<JoinHandle<()>> {
    let mut builder = thread::Builder::new().name(name);
    if let Some(bytes) = stack_size {
        builder = builder.stack_size(bytes);
    }
    builder.spawn(body)
}
