//! Locking the value for reading.
//!
//! Readers that come one after the other would keep a writer out for ever if each went in past it,
//! and a thread that borrows twice would wait for itself if the second had to wait for a writer.
//! So a thread that has borrowed nothing waits behind the writers, and one that has does not. What
//! a thread has borrowed it also gives back: the guards are not `Send`.
//!
//! Tested in `executor/sync/tests/turns.rs`: loom's lock knows no order among those who wait.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::shim::sync::{RwLock, RwLockReadGuard};

std::thread_local! {
    // Not the shim's: no other thread ever looks at it, so there is nothing to model.
    /// How many guards of whatever channels this thread has.
    static BORROWED: Cell<usize> = const { Cell::new(0) };
}

/// The value, locked for reading.
pub(super) struct Borrow<'a, T> {
    guard: RwLockReadGuard<'a, T>,
    /// Not `Send` whatever the lock's own guard is, which a feature of `parking_lot` may change.
    _counted: PhantomData<std::sync::MutexGuard<'a, ()>>,
}

impl<'a, T> Borrow<'a, T> {
    pub(super) fn new(value: &'a RwLock<T>) -> Self {
        let guard = match BORROWED.get() {
            0 => value.read(),
            _ => value.read_recursive(),
        };
        BORROWED.set(BORROWED.get() + 1);
        Self {
            guard,
            _counted: PhantomData,
        }
    }
}

impl<T> Deref for Borrow<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> Drop for Borrow<'_, T> {
    fn drop(&mut self) {
        BORROWED.set(BORROWED.get() - 1);
    }
}
