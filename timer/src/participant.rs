//! Who takes part in a paused clock, and when it may jump.
//!
//! Tests want paused time to skip what nobody does anything in. So when *all* threads that could do
//! something are asleep, the clock moves to the earliest deadline among theirs. Every worker is a
//! participant; the roll of them lies under the clock's lock.
//!
//! 1. A participant is idle from its own word that it is about to sleep until somebody unparks it
//!    or it wakes by itself. In between it is busy, and time stands still.
//! 2. **A wake in flight counts as busy.** Whoever flips a participant's sleep flag calls
//!    [`Participant::notify`] before it goes idle itself. If the participant has not said yet that
//!    it is idle, the note is kept and its next `idle` answers "do not sleep".
//!    Who finds the flag down brings no note. So a participant may count as idle only while its flag
//!    is up: it raises the flag *before* it calls `idle`, and lowers it *after* it calls `busy`.
//! 3. A jump makes those whom it rouses busy on their behalf. So there is no second jump before
//!    they have run.
//! 4. While the clock is not paused nothing is recorded; pausing makes everyone busy and unparks
//!    them, and they say anew what they wait for.

use crate::{Clock, Instant};
use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::atomic::{AtomicBool, Ordering::Relaxed};
use slab::Slab;
use std::fmt;
use std::sync::Arc;
use std::task::Waker;

/// The participants, and how many guards forbid a jump.
#[derive(Debug, Default)]
pub(crate) struct Roll {
    members: Slab<Member>,
    inhibitors: usize,
}

#[derive(Debug)]
struct Member {
    unpark: Waker,
    news: Option<News>,
    state: State,
}

/// Asks whether something has happened that the participant's thread has not seen yet.
#[derive(Clone)]
struct News(Arc<dyn Fn() -> bool + Send + Sync>);

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("News")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Busy,
    /// Busy, and has been notified since it last looked for work.
    Notified,
    /// Asleep, with this deadline.
    Idle(Option<Instant>),
}

impl Roll {
    /// Everyone must go to sleep anew.
    pub(crate) fn rouse_all(&mut self, batch: &mut WakeBatch) {
        for (_, member) in &mut self.members {
            member.state = State::Busy;
            batch.push(member.unpark.clone());
        }
    }

    pub(crate) fn rouse_due(&mut self, now: Instant, batch: &mut WakeBatch) {
        self.rouse_due_but(None, now, batch);
    }

    pub(crate) fn rouse_due_but(
        &mut self,
        awake: Option<usize>,
        now: Instant,
        batch: &mut WakeBatch,
    ) {
        for (key, member) in &mut self.members {
            if matches!(member.state, State::Idle(Some(next)) if next <= now) {
                member.state = State::Busy;
                if awake != Some(key) {
                    batch.push(member.unpark.clone());
                }
            }
        }
    }

    /// The earliest deadline, if everybody is idle and nothing inhibits.
    pub(crate) fn may_jump_to(&self) -> Option<Instant> {
        if self.inhibitors > 0 {
            return None;
        }
        let mut earliest = None;
        for (_, member) in &self.members {
            let State::Idle(next) = member.state else {
                return None;
            };
            earliest = match (earliest, next) {
                (Some(earliest), Some(next)) => Some(next.min(earliest)),
                (earliest, next) => earliest.or(next),
            };
        }
        // Last, because it may cost a system call each.
        let news = |member: &Member| member.news.as_ref().is_some_and(|news| news.0());
        if self.members.iter().any(|(_, member)| news(member)) {
            // That one is about to wake up by itself.
            return None;
        }
        earliest
    }
}

/// One thread's part in deciding when a paused clock may jump; see [`Clock::participant`].
///
/// While the clock is not paused each method is one relaxed load.
#[derive(Debug)]
pub struct Participant {
    clock: Clock,
    key: usize,
    /// Written under the clock's lock.
    left: AtomicBool,
}

impl Participant {
    pub(crate) fn new(clock: Clock, unpark: Waker) -> Self {
        let member = Member {
            unpark,
            news: None,
            state: State::Busy,
        };
        let key = clock.with_time(|time, _| time.roll.members.insert(member));
        Self {
            clock,
            key,
            left: AtomicBool::new(false),
        }
    }

    /// Before time jumps, the participant is asked whether something has happened that its sleeping
    /// thread has yet to see (a descriptor has become ready, say). If so, time does not jump:
    /// the thread is about to wake up.
    ///
    /// `news` is called with the clock locked: it may not use the clock.
    pub fn with_news(self, news: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let news = News(Arc::new(news));
        self.clock
            .with_time(|time, _| time.roll.members[self.key].news = Some(news));
        self
    }

    /// Takes no part any more; what is said afterwards has no effect. Dropping does the same.
    pub fn leave(&self) {
        let _member = self.clock.with_time(|time, batch| {
            // Relaxed: the lock orders it.
            if self.left.load(Relaxed) {
                return None;
            }
            self.left.store(true, Relaxed);
            let member = time.roll.members.remove(self.key);
            // It may have been the last that was busy.
            if time.paused_at(&self.clock).is_some() {
                time.jump(None, batch);
            }
            Some(member)
        });
    }

    /// "I am about to sleep, and my next deadline is this." Answers whether sleeping is right.
    ///
    /// False means that there is something to do: the deadline has been reached, by this very call
    /// perhaps, or a [`notify`](Self::notify) has arrived. Look for work again, then ask again.
    ///
    /// To be called when the thread's sleep flag is up and all queues have been looked at since.
    /// True may be out of date at once; whoever makes it so unparks.
    pub fn idle(&self, next: Option<Instant>) -> bool {
        if !self.clock.is_paused() {
            return true;
        }
        self.clock.with_time(|time, batch| {
            let Some(now) = time.paused_at(&self.clock) else {
                return true;
            };
            if self.left.load(Relaxed) {
                return true;
            }
            let state = &mut time.roll.members[self.key].state;
            if *state == State::Notified || next.is_some_and(|next| next <= now) {
                *state = State::Busy;
                return false;
            }
            *state = State::Idle(next);
            time.jump(Some(self.key), batch);
            matches!(time.roll.members[self.key].state, State::Idle(_))
        })
    }

    /// The participant's own thread says that it is awake and about to look for work. To be called
    /// before it lowers its sleep flag, then looks. Idempotent.
    pub fn busy(&self) {
        self.set(|_| State::Busy);
    }

    /// Another thread says that it has flipped the participant's sleep flag. To be called between
    /// that and the unparking itself, so that a note that comes late is followed by a wake-up.
    /// Idempotent.
    pub fn notify(&self) {
        self.set(|state| match state {
            State::Idle(_) => State::Busy,
            State::Busy | State::Notified => State::Notified,
        });
    }

    fn set(&self, change: impl FnOnce(State) -> State) {
        if self.clock.is_paused() {
            self.clock.with_time(|time, _| {
                if !self.left.load(Relaxed) {
                    let state = &mut time.roll.members[self.key].state;
                    *state = change(*state);
                }
            });
        }
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        self.leave();
    }
}

/// While it lives, a paused clock does not jump by itself; see [`Clock::inhibit`].
#[derive(Debug)]
pub struct Inhibit {
    clock: Clock,
}

impl Inhibit {
    pub(crate) fn new(clock: Clock) -> Self {
        clock.with_time(|time, _| time.roll.inhibitors += 1);
        Self { clock }
    }
}

impl Drop for Inhibit {
    fn drop(&mut self) {
        self.clock.with_time(|time, batch| {
            time.roll.inhibitors -= 1;
            if time.paused_at(&self.clock).is_some() {
                time.jump(None, batch);
            }
        });
    }
}
