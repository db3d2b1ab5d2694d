//! Instants to ticks and back.
//!
//! The wheel counts ticks from the moment its clock was made. **One tick is a sixteenth of a
//! millisecond**, 62.5 µs: fine enough for lateness well below a millisecond, coarse enough that a
//! level of the wheel is worth having, and a whole number of them is a millisecond, so that a
//! paused clock, which jumps from tick to tick, stops exactly where a program that reckons in
//! milliseconds expects it.
//!
//! The one rounding rule: **deadlines round up, `now` rounds down**. When the wheel has reached a
//! deadline's tick, the clock has reached the deadline; a timer is never early. Both saturate: what
//! lies before the origin is tick 0, and what `Instant` cannot say is very far away.

use crate::Instant;
use std::time::Duration;

const NANOS_PER_TICK: u32 = 62_500;
const TICKS_PER_SEC: u64 = 16_000;

const _: () = assert!(NANOS_PER_TICK as u64 * TICKS_PER_SEC == 1_000_000_000);

/// The conversion, anchored where tick 0 is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticks {
    origin: Instant,
}

impl Ticks {
    pub(crate) fn from_origin(origin: Instant) -> Self {
        Self { origin }
    }

    /// The tick that has begun at `now`.
    pub(crate) fn now(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.origin);
        whole_seconds(since) + u64::from(since.subsec_nanos() / NANOS_PER_TICK)
    }

    /// The first tick that begins no earlier than `deadline`.
    pub(crate) fn deadline(&self, deadline: Instant) -> u64 {
        let since = deadline.saturating_duration_since(self.origin);
        whole_seconds(since)
            .saturating_add(u64::from(since.subsec_nanos().div_ceil(NANOS_PER_TICK)))
    }

    /// When `tick` begins.
    pub(crate) fn instant(&self, tick: u64) -> Instant {
        let secs = tick / TICKS_PER_SEC;
        let nanos = (tick % TICKS_PER_SEC) as u32 * NANOS_PER_TICK;
        self.origin.saturating_add(Duration::new(secs, nanos))
    }
}

fn whole_seconds(since: Duration) -> u64 {
    // Leaves room for the ticks of the last second.
    since.as_secs().min(u64::MAX / TICKS_PER_SEC - 1) * TICKS_PER_SEC
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn deadlines_round_up_and_now_rounds_down() {
        let origin = Instant::now();
        let ticks = Ticks::from_origin(origin);
        let at = |nanos| origin + Duration::from_nanos(nanos);
        for (nanos, down, up) in [
            (0, 0, 0),
            (1, 0, 1),
            (62_499, 0, 1),
            (62_500, 1, 1),
            (62_501, 1, 2),
            (1_000_000, 16, 16),
            (1_999_999_999, 31_999, 32_000),
        ] {
            assert_eq!(ticks.now(at(nanos)), down, "{nanos} ns");
            assert_eq!(ticks.deadline(at(nanos)), up, "{nanos} ns");
        }
    }

    #[test]
    fn a_deadline_is_reached_when_its_tick_is() {
        let origin = Instant::now();
        let ticks = Ticks::from_origin(origin);
        for nanos in (0..300_000).step_by(777) {
            let deadline = origin + Duration::from_nanos(nanos);
            let tick = ticks.deadline(deadline);
            assert!(ticks.instant(tick) >= deadline);
            assert_eq!(ticks.now(ticks.instant(tick)), tick);
        }
    }

    #[test]
    fn the_past_and_the_end_of_time_saturate() {
        let origin = Instant::now() + Duration::from_secs(60);
        let ticks = Ticks::from_origin(origin);
        assert_eq!(ticks.deadline(origin - Duration::from_secs(1)), 0);
        assert_eq!(ticks.now(origin - Duration::from_secs(1)), 0);
        assert!(whole_seconds(Duration::MAX) <= u64::MAX - TICKS_PER_SEC);
        assert!(ticks.instant(u64::MAX) > origin);
    }
}
