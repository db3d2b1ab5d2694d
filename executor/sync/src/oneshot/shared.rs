//! What the two ends share, in one allocation: a word, the value, and a waker for each end. All
//! that is unsafe about the channel is here.
//!
//! ```text
//!   bit  name     set by             cleared by     while set
//!   0    SENT     the sender, once   nobody         the sender is done, with a value or without
//!   1    CLOSED   the receiver,      nobody         who has not sent yet gets his value back
//!                 once
//!   2    AWAITED  the receiver       the receiver   its waker is in its slot
//!   3    WATCHED  the sender         the sender     its waker is in its slot
//! ```
//!
//! Each end waits for the other's *last act*: the receiver for `SENT`, the sender for `CLOSED`. It
//! keeps its waker in a slot of its own and says so by a bit of its own, so one piece of code
//! serves both.
//!
//! The rules:
//!
//! 1. **value**: the value's cell is the sender's until `SENT` is set, then the receiver's. `SENT`
//!    is not set after `CLOSED`: then the cell stays the sender's.
//! 2. **slot**: a slot is its owner's. The other end may read it, never write it, from the moment
//!    its last act found the slot's bit set.
//! 3. So an owner that has put its waker in clears the bit before it touches the slot again, and if
//!    that finds the other's last act already there, never touches it again. It need not: there is
//!    nothing left to wait for.
//!
//! Every transition is one read-modify-write, acquire and release: whoever comes second sees all
//! that the first did.

#![expect(
    unsafe_code,
    reason = "a value and two wakers change hands under a word"
)]

use std::fmt;
use std::task::{Context, Poll, Waker};

use crate::shim::cell::UnsafeCell;
use crate::shim::sync::atomic::{AtomicUsize, Ordering};
use crate::wakers::wake_by_ref;

const SENT: usize = 0b0001;
const CLOSED: usize = 0b0010;
const AWAITED: usize = 0b0100;
const WATCHED: usize = 0b1000;

pub(super) struct Shared<T> {
    word: AtomicUsize,
    value: UnsafeCell<Option<T>>,
    receiver: Slot,
    sender: Slot,
}

/// Where an end keeps its waker.
struct Slot(UnsafeCell<Option<Waker>>);

// SAFETY: the value moves from one thread to the other (value), and is never shared; wakers may
// be shared.
unsafe impl<T: Send> Send for Shared<T> {}

// SAFETY: as above: the word says who may touch what.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub(super) fn new() -> Self {
        Self {
            word: AtomicUsize::new(0),
            value: UnsafeCell::new(None),
            receiver: Slot::new(),
            sender: Slot::new(),
        }
    }

    /// The sender's last act: with a value, or for want of one. Once it is done, more of them do
    /// nothing. Gives the value back when the receiver has closed.
    ///
    /// # Safety
    ///
    /// For the sender's end only, one call at a time, and with a value only once.
    pub(super) unsafe fn finish(&self, value: Option<T>) -> Result<(), Option<T>> {
        // Acquire: as in `is_closed`. Not needed where the exchange fails: who is turned away there
        // comes here again, when the sender is dropped.
        let mut word = self.word.load(Ordering::Acquire);
        if word & SENT == 0 {
            // SAFETY: (value) only we set `SENT`, and it is not set.
            self.value.with_mut(|cell| unsafe { *cell = value });
        }
        loop {
            if word & SENT != 0 {
                return Ok(());
            }
            if word & CLOSED != 0 {
                // SAFETY: (value) it is still ours, and stays so.
                return Err(self.value.with_mut(|cell| unsafe { (*cell).take() }));
            }
            match self.word.compare_exchange_weak(
                word,
                word | SENT,
                // Release: for the value. Acquire: for the receiver's waker.
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        if word & AWAITED != 0 {
            // SAFETY: (slot) this was our last act, and it found the bit.
            unsafe { self.receiver.wake() };
        }
        Ok(())
    }

    /// The receiver's last act but for taking what was sent before. More of them do nothing.
    pub(super) fn close(&self) {
        // Acquire: for the sender's waker, and so that the receiver, which asks `is_sent` next,
        // may take the value. Release: whoever finds the channel closed sees what came before.
        let word = self.word.fetch_or(CLOSED, Ordering::AcqRel);
        if word & (SENT | CLOSED) == 0 && word & WATCHED != 0 {
            // SAFETY: (slot) this was our last act, and it found the bit.
            unsafe { self.sender.wake() };
        }
    }

    /// Whether the sender is done.
    pub(super) fn is_sent(&self) -> bool {
        // Acquire: for the value.
        self.word.load(Ordering::Acquire) & SENT != 0
    }

    /// Whether the receiver has closed.
    pub(super) fn is_closed(&self) -> bool {
        // Acquire: whoever finds the channel closed sees what the receiver did before.
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Takes the value.
    ///
    /// # Safety
    ///
    /// For the receiver's end only, one call at a time, after [`is_sent`](Self::is_sent) has said
    /// yes.
    pub(super) unsafe fn take(&self) -> Option<T> {
        // SAFETY: (value) `SENT` is set and we are the receiver.
        self.value.with_mut(|cell| unsafe { (*cell).take() })
    }

    /// Whether there is a value to take.
    ///
    /// # Safety
    ///
    /// For the receiver's end only, not while it takes the value, after
    /// [`is_sent`](Self::is_sent) has said yes.
    pub(super) unsafe fn has_value(&self) -> bool {
        // SAFETY: (value) as in `take`; this only looks.
        self.value.with(|cell| unsafe { (*cell).is_some() })
    }

    /// Waits until the sender is done.
    ///
    /// # Safety
    ///
    /// For the receiver's end only, one call at a time.
    pub(super) unsafe fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the caller owns the slot.
        unsafe { self.poll(&self.receiver, AWAITED, SENT, cx) }
    }

    /// Waits until the receiver has closed.
    ///
    /// # Safety
    ///
    /// For the sender's end only, one call at a time, before it is done.
    pub(super) unsafe fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the caller owns the slot.
        unsafe { self.poll(&self.sender, WATCHED, CLOSED, cx) }
    }

    /// Waits for `event`, the other's last act, with the waker in `slot`, of which `full` tells.
    ///
    /// # Safety
    ///
    /// The slot is the caller's, and calls come one at a time.
    unsafe fn poll(
        &self,
        slot: &Slot,
        full: usize,
        event: usize,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        // Acquire: for what the other did before its last act.
        let word = self.word.load(Ordering::Acquire);
        if word & event != 0 {
            return Poll::Ready(());
        }
        if word & full != 0 {
            // SAFETY: (slot) we alone write it, and we do not.
            if unsafe { slot.will_wake(cx.waker()) } {
                return Poll::Pending;
            }
            // Acquire: as above.
            if self.word.fetch_and(!full, Ordering::Acquire) & event != 0 {
                return Poll::Ready(());
            }
        }
        // SAFETY: (slot) the bit is clear, and nobody but us could set it for the other to find.
        unsafe { slot.put(cx.waker().clone()) };
        // Release: for the waker. Acquire: as above.
        if self.word.fetch_or(full, Ordering::AcqRel) & event != 0 {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Slot {
    fn new() -> Self {
        Self(UnsafeCell::new(None))
    }

    /// # Safety
    ///
    /// Nobody writes meanwhile.
    unsafe fn will_wake(&self, waker: &Waker) -> bool {
        self.0.with(|kept| {
            // SAFETY: the caller says so.
            let kept = unsafe { (*kept).as_ref() };
            kept.is_some_and(|kept| kept.will_wake(waker))
        })
    }

    /// # Safety
    ///
    /// Nobody else reads or writes meanwhile.
    unsafe fn put(&self, waker: Waker) {
        // SAFETY: the caller says so.
        let old = self.0.with_mut(|kept| unsafe { (*kept).replace(waker) });
        drop(old);
    }

    /// # Safety
    ///
    /// Nobody writes from now on.
    unsafe fn wake(&self) {
        self.0.with(|kept| {
            // SAFETY: the caller says so.
            if let Some(kept) = unsafe { (*kept).as_ref() } {
                wake_by_ref(kept);
            }
        });
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("Shared")
            .field("sent", &(word & SENT != 0))
            .field("closed", &(word & CLOSED != 0))
            .finish_non_exhaustive()
    }
}
