//! Locks, semaphores, notifications and cancellation for tasks, which need no runtime; and the
//! floor of the Pintle async runtime, on which every other crate of the workspace stands.
//!
//! For tasks, with tokio's names and meaning:
//!
//! | | |
//! | --- | --- |
//! | [`Mutex`], [`RwLock`] | locks that may be held across an `.await`, fair and without poison |
//! | [`Semaphore`] | a count of permits |
//! | [`mpsc`] | many senders, one receiver, every message once |
//! | [`broadcast`] | many senders, many receivers, every value to each |
//! | [`watch`] | many receivers see the latest value |
//! | [`oneshot`] | send one value |
//! | [`Notify`] | wake one, or all, without data |
//! | [`Barrier`] | wait for one another |
//! | [`OnceCell`], [`SetOnce`] | set once: by whoever asks first, or for all who wait |
//! | [`CancellationToken`] | tell tasks to end |
//! | [`TaskTracker`] | know when they have |
//!
//! They stand on two things: a *wait list*, which is an intrusive queue, so that waiting allocates
//! nothing, and a *batch semaphore* on top of it. What may have to wait takes part in the cooperative
//! [`budget`], but for the last to come to a barrier and a look at a cell that is set; the
//! `blocking_*` methods wait with the thread ([`blocking`]).
//!
//! For runtimes:
//!
//! - [`shim`]: locks, atomics, cells, threads and their locals, and the time, from `std` and
//!   `parking_lot` or, under `--cfg loom`, from the model checker.
//! - [`WakeBatch`]: wakers collected while something is locked, woken when nothing is.
//! - [`budget`]: the cooperative budget that makes an always-ready task yield now and then.

#![deny(unsafe_code)]
// A model sees the wait list, too, through `checked`.
#![cfg_attr(
    loom,
    allow(
        missing_docs,
        missing_debug_implementations,
        clippy::new_without_default
    )
)]

#[macro_use]
pub mod shim;

mod barrier;
pub mod blocking;
pub mod broadcast;
pub mod budget;
mod cancellation;
#[macro_use]
mod guard;
pub mod mpsc;
mod mutex;
mod notify;
mod once;
pub mod oneshot;
mod rwlock;
mod semaphore;
mod task_tracker;
mod wait_list;
mod wake_batch;
mod wakers;
pub mod watch;

pub use barrier::{Barrier, BarrierWaitResult};
pub use cancellation::{
    CancellationToken, DropGuard, DropGuardRef, WaitForCancellationFuture,
    WaitForCancellationFutureOwned,
};
pub use mutex::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError,
};
pub use notify::{Notified, Notify, OwnedNotified};
pub use once::{OnceCell, SetError, SetOnce, SetOnceError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{
    AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
pub use task_tracker::{TaskTracker, TaskTrackerToken, TaskTrackerWaitFuture, TrackedFuture};
pub use wake_batch::WakeBatch;

/// What `loom-tests` checks and has no other way to, and a way to wait in a model.
#[cfg(loom)]
#[doc(hidden)]
pub mod checked {
    pub use crate::cancellation::branches;
    pub use crate::wait_list::*;

    pub fn block_on<F: Future>(future: F) -> F::Output {
        crate::blocking::wait(future, "await")
    }
}

/// For the shim's `thread_local!`, which is used in other crates.
#[cfg(loom)]
#[doc(hidden)]
pub use loom as __loom;
