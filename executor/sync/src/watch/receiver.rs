//! The end that watches the value.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;

use super::borrow::Borrow;
use super::error::RecvError;
use super::shared::{Shared, Version};
use crate::budget;
use crate::shim::sync::Arc;

/// An end that watches the value. See [`channel`](super::channel).
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: Version,
}

/// The value, borrowed, and locked for reading until this is dropped. See
/// [the module](super#borrowing) for what that means.
///
/// ```
/// use pintle_sync::watch;
///
/// let (sender, receiver) = watch::channel(String::from("value"));
/// sender.send_modify(|text| text.push('!'));
/// let borrowed = receiver.borrow();
/// assert!(borrowed.has_changed());
/// assert_eq!(borrowed.len(), 6);
/// ```
#[must_use = "the value is locked until this is dropped"]
pub struct Ref<'a, T> {
    value: Borrow<'a, T>,
    has_changed: bool,
}

impl<'a, T> Ref<'a, T> {
    pub(super) fn new(value: Borrow<'a, T>, has_changed: bool) -> Self {
        Self { value, has_changed }
    }

    /// Whether the receiver had not seen the value before it borrowed it. False for what a sender
    /// borrows.
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ref")
            .field("value", &**self)
            .field("has_changed", &self.has_changed)
            .finish()
    }
}

impl<T> Receiver<T> {
    /// Makes a receiver and counts it.
    pub(super) fn new(shared: Arc<Shared<T>>, seen: Version) -> Self {
        shared.subscribe();
        Self { shared, seen }
    }

    /// Borrows the value. It does not count as seen by that.
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// let (_sender, receiver) = watch::channel(1);
    /// assert_eq!(*receiver.borrow(), 1);
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        let value = self.shared.borrow();
        let (version, _) = self.shared.state();
        Ref::new(value, self.seen != version)
    }

    /// Borrows the value, and counts it as seen.
    ///
    /// To be used in a loop around [`changed`](Self::changed): what is sent between the two is
    /// then not taken for a change twice.
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// let (sender, mut receiver) = watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow_and_update(), 2);
    /// assert!(!receiver.has_changed().unwrap());
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        self.shared.look(&mut self.seen)
    }

    /// Whether the value has changed since it was seen last.
    ///
    /// # Errors
    ///
    /// When all senders are gone, whether there is a last change to be seen or not.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let (version, closed) = self.shared.state();
        if closed {
            return Err(RecvError(()));
        }
        Ok(self.seen != version)
    }

    /// Whether all senders are gone.
    pub fn is_closed(&self) -> bool {
        self.shared.state().1
    }

    /// Counts the value as not seen.
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (_sender, mut receiver) = watch::channel("initial");
    /// receiver.mark_changed();
    /// receiver.changed().await.unwrap();
    /// # });
    /// ```
    pub fn mark_changed(&mut self) {
        self.seen = self.shared.state().0.before();
    }

    /// Counts the value as seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.state().0;
    }

    /// Waits until the value has changed since it was seen last, and counts it as seen.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no change.
    ///
    /// # Errors
    ///
    /// When all senders are gone, and the last change was seen.
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (sender, mut receiver) = watch::channel(1);
    /// std::thread::spawn(move || sender.send(2));
    /// while receiver.changed().await.is_ok() {
    ///     assert_eq!(*receiver.borrow_and_update(), 2);
    /// }
    /// # });
    /// ```
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        loop {
            // Listens before it looks.
            let news = self.shared.news.notified();
            let progress = poll_fn(budget::poll_proceed).await;
            let (version, closed) = self.shared.state();
            if self.seen != version {
                self.seen = version;
                progress.made_progress();
                return Ok(());
            }
            if closed {
                progress.made_progress();
                return Err(RecvError(()));
            }
            drop(progress);
            news.await;
        }
    }

    /// Waits until the value is as wanted, borrows it, and counts it as seen. Looks at it as it is
    /// now, seen or not, and then at changes; not at every one, if they come quickly.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no change, but what `wanted` was called with counts as seen.
    ///
    /// # Errors
    ///
    /// When all senders are gone, and the last value is not as wanted.
    ///
    /// ```
    /// use pintle_sync::watch;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (sender, mut receiver) = watch::channel(0);
    /// std::thread::spawn(move || {
    ///     for percent in 1..=100 {
    ///         sender.send(percent).unwrap();
    ///     }
    /// });
    /// assert!(*receiver.wait_for(|percent| *percent >= 50).await.unwrap() >= 50);
    /// assert!(receiver.wait_for(|percent| *percent > 100).await.is_err());
    /// # });
    /// ```
    pub async fn wait_for(
        &mut self,
        mut wanted: impl FnMut(&T) -> bool,
    ) -> Result<Ref<'_, T>, RecvError> {
        loop {
            // Listens before it looks; and looks for the end before it looks at the value, so as
            // not to miss the last.
            let news = self.shared.news.notified();
            poll_fn(budget::poll_proceed).await.made_progress();
            let closed = self.is_closed();
            {
                let value = self.shared.look(&mut self.seen);
                if wanted(&value) {
                    return Ok(value);
                }
            }
            if closed {
                return Err(RecvError(()));
            }
            news.await;
        }
    }

    /// Whether the two watch the same value.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Shared<T> {
    /// Borrows the value, and counts it as seen.
    fn look(&self, seen: &mut Version) -> Ref<'_, T> {
        let value = self.borrow();
        let (version, _) = self.state();
        let has_changed = std::mem::replace(seen, version) != version;
        Ref::new(value, has_changed)
    }
}

impl<T> Clone for Receiver<T> {
    /// The clone has seen what this one has.
    fn clone(&self) -> Self {
        Self::new(self.shared.clone(), self.seen)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.unsubscribe();
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("shared", &self.shared)
            .field("seen", &self.seen)
            .finish()
    }
}
