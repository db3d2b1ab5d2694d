//! Stopping, step by step.
//!
//! 1. The flag goes up and every worker is woken: from now on `spawn` gives back a cancelled
//!    handle.
//! 2. Each worker finishes the poll it is in and leaves its loop. On its own thread it drops the
//!    futures of its pinned tasks, then what is queued for it and what it has bound of the
//!    stealable tasks, closes its inboxes and orphans its drivers. What these drops spawn is
//!    cancelled at once. A worker that closes queues nothing stealable any more: what is woken on
//!    it is dealt, to a sibling that is still there, or to a closed inbox, where it ends.
//! 3. The blocking pool cancels the jobs that wait, and the running ones are waited for.
//!
//! Whoever drops the runtime waits for 2 and 3, unless it is itself a worker (of this or any other
//! runtime): a worker must not block, so then the threads finish on their own.

use crate::worker::{self, Shared, StealableQueue};
use pintle_sync::shim::sync::{Condvar, Mutex};
use pintle_sync::shim::thread::{self, JoinHandle};
use pintle_sync::shim::time;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The worker threads of a runtime.
#[derive(Debug, Default)]
pub struct Threads {
    handles: Vec<JoinHandle<()>>,
    alive: Arc<Alive>,
}

#[derive(Debug, Default)]
struct Alive {
    count: Mutex<usize>,
    none: Condvar,
}

/// Counts a thread out, even if a hook of the user's panics.
struct CountOut(Arc<Alive>);

impl Drop for CountOut {
    fn drop(&mut self) {
        let mut count = self.0.count.lock();
        *count -= 1;
        if *count == 0 {
            self.0.none.notify_all();
        }
    }
}

impl Threads {
    pub fn start(
        &mut self,
        shared: &Arc<Shared>,
        index: usize,
        queue: StealableQueue,
        cpu: Option<usize>,
    ) -> io::Result<()> {
        let mut builder = thread::Builder::new().name((shared.config.thread_name)());
        if let Some(bytes) = shared.config.stack_size {
            builder = builder.stack_size(bytes);
        }
        let (shared, remote) = (shared.clone(), shared.remotes[index].clone());
        *self.alive.count.lock() += 1;
        // Also counts a thread out that was never started.
        let out = CountOut(self.alive.clone());
        let handle = builder.spawn(move || {
            let _out = out;
            worker::thread_main(shared, remote, queue, cpu);
        })?;
        self.handles.push(handle);
        Ok(())
    }

    /// Waits for the threads to end, for at most `limit`. Those that have not ended by then go on
    /// alone.
    pub fn join(&mut self, limit: Option<Duration>) {
        let deadline = limit.and_then(|limit| time::now().checked_add(limit));
        let mut count = self.alive.count.lock();
        while *count > 0 {
            match deadline {
                Some(deadline) => {
                    if self.alive.none.wait_until(&mut count, deadline).timed_out() {
                        break;
                    }
                }
                None => self.alive.none.wait(&mut count),
            }
        }
        let ended = *count == 0;
        drop(count);
        for handle in self.handles.drain(..) {
            if ended {
                // A panic here is a hook's; it has been reported.
                let _ = handle.join();
            }
        }
    }
}
