//! A few wakers, collected without allocating.

use crate::shim::panic::catch_unwind;
use std::task::Waker;

use crate::WakeBatch;

/// How many fit without an allocation. Most operations wake one.
const INLINE: usize = 4;

/// Wakers taken out of a wait list, to be woken when it is unlocked: a [`WakeBatch`] whose first
/// few wakers lie on the stack. What is not woken by then is woken when this is dropped, so declare
/// it before the lock it must outlive.
#[derive(Debug)]
pub(crate) struct Wakers {
    few: [Option<Waker>; INLINE],
    len: usize,
    many: WakeBatch,
}

impl Wakers {
    pub(crate) const fn new() -> Self {
        Self {
            few: [const { None }; INLINE],
            len: 0,
            many: WakeBatch::new(),
        }
    }

    /// Adds a waker; a waiter that was never polled has none.
    pub(crate) fn push(&mut self, waker: Option<Waker>) {
        let Some(waker) = waker else { return };
        match self.few.get_mut(self.len) {
            Some(place) => {
                *place = Some(waker);
                self.len += 1;
            }
            None => self.many.push(waker),
        }
    }
}

impl Drop for Wakers {
    fn drop(&mut self) {
        for waker in &mut self.few[..self.len] {
            if let Some(waker) = waker.take() {
                wake(waker);
            }
        }
        if !self.many.is_empty() {
            self.many.wake_all();
        }
    }
}

/// As [`WakeBatch::wake_all`]: a waker that panics does not keep the others from being woken, and
/// the task that gave something back has done nothing wrong.
pub(crate) fn wake(waker: Waker) {
    caught(|| waker.wake());
}

/// The same for a waker that stays where it is.
pub(crate) fn wake_by_ref(waker: &Waker) {
    caught(|| waker.wake_by_ref());
}

fn caught(wake: impl FnOnce()) {
    if let Err(payload) = catch_unwind(wake) {
        std::mem::forget(payload);
    }
}
