//! Who is served when, and who is woken: order and fairness on both sides, and what becomes of
//! those who give up in mid wait.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use pintle_sync::mpsc::error::{TryRecvError, TrySendError};
use pintle_sync::{Mutex, blocking, budget, mpsc};

use crate::cases::hand::{Task, exploding_waker};
use crate::cases::{abort, join_all, now, panic_of, spawn_waiting};
use crate::place::{spawn, spawn_blocking};

cases! {
    polls {
        messages_come_in_the_order_in_which_they_were_sent,
        a_burst_wakes_the_receiver_once,
        a_full_channel_lets_senders_in_in_the_order_they_came,
        room_is_back_with_each_message_that_is_received,
        a_receiver_that_gives_up_in_mid_wait_loses_nothing,
        a_receiver_that_waits_from_another_task_wakes_that_one,
        a_sender_that_gives_up_in_mid_wait_passes_its_turn_on,
        messages_are_received_many_at_a_time,
        both_sides_take_part_in_the_budget,
        a_wake_up_that_panics_harms_nobody,
        many_that_are_waited_for_in_vain_are_there_for_the_next,
        a_thread_on_which_tasks_run_must_not_wait,
    }
    tasks {
        messages_of_many_tasks_arrive_once_and_each_tasks_in_order,
        messages_are_received_many_at_a_time_from_many_tasks,
        tasks_that_wait_for_room_are_let_in_in_the_order_they_came,
        an_aborted_sender_leaves_its_place_in_line,
        an_aborted_receiver_loses_nothing,
        threads_can_wait_on_both_sides,
    }
}

pub fn messages_come_in_the_order_in_which_they_were_sent() {
    let (sender, mut receiver) = mpsc::channel(10);
    for number in 0..10 {
        sender.try_send(number).unwrap();
    }
    for number in 0..5 {
        assert_eq!(receiver.try_recv(), Ok(number));
        sender.try_send(number + 10).unwrap();
    }
    for number in 5..15 {
        assert_eq!(now(receiver.recv()), Some(number));
    }
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

pub fn a_burst_wakes_the_receiver_once() {
    let (sender, mut receiver) = mpsc::channel(10);
    let mut waiting = Task::waiting(receiver.recv());
    for number in 0..10 {
        sender.try_send(number).unwrap();
    }
    assert_eq!(waiting.change_waker().count(), 1);
    assert_eq!(waiting.poll(), Poll::Ready(Some(0)));
}

pub fn a_full_channel_lets_senders_in_in_the_order_they_came() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).unwrap();
    let first = Task::waiting(sender.send(1));
    let second = Task::waiting(sender.send(2));
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(first.woken());
    assert!(!second.woken());
    // The room is for the first, even if somebody else asks before it runs.
    assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
    first.expect_ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(second.woken());
    second.expect_ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(2));
}

pub fn room_is_back_with_each_message_that_is_received() {
    let (sender, mut receiver) = mpsc::channel(3);
    for number in 0..3 {
        sender.try_send(number).unwrap();
    }
    assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
    for number in 0..3 {
        assert_eq!(receiver.try_recv(), Ok(number));
        assert_eq!(sender.capacity(), number + 1);
        assert_eq!(receiver.capacity(), number + 1);
    }
    assert_eq!(sender.max_capacity(), 3);
    assert_eq!(receiver.max_capacity(), 3);
}

pub fn a_receiver_that_gives_up_in_mid_wait_loses_nothing() {
    let (sender, mut receiver) = mpsc::channel(1);
    let waiting = Task::waiting(receiver.recv());
    sender.try_send(1).unwrap();
    assert!(waiting.woken());
    drop(waiting);
    assert_eq!(receiver.try_recv(), Ok(1));
}

pub fn a_receiver_that_waits_from_another_task_wakes_that_one() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut first = Task::waiting(receiver.recv());
    let stale = first.change_waker();
    drop(first);
    let second = Task::waiting(receiver.recv());
    sender.try_send(1).unwrap();
    assert_eq!(stale.count(), 0);
    assert!(second.woken());
}

pub fn a_sender_that_gives_up_in_mid_wait_passes_its_turn_on() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).unwrap();
    let first = Task::waiting(sender.send(1));
    let second = Task::waiting(sender.reserve());
    let third = Task::waiting(sender.send(3));
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(first.woken());
    drop(first);
    assert!(second.woken());
    drop(second);
    assert!(third.woken());
    third.expect_ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(3));
    assert_eq!(sender.capacity(), 1);
}

pub fn messages_are_received_many_at_a_time() {
    let (sender, mut receiver) = mpsc::channel(10);
    let mut buffer = vec![100];
    assert_eq!(now(receiver.recv_many(&mut buffer, 0)), 0);
    {
        let mut waiting = Task::waiting(receiver.recv_many(&mut buffer, 4));
        for number in 0..4 {
            sender.try_send(number).unwrap();
        }
        assert_eq!(waiting.poll(), Poll::Ready(4));
    }
    assert_eq!(sender.capacity(), 10);
    // Some that are already on the receiver's side, and some that are not.
    for number in 4..8 {
        sender.try_send(number).unwrap();
    }
    assert_eq!(receiver.try_recv(), Ok(4));
    sender.try_send(8).unwrap();
    assert_eq!(receiver.len(), 4);
    assert_eq!(now(receiver.recv_many(&mut buffer, 100)), 4);
    assert_eq!(buffer, [100, 0, 1, 2, 3, 5, 6, 7, 8]);
    drop(sender);
    assert_eq!(now(receiver.recv_many(&mut buffer, 100)), 0);
}

pub fn both_sides_take_part_in_the_budget() {
    let mut cx = Context::from_waker(Waker::noop());
    let (sender, mut receiver) = mpsc::channel(1000);
    let mut sent = 0;
    budget::with_fresh(|| {
        while Task::new(sender.send(())).poll().is_ready() {
            sent += 1;
        }
    });
    assert_eq!(sent, usize::from(budget::UNITS));
    sender.try_send(()).unwrap();
    budget::with_fresh(|| {
        let mut received = 0;
        while receiver.poll_recv(&mut cx).is_ready() {
            received += 1;
        }
        assert_eq!(received, usize::from(budget::UNITS));
    });
    assert_eq!(receiver.len(), 1);
}

pub fn a_wake_up_that_panics_harms_nobody() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut waiting = Task::new(receiver.recv());
    assert!(waiting.poll_with(&exploding_waker()).is_pending());
    sender.try_send(1).unwrap();
    assert_eq!(waiting.poll(), Poll::Ready(Some(1)));
}

pub fn many_that_are_waited_for_in_vain_are_there_for_the_next() {
    let (sender, mut receiver) = mpsc::channel(4);
    let mut buffer = Vec::new();
    let waiting = Task::waiting(receiver.recv_many(&mut buffer, 2));
    for number in 0..3 {
        sender.try_send(number).unwrap();
    }
    assert!(waiting.woken());
    drop(waiting);
    assert!(buffer.is_empty());
    assert_eq!(now(receiver.recv_many(&mut buffer, 2)), 2);
    assert_eq!((buffer, receiver.len()), (vec![0, 1], 1));
}

pub fn a_thread_on_which_tasks_run_must_not_wait() {
    let (sender, mut receiver) = mpsc::channel(1);
    let _denied = blocking::deny();
    for message in [
        panic_of(|| sender.blocking_send(1)),
        panic_of(|| receiver.blocking_recv()),
        panic_of(|| receiver.blocking_recv_many(&mut Vec::new(), 1)),
    ] {
        assert!(message.contains("on which tasks run"), "{message}");
    }
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

pub async fn messages_of_many_tasks_arrive_once_and_each_tasks_in_order() {
    const TASKS: usize = 4;
    for (buffer, messages) in [(1, 500), (7, 500), (1000, 2_000)] {
        let (sender, mut receiver) = mpsc::channel(buffer);
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let sender = sender.clone();
                spawn(async move {
                    for number in 0..messages {
                        sender.send((task, number)).await.unwrap();
                    }
                })
            })
            .collect();
        drop(sender);
        let receives = spawn(async move {
            let mut next = [0; TASKS];
            while let Some((task, number)) = receiver.recv().await {
                assert_eq!(number, next[task]);
                next[task] += 1;
            }
            next
        });
        assert_eq!(receives.await.unwrap(), [messages; TASKS]);
        join_all(tasks).await;
    }
}

pub async fn messages_are_received_many_at_a_time_from_many_tasks() {
    const TASKS: usize = 4;
    const MESSAGES: usize = 1_000;
    let (sender, mut receiver) = mpsc::channel(16);
    let (unlimited, mut unbounded) = mpsc::unbounded_channel();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (sender, unlimited) = (sender.clone(), unlimited.clone());
            spawn(async move {
                for number in 0..MESSAGES {
                    sender.send((task, number)).await.unwrap();
                    unlimited.send((task, number)).unwrap();
                }
            })
        })
        .collect();
    drop((sender, unlimited));
    let (mut next, mut buffer) = ([0; TASKS], Vec::new());
    while receiver.recv_many(&mut buffer, 5).await > 0 {
        assert!(buffer.len() <= 5);
        for (task, number) in buffer.drain(..) {
            assert_eq!(number, next[task]);
            next[task] += 1;
        }
    }
    assert_eq!(next, [MESSAGES; TASKS]);
    while unbounded.recv_many(&mut buffer, 100).await > 0 {}
    for task in 0..TASKS {
        let of_task = buffer.iter().filter(|message| message.0 == task);
        assert!(of_task.map(|message| message.1).eq(0..MESSAGES));
    }
    join_all(tasks).await;
}

pub async fn tasks_that_wait_for_room_are_let_in_in_the_order_they_came() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send(0).await.unwrap();
    let mut tasks = Vec::new();
    for number in 1..8 {
        let sender = sender.clone();
        tasks.push(spawn_waiting(async move { sender.send(number).await }).await);
    }
    for number in 0..8 {
        assert_eq!(receiver.recv().await, Some(number));
    }
    for sent in join_all(tasks).await {
        sent.unwrap();
    }
}

pub async fn an_aborted_sender_leaves_its_place_in_line() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send(1).await.unwrap();
    let [aborted, waits] = [2, 3].map(|number| {
        let sender = sender.clone();
        spawn_waiting(async move { sender.send(number).await })
    });
    let (aborted, waits) = (aborted.await, waits.await);
    abort(aborted).await;
    assert_eq!(sender.try_send(4), Err(TrySendError::Full(4)));
    assert_eq!(receiver.recv().await, Some(1));
    waits.await.unwrap().unwrap();
    drop(sender);
    assert_eq!(receiver.recv().await, Some(3));
    assert_eq!(receiver.recv().await, None);
}

pub async fn an_aborted_receiver_loses_nothing() {
    for _ in 0..20 {
        let (sender, receiver) = mpsc::channel(1);
        let receiver = Arc::new(Mutex::new(receiver));
        let waits = spawn_waiting({
            let receiver = receiver.clone();
            async move { receiver.lock().await.recv().await }
        })
        .await;
        let sends = spawn(async move { sender.send(1).await });
        waits.abort();
        // The message was received, or is still there.
        let received = match waits.await {
            Ok(received) => received,
            Err(_) => receiver.lock().await.recv().await,
        };
        assert_eq!(received, Some(1));
        sends.await.unwrap().unwrap();
    }
}

pub async fn threads_can_wait_on_both_sides() {
    let (sender, mut receiver) = mpsc::channel(1);
    let sends = spawn_blocking(move || {
        for number in 0..100 {
            sender.blocking_send(number).unwrap();
        }
    });
    let receives = spawn_blocking(move || {
        let mut buffer = Vec::new();
        assert_eq!(receiver.blocking_recv(), Some(0));
        while receiver.blocking_recv_many(&mut buffer, 10) > 0 {}
        buffer
    });
    assert!(receives.await.unwrap().into_iter().eq(1..100));
    sends.await.unwrap();
}
