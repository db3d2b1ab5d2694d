//! Telling every task to stop, and waiting until all have.
//!
//! A server's connections look at their [`Stop`] whenever they are polled, so looking must not make
//! the workers meet at a lock: each `Stop` has a waker of its own, and shares with the others only
//! a flag that is written once, and a list that is touched when a `Stop` comes or goes.

use atomic_waker::AtomicWaker;
use parking_lot::Mutex;
use pintle::time::{Duration, timeout};
use slab::Slab;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    waiting: Mutex<Slab<Arc<AtomicWaker>>>,
}

/// Dropping it tells every holder of a [`Stop`] that belongs to it.
#[derive(Debug)]
pub struct Stopper {
    shared: Arc<Shared>,
}

/// Knows when it is time to stop. Clone one for each task.
#[derive(Debug)]
pub struct Stop {
    shared: Arc<Shared>,
    waker: Arc<AtomicWaker>,
    key: usize,
}

/// Makes the two ends of a "please stop".
///
/// ```
/// use pintle_examples::stop::stopper;
///
/// # #[pintle::main]
/// # async fn main() {
/// let (stopper, mut stop) = stopper();
/// let task = pintle::spawn(async move { stop.or(std::future::pending::<()>()).await });
/// drop(stopper);
/// assert_eq!(task.await.unwrap(), None);
/// # }
/// ```
pub fn stopper() -> (Stopper, Stop) {
    let shared = Arc::<Shared>::default();
    let stop = Stop::new(shared.clone());
    (Stopper { shared }, stop)
}

impl Drop for Stopper {
    fn drop(&mut self) {
        // Release: what was done before is seen by who stops because of it.
        self.shared.stopped.store(true, Ordering::Release);
        let waiting: Vec<_> = self
            .shared
            .waiting
            .lock()
            .iter()
            .map(|(_, waker)| waker.clone())
            .collect();
        waiting.iter().for_each(|waker| waker.wake());
    }
}

impl Stop {
    fn new(shared: Arc<Shared>) -> Self {
        let waker = Arc::<AtomicWaker>::default();
        let key = shared.waiting.lock().insert(waker.clone());
        Self { shared, waker, key }
    }

    /// Whether it is time.
    pub fn is_due(&self) -> bool {
        self.shared.stopped.load(Ordering::Acquire)
    }

    /// What `future` gives, or `None` if it is time to stop before that.
    pub async fn or<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let stopped = poll_fn(|cx| {
            self.waker.register(cx.waker());
            // Looked at after registering: whoever sets the flag later finds the waker.
            if self.is_due() {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        });
        futures_lite::future::or(stopped, async { Some(future.await) }).await
    }
}

impl Clone for Stop {
    fn clone(&self) -> Self {
        Self::new(self.shared.clone())
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        let _mine = self.shared.waiting.lock().remove(self.key);
    }
}

/// Tasks that are to be waited for.
#[derive(Debug, Default)]
pub struct Group {
    last: Arc<Last>,
}

/// Held by a task of a [`Group`] for as long as it lives.
#[derive(Debug)]
pub struct Member {
    _last: Arc<Last>,
}

/// Dropped with the last member, and tells the group.
#[derive(Debug, Default)]
struct Last {
    done: Arc<Done>,
}

#[derive(Debug, Default)]
struct Done {
    flag: AtomicBool,
    waker: AtomicWaker,
}

impl Drop for Last {
    fn drop(&mut self) {
        self.done.flag.store(true, Ordering::Release);
        self.done.waker.wake();
    }
}

impl Group {
    /// One more task.
    pub fn join(&self) -> Member {
        Member {
            _last: self.last.clone(),
        }
    }

    /// Waits until every [`Member`] is gone, but not longer than `limit`. Whether all are gone.
    pub async fn wait(self, limit: Duration) -> bool {
        let done = self.last.done.clone();
        drop(self.last);
        let all_gone = poll_fn(|cx| {
            done.waker.register(cx.waker());
            if done.flag.load(Ordering::Acquire) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        timeout(limit, all_gone).await.is_ok()
    }
}
