//! The task tracker as its users see it.

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pintle_sync::TaskTracker;

use super::hand::Task;
use super::{abort, panic_of, panic_quietly, spawn_holding, spawn_waiting};
use crate::place::{spawn, yield_now};

cases! {
    polls {
        the_wait_is_for_closed_and_empty_at_once,
        a_task_ends_when_it_is_done_and_dropped,
        tokens_are_counted_one_by_one,
        a_task_that_is_dropped_or_panics_is_gone_too,
        who_waits_and_gives_up_disturbs_nobody,
    }
    tasks {
        what_the_tasks_did_is_done_when_the_wait_is_over,
        tasks_that_panic_or_are_aborted_have_ended,
        a_token_in_another_task_keeps_the_wait_from_ending,
    }
}

pub fn the_wait_is_for_closed_and_empty_at_once() {
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

pub fn a_task_ends_when_it_is_done_and_dropped() {
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

pub fn tokens_are_counted_one_by_one() {
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

pub fn a_task_that_is_dropped_or_panics_is_gone_too() {
    let tracker = TaskTracker::new();
    tracker.close();
    let dropped = Task::waiting(tracker.track_future(pending::<()>()));
    let panics = Task::new(tracker.track_future(async { panic!("no") }));
    let wait = Task::waiting(tracker.wait());
    drop(dropped);
    assert!(!wait.woken());
    panic_of(|| panics.expect_ready());
    assert!(wait.woken() && tracker.is_empty());
}

pub fn who_waits_and_gives_up_disturbs_nobody() {
    let tracker = TaskTracker::new();
    let token = tracker.token();
    tracker.close();
    let (leaves, stays) = (Task::waiting(tracker.wait()), Task::waiting(tracker.wait()));
    drop(leaves);
    drop(token);
    assert!(stays.woken());
    stays.expect_ready();
}

pub async fn what_the_tasks_did_is_done_when_the_wait_is_over() {
    for _ in 0..20 {
        let tracker = TaskTracker::new();
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..4 {
            let done = done.clone();
            drop(spawn(tracker.track_future(async move {
                yield_now().await;
                done.fetch_add(1, Ordering::Relaxed);
            })));
        }
        tracker.close();
        tracker.wait().await;
        assert_eq!(done.load(Ordering::Relaxed), 4);
    }
}

pub async fn tasks_that_panic_or_are_aborted_have_ended() {
    let tracker = TaskTracker::new();
    let panics = spawn(tracker.track_future(async { panic_quietly() }));
    let aborted = spawn_waiting(tracker.track_future(pending::<()>())).await;
    tracker.close();
    assert!(!tracker.is_empty());
    let waits = spawn_waiting({
        let tracker = tracker.clone();
        async move { tracker.wait().await }
    })
    .await;
    abort(aborted).await;
    waits.await.unwrap();
    assert!(tracker.is_empty());
    assert!(panics.await.unwrap_err().is_panic());
}

pub async fn a_token_in_another_task_keeps_the_wait_from_ending() {
    let tracker = TaskTracker::new();
    let held = spawn_holding(ready(tracker.token())).await;
    tracker.close();
    let waits = spawn_waiting({
        let tracker = tracker.clone();
        async move { tracker.wait().await }
    })
    .await;
    assert!(!waits.is_finished());
    abort(held).await;
    waits.await.unwrap();
}
