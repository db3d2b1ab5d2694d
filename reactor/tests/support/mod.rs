//! A worker in thirty lines: polls one future, and turns the driver when it has to wait.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use pintle_reactor::{Driver, Wait, current};
use pintle_sync::WakeBatch;

/// A test that waits this long has hung.
const HANG: Duration = Duration::from_secs(20);

struct Woken {
    flag: AtomicBool,
    driver: Arc<Driver>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        if !self.flag.swap(true, Ordering::AcqRel) {
            self.driver.unpark().expect("unpark");
        }
    }
}

/// Runs `future` to its end on a driver of its own.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let driver = Driver::new(64).expect("driver");
    let _seated = current::enter(driver.clone());
    let woken = Arc::new(Woken {
        flag: AtomicBool::new(true),
        driver: driver.clone(),
    });
    let waker = Waker::from(woken.clone());
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    let mut batch = WakeBatch::new();
    let deadline = Instant::now() + HANG;
    loop {
        if woken.flag.swap(false, Ordering::AcqRel)
            && let Poll::Ready(done) = future.as_mut().poll(&mut cx)
        {
            return done;
        }
        assert!(
            Instant::now() < deadline,
            "nothing has happened for {HANG:?}"
        );
        driver
            .turn(Wait::Until(deadline), &mut batch)
            .expect("turn");
        batch.wake_all();
    }
}
