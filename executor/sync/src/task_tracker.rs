//! Knowing when a number of tasks have ended.
//!
//! A [`TaskTracker`] is one word, twice the number of tasks plus whether it is closed, and a
//! [`Notify`] for those who wait for it to be closed and without tasks.
//!
//! Tested in `executor/sync/tests/cases/task_tracker.rs` and `loom-tests/tests/sync_cancel.rs`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::budget;
use crate::notify::{Notify, Wait};
use crate::shim::sync::atomic::{AtomicUsize, Ordering};

const CLOSED: usize = 1;
const TASK: usize = 2;

/// Waits for any number of tasks to end, for a graceful shutdown say.
///
/// Unlike a join set it keeps nothing of a task that has ended, neither its output nor its memory:
/// it counts. [`wait`](Self::wait) is done when the tracker is [closed](Self::close) and has no
/// tasks; closing does not keep new ones out.
///
/// Clones are the same tracker.
///
/// ```
/// use pintle_sync::{CancellationToken, TaskTracker};
///
/// # futures_lite::future::block_on(async {
/// let tracker = TaskTracker::new();
/// let shutdown = CancellationToken::new();
/// for _ in 0..3 {
///     let task = tracker.track_future(shutdown.clone().cancelled_owned());
///     std::thread::spawn(move || futures_lite::future::block_on(task));
/// }
/// shutdown.cancel();
/// tracker.close();
/// tracker.wait().await;
/// assert!(tracker.is_empty());
/// # });
/// ```
pub struct TaskTracker {
    shared: Arc<Shared>,
}

struct Shared {
    word: AtomicUsize,
    ended: Notify,
}

impl Shared {
    fn is_over(&self) -> bool {
        // Acquire: what the tasks did is seen by who finds that they have ended.
        self.word.load(Ordering::Acquire) == CLOSED
    }
}

impl TaskTracker {
    /// Makes an open tracker without tasks.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                word: AtomicUsize::new(0),
                ended: Notify::new(),
            }),
        }
    }

    /// Waits until the tracker is closed and has no tasks, both at the same moment.
    ///
    /// Tasks that are added after that moment make no difference.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping the future.
    pub fn wait(&self) -> TaskTrackerWaitFuture<'_> {
        // The wait first: what the look misses, it does not.
        let wait = Wait::new(&self.shared.ended);
        TaskTrackerWaitFuture {
            over: self.shared.is_over(),
            wait,
        }
    }

    /// Closes the tracker. Says whether it was open.
    pub fn close(&self) -> bool {
        // Release: what we did is seen by those who wait. Acquire: they are woken by us, and so
        // see what the tasks did.
        let before = self.shared.word.fetch_or(CLOSED, Ordering::AcqRel);
        if before == 0 {
            self.shared.ended.notify_waiters();
        }
        before & CLOSED == 0
    }

    /// Opens the tracker again. Says whether it was closed.
    pub fn reopen(&self) -> bool {
        // Relaxed: who waits on waits for the next close.
        self.shared.word.fetch_and(!CLOSED, Ordering::Relaxed) & CLOSED != 0
    }

    /// Whether the tracker is closed.
    pub fn is_closed(&self) -> bool {
        // Acquire: what was done before the close is seen by who finds it.
        self.shared.word.load(Ordering::Acquire) & CLOSED != 0
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        // Acquire: as in `is_over`.
        self.shared.word.load(Ordering::Acquire) / TASK
    }

    /// Whether there are no tasks.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tracks a future: it counts as a task until it is dropped, which a task does when it ends.
    ///
    /// ```
    /// use pintle_sync::TaskTracker;
    ///
    /// # futures_lite::future::block_on(async {
    /// let tracker = TaskTracker::new();
    /// let future = tracker.track_future(async { 1 });
    /// assert_eq!(tracker.len(), 1);
    /// assert_eq!(future.await, 1);
    /// assert!(tracker.is_empty());
    /// # });
    /// ```
    pub fn track_future<F: Future>(&self, future: F) -> TrackedFuture<F> {
        TrackedFuture {
            future,
            token: self.token(),
        }
    }

    /// Counts as a task until it is dropped.
    pub fn token(&self) -> TaskTrackerToken {
        // Relaxed: it only counts; the end of the task is what orders.
        let before = self.shared.word.fetch_add(TASK, Ordering::Relaxed);
        assert!(before <= usize::MAX / 2, "too many tasks in a TaskTracker");
        TaskTrackerToken {
            tracker: self.clone(),
        }
    }

    /// Whether the two are clones of each other.
    pub fn ptr_eq(left: &Self, right: &Self) -> bool {
        Arc::ptr_eq(&left.shared, &right.shared)
    }
}

impl Default for TaskTracker {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for TaskTracker {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl fmt::Debug for TaskTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskTracker")
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}

/// Counts as a task of a [`TaskTracker`] until it is dropped; so does each clone.
#[derive(Debug)]
#[must_use = "it counts as a task until it is dropped"]
pub struct TaskTrackerToken {
    tracker: TaskTracker,
}

impl TaskTrackerToken {
    /// The tracker.
    pub const fn task_tracker(&self) -> &TaskTracker {
        &self.tracker
    }
}

impl Clone for TaskTrackerToken {
    fn clone(&self) -> Self {
        self.tracker.token()
    }
}

impl Drop for TaskTrackerToken {
    fn drop(&mut self) {
        let shared = &self.tracker.shared;
        // Release: what the task did is seen by those who wait. Acquire: they are woken by the
        // last, and so see what all did.
        if shared.word.fetch_sub(TASK, Ordering::AcqRel) == TASK | CLOSED {
            shared.ended.notify_waiters();
        }
    }
}

pin_project! {
    /// A future that counts as a task: what [`TaskTracker::track_future`] returns.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TrackedFuture<F> {
        // Dropped in this order: a task has ended when its future is gone.
        #[pin]
        future: F,
        token: TaskTrackerToken,
    }
}

impl<F: Future> Future for TrackedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

pin_project! {
    /// Waits for the tasks to end: what [`TaskTracker::wait`] returns.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TaskTrackerWaitFuture<'a> {
        #[pin]
        wait: Wait<&'a Notify>,
        over: bool,
    }
}

impl Future for TaskTrackerWaitFuture<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let progress = ready!(budget::poll_proceed(cx));
        let this = self.project();
        if !*this.over {
            ready!(this.wait.poll_notified(Some(cx.waker())));
        }
        progress.made_progress();
        Poll::Ready(())
    }
}
