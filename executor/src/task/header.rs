//! What every task starts with, whatever its future and its scheduler are.

use std::io;
use std::ptr::NonNull;
use std::task::Waker;

use pintle_sync::shim::cell::UnsafeCell;

use super::Id;
use super::error::Name;
use super::state::State;

/// The first part of a task. Sixty-four bytes.
///
/// Wakers, handles and queues know a task only as a `NonNull<Header>`. That pointer is always made
/// from the one to the whole allocation, so that it may be cast back.
#[repr(C)]
pub struct Header {
    pub(super) state: State,
    pub(super) vtable: &'static Vtable,
    /// A queue's link. Rule 5.
    next: UnsafeCell<Option<NonNull<Header>>>,
    pub(super) id: Id,
    /// Who waits for the output. Rule 3.
    pub(super) join_waker: UnsafeCell<Option<Waker>>,
    pub(super) name: Name,
    /// Where the registry keeps the task. Rule 4.
    slot: UnsafeCell<usize>,
}

/// The slot of a task that was never idle: whoever runs it has the registry's reference.
pub(super) const UNBOUND: usize = usize::MAX;
/// The slot of a task that the registry has given up, or did not want.
pub(super) const GONE: usize = usize::MAX - 1;

/// What depends on the type of the future or of the scheduler.
pub(super) struct Vtable {
    /// Runs a task. The caller has the `Task`, and with it the claim and one reference.
    pub(super) run: unsafe fn(NonNull<Header>),
    /// Drops the future and completes. The caller has the claim and one reference.
    pub(super) cancel: unsafe fn(NonNull<Header>, Cancelled),
    /// Hands a new `Task` to the scheduler. The caller has the claim and the reference that it will
    /// own.
    pub(super) schedule: unsafe fn(NonNull<Header>),
    /// Moves the output to a `*mut Result<T, JoinError>`, or answers `false`: it was moved before.
    /// The caller is the handle, and the task is complete.
    pub(super) take_output: unsafe fn(NonNull<Header>, *mut ()) -> bool,
    /// Drops the output, if there is one. The caller is the handle, and the task is complete.
    pub(super) drop_output: unsafe fn(NonNull<Header>),
    /// Frees the task. The caller had the last reference.
    pub(super) free: unsafe fn(NonNull<Header>),
}

/// Why a future is dropped before it was ready.
pub(super) enum Cancelled {
    /// Someone wished so.
    Aborted,
    /// There was no thread to run it on.
    Refused(io::Error),
}

impl Header {
    pub(super) fn new(vtable: &'static Vtable, id: Id, name: Option<Box<str>>) -> Self {
        Self {
            state: State::new(),
            vtable,
            next: UnsafeCell::new(None),
            id,
            join_waker: UnsafeCell::new(None),
            name: name.map(Box::new),
            slot: UnsafeCell::new(UNBOUND),
        }
    }

    /// What follows this task in an intrusive queue.
    ///
    /// # Safety
    ///
    /// The caller owns the `Task` (by `Task::into_raw`).
    pub unsafe fn next(task: NonNull<Header>) -> Option<NonNull<Header>> {
        // SAFETY: a `Task` has a reference, and its owner alone uses the link (rule 5).
        unsafe { task.as_ref().next.with(|next| *next) }
    }

    /// Sets what follows this task in an intrusive queue.
    ///
    /// # Safety
    ///
    /// The caller owns the `Task` (by `Task::into_raw`).
    pub unsafe fn set_next(task: NonNull<Header>, next: Option<NonNull<Header>>) {
        // SAFETY: a `Task` has a reference, and its owner alone uses the link (rule 5).
        unsafe { task.as_ref().next.with_mut(|link| *link = next) }
    }

    /// # Safety
    ///
    /// The caller has the claim.
    pub(super) unsafe fn slot(&self) -> usize {
        // SAFETY: rule 4, by the contract of this function.
        self.slot.with(|slot| unsafe { *slot })
    }

    /// # Safety
    ///
    /// The caller has the claim.
    pub(super) unsafe fn set_slot(&self, value: usize) {
        // SAFETY: rule 4, by the contract of this function.
        self.slot.with_mut(|slot| unsafe { *slot = value });
    }
}

/// Gives references up, and frees the task with the last one.
///
/// # Safety
///
/// The caller has that many references, and does not use them afterwards.
pub(super) unsafe fn release(task: NonNull<Header>, refs: usize) {
    // SAFETY: until it is released, the reference keeps the task alive. No Rust reference to the
    // task is held across the release: another thread may free it at once.
    let (last, free) = unsafe {
        let free = (*task.as_ptr()).vtable.free;
        ((*task.as_ptr()).state.release(refs), free)
    };
    if last {
        // SAFETY: these were the last references.
        unsafe { free(task) };
    }
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Header")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
