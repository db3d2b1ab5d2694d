//! Telling tasks that something has happened.
//!
//! A [`Notify`] belongs to no thread. It is one word and one wait list:
//!
//! ```text
//!   word:  calls of notify_waiters ─────────────┬─ state: EMPTY, WAITING or NOTIFIED ─┐
//!
//!                 notify_one                      first waiter queues
//!   NOTIFIED ◄──────────────────── EMPTY ──────────────────────────────► WAITING
//!      └────────────────────────────►└◄──────────────────────────────────────┘
//!           a waiter takes the permit      last waiter is notified or leaves
//! ```
//!
//! The rules:
//!
//! 1. The state is `WAITING` exactly while somebody is in the list, and while it is, the word
//!    changes only under the list's lock.
//! 2. Whoever notifies writes the word by a read-modify-write, or by a release store under the
//!    lock, even if the value stays the same: so what he did before is seen by whoever takes the
//!    permit, or finds that the count of calls has moved on.
//! 3. A [`Notified`] that is dropped with a notification that was meant for one task, and was not
//!    returned, passes it on.
//! 4. A call of `notify_waiters` is counted before anybody is told of it: who is told and waits
//!    again waits for the next.
//!
//! Tested in `executor/sync/tests/cases/notify.rs` and in `loom-tests/tests/sync_notify.rs`.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use crate::budget;
use crate::shim::sync::atomic::{AtomicUsize, Ordering};
use crate::wait_list::{Keep, Listed, Locked, WaitList, Waiter};
use crate::wakers::Wakers;
use std::sync::Arc;

const STATE: usize = 0b11;
const EMPTY: usize = 0;
const WAITING: usize = 1;
const NOTIFIED: usize = 2;
/// One call of `notify_waiters`.
const CALL: usize = 0b100;

const fn state(word: usize) -> usize {
    word & STATE
}

const fn calls(word: usize) -> usize {
    word & !STATE
}

const fn permit(word: usize) -> usize {
    calls(word) | NOTIFIED
}

/// Notifies a task, or all tasks, without any data.
///
/// It works like a semaphore with at most one permit, which starts empty:
/// [`notified().await`](Self::notified) waits for the permit and takes it, and
/// [`notify_one`](Self::notify_one) hands it to the first in the queue, or keeps it for the next to
/// come. [`notify_waiters`](Self::notify_waiters) wakes all who wait now and keeps nothing.
///
/// ```
/// use pintle_sync::Notify;
/// use std::sync::Arc;
///
/// let notify = Arc::new(Notify::new());
/// let other = notify.clone();
/// let thread = std::thread::spawn(move || {
///     futures_lite::future::block_on(other.notified());
/// });
/// notify.notify_one();
/// thread.join().unwrap();
/// ```
///
/// # A queue of one's own
///
/// Look first, then wait: a permit that is given between the two is kept.
///
/// ```
/// use pintle_sync::Notify;
/// use std::collections::VecDeque;
/// use std::sync::Mutex;
///
/// struct Queue<T> {
///     values: Mutex<VecDeque<T>>,
///     notify: Notify,
/// }
///
/// impl<T> Queue<T> {
///     fn push(&self, value: T) {
///         self.values.lock().unwrap().push_back(value);
///         self.notify.notify_one();
///     }
///
///     /// For a single consumer; with more, see [`Notified::enable`](pintle_sync::Notified::enable).
///     async fn pop(&self) -> T {
///         loop {
///             if let Some(value) = self.values.lock().unwrap().pop_front() {
///                 return value;
///             }
///             self.notify.notified().await;
///         }
///     }
/// }
/// # let queue = Queue { values: Mutex::default(), notify: Notify::new() };
/// # queue.push(1);
/// # assert_eq!(futures_lite::future::block_on(queue.pop()), 1);
/// ```
pub struct Notify {
    word: AtomicUsize,
    waiters: WaitList<Option<Notification>>,
}

/// What a waiter was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notification {
    /// By `notify_one`, or passed on from one who was.
    First,
    /// By `notify_last`.
    Last,
    /// By `notify_waiters`.
    All,
}

impl Notify {
    const_fn! {
        /// Makes a `Notify` without a permit.
        pub const fn new() -> Self {
            Self {
                word: AtomicUsize::new(EMPTY),
                waiters: WaitList::new(),
            }
        }
    }

    const_fn! {
        /// The same as [`new`](Self::new), under the name it has where `new` is not `const`.
        pub const fn const_new() -> Self {
            Self::new()
        }
    }

    /// Waits for a notification.
    ///
    /// The future takes part in [`notify_waiters`](Self::notify_waiters) from the moment it is
    /// made, and in [`notify_one`](Self::notify_one) from the moment it is first polled, or
    /// [enabled](Notified::enable).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the place in the queue, and nothing else: a notification by
    /// `notify_one` that was on its way goes to the next.
    pub fn notified(&self) -> Notified<'_> {
        Notified {
            wait: Wait::new(self),
        }
    }

    /// As [`notified`](Self::notified), with a future that keeps the `Notify` alive.
    ///
    /// ```
    /// use pintle_sync::Notify;
    /// use std::sync::Arc;
    ///
    /// let notify = Arc::new(Notify::new());
    /// let notified = notify.clone().notified_owned();
    /// notify.notify_waiters();
    /// futures_lite::future::block_on(notified);
    /// ```
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        OwnedNotified {
            wait: Wait::new(self),
        }
    }

    /// Notifies the task that has waited longest. If none waits, the next that comes does not have
    /// to; there is at most one such permit, however often this is called.
    ///
    /// ```
    /// use pintle_sync::Notify;
    ///
    /// # futures_lite::future::block_on(async {
    /// let notify = Notify::new();
    /// notify.notify_one();
    /// notify.notify_one();
    /// notify.notified().await;
    /// assert!(futures_lite::future::poll_once(notify.notified()).await.is_none());
    /// # });
    /// ```
    pub fn notify_one(&self) {
        self.pass(Notification::First);
    }

    /// As [`notify_one`](Self::notify_one), but notifies the task that came last: its memory is
    /// the likeliest to be still in the cache.
    ///
    /// ```
    /// use pintle_sync::Notify;
    /// use std::pin::pin;
    ///
    /// # futures_lite::future::block_on(async {
    /// let notify = Notify::new();
    /// let mut first = pin!(notify.notified());
    /// let mut last = pin!(notify.notified());
    /// first.as_mut().enable();
    /// last.as_mut().enable();
    /// notify.notify_last();
    /// last.await;
    /// # });
    /// ```
    pub fn notify_last(&self) {
        self.pass(Notification::Last);
    }

    /// Notifies all tasks that wait, and no others: nothing is kept for those who come later.
    ///
    /// A [`notified`](Self::notified) future counts as waiting from the moment it is made.
    ///
    /// ```
    /// use pintle_sync::Notify;
    ///
    /// # futures_lite::future::block_on(async {
    /// let notify = Notify::new();
    /// let before = notify.notified();
    /// notify.notify_waiters();
    /// let after = notify.notified();
    /// before.await;
    /// assert!(futures_lite::future::poll_once(after).await.is_none());
    /// # });
    /// ```
    pub fn notify_waiters(&self) {
        drop(self.take_waiters());
    }

    /// Notifies all tasks that wait. They are woken when what is returned is dropped, which is for
    /// whoever must do the first under a lock and must not do the second there.
    pub(crate) fn take_waiters(&self) -> Wakers {
        let mut wakers = Wakers::new();
        let call = |word: usize| word.wrapping_add(CALL);
        if self.update_unless_waiting(call).is_ok() {
            return wakers;
        }
        let mut waiters = self.waiters.lock();
        if let Err(word) = self.update_unless_waiting(call) {
            // Release, here and below: rule 2. By rule 1 nobody changes the word meanwhile. Counted
            // first: rule 4.
            self.word.store(call(word), Ordering::Release);
            while let Some(waker) = waiters.pop_front(|told| *told = Some(Notification::All)) {
                wakers.push(waker);
            }
            self.word
                .store(calls(call(word)) | EMPTY, Ordering::Release);
        }
        wakers
    }

    /// Passes a notification to one task, which is there or to come.
    fn pass(&self, whom: Notification) {
        if self.update_unless_waiting(permit).is_err() {
            let mut wakers = Wakers::new();
            self.pass_locked(&mut self.waiters.lock(), whom, &mut wakers);
        }
    }

    /// Notifies one of those who wait, or else keeps a permit.
    fn pass_locked(
        &self,
        waiters: &mut Locked<'_, Option<Notification>>,
        whom: Notification,
        wakers: &mut Wakers,
    ) {
        if self.update_unless_waiting(permit).is_err() {
            wakers.push(
                match whom {
                    Notification::Last => waiters.pop_back(|told| *told = Some(whom)),
                    _ => waiters.pop_front(|told| *told = Some(whom)),
                }
                .flatten(),
            );
            self.settle(waiters);
        }
    }

    /// Sees to rule 1 after somebody has left the list, which is still locked.
    fn settle(&self, waiters: &Locked<'_, Option<Notification>>) {
        if waiters.is_empty() {
            // Relaxed: it says `WAITING`, so by rule 1 it was last changed under the lock that we hold.
            let word = self.word.load(Ordering::Relaxed);
            // Release: rule 2, for the calls that the word counts.
            self.word.store(calls(word) | EMPTY, Ordering::Release);
        }
    }

    /// What a waiter has been told that was made after that many calls: that there was another, or
    /// else the permit, which it takes. Nothing, if it has to wait.
    fn try_take(&self, calls_before: usize) -> Option<Notification> {
        // Acquire, here and where the exchange fails: what was done before a call that is counted
        // has been done (rule 2).
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if calls(word) != calls_before {
                return Some(Notification::All);
            }
            if state(word) != NOTIFIED {
                return None;
            }
            match self.word.compare_exchange_weak(
                word,
                calls(word) | EMPTY,
                // Acquire: what was done before the permit was given has been done (rule 2).
                Ordering::Acquire,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(Notification::First),
                Err(now) => word = now,
            }
        }
    }

    /// The same with the list locked; where it has to wait, the word says so from here on.
    fn take_or_wait(&self, calls_before: usize) -> Option<Notification> {
        // Acquire: as in `try_take`, throughout.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if calls(word) != calls_before {
                return Some(Notification::All);
            }
            let (next, told) = match state(word) {
                NOTIFIED => (EMPTY, Some(Notification::First)),
                _ => (WAITING, None),
            };
            match self.word.compare_exchange_weak(
                word,
                calls(word) | next,
                Ordering::Acquire,
                Ordering::Acquire,
            ) {
                Ok(_) => return told,
                Err(now) => word = now,
            }
        }
    }

    /// Changes the word, unless it says `WAITING`; then it is returned as it is.
    fn update_unless_waiting(&self, change: impl Fn(usize) -> usize) -> Result<(), usize> {
        let mut word = self.word.load(Ordering::Relaxed);
        while state(word) != WAITING {
            // Release: rule 2.
            match self.word.compare_exchange_weak(
                word,
                change(word),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
        Err(word)
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match state(self.word.load(Ordering::Relaxed)) {
            EMPTY => "empty",
            WAITING => "waited for",
            _ => "notified",
        };
        f.debug_struct("Notify").field("state", &state).finish()
    }
}

/// Something that has a [`Notify`] in it.
pub(crate) trait Notifies: Listed<Item = Option<Notification>> {
    /// The `Notify`, whose list is the one in which to wait.
    fn notify(&self) -> &Notify;
}

impl Notifies for Notify {
    fn notify(&self) -> &Notify {
        self
    }
}

impl Listed for Notify {
    type Item = Option<Notification>;

    fn list(&self) -> &WaitList<Self::Item> {
        &self.waiters
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not polled yet. Holds the calls of `notify_waiters` before it was made.
    New(usize),
    /// In the queue, or out of it and told.
    Begun,
    /// The task knows.
    Done,
}

pin_project! {
    /// What every `Notified` is, and every future here that waits to be notified.
    #[derive(Debug)]
    pub(crate) struct Wait<K>
    where
        K: Keep,
        <K as Deref>::Target: Notifies,
    {
        #[pin]
        waiter: Waiter<K>,
        stage: Stage,
    }

    impl<K> PinnedDrop for Wait<K>
    where
        K: Keep,
        <K as Deref>::Target: Notifies,
    {
        fn drop(this: Pin<&mut Self>) {
            if this.stage == Stage::Begun {
                this.give_up();
            }
        }
    }
}

impl<K: Keep<Target: Notifies>> Wait<K> {
    /// Waits for what comes from now on.
    pub(crate) fn new(notify: K) -> Self {
        // Acquire: a call that is counted here has happened before all that the task does next.
        let calls = calls(notify.notify().word.load(Ordering::Acquire));
        Self {
            waiter: Waiter::new(notify, None),
            stage: Stage::New(calls),
        }
    }

    /// What the `Notify` is in.
    pub(crate) fn keep(&self) -> &K {
        self.waiter.keep()
    }

    /// Whether a notification has come; queues for one if not. Asks for no budget.
    pub(crate) fn poll_notified(mut self: Pin<&mut Self>, waker: Option<&Waker>) -> Poll<()> {
        ready!(self.as_mut().look(waker));
        *self.project().stage = Stage::Done;
        Poll::Ready(())
    }

    /// The same, and the notification is passed on if this is dropped after that.
    fn look(self: Pin<&mut Self>, waker: Option<&Waker>) -> Poll<()> {
        match self.stage {
            Stage::New(calls) => self.start(calls, waker),
            Stage::Begun => {
                let mut waiter = self.project().waiter;
                match waiter.as_mut().item().is_none()
                    && waker.is_none_or(|waker| waiter.keep_waker(waker))
                {
                    true => Poll::Pending,
                    false => Poll::Ready(()),
                }
            }
            Stage::Done => Poll::Ready(()),
        }
    }

    fn start(self: Pin<&mut Self>, calls_before: usize, waker: Option<&Waker>) -> Poll<()> {
        let this = self.project();
        let waiter = this.waiter;
        if let Some(told) = waiter.keep().notify().try_take(calls_before) {
            *waiter.item().expect("not queued yet") = Some(told);
            *this.stage = Stage::Begun;
            return Poll::Ready(());
        }
        let waker = waker.cloned();
        let mut entry = waiter.enter();
        // From here on, and not before the clone, which may panic.
        *this.stage = Stage::Begun;
        if let Some(told) = entry.keep().notify().take_or_wait(calls_before) {
            entry.with_item(|item| *item = Some(told));
            return Poll::Ready(());
        }
        entry.push_back(waker);
        Poll::Pending
    }

    /// Leaves the queue, and passes on what was meant for one task (rule 3).
    fn give_up(self: Pin<&mut Self>) {
        let mut waiter = self.project().waiter;
        let told = match waiter.as_mut().item() {
            Some(told) => *told,
            None => {
                let mut entry = waiter.as_mut().enter();
                let was_queued = entry.is_queued();
                let waker = entry.remove();
                if was_queued {
                    entry.keep().notify().settle(&entry);
                }
                // Unless it was notified between the look and the lock, nothing.
                let told = entry.with_item(|told| *told);
                drop(entry);
                drop(waker);
                told
            }
        };
        if let Some(whom @ (Notification::First | Notification::Last)) = told {
            waiter.keep().notify().pass(whom);
        }
    }
}

impl<K: Keep<Target: Notifies>> Future for Wait<K> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.as_mut().look(Some(cx.waker())));
        // Last, so that a task that is told to yield is in the queue by then.
        ready!(budget::poll_proceed(cx)).made_progress();
        *self.project().stage = Stage::Done;
        Poll::Ready(())
    }
}

macro_rules! notified {
    ($(#[$attribute:meta])* $name:ident $(<$a:lifetime>)?, $keep:ty) => {
        pin_project! {
            $(#[$attribute])*
            #[derive(Debug)]
            #[must_use = "futures do nothing unless polled"]
            pub struct $name $(<$a>)? {
                #[pin]
                wait: Wait<$keep>,
            }
        }

        impl $(<$a>)? $name $(<$a>)? {
            /// Queues for a notification without waiting for one, and says whether it is there
            /// already.
            ///
            /// For a task that looks whether it has to wait *after* it has queued: so nothing is
            /// missed, even when several tasks wait, or when the one who notifies uses
            /// [`notify_waiters`](Notify::notify_waiters).
            ///
            /// ```
            /// use pintle_sync::Notify;
            /// use std::pin::pin;
            /// use std::sync::atomic::{AtomicBool, Ordering};
            ///
            /// async fn wait_until_open(open: &AtomicBool, changed: &Notify) {
            ///     loop {
            ///         let mut notified = pin!(changed.notified());
            ///         notified.as_mut().enable();
            ///         if open.load(Ordering::Acquire) {
            ///             return;
            ///         }
            ///         notified.await;
            ///     }
            /// }
            /// # futures_lite::future::block_on(wait_until_open(&AtomicBool::new(true), &Notify::new()));
            /// ```
            pub fn enable(self: Pin<&mut Self>) -> bool {
                self.project().wait.poll_notified(None).is_ready()
            }
        }

        impl $(<$a>)? Future for $name $(<$a>)? {
            type Output = ();

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                Future::poll(self.project().wait, cx)
            }
        }
    };
}

notified! {
    /// Waits for a notification: what [`Notify::notified`] returns.
    Notified<'a>, &'a Notify
}

notified! {
    /// Waits for a notification, and keeps the [`Notify`] alive: what [`Notify::notified_owned`]
    /// returns.
    OwnedNotified, Arc<Notify>
}
