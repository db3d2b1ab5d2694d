//! Where runnable tasks wait.
//!
//! | queue | who pushes | who takes | order |
//! | --- | --- | --- | --- |
//! | [`PinnedQueue`], a plain ring in the worker's own half | its worker | its worker | FIFO |
//! | [`deque`], Chase and Lev's | its worker | its worker, and siblings from the other end | FIFO |
//! | [`LifoSlot`], one task | its worker | its worker; a sibling, if that is stalled | the newest |
//! | [`Inbox`], a take-all stack | any thread | its worker; for stealable tasks any sibling | FIFO |
//!
//! A pinned task and a stealable one are different types ([`Task<S>`](crate::task::Task) with
//! another `S`), so that no code path can put a pinned task where siblings steal.

mod inbox;
mod lifo;
mod pinned;

#[cfg(loom)]
pub mod chase_lev;
#[cfg(loom)]
pub use chase_lev as deque;
#[cfg(not(loom))]
pub use crossbeam_deque as deque;

pub use inbox::Inbox;
pub use lifo::LifoSlot;
pub use pinned::PinnedQueue;
