//! Work stealing: who is asleep, who is searching, and how a task that was just made runnable is
//! never left behind while somebody sleeps. The protocol and the argument for it are in this
//! folder's `README.md`.

mod sleepers;

pub use sleepers::{Alarm, Sleepers, WATCH};
