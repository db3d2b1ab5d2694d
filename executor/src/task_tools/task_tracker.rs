//! Knowing when a number of tasks have ended.
//!
//! The counting is that of `pintle_sync`, which needs no runtime; what is added here is to spawn.
//! tokio-util has all of it under these names.

use crate::runtime::Handle;
use crate::task::{JoinHandle, LocalSet};
use std::ops::Deref;

pub use pintle_sync::{TaskTrackerToken, TaskTrackerWaitFuture, TrackedFuture};

/// Spawns tasks, and waits until all of them have ended: for a graceful shutdown, say, together
/// with a [`CancellationToken`](crate::sync::CancellationToken).
///
/// Unlike a [`JoinSet`](crate::task::JoinSet) it keeps nothing of a task that has ended, so that a
/// server may track every connection it has ever had; nor does its drop abort anything.
///
/// [`wait`](pintle_sync::TaskTracker::wait) is done when the tracker is
/// [closed](pintle_sync::TaskTracker::close) and has no tasks; closing does not keep new ones out.
/// A task is one until its future (or closure) has been dropped, so also if it panics or is
/// aborted.
///
/// Clones are the same tracker. It dereferences to the tracker of [`pintle_sync`], whose methods it
/// shares.
///
/// ```
/// use pintle::sync::CancellationToken;
/// use pintle::task::TaskTracker;
///
/// # #[pintle::main]
/// # async fn main() {
/// let tracker = TaskTracker::new();
/// let shutdown = CancellationToken::new();
/// for _ in 0..3 {
///     tracker.spawn(shutdown.clone().cancelled_owned());
/// }
/// assert_eq!(tracker.len(), 3);
/// shutdown.cancel();
/// tracker.close();
/// tracker.wait().await;
/// assert!(tracker.is_empty());
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct TaskTracker(pintle_sync::TaskTracker);

impl TaskTracker {
    /// Makes an open tracker without tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Spawns a task and tracks it; see [`pintle::spawn`](crate::spawn).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        crate::spawn(self.track_future(task))
    }

    /// Spawns a task on another runtime and tracks it; see [`Handle::spawn`].
    pub fn spawn_on<F>(&self, task: F, handle: &Handle) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        handle.spawn(self.track_future(task))
    }

    /// Spawns a task that stays on this thread, and tracks it; see
    /// [`spawn_local`](crate::task::spawn_local).
    ///
    /// # Panics
    ///
    /// On a thread that is neither a worker nor inside a local set.
    #[track_caller]
    pub fn spawn_local<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        crate::task::spawn_local(self.track_future(task))
    }

    /// Spawns a task on a local set and tracks it; see [`LocalSet::spawn_local`].
    pub fn spawn_local_on<F>(&self, task: F, local_set: &LocalSet) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        local_set.spawn_local(self.track_future(task))
    }

    /// Runs a closure on the blocking pool and tracks it; see
    /// [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// ```
    /// use pintle::task::TaskTracker;
    ///
    /// # #[pintle::main]
    /// # async fn main() {
    /// let tracker = TaskTracker::new();
    /// let job = tracker.spawn_blocking(|| 6 * 7);
    /// tracker.close();
    /// tracker.wait().await;
    /// assert_eq!(job.await.unwrap(), 42);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, f: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        crate::task::spawn_blocking(self.tracked(f))
    }

    /// Runs a closure on the blocking pool of another runtime and tracks it; see
    /// [`Handle::spawn_blocking`].
    pub fn spawn_blocking_on<F, R>(&self, f: F, handle: &Handle) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        handle.spawn_blocking(self.tracked(f))
    }

    fn tracked<F: FnOnce() -> R, R>(&self, f: F) -> impl FnOnce() -> R + use<F, R> {
        let token = self.token();
        move || {
            // Dropped after what `f` owns, also if it panics.
            let _token = token;
            f()
        }
    }

    /// Whether the two are clones of each other.
    pub fn ptr_eq(left: &Self, right: &Self) -> bool {
        pintle_sync::TaskTracker::ptr_eq(&left.0, &right.0)
    }
}

impl Deref for TaskTracker {
    type Target = pintle_sync::TaskTracker;

    fn deref(&self) -> &pintle_sync::TaskTracker {
        &self.0
    }
}
