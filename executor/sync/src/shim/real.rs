//! The real primitives, under the names of the shim; under `--cfg counted`, those that count.

/// Locks, atomics and reference counts.
pub mod sync {
    #[cfg(counted)]
    pub use super::counted::Mutex;
    #[cfg(not(counted))]
    pub use parking_lot::Mutex;
    pub use parking_lot::{Condvar, MutexGuard, RwLock, RwLockReadGuard};
    pub use std::sync::Arc;

    /// Atomic words, memory orderings and fences.
    pub mod atomic {
        #[cfg(counted)]
        pub use super::super::counted::{
            AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence,
        };
        pub use std::sync::atomic::Ordering;
        #[cfg(not(counted))]
        pub use std::sync::atomic::{
            AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence,
        };
    }
}

#[cfg(counted)]
pub mod counted;

/// Interior mutability whose accesses a model can watch.
pub mod cell {
    /// `std::cell::UnsafeCell` behind closures, so that loom can see each access begin and end.
    #[derive(Debug, Default)]
    pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// Makes a cell that holds `value`.
        pub const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        /// Lends a pointer for reading.
        #[inline(always)]
        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        /// Lends a pointer for writing.
        #[inline(always)]
        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }

        /// Gives the value back.
        pub fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }
}

/// Hints to the processor.
pub mod hint {
    pub use std::hint::spin_loop;
}

/// Threads.
pub mod thread {
    pub use std::thread::{Builder, JoinHandle, LocalKey, ThreadId, current, spawn, yield_now};
}

/// What the machine decides, and a model must not leave to it.
pub mod machine {
    use std::hash::{BuildHasher, RandomState};

    /// How many threads can run at the same time.
    pub fn parallelism() -> usize {
        std::thread::available_parallelism().map_or(1, |n| n.get())
    }

    /// A number that nobody can guess.
    pub fn random() -> u64 {
        RandomState::new().hash_one(())
    }
}

/// The time.
pub mod time {
    use std::time::Instant;

    /// `Instant::now`, or the time of the model.
    #[inline(always)]
    pub fn now() -> Instant {
        Instant::now()
    }
}

/// Panics.
pub mod panic {
    use std::panic::AssertUnwindSafe;

    /// `std::panic::catch_unwind` for a closure that nobody looks into after its panic; in a model
    /// nothing is caught.
    ///
    /// # Errors
    ///
    /// The payload of the panic.
    #[inline(always)]
    pub fn catch_unwind<R>(f: impl FnOnce() -> R) -> std::thread::Result<R> {
        std::panic::catch_unwind(AssertUnwindSafe(f))
    }

    /// Whether a model has failed and is only being taken down.
    #[inline(always)]
    pub fn is_model_over() -> bool {
        false
    }
}

/// `std::thread_local!`, or the model checker's.
#[macro_export]
#[cfg(not(loom))]
macro_rules! thread_local {
    ($($tokens:tt)*) => { ::std::thread_local! { $($tokens)* } };
}
