//! Values that are set once: [`OnceCell`], which is filled by whoever asks first, and [`SetOnce`],
//! for whose value one can wait. Both are a [slot](slot::Slot), the first with a semaphore of one
//! permit for who fills it, the second with a [`Notify`](crate::Notify) for who waits.
//!
//! Tested in `executor/sync/tests/cases/once.rs` and `loom-tests/tests/sync_once.rs`.

mod cell;
mod set_once;
mod slot;

pub use cell::{OnceCell, SetError};
pub use set_once::{SetOnce, SetOnceError};
