//! Waiting for a point in time.
//!
//! A [`Sleep`] is a deadline and, while it waits, a *home*: the driver it has registered with and
//! the key of its entry there. It has no state that others change.
//!
//! 1. It is ready when `now >= deadline`, early wake-up or not. The clock need not be read to know
//!    that when its entry has fired: a wheel is turned only to times that the clock has shown. (That is
//!    enough as long as the clock has never been paused. It is paused at a time that lies a moment back
//!    by when the last has heard of it, who may have turned a wheel beyond that time.)
//! 2. Nor is it read at the first poll of a [`sleep`], whose deadline lay *ahead* when it was made. If it
//!    has passed since, the entry fires at the next turn. (A paused clock is read: who moves it may
//!    expect to see at once what that has done.)
//! 3. It is registered where it is polled. Polled by another driver's owner it **moves house**: the
//!    old entry is removed, a new one made here. Polled where there is no driver it stays at home.
//! 4. An entry that was thrown out because its home was orphaned is found missing by its key, and the
//!    home closed; the next poll makes a new one. The task was woken, so there is a next poll.
//! 5. Dropping, completing and moving remove the entry; a `Sleep` never leaves one behind.
//!
//! Tested in `tests/sleep.rs`.

use crate::driver::Fate;
use crate::wheel::Key;
use crate::{Driver, Instant, current};
use pintle_sync::budget;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Waits until `duration` has passed.
///
/// It is done no earlier than that, and later by no more than the thread is busy and the system takes
/// to wake it; and by a tenth of a millisecond where so many timers come so thick that the thread would
/// otherwise be woken without end. If its time is over by the time it is first polled, that poll still
/// waits, until the thread next looks at its timers. A duration that reaches beyond what `Instant` can say, such as
/// `Duration::MAX`, waits for ever, as far as any process is concerned.
///
/// # Cancel safety
///
/// Dropping it before it is done loses nothing but the wait, and frees its timer at once.
///
/// # Panics
///
/// When it is *polled* where no timers are driven: outside a runtime, or in one built without
/// `enable_time()`. It may be made anywhere.
///
/// ```no_run
/// # async fn example() {
/// use pintle_timer::{Duration, sleep};
///
/// sleep(Duration::from_millis(100)).await;
/// println!("100 ms have elapsed");
/// # }
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    let deadline = Instant::now().saturating_add(duration);
    Sleep::new(deadline, !duration.is_zero())
}

/// Waits until `deadline`. A deadline in the past is ready at once. Otherwise as [`sleep`].
///
/// ```
/// use pintle_timer::{Instant, sleep_until};
/// use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
///
/// let past = pin!(sleep_until(Instant::now()));
/// assert_eq!(past.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()));
/// ```
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::until(deadline)
}

/// The future of [`sleep`] and [`sleep_until`].
///
/// It may be sent to another thread, polled by another runtime, polled again when it is done (it is
/// ready again), and [`reset`](Sleep::reset) at any time.
///
/// ```
/// use pintle_timer::{Clock, Driver, Duration, current, sleep};
/// use pintle_sync::WakeBatch;
/// use std::{future::Future, pin::pin, task::{Context, Waker}};
///
/// // What a runtime does, by hand.
/// let driver = Driver::new(Clock::new(true), Waker::noop().clone());
/// let _seated = current::enter(driver.clone());
/// let mut cx = Context::from_waker(Waker::noop());
///
/// let mut tea = pin!(sleep(Duration::from_secs(180)));
/// assert!(tea.as_mut().poll(&mut cx).is_pending());
/// driver.clock().advance(Duration::from_secs(180));
/// assert_eq!(driver.turn(&mut WakeBatch::new()), 1);
/// assert!(tea.as_mut().poll(&mut cx).is_ready());
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Sleep {
    deadline: Instant,
    home: Home,
}

/// Where a `Sleep` is registered.
#[derive(Debug)]
enum Home {
    /// Nowhere. Whether the deadline is known to have been ahead not long ago.
    None {
        ahead: bool,
    },
    At {
        driver: Arc<Driver>,
        key: Key,
    },
}

impl Sleep {
    pub(crate) fn until(deadline: Instant) -> Self {
        Self::new(deadline, false)
    }

    /// `ahead` says that the clock has been read just now, and the deadline lay ahead.
    pub(crate) fn new(deadline: Instant, ahead: bool) -> Self {
        Self {
            deadline,
            home: Home::None { ahead },
        }
    }

    /// When it is done.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the deadline has been reached, polled or not. If so, the first poll of all may be pending
    /// nevertheless; see [`sleep`].
    pub fn is_elapsed(&self) -> bool {
        let now = match &self.home {
            Home::At { driver, .. } => driver.clock().now(),
            Home::None { .. } => Instant::now(),
        };
        now >= self.deadline
    }

    /// Changes the deadline, whether it has been reached or not.
    ///
    /// The task that polled it last is woken at the new deadline; there is no need to poll in
    /// between. Nothing is allocated, and it works from any thread.
    ///
    /// ```
    /// use pintle_timer::{Duration, Instant, sleep};
    /// use std::pin::pin;
    ///
    /// let mut nap = pin!(sleep(Duration::from_secs(10)));
    /// let deadline = Instant::now() + Duration::from_secs(20);
    /// nap.as_mut().reset(deadline);
    /// assert_eq!(nap.deadline(), deadline);
    /// ```
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        self.get_mut().set_deadline(deadline);
    }

    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
        match &self.home {
            Home::At { driver, key } if driver.reset(*key, deadline) => {}
            // If the entry is gone, its task has been woken to find that out.
            _ => self.home = Home::None { ahead: false },
        }
    }

    pub(crate) fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let polled = current::with(|here| self.poll_at(here, cx));
        ready!(polled.unwrap_or_else(|no_driver| self.poll_away(no_driver, cx)));
        // It costs nothing to wait. Who may not go on now is ready when polled again.
        ready!(budget::poll_proceed(cx)).made_progress();
        Poll::Ready(())
    }

    /// Polls where `here` drives the timers.
    #[inline]
    fn poll_at(&mut self, here: &Arc<Driver>, cx: &Context<'_>) -> Poll<()> {
        match &self.home {
            Home::At { driver, key } if Arc::ptr_eq(driver, here) => {
                match driver.set_waker(*key, cx.waker()) {
                    Fate::Fired if driver.clock().is_real() => {
                        self.home = Home::None { ahead: false };
                        return Poll::Ready(());
                    }
                    Fate::Pending if driver.clock().now() < self.deadline => return Poll::Pending,
                    Fate::Fired | Fate::Pending | Fate::ThrownOut => {}
                }
            }
            Home::None { ahead: true } if !here.clock().is_paused() => {
                self.register(here, cx);
                return Poll::Pending;
            }
            _ => {}
        }
        self.leave();
        if here.clock().now() >= self.deadline {
            return Poll::Ready(());
        }
        self.register(here, cx);
        Poll::Pending
    }

    /// Polls on a thread that drives no timers.
    #[cold]
    fn poll_away(&mut self, no_driver: current::NoDriver, cx: &Context<'_>) -> Poll<()> {
        let (now, home) = match &self.home {
            Home::At { driver, key } => (driver.clock().now(), Some((driver.clone(), *key))),
            Home::None { .. } => (Instant::real(), None),
        };
        if now >= self.deadline {
            self.leave();
            return Poll::Ready(());
        }
        let (home, key) = home.unwrap_or_else(|| panic!("{no_driver}"));
        if home.set_waker(key, cx.waker()) != Fate::Pending {
            self.register(&home, cx);
        }
        Poll::Pending
    }

    /// Sees to it that the task is woken at the deadline. There is no entry.
    #[inline]
    fn register(&mut self, driver: &Arc<Driver>, cx: &Context<'_>) {
        match driver.insert(self.deadline, cx.waker()) {
            Ok(key) => {
                self.home = Home::At {
                    driver: driver.clone(),
                    key,
                }
            }
            Err(closed) => panic!("{closed}"),
        }
    }

    /// Removes the entry.
    fn leave(&mut self) {
        if let Home::At { driver, key } = &self.home {
            driver.remove(*key);
            self.home = Home::None { ahead: false };
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.get_mut().poll_elapsed(cx)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.leave();
    }
}
