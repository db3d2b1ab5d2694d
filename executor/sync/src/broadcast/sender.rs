//! The ends that send.

use std::fmt;

use super::error::SendError;
use super::receiver::Receiver;
use super::shared::Shared;
use crate::budget;
use crate::shim::sync::Arc;
use crate::shim::sync::atomic::Ordering;

/// An end that sends to all receivers. See [`channel`](super::channel).
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// A sender that does not keep the channel open, and must be [upgraded](Self::upgrade) to send.
///
/// ```
/// use pintle_sync::broadcast;
///
/// let (sender, _receiver) = broadcast::channel::<u32>(1);
/// let weak = sender.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(sender);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Makes a channel without receivers; [`subscribe`](Self::subscribe) makes them. As
    /// [`channel`](super::channel) otherwise.
    ///
    /// # Panics
    ///
    /// When `capacity` is zero, or above `usize::MAX / 2`.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Self::with_receivers(capacity, 0)
    }

    #[track_caller]
    pub(super) fn with_receivers(capacity: usize, receivers: usize) -> Self {
        assert!(
            capacity > 0,
            "a channel that keeps no value cannot pass one on: broadcast::channel needs a capacity \
             of at least 1"
        );
        assert!(
            capacity <= usize::MAX / 2,
            "a broadcast channel keeps at most usize::MAX / 2 values, since it makes room for all \
             at once"
        );
        Self {
            shared: Arc::new(Shared::new(capacity.next_power_of_two(), receivers)),
        }
    }

    /// The receiver that was counted from the start.
    pub(super) fn first_receiver(&self) -> Receiver<T> {
        Receiver::new(self.shared.clone(), self.shared.first())
    }

    /// Sends a value to all receivers, and says how many they are. Never waits.
    ///
    /// `Ok` does not mean that it will be received: receivers may yet be dropped, or lag.
    ///
    /// # Errors
    ///
    /// Gives the value back when there is no receiver. There may be one later.
    ///
    /// ```
    /// use pintle_sync::broadcast;
    /// use pintle_sync::broadcast::error::SendError;
    ///
    /// let sender = broadcast::Sender::new(16);
    /// assert_eq!(sender.send(1), Err(SendError(1)));
    /// let (mut a, mut b) = (sender.subscribe(), sender.subscribe());
    /// assert_eq!(sender.send(2), Ok(2));
    /// assert_eq!((a.try_recv(), b.try_recv()), (Ok(2), Ok(2)));
    /// ```
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.shared.send(value).map_err(SendError)
    }

    /// Makes a receiver for what is sent from now on.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(self.shared.clone(), self.shared.subscribe())
    }

    /// Makes a weak sender, which does not keep the channel open.
    #[must_use = "a weak sender that is not kept does nothing"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::new(&self.shared)
    }

    /// How many values there are that some receiver has yet to receive.
    ///
    /// ```
    /// use pintle_sync::broadcast;
    ///
    /// let (sender, mut a) = broadcast::channel(16);
    /// let mut b = sender.subscribe();
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// a.try_recv().unwrap();
    /// assert_eq!(sender.len(), 2);
    /// b.try_recv().unwrap();
    /// assert_eq!(sender.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether all receivers have received everything.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// Whether the two send to the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Waits until there is no receiver. There may be new ones after that.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// ```
    /// use pintle_sync::broadcast;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (sender, receiver) = broadcast::channel::<u32>(1);
    /// std::thread::spawn(move || drop(receiver));
    /// sender.closed().await;
    /// assert_eq!(sender.receiver_count(), 0);
    /// # });
    /// ```
    pub async fn closed(&self) {
        loop {
            let deserted = self.shared.deserted.notified();
            if budget::spend_if(|| self.receiver_count() == 0).await {
                return;
            }
            deserted.await;
        }
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.shared.strong_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.shared.weak_count()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        // Relaxed: it is not none, and stays so while we have one.
        self.shared.senders.fetch_add(1, Ordering::Relaxed);
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // Acquire and release: all that the others sent comes before the end.
        if self.shared.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.close();
        }
    }
}

impl<T> WeakSender<T> {
    fn new(shared: &Arc<Shared<T>>) -> Self {
        shared.weak_senders.fetch_add(1, Ordering::Relaxed);
        Self {
            shared: shared.clone(),
        }
    }

    /// Makes a sender, if there is still one.
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let mut senders = self.shared.senders.load(Ordering::Relaxed);
        while senders != 0 {
            // Relaxed: as for a clone.
            match self.shared.senders.compare_exchange_weak(
                senders,
                senders + 1,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    return Some(Sender {
                        shared: self.shared.clone(),
                    });
                }
                Err(now) => senders = now,
            }
        }
        None
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.shared.strong_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.shared.weak_count()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self::new(&self.shared)
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.shared.weak_senders.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("shared", &self.shared)
            .finish()
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}
