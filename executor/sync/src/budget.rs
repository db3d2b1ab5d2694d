//! The cooperative budget.
//!
//! A task that always finds its socket or channel ready would never return from its poll, and
//! starve every task behind it. So a worker gives each poll a budget, each operation that a task
//! could repeat for ever spends one unit, and at zero such an operation answers `Pending` and
//! wakes the task at once: it goes to the back of the queue. The idea and the number are
//! [tokio's](https://tokio.rs/blog/2020-04-preemption).
//!
//! Outside a worker there is no budget and nothing is ever refused.

use std::cell::Cell;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::task::{Context, Poll};

/// Operations one poll may complete before it is asked to yield.
pub const UNITS: u8 = 128;

crate::thread_local! {
    static LEFT: Cell<Option<u8>> = const { Cell::new(None) };
}

/// Runs `f`, a poll of one task, under a fresh budget.
///
/// ```
/// use pintle_sync::budget;
/// use std::task::{Context, Poll, Waker};
///
/// let mut cx = Context::from_waker(Waker::noop());
/// budget::with_fresh(|| {
///     for _ in 0..budget::UNITS {
///         let Poll::Ready(unit) = budget::poll_proceed(&mut cx) else { unreachable!() };
///         unit.made_progress();
///     }
///     assert!(budget::poll_proceed(&mut cx).is_pending());
/// });
/// ```
pub fn with_fresh<R>(f: impl FnOnce() -> R) -> R {
    with(Some(UNITS), f)
}

/// A fresh budget for each of several polls: cheaper than [`with_fresh`] around each. The budget that
/// was there before comes back when the result is dropped.
///
/// ```
/// use pintle_sync::budget;
///
/// let budget = budget::renewable();
/// for _ in 0..3 {
///     budget.renew();
///     assert!(budget::has_remaining()); // and here would be a poll
/// }
/// ```
pub fn renewable() -> Renewable {
    Renewable {
        around: LEFT.get(),
        not_send: PhantomData,
    }
}

/// See [`renewable`].
#[derive(Debug)]
pub struct Renewable {
    around: Option<u8>,
    not_send: PhantomData<*const ()>,
}

impl Renewable {
    /// What follows has a fresh budget.
    #[inline]
    pub fn renew(&self) {
        LEFT.set(Some(UNITS));
    }
}

impl Drop for Renewable {
    fn drop(&mut self) {
        LEFT.set(self.around);
    }
}

/// Runs `f` with no budget: nothing it does is asked to yield.
///
/// ```
/// use pintle_sync::budget;
///
/// budget::with_fresh(|| budget::unconstrained(|| assert!(budget::has_remaining())));
/// ```
pub fn unconstrained<R>(f: impl FnOnce() -> R) -> R {
    with(None, f)
}

fn with<R>(budget: Option<u8>, f: impl FnOnce() -> R) -> R {
    let _restored = renewable();
    LEFT.set(budget);
    f()
}

/// Whether an operation would be let through now.
///
/// ```
/// assert!(pintle_sync::budget::has_remaining()); // no worker, no budget
/// ```
#[inline]
pub fn has_remaining() -> bool {
    LEFT.get() != Some(0)
}

/// Asks for one unit, before an operation is tried.
///
/// `Ready` is the permission; call [`Progress::made_progress`] on it when the operation has done
/// something, and drop it when it has not: the unit is then given back. `Pending` means that the
/// budget is spent; the task has been woken, so that it runs again after the others.
#[inline]
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<Progress> {
    let before = LEFT.get();
    match before {
        Some(0) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Some(units) => {
            LEFT.set(Some(units - 1));
            Poll::Ready(Progress { before })
        }
        None => Poll::Ready(Progress { before }),
    }
}

/// Waits until there is a unit, tries `operation`, and spends the unit if that has done something.
pub(crate) async fn spend_if(operation: impl FnOnce() -> bool) -> bool {
    let progress = poll_fn(poll_proceed).await;
    operation() && progress.made_progress()
}

/// A unit of budget that is spent unless the operation turns out to have done nothing.
#[must_use = "dropping it gives the unit back"]
#[derive(Debug)]
pub struct Progress {
    before: Option<u8>,
}

impl Progress {
    /// The operation did something: the unit is spent. Always true, for use in conditions.
    pub fn made_progress(self) -> bool {
        std::mem::forget(self);
        true
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        LEFT.set(self.before);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn an_operation_that_did_nothing_costs_nothing() {
        let mut cx = Context::from_waker(Waker::noop());
        with_fresh(|| {
            for _ in 0..1000 {
                assert!(poll_proceed(&mut cx).is_ready());
            }
        });
    }

    #[test]
    fn a_spent_budget_refuses_until_the_next_poll() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut spend_all = || {
            with_fresh(|| {
                let mut spent = 0;
                while let Poll::Ready(progress) = poll_proceed(&mut cx) {
                    progress.made_progress();
                    spent += 1;
                }
                spent
            })
        };
        assert_eq!(spend_all(), u32::from(UNITS));
        assert_eq!(spend_all(), u32::from(UNITS));
    }

    #[test]
    fn the_outer_budget_is_restored_even_by_a_panic() {
        with_fresh(|| {
            let _ = std::panic::catch_unwind(|| unconstrained(|| panic!("inside")));
            assert_eq!(LEFT.get(), Some(UNITS));
        });
        assert_eq!(LEFT.get(), None);
    }
}
