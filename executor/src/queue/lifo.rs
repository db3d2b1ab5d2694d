//! The slot for the task that was woken last.
//!
//! When one task wakes another and then waits for it, running the woken one next keeps the pair on
//! one worker, its data in the cache, and wakes no thread. So a worker puts a freshly woken task
//! here and moves the previous one to the queue. Two things can go wrong with such a slot, and both
//! have gone wrong elsewhere:
//! - a pair that keeps waking each other through the slot starves the queue: the worker counts
//!   (`LIFO_LIMIT`) and lets the queue go first now and then;
//! - the task in the slot waits while its worker computes for long: so siblings may take it, but
//!   only from a worker that is stalled (`worker/rescue.rs`), or they would part every pair.
//!
//! One pointer; put and take are single exchanges. Modelled in `loom-tests/tests/lifo.rs`.

#![expect(
    unsafe_code,
    reason = "tasks travel as raw pointers through one atomic word"
)]

use crate::task::{Header, Schedule, Stealable, Task};
use pintle_sync::shim::sync::atomic::{AtomicPtr, Ordering};
use std::fmt;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

/// See the [module's documentation](self).
pub struct LifoSlot<S: Schedule> {
    slot: AtomicPtr<Header>,
    /// `fn`: shared as the pointer is, whatever a shared `Task` may do.
    holds: PhantomData<fn() -> Task<S>>,
}

impl<S: Schedule<Kind = Stealable>> Default for LifoSlot<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Schedule<Kind = Stealable>> LifoSlot<S> {
    /// Makes an empty slot.
    pub fn new() -> Self {
        Self {
            slot: AtomicPtr::new(ptr::null_mut()),
            holds: PhantomData,
        }
    }

    /// Puts a task in and returns the one it displaces.
    ///
    /// Release and acquire: what was done to the task, by whoever made it or polled it last, is published
    /// by this hand-over. Its own state word orders only what goes by way of a wake.
    pub fn put(&self, task: Task<S>) -> Option<Task<S>> {
        self.exchange(task.into_raw().as_ptr())
    }

    /// Takes the task out, from any thread.
    pub fn take(&self) -> Option<Task<S>> {
        // The look before the exchange keeps an empty slot's cache line shared.
        if self.is_empty() {
            None
        } else {
            self.exchange(ptr::null_mut())
        }
    }

    /// Whether a take would find nothing. May be out of date as soon as it is known.
    pub fn is_empty(&self) -> bool {
        self.slot.load(Ordering::Relaxed).is_null()
    }
}

impl<S: Schedule> LifoSlot<S> {
    fn exchange(&self, new: *mut Header) -> Option<Task<S>> {
        let old = NonNull::new(self.slot.swap(new, Ordering::AcqRel))?;
        // SAFETY: (one owner) a non-null value was put there by `put` from `Task::<S>::into_raw`,
        // and the exchange that removes it hands it to one caller.
        Some(unsafe { Task::from_raw(old) })
    }
}

impl<S: Schedule> Drop for LifoSlot<S> {
    fn drop(&mut self) {
        drop(self.exchange(ptr::null_mut()));
    }
}

impl<S: Schedule> fmt::Debug for LifoSlot<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LifoSlot").finish_non_exhaustive()
    }
}
