//! What is set once: by one, seen by all, and not by nobody.
//!
//! Checks: `executor/sync/src/once/`

#![cfg(loom)]

use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::checked::block_on;
use pintle_sync::{OnceCell, SetOnce};

fn starts<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    future
}

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
