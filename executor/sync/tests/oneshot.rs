//! The channel for one value as its users see it, with no runtime.

#![cfg(not(loom))]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_lite::future::block_on;
use pintle_sync::budget;
use pintle_sync::oneshot::error::{RecvError, TryRecvError};
use pintle_sync::oneshot::{self, Receiver, Sender};

mod common;
use common::Task;

#[test]
fn a_value_sent_before_or_after_the_receiver_waits_arrives() {
    let (sender, receiver) = oneshot::channel();
    sender.send(1).unwrap();
    assert_eq!(Task::new(receiver).expect_ready(), Ok(1));

    let (sender, receiver) = oneshot::channel();
    let waiting = Task::waiting(receiver);
    sender.send(2).unwrap();
    assert!(waiting.woken());
    assert_eq!(waiting.expect_ready(), Ok(2));
}

#[test]
fn a_value_crosses_threads() {
    for value in 0..1000 {
        let (sender, receiver) = oneshot::channel();
        let thread = thread::spawn(move || sender.send(value));
        assert_eq!(block_on(receiver), Ok(value));
        thread.join().unwrap().unwrap();
    }
}

#[test]
fn a_sender_that_is_dropped_wakes_the_receiver_with_an_error() {
    let (sender, receiver) = oneshot::channel::<u32>();
    let mut waiting = Task::waiting(receiver);
    drop(sender);
    assert!(waiting.woken());
    assert!(matches!(waiting.poll(), Poll::Ready(Err(RecvError { .. }))));
}

#[test]
fn a_receiver_that_is_dropped_or_closed_wakes_the_sender_who_keeps_the_value() {
    for close in [true, false] {
        let (mut sender, mut receiver) = oneshot::channel();
        let mut waiting = Task::waiting(sender.closed());
        if close {
            receiver.close();
        } else {
            drop(receiver);
        }
        assert!(waiting.woken());
        assert!(waiting.poll().is_ready());
        drop(waiting);
        assert!(sender.is_closed());
        assert_eq!(sender.send("back"), Err("back"));
    }
}

#[test]
fn what_was_sent_before_the_close_is_received() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).unwrap();
    receiver.close();
    assert_eq!(block_on(receiver), Ok(1));

    let (sender, mut receiver) = oneshot::channel::<u32>();
    receiver.close();
    assert!(block_on(&mut receiver).is_err());
    assert!(receiver.is_terminated());
    drop(sender);
}

#[test]
fn try_recv_tells_empty_from_closed_and_from_received() {
    let (sender, mut receiver) = oneshot::channel();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert!(receiver.is_empty());
    sender.send(1).unwrap();
    assert!(!receiver.is_empty());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(receiver.is_terminated());
    assert!(receiver.is_empty());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));

    let (sender, mut receiver) = oneshot::channel::<u32>();
    drop(sender);
    assert!(receiver.is_empty());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));

    let (_sender, mut receiver) = oneshot::channel::<u32>();
    receiver.close();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_receiver_that_moves_to_another_task_wakes_that_one() {
    let (sender, mut receiver) = oneshot::channel();
    let mut first = Task::waiting(&mut receiver);
    let stale = first.change_waker();
    drop(first);
    let second = Task::waiting(&mut receiver);
    sender.send(1).unwrap();
    assert!(stale.count() == 0);
    assert!(second.woken());
    assert_eq!(second.expect_ready(), Ok(1));
}

#[test]
fn a_sender_that_asks_from_another_task_wakes_that_one() {
    let (mut sender, receiver) = oneshot::channel::<u32>();
    let mut first = Task::waiting(sender.closed());
    let stale = first.change_waker();
    drop(first);
    let second = Task::waiting(sender.closed());
    drop(receiver);
    assert!(stale.count() == 0);
    assert!(second.woken());
}

#[test]
fn every_value_is_dropped_once_wherever_it_ends() {
    let counted = Arc::new(());
    let here = || Arc::strong_count(&counted) - 1;

    let (sender, receiver) = oneshot::channel();
    sender.send(counted.clone()).unwrap();
    assert_eq!(here(), 1);
    drop(receiver);
    assert_eq!(here(), 0);

    let (sender, receiver) = oneshot::channel();
    drop(receiver);
    let back = sender.send(counted.clone()).unwrap_err();
    assert_eq!(here(), 1);
    drop(back);

    let (sender, receiver) = oneshot::channel();
    sender.send(counted.clone()).unwrap();
    block_on(receiver).unwrap();
    assert_eq!(here(), 0);
}

#[test]
fn a_value_that_panics_when_dropped_harms_only_who_drops_it() {
    struct Explosive(Rc<Cell<u32>>);
    impl Drop for Explosive {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            panic!("dropped");
        }
    }
    let drops = Rc::new(Cell::new(0));
    let (sender, receiver) = oneshot::channel();
    assert!(sender.send(Explosive(drops.clone())).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(receiver))).is_err());
    assert_eq!(drops.get(), 1);
}

#[test]
#[should_panic(expected = "not polled again after it has answered")]
fn polling_again_after_the_answer_panics() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).unwrap();
    block_on(&mut receiver).unwrap();
    let _ = block_on(&mut receiver);
}

#[test]
fn a_thread_can_wait_for_the_value() {
    let (sender, receiver) = oneshot::channel();
    let thread = thread::spawn(move || receiver.blocking_recv());
    sender.send(1).unwrap();
    assert_eq!(thread.join().unwrap(), Ok(1));
}

#[test]
fn both_waits_take_part_in_the_budget() {
    let mut cx = Context::from_waker(Waker::noop());
    budget::with_fresh(|| {
        let mut turns = 0;
        loop {
            let (mut sender, receiver) = oneshot::channel::<()>();
            drop(receiver);
            if sender.poll_closed(&mut cx).is_pending() {
                break;
            }
            turns += 1;
        }
        assert_eq!(turns, budget::UNITS);
        let (sender, receiver) = oneshot::channel();
        sender.send(1).unwrap();
        assert!(Task::new(receiver).poll().is_pending());
    });
}

#[test]
fn the_ends_go_wherever_the_value_may_go() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<Sender<Cell<u32>>>();
    check::<Receiver<Cell<u32>>>();
}

#[test]
fn the_ends_can_be_printed() {
    let (sender, receiver) = oneshot::channel::<Cell<u32>>();
    assert_eq!(format!("{sender:?}"), "Sender { closed: false }");
    assert_eq!(
        format!("{receiver:?}"),
        "Receiver { terminated: false, empty: true }"
    );
}
