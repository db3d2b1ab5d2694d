//! What the behaviour tests share: a waker that counts, and a worker without a runtime.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use pintle_sync::WakeBatch;
use pintle_timer::current::{self, Seated};
use pintle_timer::{Clock, Driver, Duration};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often it is woken.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn waker(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }

    /// How often since it was last asked.
    pub fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }

    pub fn poll<F: Future + ?Sized>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&self.waker()))
    }
}

/// A driver with a clock, turned by hand.
pub struct Worker {
    pub driver: Arc<Driver>,
    pub clock: Clock,
    pub unparks: Arc<Count>,
}

impl Worker {
    pub fn paused() -> Self {
        Self::with_clock(Clock::new(true))
    }

    pub fn with_clock(clock: Clock) -> Self {
        let unparks = Count::new();
        let driver = Driver::new(clock.clone(), unparks.waker());
        Self {
            driver,
            clock,
            unparks,
        }
    }

    pub fn seat(&self) -> Seated {
        current::enter(self.driver.clone())
    }

    /// Turns the driver and wakes what is due.
    pub fn turn(&self) -> usize {
        let mut batch = WakeBatch::new();
        let fired = self.driver.turn(&mut batch);
        assert_eq!(batch.wake_all(), fired);
        fired
    }

    pub fn advance(&self, duration: Duration) -> usize {
        self.clock.advance(duration);
        self.turn()
    }

    pub fn orphan(&self) -> usize {
        let mut batch = WakeBatch::new();
        self.driver.orphan(&mut batch);
        batch.wake_all()
    }
}

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
