//! The sources a driver serves, found by token.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;

use slab::Slab;

use crate::source::Source;
use crate::token::{KEYS, Token};

/// A slab whose places remember who has them: an event for whoever had the place before finds
/// nothing.
#[derive(Debug, Default)]
pub(crate) struct Table {
    entries: Slab<Entry>,
    next_generation: usize,
    closed: bool,
    registrations: u64,
}

#[derive(Debug)]
pub(crate) struct Entry {
    token: Token,
    /// Open for as long as the entry is here: its owner takes the entry out before closing it.
    pub(crate) fd: RawFd,
    pub(crate) source: Arc<Source>,
}

impl Table {
    pub(crate) fn insert(&mut self, fd: RawFd, source: Arc<Source>) -> io::Result<Token> {
        if self.closed {
            return Err(io::Error::other(
                "the runtime that was to serve this descriptor is shutting down",
            ));
        }
        let vacant = self.entries.vacant_entry();
        if vacant.key() >= KEYS {
            return Err(io::Error::other("too many descriptors in one driver"));
        }
        let token = Token::new(vacant.key(), self.next_generation);
        vacant.insert(Entry { token, fd, source });
        self.next_generation = self.next_generation.wrapping_add(1);
        self.registrations += 1;
        Ok(token)
    }

    pub(crate) fn get(&self, token: Token) -> Option<&Source> {
        self.entries
            .get(token.key())
            .filter(|entry| entry.token == token)
            .map(|entry| &*entry.source)
    }

    pub(crate) fn remove(&mut self, token: Token) -> Option<Entry> {
        self.get(token)?;
        Some(self.entries.remove(token.key()))
    }

    /// Takes everything out, and lets nothing in from now on.
    pub(crate) fn close(&mut self) -> Slab<Entry> {
        self.closed = true;
        std::mem::take(&mut self.entries)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn registrations(&self) -> u64 {
        self.registrations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_place_does_not_answer_to_the_old_token() {
        let mut table = Table::default();
        let old = table.insert(0, Arc::new(Source::new())).expect("insert");
        table.remove(old).expect("remove");
        let new = table.insert(0, Arc::new(Source::new())).expect("insert");
        assert_eq!(old.key(), new.key());
        assert!(table.get(old).is_none());
        assert!(table.remove(old).is_none());
        assert!(table.get(new).is_some());
        assert_eq!((table.len(), table.registrations()), (1, 2));
    }

    #[test]
    fn a_closed_table_takes_nothing_in() {
        let mut table = Table::default();
        table.insert(0, Arc::new(Source::new())).expect("insert");
        assert_eq!(table.close().len(), 1);
        assert!(table.insert(0, Arc::new(Source::new())).is_err());
        assert_eq!(table.len(), 0);
    }
}
