//! What a turn of a driver is told, and what it brings.

use std::time::Instant;

/// How long a [`Driver::turn`](crate::Driver::turn) may wait for something to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Not at all.
    No,
    /// Until then, but not a moment less if nothing happens.
    Until(Instant),
    /// As long as it takes.
    Forever,
}

/// What a turn brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// Events of sources; the driver's own do not count.
    pub events: usize,
    /// Whether the watch rang that was set with [`Driver::ring_after`](crate::Driver::ring_after).
    pub watch: bool,
}
