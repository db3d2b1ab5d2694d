//! The wheel against a `BTreeMap` that does the same, over random histories.

#![cfg(not(loom))]

use pintle_timer::wheel::{Key, Wheel};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Where the wheel's levels end.
const HORIZON: u64 = Wheel::<()>::HORIZON;
/// What the lowest slots span.
const GRAIN: u64 = Wheel::<()>::GRAIN;

#[derive(Debug, Clone)]
enum Step {
    /// With a deadline this far from now; negative is the past.
    Insert(i64),
    InsertAt(u64),
    /// The timer with this number, counted modulo all there have ever been.
    Remove(usize),
    Reset(usize, i64),
    Advance(u64),
    /// Exactly to where the wheel says that it has something to do.
    AdvanceToNext,
    /// To a little before or after the true earliest deadline.
    AdvanceNearFirst(i64),
    /// To a point that lies before now.
    AdvanceBack(u64),
    Drain,
}

fn distance() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..4_i64,
        8 => 0..200_i64,
        4 => 0..70_000_i64,
        4 => 0..70_000 * GRAIN as i64,
        // Around the slot borders of each level, the horizon included.
        6 => (0..=6_u32, 1..64_i64, -2..3_i64).prop_map(|(level, slots, off)| {
            slots * ((GRAIN as i64) << (6 * level)) + off
        }),
        2 => -100_i64..0,
        1 => (HORIZON as i64 - 3)..(HORIZON as i64 + 3),
        1 => (HORIZON as i64)..(HORIZON as i64 * 1000),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => distance().prop_map(Step::Insert),
        1 => prop_oneof![Just(u64::MAX), Just(u64::MAX - 1), Just(0), any::<u64>()].prop_map(Step::InsertAt),
        4 => any::<usize>().prop_map(Step::Remove),
        4 => (any::<usize>(), distance()).prop_map(|(which, off)| Step::Reset(which, off)),
        4 => (0..3_u64).prop_map(Step::Advance),
        4 => (0..5000_u64).prop_map(Step::Advance),
        4 => (0..5000 * GRAIN).prop_map(Step::Advance),
        2 => distance().prop_map(|off| Step::Advance(off.unsigned_abs())),
        1 => ((HORIZON / 2)..(HORIZON * 5)).prop_map(Step::Advance),
        6 => Just(Step::AdvanceToNext),
        6 => (-2..3_i64).prop_map(Step::AdvanceNearFirst),
        1 => any::<u64>().prop_map(Step::AdvanceBack),
        1 => Just(Step::Drain),
    ]
}

/// The oracle: timers by the grain of their deadline and then by when they were last linked.
#[derive(Default)]
struct Oracle {
    now: u64,
    links: u64,
    /// With the deadline and the timer's number.
    timers: BTreeMap<(u64, u64), (u64, usize)>,
    /// By number: the wheel's key and, while it is pending, the oracle's.
    all: Vec<(Key, Option<(u64, u64)>)>,
}

impl Oracle {
    fn after(&self, off: i64) -> u64 {
        self.now.saturating_add_signed(off)
    }

    /// What has passed counts as due now: it fires after what was due before it.
    fn link(&mut self, when: u64, number: usize) -> (u64, u64) {
        self.links += 1;
        let when = when.max(self.now);
        let place = (when / GRAIN, self.links);
        self.timers.insert(place, (when, number));
        place
    }

    fn advance(&mut self, now: u64) -> Vec<usize> {
        self.now = self.now.max(now);
        let mut fired = Vec::new();
        // What is left in the grain of `now` keeps its place.
        self.timers.retain(|_, &mut (when, number)| {
            if when <= self.now {
                fired.push(number);
            }
            when > self.now
        });
        for &number in &fired {
            self.all[number].1 = None;
        }
        fired
    }

    fn first(&self) -> Option<u64> {
        self.timers.values().map(|&(when, _)| when).min()
    }
}

fn advance_both(wheel: &mut Wheel<usize>, oracle: &mut Oracle, now: u64) {
    let mut fired = Vec::new();
    let count = wheel.advance(now, &mut |number| fired.push(number));
    assert_eq!(count, fired.len());
    assert_eq!(fired, oracle.advance(now), "advanced to {now}");
}

fn apply(wheel: &mut Wheel<usize>, oracle: &mut Oracle, step: Step) {
    match step {
        Step::Insert(off) => {
            let when = oracle.after(off);
            apply(wheel, oracle, Step::InsertAt(when));
        }
        Step::InsertAt(when) => {
            let number = oracle.all.len();
            let place = oracle.link(when, number);
            oracle.all.push((wheel.insert(when, number), Some(place)));
        }
        Step::Remove(which) if !oracle.all.is_empty() => {
            let number = which % oracle.all.len();
            let (key, place) = &mut oracle.all[number];
            let expected = place
                .take()
                .map(|place| oracle.timers.remove(&place).unwrap().1);
            assert_eq!(wheel.remove(*key), expected);
        }
        Step::Reset(which, off) if !oracle.all.is_empty() => {
            let when = oracle.after(off);
            let number = which % oracle.all.len();
            let (key, place) = oracle.all[number];
            assert_eq!(wheel.get_mut(key).copied(), place.map(|_| number));
            assert_eq!(wheel.reset(key, when), place.is_some());
            if let Some(place) = place {
                oracle.timers.remove(&place);
                oracle.all[number].1 = Some(oracle.link(when, number));
            }
        }
        Step::Remove(_) | Step::Reset(..) => {}
        Step::Advance(by) => advance_both(wheel, oracle, oracle.now.saturating_add(by)),
        Step::AdvanceToNext => {
            if let Some(next) = wheel.next_deadline() {
                advance_both(wheel, oracle, next);
            }
        }
        Step::AdvanceNearFirst(off) => {
            if let Some(first) = oracle.first() {
                advance_both(wheel, oracle, first.saturating_add_signed(off));
            }
        }
        Step::AdvanceBack(by) => advance_both(wheel, oracle, oracle.now.saturating_sub(by)),
        Step::Drain => {
            let mut drained = Vec::new();
            wheel.drain(|number| drained.push(number));
            drained.sort_unstable();
            let timers = std::mem::take(&mut oracle.timers).into_values();
            let mut expected: Vec<_> = timers.map(|(_, number)| number).collect();
            expected.sort_unstable();
            assert_eq!(drained, expected);
            for (_, place) in &mut oracle.all {
                *place = None;
            }
        }
    }
}

fn check(wheel: &Wheel<usize>, oracle: &Oracle) {
    assert_eq!(wheel.len(), oracle.timers.len());
    assert_eq!(wheel.is_empty(), oracle.timers.is_empty());
    assert_eq!(wheel.elapsed(), oracle.now);
    match (wheel.next_deadline(), oracle.first()) {
        (None, None) => {}
        (Some(next), Some(first)) => assert!(
            oracle.now <= next && next <= first,
            "at {}, next is {next}, the first deadline {first}",
            oracle.now,
        ),
        (next, first) => panic!("next is {next:?}, the first deadline {first:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 600 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_wheel_does_what_an_ordered_map_does(
        start in prop_oneof![Just(0), 0..HORIZON * 3, Just(u64::MAX - HORIZON), Just(u64::MAX - 500)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut wheel = Wheel::new();
        let mut oracle = Oracle::default();
        advance_both(&mut wheel, &mut oracle, start);
        for step in steps {
            apply(&mut wheel, &mut oracle, step);
            check(&wheel, &oracle);
        }
        advance_both(&mut wheel, &mut oracle, u64::MAX);
        check(&wheel, &oracle);
    }
}

#[test]
fn a_jump_over_all_time_is_not_taken_tick_by_tick() {
    let mut wheel = Wheel::new();
    // In the last period but one, many periods of the horizon away.
    wheel.insert(u64::MAX - HORIZON, "late");
    wheel.insert(5, "soon");
    let mut fired = Vec::new();
    wheel.advance(u64::MAX - HORIZON - 1, &mut |name| fired.push(name));
    assert_eq!(fired, ["soon"]);
    wheel.advance(u64::MAX, &mut |name| fired.push(name));
    assert_eq!(fired, ["soon", "late"]);
}

#[test]
fn timers_of_one_grain_fire_in_the_order_they_were_inserted_from_whatever_distance() {
    let when = 3 * HORIZON + 12_345;
    let mut wheel = Wheel::new();
    let stops = [
        0,
        HORIZON,
        3 * HORIZON,
        when - 5000 * GRAIN,
        when - 64 * GRAIN,
        when - 1,
        when,
    ];
    for (number, stop) in stops.into_iter().enumerate() {
        wheel.advance(stop.min(when - 8), &mut |_| panic!("early"));
        // The last of them is due first.
        wheel.insert(when - number as u64, number);
    }
    let mut fired = Vec::new();
    wheel.advance(when, &mut |number| fired.push(number));
    assert_eq!(fired, [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn the_deadline_of_one_of_a_few_timers_is_told_at_once() {
    for when in [1, 63, GRAIN, 65 * GRAIN + 3, HORIZON - 1] {
        let mut wheel = Wheel::new();
        wheel.insert(when, ());
        wheel.insert(when + 7, ());
        assert_eq!(wheel.next_deadline(), Some(when));
    }
}

#[test]
fn the_deadline_of_one_of_many_timers_is_reached_in_at_most_one_stop_a_level() {
    for when in [
        1,
        63,
        64 * GRAIN,
        4097 * GRAIN,
        1 << 30,
        HORIZON - 1,
        HORIZON,
        HORIZON + (1 << 49) + 77,
    ] {
        let mut wheel = Wheel::new();
        for _ in 0..100 {
            wheel.insert(when, ());
        }
        let mut stops = 0;
        while let Some(next) = wheel.next_deadline() {
            stops += 1;
            wheel.advance(next, &mut |()| {});
        }
        assert_eq!(wheel.elapsed(), when);
        assert!(stops <= 8, "{stops} stops to {when}");
    }
}

#[test]
fn timers_are_thick_if_a_dozen_come_in_the_next_two_grains() {
    let mut wheel = Wheel::new();
    for number in 0..12 {
        assert!(!wheel.is_thick(), "{number} timers");
        wheel.insert(GRAIN + number * GRAIN / 6, ());
    }
    assert!(wheel.is_thick());
    wheel.advance(GRAIN, &mut |()| {});
    assert!(!wheel.is_thick(), "eleven are left");
    wheel.insert(3 * GRAIN - 1, ());
    assert!(wheel.is_thick());
    wheel.advance(2 * GRAIN, &mut |()| {});
    for number in 0..12 {
        assert!(
            !wheel.is_thick(),
            "five, and {number} of a grain that comes later"
        );
        wheel.insert(4 * GRAIN + number, ());
    }
    wheel.advance(3 * GRAIN, &mut |()| {});
    assert!(wheel.is_thick());
    // And the end of a turn of the lowest level.
    wheel.advance(5 * GRAIN, &mut |()| {});
    for number in 0..12 {
        wheel.insert(63 * GRAIN + number, ());
    }
    assert!(wheel.is_thick());
}

#[test]
fn a_panic_while_firing_loses_no_other_timer() {
    let mut wheel = Wheel::new();
    for number in 0..4 {
        wheel.insert(100, number);
    }
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        wheel.advance(200, &mut |number| assert_ne!(number, 1));
    }));
    assert!(panicked.is_err());
    let mut fired = Vec::new();
    wheel.advance(200, &mut |number| fired.push(number));
    assert_eq!(fired, [2, 3]);
    assert!(wheel.is_empty());
}
