//! The orphanage: children whose [`Child`](super::Child) was dropped before they ended.
//!
//! A process that has ended is kept by the system, as a *zombie*, until its parent asks how. For
//! these nobody will, so it is done here, whichever runtimes are left, if any: with the first
//! orphan a listener to `SIGCHLD` is set up, whose waker looks after all of them. It runs on the
//! thread on which signals come in.
//!
//! 1. *Listen, then look.* The waker is left before the children are asked, so one that ends
//!    meanwhile wakes it again.
//! 2. This lock is taken before the signals'; wakers are woken with neither.

use crate::signal::unix::{Signal, SignalKind, signal};
use pintle_sync::shim::sync::Mutex;
use std::process::Child as StdChild;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

static ORPHANS: Mutex<Orphans> = Mutex::new(Orphans {
    children: Vec::new(),
    ends: None,
});

struct Orphans {
    children: Vec<StdChild>,
    /// Says that some child may have ended. There is one while there are orphans.
    ends: Option<Signal>,
}

/// Takes a child that has not been waited for, and sees to it that it leaves no zombie.
pub(super) fn adopt(mut child: StdChild) {
    if !still_runs(&mut child) {
        return;
    }
    let mut orphans = ORPHANS.lock();
    orphans.children.push(child);
    orphans.look_after();
}

/// Looks after orphans for which no listener could be had when they came.
pub(super) fn look_after() {
    ORPHANS.lock().look_after();
}

impl Orphans {
    fn look_after(&mut self) {
        if self.children.is_empty() {
            return;
        }
        if self.ends.is_none() {
            // Out of descriptors: the next child that is started or dropped is another chance.
            self.ends = signal(SignalKind::child()).ok();
        }
        if let Some(ends) = &mut self.ends {
            let waker = Waker::from(Arc::new(LookAfter));
            while ends.poll_recv(&mut Context::from_waker(&waker)).is_ready() {}
        }
        self.children.retain_mut(still_runs);
        if self.children.is_empty() {
            self.ends = None;
        }
    }
}

/// Asks, which makes an end of the zombie. One that cannot be asked about is not ours any more.
fn still_runs(child: &mut StdChild) -> bool {
    matches!(child.try_wait(), Ok(None))
}

struct LookAfter;

impl Wake for LookAfter {
    fn wake(self: Arc<Self>) {
        look_after();
    }
}
