//! The channel from all to all as its users see it, with no runtime.

#![cfg(not(loom))]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::thread;

use futures_lite::future::block_on;
use pintle_sync::broadcast::error::{RecvError, SendError, TryRecvError};
use pintle_sync::broadcast::{self, Receiver, Sender, WeakSender};
use pintle_sync::{blocking, budget};

mod common;
use common::Task;

#[test]
fn every_receiver_gets_every_value_in_order() {
    let (sender, mut a) = broadcast::channel(8);
    let mut b = sender.subscribe();
    for number in 0..5 {
        assert_eq!(sender.send(number), Ok(2));
    }
    for number in 0..5 {
        assert_eq!(a.try_recv(), Ok(number));
        assert_eq!(block_on(b.recv()), Ok(number));
    }
    assert_eq!(a.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(b.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn all_who_wait_are_woken_by_one_value() {
    let (sender, mut a) = broadcast::channel(8);
    let mut b = sender.subscribe();
    let (one, two) = (Task::waiting(a.recv()), Task::waiting(b.recv()));
    sender.send(1).unwrap();
    assert!(one.woken() && two.woken());
    assert_eq!(one.expect_ready(), Ok(1));
    assert_eq!(two.expect_ready(), Ok(1));
}

#[test]
fn a_receiver_gets_what_is_sent_after_it_subscribed() {
    let (sender, mut old) = broadcast::channel(8);
    sender.send(1).unwrap();
    let mut new = old.resubscribe();
    sender.send(2).unwrap();
    assert_eq!(new.try_recv(), Ok(2));
    assert_eq!(old.try_recv(), Ok(1));
    assert!(old.same_channel(&new));
    assert_eq!(sender.receiver_count(), 2);
}

#[test]
fn a_receiver_that_lags_is_told_how_many_it_missed_and_goes_on_with_the_oldest() {
    let (sender, mut slow) = broadcast::channel(4);
    let mut quick = sender.subscribe();
    for number in 0..10 {
        sender.send(number).unwrap();
        assert_eq!(quick.try_recv(), Ok(number));
    }
    assert_eq!(slow.len(), 10);
    assert_eq!(slow.try_recv(), Err(TryRecvError::Lagged(6)));
    assert_eq!(slow.len(), 4);
    for number in 6..10 {
        assert_eq!(block_on(slow.recv()), Ok(number));
    }
    for number in 0..5 {
        sender.send(number).unwrap();
    }
    assert_eq!(block_on(slow.recv()), Err(RecvError::Lagged(1)));
    assert_eq!(block_on(slow.recv()), Ok(1));
}

#[test]
fn the_capacity_is_rounded_up_to_a_power_of_two() {
    let (sender, mut receiver) = broadcast::channel(3);
    for number in 0..4 {
        sender.send(number).unwrap();
    }
    assert_eq!(receiver.try_recv(), Ok(0));
}

#[test]
fn a_receiver_that_gives_up_in_mid_wait_loses_nothing() {
    let (sender, mut receiver) = broadcast::channel(4);
    let waiting = Task::waiting(receiver.recv());
    sender.send(1).unwrap();
    assert!(waiting.woken());
    drop(waiting);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn without_receivers_the_value_comes_back() {
    let (sender, receiver) = broadcast::channel(4);
    let mut waiting = Task::waiting(sender.closed());
    drop(receiver);
    assert!(waiting.woken());
    assert!(waiting.poll().is_ready());
    assert_eq!(sender.send(1), Err(SendError(1)));
    let mut receiver = sender.subscribe();
    assert_eq!(sender.send(2), Ok(1));
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn who_waits_for_the_last_receiver_goes_on_waiting_if_another_came() {
    let (sender, receiver) = broadcast::channel::<u32>(4);
    let mut waiting = Task::waiting(sender.closed());
    drop(receiver);
    let another = sender.subscribe();
    assert!(waiting.poll().is_pending());
    drop(another);
    assert!(waiting.woken());
    waiting.expect_ready();
}

#[test]
fn the_last_sender_that_goes_ends_the_channel_after_what_was_sent() {
    let (sender, mut receiver) = broadcast::channel(4);
    let other = sender.clone();
    let weak = other.downgrade();
    assert_eq!((sender.strong_count(), sender.weak_count()), (2, 1));
    sender.send(1).unwrap();
    drop(sender);
    assert_eq!(receiver.try_recv(), Ok(1));
    let mut waiting = Task::waiting(receiver.recv());
    assert!(weak.upgrade().unwrap().same_channel(&other));
    drop(other);
    assert!(waiting.woken());
    assert_eq!(waiting.poll(), Poll::Ready(Err(RecvError::Closed)));
    drop(waiting);
    assert!(receiver.is_closed());
    assert!(weak.upgrade().is_none());
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 1));
    assert_eq!(receiver.resubscribe().try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_value_is_gone_when_the_last_receiver_has_had_it_or_has_gone() {
    let counted = Arc::new(());
    let here = || Arc::strong_count(&counted) - 1;
    let (sender, mut a) = broadcast::channel(4);
    let mut b = sender.subscribe();
    sender.send(counted.clone()).unwrap();
    sender.send(counted.clone()).unwrap();
    assert_eq!((sender.len(), here()), (2, 2));
    drop(a.try_recv());
    assert_eq!((sender.len(), here()), (2, 2));
    drop(b.try_recv());
    assert_eq!((sender.len(), here()), (1, 1));
    drop(a);
    assert_eq!(here(), 1);
    assert_eq!(sender.receiver_count(), 1);
    drop(b);
    assert_eq!(here(), 0);
    assert!(sender.is_empty());
}

#[test]
fn what_is_written_over_or_left_behind_is_dropped_once() {
    let counted = Arc::new(());
    let here = || Arc::strong_count(&counted) - 1;
    let (sender, lagging) = broadcast::channel(2);
    for _ in 0..5 {
        sender.send(counted.clone()).unwrap();
    }
    assert_eq!(here(), 2);
    drop(lagging);
    assert_eq!(here(), 0);

    let receiver = sender.subscribe();
    sender.send(counted.clone()).unwrap();
    drop(sender);
    assert_eq!(here(), 1);
    drop(receiver);
    assert_eq!(here(), 0);
}

#[test]
fn the_last_receiver_gets_the_value_itself() {
    #[derive(Debug)]
    struct Clones(u32);
    impl Clone for Clones {
        fn clone(&self) -> Self {
            Self(self.0 + 1)
        }
    }
    let (sender, mut a) = broadcast::channel(2);
    let mut b = sender.subscribe();
    sender.send(Clones(0)).unwrap();
    assert_eq!(a.try_recv().unwrap().0, 1);
    assert_eq!(b.try_recv().unwrap().0, 0);
}

/// Panics when it is cloned, or when it is dropped.
struct Touchy<'a> {
    drops: &'a Cell<u32>,
    on_clone: bool,
    on_drop: bool,
}

impl Clone for Touchy<'_> {
    fn clone(&self) -> Self {
        assert!(!self.on_clone, "this value panics when cloned");
        Self { ..*self }
    }
}

impl Drop for Touchy<'_> {
    fn drop(&mut self) {
        self.drops.set(self.drops.get() + 1);
        assert!(!self.on_drop, "this value panics when dropped");
    }
}

#[test]
fn a_clone_that_panics_harms_only_who_asked_for_it() {
    let drops = Cell::new(0);
    let value = |on_clone| Touchy {
        drops: &drops,
        on_clone,
        on_drop: false,
    };
    let (sender, mut a) = broadcast::channel(4);
    let mut b = sender.subscribe();
    assert!(sender.send(value(true)).is_ok());
    assert!(sender.send(value(false)).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| a.try_recv().map(drop))).is_err());
    // It counts as received, by the one; the other, being the last, gets it without a clone.
    assert!(a.try_recv().is_ok());
    assert!(b.try_recv().is_ok());
    assert!(b.try_recv().is_ok());
    assert_eq!(drops.get(), 3);
}

#[test]
fn a_value_that_panics_when_dropped_harms_only_who_drops_it() {
    let drops = Cell::new(0);
    let value = |on_drop| Touchy {
        drops: &drops,
        on_clone: false,
        on_drop,
    };
    let (sender, receiver) = broadcast::channel(4);
    for on_drop in [false, true, false] {
        assert!(sender.send(value(on_drop)).is_ok());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(receiver))).is_err());
    assert_eq!(drops.get(), 3);
    assert!(sender.is_empty());

    let mut receiver = sender.subscribe();
    for on_drop in [true, false, false, false] {
        assert!(sender.send(value(on_drop)).is_ok());
    }
    // This one writes over the one that panics.
    assert!(catch_unwind(AssertUnwindSafe(|| sender.send(value(false)).is_ok())).is_err());
    assert!(matches!(receiver.try_recv(), Err(TryRecvError::Lagged(1))));
    for _ in 0..4 {
        assert!(receiver.try_recv().is_ok());
    }
    assert!(matches!(receiver.try_recv(), Err(TryRecvError::Empty)));
}

#[test]
fn every_thread_gets_every_value_of_every_thread() {
    const VALUES: usize = 2_000;
    let sender = broadcast::Sender::new(2 * VALUES);
    let receivers: Vec<_> = (0..3)
        .map(|_| {
            let mut receiver = sender.subscribe();
            thread::spawn(move || {
                let mut next = [0, 0];
                while let Ok((thread, number)) = block_on(receiver.recv()) {
                    assert_eq!(number, next[thread]);
                    next[thread] += 1;
                }
                next
            })
        })
        .collect();
    let senders = [0, 1].map(|thread| {
        let sender = sender.clone();
        thread::spawn(move || {
            for number in 0..VALUES {
                sender.send((thread, number)).unwrap();
            }
        })
    });
    drop(sender);
    for sender in senders {
        sender.join().unwrap();
    }
    for receiver in receivers {
        assert_eq!(receiver.join().unwrap(), [VALUES, VALUES]);
    }
}

#[test]
fn a_thread_that_lags_counts_every_value_once_received_or_missed() {
    const VALUES: u64 = 20_000;
    let (sender, mut receiver) = broadcast::channel(4);
    let thread = thread::spawn(move || {
        let (mut expected, mut seen) = (0, 0);
        loop {
            match block_on(receiver.recv()) {
                Ok(number) => {
                    assert_eq!(number, expected);
                    expected += 1;
                    seen += 1;
                }
                Err(RecvError::Lagged(missed)) => expected += missed,
                Err(RecvError::Closed) => return (expected, seen),
            }
        }
    });
    for number in 0..VALUES {
        sender.send(number).unwrap();
    }
    drop(sender);
    let (accounted, seen) = thread.join().unwrap();
    assert_eq!(accounted, VALUES);
    assert!(seen >= 4);
}

#[test]
fn a_thread_can_wait_unless_tasks_run_on_it() {
    let (sender, mut receiver) = broadcast::channel(4);
    let thread = thread::spawn(move || receiver.blocking_recv());
    sender.send(1).unwrap();
    assert_eq!(thread.join().unwrap(), Ok(1));

    let mut receiver = sender.subscribe();
    let _denied = blocking::deny();
    assert!(catch_unwind(AssertUnwindSafe(|| receiver.blocking_recv())).is_err());
}

#[test]
fn receiving_takes_part_in_the_budget() {
    let (sender, mut receiver) = broadcast::channel(256);
    for number in 0..256 {
        sender.send(number).unwrap();
    }
    budget::with_fresh(|| {
        for number in 0..i32::from(budget::UNITS) {
            assert_eq!(Task::new(receiver.recv()).expect_ready(), Ok(number));
        }
        let refused = Task::waiting(receiver.recv());
        assert!(refused.woken());
    });
    assert_eq!(receiver.try_recv(), Ok(i32::from(budget::UNITS)));
}

#[test]
#[should_panic(expected = "needs a capacity of at least 1")]
fn a_channel_that_keeps_nothing_is_refused() {
    let _ = broadcast::channel::<()>(0);
}

#[test]
fn the_ends_go_wherever_the_values_may_go() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    // `Send`, but not `Sync`: cloned by one receiver at a time.
    check::<Sender<Cell<u32>>>();
    check::<WeakSender<Cell<u32>>>();
    check::<Receiver<Cell<u32>>>();
}
