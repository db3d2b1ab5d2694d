//! The end of a runtime: whatever its tasks are doing, each future is dropped exactly once, those
//! that may not leave their thread on their thread, and nothing hangs. What these drops may do is in
//! `shutdown_drops.rs`.

mod support;

use pintle::io::AsyncReadExt;
use pintle::net::{TcpListener, UnixStream};
use pintle::task::{self, JoinHandle};
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Duration;
use support::shutdown::{Started, drop_with};
use support::{
    Drops, Event, Mode, Occupied, OnDrop, every_mode, in_mode, join_all, occupy, poll_once,
};

#[test]
fn sleeping_tasks_are_dropped() {
    every_mode(|mode| {
        drop_with(mode, |runtime, started| {
            for worker in 0..mode.workers() {
                for _ in 0..20 {
                    let (there, also) = (started.one(), started.one());
                    drop(runtime.spawn(async move {
                        there();
                        pintle::time::sleep(Duration::from_secs(3600)).await;
                        there();
                    }));
                    drop(runtime.handle().spawn_on(worker, || async move {
                        also();
                        pending::<()>().await;
                        also();
                    }));
                }
            }
        });
    });
}

#[test]
fn tasks_in_the_middle_of_io_are_dropped() {
    every_mode(|mode| {
        drop_with(mode, |runtime, started| {
            for _ in 0..10 {
                let (accepts, reads, writes) = (started.one(), started.one(), started.one());
                drop(runtime.spawn(async move {
                    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    accepts();
                    drop(listener.accept().await);
                    accepts();
                }));
                drop(runtime.spawn(async move {
                    let (mut near, far) = UnixStream::pair().unwrap();
                    reads();
                    let _ = near.read(&mut [0]).await;
                    drop((far, reads));
                }));
                drop(runtime.spawn(async move {
                    let (near, _far) = UnixStream::pair().unwrap();
                    while near.try_write(&[0; 4096]).is_ok() {}
                    writes();
                    let _ = near.writable().await;
                    pending::<()>().await;
                    drop(writes);
                }));
            }
        });
    });
}

#[test]
fn tasks_that_never_stop_waking_themselves_are_dropped() {
    every_mode(|mode| {
        drop_with(mode, |runtime, started| {
            for _ in 0..10 {
                let there = started.one();
                drop(runtime.spawn(async move {
                    there();
                    loop {
                        task::yield_now().await;
                    }
                }));
            }
        });
    });
}

#[test]
fn queued_tasks_are_dropped_unrun() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let occupied = Occupied::all(mode, runtime.handle());
        let drops = Drops::new();
        let mut handles = Vec::new();
        for worker in 0..mode.workers() {
            for _ in 0..10 {
                let (one, other) = (drops.counter(), drops.counter());
                handles.push(runtime.spawn(async move { drop(one) }));
                handles.push(
                    runtime
                        .handle()
                        .spawn_on(worker, || async move { drop(other) }),
                );
            }
        }
        let count = handles.len();
        // The drop waits for the workers, who leave their polls when it has begun.
        let dropping = thread::spawn(move || drop(runtime));
        if mode.has_threads() {
            // Refused from the moment it has begun.
            drop(occupied);
        }
        dropping.join().unwrap();
        assert_eq!(drops.count(), count);
        let cancelled = handles
            .into_iter()
            .map(futures_lite::future::block_on)
            .filter(|result| result.as_ref().is_err_and(task::JoinError::is_cancelled))
            .count();
        // With worker threads, those that had their turn before the flag went up have run.
        assert!(mode.has_threads() || cancelled == count);
    });
}

#[test]
fn a_poll_that_is_under_way_ends_before_the_drop_does() {
    every_mode(|mode| {
        if !mode.has_threads() {
            return; // There a poll is under way inside `block_on` only.
        }
        let runtime = mode.runtime();
        let (inside, log) = (Event::new(), Arc::new(Mutex::new(Vec::new())));
        let task = runtime.spawn({
            let (inside, log) = (inside.clone(), log.clone());
            async move {
                let _on_drop = OnDrop::new({
                    let log = log.clone();
                    move || log.lock().unwrap().push("dropped")
                });
                inside.set();
                thread::sleep(Duration::from_millis(20));
                log.lock().unwrap().push("polled");
                pending::<()>().await;
            }
        });
        inside.wait_blocking();
        drop(runtime);
        log.lock().unwrap().push("runtime");
        assert_eq!(*log.lock().unwrap(), ["polled", "dropped", "runtime"]);
        assert!(
            futures_lite::future::block_on(task)
                .unwrap_err()
                .is_cancelled()
        );
    });
}

#[test]
fn a_running_blocking_job_is_waited_for_and_a_queued_one_is_cancelled() {
    every_mode(|mode| {
        let runtime = mode.builder().max_blocking_threads(1).build().unwrap();
        let (inside, drops) = (Event::new(), Drops::new());
        let (tell, told) = std::sync::mpsc::channel();
        let running = runtime.spawn_blocking({
            let (inside, counter) = (inside.clone(), drops.counter());
            move || {
                inside.set();
                // It ends after the queued one has been ended, or there would be a thread for it.
                let queued: pintle::task::AbortHandle = told.recv().unwrap();
                while !queued.is_finished() {
                    thread::yield_now();
                }
                drop(counter);
                "ran"
            }
        });
        inside.wait_blocking();
        let counter = drops.counter();
        let queued = runtime.spawn_blocking(move || drop(counter));
        tell.send(queued.abort_handle()).unwrap();
        drop(runtime);
        assert_eq!(drops.count(), 2);
        assert_eq!(futures_lite::future::block_on(running).unwrap(), "ran");
        assert!(
            futures_lite::future::block_on(queued)
                .unwrap_err()
                .is_cancelled()
        );
    });
}

#[test]
fn pinned_futures_are_dropped_on_their_own_threads() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let wrong = Arc::new(AtomicUsize::new(0));
        let started = Started::default();
        let make = |there: Box<dyn Fn() + Send>| {
            let wrong = wrong.clone();
            move || async move {
                let home = thread::current().id();
                let _on_drop = OnDrop::new(move || {
                    wrong.fetch_add(
                        usize::from(thread::current().id() != home),
                        Ordering::SeqCst,
                    );
                });
                let _not_send = Rc::new(());
                there();
                pending::<()>().await;
                drop(there);
            }
        };
        for worker in 0..mode.workers() {
            for _ in 0..10 {
                drop(
                    runtime
                        .handle()
                        .spawn_on(worker, make(Box::new(started.one()))),
                );
                let locally = make(Box::new(started.one()));
                drop(runtime.handle().spawn_on(worker, || async move {
                    drop(task::spawn_local(locally()));
                }));
            }
        }
        runtime.block_on(async {
            for _ in 0..10 {
                drop(task::spawn_local(make(Box::new(started.one()))()));
            }
            support::until(|| started.all_there()).await;
        });
        // On another thread than the one that made it.
        thread::spawn(move || drop(runtime)).join().unwrap();
        assert_eq!(started.drops.count(), started.expected());
        assert_eq!(
            wrong.load(Ordering::SeqCst),
            0,
            "dropped on a thread that is not theirs"
        );
    });
}

#[test]
fn handles_of_a_dead_runtime_resolve_as_cancelled() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let started = Started::default();
        let there = started.one();
        let handle = runtime.spawn(async move {
            there();
            pending::<()>().await;
            drop(there);
        });
        runtime.block_on(support::until(|| started.all_there()));
        // Waited for while the runtime ends, and after.
        let waiting = thread::spawn(move || futures_lite::future::block_on(handle));
        drop(runtime);
        assert!(waiting.join().unwrap().unwrap_err().is_cancelled());
    });
}

#[test]
fn what_is_spawned_after_the_end_is_cancelled() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let handle = runtime.handle().clone();
        drop(runtime);
        let drops = Drops::new();
        let (one, two, three) = (drops.counter(), drops.counter(), drops.counter());
        let handles = [
            handle.spawn(async move { drop(one) }),
            handle.spawn_on(0, || async move { drop(two) }),
            handle.spawn_blocking(move || drop(three)),
        ];
        assert_eq!(drops.count(), 3);
        for handle in handles {
            assert!(
                futures_lite::future::block_on(handle)
                    .unwrap_err()
                    .is_cancelled()
            );
        }
    });
}

#[test]
fn wakers_and_abort_handles_may_outlive_the_runtime() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let waker = Arc::new(Mutex::new(None));
        let handle = runtime.spawn({
            let waker = waker.clone();
            poll_fn(move |cx| {
                *waker.lock().unwrap() = Some(cx.waker().clone());
                Poll::<()>::Pending
            })
        });
        runtime.block_on(support::until(|| waker.lock().unwrap().is_some()));
        let abort = handle.abort_handle();
        drop(runtime);
        let waker = waker.lock().unwrap().take().unwrap();
        waker.wake_by_ref();
        abort.abort();
        assert!(abort.is_finished());
        waker.wake();
        drop(handle);
        abort.abort();
    });
}

#[test]
fn a_task_whose_timer_or_socket_is_at_a_worker_that_ends_first_is_dropped() {
    in_mode(Mode::MultiThread, |mode| {
        for waits_for_timer in [true, false] {
            let (first_is_gone, drops) = (Event::new(), Drops::new());
            let hook = first_is_gone.clone();
            let runtime = mode
                .builder()
                .on_thread_stop(move || {
                    if pintle::worker::current() == Some(0) {
                        hook.set();
                    }
                })
                .build()
                .unwrap();
            let (go, idle, armed) = (Event::new(), Event::new(), Event::new());
            let task = {
                let (go, idle, armed) = (go.clone(), idle.clone(), armed.clone());
                let (counter, handle) = (drops.counter(), runtime.handle().clone());
                async move {
                    let _kept = (counter, handle);
                    idle.set();
                    go.wait().await;
                    assert_eq!(pintle::worker::current(), Some(0));
                    let (mut near, _far) = UnixStream::pair().unwrap();
                    let mut byte = [0];
                    let mut socket = pin!(near.read(&mut byte));
                    let mut timer = pin!(pintle::time::sleep(Duration::from_secs(3600)));
                    if waits_for_timer {
                        assert!(poll_once(timer.as_mut()).await.is_pending());
                    } else {
                        assert!(poll_once(socket.as_mut()).await.is_pending());
                    }
                    armed.set();
                    pending::<()>().await;
                }
            };
            // It waits for the first time on worker 1, and then on worker 0, for the other is busy.
            let (zero_is_free, one_is_free) = (Event::new(), Event::new());
            occupy(runtime.handle(), 0, &zero_is_free);
            drop(
                runtime
                    .handle()
                    .spawn_on(1, || async { drop(pintle::spawn(task)) }),
            );
            idle.wait_blocking();
            occupy(runtime.handle(), 1, &one_is_free);
            zero_is_free.set();
            go.set();
            armed.wait_blocking();
            // Worker 0 ends while worker 1, which knows of the task, is still busy.
            let dropping = thread::spawn(move || drop(runtime));
            first_is_gone.wait_blocking();
            one_is_free.set();
            dropping.join().unwrap();
            assert_eq!(drops.count(), 1);
        }
    });
}

#[test]
fn a_stealable_task_that_is_woken_by_the_last_things_a_worker_does_is_dropped() {
    in_mode(Mode::MultiThread, |mode| {
        for by_the_hook in [false, true] {
            let (first_is_gone, drops, go) = (Event::new(), Drops::new(), Event::new());
            let (gone, woken) = (first_is_gone.clone(), go.clone());
            let runtime = mode
                .builder()
                .on_thread_stop(move || {
                    if pintle::worker::current() == Some(0) {
                        if by_the_hook {
                            woken.set();
                        }
                        gone.set();
                    }
                })
                .build()
                .unwrap();
            // It waits on worker 1, which is busy till the end, ...
            let (zero_is_free, one_is_free, idle) = (Event::new(), Event::new(), Event::new());
            occupy(runtime.handle(), 0, &zero_is_free);
            drop(runtime.handle().spawn_on(1, {
                let (go, idle, counter) = (go.clone(), idle.clone(), drops.counter());
                let handle = runtime.handle().clone();
                || async {
                    drop(pintle::spawn(async move {
                        let _kept = (counter, handle);
                        idle.set();
                        go.wait().await;
                        pending::<()>().await;
                    }));
                }
            }));
            idle.wait_blocking();
            occupy(runtime.handle(), 1, &one_is_free);
            // ... and is woken on worker 0, by a future that is dropped there or by the hook.
            if !by_the_hook {
                let (go, asleep) = (go.clone(), Event::new());
                let there = asleep.clone();
                drop(runtime.handle().spawn_on(0, || async move {
                    let _wakes = OnDrop::new(move || go.set());
                    there.set();
                    pending::<()>().await;
                }));
                zero_is_free.set();
                asleep.wait_blocking();
            }
            zero_is_free.set();
            let dropping = thread::spawn(move || drop(runtime));
            first_is_gone.wait_blocking();
            one_is_free.set();
            dropping.join().unwrap();
            assert_eq!(drops.count(), 1, "by the hook: {by_the_hook}");
        }
    });
}

#[test]
fn shutting_down_under_load_loses_nothing() {
    every_mode(|mode| {
        for round in 0..20 {
            let runtime = mode.runtime();
            let (made, drops) = (Arc::new(AtomicUsize::new(0)), Drops::new());
            // Tasks that spawn tasks, for ever.
            fn breed(made: Arc<AtomicUsize>, drops: Drops, depth: usize) -> JoinHandle<()> {
                made.fetch_add(1, Ordering::SeqCst);
                let counter = drops.counter();
                pintle::spawn(async move {
                    let _counter = counter;
                    loop {
                        if depth < 3 {
                            drop(breed(made.clone(), drops.clone(), depth + 1));
                        }
                        task::yield_now().await;
                        pintle::time::sleep(Duration::from_micros(20)).await;
                    }
                })
            }
            runtime.block_on(async {
                let roots = (0..4).map(|_| breed(made.clone(), drops.clone(), 0));
                roots.for_each(drop);
                support::until(|| made.load(Ordering::SeqCst) > 20 + round).await;
            });
            drop(runtime);
            assert_eq!(drops.count(), made.load(Ordering::SeqCst));
        }
    });
}

#[test]
fn join_handles_awaited_in_another_runtime_resolve_when_theirs_ends() {
    every_mode(|mode| {
        let (one, other) = (mode.runtime(), mode.runtime());
        let handles: Vec<_> = (0..10).map(|_| one.spawn(pending::<()>())).collect();
        let waiting = other.spawn(async move {
            let mut cancelled = 0;
            for handle in handles {
                cancelled += usize::from(handle.await.unwrap_err().is_cancelled());
            }
            cancelled
        });
        drop(one);
        assert_eq!(other.block_on(join_all([waiting])), [10]);
    });
}
