//! The barrier: nobody passes before all are there, one leads, and who leaves has not come.
//!
//! Checks: `executor/sync/src/barrier.rs`

#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::{Drops, model};
use pintle_sync::Barrier;
use pintle_sync::checked::block_on;

fn starts<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    future
}

/// a   write ─ wait ─ read the other's ─ wait ─ write
/// b   write ─ wait ─ read the other's ─ wait ─ write
#[test]
fn what_all_did_before_is_seen_by_all_after() {
    model(2, || {
        let barrier = Arc::new(Barrier::new(2));
        let items = Arc::new([Drops::new().item(1), Drops::new().item(2)]);
        let go = |barrier: &Barrier, items: &[_; 2], mine: usize| {
            let items: &[pintle_loom_tests::Item; 2] = items;
            items[mine].write();
            let first = block_on(barrier.wait()).is_leader();
            items[1 - mine].read();
            let second = block_on(barrier.wait()).is_leader();
            items[mine].write();
            [first, second].map(usize::from)
        };
        let other = {
            let (barrier, items) = (barrier.clone(), items.clone());
            thread::spawn(move || go(&barrier, &items, 0))
        };
        let ours = go(&barrier, &items, 1);
        let theirs = other.join().unwrap();
        assert_eq!([ours[0] + theirs[0], ours[1] + theirs[1]], [1, 1]);
    });
}

/// leaver   waits ─ drop ─ say so
/// a        wait          passes with the leaver, unless it has said so
/// b        wait          completes the round that is open then
#[test]
fn who_leaves_has_come_or_has_not_and_nothing_between() {
    model(3, || {
        let barrier = Arc::new(Barrier::new(2));
        let left = Arc::new(AtomicBool::new(false));
        let leaving = starts({
            let barrier = barrier.clone();
            async move { barrier.wait().await }
        });
        let leaver = {
            let left = left.clone();
            thread::spawn(move || {
                drop(leaving);
                left.store(true, Relaxed);
            })
        };
        let has_left = left.load(Relaxed);
        let mut ours = Box::pin(barrier.wait());
        let mut cx = Context::from_waker(Waker::noop());
        let led = ours.as_mut().poll(&mut cx).is_ready();
        assert!(!(led && has_left));
        // Of the next round, if the leaver's is complete.
        let next = led.then(|| starts(barrier.wait()));
        leaver.join().unwrap();
        assert!(block_on(barrier.wait()).is_leader());
        match next {
            Some(next) => assert!(!block_on(next).is_leader()),
            None => assert!(!block_on(ours).is_leader()),
        }
    });
}
