//! A point in time, as the runtime's clock tells it.
//!
//! The standard library's `Instant` with one difference: [`Instant::now`] asks the clock of the
//! runtime it is called in, which may be paused. Arithmetic is the standard library's.

use crate::current;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

/// A point in time: [`std::time::Instant`], read from a clock that can be paused.
///
/// ```
/// use pintle_timer::{Duration, Instant};
///
/// let start = Instant::now();
/// let deadline = start + Duration::from_millis(10);
/// assert_eq!(deadline - start, Duration::from_millis(10));
/// assert_eq!(start - deadline, Duration::ZERO); // differences saturate
/// assert_eq!(Instant::from_std(deadline.into_std()), deadline);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(std::time::Instant);

impl Instant {
    /// The time now: on a thread of a runtime by the runtime's clock, elsewhere the real time.
    pub fn now() -> Self {
        current::now()
    }

    /// The real time now, whatever any clock says.
    pub(crate) fn real() -> Self {
        Self(pintle_sync::shim::time::now())
    }

    /// Wraps a standard instant.
    pub const fn from_std(std: std::time::Instant) -> Self {
        Self(std)
    }

    /// The standard instant inside.
    pub const fn into_std(self) -> std::time::Instant {
        self.0
    }

    /// The time from `earlier` to here, zero if it is later.
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// The time from `earlier` to here, `None` if it is later.
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// The time from `earlier` to here, zero if it is later.
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// The time from here to [`now`](Self::now), zero if this lies in the future.
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }

    /// `self + duration`, `None` if the platform cannot say it.
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).map(Self)
    }

    /// `self - duration`, `None` if the platform cannot say it.
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(duration).map(Self)
    }

    /// `self + duration`, or so far in the future that it makes no difference.
    pub(crate) fn saturating_add(self, duration: Duration) -> Self {
        // Thirty years: every platform can say it, and no process lives that long.
        const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
        self.checked_add(duration).unwrap_or_else(|| self + FAR)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, other: Duration) -> Self {
        Self(self.0 + other)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, other: Duration) {
        self.0 += other;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, other: Duration) -> Self {
        Self(self.0 - other)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, other: Duration) {
        self.0 -= other;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

impl From<std::time::Instant> for Instant {
    fn from(std: std::time::Instant) -> Self {
        Self::from_std(std)
    }
}

impl From<Instant> for std::time::Instant {
    fn from(instant: Instant) -> Self {
        instant.into_std()
    }
}

impl std::fmt::Debug for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
