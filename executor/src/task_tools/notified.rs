//! Which of many handles are worth a look: a queue of keys, and the waker of the one who looks.
//!
//! Each task of a [`JoinSet`](super::join_set::JoinSet) has as its join waker a [`Notifier`], which
//! puts the task's key at the end of the set's queue. So the set finds a task that is complete, in
//! the order of completion, without asking the others.
//!
//! A key may be in the queue though its task is not complete or not in the set any more (it was
//! detached, and another one has its key): a key in the queue means "look", not more.

use pintle_sync::shim::sync::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// The queue. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Notified {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    keys: VecDeque<usize>,
    /// Only while `keys` is empty.
    waker: Option<Waker>,
}

impl Notified {
    /// A waker that puts `key` into the queue.
    pub fn notifier(&self, key: usize) -> Waker {
        let notified = self.clone();
        Arc::new(Notifier { notified, key }).into()
    }

    /// Puts `key` into the queue.
    pub fn push(&self, key: usize) {
        let waker = {
            let mut state = self.state.lock();
            state.keys.push_back(key);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The key that is in the queue for longest.
    pub fn pop(&self) -> Option<usize> {
        self.state.lock().keys.pop_front()
    }

    /// As `pop`; if there is none, the task will be woken.
    pub fn poll_pop(&self, cx: &Context<'_>) -> Poll<usize> {
        {
            let mut state = self.state.lock();
            if let Some(key) = state.keys.pop_front() {
                return Poll::Ready(key);
            }
            if state
                .waker
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()))
            {
                return Poll::Pending;
            }
        }
        // Someone else's code, which may do anything: not under the lock.
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        let (key, _old) = match state.keys.pop_front() {
            Some(key) => (Poll::Ready(key), Some(waker)),
            None => (Poll::Pending, state.waker.replace(waker)),
        };
        drop(state);
        key
    }
}

struct Notifier {
    notified: Notified,
    key: usize,
}

impl Wake for Notifier {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notified.push(self.key);
    }
}
