//! The same in every interleaving: `.ci/loom.sh -p pintle-model-checked`.

#![cfg(loom)]

#[macro_use]
mod scenario;

use pintle::runtime::Builder;
use pintle_model_checked::{Cache, racy};
use std::time::Duration;

/// Runs `body` on a runtime of two workers, once for every interleaving with at most `preemptions` of
/// them forced. Starting and stopping the runtime is Pintle's business, and not explored; nor is
/// stealing, of which the cache knows nothing.
fn model<F: Future<Output = ()> + 'static>(preemptions: usize, body: fn() -> F) {
    let mut model = loom::model::Builder::new();
    // Unless LOOM_MAX_PREEMPTIONS says otherwise.
    model.preemption_bound.get_or_insert(preemptions);
    model.max_branches = 20_000;
    model.check(move || {
        loom::stop_exploring();
        let mut builder = Builder::new_thread_per_core();
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        // Modelled time passes when everybody sleeps: so then both workers are there, and idle.
        runtime.block_on(pintle::time::sleep(Duration::from_millis(1)));
        loom::explore();
        runtime.block_on(body());
        loom::stop_exploring();
        drop(runtime);
    });
}

#[test]
fn a_change_is_seen_by_who_asks_after_it() {
    model(2, || async {
        a_change_is_seen_by_who_asks_after_it!(Cache::new());
    });
}

#[test]
#[should_panic(expected = "the cache serves what was invalidated")]
fn the_model_finds_the_race() {
    model(2, || async {
        a_change_is_seen_by_who_asks_after_it!(racy::Cache::new());
    });
}
