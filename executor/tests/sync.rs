//! What only a runtime adds to `pintle::sync`: tasks that a tracker spawns, threads that may block
//! and those that may not, the budget of a real worker. What each primitive promises by itself is in
//! `sync_behaviour.rs`.

mod support;

use pintle::sync::{CancellationToken, Mutex, Semaphore, broadcast, mpsc, oneshot, watch};
use pintle::task::{self, TaskTracker};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use support::{Drops, Event, Mode, every_mode, in_mode, join_all, panic_of, poll_once};

const REFUSED: &str = "this would block a thread on which tasks run";

#[test]
fn watchers_on_every_worker_see_the_last_value() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (sender, receiver) = watch::channel(0);
            let watchers = pintle::spawn_on_each({
                let receiver = receiver.clone();
                |_| {
                    let mut receiver = receiver;
                    async move {
                        let mut seen = *receiver.borrow_and_update();
                        while receiver.changed().await.is_ok() {
                            let value = *receiver.borrow_and_update();
                            assert!(value > seen, "{value} after {seen}");
                            seen = value;
                        }
                        seen
                    }
                }
            });
            drop(receiver);
            for value in 1..=100 {
                sender.send(value).unwrap();
                task::yield_now().await;
            }
            drop(sender);
            assert!(join_all(watchers).await.iter().all(|seen| *seen == 100));
        });
    });
}

#[test]
fn a_cancelled_token_and_a_tracker_end_every_task_in_its_own_time() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let drops = Drops::new();
        runtime.block_on(async {
            let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
            let finished = Arc::new(AtomicUsize::new(0));
            for _ in 0..10 {
                let (shutdown, finished) = (shutdown.child_token(), finished.clone());
                let counter = drops.counter();
                tracker.spawn(async move {
                    let _counter = counter;
                    shutdown.cancelled().await;
                    for _ in 0..3 {
                        task::yield_now().await;
                    }
                    finished.fetch_add(1, Ordering::Relaxed);
                });
            }
            let not_send = Rc::new(());
            tracker.spawn_local({
                let (shutdown, not_send) = (shutdown.clone(), not_send.clone());
                async move {
                    shutdown.cancelled().await;
                    drop(not_send);
                }
            });
            let job = tracker.spawn_blocking({
                let (handle, shutdown) = (runtime.handle().clone(), shutdown.clone());
                move || handle.block_on(shutdown.cancelled())
            });
            let aborted = tracker.spawn(std::future::pending::<()>());
            let panicked = tracker.spawn(async { std::panic::resume_unwind(Box::new(())) });
            assert!(tracker.clone().len() >= 13);

            tracker.close();
            assert!(poll_once(pin!(tracker.wait())).await.is_pending());
            shutdown.cancel();
            aborted.abort();
            tracker.wait().await;

            assert!(tracker.is_empty());
            assert_eq!(finished.load(Ordering::Relaxed), 10);
            assert_eq!(
                drops.count(),
                10,
                "a task has ended when its future is gone"
            );
            assert_eq!(Rc::strong_count(&not_send), 1);
            job.await.unwrap();
            assert!(aborted.await.unwrap_err().is_cancelled());
            assert!(panicked.await.unwrap_err().is_panic());
        });
    });
}

#[test]
fn a_job_that_never_runs_is_no_longer_tracked() {
    every_mode(|mode| {
        let runtime = mode.builder().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let tracker = TaskTracker::new();
            let over = Event::new();
            let first = tracker.spawn_blocking({
                let over = over.clone();
                move || over.wait_blocking()
            });
            let second = tracker.spawn_blocking(|| unreachable!("it was aborted"));
            second.abort();
            over.set();
            assert!(second.await.unwrap_err().is_cancelled());
            tracker.close();
            tracker.wait().await;
            first.await.unwrap();
        });
    });
}

/// Polls that are always ready would keep the worker for ever, but for the budget.
#[test]
fn a_task_that_always_finds_a_message_lets_the_others_run() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            pintle::spawn_on(0, || async {
                let others = Arc::new(AtomicBool::new(false));
                let ran = || others.load(Ordering::Relaxed);
                let other = || {
                    others.store(false, Ordering::Relaxed);
                    let others = others.clone();
                    drop(task::spawn_local(async move {
                        others.store(true, Ordering::Relaxed);
                    }));
                };

                let (sender, mut receiver) = mpsc::unbounded_channel();
                other();
                while !ran() {
                    sender.send(()).unwrap();
                    receiver.recv().await.unwrap();
                }

                let mutex = Mutex::new(());
                other();
                while !ran() {
                    drop(mutex.lock().await);
                }

                let semaphore = Semaphore::new(1);
                other();
                while !ran() {
                    drop(semaphore.acquire().await);
                }

                let (sender, mut receiver) = watch::channel(0);
                other();
                while !ran() {
                    sender.send_modify(|value| *value += 1);
                    receiver.changed().await.unwrap();
                }

                let (sender, mut receiver) = broadcast::channel(1);
                other();
                while !ran() {
                    sender.send(()).unwrap();
                    receiver.recv().await.unwrap();
                }
            })
            .await
            .unwrap();
        });
    });
}

#[test]
fn what_blocks_is_refused_in_tasks_and_inside_block_on() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let refused = || {
            let (sender, mut receiver) = mpsc::channel(1);
            let (_sender, answer) = oneshot::channel::<()>();
            vec![
                panic_of(|| drop(Mutex::new(()).blocking_lock())),
                panic_of(|| sender.blocking_send(1)),
                panic_of(|| receiver.blocking_recv()),
                panic_of(|| answer.blocking_recv()),
            ]
        };
        let check = |messages: Vec<String>| {
            for message in messages {
                assert!(message.contains(REFUSED), "{message}");
            }
        };
        check(runtime.block_on(async { refused() }));
        check(
            runtime
                .block_on(async move { task::spawn(async move { refused() }).await })
                .unwrap(),
        );
        check(
            runtime.block_on(
                async move { task::spawn_local(async move { refused() }).await.unwrap() },
            ),
        );
        // Outside again, it is nobody's business.
        drop(Mutex::new(()).blocking_lock());
    });
}

#[test]
fn threads_of_the_pool_and_of_the_user_may_block() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (to_pool, mut from_task) = mpsc::channel(1);
            let (to_thread, mut from_pool) = mpsc::channel(1);
            let (to_task, mut from_thread) = mpsc::channel(1);
            let job = task::spawn_blocking(move || {
                while let Some(number) = from_task.blocking_recv() {
                    to_thread.blocking_send(number + 1).unwrap();
                }
            });
            let thread = std::thread::spawn(move || {
                while let Some(number) = from_pool.blocking_recv() {
                    to_task.blocking_send(number * 10).unwrap();
                }
            });
            for number in 0..20 {
                to_pool.send(number).await.unwrap();
                assert_eq!(from_thread.recv().await, Some((number + 1) * 10));
            }
            drop(to_pool);
            job.await.unwrap();
            assert_eq!(from_thread.recv().await, None);
            thread.join().unwrap();
        });
    });
}

#[test]
fn block_in_place_may_block_and_the_task_may_not_afterwards() {
    in_mode(Mode::MultiThread, |mode| {
        mode.runtime().block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            let task = task::spawn(async move {
                let got = task::block_in_place(|| receiver.blocking_recv());
                let refused = panic_of(|| receiver.blocking_recv());
                assert!(refused.contains(REFUSED), "{refused}");
                got
            });
            sender.send(7).await.unwrap();
            assert_eq!(task.await.unwrap(), Some(7));
        });
    });
}
