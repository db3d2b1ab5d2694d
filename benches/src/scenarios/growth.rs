//! How cost grows with the number of tasks, timers, connections and workers.

use super::Setup;
use super::batches::{On, nanoseconds_each, on_workers};
use super::serving;
use super::switching;
use super::timing::{LONG, STRETCH, arm};
use crate::measure::Countdown;
use crate::runtime::Runtime;
use crate::stats::median;
use std::time::{Duration, Instant};

/// So many tasks at once, each polled five times.
pub fn tasks<R: Runtime>(setup: &Setup) -> [f64; 1] {
    const YIELDS: usize = 4;
    let tasks = setup.size / setup.workers;
    [nanoseconds_each::<R, _, _>(
        setup,
        On::Each,
        move || async move {
            let all = Countdown::new(tasks);
            for _ in 0..tasks {
                let all = all.clone();
                R::spawn(async move {
                    for _ in 0..YIELDS {
                        R::yield_now().await;
                    }
                    all.arrive();
                });
            }
            all.await;
            tasks * (YIELDS + 1)
        },
    )]
}

/// Arms so many sleeps, and then arms and cancels more of them while those are there.
pub fn timers<R: Runtime>(setup: &Setup) -> [f64; 2] {
    const MORE: usize = 100_000;
    let Setup { size, .. } = *setup;
    let times = on_workers::<R, _, _, _>(setup, 1, move |_| async move {
        let mut sleeps = Vec::with_capacity(size);
        let mut arming = Vec::new();
        while sleeps.len() < size {
            let before = Instant::now();
            for _ in 0..STRETCH {
                // Not all at the same time, nor in order.
                let mut sleep = Box::pin(R::sleep(LONG + LONG / (1 + sleeps.len() as u32 % 997)));
                arm(sleep.as_mut());
                sleeps.push(sleep);
            }
            arming.push(before.elapsed().as_nanos() as f64 / STRETCH as f64);
            R::yield_now().await;
        }
        let mut churning = Vec::new();
        for i in 0..MORE / STRETCH {
            let before = Instant::now();
            for k in 0..STRETCH {
                let mut sleep = Box::pin(R::sleep(LONG + LONG / (1 + (i * k) as u32 % 997)));
                arm(sleep.as_mut());
            }
            churning.push(before.elapsed().as_nanos() as f64 / STRETCH as f64);
            R::yield_now().await;
        }
        // They are not dropped one by one: the process is about to end.
        std::mem::forget(sleeps);
        [median(&mut arming), median(&mut churning)]
    });
    times[0]
}

/// Echo with so many connections, all of them in use.
pub fn connections<R: Runtime>(setup: &Setup) -> [f64; 1] {
    [serving::echo_with::<R>(&long_enough(setup), setup.size).cpu]
}

/// Tasks that workers have each for themselves, with so many workers. More of them are to be faster by as much;
/// by how much they are not is what they cost one another.
pub fn workers<R: Runtime>(setup: &Setup) -> [f64; 2] {
    let setup = Setup {
        workers: R::KIND.workers(setup.size),
        size: 10_000,
        ..*setup
    };
    let [spawn] = tasks::<R>(&setup);
    let [yields] = switching::yields::<R>(&setup);
    [spawn, yields]
}

/// With time for some round trips on each connection.
pub fn long_enough(setup: &Setup) -> Setup {
    let least = Duration::from_micros(100) * setup.size as u32;
    Setup {
        budget: setup.budget.max(least),
        ..*setup
    }
}
