//! The guards of those who read.

use std::sync::Arc;

use super::RwLock;
use crate::guard::Shared;
use crate::semaphore::batch::BatchSemaphore;

/// The value of an [`RwLock`], or a part of it, to be read until this is dropped.
#[must_use = "the lock is released when this is dropped"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    access: Shared<&'a BatchSemaphore, T>,
}

/// The value of an [`RwLock`] that is kept alive, or a part of it, to be read until this is dropped.
#[must_use = "the lock is released when this is dropped"]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    access: Shared<Arc<RwLock<T>>, U>,
}

guard! { ['a, T: ?Sized] RwLockReadGuard<'a, T> => T }
guard! { [T: ?Sized, U: ?Sized] OwnedRwLockReadGuard<T, U> => U }

impl<'a, T: ?Sized, U: ?Sized> From<Shared<&'a RwLock<T>, U>> for RwLockReadGuard<'a, U> {
    fn from(access: Shared<&'a RwLock<T>, U>) -> Self {
        let access = access.erase();
        Self { access }
    }
}

impl<T: ?Sized, U: ?Sized> From<Shared<Arc<RwLock<T>>, U>> for OwnedRwLockReadGuard<T, U> {
    fn from(access: Shared<Arc<RwLock<T>>, U>) -> Self {
        Self { access }
    }
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// Goes on with a part of the value.
    ///
    /// ```
    /// use pintle_sync::{RwLock, RwLockReadGuard};
    ///
    /// # futures_lite::future::block_on(async {
    /// let pair = RwLock::new((1, "one"));
    /// let name = RwLockReadGuard::map(pair.read().await, |(_, name)| *name);
    /// assert_eq!(&*name, "one");
    /// # });
    /// ```
    pub fn map<U: ?Sized>(this: Self, f: impl FnOnce(&T) -> &U) -> RwLockReadGuard<'a, U> {
        let access = this.access.map(f);
        RwLockReadGuard { access }
    }

    /// Goes on with a part of the value, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<RwLockReadGuard<'a, U>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(RwLockReadGuard { access }),
            Err(access) => Err(Self { access }),
        }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// Goes on with a part of the value.
    pub fn map<V: ?Sized>(this: Self, f: impl FnOnce(&U) -> &V) -> OwnedRwLockReadGuard<T, V> {
        let access = this.access.map(f);
        OwnedRwLockReadGuard { access }
    }

    /// Goes on with a part of the value, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<V: ?Sized>(
        this: Self,
        f: impl FnOnce(&U) -> Option<&V>,
    ) -> Result<OwnedRwLockReadGuard<T, V>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(OwnedRwLockReadGuard { access }),
            Err(access) => Err(Self { access }),
        }
    }

    /// The lock.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.access.held().of()
    }
}
