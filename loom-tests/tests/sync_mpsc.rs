//! The channels from many to one: no message is lost or doubled, each is handed over in order, and
//! whoever waits is woken. A wake-up that is lost is a deadlock, which the model reports.
//!
//! Checks: `executor/sync/src/mpsc/`

#![cfg(loom)]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::{Drops, model};
use pintle_sync::checked::block_on;
use pintle_sync::mpsc;

/// Polls a future once; it has to wait.
fn waiting<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    future
}

// receiver   finds nothing ──┬── leaves its waker │ sleeps
// sender          pushes ────┴──── finds the waker? ──
#[test]
fn a_message_sent_while_the_receiver_falls_asleep_wakes_it() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let item = drops.item(1);
        let thread = thread::spawn(move || {
            sender.send(item).unwrap();
            sender
        });
        block_on(receiver.recv()).unwrap().read();
        let sender = thread.join().unwrap();
        assert_eq!(drops.count(), 1);
        drop(sender);
    });
}

// receiver   finds nothing ─┬─ counts the senders │ leaves its waker │ sleeps
// sender     pushes │ counts itself out ──────────┴─ finds the waker? ──
#[test]
fn the_last_sender_that_goes_wakes_the_receiver_after_its_message() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let item = drops.item(1);
        let thread = thread::spawn(move || sender.send(item).unwrap());
        block_on(receiver.recv()).unwrap().read();
        assert!(block_on(receiver.recv()).is_none());
        thread.join().unwrap();
        assert_eq!(drops.count(), 1);
    });
}

// a, b       push, push ─── count themselves out: which is the last?
// receiver   until the end
#[test]
fn two_senders_lose_nothing_between_them_and_end_the_channel_once() {
    model(2, || {
        let drops = Drops::new();
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let threads = [0, 10].map(|first| {
            let (sender, drops) = (sender.clone(), drops.clone());
            thread::spawn(move || {
                sender.send(drops.item(first)).unwrap();
                sender.send(drops.item(first + 1)).unwrap();
            })
        });
        drop(sender);
        let mut names = Vec::new();
        while let Some(item) = block_on(receiver.recv()) {
            item.read();
            names.push(item.name);
        }
        let of = |first| names.iter().copied().filter(move |name| name / 10 == first);
        assert!(of(0).eq([0, 1]) && of(1).eq([10, 11]));
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(drops.count(), 4);
    });
}

// sender     send 1 │ send 2: no room, queues ─┬─ sleeps
// receiver         takes 1, gives the room back ┴ wakes? ──
#[test]
fn room_that_comes_back_while_a_sender_falls_asleep_wakes_it() {
    model(3, || {
        let drops = Drops::new();
        let (sender, mut receiver) = mpsc::channel(1);
        let items = [drops.item(1), drops.item(2)];
        let thread = thread::spawn(move || {
            for item in items {
                block_on(sender.send(item)).unwrap();
            }
        });
        for name in 1..=2 {
            let item = block_on(receiver.recv()).unwrap();
            item.read();
            assert_eq!(item.name, name);
        }
        assert!(block_on(receiver.recv()).is_none());
        thread.join().unwrap();
        assert_eq!(drops.count(), 2);
        assert_eq!(receiver.capacity(), 1);
    });
}

// sender     waits for room ── gives up ──
// other      waits for room behind it, sleeps
// receiver            takes 1: the room goes to the first, or to the second
#[test]
fn room_meant_for_a_sender_that_gives_up_goes_to_the_next() {
    model(2, || {
        let (sender, mut receiver) = mpsc::channel(1);
        sender.try_send(0).unwrap();
        let other = sender.clone();
        let first = waiting(sender.send(1));
        let thread = thread::spawn(move || block_on(other.send(2)).unwrap());
        let receiving = thread::spawn(move || {
            assert_eq!(receiver.try_recv(), Ok(0));
            receiver
        });
        drop(first);
        let mut receiver = receiving.join().unwrap();
        assert_eq!(block_on(receiver.recv()), Some(2));
        thread.join().unwrap();
        assert_eq!(sender.capacity(), 1);
    });
}

// sender     push ──┬── finds it gone: takes the message back
// receiver       goes ──┴── drops what is there
#[test]
fn a_message_sent_against_a_receiver_that_goes_ends_on_one_side() {
    for bounded in [false, true] {
        model(3, move || {
            let drops = Drops::new();
            let item = drops.item(1);
            let (thread, back) = if bounded {
                let (sender, receiver) = mpsc::channel(1);
                let thread = thread::spawn(move || drop(receiver));
                (thread, block_on(sender.send(item)))
            } else {
                let (sender, receiver) = mpsc::unbounded_channel();
                let thread = thread::spawn(move || drop(receiver));
                (thread, sender.send(item))
            };
            if let Err(back) = back {
                back.0.write();
            }
            thread.join().unwrap();
            assert_eq!(drops.count(), 1);
        });
    }
}

// sender     push ──┬── finds it closed: takes the message back
// receiver     closes ──┴── receives until the end
#[test]
fn a_message_sent_against_a_close_is_received_or_given_back() {
    for bounded in [false, true] {
        model(3, move || {
            let drops = Drops::new();
            let item = drops.item(1);
            let (sent, received) = if bounded {
                let (sender, mut receiver) = mpsc::channel(1);
                let thread = thread::spawn(move || block_on(sender.send(item)).is_ok());
                receiver.close();
                let received = block_on(receiver.recv());
                (thread, received)
            } else {
                let (sender, mut receiver) = mpsc::unbounded_channel();
                let thread = thread::spawn(move || sender.send(item).is_ok());
                receiver.close();
                let received = block_on(receiver.recv());
                (thread, received)
            };
            assert_eq!(sent.join().unwrap(), received.is_some());
            drop(received);
            assert_eq!(drops.count(), 1);
        });
    }
}

// sender     holds a permit ─────── drops it, or sends ──┬── wakes?
// receiver   closes │ finds nothing, and a permit missing ┴ leaves its waker │ sleeps
#[test]
fn the_last_permit_of_a_closed_channel_wakes_the_receiver() {
    for send in [false, true] {
        model(3, move || {
            let (sender, mut receiver) = mpsc::channel(2);
            let permit = sender.clone().try_reserve_owned().unwrap();
            let thread = thread::spawn(move || match send {
                true => drop(permit.send(1)),
                false => drop(permit),
            });
            receiver.close();
            if send {
                assert_eq!(block_on(receiver.recv()), Some(1));
            }
            assert_eq!(block_on(receiver.recv()), None);
            thread.join().unwrap();
            drop(sender);
        });
    }
}

// a, b       hold a permit each ──── drop it: who finds that nobody has any? ──┬── wakes
// receiver   closes │ finds nothing, and permits missing ──────────────────────┴── sleeps
#[test]
fn of_two_permits_of_a_closed_channel_the_last_to_go_wakes_the_receiver() {
    model(3, || {
        let (sender, mut receiver) = mpsc::channel::<u8>(2);
        let threads = [(); 2].map(|()| {
            let permit = sender.clone().try_reserve_owned().unwrap();
            // The sender is kept: it must not be the last sender that wakes.
            thread::spawn(move || permit.release())
        });
        receiver.close();
        assert_eq!(block_on(receiver.recv()), None);
        for thread in threads {
            thread.join().unwrap();
        }
        drop(sender);
    });
}

// sender     waits for room ── gives up, and gives back what it was given ──┬── wakes?
// receiver   takes 1 │ closes │ finds nothing, and a permit missing ────────┴── sleeps
#[test]
fn a_sender_that_gives_up_on_a_closed_channel_wakes_the_receiver() {
    model(3, || {
        let (sender, mut receiver) = mpsc::channel(1);
        sender.try_send(1).unwrap();
        let other = sender.clone();
        let thread = thread::spawn(move || {
            let mut send = Box::pin(other.send(2));
            let mut cx = Context::from_waker(Waker::noop());
            let sent = send.as_mut().poll(&mut cx);
            drop(send);
            // Kept: it must not be the last sender that wakes.
            (other, matches!(sent, Poll::Ready(Ok(()))))
        });
        assert_eq!(receiver.try_recv(), Ok(1));
        receiver.close();
        let received = block_on(receiver.recv());
        if received.is_some() {
            assert_eq!(block_on(receiver.recv()), None);
        }
        let (_sender, sent) = thread.join().unwrap();
        assert_eq!(sent, received.is_some());
    });
}

// sender     closed(): looks ──┬── queues │ sleeps
// receiver               goes ─┴─ wakes all ──
// (The checker leaves out that the receiver goes between the two looks of `closed`: of a word it
// remembers the last access only, and who notifies reads the word before he writes it. So with the
// looks in the wrong order this fails only if there is a yield between them.)
#[test]
fn a_receiver_that_goes_wakes_who_waits_for_that() {
    model(3, || {
        let (sender, receiver) = mpsc::unbounded_channel::<()>();
        let thread = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        assert!(sender.send(()).is_err());
        thread.join().unwrap();
    });
}

// sender     waits for room, sleeps
// receiver   goes: turns it away
#[test]
fn a_receiver_that_goes_turns_away_who_waits_for_room() {
    model(3, || {
        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(1).unwrap();
        let thread = thread::spawn(move || drop(receiver));
        assert_eq!(block_on(sender.send(2)).unwrap_err().0, 2);
        thread.join().unwrap();
    });
}

// weak       upgrade: from 1 to 2? ──┬── pushes
// sender                  drop: 1 to 0 ──┴── ends the channel
#[test]
fn a_weak_sender_does_not_open_what_has_ended() {
    model(3, || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let weak = sender.downgrade();
        let thread = thread::spawn(move || match weak.upgrade() {
            Some(sender) => sender.send(1).is_ok(),
            None => false,
        });
        drop(sender);
        let received = block_on(receiver.recv());
        assert_eq!(thread.join().unwrap(), received.is_some());
        if received.is_some() {
            assert!(block_on(receiver.recv()).is_none());
        }
    });
}

// receiver   waits as one task ── gives up ── waits as another
// sender         push: wakes whom?
#[test]
fn a_receiver_that_gives_up_and_waits_again_misses_nothing() {
    model(3, || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let thread = thread::spawn(move || {
            sender.send(1).unwrap();
            sender
        });
        let mut cx = Context::from_waker(Waker::noop());
        let first = match receiver.poll_recv(&mut cx) {
            Poll::Ready(message) => message,
            Poll::Pending => block_on(receiver.recv()),
        };
        assert_eq!(first, Some(1));
        let _sender = thread.join().unwrap();
    });
}

// a          writes a word │ goes
// b          goes │ receives the end: all that was written is there
#[test]
fn who_receives_the_end_sees_what_all_senders_did() {
    model(3, || {
        let word = Arc::new(AtomicUsize::new(0));
        let (sender, mut receiver) = mpsc::unbounded_channel::<()>();
        let other = sender.clone();
        let thread = {
            let word = word.clone();
            thread::spawn(move || {
                word.store(1, Relaxed);
                drop(other);
            })
        };
        drop(sender);
        assert!(block_on(receiver.recv()).is_none());
        assert_eq!(word.load(Relaxed), 1);
        thread.join().unwrap();
    });
}

// sender     goes, the last there was ──┬──
// weak       upgrades ──────────────────┴── a sender, or none for good
#[test]
fn an_upgrade_against_the_last_sender_gives_a_sender_or_the_channel_has_ended() {
    model(3, || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let weak = sender.downgrade();
        drop(weak.upgrade().expect("there is a sender"));
        let thread = thread::spawn(move || drop(sender));
        if let Some(sender) = weak.upgrade() {
            sender.send(1).unwrap();
            drop(sender);
            assert_eq!(block_on(receiver.recv()), Some(1));
        }
        assert_eq!(block_on(receiver.recv()), None);
        assert!(receiver.is_closed() && weak.upgrade().is_none());
        thread.join().unwrap();
    });
}

// a, b       make weak senders and drop them
#[test]
fn weak_senders_that_come_and_go_are_counted() {
    model(3, || {
        let (sender, receiver) = mpsc::unbounded_channel::<()>();
        let weak = sender.downgrade();
        let thread = {
            let weak = weak.clone();
            thread::spawn(move || drop((weak.clone(), weak)))
        };
        let more = weak.clone();
        thread.join().unwrap();
        assert_eq!((sender.weak_count(), receiver.sender_weak_count()), (2, 2));
        drop((weak, more));
        assert_eq!(sender.weak_count(), 0);
    });
}

// sender     pushes 1 │ pushes 2 │ goes
// receiver   takes what there is, and waits only while there is nothing
#[test]
fn receiving_many_waits_for_the_first_and_takes_all_there_are() {
    model(3, || {
        let (sender, mut receiver) = mpsc::channel(3);
        for number in 1..=2 {
            sender.try_send(number).unwrap();
        }
        assert_eq!(block_on(receiver.recv()), Some(1));
        // One is with the receiver, the other still in the queue.
        sender.try_send(3).unwrap();
        let mut received = Vec::new();
        assert_eq!(block_on(receiver.recv_many(&mut received, 9)), 2);

        let thread = thread::spawn(move || {
            for number in 4..=5 {
                block_on(sender.send(number)).unwrap();
            }
        });
        while block_on(receiver.recv_many(&mut received, 9)) > 0 {}
        assert_eq!(received, [2, 3, 4, 5]);
        thread.join().unwrap();
    });
}

// receiver   closes │ takes what is left
#[test]
fn both_ends_know_that_the_receiver_has_closed() {
    model(3, || {
        let (sender, mut receiver) = mpsc::channel(1);
        assert!(!sender.is_closed() && !receiver.is_closed());
        let thread = thread::spawn(move || block_on(sender.send(1)).is_ok());
        receiver.close();
        assert!(receiver.is_closed());
        let received = block_on(receiver.recv());
        assert_eq!(thread.join().unwrap(), received.is_some());
        assert_eq!(block_on(receiver.recv()), None);
    });
}

// receiver   has closed │ the sender is still there
#[test]
fn a_sender_finds_out_that_the_receiver_has_closed() {
    model(3, || {
        let (sender, mut receiver) = mpsc::unbounded_channel::<()>();
        let thread = thread::spawn(move || {
            receiver.close();
            receiver
        });
        let receiver = thread.join().unwrap();
        assert!(sender.is_closed() && receiver.is_closed());
        assert!(sender.send(()).is_err());
    });
}
