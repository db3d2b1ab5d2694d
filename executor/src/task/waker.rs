//! The waker of a task: a counted pointer to its header. Every thread may use it, at any time; it
//! never runs, and never drops, a future.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::current;
use super::header::{Header, release};
use super::state::Wake;

/// One table for all tasks, so that `Waker::will_wake` compares tasks and nothing else.
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release_waker);

/// A waker for the length of a poll, on the runner's reference: most polls clone none.
///
/// # Safety
///
/// The caller has a reference for as long as the result lives.
pub(super) unsafe fn borrowed(task: NonNull<Header>) -> impl Deref<Target = Waker> {
    // SAFETY: the table's functions fulfil the contract of `RawWaker`; that the reference is only
    // lent is made up for by never dropping the waker.
    ManuallyDrop::new(unsafe { Waker::new(task.as_ptr().cast(), &VTABLE) })
}

/// The pointer that [`borrowed`] put into the waker.
fn header(data: *const ()) -> NonNull<Header> {
    NonNull::new(data.cast_mut().cast()).expect("a task's waker has a task")
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: a waker has a reference, or is lent one.
    unsafe { header(data).as_ref() }.state.retain();
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    let task = header(data);
    // SAFETY: the waker's reference is given up only by what follows.
    let answer = unsafe { (*task.as_ptr()).state.wake() };
    match answer {
        Wake::Nothing => {}
        // SAFETY: the transition claimed the task for its `Task`, whose reference was the waker's.
        Wake::Schedule => unsafe { ((*task.as_ptr()).vtable.schedule)(task) },
        // SAFETY: the waker's was the last reference.
        Wake::Free => unsafe { ((*task.as_ptr()).vtable.free)(task) },
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    let task = header(data);
    if current::wakes_itself(task) {
        return;
    }
    // SAFETY: a waker has a reference, or is lent one, and keeps it until this returns.
    unsafe { schedule_if(task, task.as_ref().state.wake_by_ref()) };
}

unsafe fn release_waker(data: *const ()) {
    // SAFETY: a waker has a reference, which is gone with it.
    unsafe { release(header(data), 1) };
}

/// Carries out the answer to a wake or an abort.
///
/// # Safety
///
/// The caller has a reference besides the one that the transition may have counted, and the answer
/// comes from a transition of this task.
pub(super) unsafe fn schedule_if(task: NonNull<Header>, answer: Wake) {
    if let Wake::Schedule = answer {
        // SAFETY: the transition claimed the task for its `Task`, and counted a reference for it.
        unsafe { (task.as_ref().vtable.schedule)(task) };
    }
}
