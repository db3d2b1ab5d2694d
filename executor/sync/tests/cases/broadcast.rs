//! The channel from all to all as its users see it.

use std::task::Poll;

use pintle_sync::broadcast::error::{RecvError, SendError, TryRecvError};
use pintle_sync::{blocking, broadcast, budget};

use super::hand::{Task, exploding_waker};
use super::{abort, join_all, now, panic_of, panic_quietly, spawn_waiting};
use crate::place::{spawn, spawn_blocking, yield_now};

cases! {
    polls {
        every_receiver_gets_every_value_in_order,
        all_who_wait_are_woken_by_one_value,
        a_receiver_gets_what_is_sent_after_it_subscribed,
        a_receiver_that_lags_is_told_how_many_it_missed_and_goes_on_with_the_oldest,
        the_capacity_is_rounded_up_to_a_power_of_two,
        a_receiver_that_gives_up_in_mid_wait_loses_nothing,
        without_receivers_the_value_comes_back,
        who_waits_for_the_last_receiver_goes_on_waiting_if_another_came,
        the_last_sender_that_goes_ends_the_channel_after_what_was_sent,
        receiving_takes_part_in_the_budget,
        a_channel_that_keeps_nothing_is_refused,
        a_waiter_that_leaves_from_the_middle_disturbs_nobody,
        a_weak_sender_neither_keeps_the_channel_open_nor_opens_it_again,
        a_receiver_that_lags_when_all_senders_go_is_told_of_both,
        a_wake_up_that_panics_does_not_keep_the_others_from_theirs,
        a_thread_on_which_tasks_run_must_not_wait,
    }
    tasks {
        every_task_gets_every_value_of_every_task,
        a_task_that_lags_counts_every_value_once_received_or_missed,
        an_aborted_receiver_keeps_nobody_from_the_value,
        a_receiver_that_panics_no_longer_counts,
        the_channel_ends_for_all_when_the_last_sender_panics,
        a_thread_can_wait,
    }
}

pub fn every_receiver_gets_every_value_in_order() {
    let (sender, mut a) = broadcast::channel(8);
    let mut b = sender.subscribe();
    for number in 0..5 {
        assert_eq!(sender.send(number), Ok(2));
    }
    for number in 0..5 {
        assert_eq!(a.try_recv(), Ok(number));
        assert_eq!(now(b.recv()), Ok(number));
    }
    assert_eq!(a.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(b.try_recv(), Err(TryRecvError::Empty));
}

pub fn all_who_wait_are_woken_by_one_value() {
    let (sender, mut a) = broadcast::channel(8);
    let mut b = sender.subscribe();
    let (one, two) = (Task::waiting(a.recv()), Task::waiting(b.recv()));
    sender.send(1).unwrap();
    assert!(one.woken() && two.woken());
    assert_eq!(one.expect_ready(), Ok(1));
    assert_eq!(two.expect_ready(), Ok(1));
}

pub fn a_receiver_gets_what_is_sent_after_it_subscribed() {
    let (sender, mut old) = broadcast::channel(8);
    sender.send(1).unwrap();
    let mut new = old.resubscribe();
    sender.send(2).unwrap();
    assert_eq!(new.try_recv(), Ok(2));
    assert_eq!(old.try_recv(), Ok(1));
    assert!(old.same_channel(&new));
    assert_eq!(sender.receiver_count(), 2);
}

pub fn a_receiver_that_lags_is_told_how_many_it_missed_and_goes_on_with_the_oldest() {
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
        assert_eq!(now(slow.recv()), Ok(number));
    }
    for number in 0..5 {
        sender.send(number).unwrap();
    }
    assert_eq!(now(slow.recv()), Err(RecvError::Lagged(1)));
    assert_eq!(now(slow.recv()), Ok(1));
}

pub fn the_capacity_is_rounded_up_to_a_power_of_two() {
    let (sender, mut receiver) = broadcast::channel(3);
    for number in 0..4 {
        sender.send(number).unwrap();
    }
    assert_eq!(receiver.try_recv(), Ok(0));
}

pub fn a_receiver_that_gives_up_in_mid_wait_loses_nothing() {
    let (sender, mut receiver) = broadcast::channel(4);
    let waiting = Task::waiting(receiver.recv());
    sender.send(1).unwrap();
    assert!(waiting.woken());
    drop(waiting);
    assert_eq!(receiver.try_recv(), Ok(1));
}

pub fn without_receivers_the_value_comes_back() {
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

pub fn who_waits_for_the_last_receiver_goes_on_waiting_if_another_came() {
    let (sender, receiver) = broadcast::channel::<u32>(4);
    let mut waiting = Task::waiting(sender.closed());
    drop(receiver);
    let another = sender.subscribe();
    assert!(waiting.poll().is_pending());
    drop(another);
    assert!(waiting.woken());
    waiting.expect_ready();
}

pub fn the_last_sender_that_goes_ends_the_channel_after_what_was_sent() {
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

pub fn receiving_takes_part_in_the_budget() {
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

pub fn a_channel_that_keeps_nothing_is_refused() {
    let message = panic_of(|| broadcast::channel::<()>(0));
    assert!(
        message.contains("needs a capacity of at least 1"),
        "{message}"
    );
}

pub fn a_waiter_that_leaves_from_the_middle_disturbs_nobody() {
    let (sender, mut a) = broadcast::channel(2);
    let (mut b, mut c) = (sender.subscribe(), sender.subscribe());
    let (one, leaves, other) = (
        Task::waiting(a.recv()),
        Task::waiting(b.recv()),
        Task::waiting(c.recv()),
    );
    drop(leaves);
    sender.send(1).unwrap();
    assert!(one.woken() && other.woken());
    assert_eq!((one.expect_ready(), other.expect_ready()), (Ok(1), Ok(1)));
    assert_eq!(b.try_recv(), Ok(1));
}

pub fn a_weak_sender_neither_keeps_the_channel_open_nor_opens_it_again() {
    let (sender, mut receiver) = broadcast::channel(2);
    let weak = sender.downgrade();
    weak.upgrade().unwrap().send(1).unwrap();
    assert_eq!(
        (receiver.sender_strong_count(), receiver.sender_weak_count()),
        (1, 1)
    );
    assert_eq!(receiver.try_recv(), Ok(1));
    let waiting = Task::waiting(receiver.recv());
    drop(sender);
    assert!(waiting.woken());
    assert_eq!(waiting.expect_ready(), Err(RecvError::Closed));
    assert!(weak.clone().upgrade().is_none());
}

pub fn a_receiver_that_lags_when_all_senders_go_is_told_of_both() {
    let (sender, mut receiver) = broadcast::channel(2);
    for number in 0..5 {
        sender.send(number).unwrap();
    }
    drop(sender);
    assert_eq!(now(receiver.recv()), Err(RecvError::Lagged(3)));
    assert_eq!(now(receiver.recv()), Ok(3));
    assert_eq!(now(receiver.recv()), Ok(4));
    assert_eq!(now(receiver.recv()), Err(RecvError::Closed));
}

pub fn a_wake_up_that_panics_does_not_keep_the_others_from_theirs() {
    let (sender, mut a) = broadcast::channel(2);
    let mut b = sender.subscribe();
    let mut one = Task::new(a.recv());
    assert!(one.poll_with(&exploding_waker()).is_pending());
    let other = Task::waiting(b.recv());
    sender.send(1).unwrap();
    assert!(other.woken());
    assert_eq!((one.expect_ready(), other.expect_ready()), (Ok(1), Ok(1)));
}

pub fn a_thread_on_which_tasks_run_must_not_wait() {
    let (_sender, mut receiver) = broadcast::channel::<()>(4);
    let _denied = blocking::deny();
    let message = panic_of(|| receiver.blocking_recv());
    assert!(message.contains("on which tasks run"), "{message}");
}

pub async fn every_task_gets_every_value_of_every_task() {
    const VALUES: usize = 1_000;
    let sender = broadcast::Sender::new(2 * VALUES);
    let receivers = [(); 3].map(|()| {
        let mut receiver = sender.subscribe();
        spawn(async move {
            let mut next = [0, 0];
            while let Ok((task, number)) = receiver.recv().await {
                assert_eq!(number, next[task]);
                next[task] += 1;
            }
            next
        })
    });
    let senders = [0, 1].map(|task| {
        let sender = sender.clone();
        spawn(async move {
            for number in 0..VALUES {
                sender.send((task, number)).unwrap();
                if number % 100 == 0 {
                    yield_now().await;
                }
            }
        })
    });
    drop(sender);
    join_all(senders).await;
    assert_eq!(join_all(receivers).await, [[VALUES, VALUES]; 3]);
}

pub async fn a_task_that_lags_counts_every_value_once_received_or_missed() {
    const VALUES: u64 = 10_000;
    let (sender, mut receiver) = broadcast::channel(4);
    let receives = spawn(async move {
        let (mut expected, mut seen) = (0, 0);
        loop {
            match receiver.recv().await {
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
        if number % 7 == 0 {
            yield_now().await;
        }
    }
    drop(sender);
    let (accounted, seen) = receives.await.unwrap();
    assert_eq!(accounted, VALUES);
    assert!(seen >= 4);
}

pub async fn an_aborted_receiver_keeps_nobody_from_the_value() {
    let sender = broadcast::Sender::new(2);
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let mut receiver = sender.subscribe();
        tasks.push(spawn_waiting(async move { receiver.recv().await }).await);
    }
    abort(tasks.remove(1)).await;
    assert_eq!(sender.send(1), Ok(2));
    assert_eq!(join_all(tasks).await, [Ok(1), Ok(1)]);
}

pub async fn a_receiver_that_panics_no_longer_counts() {
    let (sender, mut receiver) = broadcast::channel(2);
    let gone = spawn_waiting({
        let sender = sender.clone();
        async move { sender.closed().await }
    })
    .await;
    let panics = spawn_waiting(async move {
        receiver.recv().await.unwrap();
        panic_quietly();
    })
    .await;
    sender.send(1).unwrap();
    assert!(panics.await.unwrap_err().is_panic());
    gone.await.unwrap();
    assert_eq!(sender.send(2), Err(SendError(2)));
    assert!(sender.is_empty());
}

pub async fn the_channel_ends_for_all_when_the_last_sender_panics() {
    let sender = broadcast::Sender::new(2);
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let mut receiver = sender.subscribe();
        let receives = async move { (receiver.recv().await, receiver.recv().await) };
        tasks.push(spawn_waiting(receives).await);
    }
    let panics = spawn(async move {
        sender.send(1).unwrap();
        panic_quietly();
    });
    assert!(panics.await.unwrap_err().is_panic());
    for received in join_all(tasks).await {
        assert_eq!(received, (Ok(1), Err(RecvError::Closed)));
    }
}

pub async fn a_thread_can_wait() {
    let (sender, mut receiver) = broadcast::channel(4);
    let receives = spawn_blocking(move || (receiver.blocking_recv(), receiver.blocking_recv()));
    sender.send(1).unwrap();
    drop(sender);
    assert_eq!(receives.await.unwrap(), (Ok(1), Err(RecvError::Closed)));
}
