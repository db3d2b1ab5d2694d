//! Running one model.

use std::cell::Cell;
use std::sync::Once;
use std::time::Instant;

/// Steps one run may take. loom's own thousand is soon spent by a model that waits.
const MAX_BRANCHES: usize = 20_000;

// Not modelled words. A model's threads are all one thread of the system, and its test's own.
std::thread_local! {
    static ITERATION: Cell<usize> = const { Cell::new(0) };
}

/// Runs `f` once for every interleaving with at most `preemptions` of them forced, and for every
/// value that a load may see.
///
/// Prints what that took, a row for the table in `README.md`, or, at each panic, in which iteration it was;
/// `--nocapture` shows it. Of two variables of the environment `PINTLE_LOOM_DEEPER` is added to the bound, and
/// `LOOM_MAX_PREEMPTIONS` takes its place. loom's two other limits are switched off: a model that reaches them
/// *passes*.
///
/// # Panics
///
/// When a run panics, deadlocks, leaks, races or does not end. (A deadlock panics twice and so ends
/// the process: run one test at a time to see which.)
pub fn model(preemptions: usize, f: impl Fn() + Send + Sync + 'static) {
    let deeper = std::env::var("PINTLE_LOOM_DEEPER").map_or(0, |deeper| {
        deeper
            .parse()
            .expect("PINTLE_LOOM_DEEPER is a number of preemptions")
    });
    let mut builder = loom::model::Builder::new();
    let bound = builder.preemption_bound.unwrap_or(preemptions + deeper);
    builder.preemption_bound = Some(bound);
    builder.max_branches = MAX_BRANCHES;
    builder.max_permutations = None;
    builder.max_duration = None;

    say_where_it_panics();
    ITERATION.set(0);
    let start = Instant::now();
    builder.check(move || {
        ITERATION.set(ITERATION.get() + 1);
        f();
    });
    println!(
        "model {}: bound {bound}, {} iterations, {:.2} s",
        std::thread::current().name().unwrap_or("?"),
        ITERATION.get(),
        start.elapsed().as_secs_f64(),
    );
}

/// A failed model does not return, and may end the process: but the panic hook runs before.
fn say_where_it_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            before(info);
            println!("panic in iteration {}", ITERATION.get());
        }));
    });
}
