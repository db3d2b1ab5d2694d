//! The state of a task: one word, and every way it may change.
//!
//! No other file of this module names a memory ordering. Each transition is one read-modify-write,
//! or a look, and answers with what the caller has to do next.
//!
//! ```text
//! bit  name           set by                           cleared by                     while it is set
//! ---  -------------  -------------------------------  -----------------------------  -------------------------------------
//!  0   CLAIMED        (1) new, (5) wake, (6) abort,    (3) end_poll, (7) complete     the future is somebody's: of the one
//!                     (8) shutdown                                                    `Task`, or of who runs it or drops it
//!  1   WOKEN          (5) wake                         (2) start_poll, (7) complete   a poll begins after this one
//!  2   COMPLETE       (7) complete                     never                          the future is gone
//!  3   CANCELLED      (6) abort, (8) shutdown          never                          no poll begins any more, and no poll
//!                                                                                     ends in (3) or (4)
//!  4   JOIN_INTEREST  (1) new                          (11) drop_join                 a `JoinHandle` exists
//!  5   JOIN_WAKER     (9) set_join_waker               (10) unset_join_waker,         the join waker is (7)'s to take
//!                                                      (11) drop_join
//!  6…  references     counted by everyone
//!
//!            (1) new
//!               │               (4) end_poll: Requeue, no change
//!               ▼             ┌────────┐
//!        ┌─────────────┐ ◀────┘        │
//!        │   CLAIMED   │ ──────────────┘
//!        │  queued or  │ ◀─ (2) start_poll: - WOKEN
//!        │   running   │ ◀─ (5) wake: + WOKEN
//!        │             │ ◀─ (6) abort, (8) shutdown: + CANCELLED
//!        └─────────────┘
//!   (5) wake   ▲   │  │
//!   (6) abort  │   │  └──────── (7) complete ────────▶ COMPLETE
//! (8) shutdown │   ▼
//!              │  (3) end_poll: Park
//!              │   │
//!            ┌────────┐
//!            │  idle  │
//!            └────────┘
//! ```
//!
//! Idle means that neither CLAIMED nor COMPLETE is set. COMPLETE excludes CLAIMED; WOKEN is set only
//! with CLAIMED; an idle task is never CANCELLED.
//!
//! Whether a claimed task waits in a queue or is being polled, the word does not say: nobody but the
//! claimant would act on it, and the claimant knows. So a poll begins without a write, unless it has
//! to note that the wakes so far are answered; and a task that yields stays as it is, and costs the
//! word nothing. Models: `loom-tests/tests/task_*.rs`.

use std::fmt;

use pintle_sync::shim::sync::atomic::{AtomicUsize, Ordering, fence};

const CLAIMED: usize = 1 << 0;
const WOKEN: usize = 1 << 1;
const COMPLETE: usize = 1 << 2;
const CANCELLED: usize = 1 << 3;
const JOIN_INTEREST: usize = 1 << 4;
const JOIN_WAKER: usize = 1 << 5;
const REF_ONE: usize = 1 << 6;

const FLAGS: usize = CLAIMED | WOKEN | COMPLETE | CANCELLED | JOIN_INTEREST | JOIN_WAKER;

/// Beyond half the range nobody counts on: between this and an overflow there is room for more
/// threads than can exist, each of them about to panic.
const REFS_LIMIT: usize = usize::MAX / REF_ONE / 2;

/// The references a task is born with: its first `Task`'s, its `JoinHandle`'s, and the one that
/// the registry will hold when the task first goes idle. The last is made here, and kept by
/// whoever runs the task until then, because counting it now costs nothing.
const BORN: usize = CLAIMED | JOIN_INTEREST | (3 * REF_ONE);

// The picture cannot drift from the code.
const _: () = {
    assert!(
        FLAGS == REF_ONE - 1,
        "flags and references share no bit and leave none unused"
    );
    assert!(BORN & FLAGS == CLAIMED | JOIN_INTEREST);
};

/// The word.
pub(super) struct State(AtomicUsize);

/// One value of the word.
#[derive(Clone, Copy)]
struct Word(usize);

/// What to do after [`State::start_poll`].
#[must_use]
pub(super) enum StartPoll {
    /// Poll the future.
    Poll,
    /// Drop the future and complete.
    Cancel,
}

/// What to do after [`State::end_poll`].
#[must_use]
pub(super) enum EndPoll {
    /// Nothing: the task is idle, and the runner's reference is gone.
    Park,
    /// Nothing has changed: reschedule the task. The runner's reference is its `Task`'s again.
    Requeue,
    /// Nothing has changed. Drop the future and complete.
    Cancel,
    /// Nothing has changed. Give the registry its reference, then ask again.
    Bind,
}

/// What to do after [`State::complete`].
#[must_use]
pub(super) enum Complete {
    /// Nothing: the references are released.
    Left,
    /// The references were the last: free the task.
    Free,
    /// Take and wake the join waker, then release the references.
    WakeJoiner,
    /// The handle is gone, so the output is still the runner's: drop it, then release the
    /// references.
    DropOutput,
}

/// What to do after a wake or an abort.
#[must_use]
pub(super) enum Wake {
    /// Schedule the task. Its new `Task` has a reference: one that was made, or that of the waker
    /// which was used up.
    Schedule,
    /// Nothing.
    Nothing,
    /// The waker's reference was the last: free the task.
    Free,
}

/// What to do after [`State::shutdown`].
#[must_use]
pub(super) enum Shutdown {
    /// The task was idle and is now the caller's, on the registry's reference: drop the future and
    /// complete.
    Take,
    /// Nothing: someone else will, or has. The registry's reference is gone.
    Left,
    /// The same, and the registry's reference was the last: free the task.
    Free,
}

/// What to do after [`State::set_join_waker`] or [`State::unset_join_waker`].
#[must_use]
pub(super) enum JoinWaker {
    /// The bit is changed.
    Done,
    /// Nothing has changed, the task is complete: take the output.
    Complete,
}

/// What to do after [`State::drop_join`].
#[must_use]
pub(super) enum DropJoin {
    /// Nothing: the handle's reference is gone.
    Left,
    /// Drop the join waker, then release the handle's reference.
    DropWaker,
    /// Drop the output, if it was not taken, then release the handle's reference.
    DropOutput,
}

impl State {
    /// (1) The state of a task that was just made.
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(BORN))
    }

    /// (2) The holder of the `Task` begins to run it, or to cancel it.
    pub(super) fn start_poll(&self) -> StartPoll {
        // Acquire: the future as the last poll left it (3), of which the claim (5) that made this
        // `Task` may not know: it may have come and gone since the claimant's load.
        let mut word = Word(self.0.load(Ordering::Acquire));
        debug_assert!(word.is(CLAIMED) && !word.is(COMPLETE), "{word:?}");
        if word.is(WOKEN) {
            // Nobody else clears it. Acquire: what was done before each of the wakes (5).
            word = Word(self.0.fetch_sub(WOKEN, Ordering::Acquire));
        }
        if word.is(CANCELLED) {
            StartPoll::Cancel
        } else {
            StartPoll::Poll
        }
    }

    /// (3, 4) The poll returned `Pending`. `woke_itself` says whether the poll has woken its own
    /// task, which only its thread knows; `bound`, whether the registry has its reference.
    pub(super) fn end_poll(&self, woke_itself: bool, bound: bool) -> EndPoll {
        // Release: hands the future to the next claimant (5, 6, 8).
        self.transition(Ordering::Release, |word| {
            debug_assert!(word.is(CLAIMED) && !word.is(COMPLETE), "{word:?}");
            if word.is(CANCELLED) {
                (EndPoll::Cancel, None)
            } else if woke_itself || word.is(WOKEN) {
                (EndPoll::Requeue, None)
            } else if !bound {
                (EndPoll::Bind, None)
            } else {
                // Never the last reference: the registry has one.
                debug_assert!(word.refs() > 1, "{word:?}");
                (EndPoll::Park, Some(word.without(CLAIMED).release(1)))
            }
        })
    }

    /// (5) A wake through a borrowed waker.
    pub(super) fn wake_by_ref(&self) -> Wake {
        // Release, and a write even when nothing changes: the next poll must see what was done
        // before this wake, also when an earlier wake has scheduled it. Acquire: the claim brings the
        // queue's link (rule 5), which others may have used since the load.
        self.transition(Ordering::AcqRel, |word| {
            if word.is(COMPLETE) {
                (Wake::Nothing, None)
            } else if word.is(CLAIMED) {
                (Wake::Nothing, Some(word.with(WOKEN)))
            } else {
                (Wake::Schedule, Some(word.with(CLAIMED).retain(1)))
            }
        })
    }

    /// (5) A wake that uses the waker up: its reference is gone, or the new `Task`'s.
    pub(super) fn wake(&self) -> Wake {
        // Release: as in `wake_by_ref`, and as in `release`. Acquire: as in `wake_by_ref`.
        self.transition(Ordering::AcqRel, |word| {
            if word.is(COMPLETE) {
                let left = word.release(1);
                (
                    if left.refs() == 0 {
                        Wake::Free
                    } else {
                        Wake::Nothing
                    },
                    Some(left),
                )
            } else if word.is(CLAIMED) {
                // Never the last reference: the claimant has one.
                (Wake::Nothing, Some(word.with(WOKEN).release(1)))
            } else {
                (Wake::Schedule, Some(word.with(CLAIMED)))
            }
        })
    }

    /// (6) The task shall be cancelled by whoever runs it next.
    pub(super) fn abort(&self) -> Wake {
        // Release: the future's drop sees what was done before the abort. Acquire: as in `wake_by_ref`.
        self.transition(Ordering::AcqRel, |word| {
            if word.any(COMPLETE | CANCELLED) {
                (Wake::Nothing, None)
            } else if word.is(CLAIMED) {
                (Wake::Nothing, Some(word.with(CANCELLED)))
            } else {
                (
                    Wake::Schedule,
                    Some(word.with(CANCELLED | CLAIMED).retain(1)),
                )
            }
        })
    }

    /// (7) The future is gone. `kept` says whether an output was stored. Gives up the runner's
    /// `refs` references, unless the answer leaves that for later.
    pub(super) fn complete(&self, refs: usize, kept: bool) -> Complete {
        // Release: hands the output to the handle; and as in `release`. Acquire: the join waker,
        // from (9), which may have been replaced since the load.
        self.transition(Ordering::AcqRel, |word| {
            debug_assert!(word.is(CLAIMED) && !word.is(COMPLETE), "{word:?}");
            let done = word.without(CLAIMED | WOKEN).with(COMPLETE);
            if word.is(JOIN_WAKER) {
                (Complete::WakeJoiner, Some(done))
            } else if kept && !word.is(JOIN_INTEREST) {
                (Complete::DropOutput, Some(done))
            } else {
                let left = done.release(refs);
                (
                    if left.refs() == 0 {
                        Complete::Free
                    } else {
                        Complete::Left
                    },
                    Some(left),
                )
            }
        })
    }

    /// (8) The registry gives the task up.
    pub(super) fn shutdown(&self) -> Shutdown {
        // Acquire: the future as the last poll left it (3), which may have come and gone since the
        // load. Release: as in `release`.
        self.transition(Ordering::AcqRel, |word| {
            if word.is(COMPLETE) {
                let left = word.release(1);
                (
                    if left.refs() == 0 {
                        Shutdown::Free
                    } else {
                        Shutdown::Left
                    },
                    Some(left),
                )
            } else if word.is(CLAIMED) {
                // Never the last reference: the claimant has one.
                (Shutdown::Left, Some(word.with(CANCELLED).release(1)))
            } else {
                (Shutdown::Take, Some(word.with(CLAIMED | CANCELLED)))
            }
        })
    }

    /// (9) The handle has stored a join waker.
    pub(super) fn set_join_waker(&self) -> JoinWaker {
        // Release: hands the waker to (7).
        self.transition(Ordering::Release, |word| {
            debug_assert!(word.is(JOIN_INTEREST), "{word:?}");
            if word.is(COMPLETE) {
                (JoinWaker::Complete, None)
            } else {
                debug_assert!(!word.is(JOIN_WAKER), "{word:?}");
                (JoinWaker::Done, Some(word.with(JOIN_WAKER)))
            }
        })
    }

    /// (10) The handle wants its join waker back, to replace it.
    pub(super) fn unset_join_waker(&self) -> JoinWaker {
        // Relaxed: the waker comes back to the one that wrote it.
        self.transition(Ordering::Relaxed, |word| {
            debug_assert!(word.is(JOIN_INTEREST) && word.is(JOIN_WAKER), "{word:?}");
            if word.is(COMPLETE) {
                (JoinWaker::Complete, None)
            } else {
                (JoinWaker::Done, Some(word.without(JOIN_WAKER)))
            }
        })
    }

    /// (11) The handle is dropped.
    pub(super) fn drop_join(&self) -> DropJoin {
        // Release: as in `release`.
        self.transition(Ordering::Release, |word| {
            debug_assert!(word.is(JOIN_INTEREST), "{word:?}");
            if word.is(COMPLETE) {
                return (DropJoin::DropOutput, None);
            }
            let left = word.without(JOIN_INTEREST | JOIN_WAKER);
            let (answer, next) = match word.is(JOIN_WAKER) {
                true => (DropJoin::DropWaker, left),
                // Never the last reference: a task that is not complete is queued, running or
                // bound, and each of these has one.
                false => (DropJoin::Left, left.release(1)),
            };
            (answer, Some(next))
        })
    }

    /// Whether the future is gone. After `true` the output is the handle's.
    pub(super) fn is_complete(&self) -> bool {
        // Acquire: the output, from (7).
        Word(self.0.load(Ordering::Acquire)).is(COMPLETE)
    }

    /// Whether a handle may still want the output. `false` is final; `true` may be out of date.
    pub(super) fn is_joined(&self) -> bool {
        Word(self.0.load(Ordering::Relaxed)).is(JOIN_INTEREST)
    }

    /// Counts one more reference; the caller has one.
    ///
    /// # Panics
    ///
    /// When half of all countable references exist, which takes as many forgotten ones. The count
    /// is then as it was.
    pub(super) fn retain(&self) {
        let before = Word(self.0.fetch_add(REF_ONE, Ordering::Relaxed));
        debug_assert!(before.refs() > 0, "{before:?}");
        if before.refs() >= REFS_LIMIT {
            self.0.fetch_sub(REF_ONE, Ordering::Relaxed);
            panic!("too many wakers or abort handles of one task; some code forgets them");
        }
    }

    /// Gives `refs` references up. `true`: they were the last, free the task.
    #[must_use]
    pub(super) fn release(&self, refs: usize) -> bool {
        // Release: what was done with the reference is done before the task is freed.
        let before = Word(self.0.fetch_sub(refs * REF_ONE, Ordering::Release));
        debug_assert!(before.refs() >= refs, "{before:?}");
        let last = before.refs() == refs;
        if last {
            debug_assert!(before.is(COMPLETE), "{before:?}");
            // Acquire: what was done with all other references.
            fence(Ordering::Acquire);
        }
        last
    }

    /// One read-modify-write, or, if `f` answers without a new word, none.
    fn transition<A>(&self, success: Ordering, mut f: impl FnMut(Word) -> (A, Option<Word>)) -> A {
        // Acquire: the answer may be that something is the caller's now. The output, if the word
        // is left as it is. Or the task, to be freed, if the reference just released was the last:
        // when only the caller has one, the word that was loaded is the word that is replaced.
        // (Otherwise it may have changed and changed back, which is for `success` to care about.)
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            let (answer, next) = f(Word(word));
            let Some(Word(next)) = next else {
                return answer;
            };
            match self
                .0
                .compare_exchange_weak(word, next, success, Ordering::Acquire)
            {
                Ok(_) => return answer,
                Err(newer) => word = newer,
            }
        }
    }
}

impl Word {
    fn is(self, flag: usize) -> bool {
        self.any(flag)
    }

    fn any(self, flags: usize) -> bool {
        self.0 & flags != 0
    }

    fn with(self, flags: usize) -> Self {
        Self(self.0 | flags)
    }

    fn without(self, flags: usize) -> Self {
        Self(self.0 & !flags)
    }

    fn refs(self) -> usize {
        self.0 / REF_ONE
    }

    fn retain(self, refs: usize) -> Self {
        Self(self.0 + refs * REF_ONE)
    }

    fn release(self, refs: usize) -> Self {
        debug_assert!(self.refs() >= refs, "{self:?}");
        Self(self.0 - refs * REF_ONE)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (flag, name) in [
            (CLAIMED, "CLAIMED "),
            (WOKEN, "WOKEN "),
            (COMPLETE, "COMPLETE "),
            (CANCELLED, "CANCELLED "),
            (JOIN_INTEREST, "JOIN_INTEREST "),
            (JOIN_WAKER, "JOIN_WAKER "),
        ] {
            if self.is(flag) {
                f.write_str(name)?;
            }
        }
        write!(f, "refs={}", self.refs())
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Word(self.0.load(Ordering::Relaxed)).fmt(f)
    }
}
