//! Values that several threads share, behind the model checker's back or under its eyes.

use std::sync::Mutex as StdMutex;

use pintle_sync::shim::sync::atomic::{AtomicUsize, Ordering};

use crate::Item;

/// A value under a lock that the model checker does not see. The steps around each access, which
/// it does see, let other threads come in between; being relaxed, they order nothing.
#[derive(Debug)]
pub struct Hidden<T> {
    value: StdMutex<T>,
    step: AtomicUsize,
}

impl<T: Default> Hidden<T> {
    /// Holds the default.
    pub fn new() -> Self {
        Self {
            value: StdMutex::default(),
            step: AtomicUsize::new(0),
        }
    }

    /// Looks at the value, or changes it.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.step.fetch_add(1, Ordering::Relaxed);
        let result = f(&mut self.value.lock().unwrap());
        self.step.fetch_add(1, Ordering::Relaxed);
        result
    }
}

impl<T: Default> Default for Hidden<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Hidden<Option<T>> {
    /// Puts a value in, and gives back the one that was there.
    pub fn put(&self, value: T) -> Option<T> {
        self.with(|own| own.replace(value))
    }

    /// Takes the value out.
    pub fn take(&self) -> Option<T> {
        self.with(Option::take)
    }

    /// As [`put`](Self::put), and publishes what its thread did before to who receives the value.
    pub fn send(&self, value: T) -> Option<T> {
        self.step.fetch_add(1, Ordering::Release);
        self.value.lock().unwrap().replace(value)
    }

    /// As [`take`](Self::take), and sees what was published with the value.
    pub fn receive(&self) -> Option<T> {
        self.step.fetch_add(1, Ordering::Acquire);
        self.value.lock().unwrap().take()
    }
}

/// An item that several threads look at.
#[derive(Debug)]
pub struct Watched(pub Item);

// SAFETY: loom checks each access against all others and fails the model on a race.
unsafe impl Sync for Watched {}
