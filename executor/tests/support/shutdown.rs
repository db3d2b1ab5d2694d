//! What the tests about the end of a runtime share: tasks that are known to be where they want to be.

use super::{Drops, Mode};
use pintle::runtime::Runtime;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs the runtime until all that `spawn` has spawned have said that they are where they want to
/// be, then drops it and counts the futures.
pub fn drop_with(mode: Mode, spawn: impl FnOnce(&Runtime, &Started)) {
    let runtime = mode.runtime();
    let started = Started::default();
    spawn(&runtime, &started);
    runtime.block_on(super::until(|| started.all_there()));
    drop(runtime);
    assert_eq!(
        started.drops.count(),
        started.expected(),
        "each future once"
    );
}

/// Tasks that say that they are where they want to be, and whose futures are counted.
#[derive(Debug, Default)]
pub struct Started {
    expected: AtomicUsize,
    there: Arc<AtomicUsize>,
    pub drops: Drops,
}

impl Started {
    /// For one task: call it when the task is where it wants to be, and keep it.
    pub fn one(&self) -> impl Fn() + Send + 'static {
        self.expected.fetch_add(1, Ordering::SeqCst);
        let (there, counter) = (self.there.clone(), self.drops.counter());
        move || {
            let _kept = &counter;
            there.fetch_add(1, Ordering::SeqCst);
        }
    }

    pub fn expected(&self) -> usize {
        self.expected.load(Ordering::SeqCst)
    }

    pub fn all_there(&self) -> bool {
        self.there.load(Ordering::SeqCst) == self.expected()
    }
}
