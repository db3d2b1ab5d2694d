//! Tasks and drivers turned by hand, so that a test decides what happens when.
#![allow(dead_code, reason = "each test file uses its part")]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use pintle_reactor::{Driver, Wait, current};
use pintle_sync::WakeBatch;

/// Waiting for longer than this is a hang.
pub const HANG: Duration = Duration::from_secs(20);

pub fn driver() -> Arc<Driver> {
    Driver::new(64).expect("driver")
}

/// Counts the wakes of a task, and ends the wait of the driver that its test turns.
pub struct Task {
    wakes: AtomicUsize,
    driver: Arc<Driver>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::AcqRel);
        self.driver.unpark().expect("unpark");
    }
}

impl Task {
    pub fn on(driver: &Arc<Driver>) -> Arc<Self> {
        Arc::new(Self {
            wakes: AtomicUsize::new(0),
            driver: driver.clone(),
        })
    }

    pub fn wakes(&self) -> usize {
        self.wakes.load(Ordering::Acquire)
    }

    /// Polls with `driver` in the seat.
    pub fn poll<F: Future>(
        self: &Arc<Self>,
        driver: &Arc<Driver>,
        future: Pin<&mut F>,
    ) -> Poll<F::Output> {
        let _seated = current::enter(driver.clone());
        self.poll_unseated(future)
    }

    pub fn poll_unseated<F: Future>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
        let waker = Waker::from(self.clone());
        future.poll(&mut Context::from_waker(&waker))
    }

    /// Turns `driver` until the task has been woken so many times in all.
    pub fn turn_until(&self, driver: &Driver, wakes: usize) {
        let deadline = Instant::now() + HANG;
        while self.wakes() < wakes {
            assert!(Instant::now() < deadline, "never woken");
            turn(driver, Wait::Until(deadline));
        }
    }
}

/// One turn, with its wakes; says how many events it brought.
pub fn turn(driver: &Driver, wait: Wait) -> usize {
    let mut batch = WakeBatch::new();
    let turn = driver.turn(wait, &mut batch).expect("turn");
    batch.wake_all();
    turn.events
}

/// Turns without waiting until nothing is left to hear.
pub fn settle(driver: &Driver) {
    while turn(driver, Wait::No) > 0 {}
}

/// Runs a future on a driver.
pub fn run<F: Future>(driver: &Arc<Driver>, future: F) -> F::Output {
    let mut future = pin!(future);
    let task = Task::on(driver);
    loop {
        let wakes = task.wakes();
        if let Poll::Ready(output) = task.poll(driver, future.as_mut()) {
            return output;
        }
        task.turn_until(driver, wakes + 1);
    }
}

/// Both, on one task.
pub async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    futures_lite::future::zip(a, b).await
}
