//! Where sockets and timers live: the worker whose reactor or wheel will tell of them.

use pintle::runtime::Handle;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The homes of some sockets or timers. Clones are the same.
#[derive(Clone)]
pub struct Homes {
    workers: Arc<[AtomicUsize]>,
}

/// Lives nowhere yet.
const NOWHERE: usize = usize::MAX;

impl Homes {
    pub fn new(count: usize) -> Self {
        Self {
            workers: (0..count).map(|_| AtomicUsize::new(NOWHERE)).collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.workers.len()
    }

    pub fn get(&self, index: usize) -> Option<usize> {
        let worker = self.workers[index].load(Ordering::Relaxed);
        (worker != NOWHERE).then_some(worker)
    }

    pub fn set(&self, index: usize, worker: Option<usize>) {
        self.workers[index].store(worker.unwrap_or(NOWHERE), Ordering::Relaxed);
    }

    /// Who lives with `worker`.
    pub fn of(&self, worker: usize) -> Vec<usize> {
        (0..self.len())
            .filter(|&index| self.get(index) == Some(worker))
            .collect()
    }

    /// Runs a future that uses one socket, and follows where that is registered.
    ///
    /// Only polls on a worker's own thread register with its reactor. So if its count has grown
    /// during a poll, it was in this poll.
    pub async fn follow<F: Future>(self, index: usize, future: F) -> F::Output {
        let metrics = Handle::current().metrics();
        let mut future = pin!(future);
        poll_fn(|cx| {
            let Some(worker) = pintle::worker::current() else {
                return future.as_mut().poll(cx);
            };
            let before = metrics.worker_registration_count(worker);
            let poll = future.as_mut().poll(cx);
            if metrics.worker_registration_count(worker) > before {
                self.set(index, Some(worker));
            }
            poll
        })
        .await
    }
}
