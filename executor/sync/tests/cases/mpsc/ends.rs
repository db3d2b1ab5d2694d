//! How a channel ends, from either side, and what is left in it then.

use std::cell::Cell;
use std::task::Poll;

use pintle_sync::mpsc::error::{SendError, TryRecvError, TrySendError};
use pintle_sync::mpsc::{self, UnboundedSender};

use crate::cases::hand::Task;
use crate::cases::{join_all, now, panic_of, panic_quietly, spawn_waiting};
use crate::place::spawn;

cases! {
    polls {
        the_last_sender_that_goes_ends_the_channel_after_what_was_sent,
        a_receiver_that_goes_turns_all_senders_away_with_their_messages,
        a_weak_sender_neither_keeps_the_channel_open_nor_opens_it_again,
        senders_know_their_channel,
        the_unbounded_channel_takes_everything_and_ends_like_the_other,
        what_nobody_receives_is_dropped_once_when_the_receiver_goes,
        a_message_that_panics_when_dropped_harms_only_who_drops_it,
        a_message_may_hold_a_sender_of_its_own_channel,
        errors_say_what_is_wrong,
        a_channel_for_no_messages_is_refused,
        a_weak_sender_of_an_unbounded_channel_does_as_little,
        a_channel_that_is_closed_can_still_be_had_from_a_weak_sender,
    }
    tasks {
        a_sender_that_panics_ends_the_channel,
        a_receiver_that_panics_turns_all_senders_away,
        weak_senders_that_race_the_last_sender_get_it_or_nothing,
    }
}

pub fn the_last_sender_that_goes_ends_the_channel_after_what_was_sent() {
    let (sender, mut receiver) = mpsc::channel(2);
    let other = sender.clone();
    sender.try_send(1).unwrap();
    drop(sender);
    assert!(!receiver.is_closed());
    assert_eq!(now(receiver.recv()), Some(1));
    let mut waiting = Task::waiting(receiver.recv());
    drop(other);
    assert!(waiting.woken());
    assert_eq!(waiting.poll(), Poll::Ready(None));
    drop(waiting);
    assert!(receiver.is_closed());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

pub fn a_receiver_that_goes_turns_all_senders_away_with_their_messages() {
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
    assert_eq!(now(sender.send("late")), Err(SendError("late")));
    assert_eq!(now(sender.reserve()).err(), Some(SendError(())));
    assert!(now(sender.clone().reserve_owned()).is_err());
    let TrySendError::Closed(back) = sender.try_reserve_owned().unwrap_err() else {
        panic!("it is closed");
    };
    Task::new(back.closed()).expect_ready();
}

pub fn a_weak_sender_neither_keeps_the_channel_open_nor_opens_it_again() {
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

pub fn senders_know_their_channel() {
    let (one, _receiver) = mpsc::channel::<u32>(2);
    let (two, _receiver) = mpsc::channel::<u32>(2);
    assert!(one.same_channel(&one.clone()));
    assert!(!one.same_channel(&two));
    let permit = one.clone().try_reserve_owned().unwrap();
    assert!(permit.same_channel_as_sender(&one));
    assert!(!permit.same_channel(&two.try_reserve_owned().unwrap()));
}

pub fn the_unbounded_channel_takes_everything_and_ends_like_the_other() {
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
    assert_eq!(now(receiver.recv_many(&mut buffer, 20_000)), 9_999);
    assert!(buffer.into_iter().eq(1..10_000));
    assert!(receiver.is_empty());

    let told = Task::waiting(sender.closed());
    sender.send(1).unwrap();
    receiver.close();
    assert!(told.woken());
    assert_eq!(sender.send(2), Err(SendError(2)));
    assert_eq!(now(receiver.recv()), Some(1));
    assert_eq!(now(receiver.recv()), None);
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

pub fn what_nobody_receives_is_dropped_once_when_the_receiver_goes() {
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

pub fn a_message_that_panics_when_dropped_harms_only_who_drops_it() {
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
    panic_of(|| drop(receiver));
    assert_eq!(drops.get(), 3);
    assert!(told.woken());
    assert!(sender.try_send(message(false)).is_err());
}

pub fn a_message_may_hold_a_sender_of_its_own_channel() {
    struct Selfish(#[expect(dead_code, reason = "held")] UnboundedSender<Selfish>);
    let (sender, receiver) = mpsc::unbounded_channel();
    assert!(sender.send(Selfish(sender.clone())).is_ok());
    drop(sender);
    drop(receiver);
}

pub fn errors_say_what_is_wrong() {
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

pub fn a_channel_for_no_messages_is_refused() {
    let message = panic_of(|| mpsc::channel::<()>(0));
    assert!(
        message.contains("needs a buffer of at least 1"),
        "{message}"
    );
}

pub fn a_weak_sender_of_an_unbounded_channel_does_as_little() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let weak = sender.downgrade();
    assert_eq!((weak.strong_count(), weak.clone().weak_count()), (1, 2));
    weak.upgrade().unwrap().send(1).unwrap();
    let told = Task::waiting(sender.closed());
    drop(told);
    assert_eq!(receiver.try_recv(), Ok(1));
    let mut waiting = Task::waiting(receiver.recv());
    drop(sender);
    assert!(waiting.woken());
    assert_eq!(waiting.poll(), Poll::Ready(None));
    assert!(weak.upgrade().is_none());
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 1));
}

pub fn a_channel_that_is_closed_can_still_be_had_from_a_weak_sender() {
    let (sender, mut receiver) = mpsc::channel(1);
    let weak = sender.downgrade();
    receiver.close();
    let again = weak.upgrade().unwrap();
    assert!(again.is_closed());
    assert_eq!(now(again.send(1)), Err(SendError(1)));
    assert_eq!(now(receiver.recv()), None);
    drop(receiver);
    assert!(weak.upgrade().unwrap().same_channel(&sender));
}

pub async fn a_sender_that_panics_ends_the_channel() {
    let (sender, mut receiver) = mpsc::channel(1);
    let sends = spawn(async move {
        sender.send(1).await.unwrap();
        sender.send(2).await.unwrap();
        panic_quietly();
    });
    assert_eq!(receiver.recv().await, Some(1));
    assert_eq!(receiver.recv().await, Some(2));
    assert_eq!(receiver.recv().await, None);
    assert!(sends.await.unwrap_err().is_panic());
}

pub async fn a_receiver_that_panics_turns_all_senders_away() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send(1).await.unwrap();
    let waits = spawn_waiting({
        let sender = sender.clone();
        async move { sender.send(2).await }
    })
    .await;
    let told = spawn_waiting(async move { sender.closed().await }).await;
    let receives = spawn(async move {
        receiver.close();
        assert_eq!(receiver.recv().await, Some(1));
        panic_quietly();
    });
    assert!(receives.await.unwrap_err().is_panic());
    assert_eq!(waits.await.unwrap(), Err(SendError(2)));
    told.await.unwrap();
}

pub async fn weak_senders_that_race_the_last_sender_get_it_or_nothing() {
    for _ in 0..50 {
        let (sender, mut receiver) = mpsc::channel(4);
        let tasks = [(); 2].map(|()| {
            let weak = sender.downgrade();
            spawn(async move {
                let sender = weak.upgrade()?;
                sender.send(()).await.unwrap();
                Some(())
            })
        });
        let drops = spawn(async move { drop(sender) });
        let mut received = 0;
        while receiver.recv().await.is_some() {
            received += 1;
        }
        drops.await.unwrap();
        assert_eq!(join_all(tasks).await.iter().flatten().count(), received);
    }
}
