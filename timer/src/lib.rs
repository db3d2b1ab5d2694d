//! Timers.

#![forbid(unsafe_code)]

mod clock;
pub mod current;
mod driver;
mod instant;
mod participant;
mod tick;
pub mod wheel;

pub use clock::Clock;
pub use driver::{Closed, Driver};
pub use instant::Instant;
pub use participant::{Inhibit, Participant};
pub use std::time::Duration;
