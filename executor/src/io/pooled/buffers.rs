//! [`Ahead`]: what has been read and not yet been asked for.

use std::io;

/// Read ahead at first: a page or two, for those who jump about.
const MIN_WINDOW: usize = 8 * 1024;
/// Read ahead at most, after some reads in a row.
const MAX_WINDOW: usize = 128 * 1024;

/// Bytes read from an object before they were asked for.
pub(super) struct Ahead {
    /// All initialised; `start..end` is unread.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// How much the next read takes at least. Doubles while reads follow one another.
    window: usize,
    /// Whether bytes can be given back, once that has been found out.
    rewinds: Option<bool>,
}

impl Default for Ahead {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            end: 0,
            window: MIN_WINDOW,
            rewinds: None,
        }
    }
}

impl Ahead {
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// By how many bytes the position has to be moved back before it counts. None if that is
    /// impossible: they stay here, or would be lost.
    pub(super) fn to_give_back(&self) -> usize {
        match self.rewinds {
            Some(true) => self.len(),
            _ => 0,
        }
    }

    /// Moves unread bytes to `to`, and says how many.
    pub(super) fn take(&mut self, to: &mut [u8]) -> usize {
        let count = self.len().min(to.len());
        to[..count].copy_from_slice(&self.bytes[self.start..][..count]);
        self.start += count;
        count
    }

    /// The position has changed, or was moved back: what was read ahead is not what comes next.
    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        self.window = MIN_WINDOW;
    }

    /// Lends the buffer to a job, which returns it by [`filled`](Self::filled). There is nothing
    /// unread in it.
    pub(super) fn lend(&mut self, asked: usize, max: usize) -> Loan {
        debug_assert_eq!(self.len(), 0, "unread bytes would be lost");
        (self.start, self.end) = (0, 0);
        let window = self.window;
        self.window = (window * 2).min(MAX_WINDOW);
        Loan {
            bytes: std::mem::take(&mut self.bytes),
            asked: asked.min(max),
            window: window.min(max),
            rewinds: self.rewinds,
        }
    }

    pub(super) fn filled(&mut self, loan: Loan, count: usize) {
        self.bytes = loan.bytes;
        self.rewinds = loan.rewinds;
        (self.start, self.end) = (0, count);
    }
}

/// The buffer on its way through a job.
pub(super) struct Loan {
    bytes: Vec<u8>,
    asked: usize,
    window: usize,
    rewinds: Option<bool>,
}

impl Loan {
    /// Reads once, as much as was asked for or more.
    pub(super) fn fill(
        &mut self,
        can_rewind: impl FnOnce() -> bool,
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let want = if *self.rewinds.get_or_insert_with(can_rewind) {
            self.asked.max(self.window)
        } else {
            self.asked
        };
        if self.bytes.len() < want {
            self.bytes.resize(want, 0);
        }
        loop {
            match read(&mut self.bytes[..want]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}
