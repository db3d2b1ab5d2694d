//! The barrier as its users see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pintle_sync::Barrier;

use super::hand::{Task, exploding_waker};
use super::{abort, join_all, now, panic_quietly, spawn_waiting};
use crate::place::spawn;

cases! {
    polls {
        all_wait_for_the_last_who_leads,
        nobody_waits_for_nobody,
        who_gives_up_has_not_come,
        a_future_that_is_never_polled_has_not_come,
        who_comes_after_a_round_is_of_the_next,
        who_gives_up_in_the_middle_keeps_the_count_right,
        a_waker_that_panics_does_not_keep_the_others,
    }
    tasks {
        many_tasks_go_round_together,
        an_aborted_task_has_not_come_and_the_others_go_on,
        a_task_that_panics_behind_the_barrier_keeps_nobody,
    }
}

pub fn all_wait_for_the_last_who_leads() {
    let barrier = Barrier::new(3);
    for _ in 0..3 {
        let one = Task::waiting(barrier.wait());
        let other = Task::waiting(barrier.wait());
        assert!(Task::new(barrier.wait()).expect_ready().is_leader());
        assert!(one.woken() && other.woken());
        assert!(!one.expect_ready().is_leader());
        assert!(!other.expect_ready().is_leader());
    }
}

pub fn nobody_waits_for_nobody() {
    for n in [0, 1] {
        let barrier = Barrier::new(n);
        assert!(now(barrier.wait()).is_leader());
        assert!(now(barrier.wait()).is_leader());
    }
}

pub fn who_gives_up_has_not_come() {
    let barrier = Barrier::new(2);
    drop(Task::waiting(barrier.wait()));
    let one = Task::waiting(barrier.wait());
    assert!(!one.woken());
    assert!(Task::new(barrier.wait()).expect_ready().is_leader());
    // Dropped after its round was complete: of the next it is not a part.
    drop(one);
    drop(Task::waiting(barrier.wait()));
    let one = Task::waiting(barrier.wait());
    assert!(now(barrier.wait()).is_leader());
    one.expect_ready();
}

pub fn a_future_that_is_never_polled_has_not_come() {
    let barrier = Barrier::new(2);
    drop(barrier.wait());
    drop(Task::waiting(barrier.wait()));
}

pub fn who_comes_after_a_round_is_of_the_next() {
    let barrier = Barrier::new(2);
    let first = Task::waiting(barrier.wait());
    assert!(now(barrier.wait()).is_leader());
    // The first has not looked yet that its round is over.
    let next = Task::waiting(barrier.wait());
    assert!(!first.expect_ready().is_leader());
    assert!(!next.woken());
    assert!(now(barrier.wait()).is_leader());
    assert!(next.woken());
    assert!(!next.expect_ready().is_leader());
}

pub fn who_gives_up_in_the_middle_keeps_the_count_right() {
    let barrier = Barrier::new(4);
    let mut tasks: Vec<_> = (0..3).map(|_| Task::waiting(barrier.wait())).collect();
    drop(tasks.remove(1));
    tasks.push(Task::waiting(barrier.wait()));
    assert!(tasks.iter().all(|task| !task.woken()));
    assert!(now(barrier.wait()).is_leader());
    for task in tasks {
        assert!(!task.expect_ready().is_leader());
    }
}

pub fn a_waker_that_panics_does_not_keep_the_others() {
    let barrier = Barrier::new(3);
    let mut first = Task::new(barrier.wait());
    assert!(first.poll_with(&exploding_waker()).is_pending());
    let second = Task::waiting(barrier.wait());
    assert!(now(barrier.wait()).is_leader());
    assert!(!first.expect_ready().is_leader());
    assert!(!second.expect_ready().is_leader());
}

pub async fn many_tasks_go_round_together() {
    const TASKS: usize = 4;
    const ROUNDS: usize = 100;
    let barrier = Arc::new(Barrier::new(TASKS));
    let arrived = Arc::new(AtomicUsize::new(0));
    let tasks = [(); TASKS].map(|()| {
        let (barrier, arrived) = (barrier.clone(), arrived.clone());
        spawn(async move {
            let mut led = Vec::new();
            for round in 1..=ROUNDS {
                arrived.fetch_add(1, Ordering::SeqCst);
                if barrier.wait().await.is_leader() {
                    led.push(round);
                }
                let seen = arrived.load(Ordering::SeqCst);
                assert!(seen >= round * TASKS && seen < (round + 1) * TASKS);
            }
            led
        })
    });
    let mut led = join_all(tasks).await.concat();
    led.sort_unstable();
    assert!(led.into_iter().eq(1..=ROUNDS), "each round has one leader");
}

pub async fn an_aborted_task_has_not_come_and_the_others_go_on() {
    let barrier = Arc::new(Barrier::new(3));
    let waits = || {
        let barrier = barrier.clone();
        spawn_waiting(async move { barrier.wait().await.is_leader() })
    };
    for _ in 0..10 {
        let (aborted, first) = (waits().await, waits().await);
        abort(aborted).await;
        let second = waits().await;
        assert!(!first.is_finished() && !second.is_finished());
        assert!(barrier.wait().await.is_leader());
        assert_eq!(join_all([first, second]).await, [false, false]);
    }
}

pub async fn a_task_that_panics_behind_the_barrier_keeps_nobody() {
    let barrier = Arc::new(Barrier::new(2));
    let panics = spawn_waiting({
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
            panic_quietly();
        }
    })
    .await;
    assert!(barrier.wait().await.is_leader());
    assert!(panics.await.unwrap_err().is_panic());
    let waits = spawn_waiting({
        let barrier = barrier.clone();
        async move { barrier.wait().await.is_leader() }
    })
    .await;
    assert!(barrier.wait().await.is_leader());
    assert!(!waits.await.unwrap());
}
