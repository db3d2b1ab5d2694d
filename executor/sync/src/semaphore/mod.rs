//! A count of permits.

pub(crate) mod batch;
mod error;
pub(crate) mod held;
mod permit;

pub use error::{AcquireError, TryAcquireError};
pub use permit::{OwnedSemaphorePermit, SemaphorePermit};

use batch::BatchSemaphore;
use held::{Guarded, Held};
use std::sync::Arc;

use crate::blocking;

/// Permits for a limited number of things at a time.
///
/// A task that finds too few permits waits in a queue. The queue is fair: what is given back goes
/// to the task that has waited longest, until it has all it asked for, and who comes later waits
/// behind it, even if there would be enough for what he asks.
///
/// A permit is given back when it is dropped. It needs not be: [`SemaphorePermit::forget`] takes it
/// out for good, [`add_permits`](Self::add_permits) puts new ones in.
///
/// Taking and giving back are one atomic exchange each while nobody waits, and nothing here
/// allocates.
///
/// ```
/// use pintle_sync::Semaphore;
///
/// # futures_lite::future::block_on(async {
/// let two_at_a_time = Semaphore::new(2);
/// let first = two_at_a_time.acquire().await?;
/// let second = two_at_a_time.acquire().await?;
/// assert!(two_at_a_time.try_acquire().is_err());
/// drop(first);
/// let third = two_at_a_time.acquire().await?;
/// # drop((second, third));
/// # Ok::<(), pintle_sync::AcquireError>(())
/// # }).unwrap();
/// ```
///
/// To limit what tasks do that outlive the function that started them, share the semaphore and
/// move an owned permit in:
///
/// ```
/// use pintle_sync::Semaphore;
/// use std::sync::Arc;
///
/// # futures_lite::future::block_on(async {
/// let limit = Arc::new(Semaphore::new(2));
/// let permit = limit.clone().acquire_owned().await.unwrap();
/// let task = std::thread::spawn(move || {
///     // … the work
///     drop(permit);
/// });
/// # task.join().unwrap();
/// # assert_eq!(limit.available_permits(), 2);
/// # });
/// ```
#[derive(Debug)]
pub struct Semaphore {
    permits: BatchSemaphore,
}

impl Guarded for Semaphore {
    fn semaphore(&self) -> &BatchSemaphore {
        &self.permits
    }
}

impl Semaphore {
    /// The most permits a semaphore can have: `usize::MAX >> 3`.
    pub const MAX_PERMITS: usize = batch::MAX_PERMITS;

    const_fn! {
        /// Makes a semaphore with that many permits.
        ///
        /// # Panics
        ///
        /// Above [`MAX_PERMITS`](Self::MAX_PERMITS).
        #[track_caller]
        pub const fn new(permits: usize) -> Self {
            Self {
                permits: BatchSemaphore::new(permits),
            }
        }
    }

    const_fn! {
        /// The same as [`new`](Self::new), under the name it has where `new` is not `const`.
        ///
        /// ```
        /// use pintle_sync::Semaphore;
        ///
        /// static LIMIT: Semaphore = Semaphore::const_new(10);
        /// assert_eq!(LIMIT.available_permits(), 10);
        /// ```
        #[track_caller]
        pub const fn const_new(permits: usize) -> Self {
            Self::new(permits)
        }
    }

    /// How many permits can be taken now.
    pub fn available_permits(&self) -> usize {
        self.permits.available_permits()
    }

    /// Adds new permits.
    ///
    /// # Panics
    ///
    /// When there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub fn add_permits(&self, n: usize) {
        self.permits.add_permits(n);
    }

    /// Takes up to `n` of the available permits out for good, and says how many that were.
    ///
    /// ```
    /// use pintle_sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// assert_eq!(semaphore.forget_permits(5), 3);
    /// assert_eq!(semaphore.available_permits(), 0);
    /// ```
    pub fn forget_permits(&self, n: usize) -> usize {
        self.permits.forget_permits(n)
    }

    /// Waits for a permit.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the place in the queue, and nothing else: a permit that was on
    /// its way goes to the next.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, before or while waiting.
    ///
    /// ```
    /// use pintle_sync::Semaphore;
    ///
    /// # futures_lite::future::block_on(async {
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.acquire().await.unwrap();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// # });
    /// ```
    pub async fn acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.acquire_many(1).await
    }

    /// Waits for `n` permits.
    ///
    /// Permits are put aside for the first in the queue as they come, so that many small demands
    /// do not starve a big one.
    ///
    /// # Cancel safety
    ///
    /// As for [`acquire`](Self::acquire): what was put aside goes to the next.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, before or while waiting.
    ///
    /// ```
    /// use pintle_sync::Semaphore;
    ///
    /// # futures_lite::future::block_on(async {
    /// let megabytes = Semaphore::new(64);
    /// let reserved = megabytes.acquire_many(48).await.unwrap();
    /// assert_eq!(reserved.num_permits(), 48);
    /// assert_eq!(megabytes.available_permits(), 16);
    /// # });
    /// ```
    pub async fn acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        let n = n as usize;
        self.permits.acquire(n).await?;
        Ok(SemaphorePermit::from(Held::new(self, n)))
    }

    /// Takes a permit if there is one and nobody waits.
    ///
    /// # Errors
    ///
    /// [`TryAcquireError::NoPermits`] when there is none now, [`TryAcquireError::Closed`] when
    /// there will be none.
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits if they are there and nobody waits.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let n = n as usize;
        self.permits.try_acquire(n)?;
        Ok(SemaphorePermit::from(Held::new(self, n)))
    }

    /// Waits for a permit with the thread, for code that is not async.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, before or while waiting.
    ///
    /// # Panics
    ///
    /// On a thread that runs tasks: there, [`acquire`](Self::acquire) is the one.
    ///
    /// ```
    /// use pintle_sync::Semaphore;
    ///
    /// static LIMIT: Semaphore = Semaphore::new(2);
    ///
    /// let threads: Vec<_> = (0..4)
    ///     .map(|_| std::thread::spawn(|| drop(LIMIT.blocking_acquire().unwrap())))
    ///     .collect();
    /// # threads.into_iter().for_each(|thread| thread.join().unwrap());
    /// # assert_eq!(LIMIT.available_permits(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        blocking::wait(self.acquire(), "`Semaphore::acquire`")
    }

    /// Waits for `n` permits with the thread, for code that is not async.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, before or while waiting.
    ///
    /// # Panics
    ///
    /// On a thread that runs tasks: there, [`acquire_many`](Self::acquire_many) is the one.
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        blocking::wait(self.acquire_many(n), "`Semaphore::acquire_many`")
    }

    /// Waits for a permit that keeps the semaphore alive and can be sent anywhere.
    ///
    /// # Cancel safety
    ///
    /// As for [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, before or while waiting.
    ///
    /// ```
    /// use pintle_sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.clone().acquire_owned().await.unwrap();
    /// std::thread::spawn(move || drop(permit)).join().unwrap();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// # });
    /// ```
    pub async fn acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.acquire_many_owned(1).await
    }

    /// Waits for `n` permits that keep the semaphore alive and can be sent anywhere.
    ///
    /// # Cancel safety
    ///
    /// As for [`acquire_many`](Self::acquire_many).
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, before or while waiting.
    ///
    /// ```
    /// use pintle_sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let permits = semaphore.clone().acquire_many_owned(2).await.unwrap();
    /// assert_eq!(permits.num_permits(), 2);
    /// assert_eq!(permits.semaphore().available_permits(), 1);
    /// # });
    /// ```
    pub async fn acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        let n = n as usize;
        self.permits.acquire(n).await?;
        Ok(OwnedSemaphorePermit::from(Held::new(self, n)))
    }

    /// As [`acquire_owned`](Self::acquire_owned), waiting with the thread.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, before or while waiting.
    ///
    /// # Panics
    ///
    /// As [`blocking_acquire`](Self::blocking_acquire).
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        blocking::wait(self.acquire_owned(), "`Semaphore::acquire_owned`")
    }

    /// As [`acquire_many_owned`](Self::acquire_many_owned), waiting with the thread.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, before or while waiting.
    ///
    /// # Panics
    ///
    /// As [`blocking_acquire`](Self::blocking_acquire).
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        blocking::wait(
            self.acquire_many_owned(n),
            "`Semaphore::acquire_many_owned`",
        )
    }

    /// Takes a permit that keeps the semaphore alive, if there is one and nobody waits.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// Takes `n` permits that keep the semaphore alive, if they are there and nobody waits.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        let n = n as usize;
        self.permits.try_acquire(n)?;
        Ok(OwnedSemaphorePermit::from(Held::new(self, n)))
    }

    /// Closes the semaphore: who waits and who will come gets an error. Permits that are held
    /// stay valid; so do those that were on their way to a task that has yet to be polled.
    ///
    /// ```
    /// use pintle_sync::{Semaphore, TryAcquireError};
    ///
    /// # futures_lite::future::block_on(async {
    /// let semaphore = Semaphore::new(1);
    /// semaphore.close();
    /// assert!(semaphore.acquire().await.is_err());
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    /// # });
    /// ```
    pub fn close(&self) {
        drop(self.permits.close());
    }

    /// Whether the semaphore is closed.
    pub fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }
}
