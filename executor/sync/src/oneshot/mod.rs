//! A channel for one value: the answer to one question, the result of one task.
//!
//! ```
//! use pintle_sync::oneshot;
//!
//! # futures_lite::future::block_on(async {
//! let (sender, receiver) = oneshot::channel();
//! std::thread::spawn(move || sender.send(6 * 7));
//! assert_eq!(receiver.await, Ok(42));
//! # });
//! ```
//!
//! The [`Receiver`] is a future. If the [`Sender`] is dropped without sending, it fails:
//!
//! ```
//! use pintle_sync::oneshot;
//!
//! # futures_lite::future::block_on(async {
//! let (sender, receiver) = oneshot::channel::<u32>();
//! drop(sender);
//! assert!(receiver.await.is_err());
//! # });
//! ```
//!
//! Sending never waits, so that any thread can do it. A channel is one allocation.
//!
//! How it works is in `shared.rs`. Tested in `executor/sync/tests/cases/oneshot.rs` and in
//! `loom-tests/tests/sync_oneshot.rs`.

#![expect(unsafe_code, reason = "the ends are what the shared part relies on")]

pub mod error;
mod shared;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use error::{RecvError, TryRecvError};
use shared::Shared;

use crate::shim::sync::Arc;
use crate::{blocking, budget};

/// Makes a channel.
///
/// ```
/// let (sender, mut receiver) = pintle_sync::oneshot::channel();
/// sender.send("once").unwrap();
/// assert_eq!(receiver.try_recv(), Ok("once"));
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new());
    let sender = Sender {
        shared: shared.clone(),
    };
    let receiver = Receiver {
        shared: Some(shared),
    };
    (sender, receiver)
}

/// The end that sends. See [`channel`].
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// The end that receives: a future that answers what was sent. See [`channel`].
///
/// # Cancel safety
///
/// Awaited by `&mut`, it can be dropped out of a `select!` and awaited again: the value stays in
/// the channel until an await returns it.
///
/// # Panics
///
/// When it is polled again after it has answered.
///
/// ```
/// use pintle_sync::oneshot;
///
/// # futures_lite::future::block_on(async {
/// let (sender, mut receiver) = oneshot::channel();
/// assert!(futures_lite::future::poll_once(&mut receiver).await.is_none());
/// sender.send(1).unwrap();
/// assert_eq!(receiver.await, Ok(1));
/// # });
/// ```
#[must_use = "dropping the receiver closes the channel"]
pub struct Receiver<T> {
    /// `None` once it has answered.
    shared: Option<Arc<Shared<T>>>,
}

impl<T> Sender<T> {
    /// Sends the value. Never waits.
    ///
    /// `Ok` does not mean that it will be received: the receiver may yet be dropped, and the value
    /// with it.
    ///
    /// # Errors
    ///
    /// Gives the value back when the receiver was dropped or closed.
    ///
    /// ```
    /// use pintle_sync::oneshot;
    ///
    /// let (sender, receiver) = oneshot::channel();
    /// drop(receiver);
    /// assert_eq!(sender.send(1), Err(1));
    /// ```
    pub fn send(self, value: T) -> Result<(), T> {
        // SAFETY: we are the sender's end, which is not cloned, and consumed by this.
        match unsafe { self.shared.finish(Some(value)) } {
            Ok(()) => Ok(()),
            Err(value) => Err(value.expect("what was put in is still there")),
        }
    }

    /// Waits until the receiver is dropped or closed: nobody wants the value any more.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// ```
    /// use pintle_sync::oneshot;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (mut sender, receiver) = oneshot::channel();
    /// let work = async { std::future::pending::<u32>().await };
    /// drop(receiver);
    /// let answer = futures_lite::future::or(async { Some(work.await) }, async {
    ///     sender.closed().await;
    ///     None
    /// });
    /// assert_eq!(answer.await, None);
    /// # let _ = sender.send(0);
    /// # });
    /// ```
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.poll_closed(cx)).await;
    }

    /// Asks whether the receiver is dropped or closed; if not, the task is woken when it is.
    ///
    /// Only the waker of the last call is woken.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let progress = ready!(budget::poll_proceed(cx));
        // SAFETY: we are the sender's end, borrowed mutably, and have not sent.
        ready!(unsafe { self.shared.poll_closed(cx) });
        progress.made_progress();
        Poll::Ready(())
    }

    /// Whether the receiver is dropped or closed: sending would fail.
    ///
    /// ```
    /// let (sender, receiver) = pintle_sync::oneshot::channel::<u32>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // SAFETY: we are the sender's end. If it was sent or closed, this does nothing.
        let _ = unsafe { self.shared.finish(None) };
    }
}

impl<T> Receiver<T> {
    /// Closes the channel: nothing can be sent from now on. What was sent before can still be
    /// received.
    ///
    /// ```
    /// use pintle_sync::oneshot;
    /// use pintle_sync::oneshot::error::TryRecvError;
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// receiver.close();
    /// assert_eq!(sender.send(1), Err(1));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn close(&mut self) {
        if let Some(shared) = &self.shared {
            shared.close();
        }
    }

    /// Takes the value, if it is there.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] when it is not there yet, [`TryRecvError::Closed`] when it will never
    /// be, or has been received.
    ///
    /// ```
    /// use pintle_sync::oneshot;
    /// use pintle_sync::oneshot::error::TryRecvError;
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let shared = self.shared.as_ref().ok_or(TryRecvError::Closed)?;
        let value = if shared.is_sent() {
            // SAFETY: we are the receiver's end, borrowed mutably, and it is sent.
            unsafe { shared.take() }
        } else if shared.is_closed() {
            None
        } else {
            return Err(TryRecvError::Empty);
        };
        self.shared = None;
        value.ok_or(TryRecvError::Closed)
    }

    /// Waits for the value with this thread, where no tasks run.
    ///
    /// # Errors
    ///
    /// As awaiting it: when the sender is dropped without sending.
    ///
    /// # Panics
    ///
    /// On a thread on which a runtime runs tasks: await the receiver there.
    ///
    /// ```
    /// let (sender, receiver) = pintle_sync::oneshot::channel();
    /// std::thread::spawn(move || sender.send(1));
    /// assert_eq!(receiver.blocking_recv(), Ok(1));
    /// ```
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        blocking::wait(self, "the receiver itself")
    }

    /// Whether it has answered already. Then it must not be polled again.
    ///
    /// ```
    /// let (sender, mut receiver) = pintle_sync::oneshot::channel();
    /// sender.send(1).unwrap();
    /// assert!(!receiver.is_terminated());
    /// futures_lite::future::block_on(&mut receiver).unwrap();
    /// assert!(receiver.is_terminated());
    /// ```
    pub fn is_terminated(&self) -> bool {
        self.shared.is_none()
    }

    /// Whether there is no value to be received now.
    ///
    /// ```
    /// let (sender, receiver) = pintle_sync::oneshot::channel();
    /// assert!(receiver.is_empty());
    /// sender.send(1).unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        // SAFETY: we are the receiver's end, borrowed, so nobody takes the value now; it is sent.
        !self
            .shared
            .as_ref()
            .is_some_and(|shared| shared.is_sent() && unsafe { shared.has_value() })
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let progress = ready!(budget::poll_proceed(cx));
        let shared = self
            .shared
            .as_ref()
            .expect("a oneshot receiver is not polled again after it has answered");
        // Looked at in this order, since what was sent before the channel was closed counts.
        let closed = shared.is_closed();
        // SAFETY: we are the receiver's end, borrowed mutably.
        let value = match unsafe { shared.poll_sent(cx) } {
            // SAFETY: we are, and it is sent.
            Poll::Ready(()) => unsafe { shared.take() },
            Poll::Pending if closed => None,
            Poll::Pending => return Poll::Pending,
        };
        self.shared = None;
        progress.made_progress();
        Poll::Ready(value.ok_or(RecvError(())))
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // If there is a value, it goes with whichever end goes last: a sender that has sent is
        // about to.
        self.close();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("closed", &self.is_closed())
            .finish()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("terminated", &self.is_terminated())
            .field("empty", &self.is_empty())
            .finish()
    }
}
