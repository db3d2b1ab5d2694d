//! Telling tasks that they should end.
//!
//! A [`CancellationToken`] is one of any number of handles to a node in a [tree](tree); the node
//! has a flag, and a [`Notify`](crate::Notify) for who waits.
//!
//! Tested in `executor/sync/tests/cases/cancellation.rs` and `loom-tests/tests/sync_cancel.rs`.

mod drop_guard;
mod future;
mod tree;

pub use drop_guard::{DropGuard, DropGuardRef};
pub use future::{WaitForCancellationFuture, WaitForCancellationFutureOwned};

use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tree::Node;

/// Tells any number of tasks that they should end.
///
/// Clones are the same token: cancel one, and all are. A [child](Self::child_token) is cancelled
/// with its parent, and can be cancelled alone.
///
/// ```
/// use pintle_sync::CancellationToken;
///
/// let token = CancellationToken::new();
/// let child = token.child_token();
/// let task = std::thread::spawn(move || {
///     futures_lite::future::block_on(async {
///         child.cancelled().await;
///         // … clean up
///     });
/// });
/// token.cancel();
/// task.join().unwrap();
/// ```
pub struct CancellationToken {
    node: Arc<Node>,
}

impl CancellationToken {
    /// Makes a token that is not cancelled.
    pub fn new() -> Self {
        Self { node: Node::root() }
    }

    /// Makes a token that is cancelled with this one, but not this one with it.
    ///
    /// ```
    /// use pintle_sync::CancellationToken;
    ///
    /// let parent = CancellationToken::new();
    /// let (one, other) = (parent.child_token(), parent.child_token());
    /// one.cancel();
    /// assert!(!parent.is_cancelled() && !other.is_cancelled());
    /// parent.cancel();
    /// assert!(other.is_cancelled());
    /// ```
    pub fn child_token(&self) -> Self {
        Self {
            node: self.node.child(),
        }
    }

    /// Cancels this token, its clones, its children and theirs, and wakes all who wait for it.
    ///
    /// Does nothing if it was cancelled already.
    pub fn cancel(&self) {
        self.node.cancel();
    }

    /// Whether it is cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.node.is_cancelled()
    }

    /// Waits until the token is cancelled. Ready at once if it is.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping the future.
    pub fn cancelled(&self) -> WaitForCancellationFuture<'_> {
        WaitForCancellationFuture::new(self)
    }

    /// The same with a future that keeps the token.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping the future, but for the token that it keeps.
    pub fn cancelled_owned(self) -> WaitForCancellationFutureOwned {
        WaitForCancellationFutureOwned::new(self)
    }

    /// Cancels the token when the guard is dropped, by a panic say.
    ///
    /// ```
    /// use pintle_sync::CancellationToken;
    ///
    /// let token = CancellationToken::new();
    /// let guard = token.clone().drop_guard();
    /// drop(guard);
    /// assert!(token.is_cancelled());
    /// ```
    pub fn drop_guard(self) -> DropGuard {
        DropGuard::new(self)
    }

    /// The same with a guard that borrows the token.
    pub fn drop_guard_ref(&self) -> DropGuardRef<'_> {
        DropGuardRef::new(self)
    }

    /// Runs a future until it is done, or the token is cancelled: then it is dropped, and the
    /// answer is `None`.
    ///
    /// If the token is cancelled already, the future is not polled at all. If both happen at once
    /// later, the future has been done in time.
    ///
    /// # Cancel safety
    ///
    /// That of the future.
    ///
    /// ```
    /// use pintle_sync::CancellationToken;
    /// use std::future::{pending, ready};
    ///
    /// # futures_lite::future::block_on(async {
    /// let token = CancellationToken::new();
    /// assert_eq!(token.run_until_cancelled(ready(1)).await, Some(1));
    /// token.cancel();
    /// assert_eq!(token.run_until_cancelled(pending::<()>()).await, None);
    /// # });
    /// ```
    pub async fn run_until_cancelled<F: Future>(&self, fut: F) -> Option<F::Output> {
        if self.is_cancelled() {
            return None;
        }
        let mut cancelled = pin!(self.cancelled());
        let mut fut = pin!(fut);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(output) = fut.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            cancelled.as_mut().poll(cx).map(|()| None)
        })
        .await
    }

    /// The same with a future that keeps the token.
    ///
    /// # Cancel safety
    ///
    /// That of the future.
    ///
    /// ```
    /// use pintle_sync::CancellationToken;
    /// use std::future::pending;
    ///
    /// # futures_lite::future::block_on(async {
    /// let token = CancellationToken::new();
    /// let task = token.clone().run_until_cancelled_owned(pending::<()>());
    /// token.cancel();
    /// assert_eq!(task.await, None);
    /// # });
    /// ```
    pub async fn run_until_cancelled_owned<F: Future>(self, fut: F) -> Option<F::Output> {
        self.run_until_cancelled(fut).await
    }
}

impl Default for CancellationToken {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for CancellationToken {
    fn clone(&self) -> Self {
        self.node.add_token();
        Self {
            node: self.node.clone(),
        }
    }
}

impl Drop for CancellationToken {
    fn drop(&mut self) {
        self.node.drop_token();
    }
}

/// How many tokens' nodes are left in the tree that this one is the root of.
#[cfg(loom)]
pub fn branches(token: &CancellationToken) -> usize {
    token.node.branches()
}

/// Whether they are clones of each other.
impl PartialEq for CancellationToken {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.node, &other.node)
    }
}

impl Eq for CancellationToken {}

/// Clones of each other hash alike.
impl Hash for CancellationToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.node).hash(state);
    }
}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancellationToken")
            .field("is_cancelled", &self.is_cancelled())
            .finish()
    }
}
