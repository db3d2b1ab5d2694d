//! Where other threads leave things for a worker, and how they wake it.
//!
//! A task's home, and every waker of the worker, keep the door and nothing else: whoever holds on to
//! a handle of a task that is long over keeps a door, not a reactor with its descriptors.

use super::counters::Counter;
use super::remote::Remote;
use super::schedule::{InPool, OnWorker};
use crate::park::Parker;
use crate::queue::Inbox;
use crate::task::Task;
use std::sync::{Arc, Weak};
use std::task::Wake;

/// See the [module's documentation](self).
#[derive(Debug)]
pub struct Door {
    pub parker: Parker,
    pub pinned: Inbox<OnWorker>,
    pub stealable: Inbox<InPool>,
    /// Tasks left here by other threads.
    pub arrivals: Counter,
    /// System calls made by others to wake the worker.
    pub wakes: Counter,
    remote: Weak<Remote>,
}

impl Door {
    pub fn new(remote: Weak<Remote>) -> Self {
        Self {
            parker: Parker::new(),
            pinned: Inbox::new(),
            stealable: Inbox::new(),
            arrivals: Counter::default(),
            wakes: Counter::default(),
            remote,
        }
    }

    /// Makes the worker look again, waking its thread if it sleeps.
    pub fn unpark(&self) {
        if self.parker.notify()
            && let Some(remote) = self.remote.upgrade()
        {
            self.wakes.add_shared(1);
            remote.wake_thread();
        }
    }

    /// Leaves a pinned task for the worker. A task that comes too late has never run (the worker
    /// waits for those that have, before it closes), so nothing in it is tied to the worker: it
    /// ends here.
    pub fn receive_pinned(&self, task: Task<OnWorker>) {
        self.arrivals.add_shared(1);
        match self.pinned.push(task) {
            Ok(()) => self.unpark(),
            Err(late) => late.cancel(),
        }
    }
}

impl Wake for Door {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.unpark();
    }
}
