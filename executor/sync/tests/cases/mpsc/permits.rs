//! Room that is reserved: used, given back, or left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use pintle_sync::mpsc::error::{SendError, TryRecvError, TrySendError};
use pintle_sync::mpsc::{self, Sender};

use crate::cases::hand::Task;
use crate::cases::{abort, join_all, now, panic_quietly, spawn_waiting, until};
use crate::place::{spawn, yield_now};

cases! {
    polls {
        a_permit_that_is_not_used_gives_its_room_to_the_next,
        many_permits_are_reserved_at_once_and_those_left_are_given_back,
        more_than_the_channel_can_ever_hold_is_refused,
        a_closed_channel_ends_when_the_last_permit_is_used_or_gone,
        a_closed_channel_ends_when_those_who_were_let_in_give_up,
        a_permit_outlives_the_receiver_and_its_message_is_dropped,
        whoever_wants_room_is_served_in_turn_however_they_ask,
        a_demand_for_many_that_is_given_up_hands_what_it_has_to_those_behind,
        a_demand_that_is_given_up_takes_its_sender_along,
        permits_outlast_a_close_and_still_send,
    }
    tasks {
        tasks_that_end_with_room_in_their_hands_give_it_back,
        a_close_turns_away_all_who_wait_for_room,
        room_is_never_given_twice,
    }
}

pub fn a_permit_that_is_not_used_gives_its_room_to_the_next() {
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
    assert_eq!(now(receiver.recv()), Some(1));
    assert_eq!(now(receiver.recv()), Some(2));
}

pub fn many_permits_are_reserved_at_once_and_those_left_are_given_back() {
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

pub fn more_than_the_channel_can_ever_hold_is_refused() {
    let (sender, _receiver) = mpsc::channel::<u32>(4);
    assert_eq!(now(sender.reserve_many(5)).err(), Some(SendError(())));
    assert_eq!(
        sender.try_reserve_many(5).err(),
        Some(TrySendError::Full(()))
    );
    assert_eq!(
        sender.try_reserve_many(usize::MAX).err(),
        Some(TrySendError::Full(()))
    );
}

pub fn a_closed_channel_ends_when_the_last_permit_is_used_or_gone() {
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

pub fn a_closed_channel_ends_when_those_who_were_let_in_give_up() {
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

pub fn a_permit_outlives_the_receiver_and_its_message_is_dropped() {
    let counted = Arc::new(());
    let (sender, receiver) = mpsc::channel(2);
    let permit = sender.try_reserve().unwrap();
    let owned = sender.clone().try_reserve_owned().unwrap();
    drop(receiver);
    permit.send(counted.clone());
    drop(owned.send(counted.clone()));
    assert_eq!(Arc::strong_count(&counted), 1);
}

pub fn whoever_wants_room_is_served_in_turn_however_they_ask() {
    let (sender, mut receiver) = mpsc::channel(3);
    let all = sender.try_reserve_many(3).unwrap();
    let many = Task::waiting(sender.reserve_many(2));
    let one = Task::waiting(sender.reserve());
    let owned = Task::waiting(sender.clone().reserve_owned());
    let last = Task::waiting(sender.send(0));
    for permit in all {
        permit.send(1);
    }
    // Room for one is put aside for who wants two, though others could use it.
    receiver.try_recv().unwrap();
    assert!(!many.woken() && !one.woken() && sender.try_reserve().is_err());
    receiver.try_recv().unwrap();
    assert!(many.woken() && !one.woken());
    receiver.try_recv().unwrap();
    assert!(one.woken() && !owned.woken());
    let (many, one) = (many.expect_ready().unwrap(), one.expect_ready().unwrap());
    drop(one);
    assert!(owned.woken() && !last.woken());
    drop(owned.expect_ready().unwrap().release());
    assert!(last.woken());
    last.expect_ready().unwrap();
    assert_eq!((many.len(), sender.capacity()), (2, 0));
}

pub fn a_demand_for_many_that_is_given_up_hands_what_it_has_to_those_behind() {
    let (sender, _receiver) = mpsc::channel::<u32>(3);
    let held = sender.try_reserve().unwrap();
    let many = Task::waiting(sender.reserve_many(3));
    let one = Task::waiting(sender.reserve());
    let other = Task::waiting(sender.clone().reserve_owned());
    let third = Task::waiting(sender.send(1));
    assert_eq!(sender.capacity(), 0);
    drop(many);
    assert!(one.woken() && other.woken() && !third.woken());
    drop((one, other));
    assert!(third.woken());
    drop((third, held));
    assert_eq!(sender.capacity(), 3);
}

pub fn a_demand_that_is_given_up_takes_its_sender_along() {
    let (sender, mut receiver) = mpsc::channel(1);
    let weak = sender.downgrade();
    sender.try_send(1).unwrap();
    let waiting = Task::waiting(sender.reserve_owned());
    assert_eq!(weak.strong_count(), 1);
    drop(waiting);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

pub fn permits_outlast_a_close_and_still_send() {
    let (sender, mut receiver) = mpsc::channel(4);
    let mut many = sender.try_reserve_many(2).unwrap();
    let owned = sender.clone().try_reserve_owned().unwrap();
    receiver.close();
    assert!(sender.try_reserve_many(1).is_err() && sender.try_reserve().is_err());
    many.next().unwrap().send(1);
    drop(owned.send(2));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Ok(2));
    let end = Task::waiting(receiver.recv());
    drop(many);
    assert!(end.woken());
    assert_eq!(end.expect_ready(), None);
}

pub async fn tasks_that_end_with_room_in_their_hands_give_it_back() {
    let (sender, mut receiver) = mpsc::channel::<u32>(4);
    let holds = |sender: Sender<u32>, panics: bool| async move {
        let _one = sender.reserve().await.unwrap();
        let _two = sender.reserve_many(2).await.unwrap();
        let _owned = sender.clone().reserve_owned().await.unwrap();
        assert_eq!(sender.capacity(), 0);
        if panics {
            panic_quietly();
        }
        std::future::pending::<()>().await;
    };
    let panics = spawn(holds(sender.clone(), true));
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(sender.capacity(), 4);

    let holder = spawn(holds(sender.clone(), false));
    until(|| sender.capacity() == 0).await;
    let waits = spawn_waiting({
        let sender = sender.clone();
        async move { sender.reserve_many(4).await.unwrap().len() }
    })
    .await;
    abort(holder).await;
    assert_eq!(waits.await.unwrap(), 4);
    assert_eq!(sender.capacity(), 4);
    drop(sender);
    assert_eq!(receiver.recv().await, None);
}

pub async fn a_close_turns_away_all_who_wait_for_room() {
    let (sender, mut receiver) = mpsc::channel(2);
    sender.send(0).await.unwrap();
    // Of the first, one half is there already.
    let many = sender.clone();
    let many = spawn_waiting(async move { many.reserve_many(2).await.map(drop) }).await;
    let [one, owned, sends] = [0; 3].map(|_| sender.clone());
    let one = spawn_waiting(async move { one.reserve().await.map(drop) }).await;
    let owned = spawn_waiting(async move { owned.reserve_owned().await.map(drop) }).await;
    let sends = spawn_waiting(async move { sends.send(1).await }).await;
    let told = spawn_waiting(async move { sender.closed().await }).await;
    receiver.close();
    assert_eq!(many.await.unwrap(), Err(SendError(())));
    assert_eq!(one.await.unwrap(), Err(SendError(())));
    assert_eq!(owned.await.unwrap(), Err(SendError(())));
    assert_eq!(sends.await.unwrap(), Err(SendError(1)));
    told.await.unwrap();
    assert_eq!(receiver.recv().await, Some(0));
    assert_eq!(receiver.recv().await, None);
    assert_eq!(receiver.capacity(), 2);
}

pub async fn room_is_never_given_twice() {
    const ROOM: usize = 3;
    let (sender, mut receiver) = mpsc::channel(ROOM);
    let taken = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..4)
        .map(|task| {
            let (sender, taken) = (sender.clone(), taken.clone());
            spawn(async move {
                for round in 0..200 {
                    let n = (task + round) % ROOM + 1;
                    let permits = sender.reserve_many(n).await.unwrap();
                    assert!(taken.fetch_add(n, Ordering::SeqCst) + n <= ROOM);
                    yield_now().await;
                    taken.fetch_sub(n, Ordering::SeqCst);
                    match round % 2 {
                        0 => permits.for_each(|permit| permit.send(())),
                        _ => drop(permits),
                    }
                }
            })
        })
        .collect();
    drop(sender);
    let mut received = 0;
    while receiver.recv().await.is_some() {
        received += 1;
    }
    join_all(tasks).await;
    let sent = |task: usize| {
        (0..200)
            .step_by(2)
            .map(move |round| (task + round) % ROOM + 1)
    };
    assert_eq!(received, (0..4).flat_map(sent).sum::<usize>());
    assert_eq!(receiver.capacity(), ROOM);
}
