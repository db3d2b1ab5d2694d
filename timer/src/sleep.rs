//! Waiting for a point in time.
//!
//! A [`Sleep`] is a deadline and, while it waits, a *home*: the driver it has registered with and
//! the key of its entry there. It has no state that others change.
//!
//! 1. Whether it is done is read from the clock, never from a flag: fired or not, early wake-up or
//!    not, it is ready exactly when `now >= deadline`.
//! 2. It is registered where it is polled. Polled by another driver's owner it **moves house**: the
//!    old entry is removed, a new one made here. Polled where there is no driver it stays at home.
//! 3. An entry that has fired, or was thrown out because its home was orphaned, is found missing by
//!    its key; the next poll makes a new one. Both wake the task, so there is a next poll.
//! 4. Dropping, completing and moving remove the entry; a `Sleep` never leaves one behind.
//!
//! Tested in `tests/sleep.rs`.

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
/// to wake it. A duration that reaches beyond what `Instant` can say, such as
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
    sleep_until(Instant::now().saturating_add(duration))
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
    home: Option<Home>,
}

/// Where a waiting `Sleep` is registered.
#[derive(Debug)]
struct Home {
    driver: Arc<Driver>,
    key: Key,
}

impl Sleep {
    pub(crate) fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            home: None,
        }
    }

    /// When it is done.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the deadline has been reached, polled or not.
    pub fn is_elapsed(&self) -> bool {
        let now = match &self.home {
            Some(home) => home.driver.clock().now(),
            None => Instant::now(),
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
        // If the entry is gone, its task has been woken to find that out.
        if let Some(home) = &self.home
            && !home.driver.reset(home.key, deadline)
        {
            self.home = None;
        }
    }

    pub(crate) fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let progress = ready!(budget::poll_proceed(cx));
        let seat = current::with(Arc::clone);
        let now = match (&seat, &self.home) {
            (Ok(here), _) => here.clock().now(),
            (Err(_), Some(home)) => home.driver.clock().now(),
            (Err(_), None) => Instant::real(),
        };
        if now >= self.deadline {
            self.leave();
            progress.made_progress();
            return Poll::Ready(());
        }
        self.wait(seat, cx);
        Poll::Pending
    }

    /// Sees to it that the task is woken at the deadline.
    fn wait(&mut self, seat: Result<Arc<Driver>, current::NoDriver>, cx: &Context<'_>) {
        if let Some(home) = &self.home {
            let may_stay = seat
                .as_ref()
                .map_or(true, |here| Arc::ptr_eq(here, &home.driver));
            if may_stay && home.driver.set_waker(home.key, cx.waker()) {
                return;
            }
        }
        let home = self.leave();
        let driver = seat.or_else(|no_driver| home.ok_or(no_driver));
        let driver = driver.unwrap_or_else(|no_driver| panic!("{no_driver}"));
        match driver.insert(self.deadline, cx.waker()) {
            Ok(key) => self.home = Some(Home { driver, key }),
            Err(closed) => panic!("{closed}"),
        }
    }

    /// Removes the entry, and says where it was.
    fn leave(&mut self) -> Option<Arc<Driver>> {
        let home = self.home.take()?;
        home.driver.remove(home.key);
        Some(home.driver)
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
