//! What the ends of a channel share, and what both kinds of ends have in common.
//!
//! Messages lie in a queue under a short lock. The receiver does not take them one by one: when it
//! has none left, it swaps its own empty pile for the whole queue, in one step, and then needs no
//! lock until the pile is used up. So a message costs its sender one uncontended lock, and its
//! receiver a part of one; both buffers are kept, so that it costs no allocation.
//!
//! ```text
//!   sender ─┐ push             ┌───────┐   swap, when      ┌──────┐ pop
//!   sender ─┼────────────────► │ queue │ ◄───────────────► │ pile │ ─────► recv
//!   sender ─┘ (locked)         └───────┘ the pile is empty └──────┘
//! ```
//!
//! The rules:
//!
//! 1. A message is older than all that were pushed after it, and what is in the pile is older than
//!    all in the queue.
//! 2. The receiver's waker is in the queue only while queue and pile are empty and the channel is
//!    not at its end; it is put there, and everything that could end the wait is looked at, under
//!    one lock. Who ends it takes the waker out under the lock, and wakes it after: so a burst of
//!    messages wakes the receiver once.
//! 3. The channel is at its end when queue and pile are empty and no sender is left, or it is
//!    closed and nobody holds a permit. Who drops the last sender, or gives back a permit of a
//!    closed channel, wakes the receiver.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll, Waker, ready};

use crate::shim::sync::atomic::{AtomicUsize, Ordering};
use crate::shim::sync::{Arc, Mutex};
use crate::wakers::{Wakers, wake};
use crate::{Notify, budget};

use super::error::TryRecvError;

/// A buffer above this size is let go when the receiver finds less than a quarter of it in use.
const KEEP_BYTES: usize = 16 * 1024;

/// Takes the memory of a buffer, which is empty, if that is far more than is needed.
fn excess<T>(buffer: &mut VecDeque<T>, needed: usize) -> VecDeque<T> {
    debug_assert!(buffer.is_empty(), "messages are not excess");
    let bytes = buffer.capacity() * size_of::<T>();
    if bytes > KEEP_BYTES && needed < buffer.capacity() / 4 {
        std::mem::take(buffer)
    } else {
        VecDeque::new()
    }
}

/// How many messages a channel holds.
pub(super) trait Limit {
    /// That many messages have left it.
    fn received(&self, messages: usize);

    /// Nobody may enter any more. Who waits for that is woken when what is returned is dropped.
    fn close(&self) -> Wakers;

    /// Whether nobody is about to push, given that the channel is empty and closed.
    fn is_idle(&self) -> bool;
}

pub(super) struct Chan<T, L> {
    pub(super) limit: L,
    queue: Mutex<Queue<T>>,
    senders: AtomicUsize,
    weak_senders: AtomicUsize,
    /// Senders that wait for the channel to be closed.
    closed: Notify,
}

struct Queue<T> {
    messages: VecDeque<T>,
    receiver: Option<Waker>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Open,
    /// Only who has a permit may still push.
    Closed,
    /// There is no receiver.
    Gone,
}

impl<T, L> Chan<T, L> {
    /// Adds a message, unless the channel is past `last`.
    pub(super) fn push(&self, message: T, last: Stage) -> Result<(), T> {
        let waker = {
            let mut queue = self.queue.lock();
            if queue.stage > last {
                return Err(message);
            }
            queue.messages.push_back(message);
            queue.receiver.take()
        };
        if let Some(waker) = waker {
            wake(waker);
        }
        Ok(())
    }

    /// Has the receiver look whether the channel is at its end.
    pub(super) fn wake_receiver(&self) {
        let waker = self.queue.lock().receiver.take();
        if let Some(waker) = waker {
            wake(waker);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queue.lock().stage != Stage::Open
    }

    pub(super) async fn closed(&self) {
        let notified = self.closed.notified();
        if !budget::spend_if(|| self.is_closed()).await {
            notified.await;
        }
    }

    fn strong_count(&self) -> usize {
        // Acquire: who finds none left sees all that they did.
        self.senders.load(Ordering::Acquire)
    }
}

/// A counted sender.
pub(super) struct Tx<T, L> {
    pub(super) chan: Arc<Chan<T, L>>,
}

/// A counted weak sender.
pub(super) struct WeakTx<T, L> {
    chan: Arc<Chan<T, L>>,
}

/// The receiver.
pub(super) struct Rx<T, L: Limit> {
    pub(super) chan: Arc<Chan<T, L>>,
    /// A lock that is never waited for: we have `&mut self`, or only count.
    pile: Mutex<VecDeque<T>>,
}

// What is shared by the ends is changed under a lock, under which nothing of other people's is
// called: a panic leaves no channel half changed.
impl<T, L> UnwindSafe for Chan<T, L> {}
impl<T, L> RefUnwindSafe for Chan<T, L> {}
impl<T, L: Limit> UnwindSafe for Rx<T, L> {}
impl<T, L: Limit> RefUnwindSafe for Rx<T, L> {}

// No message is ever pinned.
impl<T, L: Limit> Unpin for Rx<T, L> {}

pub(super) fn channel<T, L: Limit>(limit: L) -> (Tx<T, L>, Rx<T, L>) {
    let chan = Arc::new(Chan {
        limit,
        queue: Mutex::new(Queue {
            messages: VecDeque::new(),
            receiver: None,
            stage: Stage::Open,
        }),
        senders: AtomicUsize::new(1),
        weak_senders: AtomicUsize::new(0),
        closed: Notify::new(),
    });
    let tx = Tx { chan: chan.clone() };
    let rx = Rx {
        chan,
        pile: Mutex::new(VecDeque::new()),
    };
    (tx, rx)
}

impl<T, L> Tx<T, L> {
    pub(super) fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
    }

    pub(super) fn downgrade(&self) -> WeakTx<T, L> {
        WeakTx::new(&self.chan)
    }

    pub(super) fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    pub(super) fn weak_count(&self) -> usize {
        self.chan.weak_senders.load(Ordering::Relaxed)
    }
}

impl<T, L> Clone for Tx<T, L> {
    fn clone(&self) -> Self {
        // Relaxed: it is not none, and stays so while we have one.
        self.chan.senders.fetch_add(1, Ordering::Relaxed);
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T, L> Drop for Tx<T, L> {
    fn drop(&mut self) {
        // Release: all that we did is seen by who finds none left. What we pushed would be anyway.
        if self.chan.senders.fetch_sub(1, Ordering::Release) == 1 {
            self.chan.wake_receiver();
        }
    }
}

impl<T, L> WeakTx<T, L> {
    fn new(chan: &Arc<Chan<T, L>>) -> Self {
        chan.weak_senders.fetch_add(1, Ordering::Relaxed);
        Self { chan: chan.clone() }
    }

    pub(super) fn upgrade(&self) -> Option<Tx<T, L>> {
        let mut senders = self.chan.senders.load(Ordering::Relaxed);
        while senders != 0 {
            // Relaxed: as for a clone.
            match self.chan.senders.compare_exchange_weak(
                senders,
                senders + 1,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    return Some(Tx {
                        chan: self.chan.clone(),
                    });
                }
                Err(now) => senders = now,
            }
        }
        None
    }

    pub(super) fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    pub(super) fn weak_count(&self) -> usize {
        self.chan.weak_senders.load(Ordering::Relaxed)
    }
}

impl<T, L> Clone for WeakTx<T, L> {
    fn clone(&self) -> Self {
        Self::new(&self.chan)
    }
}

impl<T, L> Drop for WeakTx<T, L> {
    fn drop(&mut self) {
        self.chan.weak_senders.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T, L: Limit> Rx<T, L> {
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let progress = ready!(budget::poll_proceed(cx));
        let message = match self.pop() {
            Some(message) => Some(message),
            None if ready!(self.fill(Some(cx.waker()))) => self.pop(),
            None => None,
        };
        progress.made_progress();
        Poll::Ready(message)
    }

    pub(super) fn try_recv(&mut self) -> Result<T, TryRecvError> {
        if let Some(message) = self.pop() {
            return Ok(message);
        }
        match self.fill(None) {
            Poll::Ready(_) => self.pop().ok_or(TryRecvError::Disconnected),
            Poll::Pending => Err(TryRecvError::Empty),
        }
    }

    pub(super) fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        let progress = ready!(budget::poll_proceed(cx));
        let mut received = self.move_to(buffer, limit);
        if received == 0 && limit > 0 && ready!(self.fill(Some(cx.waker()))) {
            received = self.move_to(buffer, limit);
        }
        // What has come since the pile was filled, too.
        if 0 < received && received < limit && self.fill(None) == Poll::Ready(true) {
            received += self.move_to(buffer, limit - received);
        }
        progress.made_progress();
        Poll::Ready(received)
    }

    fn pop(&mut self) -> Option<T> {
        let message = self.pile.get_mut().pop_front()?;
        self.chan.limit.received(1);
        Some(message)
    }

    fn move_to(&mut self, buffer: &mut Vec<T>, most: usize) -> usize {
        let pile = self.pile.get_mut();
        let messages = most.min(pile.len());
        if messages > 0 {
            buffer.extend(pile.drain(..messages));
            self.chan.limit.received(messages);
        }
        messages
    }

    /// Swaps the pile, which is empty, for the queue. Says whether there is something in it, or the
    /// channel is at its end (rule 3). Otherwise leaves the waker, if there is one (rule 2).
    fn fill(&mut self, waker: Option<&Waker>) -> Poll<bool> {
        let pile = self.pile.get_mut();
        debug_assert!(pile.is_empty(), "what is in the pile is older");
        // Other people's code, as is the waker that it replaces: not under the lock.
        let mut waker = waker.cloned();
        let mut queue = self.chan.queue.lock();
        // To be freed unlocked, as is the other.
        let _of_pile = excess(pile, queue.messages.len());
        if !queue.messages.is_empty() {
            std::mem::swap(&mut queue.messages, pile);
            drop(queue);
            return Poll::Ready(true);
        }
        let _of_queue = excess(&mut queue.messages, 0);
        let closed = queue.stage != Stage::Open && self.chan.limit.is_idle();
        if closed || self.chan.strong_count() == 0 {
            drop(queue);
            return Poll::Ready(false);
        }
        if waker.is_some() {
            std::mem::swap(&mut queue.receiver, &mut waker);
        }
        drop(queue);
        Poll::Pending
    }

    pub(super) fn close(&mut self) {
        self.move_on(Stage::Closed);
    }

    /// Closes the channel to all or nearly all, and gives back what nobody will receive.
    fn move_on(&self, stage: Stage) -> (VecDeque<T>, Option<Waker>) {
        let (left, turned_away) = {
            let mut queue = self.chan.queue.lock();
            // Both under the lock: who is turned away finds the channel closed.
            queue.stage = stage;
            let turned_away = self.chan.limit.close();
            let left = match stage {
                Stage::Gone => (std::mem::take(&mut queue.messages), queue.receiver.take()),
                _ => (VecDeque::new(), None),
            };
            (left, turned_away)
        };
        drop(turned_away);
        self.chan.closed.notify_waiters();
        left
    }

    pub(super) fn is_closed(&self) -> bool {
        self.chan.is_closed() || self.chan.strong_count() == 0
    }

    pub(super) fn len(&self) -> usize {
        // Nothing goes from the one to the other meanwhile: that takes `&mut self`.
        let pile = self.pile.lock().len();
        pile + self.chan.queue.lock().messages.len()
    }

    pub(super) fn sender_strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    pub(super) fn sender_weak_count(&self) -> usize {
        self.chan.weak_senders.load(Ordering::Relaxed)
    }
}

impl<T, L: Limit> Drop for Rx<T, L> {
    fn drop(&mut self) {
        // The senders are told before the messages are dropped, which is other people's code.
        drop(self.move_on(Stage::Gone));
    }
}

impl<T, L: fmt::Debug> fmt::Debug for Chan<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, stage) = {
            let queue = self.queue.lock();
            (queue.messages.len(), queue.stage)
        };
        f.debug_struct("Chan")
            .field("limit", &self.limit)
            .field("queued", &len)
            .field("stage", &stage)
            .field("senders", &self.senders.load(Ordering::Relaxed))
            .finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::limit::Unlimited;
    use super::*;

    #[test]
    fn a_burst_gives_its_memory_back_when_the_receiver_is_idle() {
        let (tx, mut rx) = channel(Unlimited);
        let burst = |messages| {
            for message in 0..messages {
                tx.chan.push(message, Stage::Open).unwrap();
            }
        };
        let kept = |rx: &mut Rx<u64, _>| {
            let buffers = [
                rx.pile.get_mut().capacity(),
                rx.chan.queue.lock().messages.capacity(),
            ];
            buffers.map(|messages| messages * size_of::<u64>())
        };
        // One behind the other, so that both buffers have grown.
        burst(100_000);
        assert_eq!(rx.try_recv(), Ok(0));
        burst(100_000);
        while rx.try_recv().is_ok() {}
        assert!(kept(&mut rx).iter().all(|bytes| *bytes <= KEEP_BYTES));
        // Little is kept, so as not to be allocated again and again.
        burst(100);
        while rx.try_recv().is_ok() {}
        assert!(kept(&mut rx).iter().any(|bytes| *bytes > 0));
    }
}
