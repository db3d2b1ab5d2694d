//! The guards of the one who writes.

use std::sync::Arc;

use super::{OwnedRwLockReadGuard, RwLock, RwLockReadGuard};
use crate::guard::Exclusive;
use crate::semaphore::batch::BatchSemaphore;

/// The value of an [`RwLock`], to be written until this is dropped.
///
/// It can be sent to another thread only if the lock can be shared with one: there it may be
/// downgraded, and read while this thread reads.
#[must_use = "the lock is released when this is dropped"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    access: Exclusive<&'a RwLock<T>, T>,
}

/// A part of the value of an [`RwLock`], to be written until this is dropped.
///
/// It cannot be downgraded: who read the rest of the value could then see it change.
#[must_use = "the lock is released when this is dropped"]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    access: Exclusive<&'a BatchSemaphore, T>,
}

/// The value of an [`RwLock`] that is kept alive, to be written until this is dropped.
#[must_use = "the lock is released when this is dropped"]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    access: Exclusive<Arc<RwLock<T>>, T>,
}

/// A part of the value of an [`RwLock`] that is kept alive, to be written until this is dropped.
#[must_use = "the lock is released when this is dropped"]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    access: Exclusive<Arc<RwLock<T>>, U>,
}

guard! { ['a, T: ?Sized] RwLockWriteGuard<'a, T> => mut T }
guard! { ['a, T: ?Sized] RwLockMappedWriteGuard<'a, T> => mut T }
guard! { [T: ?Sized] OwnedRwLockWriteGuard<T> => mut T }
guard! { [T: ?Sized, U: ?Sized] OwnedRwLockMappedWriteGuard<T, U> => mut U }

impl<'a, T: ?Sized> From<Exclusive<&'a RwLock<T>, T>> for RwLockWriteGuard<'a, T> {
    fn from(access: Exclusive<&'a RwLock<T>, T>) -> Self {
        Self { access }
    }
}

impl<T: ?Sized> From<Exclusive<Arc<RwLock<T>>, T>> for OwnedRwLockWriteGuard<T> {
    fn from(access: Exclusive<Arc<RwLock<T>>, T>) -> Self {
        Self { access }
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Goes on with a part of the value.
    pub fn map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> &mut U,
    ) -> RwLockMappedWriteGuard<'a, U> {
        let access = this.access.erase().map(f);
        RwLockMappedWriteGuard { access }
    }

    /// Goes on with a part of the value, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(RwLockMappedWriteGuard {
                access: access.erase(),
            }),
            Err(access) => Err(Self { access }),
        }
    }

    /// Goes on as a mapped guard of the whole value, for code that asks for one.
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        let access = this.access.erase();
        RwLockMappedWriteGuard { access }
    }

    /// Lets readers in, and goes on as one of them. Nobody writes in between.
    ///
    /// ```
    /// use pintle_sync::RwLock;
    ///
    /// # futures_lite::future::block_on(async {
    /// let lock = RwLock::new(1);
    /// let mut writer = lock.write().await;
    /// *writer += 1;
    /// let reader = writer.downgrade();
    /// assert_eq!(*lock.read().await, *reader);
    /// # });
    /// ```
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        Self::downgrade_map(self, |value| value)
    }

    /// The same, with a part of the value. Readers are let in when `f` is done.
    pub fn downgrade_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&T) -> &U,
    ) -> RwLockReadGuard<'a, U> {
        RwLockReadGuard::from(this.access.downgrade_map(f))
    }

    /// The same, with a part of the value, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back, which still writes, if `f` returned `None`.
    pub fn try_downgrade_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<RwLockReadGuard<'a, U>, Self> {
        match this.access.try_downgrade_map(f) {
            Ok(access) => Ok(RwLockReadGuard::from(access)),
            Err(access) => Err(Self { access }),
        }
    }
}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    /// Goes on with a part of the part.
    pub fn map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> &mut U,
    ) -> RwLockMappedWriteGuard<'a, U> {
        let access = this.access.map(f);
        RwLockMappedWriteGuard { access }
    }

    /// Goes on with a part of the part, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(RwLockMappedWriteGuard { access }),
            Err(access) => Err(Self { access }),
        }
    }
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// Goes on with a part of the value.
    pub fn map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> &mut U,
    ) -> OwnedRwLockMappedWriteGuard<T, U> {
        let access = this.access.map(f);
        OwnedRwLockMappedWriteGuard { access }
    }

    /// Goes on with a part of the value, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(OwnedRwLockMappedWriteGuard { access }),
            Err(access) => Err(Self { access }),
        }
    }

    /// Goes on as a mapped guard of the whole value, for code that asks for one.
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        let access = this.access;
        OwnedRwLockMappedWriteGuard { access }
    }

    /// Lets readers in, and goes on as one of them. Nobody writes in between.
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        Self::downgrade_map(self, |value| value)
    }

    /// The same, with a part of the value. Readers are let in when `f` is done.
    pub fn downgrade_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&T) -> &U,
    ) -> OwnedRwLockReadGuard<T, U> {
        OwnedRwLockReadGuard::from(this.access.downgrade_map(f))
    }

    /// The same, with a part of the value, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back, which still writes, if `f` returned `None`.
    pub fn try_downgrade_map<U: ?Sized>(
        this: Self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self> {
        match this.access.try_downgrade_map(f) {
            Ok(access) => Ok(OwnedRwLockReadGuard::from(access)),
            Err(access) => Err(Self { access }),
        }
    }

    /// The lock.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.access.held().of()
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// Goes on with a part of the part.
    pub fn map<V: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut U) -> &mut V,
    ) -> OwnedRwLockMappedWriteGuard<T, V> {
        let access = this.access.map(f);
        OwnedRwLockMappedWriteGuard { access }
    }

    /// Goes on with a part of the part, if `f` finds it.
    ///
    /// # Errors
    ///
    /// Gives the guard back if `f` returned `None`.
    pub fn try_map<V: ?Sized>(
        this: Self,
        f: impl FnOnce(&mut U) -> Option<&mut V>,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self> {
        match this.access.try_map(f) {
            Ok(access) => Ok(OwnedRwLockMappedWriteGuard { access }),
            Err(access) => Err(Self { access }),
        }
    }

    /// The lock.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.access.held().of()
    }
}
