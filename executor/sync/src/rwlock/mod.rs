//! A lock that many may hold to read, or one to write.
//!
//! An [`RwLock`] is a [batch semaphore](crate::semaphore) beside a value, with a permit for each
//! reader that may be there at once: a reader takes one, a writer takes all. The semaphore's queue
//! makes it fair: a writer collects its permits while it is first in the queue, and readers who
//! come later wait behind it. It belongs to no thread.
//!
//! Tested in `executor/sync/tests/cases/rwlock.rs` and `loom-tests/tests/sync_rwlock.rs`.

#![expect(unsafe_code, reason = "the cell that the permits guard")]

mod read;
mod write;

pub use read::{OwnedRwLockReadGuard, RwLockReadGuard};
pub use write::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLockMappedWriteGuard, RwLockWriteGuard,
};

use std::cell::UnsafeCell;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::blocking;
use crate::guard::{Exclusive, Shared};
use crate::mutex::TryLockError;
use crate::semaphore::batch::BatchSemaphore;
use crate::semaphore::held::{Guarded, Held};

/// How many may read at once, unless said otherwise.
const MAX_READERS: u32 = u32::MAX >> 3;

/// A lock for a value that many tasks may read at once, or one may write, and which may be held
/// across an `.await`.
///
/// It is fair: who waits gets it in the order in which they came, so that neither readers nor
/// writers starve. Hence a task that reads must not ask to read again: a writer may have come
/// between, for which the second demand waits, and which waits for the first guard.
///
/// A task that panics while it holds the lock releases it; there is no poison.
///
/// ```
/// use pintle_sync::RwLock;
///
/// # futures_lite::future::block_on(async {
/// let lock = RwLock::new(5);
/// {
///     let one = lock.read().await;
///     let two = lock.read().await;
///     assert_eq!(*one + *two, 10);
/// }
/// *lock.write().await += 1;
/// assert_eq!(*lock.read().await, 6);
/// # });
/// ```
pub struct RwLock<T: ?Sized> {
    semaphore: BatchSemaphore,
    /// The permits that a writer takes.
    all: u32,
    value: UnsafeCell<T>,
}

// SAFETY: the permits let one thread at a time write, to which the value is thereby sent, or many
// read, who share it.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> Guarded for RwLock<T> {
    fn semaphore(&self) -> &BatchSemaphore {
        &self.semaphore
    }
}

impl<T> RwLock<T> {
    const_fn! {
        /// Makes an unlocked lock around `value`.
        ///
        /// ```
        /// use pintle_sync::RwLock;
        ///
        /// static CONFIG: RwLock<u32> = RwLock::new(8);
        /// assert_eq!(*CONFIG.try_read().unwrap(), 8);
        /// ```
        pub const fn new(value: T) -> Self {
            Self::with_max_readers(value, MAX_READERS)
        }
    }

    const_fn! {
        /// The same as [`new`](Self::new), under the name it has where `new` is not `const`.
        pub const fn const_new(value: T) -> Self {
            Self::new(value)
        }
    }

    const_fn! {
        /// Makes an unlocked lock around `value` that lets that many readers in at once.
        ///
        /// # Panics
        ///
        /// Unless it is one at least and `u32::MAX >> 3` at most.
        #[track_caller]
        pub const fn with_max_readers(value: T, max_reads: u32) -> Self {
            assert!(
                // With none, two writers would not keep each other away.
                max_reads > 0 && max_reads <= MAX_READERS,
                "an RwLock lets from 1 to u32::MAX >> 3 readers in"
            );
            Self {
                semaphore: BatchSemaphore::new(max_reads as usize),
                all: max_reads,
                value: UnsafeCell::new(value),
            }
        }
    }

    const_fn! {
        /// The same as [`with_max_readers`](Self::with_max_readers).
        #[track_caller]
        pub const fn const_with_max_readers(value: T, max_reads: u32) -> Self {
            Self::with_max_readers(value, max_reads)
        }
    }

    /// Gives the value back.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until the value can be read.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the place in the queue, and nothing else.
    ///
    /// ```
    /// use pintle_sync::RwLock;
    ///
    /// # futures_lite::future::block_on(async {
    /// let lock = RwLock::new(1);
    /// let (one, other) = (lock.read().await, lock.read().await);
    /// assert_eq!(*one + *other, 2);
    /// # });
    /// ```
    pub async fn read(&self) -> RwLockReadGuard<'_, T> {
        self.acquire(1).await;
        RwLockReadGuard::from(self.shared())
    }

    /// Waits with the thread until the value can be read, for code that is not async.
    ///
    /// # Panics
    ///
    /// On a thread that runs tasks: there, [`read`](Self::read) is the one.
    ///
    /// ```
    /// use pintle_sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// *lock.blocking_write() += 1;
    /// assert_eq!(*lock.blocking_read(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        blocking::wait(self.acquire(1), "`RwLock::read`");
        RwLockReadGuard::from(self.shared())
    }

    /// Waits until the value can be read, with a guard that keeps the lock alive and can be sent
    /// anywhere.
    ///
    /// # Cancel safety
    ///
    /// As for [`read`](Self::read).
    ///
    /// ```
    /// use pintle_sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().read_owned().await;
    /// assert_eq!(std::thread::spawn(move || *guard).join().unwrap(), 1);
    /// # });
    /// ```
    pub async fn read_owned(self: Arc<Self>) -> OwnedRwLockReadGuard<T> {
        self.acquire(1).await;
        OwnedRwLockReadGuard::from(self.shared())
    }

    /// Reads the value, if it can be read now and nobody waits.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] when it cannot.
    ///
    /// ```
    /// use pintle_sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let reader = lock.try_read().unwrap();
    /// assert!(lock.try_read().is_ok());
    /// assert!(lock.try_write().is_err());
    /// # drop(reader);
    /// ```
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.try_acquire(1)?;
        Ok(RwLockReadGuard::from(self.shared()))
    }

    /// The same with a guard that keeps the lock alive and can be sent anywhere.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] when it cannot be read now.
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.try_acquire(1)?;
        Ok(OwnedRwLockReadGuard::from(self.shared()))
    }

    /// Waits until the value can be written.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the place in the queue, and nothing else: readers who waited
    /// behind it go in.
    ///
    /// ```
    /// use pintle_sync::RwLock;
    ///
    /// # futures_lite::future::block_on(async {
    /// let lock = RwLock::new(1);
    /// *lock.write().await += 1;
    /// assert_eq!(lock.into_inner(), 2);
    /// # });
    /// ```
    pub async fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.acquire(self.all).await;
        RwLockWriteGuard::from(self.exclusive())
    }

    /// Waits with the thread until the value can be written, for code that is not async.
    ///
    /// # Panics
    ///
    /// On a thread that runs tasks: there, [`write`](Self::write) is the one.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        blocking::wait(self.acquire(self.all), "`RwLock::write`");
        RwLockWriteGuard::from(self.exclusive())
    }

    /// Waits until the value can be written, with a guard that keeps the lock alive and can be sent
    /// anywhere.
    ///
    /// # Cancel safety
    ///
    /// As for [`write`](Self::write).
    ///
    /// ```
    /// use pintle_sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let lock = Arc::new(RwLock::new(1));
    /// let mut guard = lock.clone().write_owned().await;
    /// std::thread::spawn(move || *guard += 1).join().unwrap();
    /// assert_eq!(*lock.read().await, 2);
    /// # });
    /// ```
    pub async fn write_owned(self: Arc<Self>) -> OwnedRwLockWriteGuard<T> {
        self.acquire(self.all).await;
        OwnedRwLockWriteGuard::from(self.exclusive())
    }

    /// Writes the value, if it can be written now and nobody waits.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] when it cannot.
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.try_acquire(self.all)?;
        Ok(RwLockWriteGuard::from(self.exclusive()))
    }

    /// The same with a guard that keeps the lock alive and can be sent anywhere.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] when it cannot be written now.
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        self.try_acquire(self.all)?;
        Ok(OwnedRwLockWriteGuard::from(self.exclusive()))
    }

    /// The value, of a lock that nobody else can use.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    async fn acquire(&self, permits: u32) {
        let acquired = self.semaphore.acquire(permits as usize).await;
        debug_assert!(acquired.is_ok(), "an RwLock is never closed");
    }

    fn try_acquire(&self, permits: u32) -> Result<(), TryLockError> {
        self.semaphore
            .try_acquire(permits as usize)
            .map_err(|_| TryLockError(()))
    }
}

trait Lock<T: ?Sized>: Deref<Target = RwLock<T>> + Sized {
    fn shared(self) -> Shared<Self, T> {
        let value = self.value.get();
        // SAFETY: (shared) only those call this who have just acquired a permit, which the guard
        // gives back and without which nobody has all; (alive) the guard borrows or shares us.
        unsafe { Shared::new(value, Held::new(self, 1)) }
    }

    fn exclusive(self) -> Exclusive<Self, T> {
        let value = self.value.get();
        let all = self.all as usize;
        // SAFETY: (exclusive) only those call this who have just acquired all permits, which the
        // guard gives back; (alive) the guard borrows or shares us.
        unsafe { Exclusive::new(value, Held::new(self, all)) }
    }
}

impl<T: ?Sized> Lock<T> for &RwLock<T> {}
impl<T: ?Sized> Lock<T> for Arc<RwLock<T>> {}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lock = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(value) => lock.field("value", &&*value),
            Err(_) => lock.field("value", &format_args!("<locked>")),
        };
        lock.finish()
    }
}
