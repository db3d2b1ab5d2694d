//! Running one model.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Steps one run may take. loom's own thousand is soon spent by a model that waits.
const MAX_BRANCHES: usize = 20_000;

/// Runs `f` once for every interleaving with at most `preemptions` of them forced, and for every
/// value that a load may see.
///
/// Prints what that took, a row for the table in `README.md`; `--nocapture` shows it. The variable
/// `LOOM_MAX_PREEMPTIONS` overrides the bound. loom's two other limits are switched off: a model
/// that reaches them *passes*.
///
/// # Panics
///
/// When a run panics, deadlocks, leaks, races or does not end. (A deadlock panics twice and so ends
/// the process: run one test at a time to see which.)
pub fn model(preemptions: usize, f: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    let bound = builder.preemption_bound.unwrap_or(preemptions);
    builder.preemption_bound = Some(bound);
    builder.max_branches = MAX_BRANCHES;
    builder.max_permutations = None;
    builder.max_duration = None;

    // Not a modelled word: it counts the runs from outside them.
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = runs.clone();
    let start = Instant::now();
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        f();
    });
    println!(
        "model {}: bound {bound}, {} iterations, {:.2} s",
        std::thread::current().name().unwrap_or("?"),
        runs.load(Ordering::Relaxed),
        start.elapsed().as_secs_f64(),
    );
}
