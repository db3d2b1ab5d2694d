//! The entries of a wheel: a slab, threaded by doubly linked lists.
//!
//! Owned by one [`Wheel`](super::Wheel), whose [`Slots`](super::slots::Slots) hold the ends of the
//! lists. Indices are four bytes and links live inside the entries, so a timer is one element of a
//! vector and nothing else.
//!
//! 1. An occupied entry is linked into exactly one list, the one its `place` names. (The wheel
//!    holds one unlinked only between two of its own statements.)
//! 2. A vacant entry has generation zero, no payload, and is linked into the list of the vacant by
//!    `next`.
//! 3. Generations come from one counter for the whole slab, so a key whose entry has been given to
//!    another timer finds a different generation there and is a failed lookup. A stale key could
//!    be mistaken only if its entry were given out anew exactly 2^32 − 1 insertions later.

use super::slots::Place;
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
/// wheel.insert(20, "coffee"); // in the same entry of the slab
/// assert_eq!(wheel.remove(key), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    index: u32,
    generation: NonZeroU32,
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

    /// The first entry.
    pub(super) fn first(&self) -> Option<u32> {
        some(self.head)
    }
}

#[derive(Debug)]
struct Entry<T> {
    when: u64,
    prev: u32,
    next: u32,
    generation: u32,
    place: Place,
    payload: Option<T>,
}

#[derive(Debug)]
pub(super) struct Entries<T> {
    slab: Vec<Entry<T>>,
    /// The first of the vacant entries.
    vacant: u32,
    occupied: usize,
    last_generation: u32,
}

impl<T> Entries<T> {
    pub(super) const fn new() -> Self {
        Self {
            slab: Vec::new(),
            vacant: NIL,
            occupied: 0,
            last_generation: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.occupied
    }

    /// Adds an entry to a list, at its end.
    pub(super) fn add(&mut self, list: &mut List, place: Place, when: u64, payload: T) -> Key {
        let generation =
            NonZeroU32::new(self.last_generation.wrapping_add(1)).unwrap_or(NonZeroU32::MIN);
        self.last_generation = generation.get();
        let entry = Entry {
            when,
            prev: list.tail,
            next: NIL,
            generation: generation.get(),
            place,
            payload: Some(payload),
        };
        let index = self.vacant;
        let index = match self.slab.get_mut(index as usize) {
            Some(vacant) => {
                self.vacant = vacant.next;
                *vacant = entry;
                index
            }
            None => self.grow(entry),
        };
        self.occupied += 1;
        self.append(list, index);
        Key { index, generation }
    }

    #[cold]
    fn grow(&mut self, entry: Entry<T>) -> u32 {
        let index = u32::try_from(self.slab.len())
            .ok()
            .filter(|&index| index != NIL)
            .expect("a wheel holds fewer than 2^32 - 1 timers");
        self.slab.push(entry);
        index
    }

    /// Takes the payload out of an entry, which is vacant then. It must have been unlinked.
    pub(super) fn take(&mut self, index: u32) -> T {
        let vacant = self.vacant;
        let entry = self.at_mut(index);
        let payload = entry.payload.take().expect("an occupied entry");
        entry.generation = 0;
        entry.next = vacant;
        self.vacant = index;
        self.occupied -= 1;
        payload
    }

    /// The entry behind a key and where it is linked, if its timer is still there.
    pub(super) fn find(&self, key: Key) -> Option<(u32, Place)> {
        let entry = self.slab.get(key.index as usize)?;
        (entry.generation == key.generation.get()).then_some((key.index, entry.place))
    }

    pub(super) fn payload_mut(&mut self, index: u32) -> Option<&mut T> {
        self.at_mut(index).payload.as_mut()
    }

    /// The deadline of an entry, and the entry after it in its list.
    pub(super) fn peek(&self, index: u32) -> (u64, Option<u32>) {
        let entry = self.at(index);
        (entry.when, some(entry.next))
    }

    pub(super) fn set_when(&mut self, index: u32, when: u64) {
        self.at_mut(index).when = when;
    }

    /// Empties the slab. The lists must be forgotten with it; generations go on.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.vacant = NIL;
        self.occupied = 0;
        self.slab.drain(..).filter_map(|entry| entry.payload)
    }

    pub(super) fn push_back(&mut self, list: &mut List, index: u32, place: Place) {
        let tail = list.tail;
        let entry = self.at_mut(index);
        entry.prev = tail;
        entry.next = NIL;
        entry.place = place;
        self.append(list, index);
    }

    /// Lets the list end with an entry that knows it already.
    fn append(&mut self, list: &mut List, index: u32) {
        if list.tail == NIL {
            list.head = index;
        } else {
            self.at_mut(list.tail).next = index;
        }
        list.tail = index;
    }

    /// Unlinks the first entry, of which there is one.
    pub(super) fn unlink_first(&mut self, list: &mut List) {
        let next = self.at(list.head).next;
        list.head = next;
        match self.slab.get_mut(next as usize) {
            Some(next) => next.prev = NIL,
            None => list.tail = NIL,
        }
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
        let mut at = list.first();
        std::iter::from_fn(move || {
            let (when, next) = self.peek(at?);
            at = next;
            Some(when)
        })
    }

    fn at(&self, index: u32) -> &Entry<T> {
        &self.slab[index as usize]
    }

    fn at_mut(&mut self, index: u32) -> &mut Entry<T> {
        &mut self.slab[index as usize]
    }
}

fn some(index: u32) -> Option<u32> {
    (index != NIL).then_some(index)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn a_timer_of_a_driver_is_forty_bytes() {
        assert_eq!(size_of::<Entry<Waker>>(), 40);
        assert_eq!(size_of::<Option<Key>>(), 8);
    }

    #[test]
    fn generations_skip_zero_when_they_wrap() {
        let mut entries = Entries::new();
        let mut list = List::EMPTY;
        entries.last_generation = u32::MAX - 1;
        let last = entries.add(&mut list, Place::FAR, 0, ());
        let first = entries.add(&mut list, Place::FAR, 0, ());
        assert_eq!(last.generation.get(), u32::MAX);
        assert_eq!(first.generation.get(), 1);
    }
}
