//! What is set once: by one, seen by all, and not by nobody.
//!
//! Checks: `executor/sync/src/once/`

#![cfg(loom)]

use std::future::{pending, ready};
use std::sync::Arc;

use loom::thread;
use pintle_loom_tests::{Drops, Item, model, starts};
use pintle_sync::checked::block_on;
use pintle_sync::{OnceCell, SetOnce};

/// a   get_or_init ─ read
/// b   get_or_init ─ read       both get the value that one of them made
#[test]
fn all_who_ask_get_the_value_of_one() {
    model(3, || {
        let drops = Drops::new();
        let cell = Arc::new(OnceCell::new());
        let other = {
            let (cell, drops) = (cell.clone(), drops.clone());
            thread::spawn(move || block_on(cell.get_or_init(async || drops.item(1))).read())
        };
        let ours = block_on(cell.get_or_init(async || drops.item(2))).read();
        assert_eq!(other.join().unwrap(), ours);
        assert_eq!(drops.count(), 0);
    });
}

/// first    runs ─ drop
/// second   waits ─ runs
#[test]
fn the_next_runs_when_the_first_is_dropped() {
    model(3, || {
        let cell = Arc::new(OnceCell::new());
        let first = starts({
            let cell = cell.clone();
            async move {
                cell.get_or_init(pending::<usize>).await;
            }
        });
        let leaver = thread::spawn(move || drop(first));
        assert_eq!(*block_on(cell.get_or_init(|| ready(2))), 2);
        leaver.join().unwrap();
    });
}

/// setter   write ─ set
/// other    set ─ (its own back)
/// getter   get ─ read
#[test]
fn a_value_that_is_there_is_whole() {
    model(3, || {
        let drops = Drops::new();
        let cell = Arc::new(OnceCell::new());
        let getter = {
            let cell = cell.clone();
            thread::spawn(move || cell.get().map(Item::read))
        };
        let other = {
            let (cell, drops) = (cell.clone(), drops.clone());
            thread::spawn(move || cell.set(drops.item(1)).is_ok())
        };
        let ours = cell.set(drops.item(1)).is_ok();
        assert_ne!(other.join().unwrap(), ours);
        assert!(getter.join().unwrap().is_none_or(|name| name == 1));
        assert_eq!(drops.count(), 1);
    });
}

/// setters   set (both)
/// waiter    wait ─ read
#[test]
fn who_waits_gets_what_was_set_first() {
    model(2, || {
        let drops = Drops::new();
        let once = Arc::new(SetOnce::new());
        let setters = [1, 2].map(|name| {
            let (once, item) = (once.clone(), drops.item(name));
            thread::spawn(move || once.set(item).is_ok())
        });
        let name = block_on(once.wait()).read();
        let set = setters.map(|setter| setter.join().unwrap());
        assert_eq!(set, [name == 1, name == 2]);
        assert_eq!(drops.count(), 1);
    });
}

/// first    runs ─ drop
/// second   get_or_init      runs, or finds what was set
/// setter   set              refused while another runs, or waits to
///
/// Broken by a future that is dropped and keeps the turn, and by a set that does not take it.
#[test]
fn a_set_against_a_dropped_initialiser_is_the_value_or_comes_back() {
    model(2, || {
        let drops = Drops::new();
        let cell = Arc::new(OnceCell::new());
        let first = starts({
            let cell = cell.clone();
            async move {
                cell.get_or_init(pending::<Item>).await;
            }
        });
        let leaver = thread::spawn(move || drop(first));
        let setter = {
            let (cell, item) = (cell.clone(), drops.item(3));
            thread::spawn(move || cell.set(item).is_ok())
        };
        let value = block_on(cell.get_or_init(async || drops.item(2))).read();
        leaver.join().unwrap();
        let set = setter.join().unwrap();
        assert_eq!(value, if set { 3 } else { 2 });
        // What came back is gone; of what was not asked for there is none.
        assert_eq!(drops.count(), usize::from(!set));
    });
}

/// first    runs ─ drop
/// second   waits for its turn ─ drop
/// third    waits behind it ─ runs
///
/// Broken by a future that keeps the turn that was on its way to it.
#[test]
fn the_turn_passes_over_who_leaves_as_it_comes() {
    model(3, || {
        let cell = Arc::new(OnceCell::new());
        let asks = |value: Option<usize>| {
            let cell = cell.clone();
            async move {
                let init = async || match value {
                    Some(value) => value,
                    None => pending().await,
                };
                *cell.get_or_init(init).await
            }
        };
        let (first, second, third) = (
            starts(asks(None)),
            starts(asks(None)),
            starts(asks(Some(3))),
        );
        let leavers = [first, second].map(|leaver| thread::spawn(move || drop(leaver)));
        assert_eq!(block_on(third), 3);
        for leaver in leavers {
            leaver.join().unwrap();
        }
    });
}

/// fails    runs ─ error
/// other    get_or_init      waits, or comes later ─ runs ─ read
///
/// Broken by an error that keeps the turn, and by one that closes the cell.
#[test]
fn an_initialiser_that_fails_leaves_the_cell_to_the_other() {
    model(3, || {
        let drops = Drops::new();
        let cell = Arc::new(OnceCell::new());
        let fails = {
            let cell = cell.clone();
            thread::spawn(move || {
                let result = block_on(cell.get_or_try_init(|| ready(Err::<Item, _>(()))));
                result.map(Item::read)
            })
        };
        assert_eq!(block_on(cell.get_or_init(async || drops.item(2))).read(), 2);
        // It failed, or found what the other made.
        assert!(matches!(fails.join().unwrap(), Err(()) | Ok(2)));
        assert_eq!(drops.count(), 0);
    });
}

/// setter   write ─ set
/// leaver   waits ─ drop
/// waiter   waits ─ read
/// other    waits ─ read if it is there ─ go on waiting ─ read
///
/// Broken by a set that wakes one alone, by one that wakes before the value is there, and by a value
/// that is said to be there without release.
#[test]
fn a_waiter_that_leaves_as_it_is_set_keeps_nobody_from_the_value() {
    model(1, || {
        let drops = Drops::new();
        let once = Arc::new(SetOnce::<Item>::new());
        let waits = || {
            let once = once.clone();
            async move { once.wait().await.read() }
        };
        let (leaving, waiting, other) = (starts(waits()), starts(waits()), starts(waits()));
        let leaver = thread::spawn(move || drop(leaving));
        let setter = {
            let (once, item) = (once.clone(), drops.item(1));
            thread::spawn(move || once.set(item).is_ok())
        };
        let other = {
            let once = once.clone();
            thread::spawn(move || (once.get().map(Item::read), block_on(other)))
        };
        assert_eq!(block_on(waiting), 1);
        assert!(setter.join().unwrap());
        leaver.join().unwrap();
        assert!(matches!(other.join().unwrap(), (None | Some(1), 1)));
        assert_eq!(once.get().map(Item::read), Some(1));
    });
}

// a          sets ──┬──
// b          asks ──┴── whether it is set, and finds the value if so
#[test]
fn who_asks_whether_it_is_set_is_told_the_truth() {
    model(3, || {
        let cell = Arc::new(OnceCell::new());
        assert!(!cell.initialized());
        let other = {
            let cell = cell.clone();
            thread::spawn(move || cell.set(1).unwrap())
        };
        if cell.initialized() {
            assert_eq!(cell.get(), Some(&1));
        }
        other.join().unwrap();
        assert!(cell.initialized());
    });
}
