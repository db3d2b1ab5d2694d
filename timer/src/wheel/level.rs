//! One level of the wheel: 64 slots and a word that says which of them are occupied.
//!
//! A slot of level `n` spans `64^n` ticks, so its number is digit `n` of a tick written in base 64.
//! The level neither knows what time it is nor compares deadlines.
//!
//! Invariant: bit `s` of `occupied` is set exactly while the list of slot `s` is not empty.

use super::entries::{Entries, List, Place};

/// Bits of a tick that one level resolves.
pub(super) const BITS: u32 = 6;
/// Slots in a level: as many as a word has bits.
pub(super) const SLOTS: usize = 1 << BITS;

const _: () = assert!(SLOTS == u64::BITS as usize);

#[derive(Debug)]
pub(super) struct Level {
    occupied: u64,
    slots: [List; SLOTS],
}

impl Level {
    pub(super) const EMPTY: Self = Self {
        occupied: 0,
        slots: [List::EMPTY; SLOTS],
    };

    /// The slot of level `level` in which `tick` lies.
    pub(super) fn slot_of(level: u8, tick: u64) -> u8 {
        ((tick >> (BITS * u32::from(level))) % SLOTS as u64) as u8
    }

    /// The first tick of `slot` of level `level`, in the turn of that level in which `tick` lies.
    pub(super) fn start_of(level: u8, slot: u8, tick: u64) -> u64 {
        let shift = BITS * u32::from(level);
        // Twice, since the top level's range may be all the bits there are.
        let turn = tick >> shift >> BITS << BITS;
        (turn | u64::from(slot)) << shift
    }

    /// The lowest occupied slot.
    pub(super) fn first(&self) -> Option<u8> {
        (self.occupied != 0).then(|| self.occupied.trailing_zeros() as u8)
    }

    pub(super) fn push_back<T>(&mut self, entries: &mut Entries<T>, index: u32, place: (u8, u8)) {
        let (level, slot) = place;
        entries.push_back(
            &mut self.slots[usize::from(slot)],
            index,
            Place::Slot { level, slot },
        );
        self.occupied |= 1 << slot;
    }

    pub(super) fn pop_front<T>(&mut self, entries: &mut Entries<T>, slot: u8) -> Option<u32> {
        let list = &mut self.slots[usize::from(slot)];
        let index = entries.pop_front(list);
        if list.is_empty() {
            self.occupied &= !(1 << slot);
        }
        index
    }

    pub(super) fn unlink<T>(&mut self, entries: &mut Entries<T>, index: u32, slot: u8) {
        let list = &mut self.slots[usize::from(slot)];
        entries.unlink(list, index);
        if list.is_empty() {
            self.occupied &= !(1 << slot);
        }
    }
}
