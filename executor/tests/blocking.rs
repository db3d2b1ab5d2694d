//! `spawn_blocking` and `block_in_place`.

mod support;

use pintle::runtime::Handle;
use pintle::task;
use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use support::{
    Drops, Event, Mode, assert_panics_with, every_mode, in_mode, join_all, message_of, wait_until,
};

#[test]
fn a_closure_runs_on_another_thread_and_gives_its_output() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let here = thread::current().id();
        let (output, there) = runtime.block_on(async {
            task::spawn_blocking(|| (6 * 7, thread::current().id()))
                .await
                .unwrap()
        });
        assert_eq!(output, 42);
        assert_ne!(here, there);
        let from_a_task = runtime.spawn(async { task::spawn_blocking(|| 5).await.unwrap() });
        assert_eq!(runtime.block_on(from_a_task).unwrap(), 5);
    });
}

#[test]
fn a_closure_that_panics_gives_an_error_and_leaves_the_pool_in_order() {
    every_mode(|mode| {
        let runtime = mode.builder().max_blocking_threads(1).build().unwrap();
        for _ in 0..3 {
            let job = runtime.spawn_blocking(|| panic!("in a job"));
            let error = runtime.block_on(job).unwrap_err();
            assert_eq!(message_of(error.into_panic()), "in a job");
        }
        let job = runtime.spawn_blocking(|| 1);
        assert_eq!(runtime.block_on(job).unwrap(), 1);
    });
}

#[test]
fn a_closure_that_waits_in_line_can_be_aborted_and_one_that_runs_cannot() {
    every_mode(|mode| {
        let runtime = mode.builder().max_blocking_threads(1).build().unwrap();
        let (started, over, drops) = (Event::new(), Event::new(), Drops::new());
        let running = runtime.spawn_blocking({
            let (started, over) = (started.clone(), over.clone());
            move || {
                started.set();
                over.wait_blocking();
                "ran"
            }
        });
        started.wait_blocking();
        let counter = drops.counter();
        let queued = runtime.spawn_blocking(move || drop(counter));
        queued.abort();
        running.abort();
        over.set();
        assert_eq!(runtime.block_on(running).unwrap(), "ran");
        assert!(runtime.block_on(queued).unwrap_err().is_cancelled());
        assert_eq!(drops.count(), 1);
    });
}

#[test]
fn the_pool_has_as_many_threads_as_it_may_have_and_no_more() {
    every_mode(|mode| {
        let runtime = mode.builder().max_blocking_threads(3).build().unwrap();
        let metrics = runtime.metrics();
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // Three at a time, or they would wait for ever.
        let meet = Arc::new(Barrier::new(3));
        let jobs: Vec<_> = (0..12)
            .map(|_| {
                let (running, most, meet) = (running.clone(), most.clone(), meet.clone());
                runtime.spawn_blocking(move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    meet.wait();
                    running.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        assert!(metrics.num_blocking_threads() <= 3);
        runtime.block_on(join_all(jobs));
        assert_eq!(most.load(Ordering::SeqCst), 3);
        assert_eq!(metrics.num_blocking_threads(), 3);
        assert_eq!(metrics.blocking_queue_depth(), 0);
    });
}

#[test]
fn closures_that_wait_in_line_are_counted() {
    every_mode(|mode| {
        let runtime = mode.builder().max_blocking_threads(1).build().unwrap();
        let (started, over) = (Event::new(), Event::new());
        let (there, wait) = (started.clone(), over.clone());
        let first = runtime.spawn_blocking(move || {
            there.set();
            wait.wait_blocking();
        });
        started.wait_blocking();
        let others: Vec<_> = (0..5).map(|_| runtime.spawn_blocking(|| ())).collect();
        assert_eq!(runtime.metrics().blocking_queue_depth(), 5);
        over.set();
        runtime.block_on(join_all(others));
        runtime.block_on(first).unwrap();
    });
}

#[test]
fn an_idle_thread_of_the_pool_is_used_again() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let thread = || {
            let id = runtime
                .block_on(runtime.spawn_blocking(|| thread::current().id()))
                .unwrap();
            wait_until(|| runtime.metrics().num_idle_blocking_threads() == 1);
            id
        };
        let first = thread();
        for _ in 0..10 {
            assert_eq!(thread(), first);
        }
    });
}

#[test]
fn an_idle_thread_of_the_pool_ends_after_its_keep_alive() {
    every_mode(|mode| {
        let runtime = mode
            .builder()
            .thread_keep_alive(Duration::from_millis(1))
            .build()
            .unwrap();
        runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
        wait_until(|| runtime.metrics().num_blocking_threads() == 0);
        assert_eq!(runtime.block_on(runtime.spawn_blocking(|| 2)).unwrap(), 2);
    });
}

#[test]
fn a_thread_of_the_pool_is_in_the_runtime_and_may_block_on_it() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let output = runtime.block_on(async {
            let job = task::spawn_blocking(move || {
                let task = pintle::spawn(async {
                    pintle::time::sleep(Duration::from_millis(1)).await;
                    3
                });
                Handle::current().block_on(async {
                    pintle::time::sleep(Duration::from_millis(1)).await;
                    // Not `Send`, and needs none.
                    let local = Rc::new(Cell::new(4));
                    let sees = local.clone();
                    if mode.has_threads() {
                        task::spawn_local(async move { sees.set(5) }).await.unwrap();
                    }
                    task.await.unwrap() + local.get()
                })
            });
            job.await.unwrap()
        });
        assert_eq!(output, if mode.has_threads() { 8 } else { 7 });
    });
}

#[test]
fn a_job_knows_neither_the_id_nor_the_worker_of_who_spawned_it() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let seen =
            runtime.spawn(async { task::spawn_blocking(pintle::worker::current).await.unwrap() });
        assert_eq!(runtime.block_on(seen).unwrap(), None);
    });
}

#[test]
fn many_jobs_from_many_tasks_all_run() {
    every_mode(|mode| {
        let runtime = mode.builder().max_blocking_threads(4).build().unwrap();
        let sum: usize = runtime
            .block_on(async {
                let tasks = (0..50).map(|n| {
                    pintle::spawn(async move {
                        let jobs = (0..10).map(|m| task::spawn_blocking(move || n * m));
                        join_all(jobs.collect::<Vec<_>>())
                            .await
                            .into_iter()
                            .sum::<usize>()
                    })
                });
                join_all(tasks.collect::<Vec<_>>()).await
            })
            .into_iter()
            .sum();
        assert_eq!(sum, (0..50).sum::<usize>() * (0..10).sum::<usize>());
    });
}

// ----- block_in_place ------------------------------------------------------------------------

#[test]
fn siblings_take_over_the_tasks_of_a_worker_that_blocks_in_place() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        for _ in 0..50 {
            let blocked = runtime.spawn(async {
                let (sender, receiver) = mpsc::channel();
                // In the queue and in the LIFO slot of this worker.
                for n in 0..3 {
                    let sender = sender.clone();
                    drop(pintle::spawn(async move { sender.send(n).unwrap() }));
                }
                let mut seen = task::block_in_place(|| {
                    (0..3)
                        .map(|_| receiver.recv().unwrap())
                        .collect::<Vec<i32>>()
                });
                seen.sort_unstable();
                seen
            });
            assert_eq!(runtime.block_on(blocked).unwrap(), [0, 1, 2]);
        }
    });
}

#[test]
fn what_is_spawned_while_blocking_in_place_runs_elsewhere() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let blocked = runtime.spawn(async {
            task::block_in_place(|| {
                let (sender, receiver) = mpsc::channel();
                for n in 0..3 {
                    let sender = sender.clone();
                    drop(pintle::spawn(async move { sender.send(n).unwrap() }));
                    assert_eq!(receiver.recv().unwrap(), n);
                }
            });
        });
        runtime.block_on(blocked).unwrap();
    });
}

#[test]
fn every_worker_but_one_may_block_in_place_for_long() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let (inside, over) = (Event::new(), Event::new());
        let blocked = runtime.spawn({
            let (inside, over) = (inside.clone(), over.clone());
            async move {
                task::block_in_place(|| {
                    inside.set();
                    over.wait_blocking();
                });
            }
        });
        inside.wait_blocking();
        runtime.block_on(async {
            for _ in 0..20 {
                pintle::spawn(pintle::time::sleep(Duration::from_millis(1)))
                    .await
                    .unwrap();
            }
        });
        over.set();
        runtime.block_on(blocked).unwrap();
    });
}

#[test]
fn block_in_place_where_nobody_could_step_in_says_what_to_use() {
    for mode in [Mode::ThreadPerCore, Mode::CurrentThread] {
        in_mode(mode, |mode| {
            let runtime = mode.runtime();
            let flavor = format!("{:?}", runtime.handle().runtime_flavor());
            let parts = ["`block_in_place`", "`spawn_blocking`", &flavor];
            runtime.block_on(async {
                assert_panics_with(&parts, || task::block_in_place(|| ()));
                let error = pintle::spawn(async { task::block_in_place(|| ()) })
                    .await
                    .unwrap_err();
                let message = message_of(error.into_panic());
                assert!(parts.iter().all(|part| message.contains(part)), "{message}");
            });
        });
    }
}

#[test]
fn block_in_place_just_runs_outside_of_a_runtime_at_the_root_and_on_the_pool() {
    assert_eq!(task::block_in_place(|| 1), 1);
    in_mode(Mode::MultiThread, |mode| {
        mode.runtime().block_on(async {
            assert_eq!(task::block_in_place(|| 2), 2);
            let job = task::spawn_blocking(|| task::block_in_place(|| 3));
            assert_eq!(job.await.unwrap(), 3);
        });
    });
}

#[test]
fn block_in_place_nests_and_allows_block_on() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let nested = || {
            task::block_in_place(|| {
                let inner = task::block_in_place(|| {
                    Handle::current().block_on(async {
                        let task = pintle::spawn(async { 1 });
                        let local = task::spawn_local(async { 2 });
                        pintle::time::sleep(Duration::from_millis(1)).await;
                        task.await.unwrap() + local.await.unwrap()
                    })
                });
                // Still outside.
                inner + Handle::current().block_on(async { 4 })
            })
        };
        let output = runtime.spawn(async move {
            let sum = nested() + nested();
            task::yield_now().await;
            sum
        });
        assert_eq!(runtime.block_on(output).unwrap(), 14);
        runtime.block_on(async { assert_eq!(nested(), 7) });
    });
}

#[test]
fn after_block_in_place_the_task_is_inside_again() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let seen = runtime.spawn(async {
            let before = (pintle::worker::current(), task::try_id());
            task::block_in_place(|| assert_eq!(task::try_id(), before.1));
            assert_eq!((pintle::worker::current(), task::try_id()), before);
            assert_panics_with(&["`block_on`"], || Handle::current().block_on(async {}));
            task::spawn_local(async { 1 }).await.unwrap()
        });
        assert_eq!(runtime.block_on(seen).unwrap(), 1);
    });
}

#[test]
fn a_panic_in_block_in_place_is_the_tasks_and_the_worker_goes_on() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let task = runtime.spawn(async { task::block_in_place(|| panic!("inside")) });
        let error = runtime.block_on(task).unwrap_err();
        assert_eq!(message_of(error.into_panic()), "inside");
        for worker in 0..2 {
            let on = runtime.handle().spawn_on(worker, || async {
                assert_panics_with(&["`block_on`"], || Handle::current().block_on(async {}));
                1
            });
            assert_eq!(runtime.block_on(on).unwrap(), 1);
        }
    });
}

// ----- block_on where it must not be ---------------------------------------------------------

#[test]
fn nested_block_on_says_what_to_do() {
    every_mode(|mode| {
        let (runtime, other) = (mode.runtime(), Arc::new(mode.runtime()));
        let parts = [
            "`block_on`",
            "inside a task",
            ".await",
            "spawn_blocking",
            "block_in_place",
        ];
        runtime.block_on(async {
            // At the root, in tasks of either kind, on this and on another runtime.
            assert_panics_with(&parts, || Handle::current().block_on(async {}));
            assert_panics_with(&parts, || other.block_on(async {}));
            for task in [
                pintle::spawn(async { Handle::current().block_on(pending::<()>()) }),
                task::spawn_local(async { Handle::current().block_on(pending::<()>()) }),
                {
                    let other = other.clone();
                    pintle::spawn(async move { other.block_on(pending::<()>()) })
                },
            ] {
                let message = message_of(task.await.unwrap_err().into_panic());
                assert!(parts.iter().all(|part| message.contains(part)), "{message}");
            }
        });
        assert_eq!(runtime.block_on(async { 1 }), 1);
        assert_eq!(other.block_on(async { 1 }), 1);
    });
}

#[test]
fn a_panic_at_the_root_leaves_block_on_and_the_runtime_goes_on() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let drops = Drops::new();
        for _ in 0..2 {
            assert_panics_with(&["at the root"], || {
                runtime.block_on(async {
                    let counter = drops.counter();
                    drop(task::spawn_local(async move {
                        let _counter = counter;
                        pending::<()>().await;
                    }));
                    task::yield_now().await;
                    panic!("at the root")
                })
            });
        }
        assert_eq!(drops.count(), 2);
        assert!(Handle::try_current().is_err());
        assert_eq!(
            runtime.block_on(async { pintle::spawn(async { 1 }).await.unwrap() }),
            1
        );
    });
}

#[test]
fn the_order_of_jobs_on_one_thread_is_the_order_of_their_spawning() {
    every_mode(|mode| {
        let runtime = mode.builder().max_blocking_threads(1).build().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let jobs: Vec<_> = (0..100)
            .map(|n| {
                let log = log.clone();
                runtime.spawn_blocking(move || log.lock().unwrap().push(n))
            })
            .collect();
        runtime.block_on(join_all(jobs));
        assert_eq!(*log.lock().unwrap(), (0..100).collect::<Vec<_>>());
    });
}
