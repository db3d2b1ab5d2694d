//! What a worker counts about itself.
//!
//! Counts do not depend on the machine, so tests can assert them and users can trust them. Each
//! counter has one writer, the worker's own thread (those in `door.rs` have many), and any number of
//! readers who are content with a recent value.

use std::sync::atomic::{AtomicU64, Ordering};

/// A counter with one writer: no read-modify-write, just a store.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`. Only the counter's own writer may call this.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(
            self.0.load(Ordering::Relaxed).wrapping_add(n),
            Ordering::Relaxed,
        );
    }

    /// Adds `n`, from any thread.
    #[inline]
    pub fn add_shared(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// A recent value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// See the methods of [`RuntimeMetrics`](crate::runtime::RuntimeMetrics).
#[derive(Debug, Default)]
pub struct Counters {
    pub polls: Counter,
    pub parks: Counter,
    pub noops: Counter,
    pub local_schedules: Counter,
    pub lifo_polls: Counter,
    pub searches: Counter,
    pub steals: Counter,
    pub stolen: Counter,
    pub rescues: Counter,
    pub looks: Counter,
    pub io_events: Counter,
    pub timers_fired: Counter,
}
