//! `LocalSet`: its tasks live as long as it does, at home and nowhere else, whoever spawns them. Who drives them is in
//! `local_set_driven.rs`.

#![deny(unused, unsafe_code)]

mod support;

use pintle::task::{self, JoinSet, LocalSet};
use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread;
use support::{Drops, Event, Mode, OnDrop, assert_panics_with, every_mode, guarded, until};

#[test]
fn awaiting_it_waits_for_all_its_tasks() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let set = Rc::new(LocalSet::new());
            let done = Rc::new(Cell::new(0));
            // The last one needs more turns than a driver gives in a poll.
            for turns in [0, 5, 1, 1000] {
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
            assert_eq!(done.get(), 4);
            assert!(panics.await.unwrap_err().is_panic());
            assert!(aborted.await.unwrap_err().is_cancelled());
            LocalSet::new().await;
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
fn tasks_may_be_spawned_before_there_is_a_runtime() {
    every_mode(|mode| {
        let set = LocalSet::new();
        let shared = Rc::new(Cell::new(0));
        let theirs = shared.clone();
        let task = set.spawn_local(async move {
            task::yield_now().await;
            theirs.set(theirs.get() + 1);
        });
        let mut join_set = JoinSet::new();
        join_set.spawn_local_on(async { Rc::new(5) }, &set);
        let named = join_set.build_task().name("greeter");
        named.spawn_local_on(async { panic!("oh") }, &set);
        assert_eq!(shared.get(), 0, "nobody drives it");

        mode.runtime().block_on(set);
        assert_eq!(shared.get(), 1);
        assert!(task.is_finished());
        assert_eq!(*join_set.try_join_next().unwrap().unwrap(), 5);
        let error = join_set.try_join_next().unwrap().unwrap_err();
        assert!(error.to_string().contains("greeter"), "{error}");
    });
}

#[test]
fn what_its_tasks_spawn_is_waited_for() {
    every_mode(|mode| {
        let done = Rc::new(Cell::new(0));
        let set = LocalSet::new();
        let (one, two) = (done.clone(), done.clone());
        set.spawn_local(async move {
            task::spawn_local(async move {
                task::yield_now().await;
                task::spawn_local(async move {
                    task::yield_now().await;
                    one.set(one.get() + 1);
                });
            });
        });
        let runtime = mode.runtime();
        // A future that is run in the set spawns on it, too.
        set.block_on(&runtime, async {
            task::spawn_local(async move {
                task::yield_now().await;
                two.set(two.get() + 1);
            });
        });
        runtime.block_on(set);
        assert_eq!(done.get(), 2);
    });
}

#[test]
fn what_its_tasks_spawn_is_dropped_with_it() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let drops = Drops::new();
            let set = LocalSet::new();
            let (inner, outer) = (drops.counter(), drops.counter());
            let spawned = Rc::new(Cell::new(None));
            let theirs = spawned.clone();
            set.spawn_local(async move {
                let _outer = outer;
                theirs.set(Some(task::spawn_local(async move {
                    let _inner = inner;
                    pending::<()>().await;
                })));
                pending::<()>().await;
            });
            for _ in 0..3 {
                set.run_until(task::yield_now()).await;
            }
            let spawned = spawned.take().expect("the task has run");
            assert_eq!(drops.count(), 0);
            drop(set);
            assert_eq!(drops.count(), 2);
            assert!(spawned.await.unwrap_err().is_cancelled());
        });
    });
}

#[test]
fn its_tasks_are_dropped_at_home_whoever_wakes_or_aborts_them_meanwhile() {
    guarded("drops", || {
        let home = thread::current().id();
        for _ in 0..200 {
            let set = LocalSet::new();
            let events: Vec<_> = (0..4).map(|_| Event::new()).collect();
            let drops = Arc::new(Mutex::new(Vec::new()));
            let tasks: Vec<_> = events
                .iter()
                .map(|event| {
                    let (event, drops) = (event.clone(), drops.clone());
                    let on_drop = OnDrop::new(move || {
                        drops.lock().unwrap().push(thread::current().id());
                    });
                    let not_send = Rc::new(on_drop);
                    set.spawn_local(async move {
                        let _not_send = not_send;
                        event.wait().await;
                        pending::<()>().await;
                    })
                })
                .collect();
            futures_lite::future::block_on(set.run_until(task::yield_now()));
            let aborts: Vec<_> = tasks.iter().map(|task| task.abort_handle()).collect();
            let others = thread::spawn(move || {
                for (event, task) in events.iter().zip(aborts) {
                    event.set();
                    task.abort();
                }
            });
            drop(set);
            assert_eq!(*drops.lock().unwrap(), [home; 4]);
            others.join().unwrap();
        }
    });
}

#[test]
fn what_is_spawned_while_it_is_dropped_is_cancelled() {
    every_mode(|mode| {
        let set = LocalSet::new();
        let spawned = Rc::new(Cell::new(None));
        let theirs = spawned.clone();
        let on_drop = OnDrop::new(move || theirs.set(Some(task::spawn_local(pending::<()>()))));
        set.spawn_local(async move {
            let _on_drop = on_drop;
            pending::<()>().await;
        });
        set.block_on(&mode.runtime(), task::yield_now());
        drop(set);
        let spawned = spawned.take().expect("the future was dropped");
        let error = futures_lite::future::block_on(spawned).unwrap_err();
        assert!(error.is_cancelled());
    });
}

#[test]
fn of_several_guards_the_last_one_counts_in_whatever_order_they_go() {
    let (one, two) = (LocalSet::new(), LocalSet::new());
    let spawn = || task::spawn_local(async {});
    let (first, second) = (one.enter(), two.enter());
    let on_two = spawn();
    drop(first);
    let also_on_two = spawn();
    drop(second);
    assert_panics_with(&["`spawn_local`"], spawn);
    futures_lite::future::block_on(two);
    assert!(on_two.is_finished() && also_on_two.is_finished());

    // One that outlives its set.
    let guard = one.enter();
    drop(one);
    let late = spawn();
    drop(guard);
    let error = futures_lite::future::block_on(late).unwrap_err();
    assert!(error.is_cancelled());
}

#[test]
fn a_block_on_inside_one_of_its_tasks_has_its_own_tasks() {
    let runtime = Mode::MultiThread.runtime();
    let handle = runtime.handle().clone();
    guarded("inside", || {
        let set = LocalSet::new();
        let task = set.spawn_local(async move {
            // On the set it would wait for the set, which waits for this.
            task::block_in_place(|| {
                handle.block_on(async { task::spawn_local(async { Rc::new(7) }).await.unwrap() })
            })
        });
        assert_eq!(*set.block_on(&runtime, task).unwrap(), 7);
    });
}

#[test]
fn its_tasks_know_who_they_are_and_have_a_budget_each() {
    every_mode(|mode| {
        let set = LocalSet::new();
        let spends = || async {
            let mut units = 0;
            while task::coop::has_budget_remaining() {
                task::consume_budget().await;
                units += 1;
            }
            (task::id(), units)
        };
        let (one, two) = (set.spawn_local(spends()), set.spawn_local(spends()));
        let ids = [one.id(), two.id()];
        let (one, two) = set.block_on(&mode.runtime(), async {
            (one.await.unwrap(), two.await.unwrap())
        });
        assert_eq!([one.0, two.0], ids);
        assert_eq!(one.1, two.1);
    });
}

#[test]
fn one_in_the_other_each_has_what_was_spawned_in_it() {
    every_mode(|mode| {
        let outer = LocalSet::new();
        let seen = Rc::new(Cell::new(0));
        let theirs = seen.clone();
        outer.spawn_local(async move {
            let inner = LocalSet::new();
            let event = Event::new();
            let wait = event.clone();
            // On the inner one, which drops it.
            let late = {
                let _inside = inner.enter();
                task::spawn_local(async move { wait.wait().await })
            };
            inner.run_until(task::yield_now()).await;
            // On the outer one.
            task::spawn_local(async move {
                task::yield_now().await;
                theirs.set(1);
            });
            drop(inner);
            event.set();
            assert!(late.await.unwrap_err().is_cancelled());
        });
        mode.runtime().block_on(outer);
        assert_eq!(seen.get(), 1);
    });
}

#[test]
fn a_set_may_be_one_of_the_threads_locals() {
    thread_local! {
        static SET: LocalSet = LocalSet::new();
    }
    let drops = Drops::new();
    let counter = drops.counter();
    let aborted = thread::spawn(move || {
        SET.with(|set| {
            let task = set.spawn_local(async move {
                let _counter = counter;
                pending::<()>().await;
            });
            futures_lite::future::block_on(set.run_until(task::yield_now()));
            task.abort_handle()
        })
    })
    .join()
    .unwrap();
    assert_eq!(drops.count(), 1);
    assert!(aborted.is_finished());
}

#[test]
fn a_set_that_shares_its_end_with_the_runtime_ends() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let drops = Drops::new();
        let counter = drops.counter();
        runtime.handle().spawn_on(0, move || async move {
            let set = LocalSet::new();
            set.spawn_local(async move {
                let _counter = counter;
                pending::<()>().await;
            });
            set.await;
        });
        runtime.block_on(task::yield_now());
        drop(runtime);
        assert_eq!(drops.count(), 1);
    });
}

#[test]
fn outside_of_a_set_and_of_a_runtime_the_panic_says_what_to_do() {
    assert_panics_with(&["`spawn_local`", "`block_on`", "`LocalSet`"], || {
        task::spawn_local(async {})
    });
}
