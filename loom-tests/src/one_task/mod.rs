//! One task, for the models of its state word (`tests/task_wake.rs`, `task_join.rs`, `task_end.rs`).
//!
//! The scheduler of these models keeps things under locks that the model checker does not see
//! ([`Hidden`]): they order nothing, so whatever one thread does to a task and another one finds must
//! have been ordered by the word. Only a `Task` that is queued brings along what the one who queued it
//! did before, as it does in every real queue, and not a thing more.

mod hidden;
mod joiner;
mod lane;
mod sleeper;

pub use hidden::{Hidden, Watched};
pub use joiner::{Joiner, ask, giver};
pub use lane::{Lane, Shared};
pub use sleeper::Sleeper;
