//! A cache in front of something slow, as an example of code that embeds Pintle and checks itself in
//! every interleaving.
//!
//! [`Cache`] is right. [`racy::Cache`] is what one writes first: it looks, loads, and stores, and
//! between the look and the store lies an `.await`. Its ordinary tests pass. `tests/model.rs` runs the
//! same few lines on the modelled runtime, which finds the order of events in which it serves a value
//! that was invalidated, for ever after.
//!
//! ```sh
//! cargo test -p pintle-model-checked                  # once, as it happens to go
//! .ci/loom.sh -p pintle-model-checked                 # in every order
//! ```

#![forbid(unsafe_code)]

pub mod racy;

use pintle::sync::Mutex;
use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, each loaded when it is first asked for.
///
/// ```
/// use pintle_model_checked::Cache;
///
/// # #[pintle::main]
/// # async fn main() {
/// let cache = Cache::new();
/// assert_eq!(cache.get("answer", async { 42 }).await, 42);
/// assert_eq!(cache.get("answer", async { unreachable!() }).await, 42);
/// cache.invalidate("answer").await;
/// assert_eq!(cache.get("answer", async { 43 }).await, 43);
/// # }
/// ```
#[derive(Debug)]
pub struct Cache<K, V> {
    entries: Mutex<HashMap<K, Entry<V>>>,
}

#[derive(Debug)]
struct Entry<V> {
    value: Option<V>,
    /// How often it has been invalidated.
    generation: u64,
}

impl<V> Default for Entry<V> {
    fn default() -> Self {
        Self {
            value: None,
            generation: 0,
        }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// Makes an empty cache.
    pub fn new() -> Self {
        Self {
            entries: Mutex::new(HashMap::new()),
        }
    }

    /// The value of `key`, from `load` if it is not here. The cache is not locked meanwhile, so two
    /// who ask at once may both load.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses the load and nothing else.
    pub async fn get(&self, key: K, load: impl Future<Output = V>) -> V {
        let generation = {
            let mut entries = self.entries.lock().await;
            let entry = entries.entry(key.clone()).or_default();
            if let Some(value) = &entry.value {
                return value.clone();
            }
            entry.generation
        };
        let value = load.await;
        let mut entries = self.entries.lock().await;
        let entry = entries.entry(key).or_default();
        // If it was invalidated meanwhile, the load may have begun before what that was about: good
        // enough for who asked before it, but not to be kept.
        if entry.generation == generation {
            entry.value = Some(value.clone());
        }
        value
    }

    /// Forgets the value of `key`. Who asks after this gets what was loaded after this.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, it has done nothing.
    pub async fn invalidate(&self, key: K) {
        let mut entries = self.entries.lock().await;
        let entry = entries.entry(key).or_default();
        entry.generation += 1;
        entry.value = None;
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Default for Cache<K, V> {
    fn default() -> Self {
        Self::new()
    }
}
