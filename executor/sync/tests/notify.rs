//! Notifications as their users see them, with no runtime.

#![cfg(not(loom))]

mod common;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::Task;
use futures_lite::future::{block_on, poll_once};
use pintle_sync::Notify;

#[test]
fn one_permit_is_kept_for_who_comes_and_no_more() {
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

#[test]
fn one_is_notified_from_the_front_or_from_the_back() {
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

#[test]
fn all_who_wait_are_notified_and_nobody_else() {
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

#[test]
fn notifying_all_leaves_a_permit_where_it_is() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_waiters();
    Task::new(notify.notified()).expect_ready();
    Task::waiting(notify.notified());
}

#[test]
fn a_notification_on_its_way_to_a_dropped_waiter_goes_to_the_next() {
    let notify = Notify::new();
    let first = Task::waiting(notify.notified());
    let second = Task::waiting(notify.notified());
    notify.notify_one();
    drop(first);
    assert!(second.woken());
    drop(second);
    Task::new(notify.notified()).expect_ready();
}

#[test]
fn a_notification_of_the_last_is_passed_on_to_the_last() {
    let notify = Notify::new();
    let tasks: Vec<_> = (0..2).map(|_| Task::waiting(notify.notified())).collect();
    let last = Task::waiting(notify.notified());
    notify.notify_last();
    drop(last);
    assert!(!tasks[0].woken() && tasks[1].woken());
}

#[test]
fn a_notification_of_all_is_not_passed_on() {
    let notify = Notify::new();
    let first = Task::waiting(notify.notified());
    notify.notify_waiters();
    let second = Task::waiting(notify.notified());
    drop(first);
    assert!(!second.woken());
    drop(second);
    Task::waiting(notify.notified());
}

#[test]
fn a_waiter_that_was_ready_passes_nothing_on() {
    let notify = Notify::new();
    let mut first = Task::waiting(notify.notified());
    let second = Task::waiting(notify.notified());
    notify.notify_one();
    assert!(first.poll().is_ready());
    assert!(first.poll().is_ready(), "it stays ready");
    drop(first);
    assert!(!second.woken());
}

#[test]
fn an_enabled_waiter_is_in_the_queue() {
    let notify = Notify::new();
    let mut first = pin!(notify.notified());
    assert!(!first.as_mut().enable());
    assert!(!first.as_mut().enable());
    let second = Task::waiting(notify.notified());
    notify.notify_one();
    assert!(!second.woken());
    assert!(first.as_mut().enable());
    block_on(first);
    notify.notify_one();
    assert!(second.woken());
}

#[test]
fn enabling_takes_a_permit_that_is_there() {
    let notify = Notify::new();
    notify.notify_one();
    let mut notified = pin!(notify.notified());
    assert!(notified.as_mut().enable());
    Task::waiting(notify.notified());
    block_on(notified);
}

#[test]
fn an_enabled_waiter_is_woken_after_it_is_polled() {
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

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let notify = Notify::new();
    let mut task = Task::waiting(notify.notified());
    let old = task.change_waker();
    assert!(task.poll().is_pending());
    notify.notify_waiters();
    assert!(task.woken());
    assert_eq!(old.count(), 0);
}

#[test]
fn an_owned_waiter_needs_nobody_else_to_keep_it() {
    let notify = Arc::new(Notify::new());
    let mut task = Task::waiting(notify.clone().notified_owned());
    let weak = Arc::downgrade(&notify);
    drop(notify);
    weak.upgrade().unwrap().notify_one();
    assert!(task.poll().is_ready());
    drop(task);
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_future_that_is_never_polled_costs_nobody_anything() {
    let notify = Notify::new();
    drop(notify.notified());
    notify.notify_one();
    drop(notify.notified());
    assert!(block_on(poll_once(notify.notified())).is_some());
}

#[test]
fn many_threads_lose_no_notification() {
    const ROUNDS: usize = 500;
    let notify = Arc::new(Notify::new());
    let given = Arc::new(AtomicUsize::new(0));
    // Each consumer answers before the next permit is given, so that none is merged with another.
    let consumers: Vec<_> = (0..3)
        .map(|_| {
            let (notify, given) = (notify.clone(), given.clone());
            thread::spawn(move || {
                let mut mine = 0;
                loop {
                    block_on(notify.notified());
                    mine += 1;
                    if given.fetch_add(1, Ordering::SeqCst) >= ROUNDS {
                        notify.notify_one();
                        return mine;
                    }
                    notify.notify_one();
                }
            })
        })
        .collect();
    notify.notify_one();
    let total: usize = consumers.into_iter().map(|c| c.join().unwrap()).sum();
    assert_eq!(total, given.load(Ordering::SeqCst));
}
