//! A source's readiness and the tasks that wait for it.
//!
//! One per registered descriptor, shared by the [`Registered`](crate::Registered) that owns the
//! descriptor and the driver that hears about it. It knows neither: no descriptor, no `mio`, so
//! that the model checker can run it. It stays the same when the descriptor moves house, and with
//! it the tasks that wait.
//!
//! # The word
//!
//! | bits | name | set by | cleared by | while set |
//! | --- | --- | --- | --- | --- |
//! | 0–5 | readiness | `set_ready`, `settle` (a guess) | `clear`, `retract`, `settle` | an operation is worth trying |
//! | 6 | `ORPHANED` | birth, `orphan` | `settle` | no driver will ever call `set_ready`: do not wait |
//! | 7 | `RESCUED` | `set_ready` by a sibling | `set_ready` by the owner, `settle` | home was too busy to look at its own events |
//! | 8–… | tick | +1 by `set_ready`, `settle` | wraps | names the event, so that clearing an old one spares a newer |
//!
//! # Rules
//!
//! 1. Whoever sets a bit that ends a wait does it *before* locking the waiters; whoever waits
//!    looks at the word *after* locking them. So either the waiter sees the bit or the setter
//!    sees the waiter, and no wake is lost.
//! 2. An event is cleared by its tick. What came after the event was read has another tick, and
//!    clearing does nothing.
//! 3. Wakers leave in a batch or after the lock: none is woken or dropped under it.
//!
//! Modelled in `loom-tests/tests/readiness.rs`.

use std::fmt;
use std::task::{Context, Poll, Waker};

use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::Mutex;
use pintle_sync::shim::sync::atomic::{AtomicUsize, Ordering};
use slab::Slab;

use crate::ready::{Direction, Interest, Ready};

const ORPHANED: usize = 1 << Ready::BITS;
const RESCUED: usize = 1 << (Ready::BITS + 1);
const TICK: usize = 1 << (Ready::BITS + 2);
const TICK_MASK: usize = !(TICK - 1);

const _: () = assert!(Ready::ALL.bits() < ORPHANED, "readiness overlaps the flags");

/// Readiness as it was seen, with the tick that [`Source::clear`] needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyEvent {
    ready: Ready,
    tick: usize,
    orphaned: bool,
}

impl ReadyEvent {
    /// What the source was ready for, of what was asked for.
    pub fn ready(&self) -> Ready {
        self.ready
    }

    /// Whether the wait ended because no driver serves the source any more.
    pub fn is_orphaned(&self) -> bool {
        self.orphaned
    }

    /// The same event, of which only `part` was looked at.
    #[must_use]
    pub fn only(mut self, part: Ready) -> Self {
        self.ready = self.ready & part;
        self
    }
}

/// The readiness word and the waiting wakers of one descriptor.
pub struct Source {
    word: AtomicUsize,
    waiters: Mutex<Waiters>,
}

#[derive(Default)]
struct Waiters {
    reader: Option<Waker>,
    writer: Option<Waker>,
    others: Slab<Waiter>,
}

struct Waiter {
    mask: Ready,
    waker: Option<Waker>,
}

impl Source {
    /// Makes an orphan: no driver knows of it yet.
    pub fn new() -> Self {
        Self {
            word: AtomicUsize::new(ORPHANED),
            waiters: Mutex::new(Waiters::default()),
        }
    }

    /// Whether no driver serves this source.
    pub fn is_orphaned(&self) -> bool {
        // Relaxed: a hint for those who then lock what they act on, or wait and look again.
        self.word.load(Ordering::Relaxed) & ORPHANED != 0
    }

    /// Whether its last event was delivered by a sibling of its driver's owner.
    pub fn is_rescued(&self) -> bool {
        // Relaxed: as above.
        self.word.load(Ordering::Relaxed) & RESCUED != 0
    }

    /// A driver is about to serve this source, and will report what is ready by then.
    ///
    /// Until it does, the source counts as ready for `assumed`, which nobody has tried lately.
    pub fn settle(&self, assumed: Ready) {
        self.update(|word| next_tick(word) | assumed.bits());
    }

    /// The driver has heard of an event. Collects the wakers of those who waited for it.
    pub fn set_ready(&self, ready: Ready, rescued: bool, batch: &mut WakeBatch) {
        let rescued = if rescued { RESCUED } else { 0 };
        let keep = Ready::ALL.bits() | ORPHANED;
        self.update(|word| next_tick(word) | word & keep | ready.bits() | rescued);
        self.take_waiters(ready, batch);
    }

    /// The driver is going away: ends every wait, now and later, until [`settle`](Self::settle).
    pub fn orphan(&self, batch: &mut WakeBatch) {
        // Relaxed: rule 1 rests on the lock, and the bit publishes nothing.
        self.word.fetch_or(ORPHANED, Ordering::Relaxed);
        self.take_waiters(Ready::ALL, batch);
    }

    /// Waits in the one slot of a direction; a second waiter replaces the first.
    pub fn poll_ready(&self, cx: &mut Context<'_>, direction: Direction) -> Poll<ReadyEvent> {
        let mask = direction.mask();
        if let Some(event) = self.event(mask) {
            return Poll::Ready(event);
        }
        let mut waiters = self.waiters.lock();
        if let Some(event) = self.event(mask) {
            return Poll::Ready(event);
        }
        let slot = match direction {
            Direction::Read => &mut waiters.reader,
            Direction::Write => &mut waiters.writer,
        };
        let stale = put_waker(slot, cx);
        drop(waiters);
        drop(stale);
        Poll::Pending
    }

    /// A place among any number of waiters.
    pub fn readiness(&self, interest: Interest) -> Readiness<'_> {
        Readiness {
            source: self,
            mask: interest.mask(),
            key: None,
        }
    }

    /// What of `mask` is ready now; an orphan always has an event, so that nobody waits for it.
    pub fn event(&self, mask: Ready) -> Option<ReadyEvent> {
        // Acquire: pairs with `set_ready`; what made the source ready happened before the
        // operation that this event leads to, which therefore cannot miss it and then clear it.
        let word = self.word.load(Ordering::Acquire);
        let event = ReadyEvent {
            ready: Ready::from_word(word) & mask,
            tick: word & TICK_MASK,
            orphaned: word & ORPHANED != 0,
        };
        (event.orphaned || !event.ready.is_empty()).then_some(event)
    }

    /// The event is used up; closed bits stay. Does nothing if a newer event has come.
    pub fn clear(&self, event: ReadyEvent) {
        self.remove(event, event.ready - Ready::CLOSED);
    }

    /// The event was wrong: the operation it led to answered `WouldBlock`. Closed bits go too:
    /// a descriptor that would block is not at its end, whatever was said of it. (epoll reports
    /// an error on a UDP socket as a closed pipe; a FIFO gets a new writer.)
    pub fn retract(&self, event: ReadyEvent) {
        self.remove(event, event.ready);
    }

    fn remove(&self, event: ReadyEvent, ready: Ready) {
        // Relaxed: the tick decides, and both are in one word.
        let _ = self
            .word
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                (word & TICK_MASK == event.tick).then_some(word & !ready.bits())
            });
    }

    fn update(&self, f: impl Fn(usize) -> usize) {
        // Release: pairs with the Acquire in `event`.
        let _ = self
            .word
            .fetch_update(Ordering::Release, Ordering::Relaxed, |word| Some(f(word)));
    }

    fn take_waiters(&self, ready: Ready, batch: &mut WakeBatch) {
        let mut waiters = self.waiters.lock();
        let mut take = |mask: Ready, slot: &mut Option<Waker>| {
            if ready.intersects(mask)
                && let Some(waker) = slot.take()
            {
                batch.push(waker);
            }
        };
        let Waiters {
            reader,
            writer,
            others,
        } = &mut *waiters;
        take(Direction::Read.mask(), reader);
        take(Direction::Write.mask(), writer);
        for (_, waiter) in others {
            take(waiter.mask, &mut waiter.waker);
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("Source")
            .field("ready", &Ready::from_word(word))
            .field("orphaned", &(word & ORPHANED != 0))
            .field("rescued", &(word & RESCUED != 0))
            .field("tick", &(word / TICK))
            .finish_non_exhaustive()
    }
}

/// Only the tick of the next word.
fn next_tick(word: usize) -> usize {
    (word & TICK_MASK).wrapping_add(TICK)
}

/// Puts the task's waker where an older one may be, which is for the caller to drop, unlocked.
fn put_waker(slot: &mut Option<Waker>, cx: &Context<'_>) -> Option<Waker> {
    match slot {
        Some(waker) if waker.will_wake(cx.waker()) => None,
        _ => slot.replace(cx.waker().clone()),
    }
}

/// One of any number of waiters on a source. Leaves when dropped.
#[derive(Debug)]
pub struct Readiness<'a> {
    source: &'a Source,
    mask: Ready,
    key: Option<usize>,
}

impl Readiness<'_> {
    /// Waits; may be called again after it was ready, to wait for the next event.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ReadyEvent> {
        if let Some(event) = self.source.event(self.mask) {
            return Poll::Ready(event);
        }
        let mut waiters = self.source.waiters.lock();
        if let Some(event) = self.source.event(self.mask) {
            return Poll::Ready(event);
        }
        let mask = self.mask;
        let key = *self
            .key
            .get_or_insert_with(|| waiters.others.insert(Waiter { mask, waker: None }));
        let stale = put_waker(&mut waiters.others[key].waker, cx);
        drop(waiters);
        drop(stale);
        Poll::Pending
    }
}

impl Drop for Readiness<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waiter = self.source.waiters.lock().others.remove(key);
            drop(waiter);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn settled() -> Source {
        let source = Source::new();
        source.settle(Ready::EMPTY);
        source
    }

    fn set(source: &Source, ready: Ready) {
        source.set_ready(ready, false, &mut WakeBatch::new());
    }

    #[test]
    fn an_orphan_lets_nobody_wait() {
        let source = Source::new();
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(event) = source.poll_ready(&mut cx, Direction::Read) else {
            panic!("waits");
        };
        assert!(event.is_orphaned() && event.ready().is_empty());
    }

    #[test]
    fn an_old_event_does_not_clear_a_newer_one() {
        let source = settled();
        set(&source, Ready::READABLE);
        let old = source.event(Direction::Read.mask()).expect("ready");
        set(&source, Ready::READABLE);
        source.clear(old);
        source.retract(old);
        let new = source.event(Direction::Read.mask()).expect("still ready");
        source.clear(new);
        assert_eq!(source.event(Direction::Read.mask()), None);
    }

    #[test]
    fn an_event_from_before_a_move_does_not_clear_one_from_after() {
        let source = settled();
        set(&source, Ready::READABLE);
        let old = source.event(Direction::Read.mask()).expect("ready");
        source.settle(Ready::EMPTY);
        set(&source, Ready::READABLE);
        source.clear(old);
        assert!(source.event(Direction::Read.mask()).is_some());
    }

    #[test]
    fn clearing_one_direction_leaves_the_other() {
        let source = settled();
        set(&source, Ready::READABLE | Ready::WRITABLE);
        source.clear(source.event(Direction::Read.mask()).expect("readable"));
        assert_eq!(source.event(Direction::Read.mask()), None);
        assert!(source.event(Direction::Write.mask()).is_some());
    }

    #[test]
    fn closed_bits_are_retracted_but_never_cleared() {
        let source = settled();
        set(&source, Ready::READABLE | Ready::READ_CLOSED);
        let event = source.event(Direction::Read.mask()).expect("ready");
        source.clear(event);
        let event = source.event(Direction::Read.mask()).expect("closed");
        assert_eq!(event.ready(), Ready::READ_CLOSED);
        source.retract(event);
        assert_eq!(source.event(Direction::Read.mask()), None);
    }

    #[test]
    fn ticks_wrap() {
        let source = settled();
        source.word.store(TICK_MASK, Ordering::Relaxed);
        set(&source, Ready::READABLE);
        assert_eq!(
            source.word.load(Ordering::Relaxed),
            Ready::READABLE.bits(),
            "the tick must not spill"
        );
    }

    #[test]
    fn each_event_wakes_only_those_who_asked_for_it() {
        let source = settled();
        let mut cx = Context::from_waker(Waker::noop());
        let mut readable = source.readiness(Interest::READABLE);
        let mut writable = source.readiness(Interest::WRITABLE);
        assert!(readable.poll(&mut cx).is_pending());
        assert!(writable.poll(&mut cx).is_pending());
        assert!(source.poll_ready(&mut cx, Direction::Read).is_pending());
        assert!(source.poll_ready(&mut cx, Direction::Write).is_pending());
        let mut batch = WakeBatch::new();
        source.set_ready(Ready::READABLE, false, &mut batch);
        assert_eq!(batch.len(), 2);
        source.orphan(&mut batch);
        assert_eq!(batch.len(), 4);
    }

    #[test]
    fn a_dropped_waiter_leaves() {
        let source = settled();
        let mut cx = Context::from_waker(Waker::noop());
        let mut readable = source.readiness(Interest::READABLE);
        assert!(readable.poll(&mut cx).is_pending());
        drop(readable);
        assert!(source.waiters.lock().others.is_empty());
    }

    #[test]
    fn a_rescue_is_remembered_until_the_owner_delivers() {
        let source = settled();
        source.set_ready(Ready::READABLE, true, &mut WakeBatch::new());
        assert!(source.is_rescued());
        source.set_ready(Ready::READABLE, false, &mut WakeBatch::new());
        assert!(!source.is_rescued());
    }
}
