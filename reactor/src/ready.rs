//! What a source is ready for, and what a waiter asks for: two small sets of bits.
//!
//! Names and meaning are tokio's.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

/// What a source is ready for.
///
/// Readiness is a hint: an operation may still answer `WouldBlock`. The *closed* bits are not
/// ends of the conversation by themselves: what was received before is still there to be read.
///
/// ```
/// use pintle_reactor::Ready;
///
/// let ready = Ready::READABLE | Ready::READ_CLOSED;
/// assert!(ready.is_readable() && ready.is_read_closed() && !ready.is_writable());
/// assert_eq!(ready - Ready::READ_CLOSED, Ready::READABLE);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ready(u8);

impl Ready {
    /// Nothing.
    pub const EMPTY: Ready = Ready(0);
    /// There is something to read, or to accept.
    pub const READABLE: Ready = Ready(1);
    /// There is room to write, or a connect has ended.
    pub const WRITABLE: Ready = Ready(1 << 1);
    /// The other side will send no more.
    pub const READ_CLOSED: Ready = Ready(1 << 2);
    /// The other side will take no more.
    pub const WRITE_CLOSED: Ready = Ready(1 << 3);
    /// There is out-of-band data.
    pub const PRIORITY: Ready = Ready(1 << 4);
    /// The source has an error to report.
    pub const ERROR: Ready = Ready(1 << 5);
    /// All of it.
    pub const ALL: Ready = Ready((1 << Ready::BITS) - 1);

    /// How many bits the set takes in a source's word.
    pub(crate) const BITS: u32 = 6;
    /// The bits that an ended conversation leaves set.
    pub(crate) const CLOSED: Ready = Ready(Self::READ_CLOSED.0 | Self::WRITE_CLOSED.0);

    /// Whether nothing is ready.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a read is worth trying; true at the end of the stream too.
    pub const fn is_readable(self) -> bool {
        self.intersects(Ready(Self::READABLE.0 | Self::READ_CLOSED.0))
    }

    /// Whether a write is worth trying; true when the other side is gone too.
    pub const fn is_writable(self) -> bool {
        self.intersects(Ready(Self::WRITABLE.0 | Self::WRITE_CLOSED.0))
    }

    /// Whether the other side will send no more.
    pub const fn is_read_closed(self) -> bool {
        self.intersects(Self::READ_CLOSED)
    }

    /// Whether the other side will take no more.
    pub const fn is_write_closed(self) -> bool {
        self.intersects(Self::WRITE_CLOSED)
    }

    /// Whether there is out-of-band data.
    pub const fn is_priority(self) -> bool {
        self.intersects(Self::PRIORITY)
    }

    /// Whether the source has an error to report.
    pub const fn is_error(self) -> bool {
        self.intersects(Self::ERROR)
    }

    pub(crate) const fn intersects(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn bits(self) -> usize {
        self.0 as usize
    }

    /// The readiness in the low bits of a source's word.
    pub(crate) const fn from_word(word: usize) -> Ready {
        Ready(word as u8 & Self::ALL.0)
    }
}

impl BitOr for Ready {
    type Output = Ready;

    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        self.0 |= other.0;
    }
}

impl BitAnd for Ready {
    type Output = Ready;

    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}

impl Sub for Ready {
    type Output = Ready;

    fn sub(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("is_readable", &self.is_readable())
            .field("is_writable", &self.is_writable())
            .field("is_read_closed", &self.is_read_closed())
            .field("is_write_closed", &self.is_write_closed())
            .field("is_priority", &self.is_priority())
            .field("is_error", &self.is_error())
            .finish()
    }
}

/// What a waiter asks for; never empty.
///
/// ```
/// use pintle_reactor::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert_eq!(both.remove(Interest::WRITABLE), Some(Interest::READABLE));
/// assert_eq!(Interest::READABLE.remove(both), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interest(u8);

impl Interest {
    /// Something to read, or its end.
    pub const READABLE: Interest = Interest(1);
    /// Room to write, or its end.
    pub const WRITABLE: Interest = Interest(1 << 1);
    /// Out-of-band data. Linux and Android only.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const PRIORITY: Interest = Interest(1 << 2);
    /// An error to report.
    pub const ERROR: Interest = Interest(1 << 3);

    /// Whether this asks for something to read.
    pub const fn is_readable(self) -> bool {
        self.0 & Self::READABLE.0 != 0
    }

    /// Whether this asks for room to write.
    pub const fn is_writable(self) -> bool {
        self.0 & Self::WRITABLE.0 != 0
    }

    /// Whether this asks for out-of-band data.
    pub const fn is_priority(self) -> bool {
        self.0 & (1 << 2) != 0
    }

    /// Whether this asks for errors.
    pub const fn is_error(self) -> bool {
        self.0 & Self::ERROR.0 != 0
    }

    /// Both this and the other.
    #[must_use]
    pub const fn add(self, other: Interest) -> Interest {
        Interest(self.0 | other.0)
    }

    /// This without the other; `None` if nothing is left.
    #[must_use]
    pub const fn remove(self, other: Interest) -> Option<Interest> {
        match self.0 & !other.0 {
            0 => None,
            left => Some(Interest(left)),
        }
    }

    /// The readiness that satisfies this.
    pub(crate) fn mask(self) -> Ready {
        let mut mask = Ready::EMPTY;
        if self.is_readable() {
            mask |= Ready::READABLE | Ready::READ_CLOSED;
        }
        if self.is_writable() {
            mask |= Ready::WRITABLE | Ready::WRITE_CLOSED;
        }
        if self.is_priority() {
            mask |= Ready::PRIORITY | Ready::READ_CLOSED;
        }
        if self.is_error() {
            mask |= Ready::ERROR;
        }
        mask
    }
}

impl BitOr for Interest {
    type Output = Interest;

    fn bitor(self, other: Interest) -> Interest {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Interest) {
        *self = *self | other;
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.is_readable(), "READABLE"),
            (self.is_writable(), "WRITABLE"),
            (self.is_priority(), "PRIORITY"),
            (self.is_error(), "ERROR"),
        ];
        let mut separator = "";
        for (_, name) in names.iter().filter(|(set, _)| *set) {
            write!(f, "{separator}{name}")?;
            separator = " | ";
        }
        Ok(())
    }
}

/// One of the two ways bytes go. A source has one waker slot for each, which the `poll_*`
/// functions use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Reading, accepting, receiving.
    Read,
    /// Writing, connecting, sending.
    Write,
}

impl Direction {
    /// The readiness that satisfies a wait in this direction.
    pub(crate) fn mask(self) -> Ready {
        match self {
            Direction::Read => Interest::READABLE.mask(),
            Direction::Write => Interest::WRITABLE.mask(),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_interest_is_satisfied_by_its_end_too() {
        assert_eq!(
            Interest::READABLE.mask(),
            Ready::READABLE | Ready::READ_CLOSED
        );
        assert_eq!(
            Interest::WRITABLE.mask(),
            Ready::WRITABLE | Ready::WRITE_CLOSED
        );
        assert!(Interest::ERROR.mask().is_error());
    }

    #[test]
    fn interests_are_printed_by_their_names() {
        let both = Interest::WRITABLE.add(Interest::READABLE);
        assert_eq!(format!("{both:?}"), "READABLE | WRITABLE");
    }
}
