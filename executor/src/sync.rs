//! Channels, locks, semaphores, notifications and cancellation between tasks.
//!
//! | | |
//! | --- | --- |
//! | [`mpsc`] | many senders, one receiver, every message once |
//! | [`oneshot`] | one value, once |
//! | [`broadcast`] | many senders, many receivers, every value to each |
//! | [`watch`] | many receivers see the latest value |
//! | [`Mutex`], [`RwLock`] | locks that may be held across an `.await` |
//! | [`Semaphore`] | a count of permits |
//! | [`Notify`], [`Barrier`] | wake one or all; wait for one another |
//! | [`OnceCell`], [`SetOnce`] | set once, by whoever asks first or for all who wait |
//! | [`CancellationToken`] | tell tasks to end; [`TaskTracker`](crate::task::TaskTracker) knows when they have |
//!
//! None of these needs a runtime: they are awaited on any executor, and the `blocking_*` methods
//! wait with any thread on which no tasks run. On a worker, and so in any task and in `block_on`,
//! those panic; they are for threads of one's own, `spawn_blocking` and `block_in_place`.
//!
//! What needs a clock is not here: instead of tokio's `send_timeout`, put a
//! [`timeout`](crate::time::timeout) around `reserve`, whose cancellation loses no message.
//!
//! ```
//! use pintle::sync::{CancellationToken, mpsc};
//!
//! # #[pintle::main]
//! # async fn main() {
//! let (sender, mut receiver) = mpsc::channel(8);
//! let shutdown = CancellationToken::new();
//! let task = pintle::spawn({
//!     let shutdown = shutdown.clone();
//!     async move {
//!         shutdown.cancelled().await;
//!         sender.send("the last words").await.unwrap();
//!     }
//! });
//! shutdown.cancel();
//! assert_eq!(receiver.recv().await, Some("the last words"));
//! assert_eq!(receiver.recv().await, None);
//! task.await.unwrap();
//! # }
//! ```

pub use pintle_sync::{broadcast, mpsc, oneshot, watch};

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
