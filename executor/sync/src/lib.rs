//! The floor of the Pintle async runtime: what every other crate of
//! the workspace stands on, and which stands on none of them.
//!
//! - [`shim`]: locks, atomics, cells and thread-locals, from `std` and `parking_lot` or, under
//!   `--cfg loom`, from the model checker. The only such switch in the workspace.
//! - [`WakeBatch`]: wakers collected while something is locked, woken when nothing is.
//! - [`budget`]: the cooperative budget that makes an always-ready task yield now and then.
//!
//! Nothing here needs a runtime to be running.

#![deny(unsafe_code)]

#[macro_use]
pub mod shim;

pub mod blocking;
pub mod budget;
mod notify;
mod semaphore;
mod wait_list;
mod wake_batch;
mod wakers;

pub use notify::{Notified, Notify, OwnedNotified};
pub use semaphore::{
    AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
pub use wake_batch::WakeBatch;

/// For the shim's `thread_local!`, which is used in other crates.
#[cfg(loom)]
#[doc(hidden)]
pub use loom as __loom;
