//! The ordinary tests: both caches pass them, nearly always.

#![cfg(not(loom))]

#[macro_use]
mod scenario;

use pintle_model_checked::{Cache, racy};

#[pintle::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_is_loaded_once_and_again_when_it_was_invalidated() {
    let cache = Cache::new();
    assert_eq!(cache.get(1, async { "one" }).await, "one");
    assert_eq!(cache.get(1, async { unreachable!() }).await, "one");
    cache.invalidate(1).await;
    assert_eq!(cache.get(1, async { "uno" }).await, "uno");
}

#[pintle::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_seen_by_who_asks_after_it() {
    a_change_is_seen_by_who_asks_after_it!(Cache::new());
}

/// On one worker with nothing to wait for, the reader runs when the change has been made: the race
/// is not there to be found.
#[pintle::test]
async fn the_race_is_not_seen_on_one_thread() {
    a_change_is_seen_by_who_asks_after_it!(racy::Cache::new());
}
