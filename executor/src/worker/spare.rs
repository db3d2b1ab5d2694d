//! Schedulers of tasks that are over, for tasks to come.
//!
//! Every task has a counted reference to where it is scheduled. Counting is an atomic addition and
//! later a subtraction, which is much beside what else a short task costs, and more if several workers
//! count the same. So a worker keeps the references of tasks that end on it, and gives them to those
//! that it spawns.

use std::cell::RefCell;

/// More are let go of. As many tasks as a burst may well have, and 128 KiB.
const LIMIT: usize = 1 << 14;

/// References of one kind, all of which are as good as any other.
#[derive(Debug)]
pub struct Spare<S>(RefCell<Vec<S>>);

impl<S> Default for Spare<S> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<S> Spare<S> {
    /// One that is kept, or a new one.
    #[inline]
    pub fn take_or(&self, make: impl FnOnce() -> S) -> S {
        let kept = self.0.borrow_mut().pop();
        kept.unwrap_or_else(make)
    }

    /// Keeps one. (Should it be the last that is let go of, that happens outside of the borrow.)
    #[inline]
    pub fn keep(&self, one: S) {
        let _surplus = {
            let mut kept = self.0.borrow_mut();
            if kept.len() < LIMIT {
                kept.push(one);
                return;
            }
            one
        };
    }
}
