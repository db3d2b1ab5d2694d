//! Deadlines in a heap, and threads that sleep until the next.

use super::queues::nanoseconds_each;
use crate::measure::cpu_time;
use crate::scenarios::Setup;
use crate::scenarios::timing::{LONG, durations};
use crate::stats::{median, percentile};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::thread;
use std::time::{Duration, Instant};

/// Deadlines go into a sorted set and out of it, a set for each thread.
pub fn cancel(setup: &Setup) -> [f64; 1] {
    let setup = *setup;
    let threads: Vec<_> = (0..setup.workers)
        .map(|_| {
            thread::spawn(move || {
                let mut deadlines = BTreeSet::new();
                nanoseconds_each(&setup, || {
                    for _ in 0..6400 {
                        let deadline = Instant::now() + LONG;
                        deadlines.insert(deadline);
                        deadlines.remove(&deadline);
                    }
                    6400
                })
            })
        })
        .collect();
    let times = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic")[0]);
    [1.0 / times.map(|time| 1.0 / time).sum::<f64>()]
}

/// Sleeps until each of so many deadlines on each of so many threads. Returns how late that was.
fn sleep_all(workers: usize, each: usize) -> Vec<f64> {
    let threads: Vec<_> = (0..workers)
        .map(|_| {
            thread::spawn(move || {
                let began = Instant::now();
                let mut heap: BinaryHeap<_> = durations(each)
                    .map(|duration| Reverse(began + duration))
                    .collect();
                let mut late = Vec::with_capacity(each);
                while let Some(&Reverse(next)) = heap.peek() {
                    let left = next.saturating_duration_since(Instant::now());
                    if !left.is_zero() {
                        thread::sleep(left);
                    }
                    let now = Instant::now();
                    while let Some(&Reverse(due)) = heap.peek()
                        && due <= now
                    {
                        heap.pop();
                        late.push((now - due).as_secs_f64() * 1e6);
                    }
                }
                late
            })
        })
        .collect();
    let late = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"));
    late.flatten().collect()
}

pub fn fire(setup: &Setup) -> [f64; 1] {
    const SLEEPS: usize = 100_000;
    let before = cpu_time();
    sleep_all(setup.workers, SLEEPS / setup.workers);
    [(cpu_time() - before).as_nanos() as f64 / SLEEPS as f64]
}

pub fn lateness(setup: &Setup) -> [f64; 2] {
    let mut late = sleep_all(setup.workers, 10_000 / setup.workers);
    [median(&mut late), percentile(&mut late, 0.99)]
}

/// A thread that sleeps.
pub fn tick(setup: &Setup) -> [f64; 2] {
    let (began, before) = (Instant::now(), cpu_time());
    let mut ticks = 0;
    while began.elapsed() < setup.budget {
        thread::sleep(Duration::from_millis(1));
        ticks += 1;
    }
    let (wall, cpu) = (began.elapsed() / ticks, (cpu_time() - before) / ticks);
    [cpu.as_secs_f64() * 1e6, wall.as_secs_f64() * 1e3]
}
