//! Where a woken task goes: the two kinds of tasks, and `task::Schedule` for each.

#![expect(
    unsafe_code,
    reason = "a scheduler promises where pinned tasks are run"
)]

use super::current;
use super::door::Door;
use super::local::Local;
use super::shared::Shared;
use crate::task::{self, Bound, Schedule, Task};
use std::sync::{Arc, Weak};

/// The home of pinned tasks. Two a worker, so that a task needs only one pointer to it; on cache lines
/// of its own, because tasks count it.
#[derive(Debug)]
#[repr(align(128))]
pub struct Home {
    pub door: Arc<Door>,
    /// Whether the futures may not leave the *thread* (`spawn_local`, `spawn_on`), as against the
    /// worker. Only a worker that changes threads cares: the current-thread runtime's, between
    /// two `block_on`s.
    pub thread_bound: bool,
}

/// Schedules a task that runs on one worker and nowhere else.
#[derive(Debug, Clone)]
pub struct OnWorker(pub Arc<Home>);

/// One a worker, on cache lines of its own, so that the reference count that tasks touch is shared by few.
#[derive(Debug)]
#[repr(align(128))]
pub struct Pool {
    /// Weak, because the shared half holds the pools.
    pub shared: Weak<Shared>,
}

/// Schedules a task that any worker of its runtime may run.
#[derive(Debug, Clone)]
pub struct InPool(pub Arc<Pool>);

impl OnWorker {
    #[inline]
    fn place(task: Task<Self>, here: impl FnOnce(&Local, Task<Self>)) {
        let mut task = Some(task);
        current::with_local(|local| {
            if let Some(own) = task.take_if(|task| local.is_at(&task.scheduler().0)) {
                here(local, own);
            }
        });
        if let Some(task) = task {
            let door = task.scheduler().0.door.clone();
            door.receive_pinned(task);
        }
    }
}

// SAFETY: (home) a woken task goes into the queue of its worker if this thread is that worker, and
// otherwise into the worker's inbox, which only the worker empties. An inbox that refuses belongs
// to a worker that has waited for all tasks it had bound (`Local::close`), so the task has never
// been polled, and `Shared::spawn_pinned_at` sees to it that such a task may be dropped anywhere.
unsafe impl Schedule for OnWorker {
    type Kind = task::Pinned;

    fn schedule(task: Task<Self>) {
        Self::place(task, Local::push_pinned);
    }

    fn reschedule(task: Task<Self>) {
        Self::place(task, Local::push_yielded);
    }

    fn bind(&self, task: Bound<Self>) -> Option<usize> {
        // Only the worker itself runs its pinned tasks, and it sits here while it does.
        current::with_local(|local| {
            assert!(
                local.is_at(&self.0),
                "a pinned task is run by another worker"
            );
            local.bind(task)
        })
        .flatten()
    }

    fn unbind(&self, slot: usize) -> Option<Bound<Self>> {
        current::with_local(|local| {
            assert!(
                local.is_at(&self.0),
                "a pinned task is ended by another worker"
            );
            local.unbind(slot)
        })
        .flatten()
    }

    #[inline]
    fn retire(self) {
        current::with_local(|local| {
            if local.is_at(&self.0) {
                local.keep_home(self);
            }
        });
    }
}

impl InPool {
    /// Whether this thread's worker is one of this runtime's. Not while it closes: what is woken then
    /// is dealt, to a sibling, or to a closed door, where it ends.
    fn is_of(&self, local: &Local) -> bool {
        self.is_in_runtime_of(local) && local.is_regular() && !local.is_closing()
    }

    fn is_in_runtime_of(&self, local: &Local) -> bool {
        std::ptr::eq(self.0.shared.as_ptr(), Arc::as_ptr(&local.shared))
    }

    /// Runs `f` with what the workers share, if they still do. By way of this thread's worker, where
    /// there is one: counting one more user of it touches what all workers do.
    fn with_shared<R>(&self, f: impl FnOnce(&Shared) -> R) -> Option<R> {
        let mut f = Some(f);
        let here = current::with_local(|local| {
            self.is_in_runtime_of(local)
                .then(|| f.take().expect("taken once")(&local.shared))
        });
        match here.flatten() {
            Some(result) => Some(result),
            None => Some(f.take().expect("not taken")(&*self.0.shared.upgrade()?)),
        }
    }

    #[inline]
    fn place(task: Task<Self>, here: impl FnOnce(&Local, Task<Self>)) {
        let mut task = Some(task);
        current::with_local(|local| {
            if let Some(own) = task.take_if(|task| task.scheduler().is_of(local)) {
                here(local, own);
            }
        });
        if let Some(task) = task {
            match task.scheduler().0.shared.upgrade() {
                Some(shared) => shared.deal(task),
                None => task.cancel(),
            }
        }
    }
}

// SAFETY: (stealable) nothing is promised for tasks that any thread may run.
unsafe impl Schedule for InPool {
    type Kind = task::Stealable;

    fn schedule(task: Task<Self>) {
        Self::place(task, Local::push_stealable);
    }

    fn reschedule(task: Task<Self>) {
        Self::place(task, Local::push_stealable_back);
    }

    fn bind(&self, task: Bound<Self>) -> Option<usize> {
        self.with_shared(|shared| {
            let here = current::with_local(|local| self.is_of(local).then_some(local.remote.index));
            shared.bind(here.flatten(), task)
        })?
    }

    fn unbind(&self, slot: usize) -> Option<Bound<Self>> {
        self.with_shared(|shared| shared.unbind(slot))?
    }

    #[inline]
    fn retire(self) {
        current::with_local(|local| {
            if self.is_of(local) {
                local.spare_pools.keep(self);
            }
        });
    }
}
