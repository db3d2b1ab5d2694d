//! A future with a time limit.
//!
//! The future is polled first, the [`Sleep`] only when it is pending: a future that is ready at once
//! never arms a timer.
//!
//! Tested in `tests/timeout.rs`.

use crate::{Instant, Sleep, sleep, sleep_until};
use pin_project_lite::pin_project;
use pintle_sync::budget;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Gives a future `duration` to complete.
///
/// If it does, the answer is `Ok` of its output, also when the time is up by then but nobody has
/// noticed: the future is polled before the clock is read; and if it is first polled when the time is
/// up already, it has until the thread next looks at its timers, as [`sleep`] has. Otherwise it is
/// [`Elapsed`]. The future
/// is not dropped before the `Timeout` is; to use it further, give a `&mut` to it.
///
/// # Cancel safety
///
/// As the future inside.
///
/// # Panics
///
/// When it is polled, the future is pending and no timers are driven there, as [`sleep`] does.
///
/// ```
/// # async fn example() {
/// use pintle_timer::{Duration, timeout};
///
/// let answer = timeout(Duration::from_millis(10), std::future::pending::<()>()).await;
/// assert!(answer.is_err());
/// # }
/// ```
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout {
        value: future.into_future(),
        delay: sleep(duration),
    }
}

/// Gives a future until `deadline` to complete; otherwise as [`timeout`].
///
/// ```
/// use pintle_timer::{Instant, timeout_at};
/// use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
///
/// let mut cx = Context::from_waker(Waker::noop());
/// // The future goes first.
/// let ready = pin!(timeout_at(Instant::now(), async { 1 }));
/// assert_eq!(ready.poll(&mut cx), Poll::Ready(Ok(1)));
/// let late = pin!(timeout_at(Instant::now(), std::future::pending::<()>()));
/// assert!(matches!(late.poll(&mut cx), Poll::Ready(Err(_))));
/// ```
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout {
        value: future.into_future(),
        delay: sleep_until(deadline),
    }
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    ///
    /// ```
    /// use pintle_timer::{Duration, timeout};
    ///
    /// let limited = timeout(Duration::MAX, std::future::ready("at once"));
    /// assert_eq!(limited.into_inner().into_inner(), "at once");
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Timeout<F> {
        #[pin]
        value: F,
        delay: Sleep,
    }
}

impl<F> Timeout<F> {
    /// The future inside.
    pub fn get_ref(&self) -> &F {
        &self.value
    }

    /// The future inside, to change it.
    pub fn get_mut(&mut self) -> &mut F {
        &mut self.value
    }

    /// The future inside, without the limit.
    pub fn into_inner(self) -> F {
        self.value
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = budget::has_remaining();
        if let Poll::Ready(output) = this.value.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        // A future that spends the whole budget each time must not keep its limit from being seen.
        let limit = if had_budget && !budget::has_remaining() {
            budget::unconstrained(|| this.delay.poll_elapsed(cx))
        } else {
            this.delay.poll_elapsed(cx)
        };
        limit.map(|()| Err(Elapsed(())))
    }
}

/// The time given to a future was up before it completed.
///
/// ```
/// # use pintle_timer::{Instant, timeout_at};
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let late = pin!(timeout_at(Instant::now(), std::future::pending::<()>()));
/// # let Poll::Ready(Err(elapsed)) = late.poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
/// assert_eq!(std::io::Error::from(elapsed).kind(), std::io::ErrorKind::TimedOut);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(io::ErrorKind::TimedOut, elapsed)
    }
}
