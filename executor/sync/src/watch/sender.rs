//! The end that changes the value.

use std::fmt;
use std::mem;

use super::error::SendError;
use super::receiver::{Receiver, Ref};
use super::shared::Shared;
use crate::budget;
use crate::shim::sync::Arc;
use crate::shim::sync::atomic::Ordering;

/// An end that changes the value. See [`channel`](super::channel).
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Makes a channel without receivers; [`subscribe`](Self::subscribe) makes them.
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// let sender = watch::Sender::new(1);
    /// let receiver = sender.subscribe();
    /// assert_eq!(*receiver.borrow(), 1);
    /// ```
    pub fn new(init: T) -> Self {
        Self {
            shared: Arc::new(Shared::new(init)),
        }
    }

    /// Changes the value and wakes all who wait for that. The old one is dropped.
    ///
    /// # Errors
    ///
    /// Gives the value back when there is no receiver: the old one stays. To change it all the
    /// same, [`send_replace`](Self::send_replace).
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// let (sender, receiver) = watch::channel(1);
    /// sender.send(2).unwrap();
    /// drop(receiver);
    /// assert_eq!(sender.send(3).unwrap_err().0, 3);
    /// assert_eq!(*sender.borrow(), 2);
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Changes the value in place and wakes all who wait for that, receivers or not.
    ///
    /// If `modify` panics nobody is woken, and the value stays as it was left.
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// let (sender, receiver) = watch::channel(vec![1]);
    /// sender.send_modify(|numbers| numbers.push(2));
    /// assert!(receiver.has_changed().unwrap());
    /// assert_eq!(*receiver.borrow(), [1, 2]);
    /// ```
    pub fn send_modify(&self, modify: impl FnOnce(&mut T)) {
        self.shared.modify(|value| {
            modify(value);
            true
        });
    }

    /// As [`send_modify`](Self::send_modify), but it counts as a change only if `modify` says so,
    /// which is also what this returns.
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// let (sender, receiver) = watch::channel(5);
    /// let raise_to = |new| sender.send_if_modified(|best| {
    ///     let higher = new > *best;
    ///     if higher {
    ///         *best = new;
    ///     }
    ///     higher
    /// });
    /// assert!(!raise_to(3));
    /// assert!(!receiver.has_changed().unwrap());
    /// assert!(raise_to(7));
    /// assert!(receiver.has_changed().unwrap());
    /// ```
    pub fn send_if_modified(&self, modify: impl FnOnce(&mut T) -> bool) -> bool {
        self.shared.modify(modify)
    }

    /// Changes the value, receivers or not, wakes all who wait for that, and returns the old one.
    ///
    /// ```
    /// let sender = pintle_sync::watch::Sender::new(1);
    /// assert_eq!(sender.send_replace(2), 1);
    /// assert_eq!(*sender.borrow(), 2);
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|current| mem::swap(current, &mut value));
        value
    }

    /// Borrows the value. See [the module](super#borrowing) for what that means.
    pub fn borrow(&self) -> Ref<'_, T> {
        // A sender has seen everything.
        Ref::new(self.shared.borrow(), false)
    }

    /// Whether there is no receiver. There may be one later.
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver. There may be new ones after that.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (sender, receiver) = watch::channel(1);
    /// std::thread::spawn(move || drop(receiver));
    /// sender.closed().await;
    /// assert!(sender.is_closed());
    /// # });
    /// ```
    pub async fn closed(&self) {
        loop {
            let deserted = self.shared.deserted.notified();
            if budget::spend_if(|| self.is_closed()).await {
                return;
            }
            deserted.await;
        }
    }

    /// Makes a receiver, for which the value as it is now counts as seen.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(self.shared.clone(), self.shared.state().0)
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        self.shared.senders.load(Ordering::Relaxed)
    }

    /// Whether the two send to the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
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

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
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

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("shared", &self.shared)
            .finish()
    }
}
