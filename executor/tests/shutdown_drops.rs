//! What futures may do in their drops when their runtime ends: spawn, wake, abort and hold each other, panic.

mod support;

use pintle::runtime::Handle;
use pintle::task::{self, JoinHandle};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use support::shutdown::{Started, drop_with};
use support::{Drops, OnDrop, every_mode};

#[test]
fn tasks_that_spawn_from_their_own_drop_are_dropped_and_so_is_what_they_spawn() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let (started, drops) = (Started::default(), Drops::new());
        for worker in 0..mode.workers() {
            for local in [true, false] {
                let (there, handle) = (started.one(), runtime.handle().clone());
                let counters = [(); 4].map(|()| drops.counter());
                drop(runtime.handle().spawn_on(worker, move || async move {
                    let _on_drop = OnDrop::new(move || {
                        let [one, two, three, four] = counters;
                        drop(handle.spawn(async move { drop(one) }));
                        drop(handle.spawn_on(0, || async move { drop(two) }));
                        drop(handle.spawn_blocking(move || drop(three)));
                        if local {
                            drop(task::spawn_local(async move { drop(four) }));
                        } else {
                            drop(pintle::spawn(async move { drop(four) }));
                        }
                    });
                    there();
                    pending::<()>().await;
                    drop(there);
                }));
            }
        }
        runtime.block_on(support::until(|| started.all_there()));
        drop(runtime);
        assert_eq!(started.drops.count(), started.expected());
        assert_eq!(drops.count(), 4 * started.expected());
    });
}

#[test]
fn tasks_that_wake_each_other_from_their_drops_are_dropped() {
    every_mode(|mode| {
        drop_with(mode, |runtime, started| {
            let wakers: Arc<Mutex<Vec<Waker>>> = Arc::default();
            for n in 0..40 {
                let (there, wakers) = (started.one(), wakers.clone());
                let future = async move {
                    let _on_drop = OnDrop::new({
                        let wakers = wakers.clone();
                        move || {
                            let all = wakers.lock().unwrap().clone();
                            all.into_iter().for_each(Waker::wake);
                        }
                    });
                    poll_fn(|cx| {
                        wakers.lock().unwrap().push(cx.waker().clone());
                        Poll::Ready(())
                    })
                    .await;
                    there();
                    pending::<()>().await;
                    drop(there);
                };
                match n % 2 {
                    0 => drop(runtime.spawn(future)),
                    _ => drop(runtime.handle().spawn_on(n / 2 % mode.workers(), || future)),
                }
            }
        });
    });
}

#[test]
fn tasks_that_hold_each_others_handles_are_dropped() {
    every_mode(|mode| {
        drop_with(mode, |runtime, started| {
            for _ in 0..10 {
                let slot: Arc<Mutex<Option<JoinHandle<()>>>> = Arc::default();
                let (one, other) = (started.one(), started.one());
                let first = runtime.spawn({
                    let slot = slot.clone();
                    async move {
                        let handle = poll_fn(|cx| match slot.lock().unwrap().take() {
                            Some(handle) => Poll::Ready(handle),
                            None => {
                                cx.waker().wake_by_ref();
                                Poll::Pending
                            }
                        });
                        let handle = handle.await;
                        one();
                        let _ = handle.await;
                        drop(one);
                    }
                });
                let second = runtime.spawn(async move {
                    other();
                    let _ = first.await;
                    drop(other);
                });
                *slot.lock().unwrap() = Some(second);
            }
        });
    });
}

#[test]
fn tasks_that_abort_each_other_from_their_drops_are_dropped() {
    every_mode(|mode| {
        drop_with(mode, |runtime, started| {
            let aborts: Arc<Mutex<Vec<task::AbortHandle>>> = Arc::default();
            for n in 0..20 {
                let (there, in_drop) = (started.one(), aborts.clone());
                let future = async move {
                    let _on_drop = OnDrop::new(move || {
                        in_drop
                            .lock()
                            .unwrap()
                            .iter()
                            .for_each(task::AbortHandle::abort);
                    });
                    there();
                    pending::<()>().await;
                    drop(there);
                };
                let handle = match n % 2 {
                    0 => runtime.spawn(future),
                    _ => runtime.handle().spawn_on(n / 2 % mode.workers(), || future),
                };
                aborts.lock().unwrap().push(handle.abort_handle());
            }
        });
    });
}

#[test]
fn a_panic_in_a_drop_at_the_end_takes_nothing_else_along() {
    every_mode(|mode| {
        drop_with(mode, |runtime, started| {
            for n in 0..10 {
                let there = started.one();
                drop(
                    runtime
                        .handle()
                        .spawn_on(n % mode.workers(), || async move {
                            let _on_drop = OnDrop::new(|| panic!("in a drop, at the end"));
                            there();
                            pending::<()>().await;
                            drop(there);
                        }),
                );
            }
        });
    });
}

#[test]
fn the_drop_of_a_local_task_may_use_what_block_on_has_left() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let log = Rc::new(RefCell::new(Vec::new()));
        let idle = Rc::new(Cell::new(0));
        runtime.block_on(async {
            for n in 0..3 {
                let (log, idle) = (log.clone(), idle.clone());
                drop(task::spawn_local(async move {
                    let _on_drop = OnDrop::new(move || {
                        log.borrow_mut().push(n);
                        assert!(Handle::try_current().is_ok(), "still inside");
                        drop(task::spawn_local(async {}));
                    });
                    idle.set(idle.get() + 1);
                    pending::<()>().await;
                }));
            }
            support::until(|| idle.get() == 3).await;
        });
        let dropped: HashSet<_> = log.borrow().iter().copied().collect();
        assert_eq!(dropped, (0..3).collect());
    });
}
