//! A poll to sleep in, without an operating system.

use pintle_sync::shim::sync::atomic::{AtomicBool, Ordering};
use pintle_sync::shim::thread;
use std::sync::atomic::AtomicUsize;

/// Stands for `mio::Poll` with its `mio::Waker`: a wake-up that comes first is kept, two are one.
///
/// It hands over nothing but the wake-up itself: no mutex, no condition variable, only relaxed
/// accesses. What a sleeper finds after waking is ordered by the product's own words or not at all.
/// A wake-up that never comes shows as a model that does not end.
#[derive(Debug)]
pub struct Bed {
    woken: AtomicBool,
    // Not modelled words: they count.
    wakes: AtomicUsize,
    sleeps: AtomicUsize,
}

impl Bed {
    /// An empty bed.
    pub fn new() -> Self {
        Self {
            woken: AtomicBool::new(false),
            wakes: AtomicUsize::new(0),
            sleeps: AtomicUsize::new(0),
        }
    }

    /// The waker's system call.
    pub fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
        // A swap and not a store, so that it is seen without fail: the kernel forgets nothing.
        self.woken.swap(true, Ordering::Relaxed);
    }

    /// Sleeps until woken.
    pub fn sleep(&self) {
        self.sleeps.fetch_add(1, Ordering::Relaxed);
        while !self.peek() {
            thread::yield_now();
        }
    }

    /// A poll with a timeout of nothing. Says whether it was woken.
    pub fn peek(&self) -> bool {
        // A read-modify-write here, too: a poll does not miss a wake-up that has happened.
        self.woken
            .compare_exchange(true, false, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// How often [`wake`](Self::wake) was called.
    pub fn wakes(&self) -> usize {
        self.wakes.load(Ordering::Relaxed)
    }

    /// How often [`sleep`](Self::sleep) was called.
    pub fn sleeps(&self) -> usize {
        self.sleeps.load(Ordering::Relaxed)
    }
}

impl Default for Bed {
    fn default() -> Self {
        Self::new()
    }
}
