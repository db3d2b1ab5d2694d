//! Tasks and their handles: outputs, aborts, panics, ids and names.

mod support;

use pintle::runtime::{Handle, Runtime};
use pintle::task::{self, AbortHandle, JoinHandle, LocalSet};
use std::future::{Future, pending, poll_fn};
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;
use support::{Drops, Event, Mode, Occupied, OnDrop, every_mode, in_mode, message_of, panic_of};

#[test]
fn a_handle_gives_the_output() {
    every_mode(|mode| {
        let output = mode.runtime().block_on(async {
            let inner = pintle::spawn(async { pintle::spawn(async { 6 }).await.unwrap() * 7 });
            inner.await.unwrap()
        });
        assert_eq!(output, 42);
    });
}

#[test]
fn dropping_the_handle_detaches_the_task() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let done = Event::new();
            let set = done.clone();
            drop(pintle::spawn(async move {
                task::yield_now().await;
                set.set();
            }));
            done.wait().await;
        });
    });
}

#[test]
fn the_output_of_a_detached_task_is_dropped() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let done = Event::new();
            let set = done.clone();
            drop(pintle::spawn(async move { OnDrop::new(move || set.set()) }));
            done.wait().await;
        });
    });
}

#[test]
fn aborting_a_queued_task_drops_it_before_it_runs() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let occupied = Occupied::all(mode, runtime.handle());
        let (ran, drops) = (Arc::new(AtomicBool::new(false)), Drops::new());
        let spawn = |on: Option<usize>| {
            let (ran, counter) = (ran.clone(), drops.counter());
            let future = async move {
                ran.store(true, Ordering::SeqCst);
                drop(counter);
            };
            match on {
                Some(worker) => runtime.handle().spawn_on(worker, || future),
                None => runtime.spawn(future),
            }
        };
        let handles = [spawn(None), spawn(Some(0))];
        handles.iter().for_each(JoinHandle::abort);
        drop(occupied);
        runtime.block_on(async {
            for handle in handles {
                assert!(handle.await.unwrap_err().is_cancelled());
            }
        });
        assert!(!ran.load(Ordering::SeqCst));
        assert_eq!(drops.count(), 2);
    });
}

/// A task that aborts itself while it is polled, and then answers `answer`.
async fn abort_while_running(answer: Poll<u8>) -> Result<u8, task::JoinError> {
    let (own, set) = (Arc::new(OnceLock::<AbortHandle>::new()), Event::new());
    let handle = pintle::spawn({
        let (own, set) = (own.clone(), set.clone());
        async move {
            set.wait().await;
            poll_fn(move |_| {
                own.get().expect("set before the event").abort();
                answer
            })
            .await
        }
    });
    own.set(handle.abort_handle()).expect("set once");
    set.set();
    handle.await
}

#[test]
fn aborting_a_running_task_cancels_it_when_it_next_waits() {
    every_mode(|mode| {
        let error = mode
            .runtime()
            .block_on(abort_while_running(Poll::Pending))
            .unwrap_err();
        assert!(error.is_cancelled());
    });
}

#[test]
fn a_task_that_completes_in_the_poll_during_which_it_is_aborted_keeps_its_output() {
    every_mode(|mode| {
        assert_eq!(
            mode.runtime()
                .block_on(abort_while_running(Poll::Ready(3)))
                .unwrap(),
            3
        );
    });
}

#[test]
fn aborting_an_idle_task_drops_its_future() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (drops, idle) = (Drops::new(), Event::new());
            let handle = pintle::spawn({
                let (counter, idle) = (drops.counter(), idle.clone());
                async move {
                    let _counter = counter;
                    idle.set();
                    pending::<()>().await;
                }
            });
            idle.wait().await;
            assert!(!handle.is_finished());
            handle.abort();
            assert!(handle.await.unwrap_err().is_cancelled());
            assert_eq!(drops.count(), 1);
        });
    });
}

#[test]
fn aborting_a_finished_task_changes_nothing() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let handle = pintle::spawn(async { "kept" });
            support::until(|| handle.is_finished()).await;
            handle.abort();
            assert_eq!(handle.await.unwrap(), "kept");
        });
    });
}

#[test]
fn aborting_twice_and_by_several_handles_is_aborting_once() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let drops = Drops::new();
            let counter = drops.counter();
            let handle = pintle::spawn(async move {
                let _counter = counter;
                pending::<()>().await;
            });
            let aborts: Vec<AbortHandle> = (0..4).map(|_| handle.abort_handle()).collect();
            let threads = aborts
                .into_iter()
                .map(|abort| thread::spawn(move || abort.abort()));
            threads
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            handle.abort();
            assert!(handle.await.unwrap_err().is_cancelled());
            assert_eq!(drops.count(), 1);
        });
    });
}

#[test]
fn a_pinned_task_aborted_from_another_thread_is_dropped_on_its_own() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (here, there) = (Event::new(), Arc::new(Mutex::new(None)));
            let spawn_one = {
                let (here, there) = (here.clone(), there.clone());
                move || async move {
                    let home = thread::current().id();
                    let _on_drop = OnDrop::new(move || {
                        *there.lock().unwrap() = Some((home, thread::current().id()));
                    });
                    here.set();
                    pending::<()>().await;
                }
            };
            let handle = pintle::spawn_on(0, spawn_one);
            here.wait().await;
            let abort = handle.abort_handle();
            thread::spawn(move || abort.abort()).join().unwrap();
            assert!(handle.await.unwrap_err().is_cancelled());
            let (home, dropped) = there.lock().unwrap().expect("dropped");
            assert_eq!(home, dropped);
        });
    });
}

#[test]
fn a_panic_in_a_poll_becomes_an_error_with_its_payload() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        runtime.block_on(async {
            let error = pintle::spawn(async { panic!("oh {}", "no") })
                .await
                .unwrap_err();
            assert!(error.is_panic() && !error.is_cancelled());
            assert!(
                error
                    .to_string()
                    .contains("panicked with message \"oh no\""),
                "{error}"
            );
            assert_eq!(message_of(error.into_panic()), "oh no");

            let error = pintle::spawn(async { std::panic::panic_any(7_u32) })
                .await
                .unwrap_err();
            assert_eq!(*error.into_panic().downcast::<u32>().unwrap(), 7);
        });
        // And every worker lives on.
        for worker in 0..mode.workers() {
            let on = runtime
                .handle()
                .spawn_on(worker, || async { pintle::worker::current() });
            assert_eq!(runtime.block_on(on).unwrap(), Some(worker));
        }
    });
}

#[test]
fn a_panic_in_the_drop_of_an_aborted_future_becomes_an_error() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let idle = Event::new();
            let set = idle.clone();
            let handle = pintle::spawn(async move {
                let _on_drop = OnDrop::new(|| panic!("in drop"));
                set.set();
                pending::<()>().await;
            });
            idle.wait().await;
            handle.abort();
            let error = handle.await.unwrap_err();
            assert!(error.is_panic());
            assert_eq!(message_of(error.into_panic()), "in drop");
            assert_eq!(pintle::spawn(async { 1 }).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_panic_in_the_drop_of_a_finished_future_becomes_an_error() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut on_drop = Some(OnDrop::new(|| panic!("in drop")));
            let error = pintle::spawn(poll_fn(move |_| {
                // Captured, hence dropped with the future, after it has answered.
                let _kept = &mut on_drop;
                Poll::Ready(())
            }));
            assert!(error.await.unwrap_err().is_panic());
        });
    });
}

#[test]
fn a_panic_in_the_drop_of_an_output_nobody_wants_takes_nothing_down() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let dropped = Event::new();
            let set = dropped.clone();
            drop(pintle::spawn(async move {
                OnDrop::new(move || {
                    set.set();
                    panic!("in drop")
                })
            }));
            dropped.wait().await;
            for worker in 0..mode.workers() {
                assert_eq!(pintle::spawn_on(worker, || async { 1 }).await.unwrap(), 1);
            }
        });
    });
}

#[test]
fn ids_are_unique_and_known_inside() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        assert_eq!(task::try_id(), None);
        runtime.block_on(async {
            assert_eq!(
                task::try_id(),
                None,
                "the future of `block_on` is not a task"
            );
            let mut ids = std::collections::HashSet::new();
            for _ in 0..100 {
                let handle = pintle::spawn(async { (task::id(), task::try_id()) });
                let id = handle.id();
                assert_eq!(handle.abort_handle().id(), id);
                assert_eq!(handle.await.unwrap(), (id, Some(id)));
                assert!(ids.insert(id), "{id} twice");
            }
            let handle = task::spawn_local(async { task::id() });
            let id = handle.id();
            assert_eq!(handle.await.unwrap(), id);
            assert!(ids.insert(id));
            let job = task::spawn_blocking(|| {
                let inside = pintle::runtime::Handle::current().block_on(async { task::try_id() });
                (task::id(), inside)
            });
            let id = job.id();
            assert_eq!(job.await.unwrap(), (id, None));
            let error = pintle::spawn(async { panic!() });
            let id = error.id();
            assert_eq!(error.await.unwrap_err().id(), id);
        });
    });
}

#[test]
fn hooks_and_roots_have_no_id_whatever_the_thread_has_run() {
    every_mode(|mode| {
        let with_id = Arc::new(AtomicUsize::new(0));
        let hook = || {
            let with_id = with_id.clone();
            move || {
                with_id.fetch_add(usize::from(task::try_id().is_some()), Ordering::SeqCst);
            }
        };
        let mut builder = mode.builder();
        builder.on_thread_park(hook()).on_thread_unpark(hook());
        builder.on_thread_start(hook()).on_thread_stop(hook());
        let runtime = builder.build().unwrap();
        let parks = || async {
            task::yield_now().await;
            pintle::time::sleep(Duration::from_micros(20)).await;
            task::id()
        };
        for _ in 0..20 {
            runtime.block_on(async {
                let panics = pintle::spawn(async { resume_unwind(Box::new(())) });
                let (one, other) = (pintle::spawn(parks()), task::spawn_local(parks()));
                let ids = (one.id(), other.id());
                assert_eq!((one.await.unwrap(), other.await.unwrap()), ids);
                assert_eq!(task::try_id(), None);
                panics.await.unwrap_err();
                let set = LocalSet::new();
                let own = set.spawn_local(parks());
                let id = own.id();
                assert_eq!(set.run_until(own).await.unwrap(), id);
                assert_eq!(task::try_id(), None);
            });
            assert_eq!(task::try_id(), None);
        }
        drop(runtime);
        assert_eq!(with_id.load(Ordering::SeqCst), 0);
    });
}

/// A poll that wakes its own task, before or after it has run other tasks.
#[test]
fn a_task_that_wakes_itself_and_runs_others_in_its_poll_is_polled_once_more() {
    every_mode(|mode| {
        for first in [true, false] {
            let task = move || async move {
                let me = task::id();
                let set = LocalSet::new();
                let own = set.spawn_local(async {
                    task::yield_now().await;
                    task::id()
                });
                let id = own.id();
                let mut driver = Box::pin(set.run_until(own));
                let mut polls = 0;
                poll_fn(|cx| {
                    polls += 1;
                    if polls > 1 {
                        return Poll::Ready(());
                    }
                    if first {
                        cx.waker().wake_by_ref();
                    }
                    // With another waker, so that the set does not wake this task.
                    let mut noop = Context::from_waker(Waker::noop());
                    let ended = loop {
                        if let Poll::Ready(ended) = driver.as_mut().poll(&mut noop) {
                            break ended;
                        }
                        assert_eq!(task::id(), me);
                    };
                    assert_eq!(ended.unwrap(), id);
                    assert_eq!(task::id(), me);
                    if !first {
                        cx.waker().wake_by_ref();
                    }
                    Poll::Pending
                })
                .await;
                polls
            };
            let runtime = mode.runtime();
            let task = runtime.handle().spawn_on(0, task);
            assert_eq!(runtime.block_on(task).unwrap(), 2);
        }
    });
}

#[test]
fn a_task_that_is_woken_by_a_block_on_in_its_own_poll_is_polled_once_more() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let others: Vec<_> = Mode::ALL.map(Mode::runtime).into();
        let handles = others.iter().map(Runtime::handle);
        for handle in handles.chain([runtime.handle()]) {
            for who in ["itself", "the root", "a task"] {
                let handle = handle.clone();
                let task = runtime.spawn(async move {
                    let me = task::id();
                    let mut polls = 0;
                    poll_fn(|cx| {
                        polls += 1;
                        if polls > 1 {
                            return Poll::Ready(());
                        }
                        let waker = cx.waker().clone();
                        if who == "itself" {
                            waker.wake_by_ref();
                        }
                        task::block_in_place(|| {
                            assert_eq!(task::id(), me);
                            handle.block_on(async move {
                                assert_eq!(task::try_id(), None);
                                if who == "the root" {
                                    waker.wake_by_ref();
                                }
                                let wakes = task::spawn_local(async move {
                                    task::yield_now().await;
                                    if who == "a task" {
                                        waker.wake_by_ref();
                                    }
                                    task::id()
                                });
                                let id = wakes.id();
                                assert_eq!(wakes.await.unwrap(), id);
                                assert_eq!(task::try_id(), None);
                            });
                        });
                        assert_eq!(task::id(), me);
                        Poll::Pending
                    })
                    .await;
                    polls
                });
                assert_eq!(runtime.block_on(task).unwrap(), 2);
            }
        }
    });
}

#[test]
fn asking_for_the_id_outside_of_a_task_says_what_to_do() {
    let message = panic_of(task::id);
    assert!(
        message.contains("task::id") && message.contains("try_id"),
        "{message}"
    );
}

#[test]
fn an_error_has_the_name_of_its_task() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let named = || task::Builder::new().name("a name");
            let errors = [
                named().spawn(async { panic!("one") }).await.unwrap_err(),
                named()
                    .spawn_local(async { panic!("two") })
                    .await
                    .unwrap_err(),
                named()
                    .spawn_on(0, || async { panic!("three") })
                    .await
                    .unwrap_err(),
                named().spawn_blocking(|| panic!("four")).await.unwrap_err(),
                {
                    let handle = named().spawn(pending::<()>());
                    handle.abort();
                    handle.await.unwrap_err()
                },
            ];
            for error in errors {
                assert!(error.to_string().contains("a name"), "{error}");
            }
        });
    });
}

#[test]
fn errors_say_what_happened() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let handle = pintle::spawn(pending::<()>());
            handle.abort();
            let id = handle.id();
            let error = handle.await.unwrap_err();
            assert_eq!(error.to_string(), format!("task {id} was cancelled"));
            assert!(format!("{error:?}").contains("cancelled"));
            let error = error.try_into_panic().unwrap_err();
            assert!(panic_of(|| error.into_panic()).contains("is_panic"));

            let error = io::Error::from(pintle::spawn(async { panic!("why") }).await.unwrap_err());
            assert_eq!(error.kind(), io::ErrorKind::Other);
            assert!(error.to_string().contains("why"), "{error}");
        });
    });
}

#[test]
fn a_handle_that_has_given_its_output_says_so_when_it_is_polled_again() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut handle = pintle::spawn(async { 1 });
            assert_eq!((&mut handle).await.unwrap(), 1);
            let mut cx = Context::from_waker(Waker::noop());
            let message = panic_of(|| {
                let handle = std::pin::Pin::new(&mut handle);
                let _ = std::future::Future::poll(handle, &mut cx);
            });
            assert!(message.contains("JoinHandle"), "{message}");
        });
    });
}

#[test]
fn a_handle_may_be_awaited_anywhere() {
    every_mode(|mode| {
        let (one, other) = (mode.runtime(), mode.runtime());
        let (handle, second) = (one.spawn(async { 5 }), one.spawn(async { 6 }));
        thread::scope(|scope| {
            // A current-thread runtime runs tasks only while somebody is inside.
            let done = Event::new();
            scope.spawn({
                let (one, done) = (&one, done.clone());
                move || one.block_on(done.wait())
            });
            assert_eq!(futures_lite::future::block_on(handle).unwrap(), 5);
            assert_eq!(other.block_on(second).unwrap(), 6);
            done.set();
        });
    });
}

#[test]
fn a_handle_polled_with_a_new_waker_wakes_that_one() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let go = Event::new();
            let waits = go.clone();
            let mut handle = pintle::spawn(async move { waits.wait().await });
            let polled = support::poll_once(std::pin::Pin::new(&mut handle)).await;
            assert!(polled.is_pending());
            let elsewhere = pintle::spawn(handle);
            let mine = pintle::spawn(async move { elsewhere.await.unwrap() });
            task::yield_now().await;
            go.set();
            mine.await.unwrap().unwrap();
        });
    });
}

#[test]
fn a_task_that_nobody_polls_in_a_current_thread_runtime_waits_for_the_next_block_on() {
    in_mode(support::Mode::CurrentThread, |mode| {
        let runtime = mode.runtime();
        let drops = Drops::new();
        let counter = drops.counter();
        let handle = runtime.spawn(async move {
            drop(counter);
            Handle::current().runtime_flavor()
        });
        assert_eq!(drops.count(), 0);
        runtime.block_on(handle).unwrap();
        assert_eq!(drops.count(), 1);
    });
}
