//! What the models in `tests/` share: how a model is run, values that notice when they are lost,
//! doubled or handed over without order, tasks, runtimes, futures that wait, and a poll to sleep in.
//!
//! Compiled to something only under `--cfg loom`; `README.md` says how to run it all.

#![cfg(loom)]

mod bed;
mod item;
mod model;
pub mod one_task;
pub mod runtimes;
mod starts;
mod tasks;

pub use bed::Bed;
pub use item::{Drops, Item};
pub use model::model;
pub use starts::starts;
pub use tasks::{Once, Tasks};
