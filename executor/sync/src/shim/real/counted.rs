//! The real primitives, which count for each thread what it does to memory that others may see: locks taken,
//! read-modify-writes, full fences. Exists under `--cfg counted` only, for `executor/tests/shared_memory.rs`.
//!
//! Who has written each cache line last is kept as well: a write to a line that another thread has written last
//! has to fetch it from that thread's core, and it is these that limit how many workers are of use. A line
//! that one thread alone writes stays where it is.
//!
//! Not counted: reference counts of `Arc`, the deque (which is crossbeam's), reads, and plain writes.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{self, Ordering};
use std::thread::{self, ThreadId};

const LINE: usize = 64;

/// What a thread has done.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// Locks taken, each of which is two read-modify-writes.
    pub locks: u64,
    /// Read-modify-writes of words, those of locks not included.
    pub words: u64,
    /// Fences that are sequentially consistent, which cost as much as a read-modify-write.
    pub fences: u64,
    /// Writes of locks and words to lines that another thread had written last.
    pub fetched: u64,
}

impl Counts {
    const NONE: Counts = Counts {
        locks: 0,
        words: 0,
        fences: 0,
        fetched: 0,
    };
}

std::thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts::NONE) };
}

/// Who has written each line last.
static WRITERS: parking_lot::Mutex<Option<HashMap<usize, ThreadId>>> =
    parking_lot::Mutex::new(None);

/// Forgets what this thread has done.
pub fn begin() {
    WRITERS.lock().get_or_insert_default();
    COUNTS.set(Counts::NONE);
}

/// What this thread has done since it called [`begin`].
pub fn here() -> Counts {
    COUNTS.get()
}

fn count(count: impl FnOnce(&mut Counts)) {
    // At the end of a thread its locals are gone, and nobody asks any more.
    let _ = COUNTS.try_with(|counts| {
        let mut now = counts.get();
        count(&mut now);
        counts.set(now);
    });
}

fn write<T>(place: *const T) {
    let me = thread::current().id();
    let mut writers = WRITERS.lock();
    let last = writers
        .as_mut()
        .and_then(|writers| writers.insert(place.addr() / LINE, me));
    if last.is_some_and(|last| last != me) {
        count(|counts| counts.fetched += 1);
    }
}

/// `std::sync::atomic::fence`.
pub fn fence(order: Ordering) {
    if order == Ordering::SeqCst {
        count(|counts| counts.fences += 1);
    }
    atomic::fence(order);
}

/// `parking_lot::Mutex`.
#[derive(Debug, Default)]
pub struct Mutex<T>(parking_lot::Mutex<T>);

impl<T> Mutex<T> {
    /// Makes a lock around `value`.
    pub const fn new(value: T) -> Self {
        Self(parking_lot::Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> parking_lot::MutexGuard<'_, T> {
        write(self);
        count(|counts| counts.locks += 1);
        self.0.lock()
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<parking_lot::MutexGuard<'_, T>> {
        write(self);
        count(|counts| counts.locks += 1);
        self.0.try_lock()
    }

    /// Lends the value to its only owner.
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    /// Gives the value back.
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

/// Read-modify-writes, each of which is counted.
macro_rules! changes {
    ($value:ty; $($name:ident ( $($argument:ident: $type:ty),* ) -> $result:ty;)*) => {
        $(
            #[doc = concat!("As std's `", stringify!($name), "`.")]
            pub fn $name(&self, $($argument: $type),*) -> $result {
                write(self);
                count(|counts| counts.words += 1);
                self.0.$name($($argument),*)
            }
        )*
    };
}

macro_rules! word {
    ($name:ident $(<$parameter:ident>)?, $value:ty $(, $more:ident)*) => {
        #[doc = concat!("`std::sync::atomic::", stringify!($name), "`.")]
        #[derive(Debug)]
        #[repr(transparent)]
        pub struct $name $(<$parameter>)? (atomic::$name $(<$parameter>)?);

        impl $(<$parameter>)? $name $(<$parameter>)? {
            /// Makes a word.
            pub const fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }

            /// Writes it.
            pub fn store(&self, value: $value, order: Ordering) {
                write(self);
                self.0.store(value, order);
            }

            /// Gives the value back.
            pub fn into_inner(self) -> $value {
                self.0.into_inner()
            }

            /// As std's `fetch_update`; counted once, and not if nothing is changed.
            pub fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                mut f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.0.fetch_update(success, failure, |value| {
                    let next = f(value)?;
                    write(self);
                count(|counts| counts.words += 1);
                    Some(next)
                })
            }

            changes! { $value;
                swap(value: $value, order: Ordering) -> $value;
                compare_exchange(now: $value, next: $value, success: Ordering, failure: Ordering)
                    -> Result<$value, $value>;
                compare_exchange_weak(now: $value, next: $value, success: Ordering, failure: Ordering)
                    -> Result<$value, $value>;
                $($more(value: $value, order: Ordering) -> $value;)*
            }
        }

        // Reads, which are not counted.
        impl $(<$parameter>)? Deref for $name $(<$parameter>)? {
            type Target = atomic::$name $(<$parameter>)?;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl $(<$parameter>)? DerefMut for $name $(<$parameter>)? {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }
    };
}

word!(AtomicBool, bool, fetch_or, fetch_and);
word!(
    AtomicU32, u32, fetch_add, fetch_sub, fetch_or, fetch_and, fetch_max
);
word!(
    AtomicU64, u64, fetch_add, fetch_sub, fetch_or, fetch_and, fetch_max
);
word!(
    AtomicUsize,
    usize,
    fetch_add,
    fetch_sub,
    fetch_or,
    fetch_and,
    fetch_max
);
word!(AtomicPtr<T>, *mut T);

macro_rules! defaults {
    ($($name:ty),*) => {
        $(impl Default for $name {
            fn default() -> Self {
                Self::new(Default::default())
            }
        })*
    };
}

defaults!(AtomicBool, AtomicU32, AtomicU64, AtomicUsize);
