//! The end that receives.

use std::fmt;
use std::future::poll_fn;
use std::task::{Poll, ready};

use super::error::{RecvError, TryRecvError};
use super::shared::Shared;
use crate::shim::sync::Arc;
use crate::{blocking, budget};

/// An end that receives what is sent after it was made. See [`channel`](super::channel).
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The number of the value that comes next.
    next: u64,
}

impl<T> Receiver<T> {
    /// For a receiver that is counted.
    pub(super) fn new(shared: Arc<Shared<T>>, next: u64) -> Self {
        Self { shared, next }
    }

    /// How many values were sent that this has not received: more than the channel keeps, if it
    /// lags.
    ///
    /// ```
    /// use pintle_sync::broadcast;
    ///
    /// let (sender, receiver) = broadcast::channel(2);
    /// for number in 0..3 {
    ///     sender.send(number).unwrap();
    /// }
    /// assert_eq!(receiver.len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.since(self.next)
    }

    /// Whether this has received all that was sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the two receive from the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many senders there are.
    pub fn sender_strong_count(&self) -> usize {
        self.shared.strong_count()
    }

    /// How many weak senders there are.
    pub fn sender_weak_count(&self) -> usize {
        self.shared.weak_count()
    }

    /// Whether all senders are gone. There may be values left.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }
}

impl<T: Clone> Receiver<T> {
    /// Makes another receiver, for what is sent from now on: not for what this one has yet to
    /// receive.
    ///
    /// ```
    /// use pintle_sync::broadcast;
    ///
    /// let (sender, mut receiver) = broadcast::channel(2);
    /// sender.send(1).unwrap();
    /// let mut fresh = receiver.resubscribe();
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert_eq!(fresh.try_recv(), Ok(2));
    /// ```
    pub fn resubscribe(&self) -> Self {
        Self::new(self.shared.clone(), self.shared.subscribe())
    }

    /// Waits for the next value.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no value.
    ///
    /// # Errors
    ///
    /// [`RecvError::Lagged`] when values were lost, [`RecvError::Closed`] when there will be none.
    ///
    /// ```
    /// use pintle_sync::broadcast;
    /// use pintle_sync::broadcast::error::RecvError;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (sender, mut receiver) = broadcast::channel(16);
    /// std::thread::spawn(move || sender.send(1));
    /// assert_eq!(receiver.recv().await, Ok(1));
    /// assert_eq!(receiver.recv().await, Err(RecvError::Closed));
    /// # });
    /// ```
    pub async fn recv(&mut self) -> Result<T, RecvError> {
        loop {
            // Listens before it looks.
            let news = self.shared.news.notified();
            let looked = poll_fn(|cx| {
                let progress = ready!(budget::poll_proceed(cx));
                let looked = self.shared.try_recv(&mut self.next);
                if !matches!(looked, Err(TryRecvError::Empty)) {
                    progress.made_progress();
                }
                Poll::Ready(looked)
            });
            match looked.await {
                Ok(value) => return Ok(value),
                Err(TryRecvError::Closed) => return Err(RecvError::Closed),
                Err(TryRecvError::Lagged(missed)) => return Err(RecvError::Lagged(missed)),
                Err(TryRecvError::Empty) => {}
            }
            // Here, where there is no room for a value in the future any more.
            news.await;
        }
    }

    /// Takes the next value, if it is there.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] when it is not there yet, [`TryRecvError::Lagged`] when values were
    /// lost, [`TryRecvError::Closed`] when there will be none.
    ///
    /// ```
    /// use pintle_sync::broadcast;
    /// use pintle_sync::broadcast::error::TryRecvError;
    ///
    /// let (sender, mut receiver) = broadcast::channel(16);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.shared.try_recv(&mut self.next)
    }

    /// As [`recv`](Self::recv), waiting with this thread, where no tasks run.
    ///
    /// # Errors
    ///
    /// As for `recv`.
    ///
    /// # Panics
    ///
    /// On a thread on which a runtime runs tasks.
    ///
    /// ```
    /// use pintle_sync::broadcast;
    ///
    /// let (sender, mut receiver) = broadcast::channel(16);
    /// std::thread::spawn(move || sender.send(1));
    /// assert_eq!(receiver.blocking_recv(), Ok(1));
    /// ```
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        blocking::wait(self.recv(), "recv")
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.unsubscribe(self.next);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("shared", &self.shared)
            .field("next", &self.next)
            .finish()
    }
}
