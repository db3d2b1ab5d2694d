//! The batch semaphore: a count of permits and a wait list, on which the public
//! [`Semaphore`](super::Semaphore), the locks and the bounded channel stand.
//!
//! It belongs to no thread. All of it is in one word and one list:
//!
//! ```text
//!   word:  permits ───────────────────────────┬─ WAITED ─┬─ CLOSED ─┐
//!          usize::BITS - 2 bits               │    1     │    1     │
//! ```
//!
//! The rules:
//!
//! 1. While `WAITED` is set, somebody is in the list, there are **no permits** in the word, and
//!    the word changes only under the list's lock. While it is clear, nobody is in the list.
//! 2. `CLOSED` is never cleared. Once it is set, nobody is in the list.
//! 3. A waiter that is in the list holds fewer permits than it wants. One that was taken out of it
//!    holds what it wanted, or the semaphore was closed.
//!
//! So taking and giving back are one compare-and-swap each as long as nobody waits. Who finds too
//! few permits takes those there are, by rule 1, and queues for the rest; from then on what is
//! given back goes to the first in the queue until it has all it wants (so that many small wishes
//! never starve a big one), and nobody who comes later can overtake, since the word is empty.
//! A waiter that gives up hands what it holds to those behind it.
//!
//! The idea that a waiter collects its permits while it queues is that of tokio's semaphore.
//!
//! Tested in `executor/sync/tests/cases/semaphore.rs` (also against a model, by proptest) and in
//! `loom-tests/tests/sync_semaphore.rs`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::{AcquireError, TryAcquireError};
use crate::budget;
use crate::shim::sync::atomic::{AtomicUsize, Ordering};
use crate::wait_list::{Listed, Locked, WaitList, Waiter};
use crate::wakers::Wakers;

const CLOSED: usize = 0b01;
const WAITED: usize = 0b10;
const SHIFT: u32 = 2;

/// The most permits there can be.
pub(crate) const MAX_PERMITS: usize = usize::MAX >> 3;

const _: () = assert!(MAX_PERMITS.leading_zeros() >= SHIFT);

/// A count of permits, and those who wait for some.
pub(crate) struct BatchSemaphore {
    word: AtomicUsize,
    waiters: WaitList<Claim>,
}

/// What a waiter wants and what it has of it so far.
#[derive(Debug)]
pub struct Claim {
    wanted: usize,
    held: usize,
}

impl BatchSemaphore {
    const_fn! {
        /// A semaphore with that many permits.
        ///
        /// # Panics
        ///
        /// Above [`MAX_PERMITS`].
        #[track_caller]
        pub(crate) const fn new(permits: usize) -> Self {
            assert!(permits <= MAX_PERMITS, "a semaphore holds at most MAX_PERMITS permits");
            Self {
                word: AtomicUsize::new(permits << SHIFT),
                waiters: WaitList::new(),
            }
        }
    }

    const_fn! {
        /// A semaphore that is closed.
        pub(crate) const fn closed() -> Self {
            Self {
                word: AtomicUsize::new(CLOSED),
                waiters: WaitList::new(),
            }
        }
    }

    /// How many permits anyone may take now.
    pub(crate) fn available_permits(&self) -> usize {
        // Acquire: who finds a permit back may look at what was done under it, as with `get_mut`.
        self.word.load(Ordering::Acquire) >> SHIFT
    }

    /// Whether [`close`](Self::close) was called.
    pub(crate) fn is_closed(&self) -> bool {
        // Acquire: what the closer did before is seen by who finds the semaphore closed.
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Takes permits if they are there and nobody waits.
    pub(crate) fn try_acquire(&self, wanted: usize) -> Result<(), TryAcquireError> {
        // Acquire, here and when the exchange fails: as in `is_closed`.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if word & CLOSED != 0 {
                return Err(TryAcquireError::Closed);
            }
            if word >> SHIFT < wanted {
                return Err(TryAcquireError::NoPermits);
            }
            match self.word.compare_exchange_weak(
                word,
                word - (wanted << SHIFT),
                // Acquire: what was done under these permits happened before they were given back.
                Ordering::Acquire,
                Ordering::Acquire,
            ) {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// Waits for that many permits, in turn.
    pub(crate) fn acquire(&self, wanted: usize) -> Acquire<'_> {
        Acquire {
            waiter: Waiter::new(self, Claim { wanted, held: 0 }),
            stage: Stage::New,
        }
    }

    /// Gives permits back, or adds new ones: to those who wait, in turn, then to the word.
    ///
    /// # Panics
    ///
    /// When there would be more than [`MAX_PERMITS`].
    pub(crate) fn add_permits(&self, added: usize) {
        if added == 0 || self.try_add(added) {
            return;
        }
        assert!(
            added <= MAX_PERMITS,
            "adding {added} permits would exceed Semaphore::MAX_PERMITS"
        );
        let mut wakers = Wakers::new();
        self.serve(&mut self.waiters.lock(), added, &mut wakers);
    }

    /// Adds permits to the word, unless somebody waits for them.
    fn try_add(&self, added: usize) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while word & WAITED == 0 {
            assert!(
                added <= MAX_PERMITS - (word >> SHIFT),
                "adding {added} permits to {} would exceed Semaphore::MAX_PERMITS",
                word >> SHIFT
            );
            match self.word.compare_exchange_weak(
                word,
                word + (added << SHIFT),
                // Release: what we did under these permits is seen by who takes them.
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Hands `added` permits to the waiters, in turn, and what is left to the word.
    fn serve(&self, waiters: &mut Locked<'_, Claim>, mut added: usize, wakers: &mut Wakers) {
        // With nothing to hand out this still tends to rule 1, after a waiter has left.
        while let Some(full) = waiters.with_front(|claim| {
            let part = added.min(claim.wanted - claim.held);
            claim.held += part;
            added -= part;
            claim.held == claim.wanted
        }) {
            if !full {
                return;
            }
            wakers.push(waiters.pop_front(|_| {}).flatten());
        }
        // Relaxed: if it is set, it was set under the lock that we hold.
        if self.word.load(Ordering::Relaxed) & WAITED == 0 {
            let fits = self.try_add(added);
            debug_assert!(fits, "WAITED is set under the lock only");
            return;
        }
        // By rule 1 this writes over an empty word that nobody else changes. Release: as in
        // `try_add`, for us and for all who gave permits to the waiters before us, under the lock.
        self.word.store(added << SHIFT, Ordering::Release);
    }

    /// Takes up to that many permits away for good, and says how many.
    pub(crate) fn forget_permits(&self, most: usize) -> usize {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let forgotten = most.min(word >> SHIFT);
            // Acquire: as in `try_acquire`.
            match self.word.compare_exchange_weak(
                word,
                word - (forgotten << SHIFT),
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return forgotten,
                Err(now) => word = now,
            }
        }
    }

    /// Turns away all who wait and all who will come. Permits can still be given back.
    ///
    /// Who waited is woken when what is returned is dropped, which is for whoever must do the first
    /// under a lock and must not do the second there.
    pub(crate) fn close(&self) -> Wakers {
        let mut wakers = Wakers::new();
        let mut waiters = self.waiters.lock();
        // Release: as said in `is_closed`. The permits stay: with WAITED there are none.
        let before = self.word.fetch_or(CLOSED, Ordering::Release);
        if before & WAITED != 0 {
            while let Some(waker) = waiters.pop_front(|_| {}) {
                wakers.push(waker);
            }
            // By rule 1 the word is ours, and it is as we left it. Release: as above, since this
            // is what will be read.
            self.word.store(CLOSED, Ordering::Release);
        }
        drop(waiters);
        wakers
    }
}

impl Listed for BatchSemaphore {
    type Item = Claim;

    fn list(&self) -> &WaitList<Claim> {
        &self.waiters
    }
}

impl fmt::Debug for BatchSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchSemaphore")
            .field("permits", &self.available_permits())
            .field("closed", &self.is_closed())
            .finish()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not polled yet.
    New,
    /// In the queue, or out of it, with all that it wants or with the semaphore closed.
    Claimed,
    /// The permits are the caller's.
    Done,
}

pin_project! {
    /// Waits for permits. Whoever awaits it owns the permits then, and gives them back by
    /// [`BatchSemaphore::add_permits`]; dropped before that, it gives back what it holds.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Acquire<'a> {
        #[pin]
        waiter: Waiter<&'a BatchSemaphore>,
        stage: Stage,
    }

    impl PinnedDrop for Acquire<'_> {
        fn drop(this: Pin<&mut Self>) {
            if this.stage == Stage::Claimed {
                this.give_up();
            }
        }
    }
}

impl Acquire<'_> {
    /// Leaves the queue, and hands what was held to those behind.
    fn give_up(self: Pin<&mut Self>) {
        let mut waiter = self.project().waiter;
        let semaphore = *waiter.keep();
        if let Some(claim) = waiter.as_mut().item() {
            semaphore.add_permits(std::mem::take(&mut claim.held));
            return;
        }
        let mut wakers = Wakers::new();
        let mut entry = waiter.enter();
        // Served between the look and the lock or not: what it holds goes to the others.
        let waker = entry.remove();
        let held = entry.with_item(|claim| std::mem::take(&mut claim.held));
        semaphore.serve(&mut entry, held, &mut wakers);
        drop(entry);
        drop(waker);
    }

    /// Takes the permits, or what there are and a place in the queue.
    fn start(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let this = self.project();
        let mut waiter = this.waiter;
        let semaphore = *waiter.keep();
        let claim = waiter.as_mut().item().expect("not queued yet");
        let wanted = claim.wanted;
        match semaphore.try_acquire(wanted) {
            Ok(()) => {
                claim.held = wanted;
                *this.stage = Stage::Claimed;
                return Poll::Ready(Ok(()));
            }
            Err(TryAcquireError::Closed) => return Poll::Ready(Err(AcquireError::closed())),
            Err(TryAcquireError::NoPermits) => {}
        }
        let waker = cx.waker().clone();
        let mut entry = waiter.enter();
        let mut word = semaphore.word.load(Ordering::Relaxed);
        loop {
            let permits = word >> SHIFT;
            let (next, held) = if word & CLOSED != 0 {
                (word, 0)
            } else if permits >= wanted {
                (word - (wanted << SHIFT), wanted)
            } else {
                (WAITED, permits)
            };
            // Acquire: as in `try_acquire`, for all or for a part, and as in `is_closed`.
            if let Err(now) = semaphore.word.compare_exchange_weak(
                word,
                next,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                word = now;
                continue;
            }
            if word & CLOSED != 0 {
                return Poll::Ready(Err(AcquireError::closed()));
            }
            entry.with_item(|claim| claim.held = held);
            *this.stage = Stage::Claimed;
            if held == wanted {
                return Poll::Ready(Ok(()));
            }
            entry.push_back(Some(waker));
            return Poll::Pending;
        }
    }

    /// Looks what has become of the claim.
    fn look(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        let mut waiter = self.project().waiter;
        if waiter.as_mut().item().is_none() && waiter.as_mut().keep_waker(cx.waker()) {
            return Poll::Pending;
        }
        let claim = waiter.item().expect("taken out of the queue");
        Poll::Ready(match claim.held == claim.wanted {
            true => Ok(()),
            false => Err(AcquireError::closed()),
        })
    }
}

impl Future for Acquire<'_> {
    type Output = Result<(), AcquireError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(match self.stage {
            Stage::New => self.as_mut().start(cx),
            Stage::Claimed => self.as_mut().look(cx),
            Stage::Done => panic!("an acquire is awaited once"),
        });
        // Last, so that a task that is told to yield does not lose its turn by that.
        ready!(budget::poll_proceed(cx)).made_progress();
        if result.is_ok() {
            *self.project().stage = Stage::Done;
        }
        Poll::Ready(result)
    }
}
