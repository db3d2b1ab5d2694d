//! [`RuntimeMetrics`]: what the workers count.

use crate::worker::{Counters, Door, Shared};
use std::fmt;
use std::sync::Arc;

/// What a runtime counts about itself; from [`Handle::metrics`](super::Handle::metrics).
///
/// Counters are always on: each is a plain store by the worker that owns it. They only grow, and a
/// reader sees a recent value. Methods that take a worker's index panic if there is no such worker.
/// A thread inside `block_on` of a runtime with worker threads is not among the workers.
///
/// ```
/// # #[pintle::main(flavor = "multi_thread", worker_threads = 2)]
/// # async fn main() {
/// pintle::spawn(async {}).await.unwrap();
/// let metrics = pintle::runtime::Handle::current().metrics();
/// let polls: u64 = (0..metrics.num_workers()).map(|w| metrics.worker_poll_count(w)).sum();
/// assert!(polls <= 1); // counted at the end of a round of polls
/// # }
/// ```
#[derive(Clone)]
pub struct RuntimeMetrics {
    shared: Arc<Shared>,
}

macro_rules! per_worker {
    ($($(#[$doc:meta])* $name:ident => $field:ident;)*) => {
        $($(#[$doc])*
        #[track_caller]
        pub fn $name(&self, worker: usize) -> u64 {
            self.counters(worker).$field.get()
        })*
    };
}

impl RuntimeMetrics {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    #[track_caller]
    fn counters(&self, worker: usize) -> &Counters {
        let count = self.num_workers();
        assert!(
            worker < count,
            "there is no worker {worker}: this runtime has {count}"
        );
        &self.shared.remotes[worker].counters
    }

    /// How many workers there are.
    pub fn num_workers(&self) -> usize {
        self.shared.remotes.len()
    }

    per_worker! {
        /// Polls of tasks.
        worker_poll_count => polls;
        /// Times the worker went to sleep.
        worker_park_count => parks;
        /// Times the worker woke up and found nothing to run.
        worker_noop_count => noops;
        /// Tasks the worker put into its own queues: spawned or woken there.
        worker_local_schedule_count => local_schedules;
        /// Polls of tasks that were woken last and jumped the queue.
        worker_lifo_poll_count => lifo_polls;
        /// Rounds the worker made looking for work at its siblings'.
        worker_search_count => searches;
        /// Times it found some.
        worker_steal_operations => steals;
        /// Tasks it took from siblings.
        worker_steal_count => stolen;
        /// Times it found something to do among the sockets, the timers and the newest task of a
        /// sibling that was stuck in a poll.
        worker_rescue_count => rescues;
        /// Times the worker looked at its own sockets and timers.
        worker_driver_count => looks;
        /// Readiness events it took from the operating system.
        worker_io_event_count => io_events;
        /// Timers that fired on it.
        worker_timer_count => timers_fired;
    }

    #[track_caller]
    fn door(&self, worker: usize) -> &Door {
        self.counters(worker);
        &self.shared.remotes[worker].door
    }

    /// Tasks that other threads left for the worker.
    #[track_caller]
    pub fn worker_remote_schedule_count(&self, worker: usize) -> u64 {
        self.door(worker).arrivals.get()
    }

    /// System calls that other threads made to wake it.
    #[track_caller]
    pub fn worker_unpark_count(&self, worker: usize) -> u64 {
        self.door(worker).wakes.get()
    }

    /// Sockets and other descriptors registered with the worker's reactor so far.
    #[track_caller]
    pub fn worker_registration_count(&self, worker: usize) -> u64 {
        self.counters(worker);
        self.shared.remotes[worker].reactor.registrations()
    }

    /// Stealable tasks in the worker's queue now.
    #[track_caller]
    pub fn worker_local_queue_depth(&self, worker: usize) -> usize {
        self.counters(worker);
        self.shared.remotes[worker].stealer.len()
    }

    /// Threads of the blocking pool.
    pub fn num_blocking_threads(&self) -> usize {
        self.shared.blocking.num_threads()
    }

    /// Threads of the blocking pool that have nothing to do.
    pub fn num_idle_blocking_threads(&self) -> usize {
        self.shared.blocking.num_idle_threads()
    }

    /// Closures that wait for a thread of the blocking pool.
    pub fn blocking_queue_depth(&self) -> usize {
        self.shared.blocking.queue_depth()
    }
}

impl fmt::Debug for RuntimeMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.shared.remotes.iter().map(|remote| &*remote.counters))
            .finish()
    }
}
