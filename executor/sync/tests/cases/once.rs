//! What is set once, as its users see it.

use std::cell::Cell;
use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pintle_sync::{Notify, OnceCell, SetError, SetOnce, SetOnceError};

use super::hand::Task;
use super::{abort, join_all, now, panic_of, panic_quietly, spawn_waiting, until};
use crate::place::{spawn, yield_now};

cases! {
    polls {
        one_runs_and_the_others_wait_for_it,
        whoever_is_next_tries_after_one_that_fails_panics_or_is_dropped,
        a_cell_gives_its_value_back_and_begins_anew,
        what_is_in_a_cell_is_dropped_once,
        all_who_wait_see_what_is_set_once,
        an_initialiser_that_makes_an_error_gives_its_turn_to_the_next_in_order,
        who_waits_for_a_value_and_gives_up_disturbs_nobody,
        a_cell_that_is_set_while_others_wait_is_theirs_too,
        errors_say_what_is_wrong,
    }
    tasks {
        many_tasks_agree_on_one_value,
        one_task_runs_and_the_others_get_what_it_made,
        the_next_task_runs_when_the_first_panics_fails_or_is_aborted,
        all_tasks_that_wait_see_what_is_set_once,
    }
}

pub fn one_runs_and_the_others_wait_for_it() {
    let cell = OnceCell::new();
    let gate = Notify::new();
    let mut first = Task::waiting(cell.get_or_init(async || {
        gate.notified().await;
        1
    }));
    let second = Task::waiting(cell.get_or_init(|| ready(2)));
    assert_eq!(cell.set(3), Err(SetError::InitializingError(3)));
    assert!(!cell.initialized() && cell.get().is_none());
    gate.notify_one();
    assert!(first.woken() && !second.woken());
    assert!(first.poll().is_ready());
    assert!(second.woken());
    assert_eq!(*second.expect_ready(), 1);
    assert_eq!(cell.set(3), Err(SetError::AlreadyInitializedError(3)));
    assert_eq!(*now(cell.get_or_init(pending)), 1);
}

pub fn whoever_is_next_tries_after_one_that_fails_panics_or_is_dropped() {
    let cell = OnceCell::new();
    let gate = Notify::new();
    let fails = Task::waiting(cell.get_or_try_init(async || {
        gate.notified().await;
        Err("no")
    }));
    let mut panics = Task::waiting(cell.get_or_init(|| async { panic!("no") }));
    let dropped = Task::waiting(cell.get_or_init(pending));
    let last = Task::waiting(cell.get_or_init(|| ready(4)));
    gate.notify_one();
    assert_eq!(fails.expect_ready(), Err("no"));
    assert!(panics.woken());
    panic_of(|| panics.poll().is_ready());
    assert!(dropped.woken());
    let mut dropped = dropped;
    assert!(dropped.poll().is_pending());
    assert!(!last.woken());
    drop(dropped);
    assert!(last.woken());
    assert_eq!(*last.expect_ready(), 4);
}

pub fn a_cell_gives_its_value_back_and_begins_anew() {
    let mut cell = OnceCell::from(1);
    assert_eq!(cell.clone(), cell);
    *cell.get_mut().unwrap() += 1;
    assert_eq!(cell.set(5), Err(SetError::AlreadyInitializedError(5)));
    assert_eq!(format!("{cell:?}"), "OnceCell { value: Some(2) }");
    assert_eq!(cell.take(), Some(2));
    assert_eq!(cell.take(), None);
    cell.set(3).unwrap();
    assert_eq!(cell.into_inner(), Some(3));
}

pub fn what_is_in_a_cell_is_dropped_once() {
    struct Count<'a>(&'a Cell<u32>);
    impl Drop for Count<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let drops = Cell::new(0);
    let cell = OnceCell::new();
    cell.set(Count(&drops)).ok().unwrap();
    drop(cell.set(Count(&drops)));
    assert_eq!(drops.get(), 1);
    drop(cell);
    assert_eq!(drops.get(), 2);
    drop(SetOnce::from(Count(&drops)).into_inner());
    assert_eq!(drops.get(), 3);
}

pub fn all_who_wait_see_what_is_set_once() {
    let once = SetOnce::new();
    let mut one = Task::waiting(once.wait());
    let unpolled = Task::new(once.wait());
    assert_eq!(once.get(), None);
    once.set(1).unwrap();
    assert_eq!(once.set(2), Err(SetOnceError(2)));
    assert!(one.woken());
    assert!(one.poll().is_ready());
    assert_eq!(*unpolled.expect_ready(), 1);
    assert_eq!(*now(once.wait()), 1);
    assert!(once.initialized());
    drop(one);
    assert_eq!(once.into_inner(), Some(1));
    assert_eq!(now(SetOnce::new_with(Some(3)).wait()), &3);
}

pub fn an_initialiser_that_makes_an_error_gives_its_turn_to_the_next_in_order() {
    let cell = OnceCell::new();
    let gate = Notify::new();
    let first = Task::waiting(cell.get_or_try_init(async || {
        gate.notified().await;
        Err::<i32, _>("no")
    }));
    let second = Task::waiting(cell.get_or_try_init(|| ready(Ok::<_, &str>(2))));
    let third = Task::waiting(cell.get_or_init(|| ready(3)));
    gate.notify_one();
    assert_eq!(first.expect_ready(), Err("no"));
    assert!(second.woken() && !third.woken());
    assert_eq!(second.expect_ready(), Ok(&2));
    assert!(third.woken());
    assert_eq!(*third.expect_ready(), 2);
}

pub fn who_waits_for_a_value_and_gives_up_disturbs_nobody() {
    let cell = OnceCell::new();
    let gate = Notify::new();
    let mut first = Task::waiting(cell.get_or_init(async || {
        gate.notified().await;
        1
    }));
    let second = Task::waiting(cell.get_or_init(|| ready(2)));
    let third = Task::waiting(cell.get_or_init(|| ready(3)));
    drop(second);
    assert!(!third.woken());
    gate.notify_one();
    assert!(first.poll().is_ready());
    assert_eq!(*third.expect_ready(), 1);

    let once = SetOnce::new();
    let (leaves, stays) = (Task::waiting(once.wait()), Task::waiting(once.wait()));
    drop(leaves);
    once.set(1).unwrap();
    assert!(stays.woken());
    assert_eq!(*stays.expect_ready(), 1);
}

pub fn a_cell_that_is_set_while_others_wait_is_theirs_too() {
    let cell = OnceCell::new();
    let first = Task::waiting(cell.get_or_init(pending));
    let second = Task::waiting(cell.get_or_init(|| ready(2)));
    drop(first);
    // The turn is the second one's, who has not taken it.
    assert!(second.woken());
    assert_eq!(cell.set(3), Err(SetError::InitializingError(3)));
    drop(second);
    cell.set(3).unwrap();
    assert_eq!(*now(cell.get_or_init(pending)), 3);
}

pub fn errors_say_what_is_wrong() {
    let cell = OnceCell::from(1);
    let already = cell.set(2).unwrap_err();
    assert!(already.is_already_init_err() && !already.is_initializing_err());
    assert_eq!(already.to_string(), "the cell is already set");
    let empty = OnceCell::new();
    let runs = Task::waiting(empty.get_or_init(pending));
    let busy = empty.set(2).unwrap_err();
    assert!(busy.is_initializing_err() && !busy.is_already_init_err());
    assert_eq!(busy.to_string(), "the cell is being set by another");
    drop(runs);
    let once = SetOnce::from(1);
    assert_eq!(once.set(2).unwrap_err().to_string(), "it is already set");
}

pub async fn many_tasks_agree_on_one_value() {
    for round in 0..20 {
        let cell = Arc::new(OnceCell::new());
        let once = Arc::new(SetOnce::new());
        let tasks = [0, 1, 2, 3].map(|task| {
            let (cell, once) = (cell.clone(), once.clone());
            spawn(async move {
                if (task + round) % 2 == 0 {
                    let _ = cell.set(task);
                }
                let init = async || {
                    yield_now().await;
                    task
                };
                let value = *cell.get_or_init(init).await;
                let _ = once.set(task);
                (value, *once.wait().await)
            })
        });
        let seen = join_all(tasks).await;
        assert!(seen.iter().all(|pair| *pair == seen[0]));
        assert_eq!(
            (cell.get().copied(), once.get().copied()),
            (Some(seen[0].0), Some(seen[0].1))
        );
    }
}

pub async fn one_task_runs_and_the_others_get_what_it_made() {
    let cell = Arc::new(OnceCell::new());
    let (gate, runs) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let mut tasks = Vec::new();
    for task in 0..4 {
        let (cell, gate, runs) = (cell.clone(), gate.clone(), runs.clone());
        let asks = async move {
            let init = async || {
                runs.fetch_add(1, Ordering::SeqCst);
                gate.notified().await;
                task
            };
            *cell.get_or_init(init).await
        };
        tasks.push(spawn_waiting(asks).await);
    }
    gate.notify_one();
    assert_eq!(join_all(tasks).await, [0; 4]);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

pub async fn the_next_task_runs_when_the_first_panics_fails_or_is_aborted() {
    let (cell, gate) = (Arc::new(OnceCell::new()), Arc::new(Notify::new()));
    let panics = spawn_waiting({
        let (cell, gate) = (cell.clone(), gate.clone());
        async move {
            let init = async || {
                gate.notified().await;
                panic_quietly()
            };
            *cell.get_or_init(init).await
        }
    })
    .await;
    let fails = spawn_waiting({
        let cell = cell.clone();
        async move {
            let init = async || {
                yield_now().await;
                Err("no")
            };
            cell.get_or_try_init(init).await.copied()
        }
    })
    .await;
    let runs = Arc::new(AtomicUsize::new(0));
    let aborted = spawn_waiting({
        let (cell, runs) = (cell.clone(), runs.clone());
        async move {
            let init = async || {
                runs.fetch_add(1, Ordering::SeqCst);
                pending().await
            };
            *cell.get_or_init(init).await
        }
    })
    .await;
    let last = spawn_waiting({
        let cell = cell.clone();
        async move { *cell.get_or_init(|| ready(4)).await }
    })
    .await;
    gate.notify_one();
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(fails.await.unwrap(), Err("no"));
    until(|| runs.load(Ordering::SeqCst) == 1).await;
    assert!(!last.is_finished() && !cell.initialized());
    abort(aborted).await;
    assert_eq!(last.await.unwrap(), 4);
}

pub async fn all_tasks_that_wait_see_what_is_set_once() {
    let once = Arc::new(SetOnce::new());
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let once = once.clone();
        tasks.push(spawn_waiting(async move { *once.wait().await }).await);
    }
    abort(tasks.pop().unwrap()).await;
    let sets = [1, 2].map(|value| {
        let once = once.clone();
        spawn(async move { once.set(value).is_ok() })
    });
    let seen = join_all(tasks).await;
    let won = join_all(sets).await;
    assert_eq!(won, [seen[0] == 1, seen[0] == 2]);
    assert_eq!(seen, [seen[0]; 3]);
}
