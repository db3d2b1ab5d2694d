//! Looking after a sibling that is stuck.
//!
//! A worker that has been inside one poll for too long looks at neither its sockets nor its timers.
//! Its queue can be stolen from as ever; this file is about the drivers, and the LIFO slot. A sibling that notices
//! (because it keeps the watch, `steal/README.md`, or because it is awake and has looked at its own
//! drivers just now) takes the locks of the stuck worker's drivers, *if they are free*, and turns
//! them. What that wakes is stealable, and so lands in the rescuer's own queue.
//!
//! Such a socket is marked as rescued and moves house: when its task next meets `WouldBlock`, on
//! the rescuer, it registers with the rescuer's reactor; a timer moves whenever it is polled
//! elsewhere. So being stuck costs each connection one late event, and not one for each time.
//!
//! A worker is *stalled* when it is awake and has not looked at its drivers for [`WATCH`]. Guests
//! need no rescue: what their tasks wait for can run nowhere else, and what they handed to others
//! has moved away, since their reactors are transient.
//!
//! The drivers' locks are the whole protocol: the stuck worker's own next turn waits for the few
//! microseconds that a rescue may take, and a rescuer never waits. The one deadline that could be
//! lost is the one at which the stuck worker planned to wake; but it is awake, so it plans anew
//! before it sleeps.

use super::local::Local;
pub use crate::steal::WATCH;
use std::time::Instant;

impl Local {
    /// Whether it is time for this worker to look after its siblings again. A sleeper's alarm alone
    /// does not do: a worker that wakes for its own sake more often than the alarm rings sets it
    /// anew each time.
    pub(super) fn is_on_duty(&self, now: Instant) -> bool {
        self.has_thieves() && now.saturating_duration_since(self.looked_after.get()) >= WATCH
    }

    /// Turns the drivers of every stalled sibling.
    pub(super) fn look_after_siblings(&self, now: Instant) {
        self.looked_after.set(now);
        for sibling in &self.shared.remotes {
            if sibling.index == self.remote.index || !sibling.is_stalled(now, WATCH) {
                continue;
            }
            let mut batch = self.batch.take();
            // An error is the sibling's own to meet.
            let _ = sibling.reactor.try_turn(&mut batch);
            sibling.timers.try_turn(&mut batch);
            sibling.stays_covered();
            self.in_batch.set(true);
            let mut rescued = batch.wake_all();
            self.in_batch.set(false);
            self.batch.set(batch);
            // Its newest task as well, which thieves leave alone: the sibling would run it in a
            // moment, next to the data it shares with the task that woke it. Not this sibling.
            if let Some(task) = sibling.lifo.take() {
                self.stealable().push(task);
                rescued += 1;
            }
            self.remote.counters.rescues.add(u64::from(rescued > 0));
        }
        self.post_surplus();
    }
}
