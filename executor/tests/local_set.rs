//! `LocalSet`: the programs that use it run.

#![cfg(feature = "macros")]
#![deny(unused, unsafe_code)]

mod support;

use pintle::task::{self, JoinSet, LocalSet};
use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use support::{Drops, Mode, assert_panics_with, every_mode, until};

#[test]
fn run_until_runs_a_future_and_what_it_spawns() {
    every_mode(|mode| {
        let set = LocalSet::new();
        let shared = Rc::new(6);
        let output = mode.runtime().block_on(set.run_until(async {
            let theirs = shared.clone();
            task::spawn_local(async move { *theirs * 7 }).await.unwrap()
        }));
        assert_eq!(output, 42);
    });
}

#[test]
fn block_on_is_the_runtimes() {
    every_mode(|mode| {
        let set = LocalSet::new();
        let output = set.block_on(&mode.runtime(), async {
            set.spawn_local(async { Rc::new(7) }).await.unwrap()
        });
        assert_eq!(*output, 7);
    });
}

#[test]
fn awaiting_it_waits_for_all_its_tasks() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let set = Rc::new(LocalSet::new());
            let done = Rc::new(Cell::new(0));
            for turns in [0, 5, 1] {
                let done = done.clone();
                set.spawn_local(async move {
                    for _ in 0..turns {
                        task::yield_now().await;
                    }
                    done.set(done.get() + 1);
                });
            }
            let panics = set.spawn_local(async { panic!("one of them panics") });
            let aborted = set.spawn_local(pending::<()>());
            aborted.abort();
            Rc::into_inner(set).unwrap().await;
            assert_eq!(done.get(), 3);
            assert!(panics.await.unwrap_err().is_panic());
            assert!(aborted.await.unwrap_err().is_cancelled());
            LocalSet::new().await;
        });
    });
}

#[test]
fn awaiting_it_by_reference_can_be_given_up() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut set = LocalSet::new();
            let task = set.spawn_local(pending::<()>());
            for _ in 0..3 {
                pintle::select! {
                    () = &mut set => unreachable!(),
                    () = task::yield_now() => {}
                }
            }
            task.abort();
            set.await;
        });
    });
}

#[test]
fn dropping_it_aborts_its_tasks() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let drops = Drops::new();
            let set = LocalSet::new();
            for _ in 0..3 {
                let counter = drops.counter();
                set.spawn_local(async move {
                    let _counter = counter;
                    pending::<()>().await;
                });
            }
            task::yield_now().await;
            drop(set);
            until(|| drops.count() == 3).await;
        });
    });
}

#[test]
fn a_join_set_spawns_on_it() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let set = LocalSet::new();
            let mut join_set = JoinSet::new();
            join_set.spawn_local_on(async { Rc::new(5) }, &set);
            set.await;
            assert_eq!(*join_set.try_join_next().unwrap().unwrap(), 5);
        });
    });
}

#[test]
fn it_works_inside_a_task_of_each_worker() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            for task in pintle::spawn_on_each(|_| async {
                let set = LocalSet::new();
                let shared = Rc::new(Cell::new(0));
                let theirs = shared.clone();
                set.spawn_local(async move { theirs.set(1) });
                set.await;
                shared.get()
            }) {
                assert_eq!(task.await.unwrap(), 1);
            }
        });
    });
}

#[test]
fn away_from_a_worker_the_panic_says_what_to_do() {
    let set = LocalSet::new();
    assert_panics_with(&["`spawn_local`", "`block_on`"], || {
        set.spawn_local(async {})
    });
    // And leaves nothing on the list.
    Mode::CurrentThread.runtime().block_on(set);
}
