//! What both kinds of tests do with a cache.

/// A reader fills the cache while the value changes; afterwards, nobody may be served the old one.
///
/// A macro, since the two caches are two types.
macro_rules! a_change_is_seen_by_who_asks_after_it {
    ($cache:expr) => {{
        use pintle::sync::Mutex;
        use std::sync::Arc;

        async fn load(slow: Arc<Mutex<u32>>) -> u32 {
            *slow.lock().await
        }

        let (cache, slow) = (Arc::new($cache), Arc::new(Mutex::new(1)));
        let reader = pintle::spawn({
            let (cache, slow) = (cache.clone(), slow.clone());
            async move { cache.get("key", load(slow)).await }
        });

        *slow.lock().await = 2;
        cache.invalidate("key").await;

        let early = reader.await.unwrap();
        assert!(early == 1 || early == 2);
        let late = cache.get("key", load(slow)).await;
        assert_eq!(late, 2, "the cache serves what was invalidated");
    }};
}
