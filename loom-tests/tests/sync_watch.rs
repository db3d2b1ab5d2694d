//! The value that is watched: no change is missed, and whoever finds one finds the value with it. A
//! wake-up that is lost is a deadlock, which the model reports.
//!
//! Checks: `executor/sync/src/watch/`

#![cfg(loom)]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::{Drops, model};
use pintle_sync::checked::block_on;
use pintle_sync::watch;

// receiver   listens │ looks at the version ──┬── queues │ sleeps
// sender              counts the change ──────┴── notifies ──
#[test]
fn a_change_while_the_receiver_falls_asleep_wakes_it() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut receiver) = watch::channel(drops.item(0));
        let item = drops.item(1);
        let thread = thread::spawn(move || {
            sender.send(item).unwrap();
            sender
        });
        block_on(receiver.changed()).unwrap();
        assert_eq!(receiver.borrow().name, 1);
        receiver.borrow().read();
        let _sender = thread.join().unwrap();
        assert_eq!(drops.count(), 1);
    });
}

// sender     changes │ goes: sets CLOSED ──┬── notifies
// receiver   looks for the end, and for the last value before it, or queues │ sleeps
#[test]
fn the_last_value_is_seen_before_the_end() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(0);
        let thread = thread::spawn(move || sender.send(1).unwrap());
        block_on(receiver.changed()).unwrap();
        assert_eq!(*receiver.borrow(), 1);
        assert!(block_on(receiver.changed()).is_err());
        thread.join().unwrap();
    });
}

// sender     changes │ goes ──
// receiver   looks for the end, then at the value: wanted? queues │ sleeps
#[test]
fn a_value_that_is_waited_for_is_not_missed_though_it_is_the_last() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(0);
        let thread = thread::spawn(move || sender.send(1).unwrap());
        assert_eq!(*block_on(receiver.wait_for(|n| *n == 1)).unwrap(), 1);
        assert!(block_on(receiver.wait_for(|n| *n == 2)).is_err());
        thread.join().unwrap();
    });
}

// a, b       wait, each from a thread
// sender     changes: wakes both
#[test]
fn one_change_wakes_all() {
    model(2, || {
        let (sender, receiver) = watch::channel(0);
        let threads = [receiver.clone(), receiver].map(|mut receiver| {
            thread::spawn(move || {
                block_on(receiver.changed()).unwrap();
                assert_eq!(*receiver.borrow_and_update(), 1);
            })
        });
        sender.send_modify(|n| *n = 1);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

// a          adds one ──
// b          adds one, and watches until the end
#[test]
fn changes_by_two_are_both_made_and_the_last_is_seen() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(0);
        let other = sender.clone();
        let thread = thread::spawn(move || other.send_modify(|n| *n += 1));
        sender.send_modify(|n| *n += 1);
        drop(sender);
        let mut last = 0;
        while block_on(receiver.changed()).is_ok() {
            let now = *receiver.borrow_and_update();
            assert!(now >= last);
            last = now;
        }
        assert_eq!(last, 2);
        thread.join().unwrap();
    });
}

// receiver   borrows and counts as seen ──┬── changed()?
// sender                         changes ─┴
#[test]
fn what_is_borrowed_and_counted_as_seen_is_one_version() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(0);
        let thread = thread::spawn(move || {
            sender.send(1).unwrap();
            sender
        });
        let seen = *receiver.borrow_and_update();
        let _sender = thread.join().unwrap();
        assert_eq!(receiver.has_changed().unwrap(), seen == 0);
    });
}

// receiver   waits ── gives up ── waits again
// sender         changes: wakes whom?
#[test]
fn a_receiver_that_gives_up_and_waits_again_misses_nothing() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(0);
        let thread = thread::spawn(move || {
            sender.send(1).unwrap();
            sender
        });
        let seen = {
            let mut changed = Box::pin(receiver.changed());
            let mut cx = Context::from_waker(Waker::noop());
            matches!(Pin::as_mut(&mut changed).poll(&mut cx), Poll::Ready(_))
        };
        if !seen {
            block_on(receiver.changed()).unwrap();
        }
        assert_eq!(*receiver.borrow(), 1);
        let _sender = thread.join().unwrap();
    });
}

// sender     closed(): listens │ finds one ──┬── queues │ sleeps
// receiver                              goes ┴── notifies ──
#[test]
fn the_last_receiver_that_goes_wakes_who_waits_for_that() {
    model(3, || {
        let word = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = watch::channel(());
        let thread = {
            let word = word.clone();
            thread::spawn(move || {
                word.store(1, Relaxed);
                drop(receiver);
            })
        };
        block_on(sender.closed());
        assert_eq!(word.load(Relaxed), 1);
        thread.join().unwrap();
    });
}

// sender     writes a word │ changes, or goes
// receiver   finds that, without looking at the value │ reads the word
#[test]
fn who_finds_a_change_or_the_end_sees_what_came_before() {
    for change in [true, false] {
        model(3, move || {
            let word = Arc::new(AtomicUsize::new(0));
            let (sender, receiver) = watch::channel(());
            let thread = {
                let word = word.clone();
                thread::spawn(move || {
                    word.store(1, Relaxed);
                    // Given back, as the end would say the same.
                    change.then(|| {
                        sender.send_modify(|()| ());
                        sender
                    })
                })
            };
            if receiver.has_changed() != Ok(false) {
                assert_eq!(word.load(Relaxed), 1);
            }
            drop(thread.join().unwrap());
        });
    }
}

// a, b       go, each from a thread: the second closes
// receiver   finds it closed: both are done
#[test]
fn who_finds_the_end_sees_what_all_senders_did() {
    model(3, || {
        let word = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = watch::channel(());
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
        thread.join().unwrap();
    });
}

// a, b       receivers come and go on both threads ── the sender hears when the last is gone
#[test]
fn receivers_that_come_and_go_are_counted() {
    model(3, || {
        let (sender, receiver) = watch::channel(());
        let other = receiver.clone();
        let thread = thread::spawn(move || drop((other.clone(), other)));
        let more = receiver.clone();
        drop(more);
        assert!(!sender.is_closed());
        drop(receiver);
        block_on(sender.closed());
        assert_eq!(sender.receiver_count(), 0);
        thread.join().unwrap();
    });
}

// a          clones its sender, and drops both ──┬──
// b          clones its own ─────────────────────┴── is not the last to go
#[test]
fn senders_that_come_and_go_are_counted() {
    model(3, || {
        let (sender, receiver) = watch::channel(());
        let other = sender.clone();
        let thread = thread::spawn(move || drop((other.clone(), other)));
        let more = sender.clone();
        thread.join().unwrap();
        assert_eq!(sender.sender_count(), 2);
        drop(more);
        assert!(!receiver.is_closed());
        drop(sender);
        assert!(receiver.is_closed());
    });
}

// sender     changes the value, or says that it did not
#[test]
fn only_what_has_changed_the_value_counts_as_a_change() {
    model(3, || {
        let (sender, mut receiver) = watch::channel(0);
        let thread = thread::spawn(move || {
            assert!(!sender.send_if_modified(|_| false));
            assert!(sender.send_if_modified(|value| {
                *value += 1;
                true
            }));
            sender
        });
        block_on(receiver.changed()).unwrap();
        assert_eq!(*receiver.borrow_and_update(), 1);
        drop(thread.join().unwrap());
    });
}

// receiver   goes, the last there was ──┬──
// sender     sends ─────────────────────┴── the value stays as it was if nobody is there to see it
#[test]
fn a_value_that_nobody_would_see_is_given_back() {
    model(3, || {
        let (sender, receiver) = watch::channel(0);
        let thread = thread::spawn(move || drop(receiver));
        let sent = sender.send(1).is_ok();
        assert_eq!(*sender.borrow(), i32::from(sent));
        thread.join().unwrap();
        assert!(sender.send(2).is_err());
    });
}
