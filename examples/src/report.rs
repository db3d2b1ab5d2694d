//! Numbers for people.

use pintle::runtime::RuntimeMetrics;
use std::fmt;
use std::time::Duration;

/// Durations, of which one wants to know the middle and the end.
///
/// ```
/// use pintle_examples::report::Samples;
/// use std::time::Duration;
///
/// let samples: Samples = (1..=100).map(Duration::from_micros).collect();
/// assert_eq!(samples.percentile(50.0), Some(Duration::from_micros(50)));
/// assert_eq!(samples.percentile(100.0), Some(Duration::from_micros(100)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Samples {
    sorted: Vec<Duration>,
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(samples: I) -> Self {
        let mut sorted: Vec<_> = samples.into_iter().collect();
        sorted.sort_unstable();
        Self { sorted }
    }
}

impl Samples {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The smallest sample that `percent` of all do not exceed.
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        let rank = (self.sorted.len() as f64 * percent / 100.0).ceil() as usize;
        self.sorted.get(rank.max(1) - 1).copied()
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(p50), Some(p90), Some(p99), Some(max)) = (
            self.percentile(50.0),
            self.percentile(90.0),
            self.percentile(99.0),
            self.percentile(100.0),
        ) else {
            return f.write_str("none");
        };
        write!(
            f,
            "p50 {p50:.1?}, p90 {p90:.1?}, p99 {p99:.1?}, max {max:.1?} ({} of them)",
            self.len()
        )
    }
}

/// What each worker has done so far, as a table with a line for each.
#[derive(Debug)]
pub struct Workers<'a>(pub &'a RuntimeMetrics);

impl fmt::Display for Workers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metrics = self.0;
        write!(
            f,
            "worker {:>11} {:>11} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "polls", "io events", "timers", "parks", "steals", "stolen", "rescues"
        )?;
        for worker in 0..metrics.num_workers() {
            write!(
                f,
                "\n{worker:>6} {:>11} {:>11} {:>9} {:>9} {:>9} {:>9} {:>9}",
                metrics.worker_poll_count(worker),
                metrics.worker_io_event_count(worker),
                metrics.worker_timer_count(worker),
                metrics.worker_park_count(worker),
                metrics.worker_steal_operations(worker),
                metrics.worker_steal_count(worker),
                metrics.worker_rescue_count(worker),
            )?;
        }
        Ok(())
    }
}
