//! A place for a value that is put there once, by whoever comes first.
//!
//! The word says who may touch the value: while it is `EMPTY`, nobody; whoever moves it to
//! `WRITING`, and nobody else, until he moves it to `SET`; from then on everybody, to read.

#![expect(unsafe_code, reason = "the cell that the word guards")]

use crate::shim::cell::UnsafeCell;
use crate::shim::sync::atomic::{AtomicU32, Ordering};

const EMPTY: u32 = 0;
const WRITING: u32 = 1;
const SET: u32 = 2;

pub(super) struct Slot<T> {
    word: AtomicU32,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the value is set by one thread, and may be dropped by another (`Send`), and it is lent
// to all (`Sync`); the word keeps the two apart.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

impl<T> Slot<T> {
    const_fn! {
        pub(super) const fn new(value: Option<T>) -> Self {
            Self {
                word: AtomicU32::new(if value.is_some() { SET } else { EMPTY }),
                value: UnsafeCell::new(value),
            }
        }
    }

    pub(super) fn is_set(&self) -> bool {
        // Acquire: pairs with the release in `set`, so that the value is seen.
        self.word.load(Ordering::Acquire) == SET
    }

    pub(super) fn get(&self) -> Option<&T> {
        if !self.is_set() {
            return None;
        }
        // SAFETY: at `SET` nobody writes any more, and the value stays as long as we are borrowed.
        let value = self.value.with(|value| unsafe { &*value });
        value.as_ref()
    }

    /// Gives the value back if somebody was first, who may not be done yet.
    pub(super) fn set(&self, value: T) -> Result<(), T> {
        // Relaxed: there is nothing to see at `EMPTY`.
        if self
            .word
            .compare_exchange(EMPTY, WRITING, Ordering::Relaxed, Ordering::Relaxed)
            .is_err()
        {
            return Err(value);
        }
        self.value.with_mut(|place| {
            // SAFETY: we moved the word to `WRITING`, and nothing was in the place.
            unsafe { *place = Some(value) };
        });
        // Release: pairs with the acquire in `is_set`.
        self.word.store(SET, Ordering::Release);
        Ok(())
    }

    pub(super) fn get_mut(&mut self) -> Option<&mut T> {
        // SAFETY: we are borrowed by one, so nobody else is at the value, whatever the word.
        let value = self.value.with_mut(|value| unsafe { &mut *value });
        value.as_mut()
    }

    pub(super) fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}
