//! `JoinSet` and `AbortOnDropHandle`: order, errors, abort and cancel.

#![deny(unused, unsafe_code)]

mod support;

use futures_lite::future::block_on;
use pintle::task::{self, AbortHandle, AbortOnDropHandle, JoinSet};
use std::collections::HashSet;
use std::future::{Future, pending, ready};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use support::{Drops, Event, Occupied, assert_panics_with, every_mode, until};

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn has_ended(task: &AbortHandle) -> bool {
    task.is_finished()
}

#[test]
fn outputs_come_in_the_order_in_which_the_tasks_end() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let events: Vec<_> = (0..10).map(|_| Event::new()).collect();
            let mut set = JoinSet::new();
            let spawn = |(n, event): (usize, &Event)| {
                let event = event.clone();
                // On this thread, where one ends before the next one goes on.
                set.spawn_local(async move {
                    event.wait().await;
                    n
                })
            };
            let tasks: Vec<_> = events.iter().enumerate().map(spawn).collect();
            let order = [3, 7, 0, 9, 1, 8, 2, 6, 5, 4];
            let (early, late) = order.split_at(5);
            for &n in early {
                events[n].set();
                assert_eq!(set.join_next().await.unwrap().unwrap(), n);
            }
            for &n in late {
                events[n].set();
                until(|| has_ended(&tasks[n])).await;
            }
            for &n in late {
                assert_eq!(set.try_join_next().unwrap().unwrap(), n);
            }
            assert!(set.join_next().await.is_none());
        });
    });
}

#[test]
fn many_tasks_from_everywhere_each_once() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut set = JoinSet::new();
            for n in 0..900 {
                match n % 3 {
                    0 => set.spawn(async move { n }),
                    1 => set.spawn_local(async move {
                        task::yield_now().await;
                        n
                    }),
                    _ => set.spawn_blocking(move || n),
                };
            }
            assert_eq!(set.len(), 900);
            let mut seen = HashSet::new();
            while let Some(n) = set.join_next().await {
                assert!(seen.insert(n.unwrap()));
                assert_eq!(set.len() + seen.len(), 900);
            }
            assert_eq!(seen.len(), 900);
        });
    });
}

#[test]
fn places_in_the_set_are_used_again() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut set = JoinSet::new();
            for n in 0..200 {
                set.spawn(async move { n });
                set.spawn(async move {
                    task::yield_now().await;
                    n
                });
                if n % 3 == 0 {
                    set.join_next().await.unwrap().unwrap();
                }
                if n % 50 == 0 {
                    set.detach_all();
                    assert!(set.try_join_next().is_none());
                }
            }
            let rest = set.len();
            assert_eq!(set.join_all().await.len(), rest);
        });
    });
}

#[test]
fn outputs_come_with_the_ids_of_their_tasks() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut set = JoinSet::new();
            let fine = set.spawn(async { 7 });
            assert_eq!(
                set.join_next_with_id().await.unwrap().unwrap(),
                (fine.id(), 7)
            );
            let panics = set
                .build_task()
                .name("clumsy")
                .spawn(async { panic!("oh no") });
            let error = set.join_next_with_id().await.unwrap().unwrap_err();
            assert_eq!(error.id(), panics.id());
            assert!(error.is_panic() && error.to_string().contains("clumsy"));
        });
    });
}

#[test]
fn one_that_fails_leaves_the_others_alone() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let go = Event::new();
            let mut set = JoinSet::new();
            let waits = go.clone();
            set.spawn(async move { waits.wait().await });
            set.spawn(async { panic!("oh no") });
            let aborted = set.spawn(pending());
            assert!(set.join_next().await.unwrap().unwrap_err().is_panic());
            aborted.abort();
            assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
            go.set();
            assert!(set.join_next().await.unwrap().is_ok());
        });
    });
}

#[test]
fn giving_up_a_join_loses_nothing() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut set = JoinSet::new();
            let event = Event::new();
            let waits = event.clone();
            let task = set.spawn(async move {
                waits.wait().await;
                7
            });
            assert!(poll_once(pin!(set.join_next())).is_pending());
            assert!(set.try_join_next().is_none());
            event.set();
            until(|| has_ended(&task)).await;
            assert_eq!(set.join_next().await.unwrap().unwrap(), 7);
        });
    });
}

#[test]
fn the_last_one_to_ask_is_woken_once_for_each_output() {
    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (first, last) = (Arc::new(Count::default()), Arc::new(Count::default()));
    every_mode(|mode| {
        mode.runtime().block_on(async {
            first.0.store(0, Ordering::SeqCst);
            last.0.store(0, Ordering::SeqCst);
            let event = Event::new();
            let mut set = JoinSet::new();
            for _ in 0..3 {
                let event = event.clone();
                set.spawn_local(async move { event.wait().await });
            }
            for waker in [&first, &last, &last] {
                let waker = waker.clone().into();
                assert!(
                    set.poll_join_next(&mut Context::from_waker(&waker))
                        .is_pending()
                );
            }
            event.set();
            let mut ended = 0;
            while ended < 3 {
                ended += usize::from(set.try_join_next().is_some());
                task::yield_now().await;
            }
            assert_eq!(first.0.load(Ordering::SeqCst), 0);
            // The others found nobody waiting.
            assert_eq!(last.0.load(Ordering::SeqCst), 1);
        });
    });
}

#[test]
fn dropping_the_set_aborts_its_tasks() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let drops = Drops::new();
            let mut set = JoinSet::new();
            for _ in 0..10 {
                let counter = drops.counter();
                set.spawn(async move {
                    let _counter = counter;
                    pending::<()>().await;
                });
            }
            drop(set);
            until(|| drops.count() == 10).await;
        });
    });
}

#[test]
fn detached_tasks_go_on() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (go, done) = (Event::new(), Event::new());
            let (waits, sets) = (go.clone(), done.clone());
            let mut set = JoinSet::new();
            set.spawn(async move {
                waits.wait().await;
                sets.set();
            });
            set.detach_all();
            assert!(set.is_empty());
            drop(set);
            go.set();
            done.wait().await;
        });
    });
}

#[test]
fn abort_all_leaves_the_errors_to_be_joined() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut set: JoinSet<()> = (0..10).map(|_| pending()).collect();
            set.abort_all();
            assert_eq!(set.len(), 10);
            for _ in 0..10 {
                assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
            }
        });
    });
}

#[test]
fn shutdown_waits_until_every_future_is_dropped() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let drops = Drops::new();
            let mut set = JoinSet::new();
            for _ in 0..10 {
                let counter = drops.counter();
                set.spawn(async move {
                    let _counter = counter;
                    pending::<()>().await;
                });
            }
            set.shutdown().await;
            assert!(set.is_empty());
            assert_eq!(drops.count(), 10);
        });
    });
}

#[test]
fn join_all_gives_all_outputs_or_the_first_panic() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let mut set = JoinSet::new();
        set.spawn_on(async { 1 }, runtime.handle());
        set.spawn_blocking_on(|| 2, runtime.handle());
        let mut outputs = runtime.block_on(set.join_all());
        outputs.sort();
        assert_eq!(outputs, [1, 2]);

        let drops = Drops::new();
        let counter = drops.counter();
        let mut set = JoinSet::new();
        set.spawn_on(async { panic!("oh no") }, runtime.handle());
        let never = async move {
            let _counter = counter;
            pending::<()>().await;
        };
        set.spawn_on(never, runtime.handle());
        assert_panics_with(&["oh no"], || runtime.block_on(set.join_all()));
        runtime.block_on(until(|| drops.count() == 1));

        let mut set = JoinSet::new();
        set.spawn_on(pending::<()>(), runtime.handle()).abort();
        assert_panics_with(&["cancelled"], || runtime.block_on(set.join_all()));
    });
}

#[test]
fn a_set_can_be_joined_without_a_runtime() {
    every_mode(|mode| {
        if !mode.has_threads() {
            return;
        }
        let runtime = mode.runtime();
        let mut set = JoinSet::new();
        for n in 0..10 {
            set.spawn_on(async move { n }, runtime.handle());
        }
        assert_eq!(block_on(set.join_all()).iter().sum::<u32>(), 45);
    });
}

#[test]
fn what_a_stopped_runtime_refuses_is_cancelled() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let handle = runtime.handle().clone();
        drop(runtime);
        let mut set = JoinSet::new();
        let refused = set.spawn_on(async {}, &handle);
        assert_eq!(set.len(), 1);
        let error = set.try_join_next_with_id().unwrap().unwrap_err();
        assert!(error.is_cancelled());
        assert_eq!(error.id(), refused.id());
        assert!(set.is_empty());
    });
}

#[test]
fn tasks_of_a_runtime_that_stops_are_joined_as_cancelled() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let mut set = JoinSet::new();
        for _ in 0..10 {
            set.spawn_on(pending::<()>(), runtime.handle());
        }
        drop(runtime);
        for _ in 0..10 {
            assert!(
                block_on(set.join_next())
                    .unwrap()
                    .unwrap_err()
                    .is_cancelled()
            );
        }
    });
}

#[test]
fn a_loop_of_joins_lets_the_others_run() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            pintle::spawn_on(0, || async {
                let mut set = JoinSet::new();
                let tasks: Vec<_> = (0..1000).map(|_| set.spawn_local(async {})).collect();
                until(|| tasks.iter().all(has_ended)).await;
                let event = Event::new();
                let set_it = event.clone();
                task::spawn_local(async move { set_it.set() });
                let mut joined = 0;
                while !event.is_set() {
                    set.join_next().await.unwrap().unwrap();
                    joined += 1;
                }
                assert!(joined <= 256, "{joined}");
            })
            .await
            .unwrap();
        });
    });
}

#[test]
fn sets_are_send_and_sync_if_the_outputs_are_send() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<JoinSet<std::cell::Cell<u32>>>();
    is_sync::<JoinSet<std::cell::Cell<u32>>>();
    // And of outputs that are not, there can be sets.
    drop(JoinSet::<Rc<u32>>::default());
}

#[test]
fn extending_spawns() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut set: JoinSet<u32> = [ready(1)].into_iter().collect();
            set.extend([ready(2), ready(3)]);
            assert_eq!(set.join_all().await.iter().sum::<u32>(), 6);
        });
    });
}

#[test]
fn outside_of_a_runtime_the_panic_says_so() {
    assert_panics_with(&["runtime"], || JoinSet::new().spawn(async {}));
    assert_panics_with(&["`spawn_local`"], || JoinSet::new().spawn_local(async {}));
}

#[test]
fn an_abort_on_drop_handle_aborts_on_drop_only() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let drops = Drops::new();
        let pending_task = || {
            let counter = drops.counter();
            AbortOnDropHandle::new(runtime.spawn(async move {
                let _counter = counter;
                pending::<()>().await;
            }))
        };
        let occupied = Occupied::all(mode, runtime.handle());
        let (dropped, aborted) = (pending_task(), pending_task());
        let detached = pending_task().detach();
        drop(occupied);
        drop(dropped);
        aborted.abort();
        runtime.block_on(async {
            assert!(aborted.await.unwrap_err().is_cancelled());
            until(|| drops.count() == 2).await;
            assert!(!detached.is_finished());
            let done = AbortOnDropHandle::new(pintle::spawn(async { 7 }));
            assert_eq!(done.await.unwrap(), 7);
        });
    });
}
