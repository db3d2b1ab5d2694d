//! The channel with a limit.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use super::chan::{self, Rx, Stage, Tx, WeakTx};
use super::error::{SendError, TryRecvError, TrySendError};
use super::limit::{Closed, Limited};
use super::permit::{OwnedPermit, Permit, PermitIterator};
use crate::semaphore::batch::MAX_PERMITS;
use crate::{TryAcquireError, blocking};

/// Makes a channel that holds up to `buffer` messages.
///
/// # Panics
///
/// When `buffer` is zero, or above [`Semaphore::MAX_PERMITS`](crate::Semaphore::MAX_PERMITS).
///
/// ```
/// use pintle_sync::mpsc;
///
/// # futures_lite::future::block_on(async {
/// let (sender, mut receiver) = mpsc::channel(1);
/// sender.send(1).await.unwrap();
/// assert!(sender.try_send(2).is_err()); // full
/// assert_eq!(receiver.recv().await, Some(1));
/// sender.send(2).await.unwrap();
/// # });
/// ```
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    assert!(
        buffer > 0,
        "a channel of no messages cannot pass one on: mpsc::channel needs a buffer of at least 1"
    );
    assert!(
        buffer <= MAX_PERMITS,
        "a channel holds at most Semaphore::MAX_PERMITS messages: use mpsc::unbounded_channel"
    );
    let (tx, rx) = chan::channel(Limited::new(buffer));
    (Sender { tx }, Receiver { rx })
}

/// A sender of a channel with a limit. See [`channel`].
pub struct Sender<T> {
    pub(super) tx: Tx<T, Limited>,
}

/// The receiver of a channel with a limit. See [`channel`].
pub struct Receiver<T> {
    rx: Rx<T, Limited>,
}

impl<T> Sender<T> {
    /// Sends a message, waiting for room in turn.
    ///
    /// `Ok` does not mean that it will be received: the receiver may yet be dropped, and the
    /// message with it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is ready drops the message, which was not sent, and loses the
    /// place in the queue. To keep the message, [`reserve`](Self::reserve) first.
    ///
    /// # Errors
    ///
    /// Gives the message back when the receiver is gone or has closed the channel.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (sender, receiver) = mpsc::channel(1);
    /// sender.send(1).await.unwrap();
    /// drop(receiver);
    /// assert_eq!(sender.send(2).await.unwrap_err().0, 2);
    /// # });
    /// ```
    pub async fn send(&self, message: T) -> Result<(), SendError<T>> {
        match self.tx.chan.acquire(1).await {
            Ok(()) => self.push(message),
            Err(Closed) => Err(SendError(message)),
        }
    }

    /// Sends a message if there is room now and nobody waits for it.
    ///
    /// # Errors
    ///
    /// Gives the message back: [`TrySendError::Full`] when there is no room now,
    /// [`TrySendError::Closed`] when the receiver is gone or has closed the channel.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    /// use pintle_sync::mpsc::error::TrySendError;
    ///
    /// let (sender, receiver) = mpsc::channel(1);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
    /// drop(receiver);
    /// assert_eq!(sender.try_send(3), Err(TrySendError::Closed(3)));
    /// ```
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.tx.chan.try_acquire(1) {
            Ok(()) => Ok(self.push(message)?),
            Err(TryAcquireError::NoPermits) => Err(TrySendError::Full(message)),
            Err(TryAcquireError::Closed) => Err(TrySendError::Closed(message)),
        }
    }

    /// With a permit that is used up by this.
    pub(super) fn push(&self, message: T) -> Result<(), SendError<T>> {
        self.tx.chan.push(message, Stage::Closed).map_err(SendError)
    }

    /// As [`send`](Self::send), waiting with this thread, where no tasks run.
    ///
    /// # Errors
    ///
    /// As for `send`.
    ///
    /// # Panics
    ///
    /// On a thread on which a runtime runs tasks.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    ///
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// let thread = std::thread::spawn(move || {
    ///     sender.blocking_send(1).unwrap();
    ///     sender.blocking_send(2).unwrap();
    /// });
    /// assert_eq!(receiver.blocking_recv(), Some(1));
    /// assert_eq!(receiver.blocking_recv(), Some(2));
    /// # thread.join().unwrap();
    /// ```
    #[track_caller]
    pub fn blocking_send(&self, message: T) -> Result<(), SendError<T>> {
        blocking::wait(self.send(message), "send")
    }

    /// Waits for room for one message, in turn, and reserves it: sending is then sure and needs no
    /// await.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the place in the queue, and nothing else.
    ///
    /// # Errors
    ///
    /// When the receiver is gone or has closed the channel.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// let permit = sender.reserve().await.unwrap();
    /// assert!(sender.try_send("no room").is_err());
    /// permit.send("reserved");
    /// assert_eq!(receiver.recv().await, Some("reserved"));
    /// # });
    /// ```
    pub async fn reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        match self.tx.chan.acquire(1).await {
            Ok(()) => Ok(Permit::new(self)),
            Err(Closed) => Err(SendError(())),
        }
    }

    /// Waits for room for `n` messages, in turn, and reserves it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the place in the queue, and nothing else.
    ///
    /// # Errors
    ///
    /// When the receiver is gone or has closed the channel, or when the channel is made for fewer
    /// messages.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (sender, mut receiver) = mpsc::channel(8);
    /// for (permit, word) in sender.reserve_many(2).await.unwrap().zip(["all", "together"]) {
    ///     permit.send(word);
    /// }
    /// assert_eq!(receiver.recv().await, Some("all"));
    /// assert_eq!(receiver.recv().await, Some("together"));
    /// # });
    /// ```
    pub async fn reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        match self.tx.chan.acquire(n).await {
            Ok(()) => Ok(PermitIterator::new(self, n)),
            Err(Closed) => Err(SendError(())),
        }
    }

    /// Waits for room for one message, in turn, and moves the sender into the permit, which can
    /// be sent anywhere. [`OwnedPermit::send`] gives it back; clone the sender first to keep one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the sender and loses the place in the queue.
    ///
    /// # Errors
    ///
    /// When the receiver is gone or has closed the channel.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// let permit = sender.reserve_owned().await.unwrap();
    /// std::thread::spawn(move || permit.send(1));
    /// assert_eq!(receiver.recv().await, Some(1));
    /// # });
    /// ```
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        match self.tx.chan.acquire(1).await {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(Closed) => Err(SendError(())),
        }
    }

    /// Reserves room for one message, if there is some now and nobody waits for it.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] when there is no room now, [`TrySendError::Closed`] when the receiver
    /// is gone or has closed the channel.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.try_acquire(1)?;
        Ok(Permit::new(self))
    }

    /// Reserves room for `n` messages, if there is as much now and nobody waits for it.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] when there is too little room now, also if the channel is made for fewer
    /// messages and never has more. [`TrySendError::Closed`] when the receiver is gone or has closed
    /// the channel.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    ///
    /// let (sender, _receiver) = mpsc::channel::<u32>(2);
    /// let both = sender.try_reserve_many(2).unwrap();
    /// assert_eq!(both.len(), 2);
    /// assert!(sender.try_reserve().is_err());
    /// drop(both);
    /// assert!(sender.try_reserve().is_ok());
    /// ```
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        self.try_acquire(n)?;
        Ok(PermitIterator::new(self, n))
    }

    /// Reserves room for one message, if there is some now and nobody waits for it, and moves the
    /// sender into the permit.
    ///
    /// # Errors
    ///
    /// Gives the sender back: [`TrySendError::Full`] when there is no room now,
    /// [`TrySendError::Closed`] when the receiver is gone or has closed the channel.
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.try_acquire(1) {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(error) => Err(error.map(|()| self)),
        }
    }

    fn try_acquire(&self, permits: usize) -> Result<(), TrySendError<()>> {
        self.tx
            .chan
            .try_acquire(permits)
            .map_err(|error| match error {
                TryAcquireError::NoPermits => TrySendError::Full(()),
                TryAcquireError::Closed => TrySendError::Closed(()),
            })
    }

    /// For how many messages there is room now.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    ///
    /// let (sender, mut receiver) = mpsc::channel(5);
    /// sender.try_send(1).unwrap();
    /// assert_eq!((sender.capacity(), sender.max_capacity()), (4, 5));
    /// receiver.try_recv().unwrap();
    /// assert_eq!(sender.capacity(), 5);
    /// ```
    pub fn capacity(&self) -> usize {
        self.tx.chan.limit.available()
    }

    /// For how many messages the channel is made.
    pub fn max_capacity(&self) -> usize {
        self.tx.chan.limit.max()
    }
}

sender!(Sender, WeakSender, Limited, "mpsc::channel(8)");

impl<T> Receiver<T> {
    /// For how many messages there is room now. Less than [`max_capacity`](Self::max_capacity) by
    /// the messages that are there and the permits that senders hold.
    pub fn capacity(&self) -> usize {
        self.rx.chan.limit.available()
    }

    /// For how many messages the channel is made.
    pub fn max_capacity(&self) -> usize {
        self.rx.chan.limit.max()
    }
}

receiver!(Receiver, "mpsc::channel(8)", "try_send");
