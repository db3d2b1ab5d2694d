//! The channels from many to one as their users see them, with no runtime.

#![cfg(not(loom))]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_lite::future::block_on;
use pintle_sync::mpsc::error::{SendError, TryRecvError, TrySendError};
use pintle_sync::mpsc::{
    self, OwnedPermit, Permit, PermitIterator, Receiver, Sender, UnboundedReceiver,
    UnboundedSender, WeakSender, WeakUnboundedSender,
};
use pintle_sync::{blocking, budget};

mod common;
use common::Task;

#[test]
fn messages_come_in_the_order_in_which_they_were_sent() {
    let (sender, mut receiver) = mpsc::channel(10);
    for number in 0..10 {
        sender.try_send(number).unwrap();
    }
    for number in 0..5 {
        assert_eq!(receiver.try_recv(), Ok(number));
        sender.try_send(number + 10).unwrap();
    }
    for number in 5..15 {
        assert_eq!(block_on(receiver.recv()), Some(number));
    }
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_burst_wakes_the_receiver_once() {
    let (sender, mut receiver) = mpsc::channel(10);
    let mut waiting = Task::waiting(receiver.recv());
    for number in 0..10 {
        sender.try_send(number).unwrap();
    }
    assert_eq!(waiting.change_waker().count(), 1);
    assert_eq!(waiting.poll(), Poll::Ready(Some(0)));
}

#[test]
fn a_full_channel_lets_senders_in_in_the_order_they_came() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).unwrap();
    let first = Task::waiting(sender.send(1));
    let second = Task::waiting(sender.send(2));
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(first.woken());
    assert!(!second.woken());
    // The room is for the first, even if somebody else asks before it runs.
    assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
    first.expect_ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(second.woken());
    second.expect_ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn room_is_back_with_each_message_that_is_received() {
    let (sender, mut receiver) = mpsc::channel(3);
    for number in 0..3 {
        sender.try_send(number).unwrap();
    }
    assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
    for number in 0..3 {
        assert_eq!(receiver.try_recv(), Ok(number));
        assert_eq!(sender.capacity(), number + 1);
        assert_eq!(receiver.capacity(), number + 1);
    }
    assert_eq!(sender.max_capacity(), 3);
    assert_eq!(receiver.max_capacity(), 3);
}

#[test]
fn a_receiver_that_gives_up_in_mid_wait_loses_nothing() {
    let (sender, mut receiver) = mpsc::channel(1);
    let waiting = Task::waiting(receiver.recv());
    sender.try_send(1).unwrap();
    assert!(waiting.woken());
    drop(waiting);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn a_receiver_that_waits_from_another_task_wakes_that_one() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut first = Task::waiting(receiver.recv());
    let stale = first.change_waker();
    drop(first);
    let second = Task::waiting(receiver.recv());
    sender.try_send(1).unwrap();
    assert_eq!(stale.count(), 0);
    assert!(second.woken());
}

#[test]
fn a_sender_that_gives_up_in_mid_wait_passes_its_turn_on() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).unwrap();
    let first = Task::waiting(sender.send(1));
    let second = Task::waiting(sender.reserve());
    let third = Task::waiting(sender.send(3));
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(first.woken());
    drop(first);
    assert!(second.woken());
    drop(second);
    assert!(third.woken());
    third.expect_ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(3));
    assert_eq!(sender.capacity(), 1);
}

#[test]
fn a_permit_that_is_not_used_gives_its_room_to_the_next() {
    let (sender, mut receiver) = mpsc::channel(2);
    let permit = sender.try_reserve().unwrap();
    let owned = sender.clone().try_reserve_owned().unwrap();
    assert_eq!(sender.capacity(), 0);
    let first = Task::waiting(sender.send(1));
    let second = Task::waiting(sender.send(2));
    drop(permit);
    assert!(first.woken());
    assert!(!second.woken());
    let again = owned.release();
    assert!(again.same_channel(&sender));
    assert!(second.woken());
    first.expect_ready().unwrap();
    second.expect_ready().unwrap();
    assert_eq!(block_on(receiver.recv()), Some(1));
    assert_eq!(block_on(receiver.recv()), Some(2));
}

#[test]
fn many_permits_are_reserved_at_once_and_those_left_are_given_back() {
    let (sender, mut receiver) = mpsc::channel(4);
    let mut permits = sender.try_reserve_many(3).unwrap();
    assert_eq!(permits.len(), 3);
    permits.next().unwrap().send(1);
    drop(permits.next().unwrap());
    assert_eq!(sender.capacity(), 2);
    let waiting = Task::waiting(sender.reserve_many(4));
    drop(permits);
    assert!(!waiting.woken());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(waiting.woken());
    let four = waiting.expect_ready().unwrap();
    assert_eq!(sender.capacity(), 0);
    drop(four);
    assert_eq!(sender.capacity(), 4);
    assert!(sender.try_reserve_many(0).unwrap().next().is_none());
}

#[test]
fn more_than_the_channel_can_ever_hold_is_refused() {
    let (sender, _receiver) = mpsc::channel::<u32>(4);
    assert_eq!(block_on(sender.reserve_many(5)).err(), Some(SendError(())));
    assert_eq!(
        sender.try_reserve_many(5).err(),
        Some(TrySendError::Closed(()))
    );
    assert_eq!(
        sender.try_reserve_many(usize::MAX).err(),
        Some(TrySendError::Closed(()))
    );
}

#[test]
fn messages_are_received_many_at_a_time() {
    let (sender, mut receiver) = mpsc::channel(10);
    let mut buffer = vec![100];
    assert_eq!(block_on(receiver.recv_many(&mut buffer, 0)), 0);
    {
        let mut waiting = Task::waiting(receiver.recv_many(&mut buffer, 4));
        for number in 0..4 {
            sender.try_send(number).unwrap();
        }
        assert_eq!(waiting.poll(), Poll::Ready(4));
    }
    assert_eq!(sender.capacity(), 10);
    // Some that are already on the receiver's side, and some that are not.
    for number in 4..8 {
        sender.try_send(number).unwrap();
    }
    assert_eq!(receiver.try_recv(), Ok(4));
    sender.try_send(8).unwrap();
    assert_eq!(receiver.len(), 4);
    assert_eq!(block_on(receiver.recv_many(&mut buffer, 100)), 4);
    assert_eq!(buffer, [100, 0, 1, 2, 3, 5, 6, 7, 8]);
    drop(sender);
    assert_eq!(block_on(receiver.recv_many(&mut buffer, 100)), 0);
}

#[test]
fn the_last_sender_that_goes_ends_the_channel_after_what_was_sent() {
    let (sender, mut receiver) = mpsc::channel(2);
    let other = sender.clone();
    sender.try_send(1).unwrap();
    drop(sender);
    assert!(!receiver.is_closed());
    assert_eq!(block_on(receiver.recv()), Some(1));
    let mut waiting = Task::waiting(receiver.recv());
    drop(other);
    assert!(waiting.woken());
    assert_eq!(waiting.poll(), Poll::Ready(None));
    drop(waiting);
    assert!(receiver.is_closed());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_receiver_that_goes_turns_all_senders_away_with_their_messages() {
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send("in").unwrap();
    let waiting = Task::waiting(sender.send("waits"));
    let told = Task::waiting(sender.closed());
    drop(receiver);
    assert!(waiting.woken() && told.woken());
    assert_eq!(waiting.expect_ready(), Err(SendError("waits")));
    told.expect_ready();
    assert!(sender.is_closed());
    assert_eq!(sender.try_send("late"), Err(TrySendError::Closed("late")));
    assert_eq!(block_on(sender.send("late")), Err(SendError("late")));
    assert_eq!(block_on(sender.reserve()).err(), Some(SendError(())));
    assert!(block_on(sender.clone().reserve_owned()).is_err());
    let TrySendError::Closed(back) = sender.try_reserve_owned().unwrap_err() else {
        panic!("it is closed");
    };
    Task::new(back.closed()).expect_ready();
}

#[test]
fn a_closed_channel_ends_when_the_last_permit_is_used_or_gone() {
    let (sender, mut receiver) = mpsc::channel(4);
    sender.try_send(1).unwrap();
    let used = sender.try_reserve().unwrap();
    let dropped = sender.try_reserve().unwrap();
    let owned = sender.clone().try_reserve_owned().unwrap();
    receiver.close();
    assert!(receiver.is_closed());
    assert_eq!(sender.try_send(2), Err(TrySendError::Closed(2)));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    let mut waiting = Task::waiting(receiver.recv());
    used.send(3);
    assert!(waiting.woken());
    assert_eq!(waiting.poll(), Poll::Ready(Some(3)));
    drop(waiting);
    let mut waiting = Task::waiting(receiver.recv());
    drop(owned);
    assert!(waiting.poll().is_pending());
    drop(dropped);
    assert!(waiting.woken());
    assert_eq!(waiting.poll(), Poll::Ready(None));
}

#[test]
fn a_closed_channel_ends_when_those_who_were_let_in_give_up() {
    for many in [false, true] {
        let (sender, mut receiver) = mpsc::channel(2);
        sender.try_send(0).unwrap();
        sender.try_send(1).unwrap();
        let one = (!many).then(|| Task::waiting(sender.reserve()));
        let two = many.then(|| Task::waiting(sender.reserve_many(2)));
        assert_eq!(receiver.try_recv(), Ok(0)); // Room that goes to who waits.
        receiver.close();
        assert_eq!(receiver.try_recv(), Ok(1));
        let mut waiting = Task::waiting(receiver.recv());
        drop((one, two));
        assert!(waiting.woken());
        assert_eq!(waiting.poll(), Poll::Ready(None));
    }
}

#[test]
fn a_permit_outlives_the_receiver_and_its_message_is_dropped() {
    let counted = Arc::new(());
    let (sender, receiver) = mpsc::channel(2);
    let permit = sender.try_reserve().unwrap();
    let owned = sender.clone().try_reserve_owned().unwrap();
    drop(receiver);
    permit.send(counted.clone());
    drop(owned.send(counted.clone()));
    assert_eq!(Arc::strong_count(&counted), 1);
}

#[test]
fn a_weak_sender_neither_keeps_the_channel_open_nor_opens_it_again() {
    let (sender, mut receiver) = mpsc::channel::<u32>(1);
    let weak = sender.downgrade();
    let other = weak.clone();
    assert_eq!((sender.strong_count(), sender.weak_count()), (1, 2));
    let again = weak.upgrade().unwrap();
    assert_eq!((weak.strong_count(), weak.weak_count()), (2, 2));
    assert_eq!(receiver.sender_strong_count(), 2);
    assert_eq!(receiver.sender_weak_count(), 2);
    drop((sender, other));
    let mut waiting = Task::waiting(receiver.recv());
    drop(again);
    assert!(waiting.woken());
    assert_eq!(waiting.poll(), Poll::Ready(None));
    assert!(weak.upgrade().is_none());
}

#[test]
fn senders_know_their_channel() {
    let (one, _receiver) = mpsc::channel::<u32>(2);
    let (two, _receiver) = mpsc::channel::<u32>(2);
    assert!(one.same_channel(&one.clone()));
    assert!(!one.same_channel(&two));
    let permit = one.clone().try_reserve_owned().unwrap();
    assert!(permit.same_channel_as_sender(&one));
    assert!(!permit.same_channel(&two.try_reserve_owned().unwrap()));
}

#[test]
fn the_unbounded_channel_takes_everything_and_ends_like_the_other() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let weak = sender.downgrade();
    let mut waiting = Task::waiting(receiver.recv());
    for number in 0..10_000 {
        sender.send(number).unwrap();
    }
    assert!(waiting.woken());
    assert_eq!(waiting.poll(), Poll::Ready(Some(0)));
    drop(waiting);
    assert_eq!(receiver.len(), 9_999);
    let mut buffer = Vec::new();
    assert_eq!(block_on(receiver.recv_many(&mut buffer, 20_000)), 9_999);
    assert!(buffer.into_iter().eq(1..10_000));
    assert!(receiver.is_empty());

    let told = Task::waiting(sender.closed());
    sender.send(1).unwrap();
    receiver.close();
    assert!(told.woken());
    assert_eq!(sender.send(2), Err(SendError(2)));
    assert_eq!(block_on(receiver.recv()), Some(1));
    assert_eq!(block_on(receiver.recv()), None);
    drop(told);
    assert!(weak.upgrade().unwrap().same_channel(&sender));
    drop(sender);
    assert!(weak.upgrade().is_none());
}

/// Counts how many of it are gone; one of them may panic.
struct Message<'a> {
    drops: &'a Cell<u32>,
    panics: bool,
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        self.drops.set(self.drops.get() + 1);
        assert!(!self.panics, "this message panics when dropped");
    }
}

#[test]
fn what_nobody_receives_is_dropped_once_when_the_receiver_goes() {
    let drops = Cell::new(0);
    let message = |panics| Message {
        drops: &drops,
        panics,
    };
    let (sender, mut receiver) = mpsc::unbounded_channel();
    for _ in 0..3 {
        assert!(sender.send(message(false)).is_ok());
    }
    drop(receiver.try_recv());
    assert_eq!(drops.get(), 1);
    for _ in 0..3 {
        assert!(sender.send(message(false)).is_ok());
    }
    drop(sender);
    assert_eq!(drops.get(), 1);
    drop(receiver);
    assert_eq!(drops.get(), 6);
}

#[test]
fn a_message_that_panics_when_dropped_harms_only_who_drops_it() {
    let drops = Cell::new(0);
    let message = |panics| Message {
        drops: &drops,
        panics,
    };
    let (sender, receiver) = mpsc::channel(4);
    let told = Task::waiting(sender.closed());
    for panics in [false, true, false] {
        assert!(sender.try_send(message(panics)).is_ok());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(receiver))).is_err());
    assert_eq!(drops.get(), 3);
    assert!(told.woken());
    assert!(sender.try_send(message(false)).is_err());
}

#[test]
fn a_message_may_hold_a_sender_of_its_own_channel() {
    struct Selfish(#[expect(dead_code, reason = "held")] UnboundedSender<Selfish>);
    let (sender, receiver) = mpsc::unbounded_channel();
    assert!(sender.send(Selfish(sender.clone())).is_ok());
    drop(sender);
    drop(receiver);
}

#[test]
fn messages_from_many_threads_all_arrive_each_threads_in_order() {
    const THREADS: usize = 4;
    const MESSAGES: usize = 5_000;
    for buffer in [1, 7, 1000] {
        let (sender, mut receiver) = mpsc::channel(buffer);
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let sender = sender.clone();
                thread::spawn(move || {
                    for number in 0..MESSAGES / buffer.min(10) {
                        block_on(sender.send((thread, number))).unwrap();
                    }
                })
            })
            .collect();
        drop(sender);
        let mut next = [0; THREADS];
        while let Some((thread, number)) = block_on(receiver.recv()) {
            assert_eq!(number, next[thread]);
            next[thread] += 1;
        }
        assert_eq!(next, [MESSAGES / buffer.min(10); THREADS]);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }
}

#[test]
fn threads_can_wait_on_both_sides() {
    let (sender, mut receiver) = mpsc::channel(1);
    let thread = thread::spawn(move || {
        for number in 0..100 {
            sender.blocking_send(number).unwrap();
        }
    });
    let mut buffer = Vec::new();
    assert_eq!(receiver.blocking_recv(), Some(0));
    while receiver.blocking_recv_many(&mut buffer, 10) > 0 {}
    assert!(buffer.into_iter().eq(1..100));
    thread.join().unwrap();
}

#[test]
fn a_thread_on_which_tasks_run_must_not_wait() {
    let (sender, mut receiver) = mpsc::channel(1);
    let _denied = blocking::deny();
    assert!(catch_unwind(AssertUnwindSafe(|| sender.blocking_send(1))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| receiver.blocking_recv())).is_err());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn both_sides_take_part_in_the_budget() {
    let mut cx = Context::from_waker(Waker::noop());
    let (sender, mut receiver) = mpsc::channel(1000);
    let mut sent = 0;
    budget::with_fresh(|| {
        while Task::new(sender.send(())).poll().is_ready() {
            sent += 1;
        }
    });
    assert_eq!(sent, usize::from(budget::UNITS));
    sender.try_send(()).unwrap();
    budget::with_fresh(|| {
        let mut received = 0;
        while receiver.poll_recv(&mut cx).is_ready() {
            received += 1;
        }
        assert_eq!(received, usize::from(budget::UNITS));
    });
    assert_eq!(receiver.len(), 1);
}

#[test]
fn a_wake_up_that_panics_harms_nobody() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut waiting = Task::new(receiver.recv());
    assert!(waiting.poll_with(&common::exploding_waker()).is_pending());
    sender.try_send(1).unwrap();
    assert_eq!(waiting.poll(), Poll::Ready(Some(1)));
}

#[test]
fn errors_say_what_is_wrong() {
    let (sender, mut receiver) = mpsc::channel(1);
    assert_eq!(
        receiver.try_recv().unwrap_err().to_string(),
        "receiving on an empty channel"
    );
    sender.try_send(1).unwrap();
    let full = sender.try_send(2).unwrap_err();
    assert_eq!(full.to_string(), "no available capacity");
    assert_eq!(format!("{full:?}"), "Full(..)");
    drop(receiver);
    let closed = sender.try_send(2).unwrap_err();
    assert_eq!(closed.to_string(), "channel closed");
    assert_eq!(closed.into_inner(), 2);
}

#[test]
#[should_panic(expected = "needs a buffer of at least 1")]
fn a_channel_for_no_messages_is_refused() {
    let _ = mpsc::channel::<()>(0);
}

#[test]
fn the_ends_go_wherever_the_messages_may_go() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    // `Send`, but not `Sync`.
    type Message = Cell<u32>;
    check::<Sender<Message>>();
    check::<Receiver<Message>>();
    check::<WeakSender<Message>>();
    check::<Permit<'_, Message>>();
    check::<PermitIterator<'_, Message>>();
    check::<OwnedPermit<Message>>();
    check::<UnboundedSender<Message>>();
    check::<UnboundedReceiver<Message>>();
    check::<WeakUnboundedSender<Message>>();
}

/// Against the simplest thing that it could be.
mod model {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    #[derive(Debug, Clone)]
    enum Step {
        TrySend,
        TryRecv,
        RecvMany(usize),
        Reserve,
        ReserveMany(usize),
        UsePermit,
        DropPermit,
        Clone,
        DropSender,
        Close,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => Just(Step::TrySend),
            6 => Just(Step::TryRecv),
            2 => (0..6usize).prop_map(Step::RecvMany),
            2 => Just(Step::Reserve),
            1 => (0..6usize).prop_map(Step::ReserveMany),
            3 => Just(Step::UsePermit),
            2 => Just(Step::DropPermit),
            1 => Just(Step::Clone),
            1 => Just(Step::DropSender),
            1 => Just(Step::Close),
        ];
        proptest::collection::vec(step, 0..60)
    }

    struct Model {
        queue: VecDeque<usize>,
        max: usize,
        permits: usize,
        senders: usize,
        closed: bool,
    }

    impl Model {
        fn room(&self) -> usize {
            self.max - self.queue.len() - self.permits
        }

        fn ended(&self) -> bool {
            let no_sender = self.senders == 0 && self.permits == 0;
            self.queue.is_empty() && (no_sender || self.closed && self.permits == 0)
        }

        fn try_reserve(&mut self, n: usize) -> Result<(), TrySendError<()>> {
            if self.closed || n > self.max {
                return Err(TrySendError::Closed(()));
            }
            if n > self.room() {
                return Err(TrySendError::Full(()));
            }
            self.permits += n;
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn a_channel_is_a_queue_with_a_limit(max in 1..6usize, steps in steps()) {
            let (sender, mut receiver) = mpsc::channel(max);
            let mut senders = vec![sender];
            let mut permits = VecDeque::new();
            let mut model = Model {
                queue: VecDeque::new(),
                max,
                permits: 0,
                senders: 1,
                closed: false,
            };
            let number = AtomicUsize::new(0);
            let next = || number.fetch_add(1, Ordering::Relaxed);
            for step in steps {
                match step {
                    Step::TrySend => if let Some(sender) = senders.last() {
                        let message = next();
                        let expected = model.try_reserve(1).map(|()| {
                            model.permits -= 1;
                            model.queue.push_back(message);
                        });
                        let result = sender.try_send(message);
                        prop_assert_eq!(
                            result.map_err(|error| { match error {
                                TrySendError::Full(back) => { assert_eq!(back, message); TrySendError::Full(()) }
                                TrySendError::Closed(back) => { assert_eq!(back, message); TrySendError::Closed(()) }
                            }}),
                            expected
                        );
                    },
                    Step::TryRecv => {
                        let expected = match model.queue.pop_front() {
                            Some(message) => Ok(message),
                            None if model.ended() => Err(TryRecvError::Disconnected),
                            None => Err(TryRecvError::Empty),
                        };
                        prop_assert_eq!(receiver.try_recv(), expected);
                    }
                    Step::RecvMany(limit) => {
                        let mut buffer = Vec::new();
                        let mut cx = Context::from_waker(Waker::noop());
                        let polled = receiver.poll_recv_many(&mut cx, &mut buffer, limit);
                        let some = limit.min(model.queue.len());
                        let expected = match some {
                            0 if limit > 0 && !model.ended() => Poll::Pending,
                            some => Poll::Ready(some),
                        };
                        prop_assert_eq!(polled, expected);
                        prop_assert!(buffer.into_iter().eq(model.queue.drain(..some)));
                    }
                    Step::Reserve => if let Some(sender) = senders.last() {
                        let result = sender.clone().try_reserve_owned();
                        prop_assert_eq!(
                            result.as_ref().map(|_| ()).map_err(|error| matches!(error, TrySendError::Full(_))),
                            model.try_reserve(1).map_err(|error| matches!(error, TrySendError::Full(_)))
                        );
                        permits.extend(result.ok());
                    },
                    Step::ReserveMany(n) => if let Some(sender) = senders.last() {
                        let result = sender.try_reserve_many(n);
                        prop_assert_eq!(result.as_ref().map(|all| all.len()).map_err(|&e| e), model.try_reserve(n).map(|()| n));
                        if let Ok(some) = result {
                            for permit in some {
                                let message = next();
                                permit.send(message);
                                model.queue.push_back(message);
                                model.permits -= 1;
                            }
                        }
                    },
                    Step::UsePermit => if let Some(permit) = permits.pop_front() {
                        let message = next();
                        drop(permit.send(message));
                        model.permits -= 1;
                        model.queue.push_back(message);
                    },
                    Step::DropPermit => {
                        model.permits -= usize::from(permits.pop_front().is_some());
                    }
                    Step::Clone => if let Some(sender) = senders.last().cloned() {
                        senders.push(sender);
                        model.senders += 1;
                    },
                    Step::DropSender => {
                        model.senders -= usize::from(senders.pop().is_some());
                    }
                    Step::Close => {
                        receiver.close();
                        model.closed = true;
                    }
                }
                prop_assert_eq!(receiver.len(), model.queue.len());
                prop_assert_eq!(receiver.capacity(), model.room());
                prop_assert_eq!(receiver.sender_strong_count(), model.senders + permits.len());
            }
        }
    }
}
