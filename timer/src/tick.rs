//! Instants to ticks and back.
//!
//! The wheel counts ticks from the moment its clock was made. **One tick is a nanosecond**, which is what
//! an `Instant` is made of: a timer fires when its deadline has been reached and no sooner, and a paused
//! clock, which jumps from deadline to deadline, stops exactly there.
//!
//! Both ways saturate: what lies before the origin is tick 0, and what is more than the five centuries
//! after it that ticks can count is at their end.

use crate::Instant;
use std::time::Duration;

/// The conversion, anchored where tick 0 is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticks {
    origin: Instant,
}

impl Ticks {
    pub(crate) fn from_origin(origin: Instant) -> Self {
        Self { origin }
    }

    /// The tick of `instant`.
    pub(crate) fn of(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.origin);
        since.as_nanos().try_into().unwrap_or(u64::MAX)
    }

    /// The instant of `tick`.
    pub(crate) fn instant(&self, tick: u64) -> Instant {
        self.origin.saturating_add(Duration::from_nanos(tick))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_as_fine_as_instants() {
        let origin = Instant::now();
        let ticks = Ticks::from_origin(origin);
        for nanos in [0, 1, 999_999_999, 1_000_000_000, 86_400_000_000_001] {
            let instant = origin + Duration::from_nanos(nanos);
            assert_eq!(ticks.of(instant), nanos);
            assert_eq!(ticks.instant(nanos), instant);
        }
    }

    #[test]
    fn the_past_and_the_end_of_time_saturate() {
        let origin = Instant::now() + Duration::from_secs(60);
        let ticks = Ticks::from_origin(origin);
        assert_eq!(ticks.of(origin - Duration::from_secs(1)), 0);
        let centuries = Duration::from_secs(600 * 365 * 24 * 60 * 60);
        if let Some(instant) = origin.checked_add(centuries) {
            assert_eq!(ticks.of(instant), u64::MAX);
        }
        assert!(ticks.instant(u64::MAX) > origin);
    }
}
