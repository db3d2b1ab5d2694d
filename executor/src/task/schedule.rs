//! The scheduler's side of the contract between tasks and those who run them.

use super::{Bound, Task};

/// Where a woken task goes. A scheduler is part of its tasks' type, and each task has one.
///
/// # Safety
///
/// A scheduler whose [`Kind`](Self::Kind) is [`Pinned`] has a home thread. [`schedule`] may be
/// called on any thread, and receives a `Task` there that is not `Send`: the implementation may
/// not run, cancel or drop it on another thread than its home, but brings it there by
/// [`Task::into_raw`] and [`Task::from_raw`]. The same is true of a [`Bound`]. And the owner of the
/// scheduler sees to it that [`create`](super::create) is called with it only at home, unless the output is `Send` and
/// the future may be dropped anywhere until it is first polled.
///
/// [`schedule`]: Self::schedule
pub unsafe trait Schedule: Sized + Send + Sync + 'static {
    /// [`Pinned`] or [`Stealable`].
    type Kind: Kind;

    /// The task has just been woken or made, on whatever thread: puts it where it will be run.
    ///
    /// The scheduler lives in the task, and another thread may run and free that as soon as it is
    /// where it is put: what is needed after that has to be copied before.
    fn schedule(task: Task<Self>);

    /// As [`schedule`](Self::schedule), on the thread that runs the task and for one that was woken
    /// while it was polled: it goes behind the others.
    fn reschedule(task: Task<Self>) {
        Self::schedule(task);
    }

    /// The task is about to become idle for the first time: keeps it, so that shutdown can find
    /// it, and says under which number (less than `usize::MAX - 1`). Called on the thread that
    /// runs the task. `None`: the scheduler is shutting down, and the task is cancelled on the
    /// spot.
    fn bind(&self, task: Bound<Self>) -> Option<usize>;

    /// The task that was kept under `slot` has ended, on the thread that calls this: forgets it.
    /// `None`: shutdown has taken it out before. (So a number that was freed by anything but this
    /// function may not be given out again.)
    fn unbind(&self, slot: usize) -> Option<Bound<Self>>;

    /// The task is freed, on whatever thread, and this is left of it. Does not unwind.
    fn retire(self) {}
}

/// Whether the tasks of a scheduler may be run on any thread: [`Pinned`] or [`Stealable`].
pub trait Kind: sealed::Sealed {}

/// Tasks that are run on the home thread of their scheduler only.
#[derive(Debug)]
pub enum Pinned {}

/// Tasks that any thread may run.
#[derive(Debug)]
pub enum Stealable {}

impl Kind for Pinned {}
impl Kind for Stealable {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Pinned {}
    impl Sealed for super::Stealable {}
}

/// Futures that may be the future of a task of kind `K`: for [`Stealable`] ones, it and its output
/// must be `Send`.
pub trait Suits<K>: Future {}

impl<F: Future> Suits<Pinned> for F {}
impl<F: Future<Output: Send> + Send> Suits<Stealable> for F {}
