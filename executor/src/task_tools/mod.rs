//! What stands on tasks: sets of tasks, values of a task, its budget. Users find all of it in
//! [`pintle::task`](crate::task).
//!
//! Nothing here knows how a task works. All of it is made of handles, wakers and futures, without
//! unsafe code; but for the local set, which is a scheduler of its own.

pub mod abort_on_drop;
pub mod coop;
pub mod join_set;
pub mod local_set;
mod notified;
pub mod task_local;
pub mod task_tracker;
