//! The entries of a wheel: a slab, threaded by doubly linked lists.
//!
//! Owned by one [`Wheel`](super::Wheel), which holds the ends of the lists. Indices are four bytes
//! and links live inside the entries, so a timer is one slab slot and nothing else.
//!
//! 1. An occupied entry is linked into exactly one list, the one its `place` names. (The wheel
//!    holds one unlinked only between two of its own statements.)
//! 2. Generations come from one counter for the whole slab, so a key whose slot has been given to
//!    another timer finds a different generation there and is a failed lookup. A stale key could
//!    be mistaken only if its slot were given out anew exactly 2^32 − 1 insertions later.

use slab::Slab;
use std::num::NonZeroU32;

/// The index that stands for "no entry".
const NIL: u32 = u32::MAX;

/// Names one timer in a [`Wheel`](super::Wheel), until it fires or is removed.
///
/// A key that has outlived its timer is harmless: every lookup with it fails.
///
/// ```
/// use pintle_timer::wheel::Wheel;
///
/// let mut wheel = Wheel::new();
/// let key = wheel.insert(10, "tea");
/// assert_eq!(wheel.remove(key), Some("tea"));
/// wheel.insert(20, "coffee"); // in the same slot of the slab
/// assert_eq!(wheel.remove(key), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    index: u32,
    generation: NonZeroU32,
}

/// Which of the wheel's lists an entry is linked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Its deadline has been reached; it fires first thing in the next advance.
    Due,
    /// A slot of a level.
    Slot { level: u8, slot: u8 },
    /// Beyond the horizon.
    Far,
}

/// The two ends of a list. It does not know its entries: [`Entries`] links them.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    head: u32,
    tail: u32,
}

impl List {
    pub(super) const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
    };

    pub(super) fn is_empty(&self) -> bool {
        self.head == NIL
    }
}

#[derive(Debug)]
struct Entry<T> {
    when: u64,
    prev: u32,
    next: u32,
    generation: NonZeroU32,
    place: Place,
    payload: T,
}

#[derive(Debug)]
pub(super) struct Entries<T> {
    slab: Slab<Entry<T>>,
    last_generation: u32,
}

impl<T> Entries<T> {
    pub(super) const fn new() -> Self {
        Self {
            slab: Slab::new(),
            last_generation: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    /// Adds an entry, not yet linked: the caller links it at once.
    pub(super) fn add(&mut self, when: u64, payload: T) -> Key {
        let generation =
            NonZeroU32::new(self.last_generation.wrapping_add(1)).unwrap_or(NonZeroU32::MIN);
        self.last_generation = generation.get();
        let slot = self.slab.vacant_entry();
        let index = u32::try_from(slot.key())
            .ok()
            .filter(|&index| index != NIL)
            .expect("a wheel holds fewer than 2^32 - 1 timers");
        slot.insert(Entry {
            when,
            prev: NIL,
            next: NIL,
            generation,
            place: Place::Due,
            payload,
        });
        Key { index, generation }
    }

    /// Takes an entry out of the slab. It must have been unlinked.
    pub(super) fn take(&mut self, index: u32) -> T {
        self.slab.remove(index as usize).payload
    }

    /// The index behind a key, if its timer is still there.
    pub(super) fn find(&self, key: Key) -> Option<u32> {
        let entry = self.slab.get(key.index as usize)?;
        (entry.generation == key.generation).then_some(key.index)
    }

    pub(super) fn payload_mut(&mut self, index: u32) -> &mut T {
        &mut self.at_mut(index).payload
    }

    pub(super) fn when(&self, index: u32) -> u64 {
        self.at(index).when
    }

    pub(super) fn set_when(&mut self, index: u32, when: u64) {
        self.at_mut(index).when = when;
    }

    pub(super) fn place(&self, index: u32) -> Place {
        self.at(index).place
    }

    /// Empties the slab. The lists must be forgotten with it; generations go on.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.slab.drain().map(|entry| entry.payload)
    }

    pub(super) fn push_back(&mut self, list: &mut List, index: u32, place: Place) {
        let tail = list.tail;
        let entry = self.at_mut(index);
        entry.prev = tail;
        entry.next = NIL;
        entry.place = place;
        if tail == NIL {
            list.head = index;
        } else {
            self.at_mut(tail).next = index;
        }
        list.tail = index;
    }

    pub(super) fn pop_front(&mut self, list: &mut List) -> Option<u32> {
        let head = list.head;
        if head == NIL {
            return None;
        }
        self.unlink(list, head);
        Some(head)
    }

    pub(super) fn unlink(&mut self, list: &mut List, index: u32) {
        let Entry { prev, next, .. } = *self.at(index);
        if prev == NIL {
            debug_assert_eq!(list.head, index, "entry is not in the list its place names");
            list.head = next;
        } else {
            self.at_mut(prev).next = next;
        }
        if next == NIL {
            debug_assert_eq!(list.tail, index, "entry is not in the list its place names");
            list.tail = prev;
        } else {
            self.at_mut(next).prev = prev;
        }
    }

    /// The deadlines in a list, in its order.
    pub(super) fn deadlines(&self, list: &List) -> impl Iterator<Item = u64> + '_ {
        let mut at = list.head;
        std::iter::from_fn(move || {
            let entry = (at != NIL).then(|| self.at(at))?;
            at = entry.next;
            Some(entry.when)
        })
    }

    fn at(&self, index: u32) -> &Entry<T> {
        &self.slab[index as usize]
    }

    fn at_mut(&mut self, index: u32) -> &mut Entry<T> {
        &mut self.slab[index as usize]
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn a_timer_of_a_driver_is_forty_bytes() {
        assert_eq!(size_of::<Entry<Waker>>(), 40);
        assert_eq!(
            size_of::<Option<Entry<Waker>>>(),
            40,
            "so slab adds nothing"
        );
        assert_eq!(size_of::<Option<Key>>(), 8);
    }

    #[test]
    fn generations_skip_zero_when_they_wrap() {
        let mut entries = Entries::new();
        entries.last_generation = u32::MAX - 1;
        let last = entries.add(0, ());
        let first = entries.add(0, ());
        assert_eq!(last.generation.get(), u32::MAX);
        assert_eq!(first.generation.get(), 1);
    }
}
