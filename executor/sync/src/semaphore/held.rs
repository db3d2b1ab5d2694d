//! Permits that somebody holds.

use std::fmt;
use std::ops::Deref;

use super::batch::BatchSemaphore;

/// Something that a semaphore guards.
pub(crate) trait Guarded {
    /// The semaphore.
    fn semaphore(&self) -> &BatchSemaphore;
}

impl Guarded for BatchSemaphore {
    fn semaphore(&self) -> &BatchSemaphore {
        self
    }
}

/// Permits that are given back when this is dropped, and a pointer to where: all that every guard
/// and every permit in this crate has in common.
pub(crate) struct Held<S: Deref<Target: Guarded>> {
    of: S,
    permits: usize,
}

impl<S: Deref<Target: Guarded>> Held<S> {
    /// For whoever has just acquired that many permits of `of`.
    pub(crate) const fn new(of: S, permits: usize) -> Self {
        Self { of, permits }
    }

    /// What the permits are of.
    pub(crate) const fn of(&self) -> &S {
        &self.of
    }

    /// How many there are.
    pub(crate) const fn permits(&self) -> usize {
        self.permits
    }

    /// Takes the permits out of this, which then holds none. They are the caller's to give back.
    pub(crate) const fn take(&mut self) -> usize {
        std::mem::replace(&mut self.permits, 0)
    }

    /// Takes as many out of this, if there are as many. They are the caller's to give back.
    pub(crate) const fn split(&mut self, permits: usize) -> bool {
        if permits > self.permits {
            return false;
        }
        self.permits -= permits;
        true
    }

    /// Adds permits of the same semaphore.
    pub(crate) const fn merge(&mut self, permits: usize) {
        self.permits += permits;
    }

    /// Gives back all but that many.
    pub(crate) fn keep(&mut self, permits: usize) {
        if let Some(back) = self.permits.checked_sub(permits) {
            self.permits = permits;
            self.of.semaphore().add_permits(back);
        }
    }
}

impl<'a, G: Guarded + ?Sized> Held<&'a G> {
    /// The same permits, of the semaphore alone.
    pub(crate) fn erase(mut self) -> Held<&'a BatchSemaphore> {
        let permits = self.take();
        Held::new(self.of.semaphore(), permits)
    }
}

impl<S: Deref<Target: Guarded>> Drop for Held<S> {
    fn drop(&mut self) {
        self.of.semaphore().add_permits(self.permits);
    }
}

impl<S: Deref<Target: Guarded>> fmt::Debug for Held<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("permits", &self.permits)
            .finish()
    }
}
