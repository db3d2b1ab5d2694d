//! Something every so often.
//!
//! An [`Interval`] is one [`Sleep`] that is given a new deadline at each tick. The deadline of a tick
//! is reckoned from the deadline of the one before, not from when it was noticed, so lateness does
//! not add up; what happens when whole ticks are missed is up to [`MissedTickBehavior`].
//!
//! Tested in `tests/interval.rs` against the sequences that tokio documents.

use crate::{Instant, Sleep};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Ticks that come no later than this are not missed, just late.
const GRACE: Duration = Duration::from_millis(5);

/// Ticks now, and every `period` from now on.
///
/// # Panics
///
/// If `period` is zero. Polling a tick panics where no timers are driven, as
/// [`sleep`](crate::sleep) does.
///
/// ```no_run
/// # async fn example() {
/// use pintle_timer::{Duration, interval};
///
/// let mut every = interval(Duration::from_secs(1));
/// every.tick().await; // at once
/// every.tick().await; // a second later
/// # }
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    assert_period(period);
    Interval::new(Instant::now(), period)
}

/// Ticks at `start`, and every `period` from then on; otherwise as [`interval`].
///
/// ```
/// use pintle_timer::{Duration, Instant, interval_at};
///
/// let start = Instant::now() + Duration::from_millis(50);
/// let every = interval_at(start, Duration::from_millis(10));
/// assert_eq!(every.period(), Duration::from_millis(10));
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert_period(period);
    Interval::new(start, period)
}

#[track_caller]
fn assert_period(period: Duration) {
    assert!(
        !period.is_zero(),
        "`period` must be non-zero: an interval of no length would never let anything else run"
    );
}

/// What an [`Interval`] does about ticks that nobody was there to take.
///
/// Say the period is 10 ms and a task takes ticks at these times, because its third round took long:
///
/// ```text
/// expected   0   10   20   30   40   50   60
/// Burst      0   10 work───────45 45 45 50 60     all of them, at once, then in step again
/// Delay      0   10 work───────45   55   65       a full period from when it was noticed
/// Skip       0   10 work───────45  50   60        the missed ones are dropped, still in step
/// ```
///
/// A tick that is less than 5 ms late counts as taken in time. The names and meanings are tokio's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissedTickBehavior {
    /// Ticks as fast as it is polled until it has caught up.
    #[default]
    Burst,
    /// The next tick is a period after the late one was taken.
    Delay,
    /// The next tick is the first that is not in the past, a multiple of the period from the start.
    Skip,
}

impl MissedTickBehavior {
    /// When to tick after a tick due at `due` was taken at `now`, which is late.
    fn next(self, due: Instant, now: Instant, period: Duration) -> Instant {
        match self {
            Self::Burst => due.saturating_add(period),
            Self::Delay => now.saturating_add(period),
            Self::Skip => now.saturating_add(period - remainder(now - due, period)),
        }
    }
}

fn remainder(late: Duration, period: Duration) -> Duration {
    const NANOS_PER_SEC: u128 = 1_000_000_000;
    let nanos = late.as_nanos() % period.as_nanos();
    Duration::new(
        (nanos / NANOS_PER_SEC) as u64,
        (nanos % NANOS_PER_SEC) as u32,
    )
}

/// The ticks of [`interval`] and [`interval_at`].
///
/// ```
/// use pintle_timer::{Clock, Driver, Duration, current, interval};
/// use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
///
/// let driver = Driver::new(Clock::new(true), Waker::noop().clone());
/// let _seated = current::enter(driver.clone());
/// let mut cx = Context::from_waker(Waker::noop());
///
/// let mut every = interval(Duration::from_secs(60));
/// assert!(every.poll_tick(&mut cx).is_ready());
/// assert!(every.poll_tick(&mut cx).is_pending());
/// driver.clock().advance(Duration::from_secs(60));
/// assert!(every.poll_tick(&mut cx).is_ready());
/// ```
#[derive(Debug)]
pub struct Interval {
    /// Until the next tick.
    delay: Sleep,
    period: Duration,
    missed_tick_behavior: MissedTickBehavior,
}

impl Interval {
    fn new(start: Instant, period: Duration) -> Self {
        Self {
            delay: Sleep::until(start),
            period,
            missed_tick_behavior: MissedTickBehavior::default(),
        }
    }

    /// Waits for the next tick; answers when it was due.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it completes, no tick has been taken.
    ///
    /// # Panics
    ///
    /// Where no timers are driven, as [`sleep`](crate::sleep) does.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// Polls for the next tick; answers when it was due. If pending, the task is woken then. The first
    /// poll after a tick may be pending though the next is due by now, as that of a
    /// [`sleep`](crate::sleep) may: then the task is woken as soon as the thread looks at its timers.
    ///
    /// # Panics
    ///
    /// Where no timers are driven, as [`sleep`](crate::sleep) does.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(self.delay.poll_elapsed(cx));
        let due = self.delay.deadline();
        let now = Instant::now();
        let next = if now > due.saturating_add(GRACE) {
            self.missed_tick_behavior.next(due, now, self.period)
        } else {
            due.saturating_add(self.period)
        };
        self.delay = Sleep::new(next, next > now);
        Poll::Ready(due)
    }

    /// The next tick comes a period from now.
    pub fn reset(&mut self) {
        self.reset_after(self.period);
    }

    /// The next tick comes at once.
    pub fn reset_immediately(&mut self) {
        self.reset_after(Duration::ZERO);
    }

    /// The next tick comes after `after`, and then every period.
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::now().saturating_add(after));
    }

    /// The next tick comes at `deadline`, and then every period. It may lie in the past.
    pub fn reset_at(&mut self, deadline: Instant) {
        self.delay.set_deadline(deadline);
    }

    /// What happens when ticks are missed.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed_tick_behavior
    }

    /// Sets what happens when ticks are missed.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed_tick_behavior = behavior;
    }

    /// The time between two ticks.
    pub fn period(&self) -> Duration {
        self.period
    }
}
