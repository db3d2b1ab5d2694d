//! The model checker's primitives, under the names of the shim.

/// Locks, atomics and reference counts.
pub mod sync {
    pub use super::lock::{Condvar, Mutex, MutexGuard, RwLock};
    pub use loom::sync::{Arc, RwLockReadGuard};

    /// Atomic words, memory orderings and fences.
    pub mod atomic {
        pub use loom::sync::atomic::{
            AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
        };
    }
}

/// Interior mutability whose accesses the model watches.
pub mod cell {
    /// loom's cell: two accesses that are not ordered by the program fail the model.
    #[derive(Debug)]
    pub struct UnsafeCell<T>(loom::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// Makes a cell that holds `value`.
        pub fn new(value: T) -> Self {
            Self(loom::cell::UnsafeCell::new(value))
        }

        /// Lends a pointer for reading.
        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            self.0.with(f)
        }

        /// Lends a pointer for writing.
        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            self.0.with_mut(f)
        }

        /// Gives the value back.
        pub fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }
}

/// Hints to the processor; in a model, a yield to the other threads.
pub mod hint {
    /// Lets other threads run.
    pub fn spin_loop() {
        super::time::yield_last();
    }
}

/// Threads.
pub mod thread {
    pub use super::local::LocalKey;
    pub use loom::thread::{Builder, JoinHandle, ThreadId, current, spawn};

    /// Lets other threads run.
    pub fn yield_now() {
        super::time::yield_last();
    }
}

pub mod time;

/// What the machine decides, and a model must not leave to it.
pub mod machine {
    /// The fewest of whom one can steal from another.
    pub fn parallelism() -> usize {
        2
    }

    /// The same number in every run.
    pub fn random() -> u64 {
        0x9E37_79B9_7F4A_7C15
    }
}

/// Panics.
pub mod panic {
    /// Calls `f` and catches nothing: a panic, be it the model's own verdict or the code's under
    /// test, ends the model, wherever it comes from.
    ///
    /// # Errors
    ///
    /// None.
    pub fn catch_unwind<R>(f: impl FnOnce() -> R) -> std::thread::Result<R> {
        Ok(f())
    }

    /// Whether the model has failed and is only being taken down. Nothing is to be waited for then:
    /// the other threads never run again.
    pub fn is_model_over() -> bool {
        std::thread::panicking()
    }
}

#[doc(hidden)]
pub mod local;

mod lock {
    //! loom's locks with the faces of `parking_lot`'s.

    use super::time;
    use std::ops::{Deref, DerefMut};
    use std::time::{Duration, Instant};

    /// A lock without poison.
    #[derive(Debug, Default)]
    pub struct Mutex<T>(loom::sync::Mutex<T>);

    /// What `lock` returns. The option is empty only inside [`Condvar::wait`].
    #[derive(Debug)]
    pub struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        /// Makes a lock around `value`.
        pub fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        /// Waits for the lock.
        pub fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().unwrap_or_else(|e| e.into_inner())))
        }

        /// Takes the lock if it is free.
        pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok().map(|guard| MutexGuard(Some(guard)))
        }

        /// Lends the value to its only owner.
        pub fn get_mut(&mut self) -> &mut T {
            self.0.get_mut().unwrap_or_else(|e| e.into_inner())
        }

        /// Gives the value back.
        pub fn into_inner(self) -> T {
            self.0.into_inner().unwrap_or_else(|e| e.into_inner())
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.0.as_ref().expect("guard is waiting")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("guard is waiting")
        }
    }

    /// A lock for one who writes or many who read, without poison.
    #[derive(Debug, Default)]
    pub struct RwLock<T>(loom::sync::RwLock<T>);

    impl<T> RwLock<T> {
        /// Makes a lock around `value`.
        pub fn new(value: T) -> Self {
            Self(loom::sync::RwLock::new(value))
        }

        /// Waits until nobody writes. loom knows no order among those who wait.
        pub fn read(&self) -> loom::sync::RwLockReadGuard<'_, T> {
            self.read_recursive()
        }

        /// Waits until nobody writes.
        pub fn read_recursive(&self) -> loom::sync::RwLockReadGuard<'_, T> {
            self.0.read().unwrap_or_else(|e| e.into_inner())
        }

        /// Waits until nobody reads or writes.
        pub fn write(&self) -> loom::sync::RwLockWriteGuard<'_, T> {
            self.0.write().unwrap_or_else(|e| e.into_inner())
        }
    }

    /// A condition variable.
    #[derive(Debug, Default)]
    pub struct Condvar(loom::sync::Condvar);

    /// What `wait_for` returns.
    #[derive(Debug, Clone, Copy)]
    pub struct WaitTimeoutResult(bool);

    impl WaitTimeoutResult {
        /// Whether the wait ended for want of time.
        pub fn timed_out(self) -> bool {
            self.0
        }
    }

    impl Condvar {
        /// Makes a condition variable.
        pub fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }

        /// Gives the lock up until notified.
        pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let inner = guard.0.take().expect("guard is waiting");
            guard.0 = Some(self.0.wait(inner).unwrap_or_else(|e| e.into_inner()));
        }

        /// As [`wait`](Self::wait): modelled time stands still.
        pub fn wait_for<T>(
            &self,
            guard: &mut MutexGuard<'_, T>,
            _limit: Duration,
        ) -> WaitTimeoutResult {
            self.wait(guard);
            WaitTimeoutResult(false)
        }

        /// Does not wait if the deadline has passed; otherwise as [`wait`](Self::wait).
        pub fn wait_until<T>(
            &self,
            guard: &mut MutexGuard<'_, T>,
            deadline: Instant,
        ) -> WaitTimeoutResult {
            let is_late = time::now() >= deadline;
            if !is_late {
                self.wait(guard);
            }
            WaitTimeoutResult(is_late)
        }

        /// Wakes one waiter.
        pub fn notify_one(&self) {
            self.0.notify_one();
        }

        /// Wakes every waiter.
        pub fn notify_all(&self) {
            self.0.notify_all();
        }
    }
}
