//! The barrier as its users see it, with no runtime.

#![cfg(not(loom))]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::Task;
use futures_lite::future::block_on;
use pintle_sync::Barrier;

#[test]
fn all_wait_for_the_last_who_leads() {
    let barrier = Barrier::new(3);
    for _ in 0..3 {
        let one = Task::waiting(barrier.wait());
        let other = Task::waiting(barrier.wait());
        assert!(Task::new(barrier.wait()).expect_ready().is_leader());
        assert!(one.woken() && other.woken());
        assert!(!one.expect_ready().is_leader());
        assert!(!other.expect_ready().is_leader());
    }
}

#[test]
fn nobody_waits_for_nobody() {
    for n in [0, 1] {
        let barrier = Barrier::new(n);
        assert!(block_on(barrier.wait()).is_leader());
        assert!(block_on(barrier.wait()).is_leader());
    }
}

#[test]
fn who_gives_up_has_not_come() {
    let barrier = Barrier::new(2);
    drop(Task::waiting(barrier.wait()));
    let one = Task::waiting(barrier.wait());
    assert!(!one.woken());
    assert!(Task::new(barrier.wait()).expect_ready().is_leader());
    // Dropped after its round was complete: of the next it is not a part.
    drop(one);
    drop(Task::waiting(barrier.wait()));
    let one = Task::waiting(barrier.wait());
    assert!(block_on(barrier.wait()).is_leader());
    one.expect_ready();
}

#[test]
fn a_future_that_is_never_polled_has_not_come() {
    let barrier = Barrier::new(2);
    drop(barrier.wait());
    drop(Task::waiting(barrier.wait()));
}

#[test]
fn many_threads_go_round_together() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 200;
    let barrier = Arc::new(Barrier::new(THREADS));
    let (arrived, leaders) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (barrier, arrived) = (barrier.clone(), arrived.clone());
            let leaders = leaders.clone();
            thread::spawn(move || {
                for round in 1..=ROUNDS {
                    arrived.fetch_add(1, Ordering::SeqCst);
                    let result = block_on(barrier.wait());
                    assert!(arrived.load(Ordering::SeqCst) >= round * THREADS);
                    leaders.fetch_add(usize::from(result.is_leader()), Ordering::SeqCst);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(leaders.load(Ordering::SeqCst), ROUNDS);
}
