//! The task tracker as its users see it, with no runtime.

#![cfg(not(loom))]

mod common;

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::Task;
use futures_lite::future::block_on;
use pintle_sync::TaskTracker;

#[test]
fn the_wait_is_for_closed_and_empty_at_once() {
    let tracker = TaskTracker::new();
    let mut wait = Task::waiting(tracker.wait());
    let one = tracker.token();
    let two = tracker.track_future(pending::<()>());
    assert_eq!(tracker.len(), 2);
    assert!(tracker.close() && !tracker.close());
    assert!(!wait.woken());
    drop(one);
    assert!(tracker.reopen() && !tracker.reopen());
    drop(two);
    assert!(!wait.woken() && wait.poll().is_pending());
    assert!(tracker.close() && tracker.is_closed());
    assert!(wait.woken());
    // Neither a new task nor opening it takes it back.
    let late = tracker.token();
    tracker.reopen();
    wait.expect_ready();
    drop(late);
    Task::waiting(tracker.wait());
}

#[test]
fn a_task_ends_when_it_is_done_and_dropped() {
    let tracker = TaskTracker::new();
    tracker.close();
    let mut task = Task::new(tracker.track_future(ready(1)));
    let wait = Task::waiting(tracker.wait());
    assert!(task.poll().is_ready());
    assert!(!wait.woken());
    drop(task);
    assert!(wait.woken());
    assert!(tracker.is_empty());
}

#[test]
fn tokens_are_counted_one_by_one() {
    let tracker = TaskTracker::new();
    let token = tracker.token();
    let clone = token.clone();
    assert!(TaskTracker::ptr_eq(clone.task_tracker(), &tracker));
    assert!(!TaskTracker::ptr_eq(&tracker, &TaskTracker::new()));
    assert_eq!(tracker.clone().len(), 2);
    assert_eq!(
        format!("{tracker:?}"),
        "TaskTracker { len: 2, is_closed: false }"
    );
}

#[test]
fn what_the_tasks_did_is_done_when_the_wait_is_over() {
    for _ in 0..50 {
        let tracker = TaskTracker::new();
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..4 {
            let done = done.clone();
            let task = tracker.track_future(async move { done.fetch_add(1, Ordering::Relaxed) });
            thread::spawn(move || block_on(task));
        }
        tracker.close();
        block_on(tracker.wait());
        assert_eq!(done.load(Ordering::Relaxed), 4);
    }
}
