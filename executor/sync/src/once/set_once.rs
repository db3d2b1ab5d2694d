//! A value that is set once, and for which one can wait.

use std::error::Error;
use std::fmt;

use super::slot::Slot;
use crate::budget;
use crate::notify::Notify;

/// A value that is set once, and for which any number of tasks can wait.
///
/// ```
/// use pintle_sync::SetOnce;
///
/// static READY: SetOnce<u16> = SetOnce::const_new();
///
/// # futures_lite::future::block_on(async {
/// let other = std::thread::spawn(|| READY.set(8080));
/// assert_eq!(*READY.wait().await, 8080);
/// # other.join().unwrap().unwrap();
/// # });
/// ```
pub struct SetOnce<T> {
    slot: Slot<T>,
    set: Notify,
}

impl<T> SetOnce<T> {
    const_fn! {
        /// Makes an empty one.
        pub const fn new() -> Self {
            Self {
                slot: Slot::new(None),
                set: Notify::new(),
            }
        }
    }

    const_fn! {
        /// The same as [`new`](Self::new), under the name it has where `new` is not `const`.
        pub const fn const_new() -> Self {
            Self::new()
        }
    }

    const_fn! {
        /// Makes one that is set if `value` is something.
        pub const fn new_with(value: Option<T>) -> Self {
            Self {
                slot: Slot::new(value),
                set: Notify::new(),
            }
        }
    }

    const_fn! {
        /// Makes one that is set.
        ///
        /// ```
        /// use pintle_sync::SetOnce;
        ///
        /// static PORT: SetOnce<u16> = SetOnce::const_new_with(8080);
        /// assert_eq!(PORT.get(), Some(&8080));
        /// ```
        pub const fn const_new_with(value: T) -> Self {
            Self::new_with(Some(value))
        }
    }

    /// Whether it is set.
    pub fn initialized(&self) -> bool {
        self.slot.is_set()
    }

    /// The value, if it is set.
    pub fn get(&self) -> Option<&T> {
        self.slot.get()
    }

    /// Sets it, and wakes all who wait.
    ///
    /// # Errors
    ///
    /// Gives the value back if another was first, who may not be done yet.
    ///
    /// ```
    /// use pintle_sync::{SetOnce, SetOnceError};
    ///
    /// let once = SetOnce::new();
    /// once.set(1).unwrap();
    /// assert_eq!(once.set(2), Err(SetOnceError(2)));
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        self.slot.set(value).map_err(SetOnceError)?;
        self.set.notify_waiters();
        Ok(())
    }

    /// Waits until it is set.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping the future.
    ///
    /// ```
    /// use pintle_sync::SetOnce;
    ///
    /// # futures_lite::future::block_on(async {
    /// let once = SetOnce::new();
    /// let (value, set) = futures_lite::future::zip(once.wait(), async { once.set(1) }).await;
    /// assert_eq!((value, set), (&1, Ok(())));
    /// # });
    /// ```
    pub async fn wait(&self) -> &T {
        // Made before the look, and so notified if it is set after it.
        let notified = self.set.notified();
        if !budget::spend_if(|| self.initialized()).await {
            notified.await;
        }
        self.get().expect("looked at, or notified when it was set")
    }

    /// Gives the value back, if it is set.
    pub fn into_inner(self) -> Option<T> {
        self.slot.into_inner()
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for SetOnce<T> {
    fn from(value: T) -> Self {
        Self::new_with(Some(value))
    }
}

impl<T: Clone> Clone for SetOnce<T> {
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOnce")
            .field("value", &self.get())
            .finish()
    }
}

/// Another was first to set it; here is the value.
#[derive(Debug, PartialEq, Eq)]
pub struct SetOnceError<T>(pub T);

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is already set")
    }
}

impl<T: fmt::Debug> Error for SetOnceError<T> {}
