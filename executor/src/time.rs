//! Timers and the clock: `sleep`, `timeout`, `interval`, and time that a test can stop.
//!
//! A timer that is polled arms itself in the wheel of the worker it is polled on; one that is
//! polled elsewhere next time moves there. It never fires early. Timers can be made anywhere, and
//! are used inside a runtime.
//!
//! ```
//! use pintle::time::{Duration, sleep, timeout};
//!
//! # #[pintle::main]
//! # async fn main() {
//! let slow = sleep(Duration::from_secs(60));
//! assert!(timeout(Duration::from_millis(1), slow).await.is_err());
//! # }
//! ```

pub use pintle_timer::{
    Elapsed, Instant, Interval, MissedTickBehavior, Sleep, Timeout, advance, interval, interval_at,
    pause, resume, sleep, sleep_until, timeout, timeout_at,
};
pub use std::time::Duration;

/// Errors of this module, under the path tokio has them.
pub mod error {
    pub use pintle_timer::Elapsed;
}
