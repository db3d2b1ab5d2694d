//! The hierarchical timing wheel: which deadline is next, and what has come due.
//!
//! A pure data structure with a single owner. It knows *ticks*, a `u64` that only grows, and no
//! clock; what it holds for a timer is up to the owner (the driver stores a waker). It is the
//! hierarchical wheel of Varghese and Lauck, *Hashed and Hierarchical Timing Wheels* (SOSP 1987),
//! with the cascading of the Linux kernel's and tokio's; but its lowest slots are wider than a tick.
//!
//! # Shape
//!
//! ```text
//!             deadline:   … d6  d5  d4  d3  d2  d1  d0  within a grain
//!                           │   │   │   │   │   │   │
//!   far     another d6      │   │   │   │   │   │   │
//!           or higher ──────┘   │   │   │   │   │   │
//!   level 5 ────────────────────┘   │   │   │   │   │     64^5 grains a slot
//!                                 …                              …
//!   level 1 ────────────────────────────────────┘   │     64
//!   level 0 ────────────────────────────────────────┘     one grain a slot, 2^16 ticks
//! ```
//!
//! A timer lies on the level of the highest digit in which its deadline differs from `elapsed`, the
//! tick the wheel has been turned to, in the slot that this digit names. When the wheel is turned
//! into a slot above level 0, the slot is *cascaded*: each of its timers moves to the level of the
//! next digit that differs. A slot of level 0 is looked through for what is due: a timer fires at its
//! very tick, and a grain is so short that few timers lie in one. So the wheel is as fine as a tick,
//! for the price of one that is as coarse as a grain.
//!
//! 1. Every timer on a level agrees with `elapsed` in all digits above the level's own, and its digit is
//!    greater; on level 0 it may be the same. What was due when it came in counts as being at `elapsed`.
//!    So on each level only slots beyond `elapsed`'s own are occupied (on level 0, that one as well),
//!    the first occupied one is found by `trailing_zeros`, and a lower level always comes first.
//! 2. Timers that differ from `elapsed` above the top level, that is beyond the horizon, are in the far
//!    list. It is looked through only when `elapsed` enters another period of 64^6 grains.
//! 3. Turning goes from occupied slot to occupied slot, whatever the distance: a jump over a
//!    million empty ticks costs what a jump over one does.
//! 4. Lists are first in, first out, and cascading keeps their order. Two timers in the same grain
//!    lie in the same list at any time; if one turn fires both, it does so in the order they were
//!    inserted or reset.
//!
//! `insert`, `remove` and `reset` are O(1) and, once the slab has grown, allocate nothing. Each timer
//! cascades at most five times, and six if it was beyond the horizon.
//!
//! Tested against a `BTreeMap` in `tests/oracle.rs`.

mod entries;
mod slots;

pub use entries::Key;

use entries::Entries;
use slots::{GRAIN_BITS, HORIZON_BITS, Place, Slots};

/// A hierarchical timing wheel of six levels of 64 slots.
///
/// ```
/// use pintle_timer::wheel::Wheel;
///
/// let mut wheel = Wheel::new();
/// let tea = wheel.insert(180, "tea");
/// wheel.insert(90, "egg");
/// wheel.insert(1 << 60, "next year's egg"); // beyond the horizon
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
    slots: Slots,
}

/// A slot that is looked through ahead of its time is no longer than this. To be called once more
/// before a deadline is cheaper than to look through many, each time the next one is asked for.
const FEW: usize = 4;

/// So many timers in two grains come thick.
const MANY: usize = 12;

impl<T> Wheel<T> {
    /// Timers whose deadlines divided by this are the same fire in the order in which they were
    /// inserted, if they fire in one [`advance`](Self::advance).
    pub const GRAIN: u64 = 1 << GRAIN_BITS;

    /// Deadlines further away than this are looked at only now and then.
    pub const HORIZON: u64 = 1 << HORIZON_BITS;

    /// Makes an empty wheel at tick 0, without allocating.
    pub const fn new() -> Self {
        Self {
            elapsed: 0,
            entries: Entries::new(),
            slots: Slots::EMPTY,
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
        let place = self.place_of(when);
        self.slots.add(&mut self.entries, place, when, payload)
    }

    /// Removes a timer and gives back its payload; `None` if it has fired or been removed.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let (index, place) = self.entries.find(key)?;
        self.slots.unlink(&mut self.entries, place, index);
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
        let Some((index, place)) = self.entries.find(key) else {
            return false;
        };
        self.slots.unlink(&mut self.entries, place, index);
        self.entries.set_when(index, when);
        let place = self.place_of(when);
        self.slots.push_back(&mut self.entries, place, index);
        true
    }

    /// The payload of a timer that has neither fired nor been removed.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let (index, _) = self.entries.find(key)?;
        self.entries.payload_mut(index)
    }

    /// The tick up to which there is nothing to do; `None` if there is no timer.
    ///
    /// Never later than the earliest deadline. If many timers lie together, it may be earlier, at the
    /// tick where their slot begins or the horizon is crossed: then [`advance`](Self::advance) to it
    /// fires nothing, and the next answer is closer. Timers that are due already count as due at
    /// [`elapsed`](Self::elapsed).
    pub fn next_deadline(&self) -> Option<u64> {
        let (place, start) = self.next_stop()?;
        let mut deadlines = self.entries.deadlines(self.slots.list(place));
        let earliest = if start <= self.elapsed {
            deadlines.min()
        } else {
            let few = deadlines.by_ref().take(FEW).min();
            deadlines.next().map_or(few, |_| Some(start))
        };
        earliest.map(|tick| tick.max(self.elapsed))
    }

    /// Whether the next timer is one of a dozen, or more, in its [grain](Self::GRAIN) and the one after
    /// it. (Of that one as well, because what has been fired of the first is not counted any more.)
    pub fn is_thick(&self) -> bool {
        let next = self.next_stop().map(|(place, _)| place);
        let Some(grain) = next.filter(|place| place.is_grain()) else {
            return false;
        };
        let grains = [Some(grain), grain.next_grain()].into_iter().flatten();
        let mut deadlines = grains.flat_map(|grain| self.entries.deadlines(self.slots.list(grain)));
        deadlines.nth(MANY - 1).is_some()
    }

    /// Turns the wheel to `now` and hands every timer whose deadline has been reached to `fire`,
    /// in the order of the deadlines; those of one [grain](Self::GRAIN) in the order they were
    /// inserted. Answers how many there were.
    ///
    /// A `now` that lies before [`elapsed`](Self::elapsed) counts as that: the wheel does not turn
    /// back. Should `fire` panic, the timers not yet handed over stay in the wheel.
    pub fn advance(&mut self, now: u64, fire: &mut impl FnMut(T)) -> usize {
        let before = self.len();
        let now = now.max(self.elapsed);
        while let Some((place, start)) = self.next_stop().filter(|&(_, start)| start <= now) {
            self.elapsed = self.elapsed.max(start);
            if place == Place::FAR {
                // Periods in which there is nothing are passed over.
                let period = self.first_period();
                if period > now {
                    break;
                }
                self.elapsed = period;
                self.enter_period();
            } else if !place.is_grain() {
                self.cascade(place);
            } else if !self.fire_due(place, now, fire) {
                break;
            }
        }
        self.elapsed = now;
        before - self.len()
    }

    /// Removes all timers, in no particular order. Keys given out before stay stale for ever.
    pub fn drain(&mut self, mut each: impl FnMut(T)) {
        self.slots = Slots::EMPTY;
        self.entries.drain().for_each(&mut each);
    }

    /// The first list that is occupied, and where it begins.
    fn next_stop(&self) -> Option<(Place, u64)> {
        if let Some(place) = self.slots.first() {
            return Some((place, place.start(self.elapsed)));
        }
        // What is far lies in a later period, so this one is not the last.
        let far = !self.slots.list(Place::FAR).is_empty();
        far.then(|| {
            (
                Place::FAR,
                ((self.elapsed >> HORIZON_BITS) + 1) << HORIZON_BITS,
            )
        })
    }

    fn place_of(&self, when: u64) -> Place {
        Place::of(when.max(self.elapsed), self.elapsed)
    }

    /// Fires what is due in a slot of the lowest level. Whether that was all of it; what is left comes
    /// after `now`, and so does all that is not in the slot.
    fn fire_due(&mut self, place: Place, now: u64, fire: &mut impl FnMut(T)) -> bool {
        // The first one that stays, after which entries are in the middle of the list.
        let mut stays = None;
        let mut next = self.slots.list(place).first();
        while let Some(index) = next {
            let (when, after) = self.entries.peek(index);
            next = after;
            if when > now {
                stays = Some(index);
            } else {
                match stays {
                    None => drop(self.slots.pop_front(&mut self.entries, place)),
                    Some(_) => self.slots.unlink(&mut self.entries, place, index),
                }
                fire(self.entries.take(index));
            }
        }
        stays.is_none()
    }

    /// Spreads the slot that `elapsed` has just entered over the levels below.
    fn cascade(&mut self, place: Place) {
        while let Some(index) = self.slots.pop_front(&mut self.entries, place) {
            let (when, _) = self.entries.peek(index);
            let place = self.place_of(when);
            self.slots.push_back(&mut self.entries, place, index);
        }
    }

    /// The first tick of the earliest period in which a far timer lies.
    fn first_period(&self) -> u64 {
        let far = self.slots.list(Place::FAR);
        let earliest = self.entries.deadlines(far).min();
        earliest.unwrap_or(u64::MAX) >> HORIZON_BITS << HORIZON_BITS
    }

    /// Brings the timers of the period that `elapsed` has just entered into the wheel.
    fn enter_period(&mut self) {
        let mut next = self.slots.take_far().first();
        while let Some(index) = next {
            let (when, after) = self.entries.peek(index);
            next = after;
            let place = self.place_of(when);
            self.slots.push_back(&mut self.entries, place, index);
        }
    }
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self::new()
    }
}
