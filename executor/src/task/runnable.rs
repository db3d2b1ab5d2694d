//! The right to run a task, and the right to end it.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::cell::{Cell, Head};
use super::header::{Cancelled, GONE, Header};
use super::state::Shutdown;
use super::{Id, JoinHandle, Schedule, Stealable, Suits, current, current::Running};

/// A task that is to be run: the right, and the duty, to do so. It is `Send` if its scheduler's
/// tasks are [`Stealable`].
///
/// Dropping it cancels the task, so that none is ever forgotten.
pub struct Task<S: Schedule> {
    /// The claim is ours, and so is one reference.
    raw: NonNull<Header>,
    scheduler: PhantomData<S>,
}

// SAFETY: `create` asks for a future and an output that are `Send` (`Suits`), a scheduler is `Send`,
// and the word makes sure that there is one `Task` at a time.
unsafe impl<S: Schedule<Kind = Stealable>> Send for Task<S> {}

impl<S: Schedule> Task<S> {
    /// Polls the future once. Afterwards the task is complete, or has been rescheduled, or is idle
    /// and bound.
    pub fn run(self) {
        self.run_among(&current::run_tasks());
    }

    /// As [`run`](Self::run), where several are run one after the other: cheaper than for each alone.
    #[inline]
    pub fn run_among(self, tasks: &Running) {
        let task = self.into_raw();
        // SAFETY: a `Task` has a reference.
        let id = unsafe { task.as_ref() }.id;
        current::run(tasks, task, id);
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
        // SAFETY: the `Task`'s rights, which are given up with it. The future is ours to drop,
        // whatever `start_poll` answers; it orders what happened to the future before.
        unsafe {
            let _ = task.as_ref().state.start_poll();
            (task.as_ref().vtable.cancel)(task, why);
        }
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
/// if its scheduler's tasks are [`Stealable`].
///
/// Dropping it is [`shutdown`](Self::shutdown), which may drop the future: so
/// let go of borrows and locks first.
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
    /// Ends the task. If it is idle, its future is dropped here and it completes as cancelled:
    /// true. If it is queued or running, whoever has it does that when they next look at it, and
    /// then calls [`Schedule::unbind`], which finds nothing: false.
    pub fn shutdown(self) -> bool {
        ManuallyDrop::new(self).end()
    }

    /// The task's scheduler.
    pub fn scheduler(&self) -> &S {
        // SAFETY: as in `Task::scheduler`.
        unsafe { &self.raw.cast::<Head<S>>().as_ref().scheduler }
    }

    /// What the task is called by.
    pub fn id(&self) -> Id {
        // SAFETY: the task is alive by our reference.
        unsafe { self.raw.as_ref() }.id
    }

    pub(super) fn as_raw(&self) -> NonNull<Header> {
        self.raw
    }

    /// # Safety
    ///
    /// The registry's reference is the caller's to give, and the caller has the claim.
    pub(super) unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        Self {
            raw,
            scheduler: PhantomData,
        }
    }
}

impl<S: Schedule> Bound<S> {
    /// Gives up the registry's reference; to be called once.
    fn end(&mut self) -> bool {
        let task = self.raw;
        // SAFETY: the task is alive by our reference, which the transition gives up, or which
        // becomes the runner's. (One expression: nothing is borrowed while others may free.)
        let (answer, vtable) = unsafe {
            let vtable = (*task.as_ptr()).vtable;
            ((*task.as_ptr()).state.shutdown(), vtable)
        };
        match answer {
            Shutdown::Left => false,
            // SAFETY: the claim is ours, and so is the reference, which was the registry's.
            Shutdown::Take => unsafe {
                task.as_ref().set_slot(GONE);
                (vtable.cancel)(task, Cancelled::Aborted);
                true
            },
            // SAFETY: it was the last reference.
            Shutdown::Free => unsafe {
                (vtable.free)(task);
                true
            },
        }
    }
}

impl<S: Schedule> Drop for Bound<S> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<S: Schedule> fmt::Debug for Bound<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bound").field(&self.id()).finish()
    }
}

/// Makes a task of a future. The caller sees to it that the `Task` is run; where that may be, and
/// where this may be called, the contract of [`Schedule`] says.
#[inline]
pub fn create<F, S>(
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
    // SAFETY: a new task is claimed, for the `Task`, and has a reference for each of the two.
    unsafe { (Task::from_raw(raw), JoinHandle::from_raw(raw)) }
}
