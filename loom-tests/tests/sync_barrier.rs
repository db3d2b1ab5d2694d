//! The barrier: nobody passes before all are there, one leads, and who leaves has not come.
//!
//! Checks: `executor/sync/src/barrier.rs`

#![cfg(loom)]

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::{Drops, Item, model, starts};
use pintle_sync::Barrier;
use pintle_sync::checked::block_on;

/// a   write ─ wait ─ read the other's ─ wait ─ write
/// b   write ─ wait ─ read the other's ─ wait ─ write
#[test]
fn what_all_did_before_is_seen_by_all_after() {
    model(2, || {
        let barrier = Arc::new(Barrier::new(2));
        let items = Arc::new([Drops::new().item(1), Drops::new().item(2)]);
        let go = |barrier: &Barrier, items: &[Item; 2], mine: usize| {
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

/// a, b, c    write ─ wait ─ read all        one of them leads
///
/// Broken by a round that is complete when the last but one is there, and by a wake-up that is
/// for one alone.
#[test]
fn of_three_one_leads_and_each_sees_what_the_others_did() {
    model(2, || {
        let barrier = Arc::new(Barrier::new(3));
        let items = Arc::new([1, 2, 3].map(|name| Drops::new().item(name)));
        let go = |barrier: &Barrier, items: &[Item; 3], mine: usize| {
            items[mine].write();
            let leads = block_on(barrier.wait()).is_leader();
            for item in items {
                item.read();
            }
            usize::from(leads)
        };
        let others = [0, 1].map(|mine| {
            let (barrier, items) = (barrier.clone(), items.clone());
            thread::spawn(move || go(&barrier, &items, mine))
        });
        let ours = go(&barrier, &items, 2);
        let theirs: usize = others.map(|other| other.join().unwrap()).into_iter().sum();
        assert_eq!(ours + theirs, 1);
    });
}

/// leaver    waits ─ drop ─ say so
/// a         waits
/// b         wait              completes the round, unless the leaver has said so
///
/// And the next round, in which somebody may wait by then, is as if nothing had been. Broken by a
/// leaver who stays counted, and by one who is taken off the next round when his own was complete.
#[test]
fn who_leaves_in_mid_wait_leaves_the_count_right() {
    model(3, || {
        let barrier = Arc::new(Barrier::new(3));
        let wait = || {
            let barrier = barrier.clone();
            async move { barrier.wait().await.is_leader() }
        };
        let (leaving, a) = (starts(wait()), starts(wait()));
        let left = Arc::new(AtomicBool::new(false));
        let leaver = {
            let left = left.clone();
            thread::spawn(move || {
                drop(leaving);
                left.store(true, Relaxed);
            })
        };
        let has_left = left.load(Relaxed);
        let mut b = Box::pin(wait());
        let mut cx = Context::from_waker(Waker::noop());
        let mut next = Vec::new();
        if b.as_mut().poll(&mut cx) == Poll::Ready(true) {
            assert!(!has_left && !block_on(a));
            next.push(starts(wait()));
            leaver.join().unwrap();
        } else {
            leaver.join().unwrap();
            assert!(block_on(wait()));
            assert!(!block_on(a) && !block_on(b));
            next.push(starts(wait()));
        }
        next.push(starts(wait()));
        assert!(block_on(wait()));
        for waiter in next {
            assert!(!block_on(waiter));
        }
    });
}

/// a    waits
/// b    wait
/// c    wait        one of b and c completes the round of a, the other is of the next
///
/// Broken by a leader that wakes those who wait when it has let go of the round, and so those who
/// have come since.
#[test]
fn who_comes_as_a_round_ends_waits_for_the_next_to_end() {
    model(3, || {
        let barrier = Arc::new(Barrier::new(2));
        let wait = || {
            let barrier = barrier.clone();
            async move { barrier.wait().await.is_leader() }
        };
        let a = starts(wait());
        let b = wait();
        let b = thread::spawn(move || block_on(b));
        let mut c = Box::pin(wait());
        let mut cx = Context::from_waker(Waker::noop());
        if c.as_mut().poll(&mut cx) == Poll::Ready(true) {
            let led = block_on(wait());
            assert_ne!(led, b.join().unwrap());
        } else {
            assert!(b.join().unwrap());
            assert!(c.as_mut().poll(&mut cx).is_pending());
            assert!(block_on(wait()));
            assert!(!block_on(c));
        }
        assert!(!block_on(a));
    });
}
