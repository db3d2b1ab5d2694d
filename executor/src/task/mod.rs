//! A task: a future, the word that says who may touch it, and the handles that share both.
//!
//! One allocation holds everything. It is known by four kinds of owners, each with a counted
//! reference:
//!
//! | owner | how many | what it may do |
//! |---|---|---|
//! | [`Task`] | at most one | run the task, or cancel it; it *is* the right to |
//! | [`Bound`] | at most one | give the task up when the scheduler shuts down |
//! | [`JoinHandle`] | at most one | take the output, abort |
//! | `Waker`, [`AbortHandle`] | any number | ask for a `Task`; never run or drop anything |
//!
//! The scheduler decides where a `Task` goes ([`Schedule`]); this module knows no queues, no
//! workers and no threads. It is, with the inbox, the only place in this crate with unsafe code.
//!
//! # The rules
//!
//! 1. **The word.** [`state`] holds the only atomic of a task, and every ordering. The word alone
//!    orders all accesses to the memory below, however a `Task` travels; only what `spawn` writes
//!    is published by whatever hands the first `Task` on.
//! 2. **The stage** (the future, later the output) is touched by the one that has set RUNNING,
//!    until COMPLETE. From then on it is the `JoinHandle`'s, or, if that was gone at that moment,
//!    stays with the one that has set COMPLETE.
//! 3. **The join waker** is the `JoinHandle`'s while JOIN_WAKER is clear, and belongs to the one
//!    that sets COMPLETE if it then finds JOIN_WAKER set. The handle takes it back by clearing
//!    JOIN_WAKER, which it may only do while COMPLETE is clear.
//! 4. **The slot** is touched by the one that has set RUNNING.
//! 5. **The queue link** is touched by the owner of the `Task`.
//! 6. **An idle task is bound**, so a waker is never the last to know an unfinished task, and no
//!    waker's drop ever drops a future. Proof: only `end_poll`'s `Park` makes a task idle, and it
//!    asks for a bound task that is not CANCELLED. A `Bound` ends in two ways: the runner that
//!    completes the task takes it; or it is dropped, which makes an idle task RUNNING, and any
//!    other CANCELLED, whereupon `Park` is never answered again.
//! 7. **The last reference** therefore belongs to a complete task, and finds an empty stage: it
//!    may go away on any thread.
//! 8. **Pinned** tasks are polled, and their futures dropped, only where their `Task` and their
//!    `Bound` are, and neither is `Send`. `abort`, `wake` and the drop of a handle only change the
//!    word, or hand a `Task` to the scheduler, which brings it home.
//! 9. **No panic** of a future, an output or a waker leaves [`Task::run`], [`Task::cancel`],
//!    [`Bound::shutdown`] or the drop of a [`JoinHandle`]; see `poll.rs`.
//!
//! Tested in `tests.rs`, one thread at a time, and in `loom-tests/tests/task.rs`.

#![expect(
    unsafe_code,
    reason = "a task is shared memory of a type its sharers do not know"
)]

mod cell;
mod error;
mod header;
mod id;
mod join;
mod poll;
mod state;
#[cfg(all(test, not(loom)))]
mod tests;
mod waker;

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

pub use error::JoinError;
pub use header::Header;
pub use id::{Id, next_id};
pub use join::{AbortHandle, JoinHandle};

use cell::{Cell, Head};
use header::{Cancelled, GONE};
use state::Shutdown;

/// Where a woken task goes. A scheduler is part of its tasks' type, and each task has one.
///
/// # Safety
///
/// A scheduler whose [`Kind`](Self::Kind) is [`Pinned`] has a home thread. [`schedule`] may be
/// called on any thread, and receives a `Task` there that is not `Send`: the implementation may
/// not run, cancel or drop it on another thread than its home, but brings it there by
/// [`Task::into_raw`] and [`Task::from_raw`]. The same is true of a [`Bound`]. And the owner of the
/// scheduler sees to it that [`spawn`] is called with it only at home, unless both the future and
/// the output are `Send`.
///
/// [`schedule`]: Self::schedule
pub unsafe trait Schedule: Sized + Send + Sync + 'static {
    /// [`Pinned`] or [`Stealable`].
    type Kind: Kind;

    /// The task has just become scheduled, on whatever thread: puts it where it will be run.
    fn schedule(&self, task: Task<Self>);

    /// As [`schedule`](Self::schedule), on the thread that runs the task and for one that was woken
    /// while it was polled: it goes behind the others.
    fn reschedule(&self, task: Task<Self>) {
        self.schedule(task);
    }

    /// The task is about to become idle for the first time: keeps it, so that shutdown can find
    /// it, and says under which number (less than `u32::MAX - 1`). Called on the thread that runs
    /// the task. `None`: the scheduler is shutting down, and the task is cancelled on the spot.
    fn bind(&self, task: Bound<Self>) -> Option<u32>;

    /// The task that was kept under `slot` is ending, on the thread that calls this: forgets it.
    /// `None`: shutdown has taken it out before. (So a number that shutdown has freed may not be
    /// given out again.)
    fn unbind(&self, slot: u32) -> Option<Bound<Self>>;
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

/// A task that is to be run: the right, and the duty, to do so. It is `Send` if the tasks of its
/// scheduler are [`Stealable`].
///
/// Dropping it cancels the task, so that none is ever forgotten.
pub struct Task<S: Schedule> {
    /// SCHEDULED is set, and one reference is ours.
    raw: NonNull<Header>,
    scheduler: PhantomData<S>,
}

// SAFETY: `spawn` asks for a future and an output that are `Send` (`Suits`), a scheduler is `Send`,
// and the word makes sure that there is one `Task` at a time.
unsafe impl<S: Schedule<Kind = Stealable>> Send for Task<S> {}

impl<S: Schedule> Task<S> {
    /// Polls the future once. Afterwards the task is complete, or has been rescheduled, or is idle
    /// and bound.
    pub fn run(self) {
        let task = self.into_raw();
        // SAFETY: the `Task`'s rights, which are given up with it.
        unsafe { (task.as_ref().vtable.run)(task) };
    }

    /// Drops the future, here, and completes the task as cancelled.
    pub fn cancel(self) {
        self.end(Cancelled::Aborted);
    }

    /// As [`cancel`](Self::cancel), for a task that cannot be run for want of a thread: waiting for
    /// it gives an error whose source is `error`.
    pub fn refuse(self, error: io::Error) {
        self.end(Cancelled::Refused(error));
    }

    fn end(self, why: Cancelled) {
        let task = self.into_raw();
        // SAFETY: the `Task`'s rights, which are given up with it; the state is that of a task
        // that is RUNNING by us when `cancel` is called, whatever the answer.
        unsafe {
            let _ = task.as_ref().state.start_poll();
            (task.as_ref().vtable.cancel)(task, why);
        }
    }

    /// What the task is called by.
    pub fn id(&self) -> Id {
        self.header().id
    }

    /// The task's scheduler.
    pub fn scheduler(&self) -> &S {
        // SAFETY: the task is alive by our reference, and starts with this head; the scheduler
        // never changes.
        unsafe { &self.raw.cast::<Head<S>>().as_ref().scheduler }
    }

    fn header(&self) -> &Header {
        // SAFETY: the task is alive by our reference.
        unsafe { self.raw.as_ref() }
    }

    /// The task as a word, for queues; [`from_raw`](Self::from_raw) undoes it.
    pub fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).raw
    }

    /// Undoes [`into_raw`](Self::into_raw).
    ///
    /// # Safety
    ///
    /// `raw` comes from `into_raw` of a task of this scheduler type, and this is called once for
    /// it; if the task is [`Pinned`], on its home thread, or on the way there.
    pub unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        Self {
            raw,
            scheduler: PhantomData,
        }
    }
}

impl<S: Schedule> Drop for Task<S> {
    fn drop(&mut self) {
        // SAFETY: the right to run the task is ours, and ends here.
        unsafe { Self::from_raw(self.raw) }.cancel();
    }
}

impl<S: Schedule> fmt::Debug for Task<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Task").field(self.header()).finish()
    }
}

/// What a scheduler keeps of a task that has been idle, so that shutdown can end it. It is `Send`
/// if the tasks of its scheduler are [`Stealable`].
///
/// Dropping it is [`shutdown`](Self::shutdown), which may drop the future: so let go of borrows and
/// locks first.
pub struct Bound<S: Schedule> {
    /// One reference is ours.
    raw: NonNull<Header>,
    scheduler: PhantomData<S>,
}

// SAFETY: as for `Task`.
unsafe impl<S: Schedule<Kind = Stealable>> Send for Bound<S> {}
// SAFETY: a shared `Bound` gives access to the id only.
unsafe impl<S: Schedule<Kind = Stealable>> Sync for Bound<S> {}

impl<S: Schedule> Bound<S> {
    /// Ends the task. If it is idle, its future is dropped here and it completes as cancelled; if
    /// it is queued or running, whoever has it does that when they next look at it.
    pub fn shutdown(self) {
        drop(self);
    }

    /// What the task is called by.
    pub fn id(&self) -> Id {
        // SAFETY: the task is alive by our reference.
        unsafe { self.raw.as_ref() }.id
    }

    fn as_raw(&self) -> NonNull<Header> {
        self.raw
    }

    /// # Safety
    ///
    /// The registry's reference is the caller's to give, and the caller has RUNNING.
    unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        Self {
            raw,
            scheduler: PhantomData,
        }
    }
}

impl<S: Schedule> Drop for Bound<S> {
    fn drop(&mut self) {
        let task = self.raw;
        // SAFETY: the task is alive by our reference, which the transition gives up, or which
        // becomes the runner's. (One expression: nothing is borrowed while others may free.)
        let (answer, vtable) = unsafe {
            let vtable = (*task.as_ptr()).vtable;
            ((*task.as_ptr()).state.shutdown(), vtable)
        };
        match answer {
            Shutdown::Left => {}
            // SAFETY: RUNNING is ours, and the reference that was the registry's.
            Shutdown::Take => unsafe {
                task.as_ref().set_slot(GONE);
                (vtable.cancel)(task, Cancelled::Aborted);
            },
            // SAFETY: it was the last reference.
            Shutdown::Free => unsafe { (vtable.free)(task) },
        }
    }
}

impl<S: Schedule> fmt::Debug for Bound<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bound").field(&self.id()).finish()
    }
}

/// Makes a task of a future. The caller sees to it that the `Task` is run; where that may be, and
/// where this may be called, the contract of [`Schedule`] says.
pub fn spawn<F, S>(
    future: F,
    scheduler: S,
    id: Id,
    name: Option<Box<str>>,
) -> (Task<S>, JoinHandle<F::Output>)
where
    F: Suits<S::Kind> + 'static,
    S: Schedule,
{
    let raw = Cell::allocate(future, scheduler, id, name);
    // SAFETY: a new task is SCHEDULED, and has a reference for each of the two.
    unsafe { (Task::from_raw(raw), JoinHandle::from_raw(raw)) }
}
