//! The value that is watched as its users see it, with no runtime.

#![cfg(not(loom))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::thread;

use futures_lite::future::block_on;
use pintle_sync::budget;
use pintle_sync::watch::error::SendError;
use pintle_sync::watch::{self, Receiver, Sender};

mod common;
use common::Task;

#[test]
fn the_initial_value_is_seen_and_each_change_is_not() {
    let (sender, mut receiver) = watch::channel(1);
    assert_eq!(receiver.has_changed(), Ok(false));
    let mut waiting = Task::waiting(receiver.changed());
    sender.send(2).unwrap();
    assert!(waiting.woken());
    assert_eq!(waiting.poll(), Poll::Ready(Ok(())));
    drop(waiting);
    assert_eq!(receiver.has_changed(), Ok(false));
    assert_eq!(*receiver.borrow(), 2);
}

#[test]
fn borrowing_does_not_count_as_seeing_unless_asked_for() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    assert!(receiver.borrow().has_changed());
    assert_eq!(receiver.has_changed(), Ok(true));
    let seen = receiver.borrow_and_update();
    assert!(seen.has_changed());
    assert_eq!(*seen, 2);
    drop(seen);
    assert!(!receiver.borrow().has_changed());
    drop(Task::waiting(receiver.changed()));
}

#[test]
fn many_changes_are_one_and_the_latest_value_is_seen() {
    let (sender, mut receiver) = watch::channel(0);
    for number in 1..10 {
        sender.send(number).unwrap();
    }
    block_on(receiver.changed()).unwrap();
    assert_eq!(*receiver.borrow(), 9);
    drop(Task::waiting(receiver.changed()));
}

#[test]
fn all_who_wait_are_woken_and_each_remembers_what_it_has_seen() {
    let (sender, mut a) = watch::channel(0);
    let mut b = a.clone();
    {
        let (one, two) = (Task::waiting(a.changed()), Task::waiting(b.changed()));
        sender.send(1).unwrap();
        assert!(one.woken() && two.woken());
        one.expect_ready().unwrap();
    }
    assert_eq!(a.has_changed(), Ok(false));
    assert_eq!(b.has_changed(), Ok(true));
    assert_eq!(b.clone().has_changed(), Ok(true));
    assert_eq!(sender.subscribe().has_changed(), Ok(false));
    assert!(a.same_channel(&b));
}

#[test]
fn a_change_is_not_lost_on_who_gives_up_in_mid_wait() {
    let (sender, mut receiver) = watch::channel(0);
    let waiting = Task::waiting(receiver.changed());
    sender.send(1).unwrap();
    assert!(waiting.woken());
    drop(waiting);
    Task::new(receiver.changed()).expect_ready().unwrap();
}

#[test]
fn what_is_seen_can_be_changed_by_hand() {
    let (sender, mut receiver) = watch::channel(0);
    receiver.mark_changed();
    assert_eq!(receiver.has_changed(), Ok(true));
    Task::new(receiver.changed()).expect_ready().unwrap();
    sender.send(1).unwrap();
    receiver.mark_unchanged();
    assert_eq!(receiver.has_changed(), Ok(false));
    drop(Task::waiting(receiver.changed()));
}

#[test]
fn who_waits_for_a_value_looks_at_what_is_there_and_at_every_change() {
    let (sender, mut receiver) = watch::channel(1);
    let now = Task::new(receiver.wait_for(|n| *n == 1)).expect_ready();
    assert!(!now.unwrap().has_changed());
    let mut waiting = Task::waiting(receiver.wait_for(|n| *n > 2));
    sender.send(2).unwrap();
    assert!(waiting.woken());
    assert!(waiting.poll().is_pending());
    sender.send(3).unwrap();
    let found = waiting.expect_ready().unwrap();
    assert_eq!(*found, 3);
    assert!(found.has_changed());
    drop(found);
    assert_eq!(receiver.has_changed(), Ok(false));
}

#[test]
fn the_last_value_is_seen_after_the_sender_is_gone() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    drop(sender);
    assert!(receiver.is_closed());
    assert!(receiver.has_changed().is_err());
    block_on(receiver.changed()).unwrap();
    assert!(block_on(receiver.changed()).is_err());
    assert_eq!(*receiver.borrow(), 2);
    assert_eq!(*block_on(receiver.wait_for(|n| *n == 2)).unwrap(), 2);
    assert!(block_on(receiver.wait_for(|n| *n == 3)).is_err());
}

#[test]
fn the_last_sender_that_goes_wakes_all_who_wait() {
    let (sender, mut a) = watch::channel(1);
    let mut b = a.clone();
    let other = sender.clone();
    assert_eq!(sender.sender_count(), 2);
    assert!(sender.same_channel(&other));
    let changed = Task::waiting(a.changed());
    let found = Task::waiting(b.wait_for(|n| *n == 2));
    drop(sender);
    assert!(!changed.woken());
    drop(other);
    assert!(changed.woken() && found.woken());
    assert!(changed.expect_ready().is_err());
    assert!(found.expect_ready().is_err());
}

#[test]
fn without_receivers_send_gives_back_and_the_others_do_not_care() {
    let (sender, receiver) = watch::channel(1);
    let waiting = Task::waiting(sender.closed());
    let another = receiver.clone();
    assert_eq!(sender.receiver_count(), 2);
    drop(receiver);
    assert!(!waiting.woken());
    drop(another);
    assert!(waiting.woken());
    waiting.expect_ready();
    assert!(sender.is_closed());
    assert_eq!(sender.send(2), Err(SendError(2)));
    assert_eq!(*sender.borrow(), 1);
    assert_eq!(sender.send_replace(3), 1);
    sender.send_modify(|n| *n += 1);
    assert!(sender.send_if_modified(|n| {
        *n += 1;
        true
    }));
    let receiver = sender.subscribe();
    assert_eq!(*receiver.borrow(), 5);
}

#[test]
fn a_change_that_says_it_is_none_wakes_nobody() {
    let (sender, mut receiver) = watch::channel(1);
    let waiting = Task::waiting(receiver.changed());
    assert!(!sender.send_if_modified(|_| false));
    assert!(!waiting.woken());
}

#[test]
fn a_change_that_panics_wakes_nobody_and_breaks_nothing() {
    let (sender, mut receiver) = watch::channel(1);
    let mut waiting = Task::waiting(receiver.changed());
    let change = |n: &mut i32| {
        *n = 2;
        panic!("in mid change");
    };
    assert!(catch_unwind(AssertUnwindSafe(|| sender.send_modify(change))).is_err());
    assert!(!waiting.woken());
    assert_eq!(*sender.borrow(), 2);
    sender.send(3).unwrap();
    assert!(waiting.woken());
    assert!(waiting.poll().is_ready());
}

#[test]
fn a_condition_that_panics_gives_the_value_free() {
    let (sender, mut receiver) = watch::channel(1);
    let panics = || drop(block_on(receiver.wait_for(|_| panic!("no idea"))));
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    sender.send(2).unwrap();
    assert_eq!(*receiver.borrow(), 2);
}

#[test]
fn the_value_can_be_borrowed_twice_while_a_writer_waits() {
    let (sender, receiver) = watch::channel(1);
    let first = receiver.borrow();
    let thread = thread::spawn(move || sender.send_replace(2));
    for _ in 0..1000 {
        assert_eq!(*receiver.borrow(), 1);
        thread::yield_now();
    }
    drop(first);
    assert_eq!(thread.join().unwrap(), 1);
    assert_eq!(*receiver.borrow(), 2);
}

#[test]
fn values_are_dropped_once_when_they_are_replaced_or_all_is_gone() {
    let counted = Arc::new(());
    let here = || Arc::strong_count(&counted) - 1;
    let (sender, receiver) = watch::channel(counted.clone());
    sender.send(counted.clone()).unwrap();
    assert_eq!(here(), 1);
    drop(sender);
    assert_eq!(here(), 1);
    drop(receiver);
    assert_eq!(here(), 0);
}

#[test]
fn threads_see_values_in_order_and_the_last_one_for_sure() {
    const LAST: u32 = 20_000;
    let (sender, receiver) = watch::channel(0);
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let mut receiver = receiver.clone();
            thread::spawn(move || {
                let mut before = 0;
                while block_on(receiver.changed()).is_ok() {
                    let now = *receiver.borrow_and_update();
                    assert!(now >= before);
                    before = now;
                }
                before
            })
        })
        .collect();
    drop(receiver);
    for number in 1..=LAST {
        sender.send(number).unwrap();
    }
    drop(sender);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), LAST);
    }
}

#[test]
fn waiting_takes_part_in_the_budget() {
    let (_sender, mut receiver) = watch::channel(0);
    budget::with_fresh(|| {
        for _ in 0..budget::UNITS {
            receiver.mark_changed();
            Task::new(receiver.changed()).expect_ready().unwrap();
        }
        receiver.mark_changed();
        assert!(Task::waiting(receiver.changed()).woken());
        assert!(Task::waiting(receiver.wait_for(|_| true)).woken());
    });
    assert!(Task::new(receiver.wait_for(|_| true)).poll().is_ready());
}

#[test]
fn the_ends_go_wherever_the_value_may_be_shared() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    check::<Sender<u32>>();
    check::<Receiver<u32>>();
    assert_eq!(Sender::<u32>::default().send_replace(1), 0);
}
