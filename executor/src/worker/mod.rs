//! Where am I, and how many of us are there: the workers of the runtime.
//!
//! A worker is one thread with its queues, its reactor and its wheel.
//!
//! | file | |
//! | --- | --- |
//! | `turn.rs` | the loop, top to bottom: read this first |
//! | `local.rs` | the half that only the worker's own thread touches |
//! | `remote.rs` | the half that any thread may touch |
//! | `door.rs` | where other threads leave things for a worker, and wake it |
//! | `schedule.rs` | where a woken task goes; the two kinds of tasks |
//! | `find.rs` | work from siblings |
//! | `rescue.rs` | looking after a sibling that is stuck |
//! | `guest.rs` | a thread inside `block_on` as a worker |
//! | `stand_in.rs` | who works while every worker is inside `block_in_place` |
//! | `current.rs` | the seat: what this thread is |
//! | `shared.rs` | what all workers of a runtime share |
//! | `spin.rs` | a short wait before the long one |
//! | `spare.rs` | what ended tasks have left, for new ones |
//! | `thread.rs` | the thread of a worker |
//! | `affinity.rs`, `config.rs`, `counters.rs` | what their names say |

mod affinity;
mod config;
mod counters;
mod current;
mod door;
mod find;
mod guest;
mod local;
mod remote;
mod rescue;
mod schedule;
mod shared;
mod spare;
mod spin;
mod stand_in;
mod thread;
mod turn;

pub(crate) use affinity::cpus;
pub(crate) use config::{Config, Mode};
pub(crate) use counters::Counters;
pub(crate) use current::{
    Seated, enter_outside, is_in_own_runtime, is_worker_of, local, may_block,
    shared as current_shared, with_local,
};
pub(crate) use door::Door;
pub(crate) use guest::block_on;
pub(crate) use local::{Kind, Local};
pub(crate) use shared::{Shared, StealableQueue};
pub(crate) use thread::main as thread_main;

/// The index of the worker this thread is; `None` on any other thread, and inside `block_on` of a
/// runtime that has worker threads.
///
/// ```
/// # #[pintle::main(flavor = "thread_per_core", worker_threads = 2)]
/// # async fn main() {
/// assert_eq!(pintle::worker::current(), None);
/// let there = pintle::spawn_on(1, || async { pintle::worker::current() });
/// assert_eq!(there.await.unwrap(), Some(1));
/// # }
/// ```
pub fn current() -> Option<usize> {
    with_local(|local| local.is_regular().then_some(local.remote.index)).flatten()
}

/// How many workers the current runtime has.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # #[pintle::main(flavor = "thread_per_core", worker_threads = 2)]
/// # async fn main() {
/// assert_eq!(pintle::worker::count(), 2);
/// # }
/// ```
#[track_caller]
pub fn count() -> usize {
    match current_shared() {
        Some(shared) => shared.remotes.len(),
        None => panic!(
            "`worker::count` was called outside of a Pintle runtime. Call it inside a task or \
             `block_on`, or while holding the guard of `Handle::enter`"
        ),
    }
}
