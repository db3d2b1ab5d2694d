//! Room in a channel that somebody has reserved.

use std::fmt;
use std::iter::FusedIterator;

use super::bounded::Sender;

/// Room for one message, which goes back when this is dropped. See [`Sender::reserve`].
///
/// ```
/// use pintle_sync::mpsc;
///
/// let (sender, mut receiver) = mpsc::channel(1);
/// let permit = sender.try_reserve().unwrap();
/// permit.send(1);
/// assert_eq!(receiver.try_recv(), Ok(1));
/// ```
#[must_use = "dropping a permit gives the room back"]
pub struct Permit<'a, T> {
    room: Room<'a, T>,
}

/// Room for some messages, which goes back when this is dropped. See [`Sender::reserve_many`].
///
/// ```
/// use pintle_sync::mpsc;
///
/// let (sender, mut receiver) = mpsc::channel(2);
/// for permit in sender.try_reserve_many(2).unwrap() {
///     permit.send("same");
/// }
/// assert_eq!(receiver.len(), 2);
/// ```
#[must_use = "dropping permits gives the room back"]
pub struct PermitIterator<'a, T> {
    room: Room<'a, T>,
}

/// Room for one message, and the sender that it is for. See [`Sender::reserve_owned`].
///
/// ```
/// use pintle_sync::mpsc;
///
/// let (sender, mut receiver) = mpsc::channel(1);
/// let permit = sender.try_reserve_owned().unwrap();
/// let sender = permit.send(1);
/// assert_eq!(receiver.try_recv(), Ok(1));
/// # drop(sender);
/// ```
#[must_use = "dropping a permit gives the room back"]
pub struct OwnedPermit<T> {
    /// `None` once the permit is used.
    sender: Option<Sender<T>>,
}

/// Room that goes back when it is dropped.
struct Room<'a, T> {
    sender: &'a Sender<T>,
    permits: usize,
}

impl<T> Drop for Room<'_, T> {
    fn drop(&mut self) {
        if self.permits > 0 {
            self.sender.tx.chan.give_back(self.permits);
        }
    }
}

impl<'a, T> Permit<'a, T> {
    /// For whoever has just acquired a permit.
    pub(super) fn new(sender: &'a Sender<T>) -> Self {
        Self {
            room: Room { sender, permits: 1 },
        }
    }

    /// Sends a message into the room that is reserved. Never waits, and cannot fail: even after
    /// the channel was closed the message will be received. If the receiver is gone, it is dropped.
    pub fn send(mut self, message: T) {
        self.room.permits = 0;
        drop(self.room.sender.push(message));
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("sender", self.room.sender)
            .finish()
    }
}

impl<'a, T> PermitIterator<'a, T> {
    /// For whoever has just acquired as many permits.
    pub(super) fn new(sender: &'a Sender<T>, permits: usize) -> Self {
        Self {
            room: Room { sender, permits },
        }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.room.permits = self.room.permits.checked_sub(1)?;
        Some(Permit::new(self.room.sender))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.room.permits, Some(self.room.permits))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator")
            .field("permits", &self.room.permits)
            .field("sender", self.room.sender)
            .finish()
    }
}

impl<T> OwnedPermit<T> {
    /// For whoever has just acquired a permit.
    pub(super) fn new(sender: Sender<T>) -> Self {
        Self {
            sender: Some(sender),
        }
    }

    /// Sends a message into the room that is reserved, and gives the sender back. As
    /// [`Permit::send`].
    pub fn send(mut self, message: T) -> Sender<T> {
        let sender = self.take();
        drop(sender.push(message));
        sender
    }

    /// Gives the room back, and the sender to the caller.
    ///
    /// ```
    /// use pintle_sync::mpsc;
    ///
    /// let (sender, _receiver) = mpsc::channel(1);
    /// let sender = sender.try_reserve_owned().unwrap().release();
    /// sender.try_send(1).unwrap();
    /// ```
    pub fn release(mut self) -> Sender<T> {
        let sender = self.take();
        sender.tx.chan.give_back(1);
        sender
    }

    fn take(&mut self) -> Sender<T> {
        self.sender.take().expect("a permit is used once")
    }

    fn sender(&self) -> &Sender<T> {
        self.sender.as_ref().expect("a permit is used once")
    }

    /// Whether the two permits are for the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.same_channel_as_sender(other.sender())
    }

    /// Whether the permit is for the channel to which `sender` sends.
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.sender().same_channel(sender)
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.tx.chan.give_back(1);
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit")
            .field("sender", &self.sender)
            .finish()
    }
}
