//! A task that always finds what it waits for yields now and then.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use pintle_sync::{CancellationToken, Mutex, Notify, RwLock, Semaphore, TaskTracker, budget};

use crate::place::spawn_blocking;

/// How often `operation` can be done in one poll of a task.
fn done_in_one_poll(operation: impl AsyncFn()) -> usize {
    let done = Cell::new(0);
    let mut task = pin!(async {
        loop {
            operation().await;
            done.set(done.get() + 1);
        }
    });
    let mut cx = Context::from_waker(Waker::noop());
    budget::with_fresh(|| assert!(task.as_mut().poll(&mut cx).is_pending()));
    done.get()
}

cases! {
    polls {
        every_wait_spends_a_unit_for_what_it_gets,
    }
    tasks {
        a_thread_that_blocks_is_not_told_to_yield,
    }
}

pub fn every_wait_spends_a_unit_for_what_it_gets() {
    let units = usize::from(budget::UNITS);
    let semaphore = Semaphore::new(3);
    assert_eq!(
        done_in_one_poll(async || drop(semaphore.acquire().await)),
        units
    );
    let mutex = Mutex::new(());
    assert_eq!(done_in_one_poll(async || drop(mutex.lock().await)), units);
    let rwlock = RwLock::new(());
    assert_eq!(done_in_one_poll(async || drop(rwlock.read().await)), units);
    assert_eq!(done_in_one_poll(async || drop(rwlock.write().await)), units);
    let notify = Notify::new();
    let notified = async || {
        notify.notify_one();
        notify.notified().await;
    };
    assert_eq!(done_in_one_poll(notified), units);
    let token = CancellationToken::new();
    token.cancel();
    assert_eq!(done_in_one_poll(async || token.cancelled().await), units);
    let tracker = TaskTracker::new();
    tracker.close();
    assert_eq!(done_in_one_poll(async || tracker.wait().await), units);
}

pub async fn a_thread_that_blocks_is_not_told_to_yield() {
    let blocks = || {
        let mutex = Mutex::new(());
        let mut cx = Context::from_waker(Waker::noop());
        budget::with_fresh(|| {
            while let Poll::Ready(unit) = budget::poll_proceed(&mut cx) {
                unit.made_progress();
            }
            drop(mutex.blocking_lock());
            assert!(!budget::has_remaining());
        });
    };
    spawn_blocking(blocks).await.unwrap();
}
