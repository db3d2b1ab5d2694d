//! Waiting with the thread instead of the task, for the `blocking_*` methods.
//!
//! No runtime is needed: the thread sleeps on a condition variable of its own until the future's
//! waker is woken. A thread on which tasks run must not do this, since all of them would wait with
//! it; a runtime marks it by [`deny`], and the methods then panic with a message that says what to
//! call instead.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::budget;
use crate::shim::sync::{Condvar, Mutex};

crate::thread_local! {
    static DENIED: Cell<bool> = const { Cell::new(false) };
}

/// From here on, until the guard is dropped, the `blocking_*` methods panic on this thread.
///
/// ```
/// use pintle_sync::{Mutex, blocking};
///
/// let lock = || *Mutex::new(1).blocking_lock();
/// let denied = blocking::deny();
/// assert!(std::panic::catch_unwind(lock).is_err());
/// drop(denied);
/// assert_eq!(lock(), 1);
/// ```
pub fn deny() -> Guard {
    Guard::set(true)
}

/// From here on, until the guard is dropped, the `blocking_*` methods are let through again: for
/// the part of a task that has told its runtime that it blocks.
///
/// ```
/// use pintle_sync::{Mutex, blocking};
///
/// let _worker = blocking::deny();
/// let _block_in_place = blocking::allow();
/// assert_eq!(*Mutex::new(1).blocking_lock(), 1);
/// ```
pub fn allow() -> Guard {
    Guard::set(false)
}

/// Puts back what was before [`deny`] or [`allow`].
#[derive(Debug)]
#[must_use = "dropping it puts back what was before"]
pub struct Guard {
    before: bool,
    /// Belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

impl Guard {
    fn set(denied: bool) -> Self {
        Self {
            before: DENIED.replace(denied),
            _not_send: PhantomData,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        DENIED.set(self.before);
    }
}

/// A thread, asleep or told to look again.
struct Sleeper {
    woken: Mutex<bool>,
    bell: Condvar,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken.lock() = true;
        self.bell.notify_one();
    }
}

/// Waits for `future` with this thread. Allocates only if it has to wait.
///
/// # Panics
///
/// Where blocking is [denied](deny); the message names `instead`.
#[track_caller]
pub(crate) fn wait<F: Future>(future: F, instead: &str) -> F::Output {
    assert!(
        !DENIED.get(),
        "this would block a thread on which tasks run: use {instead} and await it, or move the \
         call to spawn_blocking"
    );
    let mut future = pin!(future);
    // Without a budget: who blocks while a task is polled must not be told to yield to others.
    let mut poll = |waker: &Waker| {
        let mut cx = Context::from_waker(waker);
        budget::unconstrained(|| future.as_mut().poll(&mut cx))
    };
    if let Poll::Ready(output) = poll(Waker::noop()) {
        return output;
    }
    let sleeper = Arc::new(Sleeper {
        woken: Mutex::new(false),
        bell: Condvar::new(),
    });
    let waker = Waker::from(sleeper.clone());
    loop {
        // What woke the waker of the poll before this one is seen by this one.
        if let Poll::Ready(output) = poll(&waker) {
            return output;
        }
        let mut woken = sleeper.woken.lock();
        while !*woken {
            sleeper.bell.wait(&mut woken);
        }
        *woken = false;
    }
}
