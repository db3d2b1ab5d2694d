//! Notifications as their users see them.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_lite::future::poll_once;
use pintle_sync::Notify;

use super::hand::{Task, exploding_waker};
use super::{join_all, now, panic_quietly, spawn_waiting, until};
use crate::place::spawn;

cases! {
    polls {
        one_permit_is_kept_for_who_comes_and_no_more,
        one_is_notified_from_the_front_or_from_the_back,
        all_who_wait_are_notified_and_nobody_else,
        notifying_all_leaves_a_permit_where_it_is,
        a_notification_on_its_way_to_a_dropped_waiter_goes_to_the_next,
        a_notification_of_the_last_is_passed_on_to_the_last,
        a_notification_of_all_is_not_passed_on,
        a_waiter_that_was_ready_passes_nothing_on,
        an_enabled_waiter_is_in_the_queue,
        enabling_takes_a_permit_that_is_there,
        an_enabled_waiter_is_woken_after_it_is_polled,
        the_last_waker_is_the_one_that_is_woken,
        an_owned_waiter_needs_nobody_else_to_keep_it,
        a_future_that_is_never_polled_costs_nobody_anything,
        an_owned_waiter_that_is_enabled_is_in_the_same_queue,
        a_waiter_leaves_from_anywhere_in_the_queue_and_disturbs_nobody,
        a_waker_that_panics_does_not_keep_the_others_from_theirs,
    }
    tasks {
        tasks_are_notified_one_by_one_in_the_order_they_came,
        all_tasks_that_wait_are_notified_at_once,
        many_tasks_lose_no_notification,
        a_notification_of_an_aborted_task_goes_to_the_next,
        a_task_that_panics_once_notified_has_had_its_notification,
    }
}

pub fn one_permit_is_kept_for_who_comes_and_no_more() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    notify.notify_last();
    Task::new(notify.notified()).expect_ready();
    let second = Task::waiting(notify.notified());
    notify.notify_one();
    assert!(second.woken());
    second.expect_ready();
    Task::waiting(notify.notified());
}

pub fn one_is_notified_from_the_front_or_from_the_back() {
    let notify = Notify::new();
    let tasks: Vec<_> = (0..4).map(|_| Task::waiting(notify.notified())).collect();
    let woken = || tasks.iter().map(Task::woken).collect::<Vec<_>>();
    notify.notify_one();
    assert_eq!(woken(), [true, false, false, false]);
    notify.notify_last();
    assert_eq!(woken(), [true, false, false, true]);
    notify.notify_last();
    notify.notify_one();
    assert_eq!(woken(), [true; 4]);
}

pub fn all_who_wait_are_notified_and_nobody_else() {
    let notify = Notify::new();
    let tasks: Vec<_> = (0..40).map(|_| Task::waiting(notify.notified())).collect();
    let made = Task::new(notify.notified());
    notify.notify_waiters();
    for task in tasks {
        assert!(task.woken());
        task.expect_ready();
    }
    made.expect_ready();
    Task::waiting(notify.notified());
}

pub fn notifying_all_leaves_a_permit_where_it_is() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_waiters();
    Task::new(notify.notified()).expect_ready();
    Task::waiting(notify.notified());
}

pub fn a_notification_on_its_way_to_a_dropped_waiter_goes_to_the_next() {
    let notify = Notify::new();
    let first = Task::waiting(notify.notified());
    let second = Task::waiting(notify.notified());
    notify.notify_one();
    drop(first);
    assert!(second.woken());
    drop(second);
    Task::new(notify.notified()).expect_ready();
}

pub fn a_notification_of_the_last_is_passed_on_to_the_last() {
    let notify = Notify::new();
    let tasks: Vec<_> = (0..2).map(|_| Task::waiting(notify.notified())).collect();
    let last = Task::waiting(notify.notified());
    notify.notify_last();
    drop(last);
    assert!(!tasks[0].woken() && tasks[1].woken());
}

pub fn a_notification_of_all_is_not_passed_on() {
    let notify = Notify::new();
    let first = Task::waiting(notify.notified());
    notify.notify_waiters();
    let second = Task::waiting(notify.notified());
    drop(first);
    assert!(!second.woken());
    drop(second);
    Task::waiting(notify.notified());
}

pub fn a_waiter_that_was_ready_passes_nothing_on() {
    let notify = Notify::new();
    let mut first = Task::waiting(notify.notified());
    let second = Task::waiting(notify.notified());
    notify.notify_one();
    assert!(first.poll().is_ready());
    assert!(first.poll().is_ready(), "it stays ready");
    drop(first);
    assert!(!second.woken());
}

pub fn an_enabled_waiter_is_in_the_queue() {
    let notify = Notify::new();
    let mut first = pin!(notify.notified());
    assert!(!first.as_mut().enable());
    assert!(!first.as_mut().enable());
    let second = Task::waiting(notify.notified());
    notify.notify_one();
    assert!(!second.woken());
    assert!(first.as_mut().enable());
    now(first);
    notify.notify_one();
    assert!(second.woken());
}

pub fn enabling_takes_a_permit_that_is_there() {
    let notify = Notify::new();
    notify.notify_one();
    let mut notified = pin!(notify.notified());
    assert!(notified.as_mut().enable());
    Task::waiting(notify.notified());
    now(notified);
}

pub fn an_enabled_waiter_is_woken_after_it_is_polled() {
    let notify = Notify::new();
    let mut task = Task::new(async {
        let mut notified = pin!(notify.notified());
        notified.as_mut().enable();
        notified.await;
    });
    assert!(task.poll().is_pending());
    notify.notify_one();
    assert!(task.woken());
    task.expect_ready();
}

pub fn the_last_waker_is_the_one_that_is_woken() {
    let notify = Notify::new();
    let mut task = Task::waiting(notify.notified());
    let old = task.change_waker();
    assert!(task.poll().is_pending());
    notify.notify_waiters();
    assert!(task.woken());
    assert_eq!(old.count(), 0);
}

pub fn an_owned_waiter_needs_nobody_else_to_keep_it() {
    let notify = Arc::new(Notify::new());
    let mut task = Task::waiting(notify.clone().notified_owned());
    let weak = Arc::downgrade(&notify);
    drop(notify);
    weak.upgrade().unwrap().notify_one();
    assert!(task.poll().is_ready());
    drop(task);
    assert!(weak.upgrade().is_none());
}

pub fn a_future_that_is_never_polled_costs_nobody_anything() {
    let notify = Notify::new();
    drop(notify.notified());
    notify.notify_one();
    drop(notify.notified());
    assert!(now(poll_once(notify.notified())).is_some());
}

pub fn an_owned_waiter_that_is_enabled_is_in_the_same_queue() {
    let notify = Arc::new(Notify::new());
    let mut owned = pin!(notify.clone().notified_owned());
    assert!(!owned.as_mut().enable());
    let other = Task::waiting(notify.notified());
    let mut leaves = Box::pin(notify.clone().notified_owned());
    assert!(!leaves.as_mut().enable());
    notify.notify_one();
    assert!(owned.as_mut().enable() && !other.woken());
    notify.notify_last();
    assert!(!other.woken());
    drop(leaves);
    assert!(other.woken());
    now(owned);
}

pub fn a_waiter_leaves_from_anywhere_in_the_queue_and_disturbs_nobody() {
    for leaver in 0..3 {
        let notify = Notify::new();
        let mut tasks: Vec<_> = (0..3).map(|_| Task::waiting(notify.notified())).collect();
        drop(tasks.remove(leaver));
        notify.notify_one();
        assert!(tasks[0].woken() && !tasks[1].woken());
        notify.notify_one();
        assert!(tasks[1].woken());
        // Both had a waiter: no permit was left.
        Task::waiting(notify.notified());
    }
}

pub fn a_waker_that_panics_does_not_keep_the_others_from_theirs() {
    let notify = Notify::new();
    let mut first = Task::new(notify.notified());
    assert!(first.poll_with(&exploding_waker()).is_pending());
    let second = Task::waiting(notify.notified());
    notify.notify_waiters();
    assert!(second.woken());
    first.expect_ready();
}

pub async fn tasks_are_notified_one_by_one_in_the_order_they_came() {
    let notify = Arc::new(Notify::new());
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for number in 0..6 {
        let (notify, order) = (notify.clone(), order.clone());
        let waits = async move {
            notify.notified().await;
            order.lock().unwrap().push(number);
        };
        tasks.push(spawn_waiting(waits).await);
    }
    for expected in [vec![0], vec![0, 1], vec![0, 1, 2]] {
        notify.notify_one();
        until(|| order.lock().unwrap().len() >= expected.len()).await;
        assert_eq!(*order.lock().unwrap(), expected);
    }
    notify.notify_last();
    until(|| order.lock().unwrap().len() >= 4).await;
    notify.notify_waiters();
    join_all(tasks).await;
    assert_eq!(order.lock().unwrap()[..4], [0, 1, 2, 5]);
}

pub async fn all_tasks_that_wait_are_notified_at_once() {
    let notify = Arc::new(Notify::new());
    for _ in 0..5 {
        let mut tasks = Vec::new();
        // More than fit into one batch of wakers.
        for _ in 0..40 {
            tasks.push(spawn_waiting(notify.clone().notified_owned()).await);
        }
        notify.notify_waiters();
        join_all(tasks).await;
    }
    // And no permit is left of it.
    assert!(poll_once(notify.notified()).await.is_none());
}

pub async fn many_tasks_lose_no_notification() {
    const ROUNDS: usize = 300;
    let notify = Arc::new(Notify::new());
    let given = Arc::new(AtomicUsize::new(0));
    // Each consumer answers before the next permit is given, so that none is merged with another.
    let tasks = [(); 3].map(|()| {
        let (notify, given) = (notify.clone(), given.clone());
        spawn(async move {
            let mut mine = 0;
            loop {
                notify.notified().await;
                mine += 1;
                let last = given.fetch_add(1, Ordering::SeqCst) >= ROUNDS;
                notify.notify_one();
                if last {
                    return mine;
                }
            }
        })
    });
    notify.notify_one();
    let total: usize = join_all(tasks).await.into_iter().sum();
    assert_eq!(total, given.load(Ordering::SeqCst));
}

pub async fn a_notification_of_an_aborted_task_goes_to_the_next() {
    for _ in 0..20 {
        let notify = Arc::new(Notify::new());
        let first = spawn_waiting(notify.clone().notified_owned()).await;
        let second = spawn_waiting(notify.clone().notified_owned()).await;
        notify.notify_one();
        first.abort();
        // Of the two, one has had it: the first before it heard of the abort, or the second.
        if first.await.is_ok() {
            notify.notify_one();
        }
        second.await.unwrap();
        assert!(poll_once(notify.notified()).await.is_none());
    }
}

pub async fn a_task_that_panics_once_notified_has_had_its_notification() {
    let notify = Arc::new(Notify::new());
    let panics = spawn_waiting({
        let notify = notify.clone();
        async move {
            notify.notified().await;
            panic_quietly();
        }
    })
    .await;
    let waits = spawn_waiting(notify.clone().notified_owned()).await;
    notify.notify_one();
    assert!(panics.await.unwrap_err().is_panic());
    assert!(!waits.is_finished());
    notify.notify_one();
    waits.await.unwrap();
}
