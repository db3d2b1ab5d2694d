//! A Chase–Lev deque on the model checker's atomics: what stands in for `crossbeam_deque` in a model.
//!
//! **The one thing it asks of an item that crossbeam does not: [`Slot`]**, to and from one pointer.
//!
//! `crossbeam-deque` has no loom mode, and a `Mutex<VecDeque>` in its place would prove too much: a
//! mutex orders everything before it against everything after it, and the real deque does not. So
//! the models run on this: the FIFO flavour of `crossbeam_deque` 0.8, with the names, orderings and
//! fences of the published source, operation by operation. Exists only under `cfg(loom)`.
//!
//! # Who owns what
//!
//! 1. `back` is written by the [`Worker`] alone; a [`Worker`] is `Send` and not `Sync`.
//! 2. `front` only grows, but for the owner undoing its own step past `back`. Who moved it from `i`
//!    to beyond `i`, owner or thief, owns item `i`, and nobody else does.
//! 3. A slot in `front..back` holds an item that is not yet owned by anybody; any other slot holds
//!    a stale word, which a late thief may read and then, since `front` has moved, throws away.
//!
//! # Where it differs from the original
//!
//! - A slot is an atomic word, read and written `Relaxed`. crossbeam reads and writes slots with
//!   `read_volatile` and `write_volatile`, and says that it means such atomics; rule 3 is why.
//! - Eight slots and no growth: a model that overflows them panics. So `buffer` is never swapped,
//!   and the second look that a thief takes at it is gone.
//! - A thief enters an epoch there, to keep a retired buffer alive. Of that only the `SeqCst` fence
//!   is left, which pinning an epoch issues. The LIFO flavour's proof needs it and the FIFO
//!   flavour's does not, but a sleeper's last look passes through it: a model must have it, too.
//! - loom takes `SeqCst` on `front` for `AcqRel`. The FIFO flavour needs no more, for owner and
//!   thieves move `front` by read-modify-writes only.
//!
//! `tests/deque.rs` of the loom tests checks this file alone.

#![expect(
    unsafe_code,
    reason = "a slot is read before it is known whether its item may be taken"
)]

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::task::{Header, Schedule, Stealable, Task};
use pintle_sync::shim::sync::Arc;
use pintle_sync::shim::sync::atomic::{AtomicPtr, AtomicUsize, Ordering, fence};

/// Slots of a deque. As in the original, a power of two.
const CAPACITY: usize = 8;

/// The most items that one batch takes from its victim.
const MAX_BATCH: usize = 32;

/// An item that fits one atomic word.
pub trait Slot: Sized {
    /// Turns the item into a pointer, which then owns it.
    fn into_raw(self) -> *mut ();

    /// Turns the pointer back into the item.
    ///
    /// # Safety
    ///
    /// `raw` comes from [`into_raw`](Self::into_raw) of this type and is turned back only once.
    unsafe fn from_raw(raw: *mut ()) -> Self;
}

impl<S: Schedule<Kind = Stealable>> Slot for Task<S> {
    fn into_raw(self) -> *mut () {
        self.into_raw().as_ptr().cast()
    }

    unsafe fn from_raw(raw: *mut ()) -> Self {
        let raw = NonNull::new(raw.cast::<Header>()).expect("a task is never null");
        // SAFETY: the caller passes, once, what `into_raw` gave; only stealable tasks enter a deque.
        unsafe { Self::from_raw(raw) }
    }
}

struct Inner<T: Slot> {
    front: AtomicUsize,
    back: AtomicUsize,
    slots: [AtomicPtr<()>; CAPACITY],
    items: PhantomData<T>,
}

impl<T: Slot> Inner<T> {
    fn new() -> Self {
        Self {
            front: AtomicUsize::new(0),
            back: AtomicUsize::new(0),
            slots: std::array::from_fn(|_| AtomicPtr::new(std::ptr::null_mut())),
            items: PhantomData,
        }
    }

    fn read(&self, index: usize) -> *mut () {
        self.slots[index % CAPACITY].load(Ordering::Relaxed)
    }

    fn write(&self, index: usize, raw: *mut ()) {
        self.slots[index % CAPACITY].store(raw, Ordering::Relaxed);
    }

    /// `(front, back)` as a thief sees them, in the only order in which it may look.
    fn look(&self) -> (usize, usize) {
        let front = self.front.load(Ordering::Acquire);
        // As in the original, where the owner's end of the LIFO flavour has the other one.
        fence(Ordering::SeqCst);
        // Pairs with the release fence of `push`: the slots up to `back` are written.
        let back = self.back.load(Ordering::Acquire);
        (front, back)
    }

    /// Moves `front` from `from` to `to` on a thief's behalf. True: the items between are its own.
    fn claim(&self, from: usize, to: usize) -> bool {
        self.front
            .compare_exchange(from, to, Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
    }
}

impl<T: Slot> Drop for Inner<T> {
    fn drop(&mut self) {
        let back = self.back.with_mut(|back| *back);
        let mut front = self.front.with_mut(|front| *front);
        while front != back {
            let raw = self.slots[front % CAPACITY].with_mut(|raw| *raw);
            // SAFETY: `raw` lies in `front..back`, so it owns an item that nobody took (rule 3), and
            // nobody else is left to take it.
            drop(unsafe { T::from_raw(raw) });
            front = front.wrapping_add(1);
        }
    }
}

/// How many items lie between the two; none when the owner has stepped past `back`.
fn distance(front: usize, back: usize) -> usize {
    back.wrapping_sub(front)
        .cast_signed()
        .max(0)
        .cast_unsigned()
}

/// The owner's end.
pub struct Worker<T: Slot> {
    inner: Arc<Inner<T>>,
    /// `Send` and not `Sync`, as in the original (rule 1).
    one_thread: PhantomData<Cell<()>>,
}

// SAFETY: the owner may move to another thread with its items, which may then be dropped there; the
// shared half is made of atomic words.
unsafe impl<T: Slot + Send> Send for Worker<T> {}

impl<T: Slot> Worker<T> {
    /// Makes an empty deque whose owner pops what it pushed first.
    pub fn new_fifo() -> Self {
        Self {
            inner: Arc::new(Inner::new()),
            one_thread: PhantomData,
        }
    }

    /// Makes an end to steal from.
    pub fn stealer(&self) -> Stealer<T> {
        Stealer {
            inner: self.inner.clone(),
        }
    }

    /// How many items there are; a thief may be taking one of them just now.
    pub fn len(&self) -> usize {
        let back = self.inner.back.load(Ordering::Relaxed);
        let front = self.inner.front.load(Ordering::SeqCst);
        distance(front, back)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts `item` behind all others.
    ///
    /// # Panics
    ///
    /// When there is no room: a model is to be smaller than the deque.
    pub fn push(&self, item: T) {
        let back = self.inner.back.load(Ordering::Relaxed);
        // Pairs with the thieves' step: what they read from the slot, they read before it is reused.
        let front = self.inner.front.load(Ordering::Acquire);
        self.require(distance(front, back) + 1);
        self.inner.write(back, item.into_raw());
        self.publish(back.wrapping_add(1));
    }

    /// Takes the item in front of all others.
    pub fn pop(&self) -> Option<T> {
        let back = self.inner.back.load(Ordering::Relaxed);
        let front = self.inner.front.load(Ordering::Relaxed);
        if distance(front, back) == 0 {
            return None;
        }
        // Step first and look afterwards: with one read-modify-write on both sides the last item
        // goes to exactly one of owner and thief (rule 2).
        let front = self.inner.front.fetch_add(1, Ordering::SeqCst);
        if distance(front, back) == 0 {
            // Thieves took the rest meanwhile. They see `front` past `back` and keep off until this.
            self.inner.front.store(front, Ordering::Relaxed);
            return None;
        }
        // SAFETY: this thread moved `front` past the item, which is therefore its own (rule 2), and
        // wrote the slot itself.
        Some(unsafe { T::from_raw(self.inner.read(front)) })
    }

    /// Makes the slots below `back` visible to thieves.
    fn publish(&self, back: usize) {
        // Pairs with the thieves' acquire of `back`: with the index they get slots and items.
        fence(Ordering::Release);
        self.inner.back.store(back, Ordering::Relaxed);
    }

    fn require(&self, len: usize) {
        assert!(
            len <= CAPACITY,
            "the modelled deque holds {CAPACITY} items: give the model fewer tasks"
        );
    }
}

/// A thief's end.
pub struct Stealer<T: Slot> {
    inner: Arc<Inner<T>>,
}

// SAFETY: a thief's end is atomic words; an item that is stolen through it moves to the thief's
// thread, and to one only (rule 2).
unsafe impl<T: Slot + Send> Send for Stealer<T> {}
// SAFETY: as above; every method works from any number of threads.
unsafe impl<T: Slot + Send> Sync for Stealer<T> {}

impl<T: Slot> Stealer<T> {
    /// How many items there are for the taking.
    pub fn len(&self) -> usize {
        let (front, back) = self.inner.look();
        distance(front, back)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the item in front of all others.
    pub fn steal(&self) -> Steal<T> {
        let (front, back) = self.inner.look();
        if distance(front, back) == 0 {
            return Steal::Empty;
        }
        let raw = self.inner.read(front);
        if !self.inner.claim(front, front.wrapping_add(1)) {
            return Steal::Retry;
        }
        // SAFETY: this thread moved `front` past the item, which is therefore its own (rule 2). The
        // slot was read while `front` stood at it, so it had not been reused.
        Steal::Success(unsafe { T::from_raw(raw) })
    }

    /// Moves half of the items, rounded up, from the front to the back of `dest`.
    pub fn steal_batch(&self, dest: &Worker<T>) -> Steal<()> {
        if std::ptr::eq(&*self.inner, &*dest.inner) {
            return if dest.is_empty() {
                Steal::Empty
            } else {
                Steal::Success(())
            };
        }
        let (front, back) = self.inner.look();
        let len = distance(front, back);
        if len == 0 {
            return Steal::Empty;
        }
        let batch = len.div_ceil(2).min(MAX_BATCH);
        dest.require(dest.len() + batch);
        let dest_back = dest.inner.back.load(Ordering::Relaxed);
        // Beyond `dest_back` the slots are the owner's own, so words that turn out not to be stolen
        // do no harm there.
        for i in 0..batch {
            let word = self.inner.read(front.wrapping_add(i));
            dest.inner.write(dest_back.wrapping_add(i), word);
        }
        if !self.inner.claim(front, front.wrapping_add(batch)) {
            return Steal::Retry;
        }
        // This thread moved `front` past the batch (rule 2), so the words were items (rule 3).
        dest.publish(dest_back.wrapping_add(batch));
        Steal::Success(())
    }
}

impl<T: Slot> Clone for Stealer<T> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

/// What a thief got.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum Steal<T> {
    /// There was nothing.
    Empty,
    /// This.
    Success(T),
    /// Somebody else was quicker; there may be more.
    Retry,
}

impl<T: Slot> fmt::Debug for Worker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Worker { .. }")
    }
}

impl<T: Slot> fmt::Debug for Stealer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Stealer { .. }")
    }
}
