//! A thread of the pool, from the decision to start it to its last instruction.

use super::config::Hook;
use super::pool::{Queued, Shared, State};
use pintle_sync::shim::panic::catch_unwind;
use pintle_sync::shim::sync::{Arc, MutexGuard};
use pintle_sync::shim::thread::JoinHandle;
use std::io;

/// Starts the thread of this number.
pub(super) fn start(shared: &Arc<Shared>, number: u64) {
    let mut start = Starting {
        shared,
        number,
        result: None,
    };
    let config = &shared.config;
    let body = {
        let shared = Arc::clone(shared);
        Box::new(move || body(&shared, number))
    };
    start.result = Some((config.start_thread)(
        (config.thread_name)(),
        config.stack_size,
        body,
    ));
}

/// The starter's part. Over when dropped, so also when the function that names threads panics.
struct Starting<'a> {
    shared: &'a Shared,
    number: u64,
    result: Option<io::Result<JoinHandle<()>>>,
}

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        let result = self.result.take().unwrap_or_else(|| {
            Err(io::Error::other(
                "the function that names the runtime's threads panicked",
            ))
        });
        let mut state = self.shared.state.lock();
        state.starting -= 1;
        match result {
            Ok(handle) => {
                // It may have been and gone.
                if let Some(place) = state.handles.get_mut(&self.number) {
                    *place = Some(handle);
                }
                drop(state);
            }
            Err(error) => {
                state.alive -= 1;
                state.handles.remove(&self.number);
                self.shared.lose_thread(state, &error);
            }
        }
        self.shared.ended.notify_all();
    }
}

fn body(shared: &Shared, number: u64) {
    let mut thread = Thread {
        shared,
        number,
        counted: true,
    };
    let around = shared.state.lock().around.clone();
    let mut inside = || {
        run_hook(shared.config.on_start.as_ref());
        thread.serve();
        run_hook(shared.config.on_stop.as_ref());
    };
    match &around {
        Some(around) => around(&mut inside),
        None => inside(),
    }
    drop(around);
    drop(thread);
}

/// A hook that panics has said so through the panic hook, and does not cost the pool a thread.
fn run_hook(hook: Option<&Hook>) {
    if let Some(hook) = hook {
        let _ = catch_unwind(|| hook());
    }
}

/// The thread's own part.
struct Thread<'a> {
    shared: &'a Shared,
    number: u64,
    /// Whether it is one of `State::threads`.
    counted: bool,
}

impl Thread<'_> {
    /// Runs jobs until there have been none for long enough, or the pool shuts down.
    fn serve(&mut self) {
        let mut state = self.shared.state.lock();
        loop {
            while let Some(job) = state.queue.pop_front() {
                drop(state);
                job.run();
                state = self.shared.state.lock();
            }
            if state.shut_down || !self.wait_for_permit(&mut state) {
                break;
            }
        }
        state.threads -= 1;
        self.counted = false;
    }

    /// Sleeps; `false` means that this thread has had nothing to do for too long, or that the pool
    /// has been shut down, and that it is no longer counted on.
    fn wait_for_permit(&self, state: &mut MutexGuard<'_, State>) -> bool {
        state.idle += 1;
        loop {
            let is_over = self.shared.wait_for_work(state);
            if state.permits > 0 {
                state.permits -= 1;
                return true;
            }
            if is_over || state.shut_down {
                state.idle -= 1;
                return false;
            }
        }
    }
}

impl Drop for Thread<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.alive -= 1;
        // A shutdown joins; without one nobody would ever take the handle.
        let handle = match state.shut_down {
            true => None,
            false => state.handles.remove(&self.number),
        };
        if self.counted {
            let error = io::Error::other("a thread of the blocking pool panicked as it started");
            self.shared.lose_thread(state, &error);
        } else {
            drop(state);
        }
        drop(handle);
        self.shared.ended.notify_all();
    }
}

impl Shared {
    /// Waits to be notified, or for the keep-alive to run out; the latter is `true`.
    fn wait_for_work(&self, state: &mut MutexGuard<'_, State>) -> bool {
        #[cfg(loom)]
        if state.keep_alive_is_over {
            return true;
        }
        let is_over = self
            .work
            .wait_for(state, self.config.keep_alive)
            .timed_out();
        #[cfg(loom)]
        let is_over = is_over || state.keep_alive_is_over;
        is_over
    }

    /// One thread fewer than was counted on. Those that are left see to the queue; if it was the
    /// last one, nobody would.
    fn lose_thread(&self, mut state: MutexGuard<'_, State>, error: &io::Error) {
        state.threads -= 1;
        let orphans = match state.threads {
            0 => std::mem::take(&mut state.queue),
            _ => Default::default(),
        };
        drop(state);
        for job in orphans {
            Queued::refuse(job, same(error));
        }
    }
}

/// The error once more; `io::Error` is not `Clone`.
fn same(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
