//! The half of a worker that any thread may touch.

use super::counters::Counters;
use super::door::Door;
use super::schedule::InPool;
use crate::queue::LifoSlot;
use crate::queue::deque::Stealer;
use crate::task::{Bound, Task};
use crossbeam_utils::CachePadded;
use pintle_reactor::Driver as Reactor;
use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::Mutex;
use pintle_sync::shim::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use pintle_sync::shim::time;
use pintle_timer::{Clock, Driver as Timers, Participant};
use slab::Slab;
use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// The index of a guest, which no sibling knows.
pub const GUEST: usize = usize::MAX;

/// How many readiness events one turn of a reactor takes from the kernel at most.
const EVENTS: usize = 256;

/// What siblings, wakers and handles know of a worker.
#[derive(Debug)]
pub struct Remote {
    pub index: usize,
    pub door: Arc<Door>,
    pub reactor: Arc<Reactor>,
    pub timers: Arc<Timers>,
    pub participant: Participant,
    /// The other end of the worker's stealable queue.
    pub stealer: Stealer<Task<InPool>>,
    /// The newest stealable task.
    pub lifo: CachePadded<LifoSlot<InPool>>,
    /// Stealable tasks that went to sleep for the first time on this worker.
    pub bound: Mutex<Registry>,
    /// When the worker last looked at its drivers, in nanoseconds since `born`; `u64::MAX` while
    /// it has nobody to look at them (it sleeps, or is a guest).
    looked: AtomicU64,
    born: Instant,
    /// Whether the worker is inside `block_in_place` and a guest sits on its thread.
    covered: Arc<AtomicBool>,
    pub counters: CachePadded<Counters>,
}

/// Tasks to be found again at shutdown.
#[derive(Debug, Default)]
pub struct Registry {
    pub tasks: Slab<Bound<InPool>>,
    pub closed: bool,
}

impl Remote {
    /// Opens a reactor and a wheel for a worker, whose queue has `stealer` as its other end, and who has
    /// siblings to look after or has none.
    ///
    /// # Errors
    ///
    /// The operating system refuses the poll: most likely the process is out of descriptors.
    pub fn open(
        index: usize,
        clock: &Clock,
        stealer: Stealer<Task<InPool>>,
        looks_after: bool,
    ) -> io::Result<Arc<Remote>> {
        let reactor = if index == GUEST {
            // What a guest has begun and handed to a task must not depend on the guest's coming
            // back to its reactor: it may block, since it is the user's own thread.
            Reactor::new_transient(EVENTS)?
        } else if looks_after {
            Reactor::new_watching(EVENTS)?
        } else {
            Reactor::new(EVENTS)?
        };
        Ok(Arc::new_cyclic(|weak| {
            let door = Arc::new(Door::new(weak.clone()));
            let unpark = Waker::from(door.clone());
            let covered = Arc::new(AtomicBool::new(false));
            let (poll, unseeing) = (reactor.clone(), covered.clone());
            let (queue, inbox) = (stealer.clone(), door.clone());
            // Of what comes in for a worker that cannot look, the tasks are news as long as nobody
            // has taken them: a stand-in may have yet to come. The rest is its siblings' to see.
            let news = move || {
                if unseeing.load(Ordering::Relaxed) {
                    !queue.is_empty() || !inbox.stealable.is_empty()
                } else {
                    poll.has_news()
                }
            };
            Remote {
                index,
                door,
                reactor,
                timers: Timers::new(clock.clone(), unpark.clone()),
                participant: clock.participant(unpark).with_news(news),
                stealer,
                lifo: CachePadded::new(LifoSlot::new()),
                bound: Mutex::new(Registry::default()),
                looked: AtomicU64::new(u64::MAX),
                born: time::now(),
                covered,
                counters: CachePadded::new(Counters::default()),
            }
        }))
    }

    /// Ends the sleep of the worker's thread, which [`Door::unpark`] has found asleep.
    pub fn wake_thread(&self) {
        // From here on it counts as busy, so that a paused clock does not run ahead of it.
        self.participant.notify();
        // Fails only if the poll is gone, and then so is the worker.
        let _ = self.reactor.unpark();
    }

    /// The worker looks at its drivers now.
    pub fn looked_at(&self, now: Instant) {
        self.looked.store(
            now.saturating_duration_since(self.born).as_nanos() as u64,
            Ordering::Relaxed,
        );
    }

    /// The worker has nobody to look at its drivers, or needs nobody.
    pub fn looks_no_more(&self) {
        self.looked.store(u64::MAX, Ordering::Relaxed);
    }

    /// The worker will be away for long: siblings should step in without waiting.
    pub fn stalls(&self) {
        self.looked.store(0, Ordering::Relaxed);
    }

    /// Whether the worker is awake and has not looked at its drivers for `limit`.
    pub fn is_stalled(&self, now: Instant, limit: Duration) -> bool {
        let looked = self.looked.load(Ordering::Relaxed);
        looked != u64::MAX
            && now
                .saturating_duration_since(self.born)
                .saturating_sub(Duration::from_nanos(looked))
                >= limit
    }

    /// A guest sits down on the worker's thread: the worker does nothing meanwhile that a paused
    /// clock should wait for, but its timers still count.
    pub fn cover(&self) {
        self.covered.store(true, Ordering::Relaxed);
        self.stays_covered();
    }

    /// Says so again, after the clock has counted the worker as busy.
    pub fn stays_covered(&self) {
        if self.covered.load(Ordering::Relaxed) {
            self.participant.idle(self.timers.plan());
        }
    }

    /// The guest leaves.
    pub fn uncover(&self) {
        self.covered.store(false, Ordering::Relaxed);
        self.participant.busy();
    }

    /// Whether siblings would find a task here (leaving out the newest task, which only a rescuer takes).
    pub fn has_visible_work(&self) -> bool {
        !self.stealer.is_empty() || !self.door.stealable.is_empty()
    }

    /// Keeps a stealable task that is about to sleep for the first time; refuses it in a runtime
    /// that shuts down. Its place might be one that a task has had which was taken out while it was
    /// queued or running, and which is yet to ask for it (`Shared::unbind`).
    pub fn bind(&self, task: Bound<InPool>, workers: usize) -> Option<usize> {
        let mut registry = self.bound.lock();
        if registry.closed {
            None
        } else {
            Some(registry.tasks.insert(task) * workers + self.index)
        }
    }

    /// Closes the registry of stealable tasks and ends them all.
    pub fn end_bound(&self) {
        let tasks = {
            let mut registry = self.bound.lock();
            registry.closed = true;
            std::mem::take(&mut registry.tasks)
        };
        for (_, task) in tasks {
            task.shutdown();
        }
    }

    /// Closes the drivers, for good: whoever waits on them is woken and registers anew where it is polled.
    pub fn orphan(&self) {
        let mut batch = WakeBatch::new();
        self.reactor.orphan(&mut batch);
        self.timers.orphan(&mut batch);
        // A worker that is gone does nothing that a paused clock should wait for.
        self.participant.leave();
        batch.wake_all();
    }
}
