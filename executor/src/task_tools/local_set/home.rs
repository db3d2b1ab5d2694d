//! [`Home`]: where the tasks of a local set are when they are not running.
//!
//! Whoever wakes a task, on whatever thread, leaves it in the inbox and wakes those who drive the
//! set. Everything else happens on one thread, the one that made the set, which cannot leave it.
//!
//! # Invariants
//!
//! 1. *At home.* Tasks are run and ended on the home thread only: [`LocalSet`](super::LocalSet) is
//!    not `Send`, and [`AtHome`] makes sure.
//! 2. *No wake is lost.* A task is left before the drivers' lock is taken; a driver leaves its waker
//!    under the lock, and looks into the inbox after. Whichever of them is second at the lock sees
//!    what the other has left.
//! 3. *Nothing comes late.* [`close`](Home::close) returns when every task has ended, those included
//!    that other threads were about to bring.
//! 4. *A home outlives its tasks*, since each of them has it. So when its last owner goes, on
//!    whatever thread, there is no task in it.
//!
//! Each wake takes the drivers' lock, as no wake of a worker's own task does: drivers come and go.
//!
//! Tested in `tests/local_set.rs` and `tests/local_set_driven.rs`; invariants 2 and 3 are modelled in
//! `loom-tests/tests/local_set.rs`.

#![expect(
    unsafe_code,
    reason = "a scheduler promises where pinned tasks are run"
)]

use crate::queue::Inbox;
use crate::task::{self, Bound, Id, JoinHandle, Schedule, Task};
use pintle_sync::shim::sync::Mutex;
use pintle_sync::shim::thread::{self, ThreadId};
use pintle_sync::{WakeBatch, budget};
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::Waker;

/// How many tasks are run in one poll of a driver, which then lets other tasks run.
const TURNS: usize = 64;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Home {
    arrivals: Inbox<OnSet>,
    /// Those who have driven the set until nothing was left to run.
    drivers: Mutex<Slab<Option<Waker>>>,
    own: AtHome<Own>,
}

/// What only the home thread touches.
#[derive(Debug, Default)]
struct Own {
    queue: RefCell<VecDeque<Task<OnSet>>>,
    /// Tasks that have gone to sleep at least once, to be found again at the end.
    bound: RefCell<Slab<Bound<OnSet>>>,
    closing: Cell<bool>,
    /// Tasks that are no longer bound and have yet to come home.
    ending: Cell<usize>,
}

impl Home {
    /// The home is this thread.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            arrivals: Inbox::new(),
            drivers: Mutex::default(),
            own: AtHome::new(Own::default()),
        })
    }

    pub(crate) fn spawn<F>(
        self: &Arc<Self>,
        future: F,
        name: Option<Box<str>>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        // Asked first: a task is made at home only.
        let closing = self.own.get().closing.get();
        let (task, handle) = task::create(future, OnSet(self.clone()), Id::next(), name);
        if closing {
            task.cancel();
        } else {
            self.arrive(task);
        }
        handle
    }

    /// From any thread.
    fn arrive(&self, task: Task<OnSet>) {
        self.arrivals.push(task).expect("it is never closed");
        let (first, mut others) = {
            let mut drivers = self.drivers.lock();
            let mut wakers = drivers.iter_mut().filter_map(|(_, waker)| waker.take());
            let first = wakers.next();
            // There are seldom any, and a batch without them costs nothing.
            let mut others = WakeBatch::new();
            wakers.for_each(|waker| others.push(waker));
            (first, others)
        };
        others.wake_all();
        if let Some(waker) = first {
            waker.wake();
        }
    }

    /// The task that came first.
    fn next(&self) -> Option<Task<OnSet>> {
        let mut queue = self.own.get().queue.borrow_mut();
        if queue.is_empty() {
            // SAFETY: (at home) `own` has asked whether this is the home thread.
            queue.extend(unsafe { self.arrivals.take_all_pinned() });
        }
        queue.pop_front()
    }

    /// Whether every task has ended. (Not to be asked while one runs.)
    pub(super) fn is_empty(&self) -> bool {
        let own = self.own.get();
        own.queue.borrow().is_empty() && own.bound.borrow().is_empty() && self.arrivals.is_empty()
    }

    /// Ends every task. What they spawn meanwhile, when they are dropped, is cancelled at once.
    pub(super) fn close(&self) {
        let own = self.own.get();
        own.closing.set(true);
        loop {
            while let Some(task) = self.next() {
                task.cancel();
            }
            let bound = own.bound.take();
            if bound.is_empty() && own.ending.get() == 0 {
                return;
            }
            for (_, task) in bound {
                // Bound and not idle: queued, or on its way here in another thread's hands.
                if !task.shutdown() {
                    own.ending.set(own.ending.get() + 1);
                }
            }
            thread::yield_now();
        }
    }
}

/// One who drives the set, a poll at a time, and is woken when there is more to do. Leaves when
/// dropped.
#[derive(Debug)]
pub(super) struct Driver {
    home: Arc<Home>,
    key: Option<usize>,
}

impl Driver {
    pub(super) fn new(home: Arc<Home>) -> Self {
        Self { home, key: None }
    }

    pub(super) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// Runs what there is to run, or a part of it.
    pub(super) fn drive(&mut self, waker: &Waker) {
        for _ in 0..TURNS {
            let Some(task) = self.home.next() else {
                return self.wait(waker);
            };
            budget::with_fresh(|| task.run());
        }
        waker.wake_by_ref();
    }

    fn wait(&mut self, waker: &Waker) {
        // Someone else's code, which may do anything: not under the lock.
        let mine = waker.clone();
        let stale = {
            let mut drivers = self.home.drivers.lock();
            let key = *self.key.get_or_insert_with(|| drivers.insert(None));
            drivers[key].replace(mine)
        };
        drop(stale);
        if !self.home.arrivals.is_empty() {
            waker.wake_by_ref();
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = self.home.drivers.lock().remove(key);
            drop(waker);
        }
    }
}

/// Schedules a task that runs where its set is driven.
#[derive(Debug, Clone)]
pub(super) struct OnSet(Arc<Home>);

// SAFETY: (at home) a woken task goes into the inbox, which is emptied on the home thread only, and
// so is the registry. A home has no task in it when it is dropped (invariant 4).
unsafe impl Schedule for OnSet {
    type Kind = task::Pinned;

    fn schedule(task: Task<Self>) {
        let home = task.scheduler().0.clone();
        home.arrive(task);
    }

    fn bind(&self, task: Bound<Self>) -> Option<usize> {
        let own = self.0.own.get();
        if own.closing.get() {
            None
        } else {
            Some(own.bound.borrow_mut().insert(task))
        }
    }

    fn unbind(&self, slot: usize) -> Option<Bound<Self>> {
        let own = self.0.own.get();
        let bound = own.bound.borrow_mut().try_remove(slot);
        if bound.is_none() {
            // Taken out by `close`, which waits for it.
            own.ending.set(own.ending.get() - 1);
        }
        bound
    }
}

/// A value that one thread may look at: the one that made it.
struct AtHome<T> {
    home: ThreadId,
    value: T,
}

// SAFETY: (at home) `get` is the only way to the value, and asks for the thread. The value is
// dropped with the home, on whatever thread, and then there is no task in it (invariant 4): what is
// left of it is memory.
unsafe impl<T> Send for AtHome<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for AtHome<T> {}

impl<T> AtHome<T> {
    fn new(value: T) -> Self {
        Self {
            home: thread::current().id(),
            value,
        }
    }

    fn get(&self) -> &T {
        assert_eq!(
            thread::current().id(),
            self.home,
            "a local set's tasks are looked at by another thread"
        );
        &self.value
    }
}

impl<T> fmt::Debug for AtHome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtHome")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}
