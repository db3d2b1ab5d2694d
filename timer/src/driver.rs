//! One worker's timer driver: its wheel, the clock it goes by, and how to wake it.
//!
//! Turned by the worker that owns it. Everybody else may insert, move and cancel timers in it, and
//! an idle sibling may turn it when its owner is stuck in one poll; that is what the lock is for,
//! which is otherwise uncontended.
//!
//! 1. Between [`plan`](Driver::plan) and the owner's next [`turn`](Driver::turn) the driver remembers
//!    what the owner was told. A timer that comes earlier than that unparks the owner. So the owner
//!    plans, then sleeps no longer than planned, then turns; and no deadline is slept through.
//! 2. The wheel is turned only to times that the clock has shown, so what it fires is due. A clock that is
//!    paused may stand a moment back from where a wheel has been turned to by then; that wheel stands
//!    still until the clock has caught up, and says so in its plan. (For a wheel, what comes in behind
//!    it is due: it would fire what the clock has yet to show, and again whenever that is put back.)
//! 3. Wakers are never woken nor dropped while the lock is held: firing collects them in a
//!    [`WakeBatch`], the others are handed out of the critical section.
//! 4. After [`orphan`](Driver::orphan) the wheel is empty and stays so.
//!
//! Tested in `tests/driver.rs`; *cancel*, *reset* and *move* against *fire*, and *insert* against
//! *plan and sleep*, are modelled in `loom-tests`.

use crate::tick::Ticks;
use crate::wheel::{Key, Wheel};
use crate::{Clock, Instant};
use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::Mutex;
use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// How long the owner sleeps at least when timers come [thick](Wheel::is_thick): to fall asleep and be
/// woken for each of them costs more than to fire it.
const GATHER: Duration = Duration::from_micros(100);

/// A worker's timers.
///
/// ```
/// use pintle_sync::WakeBatch;
/// use pintle_timer::{Clock, Driver, Duration};
/// use std::task::Waker;
///
/// let clock = Clock::new(true);
/// let driver = Driver::new(clock.clone(), Waker::noop().clone());
/// driver.insert(clock.now() + Duration::from_millis(5), Waker::noop()).unwrap();
///
/// let mut batch = WakeBatch::new();
/// assert_eq!(driver.turn(&mut batch), 0);
/// clock.advance(Duration::from_millis(5));
/// assert_eq!(driver.turn(&mut batch), 1);
/// batch.wake_all();
/// ```
pub struct Driver {
    state: Mutex<State>,
    clock: Clock,
    ticks: Ticks,
    unpark: Waker,
}

struct State {
    wheel: Wheel<Waker>,
    /// The tick the owner may be sleeping up to; `u64::MAX` is for ever.
    planned: Option<u64>,
    closed: bool,
}

impl State {
    fn fire(&mut self, now: u64, batch: &mut WakeBatch) -> usize {
        self.wheel.advance(now, &mut |waker| batch.push(waker))
    }

    /// Whether the owner must be unparked for a timer at `tick`. Once is enough: it plans anew
    /// before it sleeps again.
    fn upsets_plan(&mut self, tick: u64) -> bool {
        self.planned.take_if(|planned| tick < *planned).is_some()
    }
}

impl Driver {
    /// Makes a driver that goes by `clock`. `unpark` must make the owner wake up if it sleeps, or
    /// not fall asleep if it is about to.
    pub fn new(clock: Clock, unpark: Waker) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                wheel: Wheel::new(),
                planned: None,
                closed: false,
            }),
            ticks: clock.ticks(),
            clock,
            unpark,
        })
    }

    /// The clock it goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Collects the wakers of all timers that are due, and says how many. For the owner.
    pub fn turn(&self, batch: &mut WakeBatch) -> usize {
        let mut state = self.state.lock();
        state.planned = None;
        self.fire(&mut state, batch)
    }

    /// As [`turn`](Self::turn) for somebody who is not the owner: `None` if the driver is in use,
    /// and what the owner has planned stays planned.
    pub fn try_turn(&self, batch: &mut WakeBatch) -> Option<usize> {
        let mut state = self.state.try_lock()?;
        Some(self.fire(&mut state, batch))
    }

    /// When the owner must turn again, at the latest; `None` if nothing is pending.
    ///
    /// Until it does, an earlier timer inserted by anyone unparks it. The answer is never later
    /// than the first deadline, and may be earlier ([`Wheel::next_deadline`]); but when timers come thick,
    /// it is 100 µs from now at the soonest, or from when this was asked before and has not been followed by
    /// a turn, unless the clock is paused.
    pub fn plan(&self) -> Option<Instant> {
        let mut state = self.state.lock();
        let before = state.planned;
        let mut next = state.wheel.next_deadline();
        if let Some(tick) = &mut next
            && state.wheel.is_thick()
            && !self.clock.is_paused()
        {
            let gathered = self.ticks.of(self.clock.now() + GATHER).max(*tick);
            // What has been planned before this sleep stands: another moment would be set anew.
            *tick = match before {
                Some(planned) if (*tick..=gathered).contains(&planned) => planned,
                _ => gathered,
            };
        }
        state.planned = Some(next.unwrap_or(u64::MAX));
        next.map(|tick| self.ticks.instant(tick))
    }

    /// Adds a timer that wakes `waker` once. A deadline in the past fires at the next turn.
    ///
    /// # Errors
    ///
    /// If the driver's owner is gone.
    pub fn insert(&self, deadline: Instant, waker: &Waker) -> Result<Key, Closed> {
        let tick = self.ticks.of(deadline);
        let waker = waker.clone();
        let mut state = self.state.lock();
        if state.closed {
            drop(state);
            return Err(Closed(()));
        }
        let key = state.wheel.insert(tick, waker);
        let unpark = state.upsets_plan(tick);
        drop(state);
        if unpark {
            self.unpark.wake_by_ref();
        }
        Ok(key)
    }

    /// Makes a timer wake `waker` instead, if it is pending, and says what has become of it. For whoever
    /// holds the key and has not removed the timer.
    pub fn set_waker(&self, key: Key, waker: &Waker) -> Fate {
        let mut state = self.state.lock();
        let Some(current) = state.wheel.get_mut(key) else {
            return match state.closed {
                true => Fate::ThrownOut,
                false => Fate::Fired,
            };
        };
        if current.will_wake(waker) {
            return Fate::Pending;
        }
        let previous = std::mem::replace(current, waker.clone());
        drop(state);
        drop(previous);
        Fate::Pending
    }

    /// Moves a pending timer to another deadline; false if it has fired or been removed.
    pub fn reset(&self, key: Key, deadline: Instant) -> bool {
        let tick = self.ticks.of(deadline);
        let mut state = self.state.lock();
        if !state.wheel.reset(key, tick) {
            return false;
        }
        let unpark = state.upsets_plan(tick);
        drop(state);
        if unpark {
            self.unpark.wake_by_ref();
        }
        true
    }

    /// Removes a timer; false if it has fired or been removed before. When it answers true, the
    /// waker has not been and will not be collected.
    pub fn remove(&self, key: Key) -> bool {
        let removed = self.state.lock().wheel.remove(key);
        removed.is_some()
    }

    /// The owner goes away: collects the wakers of all timers, due or not, so that whoever waits
    /// looks for another driver, and takes no more. Idempotent.
    pub fn orphan(&self, batch: &mut WakeBatch) {
        let mut state = self.state.lock();
        state.closed = true;
        state.wheel.drain(|waker| batch.push(waker));
    }

    /// How many timers are pending.
    pub fn len(&self) -> usize {
        self.state.lock().wheel.len()
    }

    /// Whether no timer is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn fire(&self, state: &mut State, batch: &mut WakeBatch) -> usize {
        if state.wheel.is_empty() {
            return 0;
        }
        let now = self.ticks.of(self.clock.now());
        if now < state.wheel.elapsed() {
            // Paused, as whoever turned the wheel last had yet to hear (2).
            return 0;
        }
        state.fire(now, batch)
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Driver");
        if let Some(state) = self.state.try_lock() {
            debug
                .field("timers", &state.wheel.len())
                .field("planned", &state.planned)
                .field("closed", &state.closed);
        }
        debug.finish_non_exhaustive()
    }
}

/// What has become of a timer that nobody has removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits for its deadline.
    Pending,
    /// The driver has been turned, by its clock, to the deadline or beyond.
    Fired,
    /// The driver's owner is gone, and this may have been before the deadline.
    ThrownOut,
}

/// The driver's owner is gone; it takes no more timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed(());

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the worker that drives this timer has shut down; poll the timer on another")
    }
}

impl std::error::Error for Closed {}
