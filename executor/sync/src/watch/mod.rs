//! A value that changes, and those who watch it: configuration, progress, a flag to shut down.
//!
//! ```
//! use pintle_sync::watch;
//!
//! # futures_lite::future::block_on(async {
//! let (sender, mut receiver) = watch::channel("starting");
//! std::thread::spawn(move || sender.send("ready"));
//! receiver.wait_for(|state| *state == "ready").await.unwrap();
//! # });
//! ```
//!
//! Only the latest value is kept: a receiver sees that it has [`changed`](Receiver::changed), not
//! how often. Each receiver remembers which change it has seen last; the initial value counts as
//! seen.
//!
//! # Borrowing
//!
//! [`borrow`](Receiver::borrow) lends the value itself, locked for reading: who sends waits, with
//! the thread, until all that was borrowed is given back. So borrow for a moment and never across
//! an await (the compiler helps: a [`Ref`] is not `Send`). Do not send while you borrow, nor borrow
//! in the closure that changes the value: that would wait for itself. Borrowing twice on a thread
//! is fine. Who borrows first waits for those who wait to send, so that no crowd of readers keeps a
//! sender out.
//!
//! How it works is in `shared.rs`. Tested in `executor/sync/tests/cases/watch.rs` and in
//! `loom-tests/tests/sync_watch.rs`.

mod borrow;
pub mod error;
mod receiver;
mod sender;
mod shared;

pub use receiver::{Receiver, Ref};
pub use sender::Sender;

/// Makes a channel with an initial value.
///
/// ```
/// use pintle_sync::watch;
///
/// # futures_lite::future::block_on(async {
/// let (sender, mut receiver) = watch::channel(1);
/// assert_eq!(*receiver.borrow(), 1);
/// sender.send(2).unwrap();
/// receiver.changed().await.unwrap();
/// assert_eq!(*receiver.borrow_and_update(), 2);
/// # });
/// ```
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(init);
    let receiver = sender.subscribe();
    (sender, receiver)
}
