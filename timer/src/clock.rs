//! The clock of a runtime: real time, until a test pauses it.
//!
//! Shared by everything that tells time in one runtime. Unpaused, [`Clock::now`] is one relaxed
//! load and the system's clock. Paused, time stands still but for [`advance`](Clock::advance) and
//! for *auto-advance*: when every [`Participant`] is idle and nothing inhibits it, time jumps to the
//! earliest deadline any of them is waiting for (`participant.rs`).
//!
//! 1. `mode` says which way to read the clock; it changes only while `time` is locked. Whoever finds
//!    it paused goes on to lock `time` and looks again. Whoever has not heard of a change yet acts as
//!    if it had come a moment before the change: relaxed accesses are enough, because everyone who
//!    may be asleep by then is woken after it.
//! 2. Wakers are woken, and dropped, when `time` is not locked.
//!
//! Tested in `tests/clock.rs`; *idle against a wake in flight* is modelled in `loom-tests`.

use crate::Instant;
use crate::participant::{Inhibit, Participant, Roll};
use crate::tick::Ticks;
use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::Mutex;
use pintle_sync::shim::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// `mode`: as the system says.
const REAL: u32 = 0;
/// `mode`: running, but away from the system's clock, since it has been paused before.
const SHIFTED: u32 = 1;
/// `mode`: standing still.
const PAUSED: u32 = 2;

/// A clock that can be paused; clones are the same clock.
///
/// ```
/// use pintle_timer::{Clock, Duration};
///
/// let clock = Clock::new(true);
/// let start = clock.now();
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(clock.now() - start, Duration::from_secs(3600));
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    origin: Instant,
    mode: AtomicU32,
    time: Mutex<Time>,
}

#[derive(Debug)]
pub(crate) struct Time {
    /// What the clock says while paused, or said when it was resumed.
    base: Instant,
    /// The real time when it was resumed; `None` while paused. Meaningless in mode `REAL`.
    resumed: Option<Instant>,
    pub(crate) roll: Roll,
}

impl Clock {
    /// Makes a clock that shows the real time, or stands still there if `start_paused`.
    pub fn new(start_paused: bool) -> Self {
        let origin = Instant::real();
        Self {
            shared: Arc::new(Shared {
                origin,
                mode: AtomicU32::new(if start_paused { PAUSED } else { REAL }),
                time: Mutex::new(Time {
                    base: origin,
                    resumed: None,
                    roll: Roll::default(),
                }),
            }),
        }
    }

    /// The time now.
    #[inline]
    pub fn now(&self) -> Instant {
        if self.is_real() {
            return Instant::real();
        }
        self.now_away()
    }

    /// The time now, if the clock has been paused at some time.
    #[cold]
    fn now_away(&self) -> Instant {
        self.now_locked(&self.shared.time.lock())
    }

    /// Whether time stands still.
    pub fn is_paused(&self) -> bool {
        self.shared.mode.load(Relaxed) == PAUSED
    }

    /// Whether it has never been paused; then what it has shown once has come, for good.
    pub(crate) fn is_real(&self) -> bool {
        self.shared.mode.load(Relaxed) == REAL
    }

    /// Until when, in real time, a thread that waits for `deadline` may sleep: while paused without
    /// limit, since time will not pass but be moved, and whoever moves it unparks the thread.
    ///
    /// ```
    /// # use pintle_timer::{Clock, Duration};
    /// let clock = Clock::new(false);
    /// let deadline = clock.now() + Duration::from_secs(5);
    /// assert_eq!(clock.real_time_of(deadline), Some(deadline.into_std()));
    /// clock.pause();
    /// assert_eq!(clock.real_time_of(deadline), None);
    /// ```
    pub fn real_time_of(&self, deadline: Instant) -> Option<std::time::Instant> {
        if self.is_real() {
            return Some(deadline.into_std());
        }
        let time = self.shared.time.lock();
        let resumed = match self.shared.mode.load(Relaxed) {
            REAL => return Some(deadline.into_std()),
            _ => time.resumed?,
        };
        let after = deadline.saturating_duration_since(time.base);
        Some(resumed.saturating_add(after).into_std())
    }

    /// Stops the clock.
    ///
    /// Every participant is unparked, so that it goes to sleep anew by the paused clock.
    ///
    /// # Panics
    ///
    /// If it stands still already.
    #[track_caller]
    pub fn pause(&self) {
        let mut batch = WakeBatch::new();
        let mut time = self.shared.time.lock();
        if self.shared.mode.load(Relaxed) == PAUSED {
            drop(time);
            panic!(
                "time is already frozen: it was paused before, or the runtime was built with `start_paused(true)`"
            );
        }
        time.base = self.now_locked(&time);
        time.resumed = None;
        self.shared.mode.store(PAUSED, Relaxed);
        time.roll.rouse_all(&mut batch);
        drop(time);
        batch.wake_all();
    }

    /// Lets the clock go on from where it stands.
    ///
    /// Every participant is unparked, so that it goes to sleep anew by the running clock.
    ///
    /// # Panics
    ///
    /// If it does not stand still.
    #[track_caller]
    pub fn resume(&self) {
        let mut batch = WakeBatch::new();
        let mut time = self.shared.time.lock();
        if self.shared.mode.load(Relaxed) != PAUSED {
            drop(time);
            panic!("{NOT_FROZEN}");
        }
        time.resumed = Some(Instant::real());
        self.shared.mode.store(SHIFTED, Relaxed);
        time.roll.rouse_all(&mut batch);
        drop(time);
        batch.wake_all();
    }

    /// Moves the paused clock on, and unparks the participants that have something due by then.
    ///
    /// # Panics
    ///
    /// If it does not stand still.
    #[track_caller]
    pub fn advance(&self, duration: Duration) {
        let mut batch = WakeBatch::new();
        let mut time = self.shared.time.lock();
        if self.shared.mode.load(Relaxed) != PAUSED {
            drop(time);
            panic!("{NOT_FROZEN}");
        }
        time.base = time.base.saturating_add(duration);
        let now = time.base;
        time.roll.rouse_due(now, &mut batch);
        drop(time);
        batch.wake_all();
    }

    /// Takes part in deciding when a paused clock may jump. `unpark` must make the participant's
    /// thread wake up if it sleeps, or not fall asleep if it is about to.
    ///
    /// A participant counts as busy until it says that it is [`idle`](Participant::idle), and leaves
    /// when it is dropped.
    ///
    /// ```
    /// use pintle_timer::{Clock, Duration};
    /// use std::task::Waker;
    ///
    /// let clock = Clock::new(true);
    /// let start = clock.now();
    /// let alone = clock.participant(Waker::noop().clone());
    /// // The only one there is has nothing to do for a minute: a minute has passed.
    /// let sleep = alone.idle(Some(start + Duration::from_secs(60)));
    /// assert!(!sleep);
    /// assert_eq!(clock.now() - start, Duration::from_secs(60));
    /// ```
    pub fn participant(&self, unpark: Waker) -> Participant {
        Participant::new(self.clone(), unpark)
    }

    /// Keeps the paused clock from jumping for as long as the guard lives: work is going on that no
    /// participant knows of, a blocking job for instance.
    ///
    /// ```
    /// use pintle_timer::{Clock, Duration};
    /// use std::task::Waker;
    ///
    /// let clock = Clock::new(true);
    /// let start = clock.now();
    /// let alone = clock.participant(Waker::noop().clone());
    /// let job = clock.inhibit();
    /// assert!(alone.idle(Some(start + Duration::from_secs(60))));
    /// assert_eq!(clock.now(), start);
    /// drop(job); // only now
    /// assert_eq!(clock.now() - start, Duration::from_secs(60));
    /// ```
    pub fn inhibit(&self) -> Inhibit {
        Inhibit::new(self.clone())
    }

    pub(crate) fn ticks(&self) -> Ticks {
        Ticks::from_origin(self.shared.origin)
    }

    /// Runs `f` on the locked state, then wakes what it has collected.
    pub(crate) fn with_time<R>(&self, f: impl FnOnce(&mut Time, &mut WakeBatch) -> R) -> R {
        let mut batch = WakeBatch::new();
        let answer = f(&mut self.shared.time.lock(), &mut batch);
        batch.wake_all();
        answer
    }

    fn now_locked(&self, time: &Time) -> Instant {
        match (self.shared.mode.load(Relaxed), time.resumed) {
            (REAL, _) => Instant::real(),
            (_, Some(resumed)) => time
                .base
                .saturating_add(Instant::real().saturating_duration_since(resumed)),
            (_, None) => time.base,
        }
    }
}

const NOT_FROZEN: &str =
    "time is not frozen: call `time::pause` first, or build the runtime with `start_paused(true)`";

impl Time {
    /// The time at which the clock stands; `None` if it does not.
    pub(crate) fn paused_at(&self, clock: &Clock) -> Option<Instant> {
        clock.is_paused().then_some(self.base)
    }

    /// If everybody sleeps and nothing inhibits, moves to the earliest deadline and rouses those
    /// who wait for it, all but `asking`, who is awake and is told by the answer of `idle`.
    pub(crate) fn jump(&mut self, asking: Option<usize>, batch: &mut WakeBatch) {
        if let Some(earliest) = self.roll.may_jump_to() {
            self.base = self.base.max(earliest);
            self.roll.rouse_due_but(asking, self.base, batch);
        }
    }
}
