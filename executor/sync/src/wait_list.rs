//! The wait list: tasks that wait for something, first come, first served.
//!
//! The one queue of waiting tasks in this crate. The [batch semaphore](crate::semaphore) and
//! [`Notify`](crate::Notify) stand on it, and everything else stands on those two.
//!
//! It is intrusive: the node of a waiting task lies inside the task's own future (a [`Waiter`]),
//! so that waiting, being served and giving up cost no allocation and O(1), however many wait. The
//! price is the unsafe code in this file, which no other file has to think about: what is offered
//! to the rest of the crate is safe.
//!
//! ```text
//!              push_back                        pop_front, pop_back
//!   ┌──────┐   (owner, locked)   ┌──────────┐   (anyone, locked)   ┌────────┐
//!   │ idle │ ──────────────────► │  queued  │ ───────────────────► │ served │
//!   └──────┘                     └──────────┘                      └────────┘
//!     the owner's                  the lock's      remove, drop      the owner's
//!                                       └────── (owner, locked) ─────────┘
//! ```
//!
//! The rules:
//!
//! 1. **list**: a node is linked into at most one list, always the same, which outlives it: the
//!    `Waiter` holds on to what the list is in.
//! 2. **pinned**: a node that has been linked does not move until its `Waiter` is dropped, and a
//!    `Waiter` that is dropped takes its node out first.
//! 3. **locked**: while `queued` is true, the fields of a node belong to whoever holds the list's
//!    lock; `queued` changes only under that lock.
//! 4. **owned**: while `queued` is false, they belong to the owner of the `Waiter` alone. Whoever
//!    serves a node clears the flag as the *last* thing it does to it: the node may be gone at once.
//!
//! So an owner that finds `queued` false needs no lock to learn what it was given, and a waiter
//! that was never queued costs nothing to drop.
//!
//! Wakers are other people's code. They are cloned before the list is locked, and woken and
//! dropped after: what serves a waiter returns its waker, for a [`Wakers`](crate::wakers::Wakers).
//!
//! Tested here, in `loom-tests/tests/sync_waitlist.rs`, and through all that stands on it.

#![expect(
    unsafe_code,
    reason = "an intrusive list: nodes are shared with whoever holds the lock"
)]

use std::fmt;
use std::marker::PhantomPinned;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;

use crate::shim::cell::UnsafeCell;
use crate::shim::sync::atomic::{AtomicBool, Ordering};
use crate::shim::sync::{Mutex, MutexGuard};

/// A queue of waiting tasks. Each brings an `I`, in which it says what it wants and is told what
/// it got.
pub struct WaitList<I> {
    ends: Mutex<Ends<I>>,
}

/// The two ends of the chain. Both are there, or none.
struct Ends<I> {
    front: Option<NonNull<Node<I>>>,
    back: Option<NonNull<Node<I>>>,
}

struct Node<I> {
    queued: AtomicBool,
    fields: UnsafeCell<Fields<I>>,
}

struct Fields<I> {
    item: I,
    waker: Option<Waker>,
    before: Option<NonNull<Node<I>>>,
    behind: Option<NonNull<Node<I>>>,
}

// SAFETY: the pointers lead to nodes whose fields, items and wakers, are `Send`, and which are
// only looked at by whoever holds the lock that this lies in (locked).
unsafe impl<I: Send> Send for Ends<I> {}

/// Something that has a wait list in it.
pub trait Listed {
    /// What its waiters bring.
    type Item;

    /// The list.
    fn list(&self) -> &WaitList<Self::Item>;
}

impl<I> Listed for WaitList<I> {
    type Item = I;

    fn list(&self) -> &Self {
        self
    }
}

/// A shared pointer to something that has a wait list in it.
///
/// # Safety
///
/// Wherever the pointer is moved, what it points to stays where it is, and alive and shared, until
/// the pointer is dropped.
pub unsafe trait Keep: Deref<Target: Listed> {}

// SAFETY: a shared borrow is all of that for as long as it is there.
unsafe impl<T: Listed> Keep for &T {}

// SAFETY: so is a reference count of which one is ours.
unsafe impl<T: Listed> Keep for Arc<T> {}

type ItemOf<K> = <<K as Deref>::Target as Listed>::Item;

// A panic leaves no list half changed: nothing of other people's is called while it is locked.
impl<I> UnwindSafe for WaitList<I> {}
impl<I> RefUnwindSafe for WaitList<I> {}

impl<I> WaitList<I> {
    const_fn! {
        /// An empty list.
        pub const fn new() -> Self {
            Self {
                ends: Mutex::new(Ends { front: None, back: None }),
            }
        }
    }

    /// Waits for the lock, which is held for short, bounded moments only.
    pub fn lock(&self) -> Locked<'_, I> {
        Locked {
            ends: self.ends.lock(),
        }
    }
}

impl<I> fmt::Debug for WaitList<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitList").finish_non_exhaustive()
    }
}

/// A wait list, locked.
pub struct Locked<'a, I> {
    ends: MutexGuard<'a, Ends<I>>,
}

impl<I> Locked<'_, I> {
    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.ends.front.is_none()
    }

    /// Lets `f` look at what the first in the queue wants, if there is one.
    pub fn with_front<R>(&mut self, f: impl FnOnce(&mut I) -> R) -> Option<R> {
        let node = self.ends.front?;
        // SAFETY: (locked) the node is linked and we hold the lock; (pinned) so it is alive.
        Some(unsafe { node.as_ref() }.fields.with_mut(|fields| {
            // SAFETY: (locked) nobody else touches the fields, and `with_front` has `&mut self`.
            f(unsafe { &mut (*fields).item })
        }))
    }

    /// Takes the first out of the queue, after `serve` has told it what it got.
    ///
    /// `None` when nobody waits. The waker is `None` for one that is queued but was never polled.
    pub fn pop_front(&mut self, serve: impl FnOnce(&mut I)) -> Option<Option<Waker>> {
        let node = self.ends.front?;
        Some(self.serve(node, serve))
    }

    /// The same for the last in the queue.
    pub fn pop_back(&mut self, serve: impl FnOnce(&mut I)) -> Option<Option<Waker>> {
        let node = self.ends.back?;
        Some(self.serve(node, serve))
    }

    /// `node` is one of this list's ends.
    fn serve(&mut self, node: NonNull<Node<I>>, serve: impl FnOnce(&mut I)) -> Option<Waker> {
        // SAFETY: (locked, pinned) as in `with_front`: an end is linked.
        let fields = &unsafe { node.as_ref() }.fields;
        // First, so that a panic in it leaves all as it was.
        fields.with_mut(|fields| {
            // SAFETY: (locked) as in `with_front`.
            serve(unsafe { &mut (*fields).item });
        });
        // SAFETY: (locked) it is still linked.
        let waker = unsafe { self.unlink(node) };
        // SAFETY: (pinned) its owner, to drop it, waits for the lock that we hold or for the flag
        // that we clear.
        let node = unsafe { node.as_ref() };
        // Release: what `serve` and all before us did is seen by the owner that finds it down.
        node.queued.store(false, Ordering::Release);
        waker
    }

    /// Takes a node out of the chain and its waker out of the node. The flag is left up.
    ///
    /// # Safety
    ///
    /// The node is linked into this list.
    unsafe fn unlink(&mut self, node: NonNull<Node<I>>) -> Option<Waker> {
        // SAFETY: (locked, pinned) a linked node is alive, and its fields are ours.
        let (waker, before, behind) = unsafe { node.as_ref() }.fields.with_mut(|fields| unsafe {
            (
                (*fields).waker.take(),
                (*fields).before.take(),
                (*fields).behind.take(),
            )
        });
        match before {
            // SAFETY: (locked, pinned) so are its neighbours.
            Some(before) => unsafe { before.as_ref() }
                .fields
                .with_mut(|fields| unsafe { (*fields).behind = behind }),
            None => self.ends.front = behind,
        }
        match behind {
            // SAFETY: (locked, pinned) as above.
            Some(behind) => unsafe { behind.as_ref() }
                .fields
                .with_mut(|fields| unsafe { (*fields).before = before }),
            None => self.ends.back = before,
        }
        waker
    }

    /// Links a node behind all others.
    ///
    /// # Safety
    ///
    /// The node is pinned, is not linked, belongs to the caller, and takes itself out before it
    /// is dropped.
    unsafe fn link(&mut self, node: NonNull<Node<I>>, waker: Option<Waker>) {
        let last = self.ends.back.replace(node);
        // SAFETY: (pinned) the caller says so.
        let linked = unsafe { node.as_ref() };
        // SAFETY: (owned) the caller says so.
        linked.fields.with_mut(|fields| unsafe {
            (*fields).waker = waker;
            (*fields).before = last;
        });
        match last {
            // SAFETY: (locked, pinned) the last was linked.
            Some(last) => unsafe { last.as_ref() }
                .fields
                .with_mut(|fields| unsafe { (*fields).behind = Some(node) }),
            None => self.ends.front = Some(node),
        }
        // Relaxed: only the owner reads it without the lock, and that is us.
        linked.queued.store(true, Ordering::Relaxed);
    }
}

/// One task's place in a wait list, to be kept in the future that waits.
pub struct Waiter<K: Keep> {
    keep: K,
    /// The list that `keep` lent us when we were made.
    list: NonNull<WaitList<ItemOf<K>>>,
    node: Node<ItemOf<K>>,
    _pinned: PhantomPinned,
}

// SAFETY: (list) the list is shared with other threads already, and its items are `Send`; (locked,
// owned) the node is touched by one thread at a time.
unsafe impl<K: Keep + Send> Send for Waiter<K> where ItemOf<K>: Send {}

// SAFETY: through `&Waiter` one reaches nothing but `keep`.
unsafe impl<K: Keep + Sync> Sync for Waiter<K> where ItemOf<K>: Send {}

impl<K: Keep> Waiter<K> {
    /// A waiter that is not queued. Does not look at the list.
    pub fn new(keep: K, item: ItemOf<K>) -> Self {
        let list = NonNull::from(keep.list());
        Self {
            keep,
            list,
            node: Node {
                queued: AtomicBool::new(false),
                fields: UnsafeCell::new(Fields {
                    item,
                    waker: None,
                    before: None,
                    behind: None,
                }),
            },
            _pinned: PhantomPinned,
        }
    }

    /// What the list is in.
    pub fn keep(&self) -> &K {
        &self.keep
    }

    /// The item, unless the waiter is queued: then it takes [`enter`](Self::enter) to see it.
    ///
    /// Whatever was done before the waiter was served has happened before this returns.
    pub fn item(self: Pin<&mut Self>) -> Option<&mut ItemOf<K>> {
        // Acquire: pairs with the release in `serve`.
        if self.node.queued.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: (owned) the flag is down, we are the owner, and only we can put it up.
        Some(unsafe { &mut *self.node.fields.with_mut(|fields| &raw mut (*fields).item) })
    }

    /// Locks the list.
    pub fn enter(self: Pin<&mut Self>) -> Entry<'_, K> {
        let waiter = self.into_ref().get_ref();
        // SAFETY: (list) the list lies in what `keep` points to, which stays, alive and shared,
        // until we are dropped.
        let list = unsafe { waiter.list.as_ref() };
        Entry {
            locked: list.lock(),
            waiter,
        }
    }

    /// Sees to it that a queued waiter wakes this task, which may not be the one that queued it.
    /// Says whether it is still queued.
    pub fn keep_waker(mut self: Pin<&mut Self>, waker: &Waker) -> bool {
        {
            let mut entry = self.as_mut().enter();
            if !entry.is_queued() {
                return false;
            }
            if entry.with_waker(|kept| kept.as_ref().is_some_and(|kept| kept.will_wake(waker))) {
                return true;
            }
        }
        let mut other = Some(waker.clone());
        let mut entry = self.enter();
        let is_queued = entry.is_queued();
        if is_queued {
            entry.with_waker(|kept| std::mem::swap(kept, &mut other));
        }
        // The lock goes first, then the waker that is no longer wanted.
        drop(entry);
        is_queued
    }
}

impl<K: Keep> Drop for Waiter<K> {
    fn drop(&mut self) {
        // Acquire: pairs with the release in `serve`, which was then done with the node.
        if self.node.queued.load(Ordering::Acquire) {
            // SAFETY: (pinned) a waiter that is queued has been pinned, and is so until we are
            // done here: nothing moves it.
            let waker = unsafe { Pin::new_unchecked(self) }.enter().remove();
            drop(waker);
        }
    }
}

impl<K: Keep> fmt::Debug for Waiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter")
            .field("queued", &self.node.queued)
            .finish_non_exhaustive()
    }
}

/// A waiter at its list, which is locked. Dereferences to the list.
pub struct Entry<'a, K: Keep> {
    locked: Locked<'a, ItemOf<K>>,
    /// Lent by a `Pin<&mut Waiter>`, so for `'a` nobody else acts for the waiter.
    waiter: &'a Waiter<K>,
}

impl<'a, K: Keep> Entry<'a, K> {
    /// What the list is in.
    pub fn keep(&self) -> &'a K {
        self.waiter.keep()
    }

    /// Whether the waiter is in the queue.
    pub fn is_queued(&self) -> bool {
        // Relaxed: we hold the lock under which it changes.
        self.waiter.node.queued.load(Ordering::Relaxed)
    }

    /// Lets `f` look at the waiter's item.
    pub fn with_item<R>(&mut self, f: impl FnOnce(&mut ItemOf<K>) -> R) -> R {
        self.waiter.node.fields.with_mut(|fields| {
            // SAFETY: (locked, owned) we are both the owner and the holder of the lock.
            f(unsafe { &mut (*fields).item })
        })
    }

    fn with_waker<R>(&mut self, f: impl FnOnce(&mut Option<Waker>) -> R) -> R {
        self.waiter.node.fields.with_mut(|fields| {
            // SAFETY: (locked, owned) as in `with_item`.
            f(unsafe { &mut (*fields).waker })
        })
    }

    /// Queues the waiter behind all others. The waker was cloned before the list was locked.
    pub fn push_back(&mut self, waker: Option<Waker>) {
        assert!(!self.is_queued(), "a waiter waits in one place at a time");
        // SAFETY: (owned) it is not queued, as we have just looked; (pinned) our makers had it
        // pinned, and its drop takes it out.
        unsafe { self.locked.link(NonNull::from(&self.waiter.node), waker) };
    }

    /// Takes the waiter out of the queue, if it is there. The waker is to be dropped unlocked.
    #[must_use = "to be dropped when the list is no longer locked"]
    pub fn remove(&mut self) -> Option<Waker> {
        if !self.is_queued() {
            return None;
        }
        // SAFETY: (list, locked) it is queued, and in no other list than this.
        let waker = unsafe { self.locked.unlink(NonNull::from(&self.waiter.node)) };
        // Relaxed: only the owner reads it without the lock, and that is us.
        self.waiter.node.queued.store(false, Ordering::Relaxed);
        waker
    }
}

impl<'a, K: Keep> Deref for Entry<'a, K> {
    type Target = Locked<'a, ItemOf<K>>;

    fn deref(&self) -> &Self::Target {
        &self.locked
    }
}

impl<K: Keep> std::ops::DerefMut for Entry<'_, K> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.locked
    }
}
