//! The lists of a wheel: six levels of 64 slots, and what lies beyond. And words that say which of the
//! slots are occupied.
//!
//! A slot of the lowest level spans one *grain*, one of level `n` spans `64^n` of them; so its number is
//! digit `n` of a grain's written in base 64. Nothing here knows what time it is.
//!
//! Invariant: bit `s` of `occupied[n]` is set exactly while the list of slot `s` of level `n` is not
//! empty.

use super::entries::{Entries, Key, List};

/// Bits of a tick that no level resolves: 2^16 ticks are a grain.
pub(super) const GRAIN_BITS: u32 = 16;
/// Bits of a tick that one level resolves.
const BITS: u32 = 6;
/// Slots in a level: as many as a word has bits.
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 6;
/// Bits of a tick that are not the number of a period of all levels together.
pub(super) const HORIZON_BITS: u32 = GRAIN_BITS + BITS * LEVELS as u32;

const _: () = assert!(SLOTS == u64::BITS as usize);

/// One of the lists: level and slot in one number, level by level, and last the one beyond all levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u16);

impl Place {
    /// Beyond the horizon.
    pub(super) const FAR: Self = Self((LEVELS * SLOTS) as u16);

    /// Where `tick` belongs if it is now `elapsed`, which is not later: on the level of the highest digit
    /// in which the two differ, or in the lowest slot that has begun, if they differ in none.
    pub(super) fn of(tick: u64, elapsed: u64) -> Self {
        let differences = (tick ^ elapsed) >> GRAIN_BITS;
        let level = (differences | 1).ilog2() / BITS;
        if level >= LEVELS as u32 {
            return Self::FAR;
        }
        let slot = (tick >> shift(level)) % SLOTS as u64;
        Self((level * SLOTS as u32) as u16 + slot as u16)
    }

    /// Whether it spans no more than one grain.
    pub(super) fn is_grain(self) -> bool {
        self.level() == 0
    }

    /// The grain after this one, if it is of the same turn of the lowest level.
    pub(super) fn next_grain(self) -> Option<Self> {
        (self.0 < SLOTS as u16 - 1).then_some(Self(self.0 + 1))
    }

    /// The first tick of this slot, in the turn of its level in which `elapsed` lies. Not for
    /// [`FAR`](Self::FAR).
    pub(super) fn start(self, elapsed: u64) -> u64 {
        let shift = shift(self.level());
        let turn = elapsed >> shift >> BITS << BITS;
        (turn | (u64::from(self.0) % SLOTS as u64)) << shift
    }

    fn level(self) -> u32 {
        u32::from(self.0) / SLOTS as u32
    }
}

/// Bits of a tick below the digit of a level.
fn shift(level: u32) -> u32 {
    GRAIN_BITS + BITS * level
}

#[derive(Debug)]
pub(super) struct Slots {
    occupied: [u64; LEVELS],
    lists: [List; LEVELS * SLOTS + 1],
}

impl Slots {
    pub(super) const EMPTY: Self = Self {
        occupied: [0; LEVELS],
        lists: [List::EMPTY; LEVELS * SLOTS + 1],
    };

    /// The lowest occupied slot of the lowest level that has one.
    pub(super) fn first(&self) -> Option<Place> {
        let level = self.occupied.iter().position(|&word| word != 0)?;
        let slot = self.occupied[level].trailing_zeros() as usize;
        Some(Place((level * SLOTS + slot) as u16))
    }

    pub(super) fn list(&self, place: Place) -> &List {
        &self.lists[usize::from(place.0)]
    }

    /// Adds an entry at the end of a list.
    pub(super) fn add<T>(
        &mut self,
        entries: &mut Entries<T>,
        place: Place,
        when: u64,
        payload: T,
    ) -> Key {
        let list = self.occupy(place);
        entries.add(list, place, when, payload)
    }

    /// Links an entry at the end of a list.
    pub(super) fn push_back<T>(&mut self, entries: &mut Entries<T>, place: Place, index: u32) {
        let list = self.occupy(place);
        entries.push_back(list, index, place);
    }

    pub(super) fn unlink<T>(&mut self, entries: &mut Entries<T>, place: Place, index: u32) {
        let list = &mut self.lists[usize::from(place.0)];
        entries.unlink(list, index);
        if list.is_empty() {
            self.vacate(place);
        }
    }

    pub(super) fn pop_front<T>(&mut self, entries: &mut Entries<T>, place: Place) -> Option<u32> {
        let list = &mut self.lists[usize::from(place.0)];
        let index = list.first()?;
        entries.unlink_first(list);
        if list.is_empty() {
            self.vacate(place);
        }
        Some(index)
    }

    /// Takes the list of what lies beyond the horizon.
    pub(super) fn take_far(&mut self) -> List {
        let far = &mut self.lists[usize::from(Place::FAR.0)];
        std::mem::replace(far, List::EMPTY)
    }

    fn occupy(&mut self, place: Place) -> &mut List {
        if let Some(word) = self.occupied.get_mut(place.level() as usize) {
            *word |= bit(place);
        }
        &mut self.lists[usize::from(place.0)]
    }

    fn vacate(&mut self, place: Place) {
        if let Some(word) = self.occupied.get_mut(place.level() as usize) {
            *word &= !bit(place);
        }
    }
}

fn bit(place: Place) -> u64 {
    1 << (usize::from(place.0) % SLOTS)
}
