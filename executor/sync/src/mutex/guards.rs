//! The guards of a mutex: borrowed or owned, of the value or of a part of it.

use std::sync::Arc;

use super::Mutex;
use crate::guard::Exclusive;
use crate::semaphore::batch::BatchSemaphore;

/// A locked [`Mutex`], which is unlocked when this is dropped.
#[must_use = "the mutex is unlocked when this is dropped"]
pub struct MutexGuard<'a, T: ?Sized> {
    access: Exclusive<&'a Mutex<T>, T>,
}

/// A part of the value of a locked [`Mutex`], which is unlocked when this is dropped.
#[must_use = "the mutex is unlocked when this is dropped"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    access: Exclusive<&'a BatchSemaphore, T>,
}

/// A locked [`Mutex`] that is kept alive, and unlocked when this is dropped.
#[must_use = "the mutex is unlocked when this is dropped"]
pub struct OwnedMutexGuard<T: ?Sized> {
    access: Exclusive<Arc<Mutex<T>>, T>,
}

/// A part of the value of a locked [`Mutex`] that is kept alive, and unlocked when this is dropped.
#[must_use = "the mutex is unlocked when this is dropped"]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T> {
    access: Exclusive<Arc<Mutex<T>>, U>,
}

guard! { ['a, T: ?Sized] MutexGuard<'a, T> => mut T }
guard! { ['a, T: ?Sized] MappedMutexGuard<'a, T> => mut T }
guard! { [T: ?Sized] OwnedMutexGuard<T> => mut T }
guard! { [T: ?Sized, U: ?Sized] OwnedMappedMutexGuard<T, U> => mut U }

impl<'a, T: ?Sized> From<Exclusive<&'a Mutex<T>, T>> for MutexGuard<'a, T> {
    fn from(access: Exclusive<&'a Mutex<T>, T>) -> Self {
        Self { access }
    }
}

impl<T: ?Sized> From<Exclusive<Arc<Mutex<T>>, T>> for OwnedMutexGuard<T> {
    fn from(access: Exclusive<Arc<Mutex<T>>, T>) -> Self {
        Self { access }
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Goes on with a part of the value.
    ///
    /// An associated function, so that it does not hide a method of `T`.
    ///
    /// ```
    /// use pintle_sync::{Mutex, MutexGuard};
    ///
    /// # futures_lite::future::block_on(async {
    /// let pair = Mutex::new((1, "one"));
    /// let mut number = MutexGuard::map(pair.lock().await, |(number, _)| number);
    /// *number = 2;
    /// drop(number);
    /// assert_eq!(pair.into_inner(), (2, "one"));
    /// # });
    /// ```
    pub fn map<U: ?Sized>(this: Self, f: impl FnOnce(&mut T) -> &mut U) -> MappedMutexGuard<'a, U> {
        let access = this.access.erase().map(f);
        MappedMutexGuard { access }
    }

    /// Goes on with a part of the value, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(MappedMutexGuard {
                access: access.erase(),
            }),
            Err(access) => Err(Self { access }),
        }
    }

    /// The mutex.
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.access.held().of()
    }
}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// Goes on with a part of the part.
    pub fn map<U: ?Sized>(this: Self, f: impl FnOnce(&mut T) -> &mut U) -> MappedMutexGuard<'a, U> {
        let access = this.access.map(f);
        MappedMutexGuard { access }
    }

    /// Goes on with a part of the part, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(MappedMutexGuard { access }),
            Err(access) => Err(Self { access }),
        }
    }
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// Goes on with a part of the value.
    ///
    /// ```
    /// use pintle_sync::{Mutex, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let list = Arc::new(Mutex::new(vec![1, 2, 3]));
    /// let guard = list.clone().lock_owned().await;
    /// let mut last = OwnedMutexGuard::try_map(guard, |list| list.last_mut()).unwrap();
    /// *last += 1;
    /// drop(last);
    /// assert_eq!(*list.lock().await, [1, 2, 4]);
    /// # });
    /// ```
    pub fn map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> &mut U,
    ) -> OwnedMappedMutexGuard<T, U> {
        let access = this.access.map(f);
        OwnedMappedMutexGuard { access }
    }

    /// Goes on with a part of the value, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<OwnedMappedMutexGuard<T, U>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(OwnedMappedMutexGuard { access }),
            Err(access) => Err(Self { access }),
        }
    }

    /// The mutex.
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        this.access.held().of()
    }
}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// Goes on with a part of the part.
    pub fn map<V: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut U) -> &mut V,
    ) -> OwnedMappedMutexGuard<T, V> {
        let access = this.access.map(f);
        OwnedMappedMutexGuard { access }
    }

    /// Goes on with a part of the part, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<V: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut U) -> Option<&mut V>,
    ) -> Result<OwnedMappedMutexGuard<T, V>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(OwnedMappedMutexGuard { access }),
            Err(access) => Err(Self { access }),
        }
    }
}
