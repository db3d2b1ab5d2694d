//! The barrier: nobody passes before all are there, one leads, and who leaves has not come.

#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

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

/// leaver   waits ─ drop
/// a        wait          passes with the leaver, or waits for b
/// b        wait, once it is known that somebody is missing
#[test]
fn who_leaves_has_come_or_has_not_and_nothing_between() {
    model(3, || {
        let barrier = Arc::new(Barrier::new(2));
        let mut leaving = starts({
            let barrier = barrier.clone();
            async move { barrier.wait().await }
        });
        let leaver = thread::spawn(move || {
            let mut cx = Context::from_waker(Waker::noop());
            leaving.as_mut().poll(&mut cx).is_ready()
        });
        let mut ours = Box::pin(barrier.wait());
        let mut cx = Context::from_waker(Waker::noop());
        let led = ours.as_mut().poll(&mut cx).is_ready();
        let passed = leaver.join().unwrap();
        assert!(led || !passed);
        if !led {
            // We are the only one in this round, so one more completes it.
            assert!(block_on(barrier.wait()).is_leader());
            block_on(ours);
        }
        // The next round is a whole one.
        let one = starts(barrier.wait());
        assert!(block_on(barrier.wait()).is_leader());
        block_on(one);
    });
}
