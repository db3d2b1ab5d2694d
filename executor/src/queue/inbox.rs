//! Tasks from other threads: an intrusive stack that is always taken whole.
//!
//! Any thread pushes with one compare-and-swap; a taker detaches everything with another and turns
//! the batch around, so that tasks come out in the order they went in. Taking all at once is what
//! makes the stack safe without counters: a taker never follows a link before the whole chain is
//! its own, so it does not matter whether the head it saw had left and come back in between.
//!
//! Who owns what:
//! 1. a pushed task belongs to the inbox, its link field with it;
//! 2. from a successful take on, chain and links belong to the taker;
//! 3. once closed, an inbox stays closed: what is pushed comes back to the pusher, so that no task
//!    is left in a box that nobody empties any more.
//!
//! Memory order: a push releases, a take acquires. Every change of the head is a read-modify-write,
//! so a take synchronizes with *all* pushes below the head it took, not only with the last.
//! That covers the links, and what the one who pushed has done to the task: a task that has yielded
//! says nothing of it in its own state word.
//!
//! The stack is Treiber's (1986), restricted to take-all. Modelled in `loom-tests/tests/inbox.rs`.

#![expect(
    unsafe_code,
    reason = "tasks travel as raw pointers through one atomic word"
)]

use crate::task::{Header, Schedule, Stealable, Task};
use pintle_sync::shim::sync::atomic::{AtomicPtr, Ordering};
use std::fmt;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

/// The head of a closed inbox. Never dereferenced, and no header has this address: headers are
/// aligned to more than one byte.
const CLOSED: *mut Header = ptr::without_provenance_mut(1);

/// See the [module's documentation](self).
pub struct Inbox<S: Schedule> {
    head: AtomicPtr<Header>,
    holds: PhantomData<Task<S>>,
}

// SAFETY: (hand-over) the inbox is shared so that tasks can be handed from one thread to another.
// A stealable task may be run anywhere. Otherwise only the task's own worker gets it back
// out: `take_all` asks for stealable ones, and the callers of `take_all_pinned` and `close_pinned`
// promise to be that worker.
unsafe impl<S: Schedule> Send for Inbox<S> {}
// SAFETY: as above.
unsafe impl<S: Schedule> Sync for Inbox<S> {}

impl<S: Schedule> Default for Inbox<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Schedule> Inbox<S> {
    /// Makes an open, empty inbox.
    pub fn new() -> Self {
        Self {
            head: AtomicPtr::new(ptr::null_mut()),
            holds: PhantomData,
        }
    }

    /// Puts a task in, from any thread; gives it back if the inbox is closed.
    pub fn push(&self, task: Task<S>) -> Result<(), Task<S>> {
        let node = task.into_raw();
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            if head == CLOSED {
                // SAFETY: (round trip) `node` came from `into_raw` above and was not published.
                return Err(unsafe { Task::from_raw(node) });
            }
            // SAFETY: (exclusive link) until the exchange below succeeds the task is ours alone,
            // and the link belongs to whoever holds the task.
            unsafe { Header::set_next(node, NonNull::new(head)) };
            // Release: the link just written is what a taker follows.
            match self.head.compare_exchange_weak(
                head,
                node.as_ptr(),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(()),
                Err(now) => head = now,
            }
        }
    }

    /// Whether a take would find nothing. May be out of date as soon as it is known.
    pub fn is_empty(&self) -> bool {
        let head = self.head.load(Ordering::Relaxed);
        head.is_null() || head == CLOSED
    }

    /// Takes everything, from any thread: these tasks may run anywhere.
    pub fn take_all(&self) -> Batch<S>
    where
        S: Schedule<Kind = Stealable>,
    {
        self.detach(ptr::null_mut())
    }

    /// Takes everything and refuses whatever comes later.
    pub fn close(&self) -> Batch<S>
    where
        S: Schedule<Kind = Stealable>,
    {
        self.detach(CLOSED)
    }

    /// Takes everything.
    ///
    /// # Safety
    ///
    /// The calling thread is the worker that these tasks are pinned to.
    pub unsafe fn take_all_pinned(&self) -> Batch<S> {
        self.detach(ptr::null_mut())
    }

    /// Takes everything and refuses whatever comes later.
    ///
    /// # Safety
    ///
    /// The calling thread is the worker that these tasks are pinned to.
    pub unsafe fn close_pinned(&self) -> Batch<S> {
        self.detach(CLOSED)
    }

    fn detach(&self, leave: *mut Header) -> Batch<S> {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            if head == CLOSED || head == leave {
                return Batch {
                    next: None,
                    holds: PhantomData,
                };
            }
            // Acquire: pairs with the release of every push in the chain.
            match self
                .head
                .compare_exchange_weak(head, leave, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => return Batch::reversed(NonNull::new(head)),
                Err(now) => head = now,
            }
        }
    }
}

impl<S: Schedule> Drop for Inbox<S> {
    fn drop(&mut self) {
        drop(self.detach(CLOSED));
    }
}

impl<S: Schedule> fmt::Debug for Inbox<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("is_empty", &self.is_empty())
            .finish()
    }
}

/// What a take found, oldest first.
pub struct Batch<S: Schedule> {
    next: Option<NonNull<Header>>,
    holds: PhantomData<Task<S>>,
}

impl<S: Schedule> Batch<S> {
    fn reversed(mut newest: Option<NonNull<Header>>) -> Self {
        let mut oldest = None;
        while let Some(node) = newest {
            // SAFETY: (rule 2) the detached chain is this taker's, links included.
            unsafe {
                newest = Header::next(node);
                Header::set_next(node, oldest);
            }
            oldest = Some(node);
        }
        Batch {
            next: oldest,
            holds: PhantomData,
        }
    }
}

impl<S: Schedule> Iterator for Batch<S> {
    type Item = Task<S>;

    fn next(&mut self) -> Option<Task<S>> {
        let node = self.next?;
        // SAFETY: (rule 2) the chain is ours; each node came from `Task::<S>::into_raw` in `push`
        // and leaves the chain here, once.
        unsafe {
            self.next = Header::next(node);
            Some(Task::from_raw(node))
        }
    }
}

impl<S: Schedule> Drop for Batch<S> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

impl<S: Schedule> fmt::Debug for Batch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("is_empty", &self.next.is_none())
            .finish()
    }
}
