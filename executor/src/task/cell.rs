//! The allocation of a task: header, scheduler, and the future, which gives way to its output.
//!
//! Natural alignment: a padded task would be larger by up to a cache line, and tasks are many.

use std::alloc::Layout;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use pintle_sync::shim::cell::UnsafeCell;

use super::error::{JoinError, Kind, Payload};
use super::header::{Cancelled, Header, Vtable};
use super::{Id, Schedule, poll, recycle};

/// What a task of a known scheduler starts with.
#[repr(C)]
pub(super) struct Head<S> {
    pub(super) header: Header,
    /// Never changes. Taken out when the task is freed.
    pub(super) scheduler: ManuallyDrop<S>,
}

/// A task.
#[repr(C)]
pub(super) struct Cell<F: Future, S> {
    pub(super) head: Head<S>,
    /// Rule 2.
    stage: UnsafeCell<Stage<F>>,
}

enum Stage<F: Future> {
    Future(F),
    Ended(Ending<F::Output>),
    Consumed,
}

/// How a task ended. It becomes a `Result` when the handle asks for it, so that the cell has room
/// for no more than this.
pub(super) enum Ending<T> {
    Output(T),
    Panicked(Payload),
    Cancelled(Cancelled),
}

impl<F: Future> Stage<F> {
    fn is_consumed(&self) -> bool {
        matches!(self, Stage::Consumed)
    }
}

impl<F: Future, S: Schedule> Cell<F, S> {
    const VTABLE: &'static Vtable = &Vtable {
        run: poll::run::<F, S>,
        cancel: poll::cancel::<F, S>,
        schedule: poll::schedule::<S>,
        take_output: take_output::<F, S>,
        drop_output: drop_output::<F, S>,
        free: free::<F, S>,
    };

    /// Makes a task, and the three references it is born with.
    #[inline]
    pub(super) fn allocate(
        future: F,
        scheduler: S,
        id: Id,
        name: Option<Box<str>>,
    ) -> NonNull<Header> {
        let cell = recycle::allocate(Layout::new::<Self>()).cast::<Self>();
        let to = cell.as_ptr();
        // SAFETY: it is memory for a cell, and nobody's so far. One field after the other, because a
        // future may be large, and a cell that is made elsewhere first is copied once more.
        unsafe {
            (&raw mut (*to).head).write(Head {
                header: Header::new(Self::VTABLE, id, name),
                scheduler: ManuallyDrop::new(scheduler),
            });
            (&raw mut (*to).stage).write(UnsafeCell::new(Stage::Future(future)));
        }
        cell.cast()
    }

    /// Polls the future.
    ///
    /// # Safety
    ///
    /// The caller has the claim, and the future was not dropped.
    pub(super) unsafe fn poll(&self, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: rule 2, by the contract of this function.
        self.stage.with_mut(|stage| match unsafe { &mut *stage } {
            Stage::Future(future) => {
                // SAFETY: the cell is on the heap and never moves, and the future is dropped in
                // place, by `consume`.
                let future = unsafe { Pin::new_unchecked(future) };
                future.poll(cx)
            }
            _ => unreachable!("a task that is not complete has a future"),
        })
    }

    /// Drops the future, or the output, in place. If its drop panics, it is gone all the same.
    ///
    /// # Safety
    ///
    /// The caller owns the stage (rule 2).
    pub(super) unsafe fn consume(&self) {
        // SAFETY: rule 2, by the contract of this function. An assignment happens even if the
        // drop of the old value unwinds.
        self.stage
            .with_mut(|stage| unsafe { *stage = Stage::Consumed });
    }

    /// Stores how the task ended.
    ///
    /// # Safety
    ///
    /// The caller has the claim, and the future was dropped.
    pub(super) unsafe fn store(&self, ending: Ending<F::Output>) {
        // SAFETY: rule 2, by the contract of this function.
        self.stage
            .with_mut(|stage| unsafe { *stage = Stage::Ended(ending) });
    }
}

/// [`Vtable::take_output`].
unsafe fn take_output<F: Future, S: Schedule>(task: NonNull<Header>, to: *mut ()) -> bool {
    // SAFETY: the vtable belongs to this type of cell; the handle has a reference.
    let cell = unsafe { task.cast::<Cell<F, S>>().as_ref() };
    // SAFETY: the task is complete, so the stage is the handle's (rule 2).
    let stage = cell
        .stage
        .with_mut(|stage| unsafe { std::mem::replace(&mut *stage, Stage::Consumed) });
    let Stage::Ended(ending) = stage else {
        return false;
    };
    let header = &cell.head.header;
    let failed = |kind| Err(JoinError::new(header.id, header.name.clone(), kind));
    let result = match ending {
        Ending::Output(output) => Ok(output),
        Ending::Panicked(payload) => failed(Kind::panicked(payload)),
        Ending::Cancelled(Cancelled::Aborted) => failed(Kind::Cancelled),
        Ending::Cancelled(Cancelled::Refused(error)) => failed(Kind::Refused(error)),
    };
    // SAFETY: the handle passes a pointer to room for a result of its own `T`, which is the
    // future's output, since both come from one call of `create`.
    unsafe { to.cast::<Result<F::Output, JoinError>>().write(result) };
    true
}

/// [`Vtable::drop_output`].
unsafe fn drop_output<F: Future, S: Schedule>(task: NonNull<Header>) {
    // SAFETY: the vtable belongs to this type of cell; the handle has a reference.
    let cell = unsafe { task.cast::<Cell<F, S>>().as_ref() };
    // SAFETY: the task is complete, so the stage is the handle's (rule 2).
    poll::quietly(|| unsafe { cell.consume() });
}

/// [`Vtable::free`].
unsafe fn free<F: Future, S: Schedule>(task: NonNull<Header>) {
    let cell = task.cast::<Cell<F, S>>();
    // SAFETY: the vtable belongs to this type of cell, which came from `allocate`; the caller had the
    // last reference.
    unsafe {
        debug_assert!(
            cell.as_ref().stage.with(|stage| (*stage).is_consumed()),
            "rule 7: nothing is left to drop"
        );
        let scheduler = ManuallyDrop::take(&mut (*cell.as_ptr()).head.scheduler);
        // And the stage, which is consumed, has nothing to drop.
        (&raw mut (*cell.as_ptr()).head.header).drop_in_place();
        recycle::release(cell.cast(), Layout::new::<Cell<F, S>>());
        scheduler.retire();
    }
}
