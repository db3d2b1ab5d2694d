//! Making tasks.

use super::Setup;
use super::batches::{On, nanoseconds_each};
use crate::measure::Countdown;
use crate::runtime::Runtime;
use crate::stats::median;
use std::time::{Duration, Instant};

const TASKS: usize = 10_000;

/// One task spawns many, lets go of them, and waits until the last has run.
pub fn spawn<R: Runtime>(setup: &Setup) -> [f64; 1] {
    [nanoseconds_each::<R, _, _>(setup, On::One, || async {
        let all = Countdown::new(TASKS);
        for _ in 0..TASKS {
            let all = all.clone();
            R::spawn(async move { all.arrive() });
        }
        all.await;
        TASKS
    })]
}

/// One task spawns many and awaits the handle of each.
pub fn spawn_join<R: Runtime>(setup: &Setup) -> [f64; 1] {
    [nanoseconds_each::<R, _, _>(setup, On::One, || async {
        let mut handles = Vec::with_capacity(TASKS);
        for i in 0..TASKS {
            handles.push(R::spawn_join(async move { i }));
        }
        for (i, handle) in handles.into_iter().enumerate() {
            assert_eq!(handle.await, i);
        }
        TASKS
    })]
}

/// A thread that is no worker spawns many, when all workers have gone to sleep.
pub fn spawn_outside<R: Runtime>(setup: &Setup) -> [f64; 1] {
    let runtime = R::start(setup.workers);
    let began = Instant::now();
    let mut samples = Vec::new();
    // At least the second: the first is the warm-up.
    while began.elapsed() < setup.budget || samples.len() < 2 {
        std::thread::sleep(Duration::from_millis(2));
        let all = Countdown::new(TASKS);
        let before = Instant::now();
        for _ in 0..TASKS {
            let all = all.clone();
            runtime.spawn_outside(async move { all.arrive() });
        }
        futures_lite::future::block_on(all);
        samples.push(before.elapsed().as_nanos() as f64 / TASKS as f64);
    }
    runtime.stop();
    [median(&mut samples[1..])]
}

/// A task spawns a task that spawns a task; the last one wakes who began it.
pub fn chain<R: Runtime>(setup: &Setup) -> [f64; 1] {
    const LINKS: usize = 1000;

    fn link<R: Runtime>(left: usize, last: Countdown) {
        R::spawn(async move {
            match left {
                0 => last.arrive(),
                _ => link::<R>(left - 1, last),
            }
        });
    }

    [nanoseconds_each::<R, _, _>(setup, On::One, || async {
        let last = Countdown::new(1);
        link::<R>(LINKS - 1, last.clone());
        last.await;
        LINKS
    })]
}
