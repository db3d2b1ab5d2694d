//! The half of a worker that only its own thread touches.

#![expect(
    unsafe_code,
    reason = "only here is it known that this thread is the worker"
)]

use super::remote::Remote;
use super::schedule::{Home, InPool, OnWorker};
use super::shared::{Shared, StealableQueue};
use super::spare::Spare;
use super::spin::Spin;
use super::stand_in;
use crate::queue::PinnedQueue;
use crate::task::{self, Bound, Id, JoinHandle, Task};
use pintle_sync::WakeBatch;
use pintle_sync::shim::{thread, time};
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// How many tasks in a row may come out of the LIFO slot.
const LIFO_LIMIT: u8 = 3;

/// See the [module's documentation](self).
pub struct Local {
    pub shared: Arc<Shared>,
    pub remote: Arc<Remote>,
    kind: Kind,
    /// Whether there are stealable tasks in this runtime.
    pub(super) may_steal: bool,
    /// Of a stand-in.
    relieved: Cell<bool>,
    thread_home: Arc<Home>,
    /// By whether they are thread-bound.
    spare_homes: [Spare<OnWorker>; 2],
    pub(super) spare_pools: Spare<InPool>,
    pub(super) pinned: PinnedQueue<OnWorker>,
    stealable: StealableQueue,
    /// Pinned tasks that have gone to sleep at least once, to be found again at shutdown.
    bound: RefCell<Slab<Bound<OnWorker>>>,
    pub(super) batch: Cell<WakeBatch>,
    /// Inside `WakeBatch::wake_all` of a driver's batch: what is woken lines up, all of it, before
    /// thieves are told.
    pub(super) in_batch: Cell<bool>,
    /// Inside `block_in_place`.
    pub in_place: Cell<bool>,
    pub(super) searching: Cell<bool>,
    closing: Cell<bool>,
    /// Tasks that are no longer bound and whose futures are not yet dropped.
    ending: Cell<usize>,
    lifo_run: Cell<u8>,
    /// Which of the two queues goes first, turn about.
    pinned_first: Cell<bool>,
    /// See `turn.rs`: polls left until the next look at the drivers, and when the last one was;
    pub(super) left: Cell<u32>,
    pub(super) looked: Cell<Instant>,
    /// readings of the clock in a row that found polls fast, polls left until the next, and the last.
    pub(super) fast: Cell<u32>,
    pub(super) stride_left: Cell<u32>,
    pub(super) clock_read: Cell<Instant>,
    /// When this worker last looked after its siblings.
    pub(super) looked_after: Cell<Instant>,
    pub(super) spin: Spin,
    /// Whether the sleep that is over was ended by a notify.
    pub(super) notified: Cell<bool>,
    random: Cell<u32>,
}

/// What kind of worker this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One that the runtime was built with.
    Regular,
    /// A thread inside `block_on`, see `guest.rs`.
    Guest,
    /// See `stand_in.rs`.
    StandIn,
}

/// What a worker runs next.
pub enum Next {
    Pinned(Task<OnWorker>),
    Stealable(Task<InPool>),
}

impl Local {
    pub fn new(
        shared: Arc<Shared>,
        remote: Arc<Remote>,
        stealable: StealableQueue,
        kind: Kind,
    ) -> Rc<Local> {
        let thread_home = match shared.thread_home(remote.index) {
            Some(home) => home.clone(),
            None => Arc::new(Home {
                door: remote.door.clone(),
                thread_bound: true,
            }),
        };
        let seed = (remote.index as u32).wrapping_mul(0x9E37_79B9) | 1;
        let now = time::now();
        Rc::new(Local {
            kind,
            may_steal: shared.is_stealing(),
            relieved: Cell::new(false),
            left: Cell::new(0),
            looked: Cell::new(now),
            fast: Cell::new(0),
            stride_left: Cell::new(1),
            clock_read: Cell::new(now),
            looked_after: Cell::new(now),
            shared,
            remote,
            thread_home,
            spare_homes: Default::default(),
            spare_pools: Spare::default(),
            pinned: PinnedQueue::new(),
            stealable,
            bound: RefCell::default(),
            batch: Cell::default(),
            in_batch: Cell::new(false),
            in_place: Cell::new(false),
            searching: Cell::new(false),
            closing: Cell::new(false),
            ending: Cell::new(0),
            lifo_run: Cell::new(0),
            pinned_first: Cell::new(false),
            spin: Spin::new(),
            notified: Cell::new(false),
            random: Cell::new(seed),
        })
    }

    /// Whether this worker is the home.
    #[inline]
    pub(super) fn is_at(&self, home: &Home) -> bool {
        Arc::ptr_eq(&self.remote.door, &home.door)
    }

    /// Whether this worker is among those that the runtime was built with, and siblings know.
    pub fn is_regular(&self) -> bool {
        self.kind == Kind::Regular
    }

    /// Whether nothing more may be queued here.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.get()
    }

    /// Whether it has to look round at the others' because nobody tells it anything.
    pub(super) fn is_stand_in(&self) -> bool {
        self.kind == Kind::StandIn && !self.relieved.get()
    }

    pub(super) fn is_relieved(&self) {
        self.deal_out();
        self.relieved.set(true);
    }

    /// Gives what it has stolen to others.
    pub(super) fn deal_out(&self) {
        while let Some(task) = self.stealable.pop() {
            self.shared.deal(task);
        }
    }

    /// Whether there are tasks that can run nowhere else.
    pub(super) fn has_pinned(&self) -> bool {
        !self.pinned.is_empty()
            || !self.bound.borrow().is_empty()
            || !self.remote.door.pinned.is_empty()
    }

    /// Whether this worker's stealable tasks can be stolen.
    pub(super) fn has_thieves(&self) -> bool {
        self.may_steal && self.is_regular()
    }

    /// Spawns a task that stays on this thread.
    #[inline]
    pub fn spawn_local<F>(&self, future: F, name: Option<Box<str>>) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (task, handle) = task::create(future, self.thread_home(), Id::next(), name);
        if self.closing.get() {
            task.cancel();
        } else {
            self.push_pinned(task);
        }
        handle
    }

    /// Spawns as the mode has it.
    #[inline]
    pub fn spawn<F>(&self, future: F, name: Option<Box<str>>) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let shared = &self.shared;
        if !self.is_regular() {
            return shared.spawn_from_outside(future, name);
        }
        let index = self.remote.index;
        if shared.is_stealing() {
            let pool = self.spare_pools.take_or(|| shared.pool(index));
            let (task, handle) = task::create(future, pool, Id::next(), name);
            shared.start(task);
            handle
        } else {
            let home = self.home(false, || shared.home(index).clone());
            let (task, handle) = task::create(future, home, Id::next(), name);
            shared.start(task);
            handle
        }
    }

    #[inline]
    pub(super) fn thread_home(&self) -> OnWorker {
        self.home(true, || self.thread_home.clone())
    }

    #[inline]
    fn home(&self, thread_bound: bool, make: impl FnOnce() -> Arc<Home>) -> OnWorker {
        self.spare_homes[usize::from(thread_bound)].take_or(|| OnWorker(make()))
    }

    #[inline]
    pub(super) fn keep_home(&self, home: OnWorker) {
        self.spare_homes[usize::from(home.0.thread_bound)].keep(home);
    }

    // ----- queues ---------------------------------------------------------------------------

    #[inline]
    pub fn push_pinned(&self, task: Task<OnWorker>) {
        self.remote.counters.local_schedules.add(1);
        self.pinned.push(task);
    }

    #[inline]
    pub fn push_yielded(&self, task: Task<OnWorker>) {
        self.remote.counters.local_schedules.add(1);
        self.pinned.push_yielded(task);
    }

    /// A woken task runs next, and the one that was to run next goes to the queue.
    pub fn push_stealable(&self, task: Task<InPool>) {
        if self.in_batch.get() || self.lifo_run.get() >= LIFO_LIMIT {
            return self.push_stealable_back(task);
        }
        self.remote.counters.local_schedules.add(1);
        if let Some(displaced) = self.remote.lifo.put(task) {
            self.stealable.push(displaced);
            self.shared.post();
        }
    }

    pub fn push_stealable_back(&self, task: Task<InPool>) {
        self.remote.counters.local_schedules.add(1);
        self.stealable.push(task);
        if !self.in_batch.get() {
            self.post_surplus();
        }
    }

    /// Tells a sibling, if there is more here than this worker is about to run itself.
    pub(super) fn post_surplus(&self) {
        let surplus = self.stealable.len() > 1
            || (!self.stealable.is_empty()
                && (!self.remote.lifo.is_empty() || !self.pinned.is_empty()));
        if surplus {
            self.shared.post();
        }
    }

    /// Moves what other threads have left into the queues.
    pub(super) fn take_inboxes(&self) {
        let door = &self.remote.door;
        if !door.pinned.is_empty() {
            // SAFETY: (own worker) `Local` is not `Send`, and this one is the worker's.
            let batch = unsafe { door.pinned.take_all_pinned() };
            self.pinned.extend(batch);
        }
        if !door.stealable.is_empty() {
            door.stealable
                .take_all()
                .for_each(|task| self.stealable.push(task));
            self.post_surplus();
        }
    }

    pub(super) fn has_work(&self) -> bool {
        !self.pinned.is_empty() || !self.stealable.is_empty() || !self.remote.lifo.is_empty()
    }

    /// This worker will block (`block_in_place`): siblings may take everything stealable, and step
    /// in for its drivers at once. If no sibling is left, a stand-in is called.
    pub fn goes_away(&self) {
        if self.has_thieves() {
            self.remote.stalls();
            if let Some(task) = self.remote.lifo.take() {
                self.stealable.push(task);
            }
            if !self.stealable.is_empty() {
                self.shared.post();
            }
        } else if self.is_stand_in() {
            // Nobody steals from a stand-in.
            self.deal_out();
        } else {
            return;
        }
        stand_in::goes_away(&self.shared);
    }

    /// The end of [`goes_away`](Self::goes_away).
    pub fn is_back(&self) {
        if self.has_thieves() || self.is_stand_in() {
            stand_in::is_back(&self.shared);
            self.remote.looked_at(time::now());
        }
    }

    pub(super) fn stealable(&self) -> &StealableQueue {
        &self.stealable
    }

    pub(super) fn next(&self) -> Option<Next> {
        if self.lifo_run.get() < LIFO_LIMIT
            && let Some(task) = self.remote.lifo.take()
        {
            self.lifo_run.set(self.lifo_run.get() + 1);
            self.remote.counters.lifo_polls.add(1);
            return Some(Next::Stealable(task));
        }
        self.lifo_run.set(0);
        let pinned = || self.pinned.pop().map(Next::Pinned);
        let stealable = || self.stealable.pop().map(Next::Stealable);
        let newest = || self.remote.lifo.take().map(Next::Stealable);
        let pinned_first = !self.pinned_first.get();
        self.pinned_first.set(pinned_first);
        if pinned_first {
            pinned().or_else(stealable).or_else(newest)
        } else {
            stealable().or_else(pinned).or_else(newest)
        }
    }

    /// A number to start a round at, so that thieves do not all start at the same sibling.
    /// Xorshift, Marsaglia 2003.
    pub(super) fn random(&self) -> usize {
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.random.set(x);
        x as usize
    }

    // ----- the registry of pinned tasks -----------------------------------------------------

    pub(super) fn bind(&self, task: Bound<OnWorker>) -> Option<usize> {
        if self.closing.get() {
            None
        } else {
            Some(self.bound.borrow_mut().insert(task))
        }
    }

    pub(super) fn unbind(&self, slot: usize) -> Option<Bound<OnWorker>> {
        let bound = self.bound.borrow_mut().try_remove(slot);
        if bound.is_none() {
            // Taken out by `end_pinned`, which waits for it.
            self.ending.set(self.ending.get() - 1);
        }
        bound
    }

    // ----- leaving --------------------------------------------------------------------------

    /// Ends everything this worker holds; the thread must be seated as this worker. Futures are
    /// dropped here, and may spawn, wake and abort while they are.
    pub(super) fn close(&self) {
        self.closing.set(true);
        self.remote.looks_no_more();
        if self.shared.is_shutting_down() {
            // The others' as well: one that blocks in place may be waiting for such a task.
            for remote in &self.shared.remotes {
                remote.end_bound();
            }
        }
        self.end_pinned(|_| true);
        self.remote.door.stealable.close().for_each(Task::cancel);
        while let Some(task) = self.stealable.pop().or_else(|| self.remote.lifo.take()) {
            task.cancel();
        }
        // What comes in from now on has never run; it comes back to its sender.
        // SAFETY: (own worker) as in `take_inboxes`.
        unsafe { self.remote.door.pinned.close_pinned() }.for_each(Task::cancel);
        self.remote.orphan();
    }

    /// Ends the tasks that may not leave this thread, because the thread is about to leave the
    /// worker (the current-thread runtime's, between two `block_on`s).
    pub(super) fn end_thread_bound(&self) {
        self.closing.set(true);
        self.end_pinned(|home| home.thread_bound);
        self.closing.set(false);
    }

    /// Ends the pinned tasks that `which` picks out. While it does, nothing new is bound.
    fn end_pinned(&self, which: impl Fn(&Home) -> bool) {
        loop {
            self.take_inboxes();
            let queued = self.pinned.len();
            for _ in 0..queued {
                let Some(task) = self.pinned.pop() else {
                    break;
                };
                if which(&task.scheduler().0) {
                    task.cancel();
                } else {
                    self.pinned.push(task);
                }
            }
            let slots: Vec<usize> = {
                let bound = self.bound.borrow();
                bound
                    .iter()
                    .filter(|(_, task)| which(&task.scheduler().0))
                    .map(|(slot, _)| slot)
                    .collect()
            };
            for slot in &slots {
                // The drops of one may have ended another.
                let task = self.bound.borrow_mut().try_remove(*slot);
                if task.is_some_and(|task| !task.shutdown()) {
                    self.ending.set(self.ending.get() + 1);
                }
            }
            if slots.is_empty() && self.ending.get() == 0 {
                return;
            }
            // What was bound but not idle is in the queue, or in another thread's hands, on its
            // way into the inbox. It must come in, because only here may its future be dropped.
            thread::yield_now();
        }
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local")
            .field("index", &self.remote.index)
            .finish_non_exhaustive()
    }
}
