//! Thread-locals of modelled threads, with the face of `std`'s.

use std::cell::Cell;
use std::ops::Deref;

/// What `thread_local!` declares.
#[derive(Debug)]
pub struct LocalKey<T: 'static> {
    /// A static, since loom tells keys apart by where they are.
    pub key: &'static loom::thread::LocalKey<Own<T>>,
}

impl<T> LocalKey<T> {
    /// Lends this thread's value.
    ///
    /// # Panics
    ///
    /// If it is gone, since the thread is ending.
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.key.with(|own| f(own))
    }

    /// Lends this thread's value.
    ///
    /// # Errors
    ///
    /// If it is gone, since the thread is ending.
    pub fn try_with<R>(
        &'static self,
        f: impl FnOnce(&T) -> R,
    ) -> Result<R, loom::thread::AccessError> {
        self.key.try_with(|own| f(own))
    }
}

/// As in `std` a cell without a destructor is always there: on a thread that is ending it has its
/// default value.
impl<T: Copy + Default> LocalKey<Cell<T>> {
    /// Reads the cell.
    pub fn get(&'static self) -> T {
        self.try_with(Cell::get).unwrap_or_default()
    }

    /// Sets the cell.
    pub fn set(&'static self, value: T) {
        self.replace(value);
    }

    /// Sets the cell and says what was in it.
    pub fn replace(&'static self, value: T) -> T {
        self.try_with(|cell| cell.replace(value))
            .unwrap_or_default()
    }
}

/// A thread's value. When a model has failed, what its threads had is dropped outside of the model,
/// where no modelled word may be touched: then it is leaked.
#[derive(Debug)]
pub struct Own<T>(Option<T>);

impl<T> Own<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Deref for Own<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("there until it is dropped")
    }
}

impl<T> Drop for Own<T> {
    fn drop(&mut self) {
        if super::panic::is_model_over() {
            std::mem::forget(self.0.take());
            super::time::start_anew();
        }
    }
}

/// `std::thread_local!` for modelled threads.
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty = const $value:block
        $(; $($rest:tt)*)?) => {
        $crate::thread_local! { $(#[$attribute])* $vis static $name: $type = $value $(; $($rest)*)? }
    };
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty = $value:expr
        $(; $($rest:tt)*)?) => {
        $(#[$attribute])*
        $vis const $name: $crate::shim::thread::LocalKey<$type> = {
            static KEY: $crate::__loom::thread::LocalKey<$crate::shim::local::Own<$type>> =
                $crate::__loom::thread::LocalKey {
                    init: || $crate::shim::local::Own::new($value),
                    _p: ::std::marker::PhantomData,
                };
            $crate::shim::thread::LocalKey { key: &KEY }
        };
        $($crate::thread_local! { $($rest)* })?
    };
}
