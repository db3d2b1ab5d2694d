//! What a thread is and what it is in: guards of `Handle::enter` that are kept too long, dropped in
//! any order or carried out of `block_on`, and runtimes that end with their thread.

mod support;

use pintle::runtime::{Handle, Runtime};
use pintle::task;
use std::cell::OnceCell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{
    CountDrop, Drops, Mode, OnDrop, assert_panics_with, every_mode, in_mode, join_all, until,
    wait_until,
};

/// Runs `body` on a thread of its own, whose stack of entered runtimes it may leave in a mess.
fn on_a_thread(body: impl FnOnce() + Send) {
    let outcome = thread::scope(|scope| scope.spawn(body).join());
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

fn works(runtime: &Runtime) {
    let answer = runtime.block_on(async {
        pintle::time::sleep(Duration::from_micros(10)).await;
        let local = task::spawn_local(async { 2 });
        pintle::spawn(async { 3 }).await.unwrap() * local.await.unwrap()
    });
    assert_eq!(answer, 6);
}

#[test]
fn of_several_guards_the_last_that_is_left_counts_whatever_order_they_go_in() {
    every_mode(|mode| {
        let runtimes = [mode.runtime(), mode.runtime(), mode.runtime()];
        // Which of the three this thread is in: the last one's metrics have one spawn more.
        let current = || {
            let before = runtimes.each_ref().map(spawned);
            drop(pintle::spawn(async {}));
            let after = runtimes.each_ref().map(spawned);
            (0..3).find(|&n| after[n] > before[n])
        };
        // The order in which they go, and where one is after each.
        let orders = [
            ([0, 1, 2], [2, 2]),
            ([0, 2, 1], [2, 1]),
            ([1, 0, 2], [2, 2]),
            ([1, 2, 0], [2, 0]),
            ([2, 0, 1], [1, 1]),
            ([2, 1, 0], [1, 0]),
        ];
        for (order, then) in orders {
            on_a_thread(|| {
                let mut guards = runtimes.each_ref().map(|runtime| Some(runtime.enter()));
                assert_eq!(current(), Some(2));
                for (gone, expected) in order.into_iter().zip(then) {
                    guards[gone] = None;
                    assert_eq!(current(), Some(expected), "{order:?} after {gone}");
                }
                guards[order[2]] = None;
                assert!(Handle::try_current().is_err());
            });
        }
        runtimes.iter().for_each(works);
    });
}

/// How many tasks have been left for the runtime's workers from outside.
fn spawned(runtime: &Runtime) -> u64 {
    let metrics = runtime.metrics();
    (0..metrics.num_workers())
        .map(|worker| metrics.worker_remote_schedule_count(worker))
        .sum()
}

#[test]
fn pinned_tasks_live_on_while_the_root_holds_a_guard_across_an_await() {
    every_mode(|mode| {
        let (runtime, other) = (mode.runtime(), mode.runtime());
        for entered in [&runtime, &other] {
            runtime.block_on(async {
                let wait = || async {
                    let not_send = Rc::new(5);
                    for _ in 0..10 {
                        task::yield_now().await;
                    }
                    *not_send
                };
                let before = [task::spawn_local(wait()), pintle::spawn_on(0, wait)];
                let _guard = entered.enter();
                assert_eq!(join_all(before).await, [5, 5]);
                // Which worker this thread is has nothing to do with what it has entered.
                assert_eq!(task::spawn_local(wait()).await.unwrap(), 5);
            });
        }
        // The drivers of what was entered are at hand, too.
        runtime.block_on(async {
            let nap = || pintle::time::sleep(Duration::from_millis(2));
            let before = [pintle::spawn(nap()), task::spawn_local(nap())];
            let _guard = runtime.enter();
            join_all(before).await;
            nap().await;
        });
        works(&runtime);
        works(&other);
    });
}

#[test]
fn block_on_in_a_task_or_at_the_root_says_what_to_do_also_under_a_guard() {
    let parts = ["`block_on`", "`.await`", "`pintle::task::spawn_blocking`"];
    every_mode(|mode| {
        let (runtime, other) = (mode.runtime(), mode.runtime());
        for entered in [&runtime, &other] {
            runtime.block_on(async {
                let _guard = entered.enter();
                assert_panics_with(&parts, || entered.block_on(task::yield_now()));
                assert_panics_with(&parts, || runtime.block_on(task::yield_now()));
                assert_panics_with(&parts, || Handle::current().block_on(async {}));
            });
            let (entered, here) = (entered.handle().clone(), runtime.handle().clone());
            let task = runtime.spawn(async move {
                let _guard = entered.enter();
                assert_panics_with(&parts, || entered.block_on(async {}));
                assert_panics_with(&parts, || here.block_on(async {}));
            });
            runtime.block_on(task).unwrap();
        }
        works(&runtime);
    });
}

#[test]
fn a_guard_carried_out_of_block_on_has_no_effect_any_more() {
    every_mode(|mode| {
        let (runtime, other) = (mode.runtime(), mode.runtime());
        for entered in [&runtime, &other] {
            for _ in 0..3 {
                let guard = runtime.block_on(async { entered.enter() });
                assert!(Handle::try_current().is_err(), "block_on took it along");
                works(&runtime);
                let _here = other.enter();
                drop(guard);
                assert!(Handle::try_current().is_ok(), "it took another one along");
                works(&runtime);
            }
            // Nor has one that is never dropped.
            std::mem::forget(runtime.block_on(async { entered.enter() }));
            works(&runtime);
            assert!(Handle::try_current().is_err());
        }
    });
}

/// Says where it was dropped.
struct Here(Arc<Mutex<Option<ThreadId>>>);

impl Drop for Here {
    fn drop(&mut self) {
        let before = self.0.lock().unwrap().replace(thread::current().id());
        assert_eq!(before, None);
    }
}

#[test]
fn a_guard_dropped_inside_a_nested_block_on_sends_no_local_future_to_another_thread() {
    every_mode(|mode| {
        let (outer, inner) = (Mode::MultiThread.runtime(), mode.runtime());
        let (dropped, waker) = (
            Arc::new(Mutex::new(None)),
            Arc::new(Mutex::new(None::<Waker>)),
        );
        outer.block_on(async {
            let guard = outer.enter();
            let here = Here(dropped.clone());
            let (handle, cell) = (inner.handle(), &waker);
            task::block_in_place(|| {
                handle.block_on(async move {
                    let (home, cell) = (thread::current().id(), cell.clone());
                    drop(task::spawn_local(async move {
                        let _here = (here, Rc::new(()));
                        poll_fn(|cx| {
                            assert_eq!(thread::current().id(), home, "polled elsewhere");
                            *cell.lock().unwrap() = Some(cx.waker().clone());
                            Poll::<()>::Pending
                        })
                        .await;
                    }));
                    drop(guard);
                    task::yield_now().await;
                    task::yield_now().await;
                });
            });
            // While this thread is still inside the outer one.
            let waker = waker.lock().unwrap().take().expect("polled");
            let woken_elsewhere = || {
                handle.block_on(async {
                    waker.wake();
                    for _ in 0..5 {
                        task::yield_now().await;
                    }
                });
            };
            thread::scope(|scope| scope.spawn(woken_elsewhere).join().unwrap());
        });
        assert_eq!(*dropped.lock().unwrap(), Some(thread::current().id()));
        works(&inner);
    });
}

// ----- a runtime that ends with its thread ---------------------------------------------------

thread_local! {
    static OWN: OnceCell<(Runtime, CountDrop)> = const { OnceCell::new() };
}

/// Leaves a runtime, with tasks that wait for ever, to the destructors of this thread's locals.
fn keep_in_a_thread_local(mode: Mode, drops: &Drops) {
    let filled = OWN.with(|own| own.set((mode.runtime(), drops.counter())).is_ok());
    assert!(filled);
    OWN.with(|own| {
        let (runtime, _) = own.get().expect("filled");
        let wait = |counter: CountDrop| async move {
            let _counter = counter;
            pintle::time::sleep(Duration::from_secs(3600)).await;
        };
        runtime.block_on(async {
            drop(pintle::spawn(wait(drops.counter())));
            for worker in 0..mode.workers() {
                let counter = drops.counter();
                drop(pintle::spawn_on(worker, move || wait(counter)));
            }
            drop(task::spawn_local(wait(drops.counter())));
            task::yield_now().await;
        });
        // These have yet to run.
        drop(runtime.spawn(wait(drops.counter())));
    });
}

#[test]
fn a_runtime_in_a_thread_local_ends_with_its_thread() {
    every_mode(|mode| {
        let drops = Drops::new();
        for entered_before in [false, true] {
            let before = drops.count();
            on_a_thread(|| {
                if entered_before {
                    // Whose locals are destroyed first depends on whose are used first.
                    works(&mode.runtime());
                }
                keep_in_a_thread_local(mode, &drops);
            });
            assert_eq!(drops.count() - before, 4 + mode.workers());
        }
    });
}

#[test]
fn a_guard_left_to_a_dying_thread_does_no_harm() {
    thread_local! {
        static GUARD: OnceCell<pintle::runtime::EnterGuard<'static>> = const { OnceCell::new() };
    }
    every_mode(|mode| {
        let runtime = Box::leak(Box::new(mode.runtime()));
        on_a_thread(|| GUARD.with(|guard| assert!(guard.set(runtime.enter()).is_ok())));
        on_a_thread(|| {
            works(runtime);
            GUARD.with(|guard| assert!(guard.set(runtime.enter()).is_ok()));
        });
        works(runtime);
    });
}

#[test]
fn a_runtime_in_a_thread_local_of_its_own_blocking_thread_ends_with_that_thread() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode
            .builder()
            .thread_keep_alive(Duration::from_millis(5))
            .build()
            .unwrap();
        let handle = runtime.handle().clone();
        let drops = Drops::new();
        let counter = drops.counter();
        drop(handle.spawn(async move {
            let _counter = counter;
            pintle::time::sleep(Duration::from_secs(3600)).await;
        }));
        let counter = drops.counter();
        handle.block_on(async {
            pintle::task::spawn_blocking(move || {
                OWN.with(|own| assert!(own.set((runtime, counter)).is_ok()));
            })
            .await
            .unwrap();
        });
        wait_until(|| drops.count() == 2);
    });
}

/// Who ends a runtime is that runtime's worker meanwhile, and on another's worker not that one.
#[test]
fn tasks_of_a_runtime_that_ends_on_a_worker_of_another_may_spawn_there() {
    every_mode(|outer| {
        for inner in Mode::ALL {
            let runtime = outer.runtime();
            let handle = runtime.handle().clone();
            let drops = Drops::new();
            let theirs = drops.clone();
            let task = runtime.handle().spawn_on(0, move || async move {
                let ends = inner.bare().build().unwrap();
                for _ in 0..4 {
                    let (handle, drops) = (handle.clone(), theirs.clone());
                    let spawns = OnDrop::new(move || {
                        let counter = drops.counter();
                        drop(handle.spawn(async move {
                            let _counter = counter;
                            task::yield_now().await;
                        }));
                    });
                    drop(ends.spawn(async move {
                        let _spawns = spawns;
                        pending::<()>().await;
                    }));
                }
                ends.shutdown_background();
            });
            runtime.block_on(task).unwrap();
            runtime.block_on(until(|| drops.count() == 4));
        }
    });
}
