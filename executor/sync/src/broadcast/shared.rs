//! What the ends of a broadcast channel share: a ring of slots, each with a lock of its own.
//!
//! Values are numbered. Number `n` goes to slot `n % slots`, over what was there before; each
//! receiver knows the number that it wants next. So sending is O(1) however many receivers there
//! are, and a slow one holds nobody up: it finds a later number in its slot, and knows by how much
//! it is late.
//!
//! ```text
//!                  tail.next = 11
//!                       │              receiver A wants 9: finds it
//!   ┌───┬───┬────┬──────┴┬───┐         receiver B wants 7: finds 10 there, so it has lost 7,
//!   │ 8 │ 9 │ 10 │ (7)   │   │ …       and goes on with the oldest, 8
//!   └───┴───┴────┴───────┴───┘         receiver C wants 11: waits
//! ```
//!
//! The rules:
//!
//! 1. The tail is locked before a slot, never after one. A value is put in its slot, and counted,
//!    under both.
//! 2. A slot counts the receivers that have yet to read its value: all that there were when it was
//!    sent. The last of them takes it out, so values do not stay longer than they are wanted.
//! 3. `T::clone` is called under the lock of the one slot: values need not be `Sync`. Values are
//!    dropped when nothing is locked.
//! 4. Whoever adds a value, or drops the last sender, notifies afterwards; whoever waits begins to
//!    listen before it looks.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::error::TryRecvError;
use crate::Notify;
use crate::shim::sync::Mutex;
use crate::shim::sync::atomic::{AtomicUsize, Ordering};

pub(super) struct Shared<T> {
    slots: Box<[Mutex<Slot<T>>]>,
    tail: Mutex<Tail>,
    pub(super) senders: AtomicUsize,
    pub(super) weak_senders: AtomicUsize,
    /// Receivers that wait for a value, or for the end.
    pub(super) news: Notify,
    /// Senders that wait for the last receiver to go.
    pub(super) deserted: Notify,
}

struct Slot<T> {
    /// Of the value that is here, or was. Before the first round, a number of the round before.
    number: u64,
    /// Receivers that have yet to read it.
    readers: usize,
    value: Option<T>,
}

struct Tail {
    /// The number of the next value.
    next: u64,
    receivers: usize,
    closed: bool,
}

// A value is counted as read before it is cloned, which is the one thing of other people's that is
// done under a lock: a panic leaves no channel half changed.
impl<T> UnwindSafe for Shared<T> {}
impl<T> RefUnwindSafe for Shared<T> {}

impl<T> Shared<T> {
    pub(super) fn new(slots: usize, receivers: usize) -> Self {
        // Numbers begin with the second round, so that every slot has one of the round before.
        let slots: Box<[_]> = (0..slots as u64)
            .map(|number| {
                Mutex::new(Slot {
                    number,
                    readers: 0,
                    value: None,
                })
            })
            .collect();
        Self {
            tail: Mutex::new(Tail {
                next: slots.len() as u64,
                receivers,
                closed: false,
            }),
            slots,
            senders: AtomicUsize::new(1),
            weak_senders: AtomicUsize::new(0),
            news: Notify::new(),
            deserted: Notify::new(),
        }
    }

    /// The number that a receiver wants that was there from the start.
    pub(super) fn first(&self) -> u64 {
        self.slots.len() as u64
    }

    fn slot(&self, number: u64) -> &Mutex<Slot<T>> {
        // A power of two, so that this is cheap, and goes on when the numbers wrap.
        let index = number & (self.slots.len() as u64 - 1);
        &self.slots[index as usize]
    }

    /// Sends to all receivers, and says how many there are.
    pub(super) fn send(&self, value: T) -> Result<usize, T> {
        let old;
        let receivers;
        {
            let mut tail = self.tail.lock();
            receivers = tail.receivers;
            if receivers == 0 {
                return Err(value);
            }
            let number = tail.next;
            let mut slot = self.slot(number).lock();
            slot.number = number;
            slot.readers = receivers;
            old = slot.value.replace(value);
            drop(slot);
            tail.next = number.wrapping_add(1);
        }
        self.news.notify_waiters();
        drop(old);
        Ok(receivers)
    }

    /// Counts a new receiver, and says what it wants: what is sent from now on.
    pub(super) fn subscribe(&self) -> u64 {
        let mut tail = self.tail.lock();
        tail.receivers += 1;
        tail.next
    }

    /// Takes a receiver's leave, which wants nothing from `next` on any more.
    pub(super) fn unsubscribe(&self, next: u64) {
        let (end, last) = {
            let mut tail = self.tail.lock();
            tail.receivers -= 1;
            (tail.next, tail.receivers == 0)
        };
        let behind = end.wrapping_sub(next).min(self.slots.len() as u64);
        let numbers = (1..=behind).rev().map(|back| end.wrapping_sub(back));
        // All are taken before anybody is told, and before one is dropped, which is other people's
        // code and may panic.
        let unread: Vec<_> = numbers.filter_map(|number| self.skip(number)).collect();
        if last {
            self.deserted.notify_waiters();
        }
        drop(unread);
    }

    /// One reader less for that value; the last takes it out, to be dropped unlocked.
    fn skip(&self, number: u64) -> Option<T> {
        let mut slot = self.slot(number).lock();
        if slot.number != number {
            return None;
        }
        slot.readers -= 1;
        match slot.readers {
            0 => slot.value.take(),
            _ => None,
        }
    }

    /// How many receivers there are.
    pub(super) fn receivers(&self) -> usize {
        self.tail.lock().receivers
    }

    /// How many values were sent that are not before `next`.
    pub(super) fn since(&self, next: u64) -> usize {
        self.tail.lock().next.wrapping_sub(next) as usize
    }

    /// How many values there are that somebody has yet to read.
    pub(super) fn len(&self) -> usize {
        let tail = self.tail.lock();
        // Receivers read in order, and who came later wants less: so those that are read by all
        // come before those that are not.
        let (mut read, mut end) = (0, self.slots.len() as u64);
        let oldest = tail.next.wrapping_sub(end);
        while read < end {
            let middle = read + (end - read) / 2;
            match self.slot(oldest.wrapping_add(middle)).lock().readers {
                0 => read = middle + 1,
                _ => end = middle,
            }
        }
        self.slots.len() - read as usize
    }

    /// No sender is left.
    pub(super) fn close(&self) {
        self.tail.lock().closed = true;
        self.news.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.tail.lock().closed
    }

    pub(super) fn strong_count(&self) -> usize {
        self.senders.load(Ordering::Acquire)
    }

    pub(super) fn weak_count(&self) -> usize {
        self.weak_senders.load(Ordering::Relaxed)
    }
}

impl<T: Clone> Shared<T> {
    /// What a receiver gets that wants `next`, which is moved on.
    pub(super) fn try_recv(&self, next: &mut u64) -> Result<T, TryRecvError> {
        let number = *next;
        let mut slot = self.slot(number).lock();
        if slot.number != number {
            // Rule 1: the tail first. What is in the slot may change meanwhile, but not once the
            // tail is locked.
            drop(slot);
            let tail = self.tail.lock();
            slot = self.slot(number).lock();
            if slot.number != number {
                if number == tail.next {
                    return Err(match tail.closed {
                        true => TryRecvError::Closed,
                        false => TryRecvError::Empty,
                    });
                }
                let oldest = tail.next.wrapping_sub(self.slots.len() as u64);
                *next = oldest;
                return Err(TryRecvError::Lagged(oldest.wrapping_sub(number)));
            }
            drop(tail);
        }
        // Before the clone, which may panic: the value counts as read.
        *next = number.wrapping_add(1);
        slot.readers -= 1;
        match slot.readers {
            0 => Ok(slot.value.take().expect("the last reader takes it")),
            _ => Ok(slot.value.as_ref().expect("it has readers").clone()),
        }
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = self.tail.lock();
        f.debug_struct("Shared")
            .field("slots", &self.slots.len())
            .field("receivers", &tail.receivers)
            .field("closed", &tail.closed)
            .finish()
    }
}
