//! One word that says whether a worker sleeps.
//!
//! ```text
//!              prepare (1)                 notify (2): "make the system call"
//!   RUNNING ───────────────▶ SLEEPING ──────────────────────────┐
//!      ▲  ▲                     │ awake (3): woke by itself      ▼
//!      │  └─────────────────────┘                            NOTIFIED
//!      │                         awake (3)                    ▲ │ ▲ │ notify (2)
//!      └──────────────────────────────────────────────────────┼─┘ └─┘
//!   RUNNING ──────────────── notify (2): no system call ──────┘
//! ```
//!
//! | step | function | who | |
//! | --- | --- | --- | --- |
//! | 1 | [`prepare`](Parker::prepare) | the worker, before it sleeps | fails if it was notified |
//! | 2 | [`notify`](Parker::notify) | any thread, after it left something | |
//! | 3 | [`awake`](Parker::awake) | the worker, after sleep and *before the last look* at what others may have left | |
//!
//! Why nothing is lost: every step is a read-modify-write of the one word, so they have one order.
//! A notify after the worker's last `awake` makes its `prepare` fail. A notify before it happens
//! before the look that follows, because the notifier releases and `awake` acquires: the worker
//! sees what was left. No sequential consistency is needed, for there is no second variable.
//!
//! Why it is cheap: of all notifies of one sleep only the one that finds SLEEPING makes a system
//! call, and a notify of a running worker makes none. Modelled in `loom-tests/tests/park.rs`.

use pintle_sync::shim::sync::atomic::{AtomicU32, Ordering};

const RUNNING: u32 = 0;
const SLEEPING: u32 = 1;
const NOTIFIED: u32 = 2;

/// See the [module's documentation](self).
#[derive(Debug)]
pub struct Parker(AtomicU32);

impl Default for Parker {
    fn default() -> Self {
        Self::new()
    }
}

impl Parker {
    /// Makes the word of a running worker.
    pub fn new() -> Self {
        Self(AtomicU32::new(RUNNING))
    }

    /// The worker is about to sleep. False if somebody has notified it since the last
    /// [`awake`](Self::awake): then it must look again instead.
    #[must_use = "a worker that was notified must not sleep"]
    pub fn prepare(&self) -> bool {
        // Relaxed: who finds SLEEPING makes a system call and looks at nothing of the worker's. On
        // failure `awake` follows before anything is looked at.
        self.0
            .compare_exchange(RUNNING, SLEEPING, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// The worker is awake and about to look at everything once more. Says whether it was notified.
    pub fn awake(&self) -> bool {
        // Acquire: what a notifier left before its notify is visible to the look that follows.
        self.0.swap(RUNNING, Ordering::Acquire) == NOTIFIED
    }

    /// Whether [`awake`](Self::awake) would say that the worker was notified. May be out of date as
    /// soon as it is known.
    pub fn is_notified(&self) -> bool {
        self.0.load(Ordering::Relaxed) == NOTIFIED
    }

    /// Something was left for the worker. True if it sleeps and the caller must wake it.
    #[must_use = "a sleeping worker must be woken"]
    pub fn notify(&self) -> bool {
        // Release: pairs with `awake`. A swap even when already notified, so that this notifier,
        // too, is ordered before the worker's next look.
        self.0.swap(NOTIFIED, Ordering::Release) == SLEEPING
    }
}
