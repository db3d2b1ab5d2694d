//! A task that waits to be woken.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc as StdArc;
use std::task::{Context, Poll, Waker};

use pintle::checked::task::JoinHandle;
use pintle_sync::shim::sync::atomic::{AtomicUsize, Ordering};

use super::{Hidden, Shared, ask};
use crate::{Drops, Item};

/// A future that is ready when the flag says so, which orders nothing. It leaves its waker, and
/// touches memory of its own in every poll and in its drop.
struct Waits {
    flag: StdArc<AtomicUsize>,
    waker: StdArc<Hidden<Option<Waker>>>,
    own: Item,
}

impl Future for Waits {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.own.write();
        if self.flag.load(Ordering::Relaxed) != 0 {
            return Poll::Ready(());
        }
        self.waker.put(cx.waker().clone());
        Poll::Pending
    }
}

/// A task that is ready when a flag says so, and all that belongs to it.
#[derive(Debug)]
pub struct Sleeper {
    /// Who runs it.
    pub shared: StdArc<Shared>,
    /// Anything but 0 lets the task complete.
    pub flag: StdArc<AtomicUsize>,
    /// The waker of its last poll.
    pub waker: StdArc<Hidden<Option<Waker>>>,
    /// Counts the drop of its future.
    pub drops: Drops,
    /// Who joins it.
    pub handle: JoinHandle<()>,
}

impl Sleeper {
    /// In the queue, and not polled as yet.
    pub fn queued() -> Self {
        let shared = Shared::new();
        let flag = StdArc::new(AtomicUsize::new(0));
        let waker = StdArc::new(Hidden::new());
        let drops = Drops::new();
        let handle = shared.spawn(Waits {
            flag: flag.clone(),
            waker: waker.clone(),
            own: drops.item(2),
        });
        Self {
            shared,
            flag,
            waker,
            drops,
            handle,
        }
    }

    /// The same, polled once.
    pub fn idle() -> Self {
        let this = Self::queued();
        this.shared.run();
        this
    }

    /// Its waker, which it was polled with.
    pub fn waker(&self) -> Waker {
        self.waker
            .with(|waker| waker.clone())
            .expect("it was polled")
    }

    /// Consumes everything; says whether the task completed, or was cancelled.
    pub fn end(mut self) -> bool {
        self.waker.take();
        let completes = match ask(&mut self.handle, Waker::noop()) {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(error)) => {
                assert!(error.is_cancelled(), "{error}");
                false
            }
            Poll::Pending => panic!("the task waits for ever"),
        };
        assert_eq!(self.drops.count(), 1, "the future is dropped once");
        drop(self.handle);
        self.shared.assert_over();
        completes
    }
}
