//! The semaphore as its users see it, with no runtime.

#![cfg(not(loom))]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::Task;
use futures_lite::future::block_on;
use pintle_sync::{Semaphore, TryAcquireError};

#[test]
fn permits_go_to_those_who_wait_in_the_order_they_came() {
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

#[test]
fn who_comes_later_does_not_overtake_a_big_demand() {
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

#[test]
fn one_gift_serves_as_many_as_it_is_enough_for() {
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

#[test]
fn a_waiter_that_gives_up_hands_what_it_has_to_those_behind() {
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

#[test]
fn a_permit_that_was_on_its_way_to_a_dropped_waiter_goes_to_the_next() {
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

#[test]
fn a_waiter_may_leave_from_anywhere_in_the_queue() {
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

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let semaphore = Semaphore::new(0);
    let mut task = Task::waiting(semaphore.acquire());
    let old = task.change_waker();
    assert!(task.poll().is_pending());
    semaphore.add_permits(1);
    assert!(task.woken());
    assert_eq!(old.count(), 0);
}

#[test]
fn close_turns_everybody_away_and_permits_stay_valid() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().unwrap();
    let partly = Task::waiting(semaphore.acquire_many(2));
    let waiting = Task::waiting(semaphore.acquire());
    semaphore.close();
    assert!(semaphore.is_closed());
    assert!(partly.woken() && waiting.woken());
    assert!(partly.expect_ready().is_err());
    assert!(waiting.expect_ready().is_err());
    assert!(block_on(semaphore.acquire()).is_err());
    assert!(block_on(semaphore.acquire_many(0)).is_err());
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

#[test]
fn what_was_put_aside_for_a_waiter_is_back_after_a_close() {
    let semaphore = Semaphore::new(3);
    let waiting = Task::waiting(semaphore.acquire_many(5));
    assert_eq!(semaphore.available_permits(), 0);
    semaphore.close();
    drop(waiting);
    assert_eq!(semaphore.available_permits(), 3);
}

#[test]
fn nothing_is_acquired_at_once() {
    let semaphore = Semaphore::new(0);
    let permit = block_on(semaphore.acquire_many(0)).unwrap();
    assert_eq!(permit.num_permits(), 0);
    semaphore.add_permits(0);
    assert_eq!(semaphore.available_permits(), 0);
}

#[test]
fn permits_are_forgotten_merged_and_split() {
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

#[test]
#[should_panic(expected = "different semaphores")]
fn permits_of_different_semaphores_are_not_merged() {
    let (one, other) = (Semaphore::new(1), Semaphore::new(1));
    let mut permit = one.try_acquire().unwrap();
    permit.merge(other.try_acquire().unwrap());
}

#[test]
#[should_panic(expected = "at most MAX_PERMITS")]
fn a_semaphore_is_not_made_with_too_many_permits() {
    let _ = Semaphore::new(Semaphore::MAX_PERMITS + 1);
}

#[test]
fn too_many_permits_are_refused_and_harm_nothing() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    let add = || semaphore.add_permits(1);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(add)).is_err());
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);

    let semaphore = Semaphore::new(0);
    let waiting = Task::waiting(semaphore.acquire());
    let add = || semaphore.add_permits(usize::MAX);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(add)).is_err());
    semaphore.add_permits(1);
    drop(waiting.expect_ready().unwrap());
}

#[test]
fn a_waker_that_panics_does_not_keep_the_next_from_its_permit() {
    let semaphore = Semaphore::new(0);
    let mut first = Task::new(semaphore.acquire());
    assert!(first.poll_with(&common::exploding_waker()).is_pending());
    let second = Task::waiting(semaphore.acquire());
    semaphore.add_permits(2);
    assert!(second.woken());
}

#[test]
fn many_threads_never_hold_more_than_there_are() {
    const PERMITS: usize = 3;
    let semaphore = Arc::new(Semaphore::new(PERMITS));
    let inside = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let (semaphore, inside) = (semaphore.clone(), inside.clone());
            thread::spawn(move || {
                for round in 0..500 {
                    let n = (n + round) % PERMITS + 1;
                    let permit = block_on(semaphore.acquire_many(n as u32)).unwrap();
                    let before = inside.fetch_add(n, Ordering::SeqCst);
                    assert!(before + n <= PERMITS);
                    thread::yield_now();
                    inside.fetch_sub(n, Ordering::SeqCst);
                    drop(permit);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(semaphore.available_permits(), PERMITS);
}
