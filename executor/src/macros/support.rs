//! What the macros expand to calls this. Nobody else should: it changes without notice.

#[cfg(feature = "macros")]
pub use pintle_macros::{join, select, try_join};
pub use pintle_sync::thread_local;
pub use std::future::poll_fn;

pub use super::maybe_done::{MaybeDone, maybe_done};
pub use crate::task_tools::task_local::{Slot, new_key};

use pintle_sync::budget;
use pintle_sync::shim::machine;
use std::cell::Cell;
use std::task::{Context, Poll};

/// Ready if the task may go on. Nothing is spent: the branches do that.
pub fn poll_budget(cx: &mut Context<'_>) -> Poll<()> {
    budget::poll_proceed(cx).map(drop)
}

/// The end of a `select!` without `else` that has no branch left.
#[cold]
#[track_caller]
pub fn all_disabled() -> ! {
    panic!(
        "every branch of a `select!` is disabled: the precondition is false, or the output did not \
         fit the pattern. Add an `else` branch for this case"
    )
}

/// A number less than `count`, each as likely as the others; `count` is small.
///
/// Xorshift64, Marsaglia 2003, on a state of the thread's own: it has to be fair, not secret.
pub fn any_of(count: usize) -> usize {
    pintle_sync::thread_local! {
        /// Zero before the first use.
        static STATE: Cell<u64> = const { Cell::new(0) };
    }
    let mut x = match STATE.get() {
        0 => machine::random() | 1,
        x => x,
    };
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    STATE.set(x);
    // The upper half as a fraction of `count`: no division, and no bias to speak of.
    (((x >> 32) * count as u64) >> 32) as usize
}

/// All numbers less than `count`, beginning with `first`.
pub fn beginning_with(first: usize, count: usize) -> impl Iterator<Item = usize> {
    (first..count).chain(0..first)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{any_of, beginning_with};

    #[test]
    fn each_number_has_its_turn() {
        let turns = |first, count| beginning_with(first, count).collect::<Vec<_>>();
        assert_eq!(turns(0, 1), [0]);
        assert_eq!(turns(0, 3), [0, 1, 2]);
        assert_eq!(turns(2, 3), [2, 0, 1]);
    }

    #[test]
    fn each_number_is_as_likely_as_the_others() {
        for count in [1, 2, 3, 64] {
            let mut seen = vec![0_u32; count];
            for _ in 0..1000 * count {
                seen[any_of(count)] += 1;
            }
            // Ten standard deviations.
            assert!(
                seen.iter().all(|times| (700..1300).contains(times)),
                "{seen:?}"
            );
        }
    }
}
