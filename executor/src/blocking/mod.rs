//! The blocking pool: threads for code that would hold a worker up.
//!
//! A job is a task like any other (`task/`), so a panic, an abort and a dropped handle mean the
//! same as everywhere; it is only polled once, on a thread of the pool, and never woken. Threads
//! are made when a job finds none idle, up to a limit, and leave when idle for long enough.
//! Beyond the limit jobs queue, first come, first served.
//!
//! Owned by the runtime, which gives it its settings ([`config`]) and shuts it down. Knows no
//! worker and no runtime: what a thread needs around it (the runtime's context) is a closure.
//!
//! Everything is decided under one lock, `State` in [`pool`]:
//!
//! 1. *A queued job has a thread.* While `queue` is not empty, `threads > 0`: a thread counts
//!    from the decision to start it, and until the decision to leave. Who finds that a thread will
//!    not come (the system refused it) and that it was the last one, refuses the queued jobs.
//! 2. *A permit is for whoever wakes first.* Pushing a job while a thread is idle turns that
//!    `idle` into a `permit` and notifies. A thread that wakes looks for a permit before it looks
//!    at why it woke; so the wake-up may be spurious, late, or meant for another, and a thread
//!    cannot leave for want of work while the job that was counted on it is in the queue.
//! 3. *Nothing of the user's runs under the lock*: no job, no hook, no name function, no waker,
//!    no `Drop`.
//! 4. *After `shut_down` nothing is queued.* A job is either run, or cancelled, or refused, once.
//!
//! Tested beside this file; modelled in `loom-tests/tests/blocking.rs`.

pub mod config;
pub mod pool;
mod thread;

#[cfg(all(test, not(loom)))]
mod tests;

pub use config::BlockingConfig;
pub use pool::BlockingPool;
