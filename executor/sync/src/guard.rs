//! Access to a value while permits are held: what all guards of [`Mutex`](crate::Mutex) and
//! [`RwLock`](crate::RwLock) are made of.
//!
//! A guard is a pointer to the value, or to a part of it, and the permits ([`Held`]) that keep
//! everybody else away, who share or borrow the lock and so keep the value alive. The rules:
//!
//! 1. **exclusive**: whoever makes an [`Exclusive`] holds, in its `Held`, permits that no two can
//!    hold at once, nor anybody together with a [`Shared`].
//! 2. **shared**: whoever makes a [`Shared`] holds a permit that excludes every [`Exclusive`].
//! 3. **alive**: the value is alive, and not moved, for as long as the pointer inside `Held` is.
//! 4. **shareable**: only an `Exclusive` whose `S` names the lock is downgraded, not an erased one.
//!    Downgraded on another thread it shares the value with those who read here, and it is the
//!    lock's `Sync` that says whether that may be.
//!
//! The value lies in std's `UnsafeCell` even in a model, because guards lend plain references: the
//! models put values into the locks that check themselves who looks at them when.

#![expect(
    unsafe_code,
    reason = "turns permits into references to the value that they guard"
)]

use std::ops::{Deref, DerefMut};

use crate::semaphore::batch::BatchSemaphore;
use crate::semaphore::held::{Guarded, Held};

/// The value can be changed: nobody else looks at it.
pub(crate) struct Exclusive<S: Deref<Target: Guarded>, T: ?Sized> {
    /// A raw pointer, and so invariant in `T`, as `&mut T` would be.
    data: *mut T,
    held: Held<S>,
}

/// The value can be read: nobody changes it.
pub(crate) struct Shared<S: Deref<Target: Guarded>, T: ?Sized> {
    data: *const T,
    held: Held<S>,
}

// SAFETY: an `Exclusive` is a `&mut T` and a `Held`, and (shareable) a `&T` only where `S: Send`
// has asked whether it may be.
unsafe impl<S: Deref<Target: Guarded> + Send, T: ?Sized + Send> Send for Exclusive<S, T> {}

// SAFETY: as above; through `&Exclusive` one gets `&T`.
unsafe impl<S: Deref<Target: Guarded> + Sync, T: ?Sized + Sync> Sync for Exclusive<S, T> {}

// SAFETY: a `Shared` is a `&T` and a `Held`.
unsafe impl<S: Deref<Target: Guarded> + Send, T: ?Sized + Sync> Send for Shared<S, T> {}

// SAFETY: as above.
unsafe impl<S: Deref<Target: Guarded> + Sync, T: ?Sized + Sync> Sync for Shared<S, T> {}

impl<S: Deref<Target: Guarded>, T: ?Sized> Exclusive<S, T> {
    /// # Safety
    ///
    /// Rules 1 and 3.
    pub(crate) const unsafe fn new(data: *mut T, held: Held<S>) -> Self {
        Self { data, held }
    }

    pub(crate) const fn held(&self) -> &Held<S> {
        &self.held
    }

    /// Goes on with a part of the value.
    pub(crate) fn map<U: ?Sized>(mut self, f: impl FnOnce(&mut T) -> &mut U) -> Exclusive<S, U> {
        let data: *mut U = f(&mut self);
        Exclusive {
            data,
            held: self.held,
        }
    }

    /// The same, if there is such a part.
    pub(crate) fn try_map<U: ?Sized>(
        mut self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<Exclusive<S, U>, Self> {
        match f(&mut self).map(|data| data as *mut U) {
            Some(data) => Ok(Exclusive {
                data,
                held: self.held,
            }),
            None => Err(self),
        }
    }

    /// Goes on with a part of the value, to be read only, if there is such a part. Nobody else
    /// reads before `f` is done.
    pub(crate) fn try_downgrade_map<U: ?Sized>(
        self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<Shared<S, U>, Self> {
        match f(&self).map(|data| data as *const U) {
            Some(data) => Ok(self.downgrade_to(data)),
            None => Err(self),
        }
    }

    /// The same, with a part that there is.
    pub(crate) fn downgrade_map<U: ?Sized>(self, f: impl FnOnce(&T) -> &U) -> Shared<S, U> {
        let data: *const U = f(&self);
        self.downgrade_to(data)
    }

    /// Keeps one permit, the one that reading takes, and goes on with that and a part of the value:
    /// never of an erased guard (shareable).
    fn downgrade_to<U: ?Sized>(mut self, data: *const U) -> Shared<S, U> {
        // By rule 1 nobody reads or writes till here, and nobody writes while we keep one.
        self.held.keep(1);
        Shared {
            data,
            held: self.held,
        }
    }
}

impl<'a, G: Guarded + ?Sized, T: ?Sized> Exclusive<&'a G, T> {
    /// Forgets what the permits are of, but for the semaphore. What is erased is not downgraded
    /// (shareable).
    pub(crate) fn erase(self) -> Exclusive<&'a BatchSemaphore, T> {
        Exclusive {
            data: self.data,
            held: self.held.erase(),
        }
    }
}

impl<S: Deref<Target: Guarded>, T: ?Sized> Shared<S, T> {
    /// # Safety
    ///
    /// Rules 2 and 3.
    pub(crate) const unsafe fn new(data: *const T, held: Held<S>) -> Self {
        Self { data, held }
    }

    pub(crate) const fn held(&self) -> &Held<S> {
        &self.held
    }

    /// Goes on with a part of the value.
    pub(crate) fn map<U: ?Sized>(self, f: impl FnOnce(&T) -> &U) -> Shared<S, U> {
        let data: *const U = f(&self);
        Shared {
            data,
            held: self.held,
        }
    }

    /// The same, if there is such a part.
    pub(crate) fn try_map<U: ?Sized>(
        self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<Shared<S, U>, Self> {
        match f(&self).map(|data| data as *const U) {
            Some(data) => Ok(Shared {
                data,
                held: self.held,
            }),
            None => Err(self),
        }
    }
}

impl<'a, G: Guarded + ?Sized, T: ?Sized> Shared<&'a G, T> {
    /// As [`Exclusive::erase`].
    pub(crate) fn erase(self) -> Shared<&'a BatchSemaphore, T> {
        Shared {
            data: self.data,
            held: self.held.erase(),
        }
    }
}

impl<S: Deref<Target: Guarded>, T: ?Sized> Deref for Exclusive<S, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: (exclusive, alive) and we are borrowed, so what we lend is only read.
        unsafe { &*self.data }
    }
}

impl<S: Deref<Target: Guarded>, T: ?Sized> DerefMut for Exclusive<S, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: (exclusive, alive) and we are borrowed by one.
        unsafe { &mut *self.data }
    }
}

impl<S: Deref<Target: Guarded>, T: ?Sized> Deref for Shared<S, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: (shared, alive)
        unsafe { &*self.data }
    }
}

/// What every public guard does, which is one of the above by the name of `access`.
macro_rules! guard {
    ([$($generics:tt)*] $guard:ty => $target:ty) => {
        impl<$($generics)*> ::std::ops::Deref for $guard {
            type Target = $target;

            fn deref(&self) -> &$target {
                &self.access
            }
        }

        guard! { [$($generics)*] $guard, $target, ::std::fmt::Debug }
        guard! { [$($generics)*] $guard, $target, ::std::fmt::Display }
    };
    ([$($generics:tt)*] $guard:ty => mut $target:ty) => {
        guard! { [$($generics)*] $guard => $target }

        impl<$($generics)*> ::std::ops::DerefMut for $guard {
            fn deref_mut(&mut self) -> &mut $target {
                &mut self.access
            }
        }
    };
    ([$($generics:tt)*] $guard:ty, $target:ty, $format:path) => {
        impl<$($generics)*> $format for $guard
        where
            $target: $format,
        {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                <$target as $format>::fmt(self, f)
            }
        }
    };
}
