//! Work from siblings.

use super::local::Local;
use crate::queue::deque::Steal;
use pintle_sync::shim::hint;
use pintle_sync::shim::time;

impl Local {
    /// Looks for work at the siblings'. What it finds is in the queue then.
    pub(super) fn find_elsewhere(&self) {
        if self.is_stand_in() {
            self.look_after_siblings(time::now());
            return self.steal_queued();
        }
        if !self.has_thieves() {
            return;
        }
        if !self.searching.get() {
            if !self.shared.sleepers.may_search() {
                return;
            }
            self.searching.set(true);
        }
        self.remote.counters.searches.add(1);
        // Searching goes on until a task is about to run (or the worker lies down), so that the
        // answer to "is anybody looking?" stays yes until somebody really is at work.
        self.steal_queued();
    }

    fn steal_queued(&self) {
        self.go_round(|sibling| {
            let found = loop {
                match sibling.stealer.steal_batch(self.stealable()) {
                    Steal::Success(()) => break true,
                    Steal::Empty => break false,
                    Steal::Retry => hint::spin_loop(),
                }
            };
            if found {
                return true;
            }
            let mut some = false;
            for task in sibling.door.stealable.take_all() {
                self.stealable().push(task);
                some = true;
            }
            some
        });
    }

    /// Ends at the first sibling at which `take_from` has taken something.
    fn go_round(&self, take_from: impl Fn(&super::remote::Remote) -> bool) {
        let remotes = &self.shared.remotes;
        let start = self.random();
        for step in 0..remotes.len() {
            let sibling = &remotes[start.wrapping_add(step) % remotes.len()];
            if sibling.index == self.remote.index {
                continue;
            }
            let before = self.stealable().len();
            if take_from(sibling) {
                let counters = &self.remote.counters;
                counters.steals.add(1);
                counters
                    .stolen
                    .add(self.stealable().len().saturating_sub(before) as u64);
                return;
            }
        }
    }

    /// A searcher is about to run a task. The last one looks once more, and calls the next.
    pub(super) fn stop_searching(&self) {
        self.searching.set(false);
        if self.shared.sleepers.found() && self.shared.has_visible_work() {
            self.shared.post();
        }
    }
}
