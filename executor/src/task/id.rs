//! What tells tasks apart.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many ids a thread takes at a time.
const BLOCK: u64 = 256;

// Not the shim's: ids order nothing, so there is nothing to model.
static NEXT_BLOCK: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The ids this thread may give out: the next,
    static NEXT: Cell<u64> = const { Cell::new(0) };
    /// and how many are left.
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// A number that no other task of the process has or ever had.
///
/// Ids are given out to each thread in blocks, so their order says nothing about the order of
/// spawning. Nor do they say anything about where a task runs.
///
/// ```
/// # let runtime = pintle::runtime::Runtime::new().unwrap();
/// # runtime.block_on(async {
/// let (a, b) = (pintle::spawn(async {}), pintle::spawn(async {}));
/// assert_ne!(a.id(), b.id());
/// println!("waiting for task {}", a.id());
/// # a.await.unwrap();
/// # b.await.unwrap();
/// # });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(NonZeroU64);

impl Id {
    /// An id that was never given out before. (For this crate and its models.)
    #[doc(hidden)]
    #[inline]
    pub fn next() -> Self {
        // Without destructors the cells outlive every other thread-local: this cannot fail.
        if LEFT.get() == 0 {
            NEXT.set(NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed));
            LEFT.set(BLOCK);
        }
        let next = NEXT.get();
        NEXT.set(next + 1);
        LEFT.set(LEFT.get() - 1);
        // They begin at one, and there are more than can be given out.
        Self(NonZeroU64::new(next).unwrap_or(NonZeroU64::MAX))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.0)
    }
}
