//! The future that `block_on` was given: the turns it takes, and where it is dropped.

mod support;

use pintle::runtime::Handle;
use pintle::task::{self, JoinHandle};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::{Event, Mode, OnDrop, every_mode, panic_of};

/// Spawns one task of each kind and keeps the root busy with polls of at least `length` until they
/// have run, a timer of theirs included.
fn starves_nobody(mode: Mode, runtime: &pintle::runtime::Runtime, length: Duration) {
    runtime.block_on(async {
        let nap = || pintle::time::sleep(Duration::from_micros(100));
        let mut tasks = vec![pintle::spawn(nap()), task::spawn_local(nap())];
        tasks.extend((0..mode.workers()).map(|worker| pintle::spawn_on(worker, nap)));
        let mut polls = 0;
        while !tasks.iter().all(JoinHandle::is_finished) {
            let began = Instant::now();
            while began.elapsed() < length {
                std::hint::spin_loop();
            }
            polls += 1;
            // As long as it takes on a busy machine, where others have threads of their own.
            assert!(polls < 100_000 || mode.has_threads(), "the root runs alone");
            task::yield_now().await;
        }
    });
}

#[test]
fn a_root_whose_polls_are_slow_starves_nobody() {
    every_mode(|mode| starves_nobody(mode, &mode.runtime(), Duration::from_micros(250)));
}

#[test]
fn a_root_that_uses_up_every_round_starves_nobody() {
    every_mode(|mode| {
        for interval in [1, 2] {
            let runtime = mode.builder().event_interval(interval).build().unwrap();
            starves_nobody(mode, &runtime, Duration::ZERO);
        }
    });
}

/// Uses the runtime when it is dropped.
fn wants_the_runtime(spawned: &Arc<Mutex<Option<JoinHandle<i32>>>>) -> OnDrop<impl FnOnce()> {
    let spawned = spawned.clone();
    OnDrop::new(move || {
        let current = Handle::current().runtime_flavor();
        let task = pintle::spawn(async move {
            assert_eq!(Handle::current().runtime_flavor(), current);
            pintle::time::sleep(Duration::from_micros(10)).await;
            5
        });
        *spawned.lock().unwrap() = Some(task);
    })
}

#[test]
fn what_the_root_leaves_unfinished_is_dropped_inside_the_runtime() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let spawned = Arc::default();
        let wants = wants_the_runtime(&spawned);
        let wait = pintle::time::timeout(Duration::from_micros(10), async move {
            let _wants = wants;
            pending::<()>().await;
        });
        assert!(runtime.block_on(wait).is_err());
        assert!(Handle::try_current().is_err());
        let task = spawned.lock().unwrap().take().expect("it was dropped");
        assert_eq!(runtime.block_on(task).unwrap(), 5);
    });
}

#[test]
fn a_root_that_panics_is_dropped_inside_the_runtime() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        for polls in [0, 1] {
            let spawned = Arc::default();
            let wants = wants_the_runtime(&spawned);
            let message = panic_of(|| {
                runtime.block_on(async move {
                    let _wants = wants;
                    for _ in 0..polls {
                        task::yield_now().await;
                    }
                    panic!("at the root");
                })
            });
            assert_eq!(message, "at the root");
            assert!(Handle::try_current().is_err());
            let task = spawned.lock().unwrap().take().expect("it was dropped");
            assert_eq!(runtime.block_on(task).unwrap(), 5);
        }
    });
}

#[test]
fn a_root_beside_another_is_dropped_inside_the_runtime() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let (inside, over) = (Event::new(), Event::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                runtime.block_on(async {
                    inside.set();
                    over.wait().await;
                });
            });
            inside.wait_blocking();
            // Also if something here fails.
            let _over = OnDrop::new(|| over.set());
            for panics in [false, true] {
                let spawned = Arc::default();
                let wants = wants_the_runtime(&spawned);
                let root = pintle::time::timeout(Duration::from_micros(10), async move {
                    let _wants = wants;
                    assert!(!panics, "at the root");
                    pending::<()>().await;
                });
                if panics {
                    assert_eq!(panic_of(|| runtime.block_on(root)), "at the root");
                } else {
                    assert!(runtime.block_on(root).is_err());
                }
                let task = spawned.lock().unwrap().take().expect("it was dropped");
                assert_eq!(runtime.block_on(task).unwrap(), 5);
            }
        });
    });
}
