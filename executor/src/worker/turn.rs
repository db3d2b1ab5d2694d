//! The loop of a worker, to be read from top to bottom.
//!
//! ```text
//!   ┌─▶ root ─▶ run tasks ──(the round is over)─────────▶ look at the drivers ─┐
//!   │              │                                                           │
//!   │        (queues empty)                                                    │
//!   │              ▼                                                           │
//!   │           inboxes ─▶ search siblings ─▶ wait a little ─▶ park ───────────┤
//!   └──────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! The drivers are looked at after so many polls (`event_interval`) *and* after so much time
//! ([`LOOK_EVERY`]). Reading the clock after each poll would cost as much as a short poll, so the
//! worker reads it after a *stride* of polls, which grows while polls are fast, up to
//! [`LONGEST_STRIDE`], and falls back to one as soon as they are slow. It grows slowly: who was slow once
//! may be so again, and then each poll of a stride is. And it is read whenever all that is left has
//! yielded (`queue/pinned.rs`): a task that computes at length and yields in between is often alone.

use super::config::run_hook;
use super::local::{Local, Next};
use super::rescue::WATCH;
use crate::steal::Alarm;
use crate::task;
use pintle_reactor::{Turn, Wait};
use pintle_sync::shim::time;
use pintle_sync::{WakeBatch, budget};
use std::time::{Duration, Instant};

/// How long tasks may run between two looks at the drivers, as far as whole polls allow.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// Polls at most between two readings of the clock.
const LONGEST_STRIDE: u32 = 32;

/// So many fast readings in a row make the stride longer by one poll.
const READINGS_PER_STRIDE: u32 = 8;

/// What the loop runs for: a worker's thread runs until shutdown, a guest until its future is done.
pub trait Root {
    /// Does what there is to do.
    fn poll(&mut self) -> Step;

    /// Whether `poll` has something to do, so that the worker must not sleep.
    fn is_woken(&self) -> bool;
}

/// What polling the root has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There was nothing to do.
    Idle,
    /// It took its turn like a task.
    Polled,
    /// The loop ends.
    Done,
}

impl Local {
    /// Runs the worker. The thread is seated as this worker.
    pub(super) fn run(&self, root: &mut dyn Root) {
        self.start_round(time::now());
        loop {
            match root.poll() {
                Step::Idle => {}
                Step::Polled => self.spend_poll(),
                Step::Done => break,
            }
            self.run_tasks();
            if self.left.get() == 0 {
                self.look();
                continue;
            }
            self.take_inboxes();
            if !self.has_work() {
                self.find_elsewhere();
            }
            if !self.has_work() && !self.spin(root) {
                // Parking looks at the drivers, too.
                self.park(root);
            }
        }
        self.remote.looks_no_more();
    }

    /// The drivers have just been looked at.
    pub(super) fn start_round(&self, now: Instant) {
        self.remote.looked_at(now);
        self.looked.set(now);
        self.clock_read.set(now);
        self.left.set(self.shared.config.event_interval);
        self.stride_left.set(self.stride());
    }

    /// Polls from one reading of the clock to the next.
    fn stride(&self) -> u32 {
        (self.fast.get() / READINGS_PER_STRIDE).clamp(1, LONGEST_STRIDE)
    }

    /// A poll is over. Ends the round (`left` is zero) when it has taken long enough.
    fn spend_poll(&self) {
        self.left.set(self.left.get().saturating_sub(1));
        let stride_left = self.stride_left.get() - 1;
        self.stride_left.set(stride_left);
        if stride_left > 0 && !self.pinned.have_all_yielded() {
            return;
        }
        let now = time::now();
        let slow = now.saturating_duration_since(self.clock_read.get()) >= LOOK_EVERY;
        self.fast.set(match slow {
            true => 0,
            false => self.fast.get().saturating_add(1),
        });
        self.stride_left.set(self.stride());
        self.clock_read.set(now);
        if now.saturating_duration_since(self.looked.get()) >= LOOK_EVERY {
            self.left.set(0);
        }
    }

    /// Runs tasks until none is left, or the round is over.
    fn run_tasks(&self) {
        let mut polls = 0;
        let each = EachTask {
            budget: budget::renewable(),
            running: task::run_tasks(),
        };
        // At least one, also when the root has used up the round.
        while self.run_next(&each) {
            polls += 1;
            self.spend_poll();
            if self.left.get() == 0 {
                break;
            }
        }
        self.remote.counters.polls.add(polls);
    }

    /// Runs the task whose turn it is; false if there is none.
    #[inline]
    fn run_next(&self, each: &EachTask) -> bool {
        if !self.may_steal {
            // There is but one queue.
            let Some(task) = self.pinned.pop() else {
                return false;
            };
            each.budget.renew();
            task.run_among(&each.running);
            return true;
        }
        let Some(next) = self.next() else {
            return false;
        };
        if self.searching.get() {
            self.stop_searching();
        }
        each.budget.renew();
        match next {
            Next::Pinned(task) => task.run_among(&each.running),
            Next::Stealable(task) => task.run_among(&each.running),
        }
        true
    }

    /// Looks at inboxes, timers and sockets while there is work to do.
    fn look(&self) {
        self.pinned.let_pass(|| {
            self.take_inboxes();
            self.turn_drivers(Wait::No);
        });
        let now = time::now();
        if self.is_on_duty(now) {
            self.look_after_siblings(now);
        }
        // Time spent in the drivers is not the tasks'.
        self.start_round(now);
    }

    /// One turn of wheel and reactor. Everything that became runnable lines up before any of it
    /// runs, so that thieves see the whole batch. Returns whether anything happened, and whether
    /// the watch rang.
    pub(super) fn turn_drivers(&self, wait: Wait) -> Turned {
        let counters = &self.remote.counters;
        let mut batch = self.batch.take();
        let turn = match wait {
            Wait::No if self.remote.reactor.is_empty() => Turn::default(),
            Wait::No => self.turn_reactor(Wait::No, &mut batch),
            wait if self.shared.clock.is_paused() => {
                let limit = match wait {
                    Wait::Until(end) => Some(end.saturating_duration_since(time::now())),
                    _ => None,
                };
                // Whoever asks whether there is news must not be told no between the moment when
                // the poll has handed it over and the moment when this worker counts as busy.
                self.remote.reactor.wait_for_news(limit);
                self.rise();
                self.turn_reactor(Wait::No, &mut batch)
            }
            wait => {
                let turn = self.turn_reactor(wait, &mut batch);
                self.rise();
                turn
            }
        };
        let fired = self.remote.timers.turn(&mut batch);
        counters.looks.add(1);
        counters.io_events.add(turn.events as u64);
        counters.timers_fired.add(fired as u64);

        self.in_batch.set(true);
        let woken = batch.wake_all();
        self.in_batch.set(false);
        self.batch.set(batch);
        if self.has_thieves() {
            self.post_surplus();
        }
        Turned {
            anything: woken > 0,
            watch: turn.watch,
        }
    }

    fn turn_reactor(&self, wait: Wait, batch: &mut WakeBatch) -> Turn {
        // An error of the poll itself (a descriptor closed behind our back) leaves nothing to do
        // but go on with what else there is.
        self.remote.reactor.turn(wait, batch).unwrap_or_default()
    }

    /// Sleeps until something happens, unless something already has.
    fn park(&self, root: &mut dyn Root) {
        let remote = &self.remote;
        // From here on a notify is either seen by the looks below or keeps us from sleeping.
        remote.door.parker.awake();
        self.take_inboxes();
        if self.has_work() || root.is_woken() {
            return;
        }
        let config = &self.shared.config;
        run_hook(&config.on_thread_park);
        // The hook may have spawned something.
        if !self.has_work() && (!self.has_thieves() || self.lie_down()) {
            self.sleep();
        }
        run_hook(&config.on_thread_unpark);
    }

    /// Enters the list of sleepers and looks once more. False if there is work after all.
    fn lie_down(&self) -> bool {
        let was_searching = self.searching.take();
        // A forecast; what is due may change before this worker sleeps.
        let wakes = self.real_time_of(self.remote.timers.plan());
        if let Some(wakes) = wakes {
            // Before the alarm of the watch, which most likely rings later. It can be told again.
            let _ = self.remote.reactor.will_wait_until(wakes);
        }
        let sleepers = &self.shared.sleepers;
        let set = |alarm| self.set(alarm);
        let look_again = sleepers.sleep(self.remote.index, was_searching, wakes, set);
        if look_again && self.shared.has_visible_work() {
            self.get_up();
            return false;
        }
        true
    }

    fn sleep(&self) {
        let remote = &self.remote;
        let next = remote.timers.plan();
        let wait = self.real_time_of(next).map_or(Wait::Forever, Wait::Until);
        let wait = if self.is_stand_in() {
            // Not on the list, so nobody calls it: it looks for itself.
            Wait::Until(time::now() + WATCH)
        } else {
            wait
        };
        if !remote.door.parker.prepare() {
            return self.get_up();
        }
        if !remote.participant.idle(next) {
            // The clock has moved, and something here is due.
            self.rise();
            let turned = self.turn_drivers(Wait::No);
            return self.keep_watch(turned, time::now());
        }
        remote.looks_no_more();
        remote.counters.parks.add(1);
        let began = time::now();
        let turned = self.turn_drivers(wait);
        if !turned.anything {
            remote.counters.noops.add(1);
        }
        let now = time::now();
        self.spin.slept(began, now, self.notified.get());
        self.start_round(now);
        self.keep_watch(turned, now);
    }

    /// Looks after the siblings, if it is this worker's turn to.
    fn keep_watch(&self, turned: Turned, now: Instant) {
        if turned.watch || self.is_on_duty(now) {
            self.look_after_siblings(now);
        }
    }

    /// While the clock is paused there is none: it is the clock that ends a sleep.
    fn real_time_of(&self, deadline: Option<pintle_timer::Instant>) -> Option<Instant> {
        deadline.and_then(|deadline| self.shared.clock.real_time_of(deadline))
    }

    /// Lowers the sleep flag and leaves the list. The clock is told first: in the other order it
    /// might take a worker that has just been notified for an idle one.
    fn rise(&self) {
        self.remote.participant.busy();
        self.notified.set(self.remote.door.parker.awake());
        self.get_up();
    }

    /// Leaves the list of sleepers.
    fn get_up(&self) {
        if !self.has_thieves() {
            return;
        }
        let taken_off = self
            .shared
            .sleepers
            .leave(self.remote.index, |alarm| self.set(alarm));
        self.searching.set(taken_off);
    }

    fn set(&self, alarm: Alarm) {
        // Fails only if the descriptor is gone, and with it the worker.
        let _ = match alarm {
            Alarm::Set(index, at) => {
                let after = at.saturating_duration_since(time::now());
                self.shared.remotes[index].reactor.ring_after(after)
            }
            Alarm::Silence(index) => self.shared.remotes[index].reactor.silence(),
        };
    }
}

/// What is made ready once for many tasks.
struct EachTask {
    budget: budget::Renewable,
    running: task::Running,
}

/// What a turn of the drivers has brought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turned {
    pub anything: bool,
    pub watch: bool,
}
