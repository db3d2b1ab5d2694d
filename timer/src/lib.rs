//! The timers of the Pintle async runtime: a hierarchical timing wheel for each worker, and the
//! futures that wait on it.
//!
//! Use it through `pintle::time`. Alone, it is a timer system that knows neither tasks nor workers:
//! whoever polls futures seats a [`Driver`] on the thread ([`current::enter`]), turns it, and sleeps
//! no longer than it plans.
//!
//! | piece | what it is |
//! | --- | --- |
//! | [`wheel`] | the hierarchical wheel: pure data, ticks in, payloads out |
//! | `tick` | [`Instant`] to tick and back |
//! | [`Instant`] | a point in time, by the clock of the runtime one is in |
//! | [`Clock`] | real time, or paused and moved by hand |
//! | [`Participant`], [`Inhibit`] | when a paused clock may jump by itself |
//! | [`Driver`] | one worker's timers: its wheel, its clock, how to wake it |
//! | [`current`] | the seat: which driver serves this thread |
//! | [`Sleep`] | a deadline and a home: [`sleep`], [`sleep_until`] |
//! | [`Timeout`] | a future with a limit: [`timeout`], [`timeout_at`] |
//! | [`Interval`] | something every so often: [`interval`], [`interval_at`] |
//! | [`pause`], [`resume`], [`advance`] | the clock, from inside a test |
//!
//! A runtime in one page:
//!
//! ```
//! use pintle_sync::WakeBatch;
//! use pintle_timer::{Clock, Driver, Duration, Instant, current, sleep};
//! use std::{future::Future, pin::pin, sync::Arc};
//! use std::task::{Context, Poll, Wake, Waker};
//! use std::thread::{self, Thread};
//! use std::time::Instant as StdInstant;
//!
//! struct Unpark(Thread);
//! impl Wake for Unpark {
//!     fn wake(self: Arc<Self>) {
//!         self.0.unpark();
//!     }
//! }
//!
//! fn block_on<F: Future>(future: F) -> F::Output {
//!     let waker = Waker::from(Arc::new(Unpark(thread::current())));
//!     let driver = Driver::new(Clock::new(false), waker.clone());
//!     let _seated = current::enter(driver.clone());
//!     let mut future = pin!(future);
//!     let mut batch = WakeBatch::new();
//!     loop {
//!         if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
//!             return output;
//!         }
//!         match driver.plan().and_then(|next| driver.clock().real_time_of(next)) {
//!             Some(end) => thread::park_timeout(end.saturating_duration_since(StdInstant::now())),
//!             None => thread::park(),
//!         }
//!         driver.turn(&mut batch);
//!         batch.wake_all();
//!     }
//! }
//!
//! let start = Instant::now();
//! block_on(sleep(Duration::from_millis(5)));
//! assert!(start.elapsed() >= Duration::from_millis(5));
//! ```

#![forbid(unsafe_code)]

mod clock;
mod control;
pub mod current;
mod driver;
mod instant;
mod interval;
mod participant;
mod sleep;
mod tick;
mod timeout;
pub mod wheel;

pub use clock::Clock;
pub use control::{advance, pause, resume};
pub use driver::{Closed, Driver, Fate};
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use participant::{Inhibit, Participant};
pub use sleep::{Sleep, sleep, sleep_until};
pub use std::time::Duration;
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};
