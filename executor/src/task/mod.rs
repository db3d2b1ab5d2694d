//! Tasks: what is spawned, waited for and aborted.
//!
//! A task is a future that its runtime polls by itself. Spawning gives a [`JoinHandle`]: awaiting it
//! gives the task's output, dropping it lets the task go on alone. A task ends when its future is
//! ready, when it panics (which harms no other task), when it is aborted, or when its runtime shuts
//! down; the last three give a [`JoinError`] to whoever waits.

#![expect(
    unsafe_code,
    reason = "a task is shared memory of a type its sharers do not know"
)]

// A task: a future, the word that says who may touch it, and the handles that share both.
//
// One allocation holds everything. It is known by four kinds of owners, each with a counted
// reference:
//
// | owner | how many | what it may do |
// |---|---|---|
// | `Task` | at most one | run the task, or cancel it; it *is* the right to |
// | `Bound` | at most one | end the task when the scheduler shuts down |
// | `JoinHandle` | at most one | take the output, abort |
// | `Waker`, `AbortHandle` | any number | ask for a `Task`; never run or drop anything |
//
// The scheduler decides where a `Task` goes (`Schedule`); this module knows no queues, no
// workers and no threads.
//
// The rules:
//
// 1. **The word.** `state.rs` holds the only atomic of a task, and every ordering. CLAIMED makes
//    the future one thread's at a time: the claim is a `Task`'s, or of who has taken it over to run
//    or to end it. The word orders what passes through idleness or through a wake. What a claimant
//    did, or `create`, and then left to the next by way of the `Task` is published as everything
//    that one thread sends another is, by the queue that it goes through.
// 2. **The stage** (the future, later the output) is touched by the one that has the claim,
//    until COMPLETE. From then on it is the `JoinHandle`'s, or, if that was gone at that moment,
//    stays with the one that has set COMPLETE.
// 3. **The join waker** is the `JoinHandle`'s while JOIN_WAKER is clear, and belongs to the one
//    that sets COMPLETE if it then finds JOIN_WAKER set. The handle takes it back by clearing
//    JOIN_WAKER, which it may only do while COMPLETE is clear.
// 4. **The slot** is touched by the one that has the claim.
// 5. **The queue link** is touched by the owner of the `Task`.
// 6. **An idle task is bound**, so a waker is never the last to know an unfinished task, and no
//    waker's drop ever drops a future. Proof: only `end_poll`'s `Park` makes a task idle, and it
//    asks for a bound task that is not CANCELLED. A `Bound` ends in two ways: the runner that
//    completes the task takes it; or it is dropped, which claims an idle task, and makes any
//    other CANCELLED, whereupon `Park` is never answered again.
// 7. **The last reference** therefore belongs to a complete task, and finds an empty stage: it
//    may go away on any thread.
// 8. **Pinned** tasks are polled, and their futures dropped, only where their `Task` and their
//    `Bound` are, and neither is `Send`. `abort`, `wake` and the drop of a handle only change the
//    word, or hand a `Task` to the scheduler, which brings it home.
// 9. **No panic** of a future, an output or a waker leaves `Task::run`, `Task::cancel`,
//    `Bound::shutdown` or the drop of a `JoinHandle`; see `poll.rs`.
//
// Tested in `tests/`, one thread at a time, and in `loom-tests/tests/task_*.rs`.

mod cell;
mod current;
mod error;
mod header;
mod id;
mod join;
mod poll;
mod recycle;
mod runnable;
mod schedule;
mod state;
#[cfg(all(test, not(loom)))]
mod tests;
mod waker;

// What makes tasks lives further up; users find it here, under the path where tokio has it.
pub use crate::spawn::{
    Builder, block_in_place, id, spawn, spawn_blocking, spawn_local, try_id, yield_now,
};
pub use crate::task_tools::{
    abort_on_drop::AbortOnDropHandle,
    coop::{self, consume_budget, unconstrained},
    join_set::{self, JoinSet},
    local_set::{LocalEnterGuard, LocalSet},
    task_local::{AccessError, LocalKey, TaskLocalFuture},
    task_tracker::{self, TaskTracker},
};
pub use error::JoinError;
pub use id::Id;
pub use join::{AbortHandle, JoinHandle};

pub(crate) use current::{Running, id as current_id, run_no_task, run_tasks};
pub(crate) use recycle::{Keeping, keep};
// The scheduler's side is nobody's business outside this crate, but for the models.
#[cfg(loom)]
pub use self::{header::Header, runnable::*, schedule::*};
#[cfg(not(loom))]
pub(crate) use self::{header::Header, runnable::*, schedule::*};
