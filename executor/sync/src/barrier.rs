//! A place where tasks wait for one another.
//!
//! A [`Barrier`] is a count behind a lock, and a [`Notify`] for those who are there already. It
//! belongs to no thread. The count and the making of a `Notified` are under the lock, so the one
//! who completes a round notifies exactly those who came in it.
//!
//! Tested in `executor/sync/tests/cases/barrier.rs` and `loom-tests/tests/sync_barrier.rs`.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use crate::notify::Notify;
use crate::shim::sync::Mutex;

/// Lets a number of tasks wait until all of them are there.
///
/// It can be used again: the next round begins when one is complete.
///
/// ```
/// use pintle_sync::Barrier;
/// use std::sync::Arc;
///
/// let barrier = Arc::new(Barrier::new(3));
/// let threads: Vec<_> = (0..3)
///     .map(|_| {
///         let barrier = barrier.clone();
///         std::thread::spawn(move || futures_lite::future::block_on(barrier.wait()))
///     })
///     .collect();
/// let leaders = threads
///     .into_iter()
///     .map(|thread| thread.join().unwrap())
///     .filter(|result| result.is_leader())
///     .count();
/// assert_eq!(leaders, 1);
/// ```
pub struct Barrier {
    n: usize,
    round: Mutex<Round>,
    complete: Notify,
}

struct Round {
    number: usize,
    arrived: usize,
}

// A panic leaves no round half counted: nothing of other people's is called while it is locked.
impl UnwindSafe for Barrier {}
impl RefUnwindSafe for Barrier {}

impl Barrier {
    const_fn! {
        /// Makes a barrier for `n` tasks. None is taken for one: nobody waits then.
        pub const fn new(n: usize) -> Self {
            Self {
                n: if n == 0 { 1 } else { n },
                round: Mutex::new(Round { number: 0, arrived: 0 }),
                complete: Notify::new(),
            }
        }
    }

    /// Waits until `n` tasks are there. The one who came last is the leader.
    ///
    /// # Cancel safety
    ///
    /// A task that drops the future before the round is complete counts as not having come, and
    /// the others go on waiting. One that has come cannot tell by a dropped future whether the
    /// round was complete.
    ///
    /// ```
    /// use pintle_sync::Barrier;
    ///
    /// # futures_lite::future::block_on(async {
    /// let barrier = Barrier::new(2);
    /// let (one, other) = futures_lite::future::zip(barrier.wait(), barrier.wait()).await;
    /// assert!(!one.is_leader() && other.is_leader());
    /// # });
    /// ```
    pub async fn wait(&self) -> BarrierWaitResult {
        let (notified, place) = {
            let mut round = self.round.lock();
            round.arrived += 1;
            if round.arrived == self.n {
                round.number = round.number.wrapping_add(1);
                round.arrived = 0;
                // Under the lock, since who comes after it is of the next round.
                let woken = self.complete.take_waiters();
                drop(round);
                drop(woken);
                return BarrierWaitResult { is_leader: true };
            }
            let place = Place {
                barrier: self,
                round: round.number,
            };
            (self.complete.notified(), place)
        };
        notified.await;
        std::mem::forget(place);
        BarrierWaitResult { is_leader: false }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("n", &self.n)
            .finish_non_exhaustive()
    }
}

/// Counts a task as not having come if it leaves before its round is complete.
struct Place<'a> {
    barrier: &'a Barrier,
    round: usize,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut round = self.barrier.round.lock();
        if round.number == self.round {
            round.arrived -= 1;
        }
    }
}

/// What [`Barrier::wait`] returns.
#[derive(Debug, Clone)]
pub struct BarrierWaitResult {
    is_leader: bool,
}

impl BarrierWaitResult {
    /// Whether this task is the leader of the round: the one of all that came last.
    pub const fn is_leader(&self) -> bool {
        self.is_leader
    }
}
