//! Going from task to task.

use super::Setup;
use super::batches::{On, nanoseconds_each, on_workers};
use crate::channels::Channels;
use crate::measure::Countdown;
use crate::runtime::{Kind, Runtime};
use crate::stats::median;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A thousand tasks in all yield again and again.
pub fn yields<R: Runtime>(setup: &Setup) -> [f64; 1] {
    const TASKS: usize = 1000;
    const YIELDS: usize = 50;
    let tasks = TASKS / setup.workers;
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
            tasks * YIELDS
        },
    )]
}

/// Pairs of tasks: one makes the other, sends it something, and gets it back.
pub fn ping_pong<R: Runtime>(setup: &Setup) -> [f64; 1] {
    let pairs = 1000 / setup.workers;
    [nanoseconds_each::<R, _, _>(
        setup,
        On::Each,
        move || async move {
            let all = Countdown::new(pairs);
            for i in 0..pairs as u64 {
                let all = all.clone();
                R::spawn(async move {
                    let (ping, pinged) = R::Channels::oneshot();
                    let (pong, ponged) = R::Channels::oneshot();
                    R::spawn(async move {
                        R::Channels::give(pong, R::Channels::take(pinged).await);
                    });
                    R::Channels::give(ping, i);
                    assert_eq!(R::Channels::take(ponged).await, i);
                    all.arrive();
                });
            }
            all.await;
            pairs
        },
    )]
}

/// Two tasks that began on two workers pass a number back and forth. A runtime that may move tasks
/// may put them on one.
pub fn cross_worker<R: Runtime>(setup: &Setup) -> [f64; 1] {
    let budget = setup.budget;
    // Each takes the end of a channel that the other holds the other end of.
    let (there, from_there) = R::Channels::bounded(1);
    let (back, from_back) = R::Channels::bounded(1);
    let ends = Arc::new(Mutex::new([
        Some((there, from_back)),
        Some((back, from_there)),
    ]));
    let workers = if R::KIND == Kind::Single { 1 } else { 2 };
    let trips = on_workers::<R, _, _, _>(setup, workers, move |worker| {
        let ends = ends.clone();
        async move {
            let take = |end: usize| ends.lock().unwrap()[end].take().expect("not taken yet");
            if worker == 0 && workers == 1 {
                let (sender, receiver) = take(1);
                R::spawn(bounce::<R>(sender, receiver));
            }
            let (sender, receiver) = take(worker);
            match worker {
                0 => Some(serve_balls::<R>(sender, receiver, budget).await),
                _ => {
                    bounce::<R>(sender, receiver).await;
                    None
                }
            }
        }
    });
    [trips
        .into_iter()
        .flatten()
        .next()
        .expect("worker 0 answers")]
}

type Sender<R> = <<R as Runtime>::Channels as Channels>::Sender;
type Receiver<R> = <<R as Runtime>::Channels as Channels>::Receiver;

/// Gives back what comes, until nothing does.
async fn bounce<R: Runtime>(sender: Sender<R>, mut receiver: Receiver<R>) {
    while let Some(ball) = R::Channels::receive(&mut receiver).await {
        R::Channels::send(&sender, ball).await;
    }
}

/// Nanoseconds for there and back.
async fn serve_balls<R: Runtime>(
    sender: Sender<R>,
    mut receiver: Receiver<R>,
    budget: Duration,
) -> f64 {
    let mut samples = Vec::new();
    let mut began = Instant::now();
    let mut warm = false;
    while !warm || began.elapsed() < budget {
        const TRIPS: usize = 100;
        let before = Instant::now();
        for ball in 0..TRIPS as u64 {
            R::Channels::send(&sender, ball).await;
            assert_eq!(R::Channels::receive(&mut receiver).await, Some(ball));
        }
        samples.push(before.elapsed().as_nanos() as f64 / TRIPS as f64);
        if !warm && began.elapsed() > budget / 4 {
            (warm, began) = (true, Instant::now());
            samples.clear();
        }
    }
    median(&mut samples)
}
