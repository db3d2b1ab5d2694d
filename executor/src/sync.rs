//! Locks, semaphores, notifications and cancellation between tasks.
//!
//! None of these needs a runtime: they are awaited on any executor, and the `blocking_*` methods
//! on any thread. Those are refused where tasks run.
//!
//! ```
//! use pintle::sync::{CancellationToken, Mutex};
//! use std::sync::Arc;
//!
//! # #[pintle::main]
//! # async fn main() {
//! let count = Arc::new(Mutex::new(0));
//! let shutdown = CancellationToken::new();
//! let task = pintle::spawn({
//!     let (count, shutdown) = (count.clone(), shutdown.clone());
//!     async move {
//!         shutdown.cancelled().await;
//!         *count.lock().await += 1;
//!     }
//! });
//! shutdown.cancel();
//! task.await.unwrap();
//! assert_eq!(*count.lock().await, 1);
//! # }
//! ```

pub use pintle_sync::{
    AcquireError, Barrier, BarrierWaitResult, CancellationToken, DropGuard, DropGuardRef,
    MappedMutexGuard, Mutex, MutexGuard, Notify, OnceCell, OwnedMappedMutexGuard, OwnedMutexGuard,
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit,
    RwLock, RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit,
    SetError, SetOnce, SetOnceError, TryAcquireError, TryLockError, WaitForCancellationFuture,
    WaitForCancellationFutureOwned,
};

/// The futures of this module that have names.
pub mod futures {
    pub use pintle_sync::{Notified, OwnedNotified};
}
