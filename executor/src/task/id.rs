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
    /// The ids this thread may give out: the next, and how many are left.
    static OWN: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
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
    pub fn next() -> Self {
        // Without a destructor the cell outlives every other thread-local: this cannot fail.
        OWN.with(|own| {
            let (mut next, mut left) = own.get();
            if left == 0 {
                next = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed);
                left = BLOCK;
            }
            own.set((next + 1, left - 1));
            // They begin at one, and there are more than can be given out.
            Self(NonZeroU64::new(next).unwrap_or(NonZeroU64::MAX))
        })
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
