//! A scheduler whose one task any thread may run.

use std::future::Future;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as Count, Ordering::Relaxed};

use pintle::checked::task::{Bound, Header, Id, JoinHandle, Schedule, Stealable, Task, create};
use pintle_sync::shim::sync::Arc;

use super::{Hidden, Watched};
use crate::Drops;

/// A scheduler that any thread may turn.
#[derive(Debug)]
pub struct Lane {
    shared: StdArc<Shared>,
    /// Read by whoever schedules, and written when the task is freed: so a task that is freed
    /// without having seen everyone's last access fails the model.
    pub mark: Watched,
    /// loom looks for leaked ones at the end of every run.
    _leak: Arc<()>,
}

/// What its task and all threads of a model share.
#[derive(Debug)]
pub struct Shared {
    queue: Hidden<Option<Task<Lane>>>,
    /// The task, as long as it is idle.
    pub bound: Hidden<Option<Bound<Lane>>>,
    /// How often the task was woken into the queue. Not a modelled word.
    pub scheduled: Count,
    drops: Drops,
}

// SAFETY: nothing is promised for tasks that any thread may run.
unsafe impl Schedule for Lane {
    type Kind = Stealable;

    fn schedule(task: Task<Self>) {
        task.scheduler().shared.scheduled.fetch_add(1, Relaxed);
        Self::reschedule(task);
    }

    fn reschedule(task: Task<Self>) {
        task.scheduler().mark.0.read();
        // Once it is queued, the task may be run by another thread, and be gone.
        let shared = task.scheduler().shared.clone();
        shared.push(task);
    }

    fn bind(&self, task: Bound<Self>) -> Option<usize> {
        assert!(self.shared.bound.put(task).is_none(), "bound twice");
        Some(0)
    }

    fn unbind(&self, _: usize) -> Option<Bound<Self>> {
        self.shared.bound.take()
    }
}

/// Writes to the task's link, as a queue does when it takes a task in and when it gives it out.
fn linked(task: Task<Lane>) -> Task<Lane> {
    let raw = task.into_raw();
    // SAFETY: the `Task` is ours, and comes back once.
    unsafe {
        Header::set_next(raw, None);
        Task::from_raw(raw)
    }
}

impl Shared {
    /// Without a task as yet.
    pub fn new() -> StdArc<Self> {
        StdArc::new(Self {
            queue: Hidden::new(),
            bound: Hidden::new(),
            scheduled: Count::new(0),
            drops: Drops::new(),
        })
    }

    fn push(&self, task: Task<Lane>) {
        let before = self.queue.send(linked(task));
        assert!(
            before.is_none(),
            "the one task of a model is scheduled twice"
        );
    }

    /// Makes the task, and queues it.
    pub fn spawn<F>(self: &StdArc<Self>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let lane = Lane {
            shared: self.clone(),
            mark: Watched(self.drops.item(1)),
            _leak: Arc::new(()),
        };
        let (task, handle) = create(future, lane, Id::next(), None);
        self.push(task);
        handle
    }

    /// Runs what is queued, until nothing is.
    pub fn run(&self) {
        while let Some(task) = self.queue.receive() {
            linked(task).run();
        }
    }

    /// The end of a model: nothing is left to do, and the task's memory is gone.
    pub fn assert_over(&self) {
        assert!(self.queue.take().is_none());
        assert_eq!(self.drops.count(), 1, "the task is freed");
    }
}
