//! The two limits that a channel may have: a number, or none.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};

use super::chan::{Chan, Limit};
use crate::budget;
use crate::semaphore::TryAcquireError;
use crate::semaphore::batch::BatchSemaphore;
use crate::wakers::Wakers;

/// No limit.
#[derive(Debug)]
pub(super) struct Unlimited;

impl Limit for Unlimited {
    fn received(&self, _: usize) {}

    fn close(&self) -> Wakers {
        Wakers::new()
    }

    fn is_idle(&self) -> bool {
        // Nobody is about to push for longer than the lock is held.
        true
    }
}

/// So many messages. A permit is room for one: it is taken before a message is pushed, and given
/// back when the message is received, or the permit is dropped.
#[derive(Debug)]
pub(super) struct Limited {
    permits: BatchSemaphore,
    max: usize,
}

impl Limited {
    pub(super) fn new(max: usize) -> Self {
        Self {
            permits: BatchSemaphore::new(max),
            max,
        }
    }

    pub(super) fn max(&self) -> usize {
        self.max
    }

    pub(super) fn available(&self) -> usize {
        self.permits.available_permits()
    }
}

impl Limit for Limited {
    fn received(&self, messages: usize) {
        self.permits.add_permits(messages);
    }

    fn close(&self) -> Wakers {
        self.permits.close()
    }

    fn is_idle(&self) -> bool {
        self.available() == self.max
    }
}

/// The channel is closed.
#[derive(Debug)]
pub(super) struct Closed;

impl<T> Chan<T, Limited> {
    /// Takes that many permits, if they are there and nobody waits.
    pub(super) fn try_acquire(&self, permits: usize) -> Result<(), TryAcquireError> {
        self.limit.permits.try_acquire(permits)
    }

    /// Waits for that many permits. For more than there are it would wait for ever: they are refused.
    pub(super) async fn acquire(&self, permits: usize) -> Result<(), Closed> {
        if permits > self.limit.max {
            return Err(Closed);
        }
        let at_once = poll_fn(|cx| {
            // Who has to yield takes his place in the queue first.
            if !budget::has_remaining() {
                return Poll::Ready(Err(TryAcquireError::NoPermits));
            }
            let progress = ready!(budget::poll_proceed(cx));
            let result = self.try_acquire(permits);
            if result != Err(TryAcquireError::NoPermits) {
                progress.made_progress();
            }
            Poll::Ready(result)
        });
        match at_once.await {
            Ok(()) => return Ok(()),
            Err(TryAcquireError::Closed) => return Err(Closed),
            Err(TryAcquireError::NoPermits) => {}
        }
        // A wait that is given up gives back what it had, after which this is dropped.
        let _settle = Settle(self);
        let acquire = pin!(self.limit.permits.acquire(permits));
        acquire.await.map_err(|_| Closed)
    }

    /// Gives permits back that were not used.
    pub(super) fn give_back(&self, permits: usize) {
        self.limit.permits.add_permits(permits);
        self.settle();
    }

    /// After permits were given back: rule 3. Of those who give back the last, one at least finds
    /// that nobody has any.
    fn settle(&self) {
        if self.limit.permits.is_closed() && self.limit.is_idle() {
            self.wake_receiver();
        }
    }
}

struct Settle<'a, T>(&'a Chan<T, Limited>);

impl<T> Drop for Settle<'_, T> {
    fn drop(&mut self) {
        self.0.settle();
    }
}
