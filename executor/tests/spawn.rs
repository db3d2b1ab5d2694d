//! Where tasks run, whether they move, and what they need for it.

mod support;

use pintle::runtime::{Handle, RuntimeFlavor};
use pintle::task;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;
use support::{
    Drops, Event, Mode, assert_panics_with, every_mode, in_mode, join_all, message_of, occupy,
};

#[test]
fn spawn_local_needs_no_send_at_the_root() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let shared = Rc::new(RefCell::new(Vec::new()));
            let handles: Vec<_> = (0..10)
                .map(|n| {
                    let shared = shared.clone();
                    task::spawn_local(async move {
                        task::yield_now().await;
                        shared.borrow_mut().push(n);
                    })
                })
                .collect();
            join_all(handles).await;
            assert_eq!(*shared.borrow(), (0..10).collect::<Vec<_>>());
        });
    });
}

#[test]
fn spawn_local_needs_no_send_on_workers() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            for round in 0..20 {
                // From a task that may itself move.
                let sum = pintle::spawn(async move {
                    let handle = {
                        let (counter, thread) = (Rc::new(Cell::new(round)), thread::current().id());
                        task::spawn_local(async move {
                            for _ in 0..10 {
                                let counter = counter.clone();
                                let inner = task::spawn_local(async move {
                                    task::yield_now().await;
                                    counter.set(counter.get() + 1);
                                });
                                inner.await.unwrap();
                                assert_eq!(thread::current().id(), thread);
                            }
                            counter.get()
                        })
                    };
                    SendHandle(handle).await_it().await
                });
                assert_eq!(sum.await.unwrap(), round + 10);
            }
        });
    });
}

/// Names the type, so that it is clear that the handle of a local task may be sent.
struct SendHandle<T: Send>(task::JoinHandle<T>);

impl<T: Send> SendHandle<T> {
    async fn await_it(self) -> T {
        self.0.await.unwrap()
    }
}

#[test]
fn what_is_spawned_locally_in_block_on_ends_with_it() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let drops = Drops::new();
        let handles = runtime.block_on(async {
            let idle = Event::new();
            let (set, counter) = (idle.clone(), drops.counter());
            let sleeping = task::spawn_local(async move {
                let _counter = counter;
                set.set();
                pending::<()>().await;
            });
            idle.wait().await;
            let counter = drops.counter();
            let queued = task::spawn_local(async move { drop(counter) });
            [sleeping, queued]
        });
        assert_eq!(drops.count(), 2);
        for handle in handles {
            assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
        }
    });
}

#[test]
fn tasks_of_a_current_thread_runtime_go_on_in_the_next_block_on() {
    in_mode(Mode::CurrentThread, |mode| {
        let runtime = mode.runtime();
        let (go, idle) = (Event::new(), Event::new());
        let (waits, set) = (go.clone(), idle.clone());
        let handle = runtime.spawn(async move {
            set.set();
            waits.wait().await;
            9
        });
        runtime.block_on(idle.wait());
        go.set();
        let there = thread::spawn(move || runtime.block_on(handle).unwrap());
        assert_eq!(there.join().unwrap(), 9);
    });
}

#[test]
fn spawn_local_says_where_it_may_be_called() {
    assert_panics_with(&["`spawn_local`", "not a worker", "`spawn_on`"], || {
        task::spawn_local(async {})
    });
    every_mode(|mode| {
        let runtime = mode.runtime();
        assert_panics_with(&["`spawn_local`", "`spawn_on`"], || {
            let _guard = runtime.enter();
            task::spawn_local(async {})
        });
        let on_the_pool = runtime.spawn_blocking(|| drop(task::spawn_local(async {})));
        let error = runtime.block_on(on_the_pool).unwrap_err();
        assert!(message_of(error.into_panic()).contains("`spawn_local`"));
    });
}

#[test]
fn spawning_outside_of_a_runtime_says_what_to_do() {
    let names: [(&str, fn()); 5] = [
        ("`spawn`", || drop(pintle::spawn(async {}))),
        ("`spawn_on`", || drop(pintle::spawn_on(0, || async {}))),
        ("`spawn_on_each`", || {
            drop(pintle::spawn_on_each(|_| async {}))
        }),
        ("`spawn_blocking`", || drop(task::spawn_blocking(|| ()))),
        ("`task::Builder::spawn`", || {
            drop(task::Builder::new().spawn(async {}))
        }),
    ];
    for (name, call) in names {
        assert_panics_with(
            &[name, "outside of a Pintle runtime", "block_on", "enter"],
            call,
        );
    }
}

#[test]
fn spawn_on_runs_on_that_worker_and_needs_no_send() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        for worker in 0..mode.workers() {
            let where_it_ran = runtime.handle().spawn_on(worker, move || {
                let not_send = Rc::new(Cell::new(Vec::new()));
                async move {
                    for _ in 0..10 {
                        let mut seen = not_send.take();
                        seen.push((pintle::worker::current(), thread::current().id()));
                        not_send.set(seen);
                        task::yield_now().await;
                    }
                    not_send.take()
                }
            });
            let seen = runtime.block_on(where_it_ran).unwrap();
            assert!(
                seen.iter().all(|at| *at == (Some(worker), seen[0].1)),
                "{seen:?}"
            );
        }
    });
}

#[test]
fn spawn_on_a_worker_that_is_not_there_says_how_many_are() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let count = mode.workers();
        let says = format!("worker {count}");
        assert_panics_with(&["`spawn_on`", &says, "worker::count()"], || {
            runtime.handle().spawn_on(count, || async {})
        });
    });
}

#[test]
fn spawn_on_each_gives_the_handles_in_the_order_of_the_workers() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        runtime.block_on(async {
            let handles = pintle::spawn_on_each(|worker| async move {
                let not_send = Rc::new(worker);
                task::yield_now().await;
                (*not_send, pintle::worker::current())
            });
            let seen = join_all(handles).await;
            let expected: Vec<_> = (0..mode.workers()).map(|w| (w, Some(w))).collect();
            assert_eq!(seen, expected);
            assert_eq!(pintle::worker::count(), mode.workers());
        });
    });
}

#[test]
fn a_panic_while_the_future_is_made_is_the_tasks() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let handle = runtime
            .handle()
            .spawn_on(0, || -> std::future::Ready<()> { panic!("made") });
        let error = runtime.block_on(handle).unwrap_err();
        assert_eq!(message_of(error.into_panic()), "made");
    });
}

#[test]
fn the_thread_of_block_on_is_a_worker_of_its_own() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let expected = if mode.has_threads() { None } else { Some(0) };
        assert_eq!(pintle::worker::current(), None);
        runtime.block_on(async {
            assert_eq!(pintle::worker::current(), expected);
            let here = thread::current().id();
            let local = task::spawn_local(async move {
                task::yield_now().await;
                (pintle::worker::current(), thread::current().id() == here)
            });
            assert_eq!(local.await.unwrap(), (expected, true));
        });
        assert_eq!(pintle::worker::current(), None);
    });
}

#[test]
fn what_is_spawned_from_outside_goes_to_each_worker_in_turn() {
    in_mode(Mode::ThreadPerCore, |mode| {
        let runtime = mode.runtime();
        let seen: Vec<_> = (0..10)
            .map(|_| runtime.spawn(async { pintle::worker::current().unwrap() }))
            .map(|handle| runtime.block_on(handle).unwrap())
            .collect();
        for worker in 0..2 {
            assert_eq!(seen.iter().filter(|&&w| w == worker).count(), 5, "{seen:?}");
        }
    });
}

#[test]
fn what_a_task_spawns_stays_on_its_worker_where_nothing_is_stolen() {
    for mode in [Mode::ThreadPerCore, Mode::CurrentThread] {
        in_mode(mode, |mode| {
            let runtime = mode.runtime();
            for worker in 0..mode.workers() {
                let handle = runtime.handle().spawn_on(worker, move || async move {
                    let handles: Vec<_> = (0..50)
                        .map(|_| {
                            pintle::spawn(async move {
                                for _ in 0..20 {
                                    task::yield_now().await;
                                    assert_eq!(pintle::worker::current(), Some(worker));
                                }
                                pintle::time::sleep(Duration::from_millis(1)).await;
                                assert_eq!(pintle::worker::current(), Some(worker));
                            })
                        })
                        .collect();
                    join_all(handles).await;
                });
                runtime.block_on(handle).unwrap();
            }
            let metrics = runtime.metrics();
            let stolen: u64 = (0..mode.workers())
                .map(|w| metrics.worker_steal_count(w))
                .sum();
            assert_eq!(stolen, 0);
        });
    }
}

#[test]
fn an_idle_worker_steals_what_another_has_queued() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        // Both were spawned on worker 0, and neither returns from its poll without the other.
        let meet = Arc::new(Barrier::new(2));
        for _ in 0..50 {
            let meet = meet.clone();
            let pair = runtime.handle().spawn_on(0, move || async move {
                [(); 2].map(|()| {
                    let meet = meet.clone();
                    pintle::spawn(async move {
                        meet.wait();
                    })
                })
            });
            runtime.block_on(async { join_all(pair.await.unwrap()).await });
        }
        let metrics = runtime.metrics();
        let sum = |count: fn(&_, usize) -> u64| (0..2).map(|w| count(&metrics, w)).sum::<u64>();
        let operations = sum(pintle::runtime::RuntimeMetrics::worker_steal_operations);
        let stolen = sum(pintle::runtime::RuntimeMetrics::worker_steal_count);
        assert!(
            operations > 0 && stolen >= operations,
            "{stolen} in {operations}"
        );
    });
}

#[test]
fn uneven_load_is_shared() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let all = runtime.handle().spawn_on(0, || async {
            let handles: Vec<_> = (0..200)
                .map(|_| {
                    pintle::spawn(async {
                        let start = std::time::Instant::now();
                        while start.elapsed() < Duration::from_micros(200) {
                            std::hint::spin_loop();
                        }
                        pintle::worker::current().unwrap()
                    })
                })
                .collect();
            join_all(handles).await
        });
        let ran = runtime.block_on(all).unwrap();
        assert!(ran.contains(&1), "worker 1 helps");
        assert!(runtime.metrics().worker_steal_count(1) > 0);
    });
}

#[test]
fn a_stealable_task_goes_on_elsewhere_when_its_worker_is_busy() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let (idle, go) = (Arc::new(Mutex::new(None)), Event::new());
        let handle = runtime.spawn({
            let (idle, go) = (idle.clone(), go.clone());
            async move {
                *idle.lock().unwrap() = pintle::worker::current();
                go.wait().await;
                pintle::worker::current().unwrap()
            }
        });
        support::wait_until(|| idle.lock().unwrap().is_some());
        let first = idle.lock().unwrap().unwrap();
        let over = Event::new();
        occupy(runtime.handle(), first, &over);
        go.set();
        // The first worker stays busy until the task is done.
        assert_eq!(runtime.block_on(handle).unwrap(), 1 - first);
        over.set();
    });
}

#[test]
fn pinned_tasks_are_never_stolen() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let over = Event::new();
        occupy(runtime.handle(), 0, &over);
        // Worker 1 is idle, and looks for work all the time it is given some.
        let pinned: Vec<_> = (0..100)
            .map(|_| {
                runtime
                    .handle()
                    .spawn_on(0, || async { pintle::worker::current() })
            })
            .collect();
        let others: Vec<_> = (0..100)
            .map(|_| runtime.spawn(async { pintle::worker::current() }))
            .collect();
        let ran = runtime.block_on(join_all(others));
        assert!(
            ran.iter().all(|worker| *worker == Some(1)),
            "worker 0 is busy"
        );
        assert!(pinned.iter().all(|handle| !handle.is_finished()));
        over.set();
        let ran = runtime.block_on(join_all(pinned));
        assert!(ran.iter().all(|worker| *worker == Some(0)));
    });
}

#[test]
fn yield_now_gives_each_task_its_turn() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let log = Rc::new(RefCell::new(Vec::new()));
            let handles: Vec<_> = (0..3)
                .map(|name| {
                    let log = log.clone();
                    task::spawn_local(async move {
                        for _ in 0..50 {
                            log.borrow_mut().push(name);
                            task::yield_now().await;
                        }
                    })
                })
                .collect();
            join_all(handles).await;
            let expected: Vec<_> = (0..50).flat_map(|_| 0..3).collect();
            assert_eq!(*log.borrow(), expected);
        });
    });
}

#[test]
fn the_current_handle_is_known_inside_and_nowhere_else() {
    assert!(Handle::try_current().is_err());
    assert_panics_with(&["`Handle::current`", "block_on", "enter"], Handle::current);
    every_mode(|mode| {
        let flavor = match mode {
            Mode::MultiThread => RuntimeFlavor::MultiThread,
            Mode::ThreadPerCore => RuntimeFlavor::ThreadPerCore,
            Mode::CurrentThread => RuntimeFlavor::CurrentThread,
        };
        let runtime = mode.runtime();
        assert_eq!(runtime.handle().runtime_flavor(), flavor);
        runtime.block_on(async {
            assert_eq!(Handle::current().runtime_flavor(), flavor);
            let seen = [
                pintle::spawn(async { Handle::current().runtime_flavor() })
                    .await
                    .unwrap(),
                task::spawn_blocking(|| Handle::current().runtime_flavor())
                    .await
                    .unwrap(),
                task::spawn_local(async { Handle::current().runtime_flavor() })
                    .await
                    .unwrap(),
            ];
            assert_eq!(seen, [flavor; 3]);
        });
        assert!(Handle::try_current().is_err());
    });
}

#[test]
fn entered_runtimes_nest() {
    every_mode(|mode| {
        let (outer, inner) = (mode.runtime(), Mode::CurrentThread.runtime());
        let _outer = outer.enter();
        let flavor = outer.handle().runtime_flavor();
        {
            let _inner = inner.enter();
            assert_eq!(
                Handle::current().runtime_flavor(),
                RuntimeFlavor::CurrentThread
            );
        }
        assert_eq!(Handle::current().runtime_flavor(), flavor);
        let task = pintle::spawn(async { 3 });
        assert_eq!(outer.block_on(task).unwrap(), 3);
        assert_eq!(
            Handle::current().runtime_flavor(),
            flavor,
            "block_on puts it back"
        );
    });
}

#[test]
fn a_foreign_thread_spawns_through_a_handle() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let handle = runtime.handle().clone();
                thread::spawn(move || {
                    (0..50)
                        .map(|n| handle.spawn(async move { n }))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for thread in threads {
            let outputs = runtime.block_on(join_all(thread.join().unwrap()));
            assert_eq!(outputs, (0..50).collect::<Vec<_>>());
        }
    });
}

#[test]
fn several_threads_are_inside_block_on_at_once() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let meet = Arc::new(Barrier::new(4));
        let seen: HashSet<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|n| {
                    let (runtime, meet) = (&runtime, meet.clone());
                    scope.spawn(move || {
                        runtime.block_on(async {
                            meet.wait();
                            let task = pintle::spawn(async move {
                                pintle::time::sleep(Duration::from_millis(1)).await;
                                n
                            });
                            task.await.unwrap()
                        })
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(seen, (0..4).collect());
    });
}
