//! What takes the driver's place in a model: something to sleep in, without an operating system.
//!
//! It serves no sources. A sleep ends by [`Driver::unpark`], or when the model's time has come to the
//! deadline; it hands over nothing but that.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pintle_sync::WakeBatch;
use pintle_sync::shim::time::{self, Bed};

use crate::turn::{Turn, Wait};

/// A worker's place to sleep; see the real driver's methods.
#[derive(Debug)]
pub struct Driver {
    bed: Bed,
}

impl Driver {
    pub fn new(_events_capacity: usize) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self { bed: Bed::new() }))
    }

    pub fn new_watching(events_capacity: usize) -> io::Result<Arc<Self>> {
        Self::new(events_capacity)
    }

    pub fn new_transient(events_capacity: usize) -> io::Result<Arc<Self>> {
        Self::new(events_capacity)
    }

    pub fn turn(&self, wait: Wait, _batch: &mut WakeBatch) -> io::Result<Turn> {
        match wait {
            Wait::No => {}
            Wait::Until(deadline) => self.bed.sleep(Some(deadline)),
            Wait::Forever => self.bed.sleep(None),
        }
        self.bed.take();
        Ok(Turn::default())
    }

    pub fn will_wait_until(&self, _deadline: Instant) -> io::Result<()> {
        Ok(())
    }

    /// A sibling finds nothing here, ever.
    pub fn try_turn(&self, _batch: &mut WakeBatch) -> io::Result<Option<Turn>> {
        Ok(None)
    }

    pub fn unpark(&self) -> io::Result<()> {
        self.bed.wake();
        Ok(())
    }

    pub fn has_news(&self) -> bool {
        self.bed.is_woken()
    }

    pub fn wait_for_news(&self, limit: Option<Duration>) {
        self.bed.sleep(limit.map(|limit| time::now() + limit));
    }

    /// The watch never rings: somebody who keeps it sleeps while another is awake, and as long as
    /// anybody is awake, modelled time stands still.
    pub fn ring_after(&self, _after: Duration) -> io::Result<()> {
        Ok(())
    }

    pub fn silence(&self) -> io::Result<()> {
        Ok(())
    }

    pub fn orphan(&self, _batch: &mut WakeBatch) {}

    pub fn is_empty(&self) -> bool {
        true
    }

    pub fn registrations(&self) -> u64 {
        0
    }
}
