//! The channels and locks of `pintle::sync` inside the runtime: across tasks and workers, with
//! threads that block, within the budget, in every flavour. Each alone is tested in `pintle_sync`.

#![deny(unused)]

mod support;

use pintle::sync::broadcast::error::RecvError;
use pintle::sync::mpsc::error::TrySendError;
use pintle::sync::{CancellationToken, Mutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};
use pintle::task::{self, TaskTracker};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use support::{Drops, Event, Mode, every_mode, in_mode, join_all, panic_of, poll_once, until};

const REFUSED: &str = "this would block a thread on which tasks run";

#[test]
fn every_message_of_every_producer_arrives_once_and_in_its_order() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (sender, mut receiver) = mpsc::channel(4);
            let producers: Vec<_> = (0..8)
                .map(|producer| {
                    let sender = sender.clone();
                    task::spawn(async move {
                        for number in 0..200 {
                            sender.send((producer, number)).await.unwrap();
                        }
                    })
                })
                .collect();
            drop(sender);
            let consumer = task::spawn(async move {
                let mut next = [0; 8];
                while let Some((producer, number)) = receiver.recv().await {
                    assert_eq!(next[producer], number);
                    next[producer] += 1;
                }
                next
            });
            assert_eq!(consumer.await.unwrap(), [200; 8]);
            join_all(producers).await;
        });
    });
}

#[test]
fn an_aborted_sender_leaves_its_place_in_line() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            sender.send(1).await.unwrap();
            let waits = task::spawn({
                let sender = sender.clone();
                async move { sender.send(2).await }
            });
            task::yield_now().await;
            waits.abort();
            assert!(waits.await.unwrap_err().is_cancelled());
            assert!(matches!(sender.try_send(3), Err(TrySendError::Full(3))));
            assert_eq!(receiver.recv().await, Some(1));
            sender.send(4).await.unwrap();
            drop(sender);
            assert_eq!(receiver.recv().await, Some(4));
            assert_eq!(receiver.recv().await, None);
        });
    });
}

#[test]
fn a_task_answers_a_oneshot_and_its_end_is_an_answer_too() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (sender, receiver) = oneshot::channel();
            task::spawn(async move { sender.send(7).unwrap() });
            assert_eq!(receiver.await, Ok(7));

            let (sender, receiver) = oneshot::channel::<u32>();
            let asked = task::spawn(async move {
                std::future::pending::<()>().await;
                drop(sender);
            });
            asked.abort();
            assert!(receiver.await.is_err());

            let (mut sender, receiver) = oneshot::channel::<u32>();
            let closed = task::spawn(async move {
                sender.closed().await;
                sender.send(1)
            });
            drop(receiver);
            assert_eq!(closed.await.unwrap(), Err(1));
        });
    });
}

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
fn a_receiver_that_lags_is_told_and_goes_on() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (sender, mut slow) = broadcast::channel(4);
            let mut quick = sender.subscribe();
            let (told, mut tells) = mpsc::channel(1);
            let quick = task::spawn(async move {
                let mut got = Vec::new();
                while let Ok(value) = quick.recv().await {
                    got.push(value);
                    told.send(()).await.unwrap();
                }
                got
            });
            for value in 0..10 {
                sender.send(value).unwrap();
                tells.recv().await.unwrap();
            }
            drop(sender);
            assert_eq!(quick.await.unwrap(), (0..10).collect::<Vec<_>>());
            let slow = task::spawn(async move {
                assert_eq!(slow.recv().await, Err(RecvError::Lagged(6)));
                for value in 6..10 {
                    assert_eq!(slow.recv().await, Ok(value));
                }
                assert_eq!(slow.recv().await, Err(RecvError::Closed));
            });
            slow.await.unwrap();
        });
    });
}

#[test]
fn a_mutex_is_handed_on_in_order_across_workers() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let order = Arc::new(Mutex::new(Vec::new()));
            let mut held = order.lock().await;
            let mut waiting = Vec::new();
            for number in 0..8 {
                let in_line = Event::new();
                waiting.push(pintle::spawn_on(number % mode.workers(), {
                    let (order, in_line) = (order.clone(), in_line.clone());
                    move || async move {
                        let mut lock = pin!(order.lock());
                        assert!(poll_once(lock.as_mut()).await.is_pending());
                        in_line.set();
                        let mut order = lock.await;
                        order.push(number);
                        // The next one cannot have it, though it may run by now.
                        task::yield_now().await;
                    }
                }));
                in_line.wait().await;
            }
            held.push(100);
            drop(held);
            join_all(waiting).await;
            assert_eq!(*order.lock().await, [100, 0, 1, 2, 3, 4, 5, 6, 7]);
        });
    });
}

#[test]
fn a_mutex_excludes_and_loses_no_turn() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let count = Arc::new(Mutex::new(0));
            let tasks = (0..8).map(|_| {
                let count = count.clone();
                task::spawn(async move {
                    for _ in 0..100 {
                        let mut count = count.lock().await;
                        let before = *count;
                        task::yield_now().await;
                        *count = before + 1;
                    }
                })
            });
            join_all(tasks.collect::<Vec<_>>()).await;
            assert_eq!(*count.lock().await, 800);
        });
    });
}

#[test]
fn a_mutex_is_free_again_when_its_holder_panics_or_is_aborted() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mutex = Arc::new(Mutex::new(0));
            let panics = task::spawn({
                let mutex = mutex.clone();
                async move {
                    *mutex.lock().await = 1;
                    let _held = mutex.lock().await;
                    std::panic::resume_unwind(Box::new("while it holds the lock"));
                }
            });
            assert!(panics.await.unwrap_err().is_panic());
            let held = Event::new();
            let holds = task::spawn({
                let (mutex, held) = (mutex.clone(), held.clone());
                async move {
                    let _held = mutex.lock().await;
                    held.set();
                    std::future::pending::<()>().await;
                }
            });
            held.wait().await;
            holds.abort();
            assert_eq!(*mutex.lock().await, 1);
        });
    });
}

#[test]
fn notified_tasks_wake_and_a_notification_is_kept() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let notify = Arc::new(Notify::new());
            notify.notify_one();
            notify.notified().await;

            let woken = Arc::new(AtomicUsize::new(0));
            let mut tasks = Vec::new();
            for number in 0..4 {
                let in_line = Event::new();
                tasks.push(pintle::spawn_on(number % mode.workers(), {
                    let (notify, woken) = (notify.clone(), woken.clone());
                    let in_line = in_line.clone();
                    move || async move {
                        let mut notified = pin!(notify.notified());
                        notified.as_mut().enable();
                        in_line.set();
                        notified.await;
                        woken.fetch_add(1, Ordering::Relaxed);
                    }
                }));
                in_line.wait().await;
            }
            notify.notify_one();
            until(|| woken.load(Ordering::Relaxed) == 1).await;
            notify.notify_waiters();
            join_all(tasks).await;
        });
    });
}

#[test]
fn permits_of_aborted_tasks_go_to_those_who_wait() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let semaphore = Arc::new(Semaphore::new(2));
            let (first, second) = (semaphore.acquire().await, semaphore.acquire().await);
            // It has one of the two it wants when it is aborted, and is in front of the other.
            let wants_two = task::spawn({
                let semaphore = semaphore.clone();
                async move { drop(semaphore.acquire_many(2).await) }
            });
            task::yield_now().await;
            let wants_one = task::spawn({
                let semaphore = semaphore.clone();
                async move { semaphore.acquire().await.map(drop).is_ok() }
            });
            task::yield_now().await;
            drop(first);
            wants_two.abort();
            assert!(wants_one.await.unwrap());
            drop(second);
            assert_eq!(semaphore.available_permits(), 2);
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

#[test]
fn trackers_that_are_clones_are_the_same() {
    let tracker = TaskTracker::new();
    assert!(TaskTracker::ptr_eq(&tracker, &tracker.clone()));
    assert!(!TaskTracker::ptr_eq(&tracker, &TaskTracker::new()));
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
