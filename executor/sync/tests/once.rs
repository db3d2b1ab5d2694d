//! What is set once, as its users see it, with no runtime.

#![cfg(not(loom))]

mod common;

use std::cell::Cell;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use common::Task;
use futures_lite::future::block_on;
use pintle_sync::{Notify, OnceCell, SetError, SetOnce, SetOnceError};

#[test]
fn one_runs_and_the_others_wait_for_it() {
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
    assert_eq!(*block_on(cell.get_or_init(pending)), 1);
}

#[test]
fn whoever_is_next_tries_after_one_that_fails_panics_or_is_dropped() {
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
    assert!(catch_unwind(AssertUnwindSafe(|| panics.poll().is_ready())).is_err());
    assert!(dropped.woken());
    let mut dropped = dropped;
    assert!(dropped.poll().is_pending());
    assert!(!last.woken());
    drop(dropped);
    assert!(last.woken());
    assert_eq!(*last.expect_ready(), 4);
}

#[test]
fn a_cell_gives_its_value_back_and_begins_anew() {
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

#[test]
fn what_is_in_a_cell_is_dropped_once() {
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

#[test]
fn all_who_wait_see_what_is_set_once() {
    let once = SetOnce::new();
    let mut one = Task::waiting(once.wait());
    let unpolled = Task::new(once.wait());
    assert_eq!(once.get(), None);
    once.set(1).unwrap();
    assert_eq!(once.set(2), Err(SetOnceError(2)));
    assert!(one.woken());
    assert!(one.poll().is_ready());
    assert_eq!(*unpolled.expect_ready(), 1);
    assert_eq!(*block_on(once.wait()), 1);
    assert!(once.initialized());
    drop(one);
    assert_eq!(once.into_inner(), Some(1));
    assert_eq!(block_on(SetOnce::new_with(Some(3)).wait()), &3);
}

#[test]
fn many_threads_agree() {
    for round in 0..50 {
        let cell = Arc::new(OnceCell::new());
        let once = Arc::new(SetOnce::new());
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let (cell, once) = (cell.clone(), once.clone());
                thread::spawn(move || {
                    let value = match (n + round) % 2 {
                        0 => *block_on(cell.get_or_init(|| ready(n))),
                        _ => {
                            let _ = cell.set(n);
                            *block_on(cell.get_or_init(|| ready(n)))
                        }
                    };
                    let _ = once.set(n);
                    (value, *block_on(once.wait()))
                })
            })
            .collect();
        let seen: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert!(seen.iter().all(|pair| *pair == seen[0]));
    }
}
