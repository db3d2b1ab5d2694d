//! A lock that a task may hold across an `.await`.
//!
//! A [`Mutex`] is a [batch semaphore](crate::semaphore) with one permit beside a value; whoever
//! holds the permit has the value. It belongs to no thread.
//!
//! Tested in `executor/sync/tests/cases/mutex.rs` and `loom-tests/tests/sync_mutex.rs`.

#![expect(unsafe_code, reason = "the cell that the permit guards")]

mod guards;

pub use guards::{MappedMutexGuard, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};

use std::cell::UnsafeCell;
use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::blocking;
use crate::guard::Exclusive;
use crate::semaphore::batch::BatchSemaphore;
use crate::semaphore::held::{Guarded, Held};

/// A lock for a value that tasks share, which may be held across an `.await`.
///
/// It is fair: who waits gets it in the order in which they came. A task that panics while it holds
/// the lock releases it; there is no poison.
///
/// For a value that is only looked at between two `.await`s, a lock of the standard library is
/// quicker and does as well. This one is for what is *used* across an `.await`, a connection say.
///
/// Locking and unlocking are one atomic exchange each while nobody waits, and nothing here
/// allocates.
///
/// ```
/// use pintle_sync::Mutex;
///
/// # futures_lite::future::block_on(async {
/// let count = Mutex::new(0);
/// *count.lock().await += 1;
/// assert_eq!(*count.lock().await, 1);
/// # });
/// ```
pub struct Mutex<T: ?Sized> {
    semaphore: BatchSemaphore,
    value: UnsafeCell<T>,
}

// SAFETY: the permit lets one thread at a time at the value, which is thereby sent there and back.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> Guarded for Mutex<T> {
    fn semaphore(&self) -> &BatchSemaphore {
        &self.semaphore
    }
}

impl<T> Mutex<T> {
    const_fn! {
        /// Makes an unlocked mutex around `value`.
        ///
        /// ```
        /// use pintle_sync::Mutex;
        ///
        /// static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());
        /// assert!(NAMES.try_lock().is_ok());
        /// ```
        pub const fn new(value: T) -> Self {
            Self {
                semaphore: BatchSemaphore::new(1),
                value: UnsafeCell::new(value),
            }
        }
    }

    const_fn! {
        /// The same as [`new`](Self::new), under the name it has where `new` is not `const`.
        pub const fn const_new(value: T) -> Self {
            Self::new(value)
        }
    }

    /// Gives the value back.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the place in the queue, and nothing else: a lock that was on its
    /// way goes to the next.
    ///
    /// ```
    /// use pintle_sync::Mutex;
    ///
    /// # futures_lite::future::block_on(async {
    /// let mutex = Mutex::new(String::from("hello"));
    /// {
    ///     let mut text = mutex.lock().await;
    ///     text.push('!');
    /// } // unlocked here
    /// assert_eq!(mutex.into_inner(), "hello!");
    /// # });
    /// ```
    pub async fn lock(&self) -> MutexGuard<'_, T> {
        self.acquire().await;
        self.locked()
    }

    /// Waits for the lock with the thread, for code that is not async.
    ///
    /// # Panics
    ///
    /// On a thread that runs tasks: there, [`lock`](Self::lock) is the one.
    ///
    /// ```
    /// use pintle_sync::Mutex;
    /// use std::sync::Arc;
    ///
    /// let count = Arc::new(Mutex::new(0));
    /// let other = count.clone();
    /// std::thread::spawn(move || *other.blocking_lock() += 1).join().unwrap();
    /// assert_eq!(*count.blocking_lock(), 1);
    /// ```
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        blocking::wait(self.acquire(), "`Mutex::lock`");
        self.locked()
    }

    /// Waits for the lock, and returns a guard that keeps the mutex alive and can be sent anywhere.
    ///
    /// # Cancel safety
    ///
    /// As for [`lock`](Self::lock).
    ///
    /// ```
    /// use pintle_sync::Mutex;
    /// use std::sync::Arc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let count = Arc::new(Mutex::new(0));
    /// let mut guard = count.clone().lock_owned().await;
    /// std::thread::spawn(move || *guard += 1).join().unwrap();
    /// assert_eq!(*count.lock().await, 1);
    /// # });
    /// ```
    pub async fn lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        self.acquire().await;
        self.locked_owned()
    }

    /// As [`lock_owned`](Self::lock_owned), waiting with the thread.
    ///
    /// # Panics
    ///
    /// As [`blocking_lock`](Self::blocking_lock).
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        blocking::wait(self.acquire(), "`Mutex::lock_owned`");
        self.locked_owned()
    }

    /// Takes the lock, if it is free and nobody waits for it.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] when it is not.
    ///
    /// ```
    /// use pintle_sync::Mutex;
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_err());
    /// # drop(guard);
    /// ```
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        self.semaphore
            .try_acquire(1)
            .map_err(|_| TryLockError(()))?;
        Ok(self.locked())
    }

    /// The same with a guard that keeps the mutex alive and can be sent anywhere.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] when the lock is not free.
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        self.semaphore
            .try_acquire(1)
            .map_err(|_| TryLockError(()))?;
        Ok(self.locked_owned())
    }

    /// The value, of a mutex that nobody else can lock.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    async fn acquire(&self) {
        let acquired = self.semaphore.acquire(1).await;
        debug_assert!(acquired.is_ok(), "a mutex is never closed");
    }

    /// For whoever has just acquired the permit.
    fn locked(&self) -> MutexGuard<'_, T> {
        MutexGuard::from(self.exclusive())
    }

    /// For whoever has just acquired the permit.
    fn locked_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        OwnedMutexGuard::from(self.exclusive())
    }
}

trait Lock<T: ?Sized>: Deref<Target = Mutex<T>> + Sized {
    fn exclusive(self) -> Exclusive<Self, T> {
        let value = self.value.get();
        // SAFETY: (exclusive) only those call this who have just acquired the one permit, which
        // the guard gives back; (alive) the lock is borrowed or shared by the guard.
        unsafe { Exclusive::new(value, Held::new(self, 1)) }
    }
}

impl<T: ?Sized> Lock<T> for &Mutex<T> {}
impl<T: ?Sized> Lock<T> for Arc<Mutex<T>> {}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mutex = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(value) => mutex.field("value", &&*value),
            Err(_) => mutex.field("value", &format_args!("<locked>")),
        };
        mutex.finish()
    }
}

/// The lock is not free now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryLockError(pub(crate) ());

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operation would block")
    }
}

impl Error for TryLockError {}
