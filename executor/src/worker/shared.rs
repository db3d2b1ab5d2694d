//! What all workers of a runtime share.

use super::config::{Config, Mode};
use super::current;
use super::guest::CoreSlot;
use super::local::Local;
use super::remote::Remote;
use super::schedule::{Home, InPool, OnWorker, Pool};
use super::stand_in::Relief;
use crate::blocking::BlockingPool;
use crate::queue::deque::Worker as Deque;
use crate::steal::Sleepers;
use crate::task::{self, Bound, Id, JoinHandle, Schedule, Task};
use pintle_sync::shim::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use pintle_timer::Clock;
use std::future::Future;
use std::io;
use std::sync::Arc;

/// See the [module's documentation](self).
#[derive(Debug)]
pub struct Shared {
    pub config: Config,
    pub clock: Clock,
    pub remotes: Box<[Arc<Remote>]>,
    /// Homes for `Send` tasks of each worker.
    homes: Box<[Arc<Home>]>,
    /// Homes for tasks bound to the worker's thread.
    thread_homes: Box<[Arc<Home>]>,
    pools: Box<[Arc<Pool>]>,
    pub sleepers: Sleepers,
    pub blocking: BlockingPool,
    /// The current-thread runtime's one worker, while nobody is in it.
    pub core: CoreSlot,
    pub relief: Relief,
    dealt: AtomicUsize,
    shutdown: AtomicBool,
}

/// A worker's queue, before the worker is set up around it.
pub type StealableQueue = Deque<Task<InPool>>;

impl Shared {
    /// Opens the drivers of all workers; gives their queues to whoever sets the workers up.
    ///
    /// # Errors
    ///
    /// The operating system refuses a poll, most likely for want of descriptors.
    pub fn open(
        config: Config,
        blocking: BlockingPool,
    ) -> io::Result<(Arc<Shared>, Vec<StealableQueue>)> {
        let clock = Clock::new(config.start_paused);
        let look_after = config.mode == Mode::Stealing && config.workers > 1;
        let queues: Vec<_> = (0..config.workers).map(|_| Deque::new_fifo()).collect();
        let remotes = queues
            .iter()
            .enumerate()
            .map(|(index, queue)| Remote::open(index, &clock, queue.stealer(), look_after))
            .collect::<io::Result<Box<[_]>>>()?;
        let homes = |thread_bound| -> Box<[_]> {
            remotes
                .iter()
                .map(|remote| {
                    Arc::new(Home {
                        door: remote.door.clone(),
                        thread_bound,
                    })
                })
                .collect()
        };
        let (homes, thread_homes) = (homes(false), homes(true));
        let shared = Arc::new_cyclic(|weak| Shared {
            clock,
            homes,
            thread_homes,
            pools: remotes
                .iter()
                .map(|_| {
                    Arc::new(Pool {
                        shared: weak.clone(),
                    })
                })
                .collect(),
            sleepers: Sleepers::new(remotes.len()),
            remotes,
            blocking,
            core: CoreSlot::new(),
            relief: Relief::default(),
            dealt: AtomicUsize::new(0),
            shutdown: AtomicBool::new(false),
            config,
        });
        Ok((shared, queues))
    }

    pub fn is_stealing(&self) -> bool {
        self.config.mode == Mode::Stealing
    }

    /// Spawns as the mode has it. The future and its output are `Send`: that is what the bounds of
    /// every public caller say.
    pub fn spawn<F>(&self, future: F, name: Option<Box<str>>) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let is_here = |local: &Local| std::ptr::eq(Arc::as_ptr(&local.shared), self);
        if current::with_local(is_here) == Some(true) {
            current::with_local(|local| local.spawn(future, name)).expect("it is a worker")
        } else {
            self.spawn_from_outside(future, name)
        }
    }

    /// As [`spawn`](Self::spawn), on each worker in turn.
    pub(super) fn spawn_from_outside<F>(
        &self,
        future: F,
        name: Option<Box<str>>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let index = self.next_index();
        if self.is_stealing() {
            let (task, handle) = task::create(future, self.pool(index), Id::next(), name);
            self.start_by(task, |task| self.deal(task));
            handle
        } else {
            let home = OnWorker(self.homes[index].clone());
            let (task, handle) = task::create(future, home, Id::next(), name);
            // This thread is not that worker's, or runs another on top of it.
            self.start_by(task, |task| self.remotes[index].door.receive_pinned(task));
            handle
        }
    }

    /// Spawns on the worker `index` what may not leave its thread once it has run.
    ///
    /// The future must be safe to drop on this thread as long as it has not been polled.
    pub fn spawn_pinned_at<F>(
        &self,
        index: usize,
        future: F,
        name: Option<Box<str>>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let home = &self.thread_homes[index];
        let kept = current::with_local(|local| local.is_at(home).then(|| local.thread_home()));
        let home = kept.flatten().unwrap_or_else(|| OnWorker(home.clone()));
        let (task, handle) = task::create(future, home, Id::next(), name);
        self.start(task);
        handle
    }

    /// Schedules a new task, unless it comes too late.
    pub(super) fn start<S: Schedule>(&self, task: Task<S>) {
        self.start_by(task, S::schedule);
    }

    #[inline]
    fn start_by<S: Schedule>(&self, task: Task<S>, schedule: impl FnOnce(Task<S>)) {
        if self.is_shutting_down() {
            task.cancel();
        } else {
            schedule(task);
        }
    }

    pub(super) fn home(&self, index: usize) -> &Arc<Home> {
        &self.homes[index]
    }

    pub(super) fn pool(&self, index: usize) -> InPool {
        InPool(self.pools[index].clone())
    }

    /// The home of what is spawned on worker `index` with `spawn_local`.
    pub fn thread_home(&self, index: usize) -> Option<&Arc<Home>> {
        self.thread_homes.get(index)
    }

    /// Hands a stealable task in from outside: to a sleeping worker if one must be woken anyway,
    /// otherwise to each in turn.
    pub fn deal(&self, task: Task<InPool>) {
        let (index, woken) = match self.sleepers.post() {
            Some(index) => (index, true),
            None => (self.next_index(), false),
        };
        let remote = &self.remotes[index];
        remote.door.arrivals.add_shared(1);
        let late = remote.door.stealable.push(task).err();
        if woken {
            remote.door.unpark();
        } else if late.is_none() {
            // It may have fallen asleep, and so may everybody else, since we looked.
            self.post();
        }
        // Too late: its future goes here, last, since that may do anything.
        drop(late);
    }

    /// Wakes a worker if stealable work has become visible that nobody is looking for.
    pub fn post(&self) {
        if let Some(index) = self.sleepers.post() {
            self.remotes[index].door.unpark();
        }
    }

    pub fn has_visible_work(&self) -> bool {
        self.remotes.iter().any(|remote| remote.has_visible_work())
    }

    /// Each worker in turn.
    pub fn next_index(&self) -> usize {
        self.dealt.fetch_add(1, Ordering::Relaxed) % self.remotes.len()
    }

    pub fn next_remote(&self) -> &Remote {
        &self.remotes[self.next_index()]
    }

    /// Keeps a stealable task in the registry of the worker it has run on, or of any.
    pub fn bind(&self, here: Option<usize>, task: Bound<InPool>) -> Option<usize> {
        let index = here.unwrap_or_else(|| self.next_index());
        self.remotes[index].bind(task, self.remotes.len())
    }

    /// Forgets a stealable task that `Remote::bind` has put into one of the registries.
    pub fn unbind(&self, slot: usize) -> Option<Bound<InPool>> {
        let (key, index) = (slot / self.remotes.len(), slot % self.remotes.len());
        self.remotes[index].bound.lock().tasks.try_remove(key)
    }

    pub fn is_shutting_down(&self) -> bool {
        // Acquire: pairs with `shut_down`. What is dropped because of it sees what came before.
        self.shutdown.load(Ordering::Acquire)
    }

    /// Tells every worker to leave.
    pub fn shut_down(&self) {
        // Release: for the acquire of `is_shutting_down`.
        self.shutdown.store(true, Ordering::Release);
        for remote in &self.remotes {
            remote.door.unpark();
        }
        self.relief.wake_all();
    }
}
