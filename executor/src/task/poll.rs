//! Running a task: one poll, and what comes after it.
//!
//! Nothing here unwinds. A panic of the future, in its poll or in its drop, becomes the task's
//! [`JoinError`](super::JoinError); a panic where there is nobody to tell (the drop of an output
//! that nobody wants, a joiner's waker) has been reported by the panic hook and ends there.

use std::mem::forget;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use pintle_sync::shim::panic::catch_unwind;

use super::cell::{Cell, Ending, Head};
use super::error::Payload;
use super::header::{Cancelled, GONE, Header, UNBOUND, release};
use super::state::{Complete, EndPoll, StartPoll};
use super::{Bound, Schedule, Task, current, waker};

/// [`Vtable::run`](super::header::Vtable::run).
pub(super) unsafe fn run<F: Future, S: Schedule>(task: NonNull<Header>) {
    // SAFETY: the vtable belongs to this type of cell; the caller's reference is ours until it is
    // released, and the borrow is not used after that.
    let cell = unsafe { task.cast::<Cell<F, S>>().as_ref() };
    match cell.head.header.state.start_poll() {
        StartPoll::Poll => {}
        // SAFETY: the claim is ours, and so is one reference.
        StartPoll::Cancel => return unsafe { cancel::<F, S>(task, Cancelled::Aborted) },
    }
    // SAFETY: the reference outlives the borrowed waker.
    let waker = unsafe { waker::borrowed(task) };
    // SAFETY: the claim is ours, and the task is not complete.
    let polled = caught(|| unsafe { cell.poll(&mut Context::from_waker(&waker)) });
    let ending = match polled {
        // SAFETY: the claim is ours, and so is one reference.
        Ok(Poll::Pending) => return unsafe { pause::<F, S>(task) },
        // SAFETY: the claim is ours.
        Ok(Poll::Ready(output)) => match caught(|| unsafe { cell.consume() }) {
            Ok(()) => Ending::Output(output),
            Err(payload) => {
                quietly(|| drop(output));
                Ending::Panicked(payload)
            }
        },
        Err(payload) => {
            // SAFETY: the claim is ours.
            quietly(|| unsafe { cell.consume() });
            Ending::Panicked(payload)
        }
    };
    // SAFETY: the claim is ours, so is one reference, and the future is gone.
    unsafe { complete::<F, S>(task, ending) };
}

/// [`Vtable::cancel`](super::header::Vtable::cancel).
pub(super) unsafe fn cancel<F: Future, S: Schedule>(task: NonNull<Header>, why: Cancelled) {
    // SAFETY: as in `run`.
    let cell = unsafe { task.cast::<Cell<F, S>>().as_ref() };
    // SAFETY: the claim is the caller's.
    let ending = match caught(|| unsafe { cell.consume() }) {
        Ok(()) => Ending::Cancelled(why),
        Err(payload) => Ending::Panicked(payload),
    };
    // SAFETY: the claim is the caller's, so is one reference, and the future is gone.
    unsafe { complete::<F, S>(task, ending) };
}

/// [`Vtable::schedule`](super::header::Vtable::schedule).
pub(super) unsafe fn schedule<S: Schedule>(task: NonNull<Header>) {
    // SAFETY: the vtable belongs to a task of this scheduler, and the caller has just claimed it,
    // for the `Task`, which has a reference.
    S::schedule(unsafe { Task::from_raw(task) });
}

/// After a poll that returned `Pending`. The caller has the claim and one reference.
unsafe fn pause<F: Future, S: Schedule>(task: NonNull<Header>) {
    // SAFETY: as in `run`.
    let head = unsafe { task.cast::<Head<S>>().as_ref() };
    loop {
        // SAFETY: the claim is ours until `end_poll` gives it up.
        let bound = unsafe { head.header.slot() } != UNBOUND;
        match head.header.state.end_poll(current::woke_itself(), bound) {
            EndPoll::Park => return,
            EndPoll::Requeue => {
                current::lets_go();
                // SAFETY: `end_poll` has changed nothing, so claim and reference are the `Task`'s again.
                return S::reschedule(unsafe { Task::from_raw(task) });
            }
            // SAFETY: the claim is ours, and so is one reference.
            EndPoll::Cancel => return unsafe { cancel::<F, S>(task, Cancelled::Aborted) },
            EndPoll::Bind => {
                // SAFETY: the task is not bound, so the registry's reference is ours to give.
                let slot = head.scheduler.bind(unsafe { Bound::from_raw(task) });
                debug_assert!(
                    slot.is_none_or(|slot| slot < GONE),
                    "no registry is that large"
                );
                // SAFETY: the claim is ours.
                unsafe { head.header.set_slot(slot.unwrap_or(GONE)) };
                if slot.is_none() {
                    // SAFETY: the claim is ours, and so is one reference.
                    return unsafe { cancel::<F, S>(task, Cancelled::Aborted) };
                }
            }
        }
    }
}

/// The future is gone: hands the ending to whoever wants it, and gives up the runner's reference
/// together with the registry's. The caller has the claim and one reference.
unsafe fn complete<F: Future, S: Schedule>(task: NonNull<Header>, ending: Ending<F::Output>) {
    // SAFETY: as in `run`.
    let cell = unsafe { task.cast::<Cell<F, S>>().as_ref() };
    let header = &cell.head.header;
    // SAFETY: the claim is ours.
    let refs = match unsafe { header.slot() } {
        UNBOUND => 2,
        GONE => 1,
        slot => match cell.head.scheduler.unbind(slot) {
            Some(bound) => {
                debug_assert_eq!(bound.as_raw(), task, "the registry mixes up its slots");
                forget(bound); // its reference is now ours
                2
            }
            None => 1,
        },
    };
    let kept = header.state.is_joined();
    if kept {
        // SAFETY: the claim is ours, and the future is gone.
        unsafe { cell.store(ending) };
    } else {
        quietly(|| drop(ending));
    }
    match header.state.complete(refs, kept) {
        Complete::Left => {}
        // SAFETY: those were the last references.
        Complete::Free => unsafe { (header.vtable.free)(task) },
        Complete::WakeJoiner => {
            // SAFETY: JOIN_WAKER was set at completion, so the waker is ours (rule 3).
            let joiner = header
                .join_waker
                .with_mut(|waker| unsafe { (*waker).take() });
            quietly(|| {
                if let Some(joiner) = joiner {
                    joiner.wake();
                }
            });
            // SAFETY: `complete` left us the references.
            unsafe { release(task, refs) };
        }
        Complete::DropOutput => {
            // SAFETY: there was no handle at completion, so the stage is ours (rule 2).
            quietly(|| unsafe { cell.consume() });
            // SAFETY: `complete` left us the references.
            unsafe { release(task, refs) };
        }
    }
}

/// Runs `f`, which may be anybody's code.
fn caught<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    // A future that panicked is never polled again, and nothing of it is looked at but its drop.
    catch_unwind(f)
}

/// Runs `f`, which may be anybody's code, where nobody is interested in its panic.
pub(super) fn quietly(f: impl FnOnce()) {
    if let Err(payload) = caught(f) {
        // Forgotten, since its drop might panic in turn.
        forget(payload);
    }
}
