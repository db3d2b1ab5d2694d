//! What each primitive promises, as its users see it.
//!
//! These are the cases of two test programs, `executor/sync/tests/behaviour.rs` and
//! `executor/tests/sync_behaviour.rs`, which run each of them in every place where it could be used:
//! on a plain `block_on` without a runtime, and in a runtime of each flavour. A program says by its
//! macro `cases!` where that is, and by its module `place` what [`spawn`] means there: a thread of
//! its own, or a task that may be on another worker. A case is of one of two kinds:
//!
//! - it *polls* futures by hand ([`hand`]), so that it knows of each wake-up, and never waits. In a
//!   runtime it runs inside a task;
//! - it has *tasks*, and waits for them. In a runtime it runs inside `block_on`, and its tasks
//!   where the flavour puts them.

mod hand;

mod barrier;
mod broadcast;
mod broadcast_values;
mod budget;
mod cancellation;
mod mpsc;
mod mutex;
mod notify;
mod once;
mod oneshot;
mod rwlock;
mod semaphore;
mod semaphore_model;
mod task_tracker;
mod watch;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_lite::future::poll_once;

use crate::place::{JoinHandle, spawn, yield_now};
use hand::Task;

/// What a future is ready with at its first poll.
#[track_caller]
fn now<T>(future: impl Future<Output = T>) -> T {
    Task::new(future).expect_ready()
}

/// The message that `f` panics with.
#[track_caller]
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else {
        panic!("it should have panicked");
    };
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().unwrap().to_string(),
    }
}

/// Panics, and prints nothing.
fn panic_quietly() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}

/// Waits until `condition` holds.
async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        yield_now().await;
    }
}

/// Spawns a task that waits for `future`. Returns when it does.
async fn spawn_waiting<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let waits = Arc::new(AtomicBool::new(false));
    let task = spawn({
        let waits = waits.clone();
        async move {
            let mut future = pin!(future);
            assert!(poll_once(&mut future).await.is_none(), "this should wait");
            waits.store(true, Ordering::Release);
            future.await
        }
    });
    until(|| waits.load(Ordering::Acquire) || task.is_finished()).await;
    task
}

/// Spawns a task that gets something and keeps it until it is aborted. Returns when it has it.
async fn spawn_holding<F>(future: F) -> JoinHandle<()>
where
    F: Future<Output: Send> + Send + 'static,
{
    let has = Arc::new(AtomicBool::new(false));
    let task = spawn({
        let has = has.clone();
        async move {
            let _held = future.await;
            has.store(true, Ordering::Release);
            std::future::pending().await
        }
    });
    until(|| has.load(Ordering::Acquire)).await;
    task
}

/// Aborts a task and waits until its future is gone.
async fn abort<T: std::fmt::Debug>(task: JoinHandle<T>) {
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}

/// Awaits all of them, which must all succeed.
async fn join_all<T>(tasks: impl IntoIterator<Item = JoinHandle<T>>) -> Vec<T> {
    let mut outputs = Vec::new();
    for task in tasks {
        outputs.push(task.await.expect("the task succeeds"));
    }
    outputs
}
