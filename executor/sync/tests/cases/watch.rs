//! The value that is watched as its users see it.

use std::sync::Arc;
use std::task::Poll;

use pintle_sync::watch::error::SendError;
use pintle_sync::{budget, watch};

use super::hand::{Task, exploding_waker};
use super::{abort, join_all, now, panic_of, panic_quietly, spawn_waiting};
use crate::place::{spawn, spawn_blocking, yield_now};

cases! {
    polls {
        the_initial_value_is_seen_and_each_change_is_not,
        borrowing_does_not_count_as_seeing_unless_asked_for,
        many_changes_are_one_and_the_latest_value_is_seen,
        all_who_wait_are_woken_and_each_remembers_what_it_has_seen,
        a_change_is_not_lost_on_who_gives_up_in_mid_wait,
        what_is_seen_can_be_changed_by_hand,
        who_waits_for_a_value_looks_at_what_is_there_and_at_every_change,
        the_last_value_is_seen_after_the_sender_is_gone,
        the_last_sender_that_goes_wakes_all_who_wait,
        without_receivers_send_gives_back_and_the_others_do_not_care,
        a_change_that_says_it_is_none_wakes_nobody,
        a_change_that_panics_wakes_nobody_and_breaks_nothing,
        a_condition_that_panics_gives_the_value_free,
        values_are_dropped_once_when_they_are_replaced_or_all_is_gone,
        waiting_takes_part_in_the_budget,
        the_default_sender_watches_the_default_value,
        every_closure_that_panics_leaves_the_value_as_it_is_and_free,
        a_waiter_that_leaves_from_the_middle_disturbs_nobody,
        a_wake_up_that_panics_does_not_keep_the_others_from_theirs,
        a_sender_that_gives_up_waiting_for_the_last_receiver_disturbs_nobody,
    }
    tasks {
        tasks_see_values_in_order_and_the_last_one_for_sure,
        the_value_can_be_borrowed_twice_while_a_writer_waits,
        a_task_that_panics_in_a_change_harms_only_itself,
        an_aborted_watcher_keeps_nobody_from_the_change,
        who_waits_for_a_value_in_a_task_sees_it_or_the_end,
    }
}

pub fn the_initial_value_is_seen_and_each_change_is_not() {
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

pub fn borrowing_does_not_count_as_seeing_unless_asked_for() {
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

pub fn many_changes_are_one_and_the_latest_value_is_seen() {
    let (sender, mut receiver) = watch::channel(0);
    for number in 1..10 {
        sender.send(number).unwrap();
    }
    now(receiver.changed()).unwrap();
    assert_eq!(*receiver.borrow(), 9);
    drop(Task::waiting(receiver.changed()));
}

pub fn all_who_wait_are_woken_and_each_remembers_what_it_has_seen() {
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

pub fn a_change_is_not_lost_on_who_gives_up_in_mid_wait() {
    let (sender, mut receiver) = watch::channel(0);
    let waiting = Task::waiting(receiver.changed());
    sender.send(1).unwrap();
    assert!(waiting.woken());
    drop(waiting);
    Task::new(receiver.changed()).expect_ready().unwrap();
}

pub fn what_is_seen_can_be_changed_by_hand() {
    let (sender, mut receiver) = watch::channel(0);
    receiver.mark_changed();
    assert_eq!(receiver.has_changed(), Ok(true));
    Task::new(receiver.changed()).expect_ready().unwrap();
    sender.send(1).unwrap();
    receiver.mark_unchanged();
    assert_eq!(receiver.has_changed(), Ok(false));
    drop(Task::waiting(receiver.changed()));
}

pub fn who_waits_for_a_value_looks_at_what_is_there_and_at_every_change() {
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

pub fn the_last_value_is_seen_after_the_sender_is_gone() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    drop(sender);
    assert!(receiver.is_closed());
    assert!(receiver.has_changed().is_err());
    now(receiver.changed()).unwrap();
    assert!(now(receiver.changed()).is_err());
    assert_eq!(*receiver.borrow(), 2);
    assert_eq!(*now(receiver.wait_for(|n| *n == 2)).unwrap(), 2);
    assert!(now(receiver.wait_for(|n| *n == 3)).is_err());
}

pub fn the_last_sender_that_goes_wakes_all_who_wait() {
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

pub fn without_receivers_send_gives_back_and_the_others_do_not_care() {
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

pub fn a_change_that_says_it_is_none_wakes_nobody() {
    let (sender, mut receiver) = watch::channel(1);
    let waiting = Task::waiting(receiver.changed());
    assert!(!sender.send_if_modified(|_| false));
    assert!(!waiting.woken());
}

pub fn a_change_that_panics_wakes_nobody_and_breaks_nothing() {
    let (sender, mut receiver) = watch::channel(1);
    let mut waiting = Task::waiting(receiver.changed());
    let change = |n: &mut i32| {
        *n = 2;
        panic!("in mid change");
    };
    panic_of(|| sender.send_modify(change));
    assert!(!waiting.woken());
    assert_eq!(*sender.borrow(), 2);
    sender.send(3).unwrap();
    assert!(waiting.woken());
    assert!(waiting.poll().is_ready());
}

pub fn a_condition_that_panics_gives_the_value_free() {
    let (sender, mut receiver) = watch::channel(1);
    let panics = || drop(now(receiver.wait_for(|_| panic!("no idea"))));
    panic_of(panics);
    sender.send(2).unwrap();
    assert_eq!(*receiver.borrow(), 2);
}

pub fn values_are_dropped_once_when_they_are_replaced_or_all_is_gone() {
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

pub fn waiting_takes_part_in_the_budget() {
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

pub fn the_default_sender_watches_the_default_value() {
    assert_eq!(watch::Sender::<u32>::default().send_replace(1), 0);
}

pub fn every_closure_that_panics_leaves_the_value_as_it_is_and_free() {
    let (sender, receiver) = watch::channel(1);
    panic_of(|| sender.send_if_modified(|_| panic!("no idea")));
    panic_of(|| sender.send_modify(|_| panic!("no idea")));
    panic_of(|| {
        let _borrowed = sender.borrow();
        let _borrowed_too = receiver.borrow();
        panic!("while it is borrowed");
    });
    assert_eq!(receiver.has_changed(), Ok(false));
    assert_eq!(sender.send_replace(2), 1);
    assert_eq!(*receiver.borrow(), 2);
}

pub fn a_waiter_that_leaves_from_the_middle_disturbs_nobody() {
    let (sender, mut a) = watch::channel(0);
    let (mut b, mut c) = (a.clone(), a.clone());
    let (one, leaves, other) = (
        Task::waiting(a.changed()),
        Task::waiting(b.changed()),
        Task::waiting(c.wait_for(|n| *n == 1)),
    );
    drop(leaves);
    sender.send(1).unwrap();
    assert!(one.woken() && other.woken());
    one.expect_ready().unwrap();
    assert_eq!(*other.expect_ready().unwrap(), 1);
}

pub fn a_wake_up_that_panics_does_not_keep_the_others_from_theirs() {
    let (sender, mut a) = watch::channel(0);
    let mut b = a.clone();
    let mut one = Task::new(a.changed());
    assert!(one.poll_with(&exploding_waker()).is_pending());
    let other = Task::waiting(b.changed());
    sender.send(1).unwrap();
    assert!(other.woken());
    one.expect_ready().unwrap();
}

pub fn a_sender_that_gives_up_waiting_for_the_last_receiver_disturbs_nobody() {
    let (sender, receiver) = watch::channel(0);
    let (leaves, stays) = (
        Task::waiting(sender.closed()),
        Task::waiting(sender.closed()),
    );
    drop(leaves);
    drop(receiver);
    assert!(stays.woken());
    stays.expect_ready();
}

pub async fn tasks_see_values_in_order_and_the_last_one_for_sure() {
    const LAST: u32 = 5_000;
    let (sender, receiver) = watch::channel(0);
    let tasks = [(); 3].map(|()| {
        let mut receiver = receiver.clone();
        spawn(async move {
            let mut before = *receiver.borrow_and_update();
            while receiver.changed().await.is_ok() {
                let now = *receiver.borrow_and_update();
                assert!(now > before, "{now} after {before}");
                before = now;
            }
            before
        })
    });
    drop(receiver);
    for number in 1..=LAST {
        sender.send(number).unwrap();
        if number % 10 == 0 {
            yield_now().await;
        }
    }
    drop(sender);
    assert_eq!(join_all(tasks).await, [LAST; 3]);
}

pub async fn the_value_can_be_borrowed_twice_while_a_writer_waits() {
    let (sender, receiver) = watch::channel(1);
    let first = receiver.borrow();
    // It waits with its thread, for a moment.
    let writes = spawn_blocking(move || sender.send_replace(2));
    for _ in 0..1000 {
        assert_eq!(*receiver.borrow(), 1);
        std::thread::yield_now();
    }
    drop(first);
    assert_eq!(writes.await.unwrap(), 1);
    assert_eq!(*receiver.borrow(), 2);
}

pub async fn a_task_that_panics_in_a_change_harms_only_itself() {
    let (sender, mut receiver) = watch::channel(1);
    let waits = spawn_waiting(async move {
        receiver.changed().await.unwrap();
        *receiver.borrow()
    })
    .await;
    let panics = spawn({
        let sender = sender.clone();
        async move { sender.send_modify(|_| panic_quietly()) }
    });
    assert!(panics.await.unwrap_err().is_panic());
    assert!(!waits.is_finished());
    sender.send(2).unwrap();
    assert_eq!(waits.await.unwrap(), 2);
}

pub async fn an_aborted_watcher_keeps_nobody_from_the_change() {
    let (sender, receiver) = watch::channel(0);
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let mut receiver = receiver.clone();
        tasks.push(spawn_waiting(async move { receiver.changed().await }).await);
    }
    drop(receiver);
    abort(tasks.remove(1)).await;
    assert_eq!(sender.receiver_count(), 2);
    sender.send(1).unwrap();
    assert_eq!(join_all(tasks).await, [Ok(()), Ok(())]);
    sender.closed().await;
}

pub async fn who_waits_for_a_value_in_a_task_sees_it_or_the_end() {
    let (sender, receiver) = watch::channel(0);
    let mut tasks = Vec::new();
    for wanted in [3, 5, 7] {
        let mut receiver = receiver.clone();
        let waits = async move { receiver.wait_for(|n| *n >= wanted).await.map(|n| *n).ok() };
        tasks.push(spawn_waiting(waits).await);
    }
    let sends = spawn(async move {
        for number in 1..=5 {
            sender.send(number).unwrap();
            yield_now().await;
        }
    });
    sends.await.unwrap();
    let found = join_all(tasks).await;
    assert!(
        matches!(found[..], [Some(3..=5), Some(5), None]),
        "{found:?}"
    );
}
