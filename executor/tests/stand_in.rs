//! When every worker is inside `block_in_place`: somebody stands in for them, and goes again.

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::UnixStream;
use pintle::runtime::{Handle, Runtime};
use pintle::task::{self, JoinHandle};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use support::{Drops, Event, Mode, guarded, join_all, wait_until};

/// A work-stealing runtime with one worker, then with two.
fn one_and_two_workers(body: impl Fn(&Runtime, usize)) {
    for workers in [1, 2] {
        guarded(&format!("{workers} workers"), || {
            let runtime = Mode::MultiThread
                .builder()
                .worker_threads(workers)
                .build()
                .unwrap();
            body(&runtime, workers);
        });
    }
}

/// Sends every worker away until `over`; returns when all are.
fn all_away(runtime: &Runtime, workers: usize, over: &Event) -> Vec<JoinHandle<()>> {
    let spawned = (0..workers).map(|worker| {
        let (inside, over) = (Event::new(), over.clone());
        let there = inside.clone();
        let task = runtime.handle().spawn_on(worker, move || async move {
            task::block_in_place(|| {
                there.set();
                over.wait_blocking();
            });
        });
        inside.wait_blocking();
        task
    });
    spawned.collect()
}

/// How many threads of the pool are at work. Here nobody but stand-ins are.
fn stand_ins(runtime: &Runtime) -> usize {
    let metrics = runtime.metrics();
    metrics.num_blocking_threads() - metrics.num_idle_blocking_threads()
}

#[test]
fn every_worker_may_wait_in_place_for_a_task_of_the_runtime() {
    one_and_two_workers(|runtime, workers| {
        for round in 0..20 {
            let tasks = (0..2 * workers).map(|n| {
                runtime.spawn(async move {
                    task::block_in_place(|| {
                        let handle = Handle::current();
                        let task = handle.spawn(async move {
                            task::yield_now().await;
                            n
                        });
                        handle.block_on(task).unwrap()
                    })
                })
            });
            let tasks: Vec<_> = tasks.collect();
            let outputs = runtime.block_on(join_all(tasks));
            assert!(outputs.into_iter().eq(0..2 * workers), "round {round}");
        }
    });
}

/// Blocks in place on a task that does the same, `depth` times over.
fn nested(depth: usize) -> usize {
    task::block_in_place(|| {
        let handle = Handle::current();
        let task = match depth {
            0 => handle.spawn(async { 0 }),
            _ => handle.spawn(async move { nested(depth - 1) + 1 }),
        };
        handle.block_on(task).unwrap()
    })
}

#[test]
fn a_stand_in_may_block_in_place_itself() {
    one_and_two_workers(|runtime, _| {
        for depth in [1, 2, 8] {
            let task = runtime.spawn(async move { nested(depth) });
            assert_eq!(runtime.block_on(task).unwrap(), depth);
        }
        wait_until(|| stand_ins(runtime) == 0);
    });
}

#[test]
fn tasks_sockets_and_timers_of_workers_that_are_away_are_served() {
    one_and_two_workers(|runtime, workers| {
        // At home with the workers before these go away.
        let (mut near, mut far) = runtime.block_on(async { UnixStream::pair().unwrap() });
        let waits = Event::new();
        let echo = runtime.spawn({
            let waits = waits.clone();
            async move {
                for _ in 0..10 {
                    waits.set();
                    let mut byte = [0];
                    far.read_exact(&mut byte).await.unwrap();
                    pintle::time::sleep(Duration::from_micros(50)).await;
                    far.write_all(&byte).await.unwrap();
                }
            }
        });
        let sleep = runtime.spawn(pintle::time::sleep(Duration::from_millis(5)));
        waits.wait_blocking();

        let over = Event::new();
        let away = all_away(runtime, workers, &over);
        assert_eq!(stand_ins(runtime), 1);
        runtime.block_on(async {
            for n in 0..10 {
                near.write_all(&[n]).await.unwrap();
                let mut byte = [0];
                near.read_exact(&mut byte).await.unwrap();
                assert_eq!(byte, [n]);
            }
            echo.await.unwrap();
            sleep.await.unwrap();
            let yields = (0..20).map(|_| {
                pintle::spawn(async {
                    for _ in 0..20 {
                        task::yield_now().await;
                    }
                })
            });
            join_all(yields.collect::<Vec<_>>()).await;
        });
        over.set();
        runtime.block_on(join_all(away));
    });
}

#[test]
fn the_stand_in_goes_when_a_worker_is_back() {
    one_and_two_workers(|runtime, workers| {
        for _ in 0..10 {
            let over: Vec<_> = (0..workers).map(|_| Event::new()).collect();
            let away: Vec<_> = (0..workers)
                .map(|worker| {
                    let (inside, over) = (Event::new(), over[worker].clone());
                    let there = inside.clone();
                    let task = runtime.handle().spawn_on(worker, move || async move {
                        task::block_in_place(|| {
                            there.set();
                            over.wait_blocking();
                        });
                    });
                    inside.wait_blocking();
                    // The last to go calls one, the others none.
                    assert_eq!(stand_ins(runtime), usize::from(worker + 1 == workers));
                    task
                })
                .collect();
            runtime.block_on(runtime.spawn(async {})).unwrap();
            // One is enough.
            over[0].set();
            wait_until(|| stand_ins(runtime) == 0);
            runtime.block_on(runtime.spawn(async {})).unwrap();
            over.iter().for_each(Event::set);
            runtime.block_on(join_all(away));
            assert_eq!(stand_ins(runtime), 0);
        }
    });
}

#[test]
fn what_a_stand_in_was_about_to_run_is_not_lost_when_it_goes() {
    one_and_two_workers(|runtime, workers| {
        for _ in 0..20 {
            let over = Event::new();
            let away = all_away(runtime, workers, &over);
            let tasks: Vec<_> = (0..200)
                .map(|_| {
                    runtime.spawn(async {
                        task::yield_now().await;
                        pintle::time::sleep(Duration::from_micros(20)).await;
                    })
                })
                .collect();
            over.set();
            runtime.block_on(async {
                join_all(tasks).await;
                join_all(away).await;
            });
        }
    });
}

#[test]
fn a_stand_in_stays_until_what_is_bound_to_its_thread_is_done() {
    one_and_two_workers(|runtime, workers| {
        let over = Event::new();
        let away = all_away(runtime, workers, &over);
        let (sender, receiver) = pintle::sync::oneshot::channel();
        let (there, is_there) = pintle::sync::oneshot::channel();
        let waiting = runtime.spawn(async {
            let bound = task::spawn_local(async { receiver.await.unwrap() });
            there.send(()).unwrap();
            bound.await.unwrap()
        });
        runtime.block_on(is_there).unwrap();
        over.set();
        runtime.block_on(join_all(away));
        // It is relieved before it can hear of this.
        sender.send(7).unwrap();
        assert_eq!(runtime.block_on(waiting).unwrap(), 7);
        wait_until(|| stand_ins(runtime) == 0);
    });
}

#[test]
fn a_runtime_ends_while_stand_ins_run() {
    one_and_two_workers(|runtime, workers| {
        // The one that ends; the other watches it from outside.
        let drops = Drops::new();
        for _ in 0..10 {
            let ends = Mode::MultiThread
                .builder()
                .worker_threads(workers)
                .build()
                .unwrap();
            let before = drops.count();
            let over = Event::new();
            drop(all_away(&ends, workers, &over));
            let handle = ends.handle().clone();
            for _ in 0..20 {
                let (counter, handle) = (drops.counter(), handle.clone());
                drop(ends.spawn(async move {
                    let _held = (counter, handle);
                    pintle::time::sleep(Duration::from_micros(10)).await;
                    pintle::time::sleep(Duration::from_secs(3600)).await;
                }));
            }
            runtime
                .block_on(ends.spawn(pintle::time::sleep(Duration::from_millis(1))))
                .unwrap();
            thread::scope(|scope| {
                let ended = scope.spawn(move || drop(ends));
                wait_until(|| handle.spawn(async {}).is_finished());
                over.set();
                ended.join().unwrap();
            });
            assert_eq!(drops.count() - before, 20);
        }
    });
}

#[test]
fn a_runtime_may_be_dropped_inside_its_own_block_in_place() {
    for workers in [1, 2] {
        for inside_block_on in [false, true] {
            guarded(&format!("{workers} workers"), || {
                let runtime = Mode::MultiThread
                    .builder()
                    .worker_threads(workers)
                    .build()
                    .unwrap();
                let handle = runtime.handle().clone();
                let (drops, (sender, dropped)) = (Drops::new(), mpsc::channel());
                let (held, counter) = (drops.counter(), drops.counter());
                drop(handle.spawn(async move {
                    let _held = held;
                    pintle::time::sleep(Duration::from_secs(3600)).await;
                }));
                drop(handle.clone().spawn(async move {
                    let _counter = counter;
                    task::block_in_place(|| {
                        if inside_block_on {
                            handle.block_on(async {
                                task::yield_now().await;
                                drop(runtime);
                            });
                        } else {
                            drop(runtime);
                        }
                        sender.send(()).unwrap();
                    });
                    std::future::pending::<()>().await;
                }));
                dropped.recv().unwrap();
                wait_until(|| drops.count() == 2);
            });
        }
    }
}

#[test]
fn a_runtime_ends_while_its_only_workers_wait_in_place_for_tasks_that_never_end() {
    one_and_two_workers(|_, workers| {
        let runtime = Mode::MultiThread
            .builder()
            .worker_threads(workers)
            .build()
            .unwrap();
        let waits: Vec<_> = (0..workers)
            .map(|worker| {
                let (inside, outcome) = (Event::new(), Event::new());
                let (there, cancelled) = (inside.clone(), outcome.clone());
                drop(runtime.handle().spawn_on(worker, move || async move {
                    task::block_in_place(|| {
                        let handle = Handle::current();
                        let task = handle.spawn(async move {
                            there.set();
                            std::future::pending::<()>().await;
                        });
                        assert!(handle.block_on(task).unwrap_err().is_cancelled());
                        cancelled.set();
                    });
                }));
                inside.wait_blocking();
                outcome
            })
            .collect();
        drop(runtime);
        assert!(waits.iter().all(Event::is_set));
    });
}
