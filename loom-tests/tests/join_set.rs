//! A set of tasks: each is joined once, whenever it ends, and who waits for the next one hears of it.
//!
//! The tasks run on the one worker of a runtime; the set is asked in `block_on`, on another thread.
//!
//! Checks: `executor/src/task_tools/join_set.rs`, `executor/src/task_tools/notified.rs`

#![cfg(loom)]

use pintle::runtime::{Builder, Runtime};
use pintle::task::{JoinSet, yield_now};
use pintle::time::{Duration, sleep};
use pintle_loom_tests::{Drops, model};

/// A runtime whose worker sleeps; how it came to be is modelled elsewhere.
fn settled() -> Runtime {
    loom::stop_exploring();
    let mut builder = Builder::new_thread_per_core();
    let runtime = builder.worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(sleep(Duration::from_millis(1)));
    loom::explore();
    runtime
}

fn drop_unexplored(runtime: Runtime) {
    loom::stop_exploring();
    drop(runtime);
}

// worker     1 ends: its key goes into the queue ── wakes ── 2 ends ── wakes
// set             finds nothing ──┬── leaves its waker │ sleeps
#[test]
fn each_task_is_joined_once_whenever_it_ends() {
    model(2, || {
        let runtime = settled();
        runtime.block_on(async {
            let mut set = JoinSet::new();
            set.spawn(async { 1 });
            set.spawn(async { 2 });
            let mut joined = Vec::new();
            while let Some(output) = set.join_next().await {
                joined.push(output.unwrap());
            }
            joined.sort_unstable();
            assert_eq!(joined, [1, 2]);
            assert!(set.is_empty());
        });
        drop_unexplored(runtime);
    });
}

// worker     the task ends ──┬──
// set        aborts all ─────┴── it is joined, with its output or as cancelled
#[test]
fn an_abort_of_all_against_the_end_of_a_task_joins_it_either_way() {
    model(2, || {
        let runtime = settled();
        runtime.block_on(async {
            let mut set = JoinSet::new();
            set.spawn(async { yield_now().await });
            set.abort_all();
            let end = set.join_next().await.unwrap();
            assert!(end.is_ok() || end.unwrap_err().is_cancelled());
            assert!(set.join_next().await.is_none());
        });
        drop_unexplored(runtime);
    });
}

// worker     runs the task, which never ends by itself
// set        is dropped: the task is aborted, and its future is gone when the runtime is
#[test]
fn a_set_that_is_dropped_takes_its_tasks_along() {
    model(2, || {
        let drops = Drops::new();
        let runtime = settled();
        runtime.block_on(async {
            let item = drops.item(1);
            let mut set = JoinSet::new();
            set.spawn(async move {
                std::future::pending::<()>().await;
                drop(item);
            });
            drop(set);
        });
        drop_unexplored(runtime);
        assert_eq!(drops.count(), 1);
    });
}

// worker     the task ends
// set             time has passed: so it is there, for who does not want to wait
#[test]
fn a_task_that_has_ended_is_there_without_waiting() {
    model(2, || {
        let runtime = settled();
        runtime.block_on(async {
            let mut set = JoinSet::new();
            set.spawn(async { 1 });
            assert!(!set.is_empty());
            sleep(Duration::from_millis(1)).await;
            assert_eq!(set.try_join_next().unwrap().unwrap(), 1);
            assert!(set.try_join_next().is_none() && set.is_empty());
        });
        drop_unexplored(runtime);
    });
}
