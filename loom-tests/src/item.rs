//! Values to hand over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pintle_sync::shim::cell::UnsafeCell;

/// Counts the drops of what it made. Not a modelled word, so that counting orders nothing.
#[derive(Debug, Clone, Default)]
pub struct Drops(Arc<AtomicUsize>);

impl Drops {
    /// Starts at none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an item, written by this thread.
    pub fn item(&self, name: usize) -> Item {
        let item = Item {
            name,
            content: UnsafeCell::new(0),
            drops: self.clone(),
        };
        item.write();
        item
    }

    /// How many items are gone.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A value that fails the model when it is read, written or dropped by a thread to which it was
/// not handed over in order.
#[derive(Debug)]
pub struct Item {
    /// Which one it is.
    pub name: usize,
    content: UnsafeCell<usize>,
    drops: Drops,
}

// SAFETY: loom checks each access against all others and fails the model on a race.
unsafe impl Sync for Item {}

impl Item {
    /// Reads the content: whoever wrote it must have done so before, in the memory model's sense.
    pub fn read(&self) -> usize {
        // SAFETY: as for `Sync`.
        self.content.with(|content| unsafe { *content })
    }

    /// Writes the content: everybody else must have been done with it.
    pub fn write(&self) {
        // SAFETY: as for `Sync`.
        self.content
            .with_mut(|content| unsafe { *content = self.name });
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.write();
        }
        self.drops.0.fetch_add(1, Ordering::Relaxed);
    }
}
