//! A channel on which every receiver gets every value.
//!
//! ```
//! use pintle_sync::broadcast;
//!
//! # futures_lite::future::block_on(async {
//! let (sender, mut first) = broadcast::channel(16);
//! let mut second = sender.subscribe();
//! sender.send("to all").unwrap();
//! assert_eq!(first.recv().await, Ok("to all"));
//! assert_eq!(second.recv().await, Ok("to all"));
//! # });
//! ```
//!
//! A receiver gets what is sent after it has subscribed. Each gets a clone, and the last the value
//! itself; share big values in an [`Arc`](std::sync::Arc). A value is locked while it is cloned, so
//! that it need not be `Sync`: a `clone` must not use the channel, or it waits for itself.
//!
//! # Receivers that lag
//!
//! Sending never waits. The channel keeps a limited number of values; when a new one needs the
//! place of the oldest, that is lost for the receivers that have not had it. They are told, once,
//! [how many](error::RecvError::Lagged) they have missed, and go on with the oldest that is there.
//!
//! ```
//! use pintle_sync::broadcast;
//! use pintle_sync::broadcast::error::RecvError;
//!
//! # futures_lite::future::block_on(async {
//! let (sender, mut slow) = broadcast::channel(2);
//! for number in 1..=5 {
//!     sender.send(number).unwrap();
//! }
//! assert_eq!(slow.recv().await, Err(RecvError::Lagged(3)));
//! assert_eq!(slow.recv().await, Ok(4));
//! assert_eq!(slow.recv().await, Ok(5));
//! # });
//! ```
//!
//! # The end
//!
//! When all senders are gone, receivers get what is left, and then
//! [`Closed`](error::RecvError::Closed).
//!
//! How it works is in `shared.rs`. Tested in `executor/sync/tests/cases/broadcast.rs` and in
//! `loom-tests/tests/sync_broadcast.rs`.

pub mod error;
mod receiver;
mod sender;
mod shared;

pub use receiver::Receiver;
pub use sender::{Sender, WeakSender};

/// Makes a channel that keeps `capacity` values, rounded up to a power of two.
///
/// # Panics
///
/// When `capacity` is zero, or above `usize::MAX / 2`.
///
/// ```
/// use pintle_sync::broadcast;
///
/// let (sender, mut receiver) = broadcast::channel(16);
/// assert_eq!(sender.send(1), Ok(1));
/// assert_eq!(receiver.try_recv(), Ok(1));
/// ```
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::with_receivers(capacity, 1);
    let receiver = sender.first_receiver();
    (sender, receiver)
}
