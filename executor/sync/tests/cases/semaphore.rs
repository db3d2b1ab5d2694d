//! The semaphore as its users see it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pintle_sync::{Semaphore, TryAcquireError};

use super::hand::{Task, exploding_waker};
use super::{abort, join_all, now, panic_of, panic_quietly, spawn_holding, spawn_waiting};
use crate::place::{spawn, yield_now};

cases! {
    polls {
        permits_go_to_those_who_wait_in_the_order_they_came,
        who_comes_later_does_not_overtake_a_big_demand,
        one_gift_serves_as_many_as_it_is_enough_for,
        a_waiter_that_gives_up_hands_what_it_has_to_those_behind,
        a_permit_that_was_on_its_way_to_a_dropped_waiter_goes_to_the_next,
        a_waiter_may_leave_from_anywhere_in_the_queue,
        the_last_waker_is_the_one_that_is_woken,
        close_turns_everybody_away_and_permits_stay_valid,
        what_was_put_aside_for_a_waiter_is_back_after_a_close,
        nothing_is_acquired_at_once,
        permits_are_forgotten_merged_and_split,
        too_many_permits_are_refused_and_harm_nothing,
        a_waker_that_panics_does_not_keep_the_next_from_its_permit,
        permits_of_different_semaphores_are_not_merged,
        a_semaphore_is_not_made_with_too_many_permits,
        a_permit_that_is_tried_for_overtakes_nobody,
        owned_permits_stand_in_the_same_queue_and_keep_the_semaphore,
        a_holder_that_panics_gives_its_permits_back,
    }
    tasks {
        permits_go_from_task_to_task_in_the_order_they_came,
        many_tasks_never_hold_more_than_there_are,
        permits_of_aborted_tasks_go_to_those_who_wait,
        a_task_that_panics_gives_its_permits_back,
        a_close_turns_away_every_task_that_waits,
    }
}

pub fn permits_go_to_those_who_wait_in_the_order_they_came() {
    let semaphore = Semaphore::new(0);
    let first = Task::waiting(semaphore.acquire());
    let second = Task::waiting(semaphore.acquire());
    semaphore.add_permits(1);
    assert!(first.woken());
    assert!(!second.woken());
    assert!(semaphore.try_acquire().is_err());
    drop(first.expect_ready().unwrap());
    assert!(second.woken());
    drop(second.expect_ready().unwrap());
    assert_eq!(semaphore.available_permits(), 1);
}

pub fn who_comes_later_does_not_overtake_a_big_demand() {
    let semaphore = Semaphore::new(2);
    let big = Task::waiting(semaphore.acquire_many(3));
    assert_eq!(semaphore.available_permits(), 0);
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );
    let small = Task::waiting(semaphore.acquire());
    semaphore.add_permits(1);
    assert!(big.woken() && !small.woken());
    let permits = big.expect_ready().unwrap();
    assert_eq!(permits.num_permits(), 3);
    drop(permits);
    assert!(small.woken());
    drop(small.expect_ready().unwrap());
    assert_eq!(semaphore.available_permits(), 3);
}

pub fn one_gift_serves_as_many_as_it_is_enough_for() {
    let semaphore = Semaphore::new(0);
    let mut tasks: Vec<_> = (1..=4)
        .map(|n| Task::waiting(semaphore.acquire_many(n)))
        .collect();
    semaphore.add_permits(8);
    assert!(tasks[..3].iter().all(Task::woken));
    assert!(!tasks[3].woken());
    for task in tasks.drain(..3) {
        task.expect_ready().unwrap().forget();
    }
    // Two of eight were put aside for the fourth.
    semaphore.add_permits(2);
    tasks.remove(0).expect_ready().unwrap().forget();
    assert_eq!(semaphore.available_permits(), 0);
}

pub fn a_waiter_that_gives_up_hands_what_it_has_to_those_behind() {
    let semaphore = Semaphore::new(2);
    let big = Task::waiting(semaphore.acquire_many(4));
    let one = Task::waiting(semaphore.acquire());
    let other = Task::waiting(semaphore.acquire());
    let third = Task::waiting(semaphore.acquire());
    drop(big);
    assert!(one.woken() && other.woken() && !third.woken());
    drop((one, other, third));
    assert_eq!(semaphore.available_permits(), 2);
}

pub fn a_permit_that_was_on_its_way_to_a_dropped_waiter_goes_to_the_next() {
    let semaphore = Semaphore::new(0);
    let first = Task::waiting(semaphore.acquire());
    let second = Task::waiting(semaphore.acquire());
    semaphore.add_permits(1);
    assert!(first.woken());
    drop(first);
    assert!(second.woken());
    drop(second.expect_ready().unwrap());
    assert_eq!(semaphore.available_permits(), 1);
}

pub fn a_waiter_may_leave_from_anywhere_in_the_queue() {
    for leaver in 0..3 {
        let semaphore = Semaphore::new(0);
        let mut tasks: Vec<_> = (0..3).map(|_| Task::waiting(semaphore.acquire())).collect();
        drop(tasks.remove(leaver));
        semaphore.add_permits(2);
        for task in tasks {
            drop(task.expect_ready().unwrap());
        }
        assert_eq!(semaphore.available_permits(), 2);
    }
}

pub fn the_last_waker_is_the_one_that_is_woken() {
    let semaphore = Semaphore::new(0);
    let mut task = Task::waiting(semaphore.acquire());
    let old = task.change_waker();
    assert!(task.poll().is_pending());
    semaphore.add_permits(1);
    assert!(task.woken());
    assert_eq!(old.count(), 0);
}

pub fn close_turns_everybody_away_and_permits_stay_valid() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().unwrap();
    let partly = Task::waiting(semaphore.acquire_many(2));
    let waiting = Task::waiting(semaphore.acquire());
    semaphore.close();
    assert!(semaphore.is_closed());
    assert!(partly.woken() && waiting.woken());
    assert!(partly.expect_ready().is_err());
    assert!(waiting.expect_ready().is_err());
    assert!(now(semaphore.acquire()).is_err());
    assert!(now(semaphore.acquire_many(0)).is_err());
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::Closed
    );
    drop(held);
    assert_eq!(semaphore.available_permits(), 1);
    semaphore.add_permits(1);
    assert_eq!(semaphore.available_permits(), 2);
    semaphore.close();
}

pub fn what_was_put_aside_for_a_waiter_is_back_after_a_close() {
    let semaphore = Semaphore::new(3);
    let waiting = Task::waiting(semaphore.acquire_many(5));
    assert_eq!(semaphore.available_permits(), 0);
    semaphore.close();
    drop(waiting);
    assert_eq!(semaphore.available_permits(), 3);
}

pub fn nothing_is_acquired_at_once() {
    let semaphore = Semaphore::new(0);
    let permit = now(semaphore.acquire_many(0)).unwrap();
    assert_eq!(permit.num_permits(), 0);
    semaphore.add_permits(0);
    assert_eq!(semaphore.available_permits(), 0);
}

pub fn permits_are_forgotten_merged_and_split() {
    let semaphore = Arc::new(Semaphore::new(5));
    let mut permits = semaphore.clone().try_acquire_many_owned(3).unwrap();
    assert!(permits.split(4).is_none());
    let two = permits.split(2).unwrap();
    assert_eq!((permits.num_permits(), two.num_permits()), (1, 2));
    permits.merge(two);
    permits.merge(semaphore.clone().try_acquire_owned().unwrap());
    assert_eq!(permits.num_permits(), 4);
    permits.forget();
    assert_eq!(semaphore.available_permits(), 1);
    assert_eq!(semaphore.forget_permits(2), 1);
    assert_eq!(semaphore.available_permits(), 0);
}

pub fn too_many_permits_are_refused_and_harm_nothing() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    let add = || semaphore.add_permits(1);
    panic_of(add);
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);

    let semaphore = Semaphore::new(0);
    let waiting = Task::waiting(semaphore.acquire());
    let add = || semaphore.add_permits(usize::MAX);
    panic_of(add);
    semaphore.add_permits(1);
    drop(waiting.expect_ready().unwrap());
}

pub fn a_waker_that_panics_does_not_keep_the_next_from_its_permit() {
    let semaphore = Semaphore::new(0);
    let mut first = Task::new(semaphore.acquire());
    assert!(first.poll_with(&exploding_waker()).is_pending());
    let second = Task::waiting(semaphore.acquire());
    semaphore.add_permits(2);
    assert!(second.woken());
}

pub fn permits_of_different_semaphores_are_not_merged() {
    let (one, other) = (Semaphore::new(1), Semaphore::new(1));
    let mut permit = one.try_acquire().unwrap();
    let message = panic_of(|| permit.merge(other.try_acquire().unwrap()));
    assert!(message.contains("different semaphores"), "{message}");
    drop(permit);
    assert_eq!((one.available_permits(), other.available_permits()), (1, 1));
}

pub fn a_semaphore_is_not_made_with_too_many_permits() {
    let message = panic_of(|| Semaphore::new(Semaphore::MAX_PERMITS + 1));
    assert!(message.contains("at most MAX_PERMITS"), "{message}");
}

pub fn a_permit_that_is_tried_for_overtakes_nobody() {
    let semaphore = Arc::new(Semaphore::new(1));
    let waiting = Task::waiting(semaphore.acquire_many(2));
    let none = TryAcquireError::NoPermits;
    assert_eq!(semaphore.try_acquire().unwrap_err(), none);
    assert_eq!(semaphore.clone().try_acquire_owned().unwrap_err(), none);
    assert!(semaphore.try_acquire_many(0).is_ok());
    drop(waiting);
    assert!(semaphore.clone().try_acquire_many_owned(1).is_ok());
    assert_eq!(
        semaphore.clone().try_acquire_many_owned(2).unwrap_err(),
        none
    );
}

pub fn owned_permits_stand_in_the_same_queue_and_keep_the_semaphore() {
    let semaphore = Arc::new(Semaphore::new(0));
    let first = Task::waiting(semaphore.clone().acquire_owned());
    let second = Task::waiting(semaphore.acquire());
    let third = Task::waiting(semaphore.clone().acquire_many_owned(2));
    semaphore.add_permits(1);
    assert!(first.woken() && !second.woken());
    drop(first);
    assert!(second.woken() && !third.woken());
    drop(second.expect_ready().unwrap());
    semaphore.add_permits(1);
    assert!(third.woken());
    let permits = third.expect_ready().unwrap();
    let weak = Arc::downgrade(&semaphore);
    drop(semaphore);
    assert_eq!(permits.semaphore().available_permits(), 0);
    drop(permits);
    assert!(weak.upgrade().is_none());
}

pub fn a_holder_that_panics_gives_its_permits_back() {
    let semaphore = Arc::new(Semaphore::new(3));
    let waiting = Task::new(semaphore.acquire_many(3));
    panic_of(|| {
        let _one = semaphore.try_acquire().unwrap();
        let _two = semaphore.clone().try_acquire_many_owned(2).unwrap();
        panic!("while it has them");
    });
    assert_eq!(waiting.expect_ready().unwrap().num_permits(), 3);
}

pub async fn permits_go_from_task_to_task_in_the_order_they_came() {
    let semaphore = Arc::new(Semaphore::new(0));
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for number in 0..6 {
        let (semaphore, order) = (semaphore.clone(), order.clone());
        let takes = async move {
            // Big ones and small ones.
            let _permits = semaphore.acquire_many(1 + number % 3).await.unwrap();
            order.lock().unwrap().push(number);
        };
        tasks.push(spawn_waiting(takes).await);
    }
    // Who has had permits hands them on, and two more are needed once in all.
    semaphore.add_permits(1);
    semaphore.add_permits(2);
    join_all(tasks).await;
    let mut order = order.lock().unwrap().clone();
    // Two pairs are small enough to go together.
    order[..2].sort_unstable();
    order[3..5].sort_unstable();
    assert_eq!(order, [0, 1, 2, 3, 4, 5]);
    assert_eq!(semaphore.available_permits(), 3);
}

pub async fn many_tasks_never_hold_more_than_there_are() {
    const PERMITS: usize = 3;
    let semaphore = Arc::new(Semaphore::new(PERMITS));
    let inside = Arc::new(AtomicUsize::new(0));
    let tasks = [0, 1, 2, 3].map(|task| {
        let (semaphore, inside) = (semaphore.clone(), inside.clone());
        spawn(async move {
            for round in 0..300 {
                let n = (task + round) % PERMITS + 1;
                let permit = match round % 5 {
                    0 => semaphore.try_acquire_many(n as u32).ok(),
                    _ => semaphore.acquire_many(n as u32).await.ok(),
                };
                let Some(permit) = permit else { continue };
                assert!(inside.fetch_add(n, Ordering::SeqCst) + n <= PERMITS);
                yield_now().await;
                inside.fetch_sub(n, Ordering::SeqCst);
                drop(permit);
            }
        })
    });
    join_all(tasks).await;
    assert_eq!(semaphore.available_permits(), PERMITS);
}

pub async fn permits_of_aborted_tasks_go_to_those_who_wait() {
    let semaphore = Arc::new(Semaphore::new(2));
    let (first, second) = (semaphore.acquire().await, semaphore.acquire().await);
    // It has one of the two it wants when it is aborted, and is in front of the other.
    let wants_two = spawn_waiting(semaphore.clone().acquire_many_owned(2)).await;
    let wants_one = spawn_waiting(semaphore.clone().acquire_owned()).await;
    drop(first);
    assert_eq!(semaphore.available_permits(), 0);
    abort(wants_two).await;
    drop(wants_one.await.unwrap());
    drop(second);

    let holds = spawn_holding(semaphore.clone().acquire_many_owned(2)).await;
    let wants_two = spawn_waiting(semaphore.clone().acquire_many_owned(2)).await;
    abort(holds).await;
    drop(wants_two.await.unwrap());
    assert_eq!(semaphore.available_permits(), 2);
}

pub async fn a_task_that_panics_gives_its_permits_back() {
    let semaphore = Arc::new(Semaphore::new(2));
    let held = semaphore.acquire().await.unwrap();
    let panics = spawn_waiting({
        let semaphore = semaphore.clone();
        async move {
            let _permits = semaphore.acquire_many(2).await;
            panic_quietly();
        }
    })
    .await;
    let waits = spawn_waiting(semaphore.clone().acquire_many_owned(2)).await;
    drop(held);
    assert!(panics.await.unwrap_err().is_panic());
    drop(waits.await.unwrap().unwrap());
    assert_eq!(semaphore.available_permits(), 2);
}

pub async fn a_close_turns_away_every_task_that_waits() {
    let semaphore = Arc::new(Semaphore::new(1));
    let mut tasks = Vec::new();
    for n in [2, 1, 3] {
        tasks.push(spawn_waiting(semaphore.clone().acquire_many_owned(n)).await);
    }
    semaphore.close();
    for acquired in join_all(tasks).await {
        assert!(acquired.is_err());
    }
    assert_eq!(semaphore.available_permits(), 1);
}
