//! The two kinds of permits: one borrows the semaphore, the other shares it.

use std::ptr;

use super::Semaphore;
use super::held::Held;
use std::sync::Arc;

/// Permits of a [`Semaphore`], which get them back when this is dropped.
///
/// ```
/// use pintle_sync::Semaphore;
///
/// let semaphore = Semaphore::new(3);
/// let mut two = semaphore.try_acquire_many(2).unwrap();
/// let one = two.split(1).unwrap();
/// drop(one);
/// assert_eq!(semaphore.available_permits(), 2);
/// two.forget();
/// assert_eq!(semaphore.available_permits(), 2);
/// ```
#[derive(Debug)]
#[must_use = "the permits are given back when this is dropped"]
pub struct SemaphorePermit<'a> {
    held: Held<&'a Semaphore>,
}

/// Permits of a [`Semaphore`] that they keep alive, and which gets them back when this is dropped.
///
/// ```
/// use pintle_sync::Semaphore;
/// use std::sync::Arc;
///
/// let semaphore = Arc::new(Semaphore::new(1));
/// let permit = semaphore.clone().try_acquire_owned().unwrap();
/// std::thread::spawn(move || drop(permit)).join().unwrap();
/// assert_eq!(semaphore.available_permits(), 1);
/// ```
#[derive(Debug)]
#[must_use = "the permits are given back when this is dropped"]
pub struct OwnedSemaphorePermit {
    held: Held<Arc<Semaphore>>,
}

macro_rules! common {
    () => {
        /// Keeps the permits from ever being given back.
        pub fn forget(mut self) {
            self.held.take();
        }

        /// Adds another's permits to these.
        ///
        /// # Panics
        ///
        /// When they are of another semaphore.
        #[track_caller]
        pub fn merge(&mut self, mut other: Self) {
            assert!(
                ptr::eq(&**self.held.of(), &**other.held.of()),
                "permits of different semaphores cannot be merged"
            );
            self.held.merge(other.held.take());
        }

        /// Splits `n` permits off, or answers `None` when there are fewer.
        pub fn split(&mut self, n: usize) -> Option<Self> {
            self.held
                .split(n)
                .then(|| Self::from(Held::new(self.held.of().clone(), n)))
        }

        /// How many permits these are.
        pub fn num_permits(&self) -> usize {
            self.held.permits()
        }
    };
}

impl SemaphorePermit<'_> {
    common!();

    /// The semaphore.
    pub fn semaphore(&self) -> &Semaphore {
        self.held.of()
    }
}

impl OwnedSemaphorePermit {
    common!();

    /// The semaphore.
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        self.held.of()
    }
}

impl<'a> From<Held<&'a Semaphore>> for SemaphorePermit<'a> {
    fn from(held: Held<&'a Semaphore>) -> Self {
        Self { held }
    }
}

impl From<Held<Arc<Semaphore>>> for OwnedSemaphorePermit {
    fn from(held: Held<Arc<Semaphore>>) -> Self {
        Self { held }
    }
}
