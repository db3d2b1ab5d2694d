//! The channel from all to all: each receiver gets each value once, in order, or is told how many
//! it has missed. A wake-up that is lost is a deadlock, which the model reports.
//!
//! Checks: `executor/sync/src/broadcast/`

#![cfg(loom)]

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::broadcast;
use pintle_sync::broadcast::error::{RecvError, TryRecvError};
use pintle_sync::checked::block_on;

/// A value whose clones read, and whose last owner writes.
#[derive(Debug)]
struct Value {
    item: Item,
    drops: Drops,
}

impl Value {
    fn new(drops: &Drops, name: usize) -> Self {
        Self {
            item: drops.item(name),
            drops: drops.clone(),
        }
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        // Not `Sync`: two who cloned at a time would race here.
        self.item.write();
        Self::new(&self.drops, self.item.name)
    }
}

// receiver   listens │ finds nothing ──┬── queues │ sleeps
// sender              puts the value in ┴─ notifies ──
#[test]
fn a_value_sent_while_the_receiver_falls_asleep_wakes_it() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut receiver) = broadcast::channel(2);
        let value = Value::new(&drops, 1);
        let thread = thread::spawn(move || {
            sender.send(value).unwrap();
            sender
        });
        block_on(receiver.recv()).unwrap().item.read();
        let _sender = thread.join().unwrap();
        assert_eq!(drops.count(), 1);
    });
}

// receiver   listens │ finds nothing, and a sender ──┬── queues │ sleeps
// sender                  drops: closes ─────────────┴── notifies ──
#[test]
fn the_last_sender_that_goes_wakes_the_receiver_after_its_value() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut receiver) = broadcast::channel(2);
        let other = sender.clone();
        let value = Value::new(&drops, 1);
        let threads = [
            thread::spawn(move || drop(sender.send(value))),
            thread::spawn(move || drop(other)),
        ];
        block_on(receiver.recv()).unwrap().item.read();
        assert_eq!(block_on(receiver.recv()).unwrap_err(), RecvError::Closed);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(drops.count(), 1);
    });
}

// a          clones, counts itself off ──┬── is it the last?
// b          clones, counts itself off ──┴── takes the value out
#[test]
fn two_receivers_clone_one_at_a_time_and_the_last_takes_the_value() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut a) = broadcast::channel(2);
        let mut b = sender.subscribe();
        sender.send(Value::new(&drops, 1)).unwrap();
        let thread = thread::spawn(move || b.try_recv().unwrap().item.read());
        a.try_recv().unwrap().item.read();
        thread.join().unwrap();
        assert_eq!(drops.count(), 2);
        assert!(sender.is_empty());
    });
}

// sender     puts 2 where 1 is wanted ──
// receiver   looks: 1? locks the tail, looks again: 2, so it has missed one, or 1 or 2 or nothing
#[test]
fn a_value_written_over_while_the_receiver_looks_is_received_or_missed() {
    model(3, || {
        let (sender, mut receiver) = broadcast::channel(1);
        let thread = thread::spawn(move || {
            for number in 0..3 {
                sender.send(number).unwrap();
            }
        });
        let mut expected = 0;
        loop {
            match block_on(receiver.recv()) {
                Ok(number) => {
                    assert_eq!(number, expected);
                    expected += 1;
                }
                Err(RecvError::Lagged(missed)) => expected += missed,
                Err(RecvError::Closed) => break,
            }
        }
        assert_eq!(expected, 3);
        thread.join().unwrap();
    });
}

// receiver   goes: counts itself off, then off each value that it has not had
// sender     sends: does it count? ── writes over one of them
#[test]
fn a_receiver_that_goes_while_values_come_leaves_none_behind() {
    model(3, || {
        let drops = Drops::new();
        let (sender, receiver) = broadcast::channel(1);
        sender.send(Value::new(&drops, 1)).unwrap();
        let thread = thread::spawn(move || drop(receiver));
        let sent = sender.send(Value::new(&drops, 2)).is_ok();
        thread.join().unwrap();
        // Given back, written over or left behind, all are gone, though the channel is there.
        assert_eq!((drops.count(), sent), (2, sent));
        assert!(sender.is_empty());
    });
}

// receiver   a subscribes ──┬── waits
// sender          sends ────┴── to how many?
#[test]
fn a_receiver_gets_what_was_counted_for_it() {
    model(3, || {
        let (sender, first) = broadcast::channel(2);
        let other = sender.clone();
        let thread = thread::spawn(move || other.send(1).unwrap());
        let mut second = sender.subscribe();
        let receivers = thread.join().unwrap();
        assert_eq!(second.try_recv().is_ok(), receivers == 2);
        drop(first);
        assert!(sender.is_empty());
    });
}

// sender     closed(): listens │ finds one ──┬── queues │ sleeps
// receiver                              goes ┴── notifies ──
// (The checker leaves out that the receiver goes between the two looks of `closed`: of a word it
// remembers the last access only, and who notifies reads the word before he writes it. So with the
// looks in the wrong order this fails only if there is a yield between them.)
#[test]
fn the_last_receiver_that_goes_wakes_who_waits_for_that() {
    model(3, || {
        let (sender, receiver) = broadcast::channel::<()>(1);
        let thread = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        assert!(sender.send(()).is_err());
        thread.join().unwrap();
    });
}

// weak       upgrade: from 1 to 2? ──┬── sends
// sender          drop: from 1 to 0 ─┴── closes
#[test]
fn a_weak_sender_does_not_open_what_has_ended() {
    model(3, || {
        let (sender, mut receiver) = broadcast::channel(1);
        let weak = sender.downgrade();
        let thread = thread::spawn(move || match weak.upgrade() {
            Some(sender) => sender.send(1).is_ok(),
            None => false,
        });
        drop(sender);
        let received = block_on(receiver.recv());
        assert_eq!(thread.join().unwrap(), received.is_ok());
    });
}

// a          writes a word │ goes
// b          goes │ none is left? then all that was written is there
#[test]
fn who_finds_no_sender_left_sees_what_they_did() {
    model(3, || {
        let word = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = broadcast::channel::<()>(1);
        let other = sender.clone();
        let thread = {
            let word = word.clone();
            thread::spawn(move || {
                word.store(1, Relaxed);
                drop(other);
            })
        };
        drop(sender);
        if receiver.is_closed() {
            assert_eq!(word.load(Relaxed), 1);
        }
        if receiver.sender_strong_count() == 0 {
            assert_eq!(word.load(Relaxed), 1);
        }
        thread.join().unwrap();
    });
}

// sender     goes, the last there was ──┬──
// weak       upgrades ──────────────────┴── a sender, or none for good
#[test]
fn an_upgrade_against_the_last_sender_gives_a_sender_or_the_channel_has_ended() {
    model(3, || {
        let (sender, mut receiver) = broadcast::channel(1);
        let weak = sender.downgrade();
        drop(weak.upgrade().expect("there is a sender"));
        let thread = thread::spawn(move || drop(sender));
        if let Some(sender) = weak.upgrade() {
            sender.send(1).unwrap();
            drop(sender);
            assert_eq!(block_on(receiver.recv()), Ok(1));
        }
        assert_eq!(block_on(receiver.recv()), Err(RecvError::Closed));
        assert!(receiver.is_closed() && weak.upgrade().is_none());
        thread.join().unwrap();
    });
}

// a          clones its sender, and drops both ──┬──
// b          clones its own ─────────────────────┴── is not the last to go
#[test]
fn senders_that_come_and_go_are_counted() {
    model(3, || {
        let (sender, mut receiver) = broadcast::channel::<()>(1);
        let (other, weak) = (sender.clone(), sender.downgrade());
        let thread = {
            let weak = weak.clone();
            thread::spawn(move || drop((other.clone(), other, weak.clone(), weak)))
        };
        let (more, more_weak) = (sender.clone(), weak.clone());
        thread.join().unwrap();
        assert_eq!((sender.strong_count(), sender.weak_count()), (2, 2));
        assert!(receiver.try_recv().is_err() && !receiver.is_closed());
        drop((more, more_weak));
        assert_eq!((sender.strong_count(), sender.weak_count()), (1, 1));
        drop(weak);
    });
}

// a          leaves: 1 is the last that it wants │ counts itself off
// sender     ────────────────────────── writes 2 over 1 ── for b alone
#[test]
fn who_leaves_counts_itself_off_no_value_that_it_does_not_want() {
    model(3, || {
        let (sender, a) = broadcast::channel(1);
        let mut b = sender.subscribe();
        sender.send(1).unwrap();
        let thread = thread::spawn(move || drop(a));
        sender.send(2).unwrap();
        assert_eq!(b.try_recv(), Err(TryRecvError::Lagged(1)));
        assert_eq!(b.try_recv(), Ok(2));
        thread.join().unwrap();
    });
}
