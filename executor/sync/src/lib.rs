//! The floor of the Pintle async runtime: what every other crate of
//! the workspace stands on, and which stands on none of them.
//!
//! - [`shim`]: locks, atomics, cells and thread-locals, from `std` and `parking_lot` or, under
//!   `--cfg loom`, from the model checker. The only such switch in the workspace.
//! - [`WakeBatch`]: wakers collected while something is locked, woken when nothing is.
//! - [`budget`]: the cooperative budget that makes an always-ready task yield now and then.
//!
//! Nothing here needs a runtime to be running.

#![deny(unsafe_code)]

#[macro_use]
pub mod shim;

mod barrier;
pub mod blocking;
pub mod budget;
mod cancellation;
#[macro_use]
mod guard;
mod mutex;
mod notify;
mod once;
mod rwlock;
mod semaphore;
mod task_tracker;
mod wait_list;
mod wake_batch;
mod wakers;

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

/// For the shim's `thread_local!`, which is used in other crates.
#[cfg(loom)]
#[doc(hidden)]
pub use loom as __loom;
