//! Running batches of operations on workers until the time is over.

use super::Setup;
use crate::runtime::Runtime;
use crate::stats::median;
use std::future::Future;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// On how many workers a batch is run.
#[derive(Debug, Clone, Copy)]
pub enum On {
    /// On one; the others have nothing to do but what they may take from it.
    One,
    /// On each at once.
    Each,
}

/// Repeats `batch`, which says how many operations it was, for the time that `setup` gives it, and
/// answers what an operation takes in nanoseconds. With several workers that is the time of one
/// divided by their number, if they do not disturb each other.
pub fn nanoseconds_each<R, B, F>(setup: &Setup, on: On, batch: B) -> f64
where
    R: Runtime,
    B: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = usize> + Send,
{
    let workers = match on {
        On::One => 1,
        On::Each => setup.workers,
    };
    let budget = setup.budget;
    let per_worker = on_workers::<R, _, _, _>(setup, workers, move |_| {
        let batch = batch.clone();
        async move {
            repeat(budget / 4, &batch).await;
            median(&mut repeat(budget, &batch).await)
        }
    });
    // Side by side, rates add up.
    1.0 / per_worker.iter().map(|each| 1.0 / each).sum::<f64>()
}

/// What an operation took in each of the batches.
async fn repeat<F: Future<Output = usize>>(limit: Duration, batch: &impl Fn() -> F) -> Vec<f64> {
    let began = Instant::now();
    let mut samples = Vec::new();
    while began.elapsed() < limit || samples.is_empty() {
        let before = Instant::now();
        let operations = batch().await;
        samples.push(before.elapsed().as_nanos() as f64 / operations as f64);
    }
    samples
}

/// Starts a runtime, runs `root` on so many of its workers, stops it, and returns what they said.
pub fn on_workers<R, M, F, T>(setup: &Setup, workers: usize, root: M) -> Vec<T>
where
    R: Runtime,
    M: Fn(usize) -> F + Clone + Send + 'static,
    F: Future<Output = T> + Send,
    T: Send + 'static,
{
    let runtime = R::start(setup.workers);
    let (sender, answers) = mpsc::channel();
    for worker in 0..workers {
        let (root, sender) = (root.clone(), sender.clone());
        runtime.spawn_at(worker, move || async move {
            let _ = sender.send(root(worker).await);
        });
    }
    drop(sender);
    let answers: Vec<T> = answers.iter().collect();
    assert_eq!(answers.len(), workers, "a task of the scenario panicked");
    runtime.stop();
    answers
}
