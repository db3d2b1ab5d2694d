//! The channel for one value as its users see it.

use std::cell::Cell;
use std::future::ready;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use pintle_sync::oneshot::error::{RecvError, TryRecvError};
use pintle_sync::{blocking, budget, oneshot};

use super::hand::{Task, exploding_waker};
use super::{abort, now, panic_of, panic_quietly, spawn_holding, spawn_waiting};
use crate::place::{spawn, spawn_blocking};

cases! {
    polls {
        a_value_sent_before_or_after_the_receiver_waits_arrives,
        a_sender_that_is_dropped_wakes_the_receiver_with_an_error,
        a_receiver_that_is_dropped_or_closed_wakes_the_sender_who_keeps_the_value,
        what_was_sent_before_the_close_is_received,
        try_recv_tells_empty_from_closed_and_from_received,
        a_receiver_that_moves_to_another_task_wakes_that_one,
        a_sender_that_asks_from_another_task_wakes_that_one,
        every_value_is_dropped_once_wherever_it_ends,
        a_value_that_panics_when_dropped_harms_only_who_drops_it,
        both_waits_take_part_in_the_budget,
        the_ends_can_be_printed,
        a_sender_or_a_receiver_that_gives_up_in_mid_wait_loses_nothing,
        a_wake_up_that_panics_harms_nobody,
        polling_again_after_the_answer_panics,
        a_thread_on_which_tasks_run_must_not_wait,
    }
    tasks {
        a_value_crosses_tasks,
        a_task_that_ends_without_an_answer_is_an_answer,
        a_receiver_that_goes_is_heard_by_the_sender,
        a_receiver_aborted_as_the_value_comes_drops_it_or_had_it,
        a_thread_can_wait_for_the_value,
    }
}

pub fn a_value_sent_before_or_after_the_receiver_waits_arrives() {
    let (sender, receiver) = oneshot::channel();
    sender.send(1).unwrap();
    assert_eq!(Task::new(receiver).expect_ready(), Ok(1));

    let (sender, receiver) = oneshot::channel();
    let waiting = Task::waiting(receiver);
    sender.send(2).unwrap();
    assert!(waiting.woken());
    assert_eq!(waiting.expect_ready(), Ok(2));
}

pub fn a_sender_that_is_dropped_wakes_the_receiver_with_an_error() {
    let (sender, receiver) = oneshot::channel::<u32>();
    let mut waiting = Task::waiting(receiver);
    drop(sender);
    assert!(waiting.woken());
    assert!(matches!(waiting.poll(), Poll::Ready(Err(RecvError { .. }))));
}

pub fn a_receiver_that_is_dropped_or_closed_wakes_the_sender_who_keeps_the_value() {
    for close in [true, false] {
        let (mut sender, mut receiver) = oneshot::channel();
        let mut waiting = Task::waiting(sender.closed());
        if close {
            receiver.close();
        } else {
            drop(receiver);
        }
        assert!(waiting.woken());
        assert!(waiting.poll().is_ready());
        drop(waiting);
        assert!(sender.is_closed());
        assert_eq!(sender.send("back"), Err("back"));
    }
}

pub fn what_was_sent_before_the_close_is_received() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).unwrap();
    receiver.close();
    assert_eq!(now(receiver), Ok(1));

    let (sender, mut receiver) = oneshot::channel::<u32>();
    receiver.close();
    assert!(now(&mut receiver).is_err());
    assert!(receiver.is_terminated());
    drop(sender);
}

pub fn try_recv_tells_empty_from_closed_and_from_received() {
    let (sender, mut receiver) = oneshot::channel();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert!(receiver.is_empty());
    sender.send(1).unwrap();
    assert!(!receiver.is_empty());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(receiver.is_terminated());
    assert!(receiver.is_empty());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));

    let (sender, mut receiver) = oneshot::channel::<u32>();
    drop(sender);
    assert!(receiver.is_empty());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));

    let (_sender, mut receiver) = oneshot::channel::<u32>();
    receiver.close();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

pub fn a_receiver_that_moves_to_another_task_wakes_that_one() {
    let (sender, mut receiver) = oneshot::channel();
    let mut first = Task::waiting(&mut receiver);
    let stale = first.change_waker();
    drop(first);
    let second = Task::waiting(&mut receiver);
    sender.send(1).unwrap();
    assert!(stale.count() == 0);
    assert!(second.woken());
    assert_eq!(second.expect_ready(), Ok(1));
}

pub fn a_sender_that_asks_from_another_task_wakes_that_one() {
    let (mut sender, receiver) = oneshot::channel::<u32>();
    let mut first = Task::waiting(sender.closed());
    let stale = first.change_waker();
    drop(first);
    let second = Task::waiting(sender.closed());
    drop(receiver);
    assert!(stale.count() == 0);
    assert!(second.woken());
}

pub fn every_value_is_dropped_once_wherever_it_ends() {
    let counted = Arc::new(());
    let here = || Arc::strong_count(&counted) - 1;

    let (sender, receiver) = oneshot::channel();
    sender.send(counted.clone()).unwrap();
    assert_eq!(here(), 1);
    drop(receiver);
    assert_eq!(here(), 0);

    let (sender, receiver) = oneshot::channel();
    drop(receiver);
    let back = sender.send(counted.clone()).unwrap_err();
    assert_eq!(here(), 1);
    drop(back);

    let (sender, receiver) = oneshot::channel();
    sender.send(counted.clone()).unwrap();
    now(receiver).unwrap();
    assert_eq!(here(), 0);
}

pub fn a_value_that_panics_when_dropped_harms_only_who_drops_it() {
    struct Explosive(Rc<Cell<u32>>);
    impl Drop for Explosive {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            panic!("dropped");
        }
    }
    let drops = Rc::new(Cell::new(0));
    let (sender, receiver) = oneshot::channel();
    assert!(sender.send(Explosive(drops.clone())).is_ok());
    panic_of(|| drop(receiver));
    assert_eq!(drops.get(), 1);
}

pub fn both_waits_take_part_in_the_budget() {
    let mut cx = Context::from_waker(Waker::noop());
    budget::with_fresh(|| {
        let mut turns = 0;
        loop {
            let (mut sender, receiver) = oneshot::channel::<()>();
            drop(receiver);
            if sender.poll_closed(&mut cx).is_pending() {
                break;
            }
            turns += 1;
        }
        assert_eq!(turns, budget::UNITS);
        let (sender, receiver) = oneshot::channel();
        sender.send(1).unwrap();
        assert!(Task::new(receiver).poll().is_pending());
    });
}

pub fn the_ends_can_be_printed() {
    let (sender, receiver) = oneshot::channel::<Cell<u32>>();
    assert_eq!(format!("{sender:?}"), "Sender { closed: false }");
    assert_eq!(
        format!("{receiver:?}"),
        "Receiver { terminated: false, empty: true }"
    );
}

pub fn a_sender_or_a_receiver_that_gives_up_in_mid_wait_loses_nothing() {
    let (mut sender, mut receiver) = oneshot::channel();
    drop(Task::waiting(sender.closed()));
    drop(Task::waiting(&mut receiver));
    sender.send(1).unwrap();
    assert_eq!(now(receiver), Ok(1));

    // The value is there already when the receiver gives up waiting, not itself.
    let (sender, mut receiver) = oneshot::channel();
    let waiting = Task::waiting(&mut receiver);
    sender.send(2).unwrap();
    assert!(waiting.woken());
    drop(waiting);
    assert_eq!(receiver.try_recv(), Ok(2));
}

pub fn a_wake_up_that_panics_harms_nobody() {
    let (sender, receiver) = oneshot::channel();
    let mut waiting = Task::new(receiver);
    assert!(waiting.poll_with(&exploding_waker()).is_pending());
    sender.send(1).unwrap();
    assert_eq!(waiting.expect_ready(), Ok(1));

    let (mut sender, receiver) = oneshot::channel::<u32>();
    let mut waiting = Task::new(sender.closed());
    assert!(waiting.poll_with(&exploding_waker()).is_pending());
    drop(receiver);
    waiting.expect_ready();
}

pub fn polling_again_after_the_answer_panics() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).unwrap();
    now(&mut receiver).unwrap();
    let message = panic_of(|| now(&mut receiver));
    assert!(
        message.contains("not polled again after it has answered"),
        "{message}"
    );
}

pub fn a_thread_on_which_tasks_run_must_not_wait() {
    let (sender, receiver) = oneshot::channel::<()>();
    let _denied = blocking::deny();
    let message = panic_of(|| receiver.blocking_recv());
    assert!(message.contains("on which tasks run"), "{message}");
    assert!(sender.is_closed());
}

pub async fn a_value_crosses_tasks() {
    for value in 0..200 {
        let (sender, receiver) = oneshot::channel();
        let sends = spawn(async move { sender.send(value) });
        assert_eq!(receiver.await, Ok(value));
        sends.await.unwrap().unwrap();
    }
}

pub async fn a_task_that_ends_without_an_answer_is_an_answer() {
    let (sender, receiver) = oneshot::channel::<u32>();
    let waits = spawn_waiting(receiver).await;
    let holds = spawn_holding(ready(sender)).await;
    assert!(!waits.is_finished());
    abort(holds).await;
    assert!(waits.await.unwrap().is_err());

    let (sender, receiver) = oneshot::channel::<u32>();
    let panics = spawn(async move {
        let _sender = sender;
        panic_quietly();
    });
    assert!(receiver.await.is_err());
    assert!(panics.await.unwrap_err().is_panic());
}

pub async fn a_receiver_that_goes_is_heard_by_the_sender() {
    let (mut sender, receiver) = oneshot::channel();
    let receives = spawn_waiting(receiver).await;
    let hears = spawn_waiting(async move {
        sender.closed().await;
        sender.send(1)
    })
    .await;
    abort(receives).await;
    assert_eq!(hears.await.unwrap(), Err(1));
}

pub async fn a_receiver_aborted_as_the_value_comes_drops_it_or_had_it() {
    for _ in 0..20 {
        let counted = Arc::new(());
        let (sender, receiver) = oneshot::channel();
        let receives = spawn_waiting(receiver).await;
        let sends = spawn({
            let counted = counted.clone();
            async move { sender.send(counted) }
        });
        receives.abort();
        drop((receives.await, sends.await.unwrap()));
        assert_eq!(Arc::strong_count(&counted), 1);
    }
}

pub async fn a_thread_can_wait_for_the_value() {
    let (sender, receiver) = oneshot::channel();
    let waits = spawn_blocking(move || receiver.blocking_recv());
    sender.send(1).unwrap();
    assert_eq!(waits.await.unwrap(), Ok(1));
}
