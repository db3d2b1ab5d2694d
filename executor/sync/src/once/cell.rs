//! A cell that is filled by whoever asks first.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;

use super::slot::Slot;
use crate::semaphore::TryAcquireError;
use crate::semaphore::batch::BatchSemaphore;
use crate::semaphore::held::Held;

/// A cell that is set once, by a future if need be: the async kin of `std::sync::OnceLock`.
///
/// Of all that ask at once, one runs its future, and the others wait for it. If that future fails,
/// panics or is dropped, the next in the queue tries.
///
/// ```
/// use pintle_sync::OnceCell;
///
/// async fn load() -> String {
///     // … something slow
///     String::from("loaded")
/// }
///
/// static CONFIG: OnceCell<String> = OnceCell::const_new();
///
/// # futures_lite::future::block_on(async {
/// assert_eq!(CONFIG.get(), None);
/// assert_eq!(CONFIG.get_or_init(load).await, "loaded");
/// assert_eq!(CONFIG.get().map(String::as_str), Some("loaded"));
/// # });
/// ```
pub struct OnceCell<T> {
    slot: Slot<T>,
    /// One permit, for who fills the slot. Closed when it is filled.
    filling: BatchSemaphore,
}

impl<T> OnceCell<T> {
    const_fn! {
        /// Makes an empty cell.
        pub const fn new() -> Self {
            Self {
                slot: Slot::new(None),
                filling: BatchSemaphore::new(1),
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
        /// Makes a cell that is set if `value` is something.
        pub const fn new_with(value: Option<T>) -> Self {
            Self {
                filling: match value {
                    Some(_) => BatchSemaphore::closed(),
                    None => BatchSemaphore::new(1),
                },
                slot: Slot::new(value),
            }
        }
    }

    const_fn! {
        /// Makes a cell that is set.
        ///
        /// ```
        /// use pintle_sync::OnceCell;
        ///
        /// static LIMIT: OnceCell<u32> = OnceCell::const_new_with(10);
        /// assert_eq!(LIMIT.get(), Some(&10));
        /// assert!(LIMIT.set(20).is_err());
        /// ```
        pub const fn const_new_with(value: T) -> Self {
            Self::new_with(Some(value))
        }
    }

    /// Whether the cell is set.
    pub fn initialized(&self) -> bool {
        self.slot.is_set()
    }

    /// The value, if the cell is set.
    pub fn get(&self) -> Option<&T> {
        self.slot.get()
    }

    /// The value, if the cell is set.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.slot.get_mut()
    }

    /// Sets the cell.
    ///
    /// # Errors
    ///
    /// Gives the value back if the cell is set, or is being set, by another.
    ///
    /// ```
    /// use pintle_sync::{OnceCell, SetError};
    ///
    /// let cell = OnceCell::new();
    /// cell.set(1).unwrap();
    /// assert_eq!(cell.set(2), Err(SetError::AlreadyInitializedError(2)));
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        match self.filling.try_acquire(1) {
            Ok(()) => {
                let permit = Held::new(&self.filling, 1);
                self.fill(value, permit);
                Ok(())
            }
            Err(TryAcquireError::Closed) => Err(SetError::AlreadyInitializedError(value)),
            Err(TryAcquireError::NoPermits) => Err(SetError::InitializingError(value)),
        }
    }

    /// The value; if there is none yet, the one that `f` makes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops what `f` made of it, if it is running; the cell stays empty, and
    /// the next who waits runs his own.
    ///
    /// # Panics
    ///
    /// If `f` does; the cell stays empty, and is not poisoned. If `f` asks for the same cell, it
    /// waits for itself.
    ///
    /// ```
    /// use pintle_sync::OnceCell;
    ///
    /// # futures_lite::future::block_on(async {
    /// let cell = OnceCell::new();
    /// assert_eq!(cell.get_or_init(async || "first").await, &"first");
    /// assert_eq!(cell.get_or_init(async || "second").await, &"first");
    /// # });
    /// ```
    pub async fn get_or_init<F, Fut>(&self, f: F) -> &T
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        let init = async { Ok::<T, Infallible>(f().await) };
        match self.get_or_try_init(|| init).await {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// The value; if there is none yet, the one that `f` makes, if it can.
    ///
    /// # Cancel safety
    ///
    /// As for [`get_or_init`](Self::get_or_init).
    ///
    /// # Errors
    ///
    /// That of `f`; the cell stays empty, and the next who waits runs his own.
    ///
    /// ```
    /// use pintle_sync::OnceCell;
    ///
    /// # futures_lite::future::block_on(async {
    /// let cell = OnceCell::new();
    /// assert!(cell.get_or_try_init(|| async { "one".parse::<u32>() }).await.is_err());
    /// assert_eq!(cell.get_or_try_init(|| async { "1".parse::<u32>() }).await, Ok(&1));
    /// # });
    /// ```
    pub async fn get_or_try_init<E, F, Fut>(&self, f: F) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        if self.filling.acquire(1).await.is_ok() {
            let permit = Held::new(&self.filling, 1);
            let value = f().await?;
            self.fill(value, permit);
        }
        Ok(self.get().expect("closed when it is set"))
    }

    /// Takes the value out. The cell is empty then.
    pub fn take(&mut self) -> Option<T> {
        std::mem::take(self).into_inner()
    }

    /// Gives the value back, if the cell is set.
    pub fn into_inner(self) -> Option<T> {
        self.slot.into_inner()
    }

    /// For whoever holds the permit, which is of no more use.
    fn fill(&self, value: T, mut permit: Held<&BatchSemaphore>) {
        let first = self.slot.set(value).is_ok();
        assert!(first, "only the holder of the permit fills the cell");
        drop(self.filling.close());
        permit.take();
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> Self {
        Self::new_with(Some(value))
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell")
            .field("value", &self.get())
            .finish()
    }
}

/// Why [`OnceCell::set`] gives the value back.
#[derive(Debug, PartialEq, Eq)]
pub enum SetError<T> {
    /// The cell is set.
    AlreadyInitializedError(T),
    /// The cell is being set.
    InitializingError(T),
}

impl<T> SetError<T> {
    /// Whether the cell is set.
    pub const fn is_already_init_err(&self) -> bool {
        matches!(self, Self::AlreadyInitializedError(_))
    }

    /// Whether the cell is being set.
    pub const fn is_initializing_err(&self) -> bool {
        matches!(self, Self::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyInitializedError(_) => "the cell is already set",
            Self::InitializingError(_) => "the cell is being set by another",
        })
    }
}

impl<T: fmt::Debug> Error for SetError<T> {}
