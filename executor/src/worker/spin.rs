//! A short wait before the long one.
//!
//! Waking a thread that sleeps takes two system calls and, on another processor, tens of microseconds.
//! Two workers whose tasks talk to each other, or one that is fed faster than it can fall asleep, would
//! spend their time on that. So a worker that was called back just after it had gone to sleep, a few
//! times in all, waits awake from then on, for about as long as a wake takes, before it sleeps. If that
//! does not pay [`TRIES`] times in a row it sleeps at once again, and takes the more calling back to be
//! persuaded the more often it was disappointed: a worker whose sleeps are long never waits, and one
//! that is always called a little too late hardly ever. That waiting as long as the alternative costs
//! is at most twice as bad as knowing the future is Karlin, Li, Manasse and Owicki's (1991).
//!
//! What a notify brings is seen at once. Timers and sockets are looked at in between, and are not what
//! is waited for.
//!
//! Workers that steal do not wait awake. They are called for work that the caller can do as well, and
//! tasks that talk come together on one of them (`queue/lifo.rs`). Measured, waiting awake took the
//! processor from those that had work: a TCP echo cost half as much again.

use super::local::Local;
use super::turn::Root;
use pintle_reactor::Wait;
use pintle_sync::shim::{hint, time};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a worker waits awake: about what a wake takes.
const LIMIT: Duration = Duration::from_micros(50);

/// A sleep that was ended by a notify this soon was not worth it. It takes two wakes if the notifier
/// was asleep, too.
const SHORT: Duration = Duration::from_micros(150);

/// How many times in a row waiting may fail.
const TRIES: u8 = 4;

/// So many short sleeps persuade a worker at first, and after it was disappointed often.
const DOUBTS: [u8; 2] = [7, 127];

/// Between two looks at the drivers.
const LOOK_EVERY: Duration = Duration::from_micros(5);

/// Whether waiting awake pays.
#[derive(Debug)]
pub struct Spin {
    tries: Cell<u8>,
    /// How many short sleeps it takes next time, and how many of them are yet to come.
    doubts: Cell<u8>,
    doubts_left: Cell<u8>,
}

impl Spin {
    pub fn new() -> Self {
        Self {
            tries: Cell::new(0),
            doubts: Cell::new(DOUBTS[0]),
            doubts_left: Cell::new(DOUBTS[0]),
        }
    }

    /// A sleep is over that began at `since`; `notified` says whether somebody has ended it.
    pub fn slept(&self, since: Instant, now: Instant, notified: bool) {
        if !notified || now.saturating_duration_since(since) >= SHORT {
            return;
        }
        match self.doubts_left.get() {
            0 => self.tries.set(TRIES),
            left => self.doubts_left.set(left - 1),
        }
    }

    fn succeeded(&self) {
        self.tries.set(TRIES);
        self.doubts.set(DOUBTS[0]);
    }

    fn failed(&self) {
        let left = self.tries.get() - 1;
        self.tries.set(left);
        if left == 0 {
            self.doubts_left.set(self.doubts.get());
            self.doubts.set((2 * self.doubts.get() + 1).min(DOUBTS[1]));
        }
    }
}

impl Local {
    /// Waits a little, if that has paid lately. True if there may be something to do.
    pub(super) fn spin(&self, root: &mut dyn Root) -> bool {
        let shared = &self.shared;
        if self.spin.tries.get() == 0
            || !shared.config.can_spin
            || self.has_thieves()
            || shared.clock.is_paused()
        {
            return false;
        }
        // What has come already was not waited for.
        if self.has_come(root) {
            return true;
        }
        let began = time::now();
        let mut look_at = began + LOOK_EVERY;
        loop {
            hint::spin_loop();
            let has_come = self.has_come(root);
            let now = time::now();
            if has_come {
                self.spin.succeeded();
                // The time until now was not the tasks'.
                self.clock_read.set(now);
                return true;
            }
            if now.saturating_duration_since(began) >= LIMIT {
                break;
            }
            if now >= look_at {
                let turned = self.turn_drivers(Wait::No);
                self.start_round(now);
                if turned.anything {
                    return true;
                }
                look_at = now + LOOK_EVERY;
            }
        }
        self.spin.failed();
        false
    }

    /// Whether there is something that a sleep would be ended for.
    fn has_come(&self, root: &mut dyn Root) -> bool {
        let parker = &self.remote.door.parker;
        if parker.is_notified() {
            // Before the looks that follow, as after a sleep.
            parker.awake();
            return true;
        }
        root.is_woken()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// How many short sleeps it takes until a worker waits awake.
    fn persuade(spin: &Spin) -> usize {
        let now = Instant::now();
        (1..)
            .find(|_| {
                spin.slept(now, now, true);
                spin.tries.get() > 0
            })
            .unwrap()
    }

    fn disappoint(spin: &Spin) {
        while spin.tries.get() > 0 {
            spin.failed();
        }
    }

    #[test]
    fn a_worker_that_was_disappointed_takes_longer_to_persuade_up_to_a_limit() {
        let spin = Spin::new();
        let mut taken = Vec::new();
        for _ in 0..7 {
            taken.push(persuade(&spin));
            disappoint(&spin);
        }
        assert_eq!(taken, [8, 8, 16, 32, 64, 128, 128]);
        persuade(&spin);
        spin.succeeded();
        disappoint(&spin);
        assert_eq!(persuade(&spin), 8);
    }

    #[test]
    fn long_sleeps_and_those_that_nobody_has_ended_do_not_count() {
        let spin = Spin::new();
        let now = Instant::now();
        for _ in 0..1000 {
            spin.slept(now, now + SHORT, true);
            spin.slept(now, now, false);
        }
        assert_eq!(persuade(&spin), 8);
    }
}
