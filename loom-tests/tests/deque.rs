//! The stand-in for `crossbeam_deque`, alone: each item goes to exactly one thread, and whoever
//! gets it sees what its maker wrote.
//!
//! These models are about the model checker's own deque, on which the sleep and steal models stand;
//! of the real one they say only that its published orderings suffice.
//!
//! Checks: `executor/src/queue/chase_lev.rs`

#![cfg(loom)]

use loom::thread;
use pintle::checked::queue::deque::{Slot, Steal, Stealer, Worker};
use pintle_loom_tests::{Drops, Item, model};

/// An item in a box, since a slot holds one pointer.
struct Boxed(Box<Item>);

impl Slot for Boxed {
    fn into_raw(self) -> *mut () {
        Box::into_raw(self.0).cast()
    }

    unsafe fn from_raw(raw: *mut ()) -> Self {
        // SAFETY: the caller turns back, once, what `into_raw` gave.
        Self(unsafe { Box::from_raw(raw.cast()) })
    }
}

fn boxed(drops: &Drops, name: usize) -> Boxed {
    Boxed(Box::new(drops.item(name)))
}

/// Tries until there is something or nothing.
fn steal(stealer: &Stealer<Boxed>) -> Option<Boxed> {
    loop {
        match stealer.steal() {
            Steal::Empty => return None,
            Steal::Success(item) => return Some(item),
            Steal::Retry => {}
        }
    }
}

fn names(items: impl IntoIterator<Item = Boxed>) -> Vec<usize> {
    items.into_iter().map(|item| item.0.read()).collect()
}

/// owner   push 1 ─ pop ───╮
/// thief         steal ────┴─ exactly one gets 1
#[test]
fn the_last_item_goes_to_the_owner_or_the_thief_and_never_to_both() {
    model(3, || {
        let drops = Drops::new();
        let worker = Worker::new_fifo();
        let stealer = worker.stealer();
        worker.push(boxed(&drops, 1));
        let thief = thread::spawn(move || names(steal(&stealer)));
        let mut got = names(worker.pop());
        got.extend(thief.join().unwrap());
        assert_eq!(got, [1]);
        assert_eq!(drops.count(), 1);
        assert!(worker.is_empty());
    });
}

/// owner    push 1 ─ pop (steps past the end, steps back) ─ push 2 ─ pop
/// thief a         steal
/// thief b         steal
#[test]
fn a_step_past_the_end_is_taken_back_before_the_next_push() {
    model(2, || {
        let drops = Drops::new();
        let worker = Worker::new_fifo();
        worker.push(boxed(&drops, 1));
        let thieves: Vec<_> = (0..2)
            .map(|_| {
                let stealer = worker.stealer();
                thread::spawn(move || names(steal(&stealer)))
            })
            .collect();
        let mut got = names(worker.pop());
        worker.push(boxed(&drops, 2));
        got.extend(names(worker.pop()));
        for thief in thieves {
            got.extend(thief.join().unwrap());
        }
        got.extend(names(worker.pop()));
        got.sort_unstable();
        assert_eq!(got, [1, 2]);
        assert_eq!(drops.count(), 2);
    });
}

/// owner   write 1 ─ push ─ write 2 ─ push
/// thief             steal ─ steal          what it gets is written, and in order
#[test]
fn a_thief_sees_what_was_written_before_the_push() {
    model(3, || {
        let drops = Drops::new();
        let worker = Worker::new_fifo();
        let stealer = worker.stealer();
        let thief = thread::spawn(move || {
            let mut got = names(steal(&stealer));
            got.extend(names(steal(&stealer)));
            got
        });
        worker.push(boxed(&drops, 1));
        worker.push(boxed(&drops, 2));
        let mut got = thief.join().unwrap();
        assert!(got.is_sorted());
        got.extend(names(std::iter::from_fn(|| worker.pop())));
        assert_eq!(got, [1, 2]);
        assert_eq!(drops.count(), 2);
    });
}

/// owner   push 1..=3 ─ pop ─ pop
/// thief              steal 2 of 3 at once ─ its own pops
#[test]
fn a_batch_and_a_pop_never_share_an_item() {
    model(3, || {
        let drops = Drops::new();
        let worker = Worker::new_fifo();
        let stealer = worker.stealer();
        for name in 1..=3 {
            worker.push(boxed(&drops, name));
        }
        let thief = thread::spawn(move || {
            let own = Worker::new_fifo();
            while stealer.steal_batch(&own) == Steal::Retry {}
            let got = names(std::iter::from_fn(|| own.pop()));
            assert!(got.is_sorted());
            got
        });
        let mut got = names(worker.pop());
        got.extend(names(worker.pop()));
        got.extend(thief.join().unwrap());
        got.extend(names(std::iter::from_fn(|| worker.pop())));
        got.sort_unstable();
        assert_eq!(got, [1, 2, 3]);
        assert_eq!(drops.count(), 3);
    });
}

/// owner    push 1..=9, with a pop after each of the first: the ninth reuses the first's slot
/// thief    steal       a word read late is not taken for an item
#[test]
fn a_slot_that_is_reused_does_not_fool_a_late_thief() {
    model(2, || {
        let drops = Drops::new();
        let worker = Worker::new_fifo();
        let stealer = worker.stealer();
        worker.push(boxed(&drops, 1));
        let thief = thread::spawn(move || names(steal(&stealer)));
        let mut got = Vec::new();
        for name in 2..=9 {
            got.extend(names(worker.pop()));
            worker.push(boxed(&drops, name));
        }
        got.extend(thief.join().unwrap());
        got.extend(names(std::iter::from_fn(|| worker.pop())));
        got.sort_unstable();
        assert_eq!(got, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(drops.count(), 9);
    });
}

/// What is still inside is dropped with the last end, once.
#[test]
fn a_deque_that_is_dropped_drops_its_items() {
    model(2, || {
        let drops = Drops::new();
        let worker = Worker::new_fifo();
        let stealer = worker.stealer();
        worker.push(boxed(&drops, 1));
        worker.push(boxed(&drops, 2));
        let thief = thread::spawn(move || drop(steal(&stealer)));
        drop(worker);
        thief.join().unwrap();
        assert_eq!(drops.count(), 2);
    });
}
