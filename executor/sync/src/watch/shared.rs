//! What the ends share: the value under a lock, and its version in a word.
//!
//! ```text
//!   word:  version ─────────────────────────────┬─ CLOSED ─┐
//!          counts the changes                   │    1     │
//! ```
//!
//! The rules:
//!
//! 1. The version changes only while the value is locked for writing, so whoever has it locked for
//!    reading knows its version.
//! 2. `CLOSED` is set when the last sender goes, and stays.
//! 3. Whoever changes the word notifies afterwards; whoever waits begins to listen before it looks.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::borrow::Borrow;
use crate::Notify;
use crate::shim::sync::RwLock;
use crate::shim::sync::atomic::{AtomicUsize, Ordering};

const CLOSED: usize = 1;
const CHANGE: usize = 2;

pub(super) struct Shared<T> {
    value: RwLock<T>,
    word: AtomicUsize,
    pub(super) senders: AtomicUsize,
    receivers: AtomicUsize,
    /// Receivers that wait for a change, or for the end.
    pub(super) news: Notify,
    /// Senders that wait for the last receiver to go.
    pub(super) deserted: Notify,
}

/// Which change a receiver has seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version(usize);

impl Version {
    /// One that is not this.
    pub(super) fn before(self) -> Self {
        Self(self.0.wrapping_sub(CHANGE))
    }
}

// As a lock of the standard library: whoever changes a value in place answers for its state, and
// the channel's own is never half changed.
impl<T> UnwindSafe for Shared<T> {}
impl<T> RefUnwindSafe for Shared<T> {}

impl<T> Shared<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            value: RwLock::new(value),
            word: AtomicUsize::new(0),
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(0),
            news: Notify::new(),
            deserted: Notify::new(),
        }
    }

    /// Locks the value for reading.
    pub(super) fn borrow(&self) -> Borrow<'_, T> {
        Borrow::new(&self.value)
    }

    /// The version, and whether the channel is closed.
    pub(super) fn state(&self) -> (Version, bool) {
        // Acquire: who finds a change sees what was done before it; and who finds the channel
        // closed has seen the last change, or sees it now.
        let word = self.word.load(Ordering::Acquire);
        (Version(word & !CLOSED), word & CLOSED != 0)
    }

    /// Changes the value, unless `modify` answers that it did not.
    pub(super) fn modify(&self, modify: impl FnOnce(&mut T) -> bool) -> bool {
        let modified = {
            let mut value = self.value.write();
            let modified = modify(&mut value);
            if modified {
                // Release: as in `state`.
                self.word.fetch_add(CHANGE, Ordering::Release);
            }
            modified
        };
        if modified {
            self.news.notify_waiters();
        }
        modified
    }

    /// The last sender is gone.
    pub(super) fn close(&self) {
        // Release: as in `state`.
        self.word.fetch_or(CLOSED, Ordering::Release);
        self.news.notify_waiters();
    }

    /// Counts a new receiver.
    pub(super) fn subscribe(&self) {
        self.receivers.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a receiver's leave.
    pub(super) fn unsubscribe(&self) {
        // Release: what the receivers did is seen by who finds none left.
        if self.receivers.fetch_sub(1, Ordering::Release) == 1 {
            self.deserted.notify_waiters();
        }
    }

    /// How many receivers there are.
    pub(super) fn receivers(&self) -> usize {
        // Acquire: as in `unsubscribe`.
        self.receivers.load(Ordering::Acquire)
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, closed) = self.state();
        f.debug_struct("Shared")
            .field("value", &*self.borrow())
            .field("version", &(version.0 / CHANGE))
            .field("closed", &closed)
            .finish()
    }
}
