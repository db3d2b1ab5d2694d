//! A queue of messages from many senders to one receiver.
//!
//! [`channel`] makes one that holds a limited number of messages: senders wait for room, so that
//! they cannot outrun the receiver. [`unbounded_channel`] makes one without limit, on which sending
//! never waits; it grows until memory ends, so something else must limit what is sent.
//!
//! ```
//! use pintle_sync::mpsc;
//!
//! # futures_lite::future::block_on(async {
//! let (sender, mut receiver) = mpsc::channel(100);
//! for worker in 0..3 {
//!     let sender = sender.clone();
//!     std::thread::spawn(move || sender.blocking_send(worker));
//! }
//! drop(sender);
//!
//! let mut sum = 0;
//! while let Some(number) = receiver.recv().await {
//!     sum += number;
//! }
//! assert_eq!(sum, 3);
//! # });
//! ```
//!
//! # The end
//!
//! A channel ends for its receiver when all senders are gone and all messages received; it ends for
//! its senders when the receiver is gone or [closes](Receiver::close) it. For a clean end, close,
//! and receive what is left.
//!
//! # Between threads and tasks
//!
//! `blocking_send` and `blocking_recv` wait with the thread, where there is no task that could; an
//! unbounded sender needs no such thing.
//!
//! # Cost
//!
//! A message is one short lock for its sender; the receiver takes all that have come in one step.
//! Memory is allocated while the queue grows beyond what it has ever been, not for each message.
//!
//! How it works is in `chan.rs` and `limit.rs`. Tested in `executor/sync/tests/cases/mpsc/`, also
//! against a model by proptest, and in `loom-tests/tests/sync_mpsc.rs`.

#[macro_use]
mod ends;

mod bounded;
mod chan;
pub mod error;
mod limit;
mod permit;
mod unbounded;

pub use bounded::{Receiver, Sender, WeakSender, channel};
pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};
