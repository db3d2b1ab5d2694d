//! Where, when and by whom a runtime is ended: in a task, at a root, on the pool, with a limit, and
//! while threads are inside `block_on`. What becomes of the tasks is in `shutdown.rs`.

mod support;

use pintle::runtime::{Handle, Runtime};
use pintle::task;
use std::future::{pending, poll_fn};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};
use support::{Drops, Event, Mode, OnDrop, every_mode, in_mode, wait_until};

#[test]
fn a_runtime_may_be_dropped_in_a_task_of_its_own() {
    every_mode(|mode| {
        if !mode.has_threads() {
            return; // There somebody is inside `block_on` while a task runs, and owns it.
        }
        let runtime = mode.runtime();
        let (drops, gone) = (Drops::new(), Event::new());
        let slot = Arc::new(Mutex::new(None));
        let (counter, set, taken) = (drops.counter(), gone.clone(), slot.clone());
        drop(runtime.spawn(async move {
            let _counter = counter;
            let _on_drop = OnDrop::new(move || set.set());
            let runtime: Runtime = poll_fn(|cx| {
                cx.waker().wake_by_ref();
                taken
                    .lock()
                    .unwrap()
                    .take()
                    .map_or(Poll::Pending, Poll::Ready)
            })
            .await;
            drop(runtime);
            pending::<()>().await;
        }));
        *slot.lock().unwrap() = Some(runtime);
        gone.wait_blocking();
        wait_until(|| drops.count() == 1);
    });
}

#[test]
fn a_runtime_may_be_dropped_in_a_task_of_another() {
    every_mode(|mode| {
        let (outer, inner) = (mode.runtime(), mode.runtime());
        let (drops, handle) = (Drops::new(), inner.handle().clone());
        let counter = drops.counter();
        drop(inner.spawn(async move {
            let _counter = counter;
            pending::<()>().await;
        }));
        let dropped = outer.spawn(async move {
            drop(inner);
            Handle::current().runtime_flavor()
        });
        assert_eq!(
            outer.block_on(dropped).unwrap(),
            outer.handle().runtime_flavor()
        );
        wait_until(|| drops.count() == 1);
        let late = handle.spawn(async {});
        assert!(outer.block_on(late).unwrap_err().is_cancelled());
    });
}

#[test]
fn a_runtime_may_be_dropped_at_the_root_of_another_and_on_the_pool() {
    every_mode(|mode| {
        let outer = mode.runtime();
        let drops = Drops::new();
        let inner = || {
            let (inner, counter) = (mode.runtime(), drops.counter());
            drop(inner.spawn(async move {
                let _counter = counter;
                pending::<()>().await;
            }));
            inner
        };
        let (one, two) = (inner(), inner());
        outer.block_on(async { drop(one) });
        outer
            .block_on(outer.spawn_blocking(move || drop(two)))
            .unwrap();
        wait_until(|| drops.count() == 2);
    });
}

#[test]
fn shutdown_timeout_does_not_wait_for_longer_than_it_was_told() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let (inside, over, ended) = (Event::new(), Event::new(), Event::new());
        drop(runtime.spawn_blocking({
            let (inside, over, ended) = (inside.clone(), over.clone(), ended.clone());
            move || {
                inside.set();
                over.wait_blocking();
                ended.set();
            }
        }));
        inside.wait_blocking();
        let start = Instant::now();
        runtime.shutdown_timeout(Duration::from_millis(10));
        assert!(start.elapsed() >= Duration::from_millis(10));
        assert!(!ended.is_set());
        over.set();
        ended.wait_blocking();
    });
}

#[test]
fn shutdown_timeout_waits_no_longer_than_it_must() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let drops = Drops::new();
        let counter = drops.counter();
        drop(runtime.spawn(async move {
            let _counter = counter;
            pending::<()>().await;
        }));
        // Would be a hang.
        runtime.shutdown_timeout(Duration::from_secs(3600));
        assert_eq!(drops.count(), 1);
    });
}

#[test]
fn shutdown_background_waits_for_nothing_and_may_be_called_in_a_task() {
    every_mode(|mode| {
        let (outer, inner) = (mode.runtime(), mode.runtime());
        let (inside, over, drops) = (Event::new(), Event::new(), Drops::new());
        drop(inner.spawn_blocking({
            let (inside, over, counter) = (inside.clone(), over.clone(), drops.counter());
            move || {
                inside.set();
                over.wait_blocking();
                drop(counter);
            }
        }));
        let counter = drops.counter();
        drop(inner.spawn(async move {
            let _counter = counter;
            pending::<()>().await;
        }));
        inside.wait_blocking();
        outer
            .block_on(outer.spawn(async move { inner.shutdown_background() }))
            .unwrap();
        over.set();
        wait_until(|| drops.count() == 2);
    });
}

#[test]
fn block_on_after_the_end_still_runs_its_own_future() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let handle = runtime.handle().clone();
        drop(runtime);
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let task = handle.block_on(async { pintle::spawn(async {}).await });
            sender
                .send(task.is_err_and(|error| error.is_cancelled()))
                .unwrap();
        });
        assert!(receiver.recv().unwrap());
    });
}

#[test]
fn block_on_during_the_end_comes_back() {
    every_mode(|mode| {
        for _ in 0..20 {
            let runtime = mode.runtime();
            let (handle, meet) = (runtime.handle().clone(), Arc::new(Barrier::new(2)));
            let there = thread::spawn({
                let meet = meet.clone();
                move || {
                    handle.block_on(async {
                        meet.wait();
                        let mut spawned = 0;
                        // Until the runtime is gone.
                        while pintle::spawn(async {}).await.is_ok() {
                            spawned += 1;
                            task::yield_now().await;
                        }
                        spawned
                    })
                }
            });
            meet.wait();
            drop(runtime);
            there.join().unwrap();
        }
    });
}

#[test]
fn two_threads_share_a_current_thread_runtime_and_hand_it_over() {
    in_mode(Mode::CurrentThread, |mode| {
        let runtime = mode.runtime();
        for _ in 0..50 {
            let (first_in, second_in, first_out) = (Event::new(), Event::new(), Event::new());
            let ran_on = thread::scope(|scope| {
                let (runtime, first_in) = (&runtime, &first_in);
                let second = scope.spawn({
                    let (second_in, first_out) = (second_in.clone(), first_out.clone());
                    move || {
                        first_in.wait_blocking();
                        runtime.block_on(async {
                            second_in.set();
                            // The first thread runs this task.
                            let one = pintle::spawn(async { thread::current().id() }).await;
                            first_out.wait().await;
                            // And this one is left to us, with timers and all.
                            let two = pintle::spawn(async {
                                pintle::time::sleep(Duration::from_micros(100)).await;
                                thread::current().id()
                            });
                            (one.unwrap(), two.await.unwrap(), thread::current().id())
                        })
                    }
                });
                let waits = second_in.clone();
                runtime.block_on(async {
                    first_in.set();
                    waits.wait().await;
                    for _ in 0..5 {
                        task::yield_now().await;
                    }
                });
                first_out.set();
                second.join().unwrap()
            });
            let (_, two, second) = ran_on;
            assert_eq!(two, second, "the second thread has taken over");
        }
    });
}

#[test]
fn many_threads_inside_one_current_thread_runtime_all_get_done() {
    in_mode(Mode::CurrentThread, |mode| {
        let runtime = mode.runtime();
        thread::scope(|scope| {
            for n in 0..8 {
                let runtime = &runtime;
                scope.spawn(move || {
                    for m in 0..20 {
                        let sum = runtime.block_on(async move {
                            let task = pintle::spawn(async move {
                                task::yield_now().await;
                                pintle::time::sleep(Duration::from_micros(50)).await;
                                n * m
                            });
                            task.await.unwrap()
                        });
                        assert_eq!(sum, n * m);
                    }
                });
            }
        });
    });
}

#[test]
fn a_current_thread_runtime_dropped_while_another_thread_waits_for_its_worker() {
    in_mode(Mode::CurrentThread, |mode| {
        for _ in 0..20 {
            let runtime = mode.runtime();
            let handle = runtime.handle().clone();
            let (inside, go) = (Event::new(), Event::new());
            let there = thread::spawn({
                let (inside, go) = (inside.clone(), go.clone());
                move || {
                    handle.block_on(async {
                        inside.set();
                        go.wait().await;
                    })
                }
            });
            inside.wait_blocking();
            drop(runtime);
            go.set();
            there.join().unwrap();
        }
    });
}
