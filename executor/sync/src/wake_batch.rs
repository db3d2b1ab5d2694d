//! Wakers collected now, woken later.

use crate::shim::panic::catch_unwind;
use std::task::Waker;

/// Wakers that a driver has decided to wake but must not wake yet, because it still holds a lock
/// or a borrow that the woken code may want.
///
/// A waker runs other people's code: it may push into the very queue that is borrowed, drop the
/// very source that is locked, or panic. So drivers only *collect*; whoever turned them wakes the
/// batch when nothing is held. The batch keeps its memory, so a worker that reuses one does not
/// allocate.
///
/// ```
/// use pintle_sync::WakeBatch;
/// use std::task::Waker;
///
/// let mut batch = WakeBatch::new();
/// batch.push(Waker::noop().clone());
/// assert_eq!(batch.wake_all(), 1);
/// assert!(batch.is_empty());
/// ```
#[derive(Debug, Default)]
pub struct WakeBatch {
    wakers: Vec<Waker>,
}

impl WakeBatch {
    /// Makes an empty batch, without allocating.
    pub const fn new() -> Self {
        Self { wakers: Vec::new() }
    }

    /// Adds a waker.
    pub fn push(&mut self, waker: Waker) {
        self.wakers.push(waker);
    }

    /// How many wakers wait to be woken.
    pub fn len(&self) -> usize {
        self.wakers.len()
    }

    /// Whether there is nothing to wake.
    pub fn is_empty(&self) -> bool {
        self.wakers.is_empty()
    }

    /// Wakes all, in the order they were pushed, and says how many there were.
    ///
    /// A waker that panics does not keep the others from being woken; its panic has been reported
    /// by the panic hook and goes no further, since the thread that turns a driver is not the one
    /// that made the mistake.
    pub fn wake_all(&mut self) -> usize {
        let count = self.wakers.len();
        for waker in self.wakers.drain(..) {
            // A panicking payload may panic again when dropped: forget it instead.
            if let Err(payload) = catch_unwind(|| waker.wake()) {
                std::mem::forget(payload);
            }
        }
        count
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Explode;

    impl Wake for Explode {
        fn wake(self: Arc<Self>) {
            panic!("this waker always panics");
        }
    }

    #[test]
    fn a_panicking_waker_does_not_keep_the_others_from_being_woken() {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let mut batch = WakeBatch::new();
        batch.push(count.clone().into());
        batch.push(Arc::new(Explode).into());
        batch.push(count.clone().into());
        assert_eq!(batch.wake_all(), 3);
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
        assert!(batch.is_empty());
    }
}
