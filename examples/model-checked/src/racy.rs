//! The cache with a race in it.

use pintle::sync::Mutex;
use std::collections::HashMap;
use std::hash::Hash;

/// As [`crate::Cache`], but for the race: what was loaded before an invalidation may be stored after
/// it, and stays.
#[derive(Debug)]
pub struct Cache<K, V> {
    entries: Mutex<HashMap<K, V>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// Makes an empty cache.
    pub fn new() -> Self {
        Self {
            entries: Mutex::new(HashMap::new()),
        }
    }

    /// The value of `key`, from `load` if it is not here.
    pub async fn get(&self, key: K, load: impl Future<Output = V>) -> V {
        if let Some(value) = self.entries.lock().await.get(&key) {
            return value.clone();
        }
        let value = load.await;
        // Whatever has happened since the look above, it is forgotten here.
        self.entries.lock().await.insert(key, value.clone());
        value
    }

    /// Forgets the value of `key`.
    pub async fn invalidate(&self, key: K) {
        self.entries.lock().await.remove(&key);
    }
}

impl<K: Eq + Hash, V: Clone> Default for Cache<K, V> {
    fn default() -> Self {
        Self::new()
    }
}
