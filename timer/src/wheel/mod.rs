//! The hierarchical timing wheel: which deadline is next, and what has come due.
//!
//! A pure data structure with a single owner. It knows *ticks*, a `u64` that only grows, and no
//! clock; what it holds for a timer is up to the owner (the driver stores a waker). It is the
//! hierarchical wheel of Varghese and Lauck, *Hashed and Hierarchical Timing Wheels* (SOSP 1987),
//! with the cascading of the Linux kernel's and tokio's.
//!
//! # Shape
//!
//! ```text
//!               deadline, in base 64:   … d6  d5  d4  d3  d2  d1  d0
//!                                             │   │   │   │   │   │
//!   due    deadline reached       level 5 ────┘   │   │   │   │   │    64^5 ticks a slot
//!   far    another d6 or higher   level 4 ────────┘   │   │   │   │    64^4
//!                                 …                                    …
//!                                 level 0 ────────────────────────┘    one tick a slot
//! ```
//!
//! A timer lies on the level of the highest digit in which its deadline differs from `elapsed`, the
//! tick the wheel has been turned to, in the slot that this digit names. When the wheel is turned
//! into a slot above level 0, the slot is *cascaded*: each of its timers moves to the level of the
//! next digit that differs, or fires.
//!
//! 1. Every timer on a level has a deadline greater than `elapsed`, and agrees with it in all digits
//!    above the level's own. So on each level only slots beyond `elapsed`'s own are occupied, the
//!    first occupied one is found by `trailing_zeros`, and a lower level always comes first.
//! 2. Timers whose deadline is not greater than `elapsed` are in `due`; those that differ from it
//!    above the top level, that is beyond the horizon, are in `far`. `far` is looked through only
//!    when `elapsed` enters another period of 64^6 ticks.
//! 3. Turning goes from occupied slot to occupied slot, whatever the distance: a jump over a
//!    million empty ticks costs what a jump over one does.
//! 4. Lists are first in, first out, and cascading keeps their order. Two timers for the same tick
//!    lie in the same list at any time, hence fire in the order they were inserted or reset.
//!
//! `insert`, `remove` and `reset` are O(1) and, once the slab has grown, allocate nothing. Each timer
//! cascades at most five times.
//!
//! Tested against a `BTreeMap` in `tests/oracle.rs`.

mod entries;
mod level;

pub use entries::Key;

use entries::{Entries, List, Place};
use level::{BITS, Level};

/// Levels of the wheel.
const LEVELS: usize = 6;
/// Bits of a tick that the levels resolve together; the rest counts periods of `far`.
const HORIZON_BITS: u32 = BITS * LEVELS as u32;

/// A hierarchical timing wheel of six levels of 64 slots.
///
/// ```
/// use pintle_timer::wheel::Wheel;
///
/// let mut wheel = Wheel::new();
/// let tea = wheel.insert(180, "tea");
/// wheel.insert(90, "egg");
/// wheel.insert(1 << 40, "next year's egg"); // beyond the horizon
/// wheel.remove(tea);
///
/// // Never later than the first deadline; perhaps earlier, where a slot has to be cascaded.
/// assert!(wheel.next_deadline().unwrap() <= 90);
/// let mut rung = Vec::new();
/// wheel.advance(89, &mut |name| rung.push(name));
/// assert!(rung.is_empty());
/// wheel.advance(1_000_000, &mut |name| rung.push(name));
/// assert_eq!(rung, ["egg"]);
/// assert_eq!(wheel.len(), 1);
/// ```
#[derive(Debug)]
pub struct Wheel<T> {
    elapsed: u64,
    entries: Entries<T>,
    due: List,
    levels: [Level; LEVELS],
    far: List,
}

/// A tick at which the wheel has something to do, and where.
enum Stop {
    Slot { level: u8, slot: u8, tick: u64 },
    Period { tick: u64 },
}

impl Stop {
    fn tick(&self) -> u64 {
        match *self {
            Stop::Slot { tick, .. } | Stop::Period { tick } => tick,
        }
    }
}

impl<T> Wheel<T> {
    /// Makes an empty wheel at tick 0, without allocating.
    pub const fn new() -> Self {
        Self {
            elapsed: 0,
            entries: Entries::new(),
            due: List::EMPTY,
            levels: [Level::EMPTY; LEVELS],
            far: List::EMPTY,
        }
    }

    /// How many timers there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no timer.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tick the wheel has been turned to.
    pub fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// Adds a timer. A deadline that is not in the future fires at the next [`advance`](Self::advance),
    /// also when that goes no further than the last one did.
    ///
    /// # Panics
    ///
    /// When there are 2^32 − 1 timers already.
    pub fn insert(&mut self, when: u64, payload: T) -> Key {
        let key = self.entries.add(when, payload);
        let index = self.entries.find(key).expect("was just added");
        self.link(index);
        key
    }

    /// Removes a timer and gives back its payload; `None` if it has fired or been removed.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let index = self.entries.find(key)?;
        self.unlink(index);
        Some(self.entries.take(index))
    }

    /// Moves a timer to another deadline; false if it has fired or been removed.
    ///
    /// ```
    /// # use pintle_timer::wheel::Wheel;
    /// let mut wheel = Wheel::new();
    /// let key = wheel.insert(10, ());
    /// assert!(wheel.reset(key, 20));
    /// assert_eq!(wheel.advance(19, &mut |()| {}), 0);
    /// assert_eq!(wheel.advance(20, &mut |()| {}), 1);
    /// assert!(!wheel.reset(key, 30));
    /// ```
    pub fn reset(&mut self, key: Key, when: u64) -> bool {
        let Some(index) = self.entries.find(key) else {
            return false;
        };
        self.unlink(index);
        self.entries.set_when(index, when);
        self.link(index);
        true
    }

    /// The payload of a timer that has neither fired nor been removed.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let index = self.entries.find(key)?;
        Some(self.entries.payload_mut(index))
    }

    /// The tick up to which there is nothing to do; `None` if there is no timer.
    ///
    /// Never later than the earliest deadline. It may be earlier, at the tick where a slot above
    /// level 0 has to be cascaded or the horizon is crossed: then [`advance`](Self::advance) to it
    /// fires nothing, and the next answer is closer. Timers that are due already count as due at
    /// [`elapsed`](Self::elapsed).
    pub fn next_deadline(&self) -> Option<u64> {
        if !self.due.is_empty() {
            return Some(self.elapsed);
        }
        self.next_stop().map(|stop| stop.tick())
    }

    /// Turns the wheel to `now` and hands every timer whose deadline has been reached to `fire`,
    /// in the order of the deadlines; those of one tick in the order they were inserted. Answers
    /// how many there were.
    ///
    /// A `now` that lies before [`elapsed`](Self::elapsed) counts as that: the wheel does not turn
    /// back. Should `fire` panic, the timers not yet handed over stay in the wheel.
    pub fn advance(&mut self, now: u64, fire: &mut impl FnMut(T)) -> usize {
        let before = self.len();
        let now = now.max(self.elapsed);
        self.fire_due(fire);
        while let Some(stop) = self.next_stop().filter(|stop| stop.tick() <= now) {
            match stop {
                Stop::Slot { level, slot, tick } => {
                    self.elapsed = tick;
                    self.turn_slot(level, slot, fire);
                }
                Stop::Period { .. } => {
                    // Periods in which there is nothing are passed over.
                    let period = self.first_period();
                    if period > now {
                        break;
                    }
                    self.elapsed = period;
                    self.enter_period();
                    self.fire_due(fire);
                }
            }
        }
        self.elapsed = now;
        before - self.len()
    }

    /// Removes all timers, in no particular order. Keys given out before stay stale for ever.
    pub fn drain(&mut self, mut each: impl FnMut(T)) {
        self.due = List::EMPTY;
        self.levels = [Level::EMPTY; LEVELS];
        self.far = List::EMPTY;
        self.entries.drain().for_each(&mut each);
    }

    fn next_stop(&self) -> Option<Stop> {
        for (level, slots) in (0..).zip(&self.levels) {
            if let Some(slot) = slots.first() {
                let tick = Level::start_of(level, slot, self.elapsed);
                return Some(Stop::Slot { level, slot, tick });
            }
        }
        (!self.far.is_empty()).then(|| Stop::Period {
            // What is in `far` lies in a later period, so this one is not the last.
            tick: ((self.elapsed >> HORIZON_BITS) + 1) << HORIZON_BITS,
        })
    }

    /// Where a deadline belongs, by the invariants 1 and 2.
    fn place_of(&self, when: u64) -> Place {
        if when <= self.elapsed {
            return Place::Due;
        }
        let highest_difference = (self.elapsed ^ when).ilog2();
        if highest_difference >= HORIZON_BITS {
            return Place::Far;
        }
        let level = (highest_difference / BITS) as u8;
        let slot = Level::slot_of(level, when);
        Place::Slot { level, slot }
    }

    fn link(&mut self, index: u32) {
        let place = self.place_of(self.entries.when(index));
        match place {
            Place::Due => self.entries.push_back(&mut self.due, index, place),
            Place::Far => self.entries.push_back(&mut self.far, index, place),
            Place::Slot { level, slot } => {
                self.levels[usize::from(level)].push_back(&mut self.entries, index, (level, slot));
            }
        }
    }

    fn unlink(&mut self, index: u32) {
        match self.entries.place(index) {
            Place::Due => self.entries.unlink(&mut self.due, index),
            Place::Far => self.entries.unlink(&mut self.far, index),
            Place::Slot { level, slot } => {
                self.levels[usize::from(level)].unlink(&mut self.entries, index, slot);
            }
        }
    }

    fn fire_due(&mut self, fire: &mut impl FnMut(T)) {
        while let Some(index) = self.entries.pop_front(&mut self.due) {
            fire(self.entries.take(index));
        }
    }

    /// Fires or cascades the slot that `elapsed` has just entered.
    fn turn_slot(&mut self, level: u8, slot: u8, fire: &mut impl FnMut(T)) {
        // Nothing is put back into this slot: what does not fire differs only in lower digits.
        while let Some(index) = self.levels[usize::from(level)].pop_front(&mut self.entries, slot) {
            if self.entries.when(index) <= self.elapsed {
                fire(self.entries.take(index));
            } else {
                self.link(index);
            }
        }
    }

    /// The first tick of the earliest period in which a far timer lies.
    fn first_period(&self) -> u64 {
        let earliest = self.entries.deadlines(&self.far).min();
        earliest.unwrap_or(u64::MAX) >> HORIZON_BITS << HORIZON_BITS
    }

    /// Brings the timers of the period that `elapsed` has just entered into the wheel.
    fn enter_period(&mut self) {
        let mut far = std::mem::replace(&mut self.far, List::EMPTY);
        while let Some(index) = self.entries.pop_front(&mut far) {
            self.link(index);
        }
    }
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self::new()
    }
}
