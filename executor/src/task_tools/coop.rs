//! The cooperative budget of tasks.
//!
//! A task that always finds its sockets and channels ready would never return from its poll, and
//! the tasks behind it would starve. So each poll of a task has a budget. Whatever a task could
//! repeat for ever (reads, writes, receives, permits, timers, joins, of this crate) spends one
//! unit of it, and when there is none left, pretends not to be ready: the task goes to the back of
//! the queue, and has a new budget when it is polled next.
//!
//! Programs seldom notice. What is here is for the exceptions:
//!
//! - a future of your own that could be ready for ever should take part: [`poll_proceed`], or
//!   around another future [`cooperative`];
//! - a long computation should yield now and then: [`consume_budget`];
//! - a future that must not be refused can be excepted: [`unconstrained`].
//!
//! Threads that are not inside a task or `block_on` have no budget, and nothing is refused there.

use pin_project_lite::pin_project;
use pintle_sync::budget;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Whether the task has budget left.
///
/// `false` means that the next operation that takes part in the budget will yield.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// use pintle::task::coop;
///
/// while coop::has_budget_remaining() {
///     coop::consume_budget().await; // stands for a piece of work
/// }
/// # }
/// ```
pub fn has_budget_remaining() -> bool {
    budget::has_remaining()
}

/// Spends one unit of the budget, and yields if there is none.
///
/// For long computations: with this after each piece of work, a task gives way to others as often
/// as one that reads from a socket.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let mut sum = 0_u64;
/// for n in 0..100_000 {
///     sum += n;
///     pintle::task::consume_budget().await;
/// }
/// assert_eq!(sum, 4_999_950_000);
/// # }
/// ```
///
/// # Cancel safety
///
/// Cancel safe.
pub async fn consume_budget() {
    poll_fn(|cx| poll_proceed(cx).map(RestoreOnPending::made_progress)).await
}

/// Asks for one unit of the budget, before an operation is tried.
///
/// `Ready` is the permission: call [`made_progress`](RestoreOnPending::made_progress) on it when
/// the operation is ready, and drop it when it is not, which gives the unit back. `Pending` means
/// that there is no budget left; the task has been woken already, so return `Pending` too.
///
/// ```
/// use std::future::poll_fn;
/// use std::task::{Poll, ready};
/// use pintle::task::coop;
///
/// # #[pintle::main]
/// # async fn main() {
/// // A generator that is always ready, and still no danger.
/// let mut next = 0;
/// for _ in 0..1000 {
///     let number = poll_fn(|cx| {
///         let permission = ready!(coop::poll_proceed(cx));
///         next += 1;
///         permission.made_progress();
///         Poll::Ready(next)
///     });
///     number.await;
/// }
/// # }
/// ```
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    budget::poll_proceed(cx).map(RestoreOnPending)
}

/// A unit of budget from [`poll_proceed`]. It is given back on drop, unless
/// [`made_progress`](Self::made_progress) was called.
#[derive(Debug)]
#[must_use = "dropping it gives the unit back"]
pub struct RestoreOnPending(budget::Progress);

impl RestoreOnPending {
    /// The operation is ready: the unit is spent.
    pub fn made_progress(self) {
        self.0.made_progress();
    }
}

/// Makes a future take part in the budget: it is polled only if there is some left, and spends one
/// unit when it is ready.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// use pintle::task::coop::cooperative;
///
/// loop {
///     // Ready every time; but the other tasks of this worker run, too.
///     cooperative(std::future::ready(())).await;
/// #   break;
/// }
/// # }
/// ```
pub fn cooperative<F: Future>(future: F) -> Coop<F> {
    Coop { future }
}

pin_project! {
    /// The future of [`cooperative`].
    ///
    /// # Cancel safety
    ///
    /// As that of the future inside.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Coop<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let permission = ready!(poll_proceed(cx));
        let output = ready!(self.project().future.poll(cx));
        permission.made_progress();
        Poll::Ready(output)
    }
}

/// Excepts a future from the budget: nothing in it is ever refused.
///
/// It then is up to the future not to starve the other tasks.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// pintle::task::unconstrained(async {
///     for _ in 0..1000 {
///         pintle::task::consume_budget().await; // never yields here
///     }
/// })
/// .await;
/// # }
/// ```
pub fn unconstrained<F>(future: F) -> Unconstrained<F> {
    Unconstrained { future }
}

pin_project! {
    /// The future of [`unconstrained`].
    ///
    /// # Cancel safety
    ///
    /// As that of the future inside.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Unconstrained<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        budget::unconstrained(|| self.project().future.poll(cx))
    }
}
