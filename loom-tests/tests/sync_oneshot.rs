//! The channel for one value: its word says who may touch the value and the wakers, at every moment.
//!
//! Checks: `executor/sync/src/oneshot/`

#![cfg(loom)]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::checked::block_on;
use pintle_sync::oneshot;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

// receiver   looks │ leaves its waker │ sets AWAITED │ sleeps
// sender     ──────┴─ writes the value, sets SENT ───┴─ wakes whom it found ──
#[test]
fn a_value_sent_while_the_receiver_falls_asleep_wakes_it() {
    model(3, || {
        let drops = Drops::new();
        let (sender, receiver) = oneshot::channel();
        let item = drops.item(1);
        let thread = thread::spawn(move || sender.send(item).unwrap());
        let item = block_on(receiver).unwrap();
        item.read();
        drop(item);
        thread.join().unwrap();
        assert_eq!(drops.count(), 1);
    });
}

// receiver   looks │ leaves its waker │ sets AWAITED │ sleeps
// sender     ──────┴─────── drops: sets SENT ────────┴─ wakes ──
#[test]
fn a_sender_dropped_while_the_receiver_falls_asleep_wakes_it() {
    model(3, || {
        let (sender, receiver) = oneshot::channel::<()>();
        let thread = thread::spawn(move || drop(sender));
        assert!(block_on(receiver).is_err());
        thread.join().unwrap();
    });
}

// sender     looks │ leaves its waker │ sets WATCHED │ sleeps
// receiver   ──────┴────── drops: sets CLOSED ───────┴─ wakes ──
#[test]
fn a_receiver_dropped_while_the_sender_falls_asleep_wakes_it() {
    model(3, || {
        let (mut sender, receiver) = oneshot::channel::<()>();
        let thread = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        assert!(sender.send(()).is_err());
        thread.join().unwrap();
    });
}

// sender     writes the value │ finds CLOSED: takes it back, or sets SENT
// receiver   ─────────── sets CLOSED ───────────┴─ finds SENT: drops the value
#[test]
fn a_value_sent_against_a_dropped_receiver_ends_on_one_side() {
    model(3, || {
        let drops = Drops::new();
        let (sender, receiver) = oneshot::channel();
        let item = drops.item(1);
        let thread = thread::spawn(move || drop(receiver));
        let back = sender.send(item);
        if let Err(item) = back {
            item.write();
            drop(item);
            thread.join().unwrap();
        } else {
            thread.join().unwrap();
        }
        assert_eq!(drops.count(), 1);
    });
}

// sender     writes the value │ sets SENT
// receiver   tries: finds SENT, takes the value, or tries once more and goes
#[test]
fn a_value_that_is_tried_for_is_there_in_full_or_not_at_all() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut receiver) = oneshot::channel::<Item>();
        let item = drops.item(1);
        // This way round, so that the checker begins with the value sent.
        let thread = thread::spawn(move || {
            if !receiver.is_empty() {
                receiver.try_recv().unwrap().read();
            } else if let Ok(item) = receiver.try_recv() {
                item.read();
            }
        });
        let _ = sender.send(item);
        thread.join().unwrap();
        assert_eq!(drops.count(), 1);
    });
}

// sender     writes the value ─┬─ sets SENT ──
// receiver   closes ───────────┴─ takes what there is: the value, or word that there is none
#[test]
fn a_value_sent_against_a_close_is_received_or_given_back() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut receiver) = oneshot::channel();
        let item = drops.item(1);
        let thread = thread::spawn(move || sender.send(item).map_err(|item| item.read()).is_ok());
        receiver.close();
        let received = receiver.try_recv();
        if let Ok(item) = &received {
            item.read();
        }
        assert_eq!(thread.join().unwrap(), received.is_ok());
    });
}

// receiver   polls as task 1: waker 1 in │ clears AWAITED │ waker 2 in │ sets AWAITED │ sleeps
// sender     ────────── sets SENT ───────┴─ reads the waker that it found ──
#[test]
fn a_receiver_that_changes_its_waker_is_woken_by_the_last_one() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut receiver) = oneshot::channel();
        let item = drops.item(1);
        let thread = thread::spawn(move || sender.send(item).unwrap());
        let mut cx = Context::from_waker(Waker::noop());
        let early = match Pin::new(&mut receiver).poll(&mut cx) {
            Poll::Ready(item) => item,
            Poll::Pending => block_on(receiver),
        };
        early.unwrap().read();
        thread.join().unwrap();
        assert_eq!(drops.count(), 1);
    });
}

// sender     polls as task 1: waker 1 in │ clears WATCHED │ waker 2 in │ sets WATCHED │ sleeps
// receiver   ───────── sets CLOSED ──────┴─ reads the waker that it found ──
#[test]
fn a_sender_that_changes_its_waker_is_woken_by_the_last_one() {
    model(3, || {
        let (mut sender, receiver) = oneshot::channel::<()>();
        let thread = thread::spawn(move || drop(receiver));
        let mut cx = Context::from_waker(Waker::noop());
        if sender.poll_closed(&mut cx).is_pending() {
            block_on(sender.closed());
        }
        thread.join().unwrap();
    });
}

// sender     waits for the close, gives up, sends ──
// receiver   ─────────── drops ──────────
#[test]
fn a_sender_that_gives_up_waiting_can_still_send() {
    model(3, || {
        let drops = Drops::new();
        let (mut sender, receiver) = oneshot::channel();
        let item = drops.item(1);
        let thread = thread::spawn(move || drop(receiver));
        let mut cx = Context::from_waker(Waker::noop());
        let _ = sender.poll_closed(&mut cx);
        let _ = sender.send(item);
        thread.join().unwrap();
        assert_eq!(drops.count(), 1);
    });
}

// receiver   writes a word │ closes
// sender     finds the channel closed │ reads the word
#[test]
fn who_finds_the_channel_closed_sees_what_came_before() {
    for ask in [true, false] {
        model(3, move || {
            let word = Arc::new(AtomicUsize::new(0));
            let (sender, mut receiver) = oneshot::channel();
            let thread = {
                let word = word.clone();
                thread::spawn(move || {
                    word.store(1, Relaxed);
                    receiver.close();
                })
            };
            let closed = match ask {
                true => sender.is_closed(),
                false => sender.send(()).is_err(),
            };
            if closed {
                assert_eq!(word.load(Relaxed), 1);
            }
            thread.join().unwrap();
        });
    }
}

// receiver   closes
// sender     asks, and knows afterwards
#[test]
fn a_sender_that_asks_knows_that_the_receiver_has_closed() {
    model(3, || {
        let (sender, mut receiver) = oneshot::channel::<()>();
        assert!(!sender.is_closed());
        let thread = thread::spawn(move || {
            receiver.close();
            receiver
        });
        let receiver = thread.join().unwrap();
        assert!(sender.is_closed());
        assert!(sender.send(()).is_err());
        drop(receiver);
    });
}

// receiver   closes, and finds in the channel what was sent before that, or its end
// sender     sends, or is turned away
#[test]
fn a_receiver_that_has_closed_finds_the_value_or_the_end() {
    model(3, || {
        let (sender, mut receiver) = oneshot::channel();
        assert!(receiver.is_empty());
        let thread = thread::spawn(move || sender.send(7).is_ok());
        receiver.close();
        let was_empty = receiver.is_empty();
        let received = receiver.try_recv();
        assert_eq!(thread.join().unwrap(), received == Ok(7));
        assert_eq!(
            was_empty,
            received == Err(oneshot::error::TryRecvError::Closed)
        );
    });
}

// receiver   closes, and waits for what was sent before that, or the end
// sender     is there, and sends nothing
#[test]
fn a_receiver_that_has_closed_waits_for_nobody() {
    model(3, || {
        let (sender, mut receiver) = oneshot::channel::<()>();
        receiver.close();
        let thread = thread::spawn(move || block_on(receiver).is_err());
        assert!(thread.join().unwrap());
        drop(sender);
    });
}
