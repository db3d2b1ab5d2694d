//! The channel without a limit.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use super::chan::{self, Rx, Stage, Tx, WeakTx};
use super::error::{SendError, TryRecvError};
use super::limit::Unlimited;
use crate::blocking;

/// Makes a channel without a limit.
///
/// ```
/// use pintle_sync::mpsc;
///
/// # futures_lite::future::block_on(async {
/// let (sender, mut receiver) = mpsc::unbounded_channel();
/// sender.send("no await here").unwrap();
/// assert_eq!(receiver.recv().await, Some("no await here"));
/// # });
/// ```
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (tx, rx) = chan::channel(Unlimited);
    (UnboundedSender { tx }, UnboundedReceiver { rx })
}

/// A sender of a channel without a limit. See [`unbounded_channel`].
pub struct UnboundedSender<T> {
    tx: Tx<T, Unlimited>,
}

/// The receiver of a channel without a limit. See [`unbounded_channel`].
pub struct UnboundedReceiver<T> {
    rx: Rx<T, Unlimited>,
}

impl<T> UnboundedSender<T> {
    /// Sends a message. Never waits.
    ///
    /// # Errors
    ///
    /// Gives the message back when the receiver is gone or has closed the channel.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    ///
    /// let (sender, receiver) = mpsc::unbounded_channel();
    /// drop(receiver);
    /// assert_eq!(sender.send(1).unwrap_err().0, 1);
    /// ```
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.tx.chan.push(message, Stage::Open).map_err(SendError)
    }
}

sender!(
    UnboundedSender,
    WeakUnboundedSender,
    Unlimited,
    "mpsc::unbounded_channel()"
);

receiver!(UnboundedReceiver, "mpsc::unbounded_channel()", "send");
