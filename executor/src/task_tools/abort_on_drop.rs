//! A handle that does not detach its task.

use crate::task::{AbortHandle, JoinError, JoinHandle};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A [`JoinHandle`] whose drop aborts the task, instead of detaching it.
///
/// So a task ends with what it was spawned for: an early return, a `?`, or a cancelled future that
/// owns the handle.
///
/// ```
/// use pintle::task::AbortOnDropHandle;
///
/// # #[pintle::main]
/// # async fn main() {
/// let task = pintle::spawn(std::future::pending::<()>());
/// let observer = task.abort_handle();
/// drop(AbortOnDropHandle::new(task));
/// while !observer.is_finished() {
///     pintle::task::yield_now().await;
/// }
/// # }
/// ```
///
/// # Cancel safety
///
/// Waiting for it by `&mut` is cancel safe, as with a [`JoinHandle`].
///
/// # Panics
///
/// If it is polled again after it has given the output.
#[derive(Debug)]
#[must_use = "dropping it aborts the task"]
pub struct AbortOnDropHandle<T> {
    /// Always there, but for the drop of a detached one.
    handle: Option<JoinHandle<T>>,
}

impl<T> AbortOnDropHandle<T> {
    /// Ties the task to this handle.
    pub fn new(handle: JoinHandle<T>) -> Self {
        Self {
            handle: Some(handle),
        }
    }

    /// Cancels the task; see [`JoinHandle::abort`].
    pub fn abort(&self) {
        self.as_ref().abort();
    }

    /// Whether the task has completed; see [`JoinHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.as_ref().is_finished()
    }

    /// A handle that can abort the task and nothing else; its drop does not.
    pub fn abort_handle(&self) -> AbortHandle {
        self.as_ref().abort_handle()
    }

    /// Unties the task: gives back the plain handle.
    ///
    /// ```
    /// use pintle::task::AbortOnDropHandle;
    ///
    /// # #[pintle::main]
    /// # async fn main() {
    /// let task = AbortOnDropHandle::new(pintle::spawn(async { 7 }));
    /// assert_eq!(task.detach().await.unwrap(), 7);
    /// # }
    /// ```
    pub fn detach(mut self) -> JoinHandle<T> {
        self.handle.take().expect("detached once")
    }
}

impl<T> AsRef<JoinHandle<T>> for AbortOnDropHandle<T> {
    fn as_ref(&self) -> &JoinHandle<T> {
        self.handle.as_ref().expect("detaching consumes it")
    }
}

impl<T> Future for AbortOnDropHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.handle.as_mut().expect("detaching consumes it");
        Pin::new(handle).poll(cx)
    }
}

impl<T> Drop for AbortOnDropHandle<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort();
        }
    }
}
