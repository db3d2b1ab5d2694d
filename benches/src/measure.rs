//! Processor time, memory, and the wait for the last of many.

use atomic_waker::AtomicWaker;
use rustix::time::{ClockId, clock_gettime};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// The processor time of this process so far, all threads, in user and kernel mode.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Bytes the allocator has given out and not got back, its own headers included.
pub fn allocated() -> u64 {
    // SAFETY: no arguments, and nothing but a struct of numbers comes back.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as u64
}

/// Waits until as many have reported as were expected.
#[derive(Debug, Clone)]
pub struct Countdown(Arc<Left>);

#[derive(Debug)]
struct Left {
    left: AtomicUsize,
    waker: AtomicWaker,
}

impl Countdown {
    pub fn new(expected: usize) -> Self {
        Self(Arc::new(Left {
            left: AtomicUsize::new(expected),
            waker: AtomicWaker::new(),
        }))
    }

    /// Reports one.
    pub fn arrive(&self) {
        // AcqRel: what each has done before it arrives is seen by whoever awaits the last.
        if self.0.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.waker.wake();
        }
    }
}

impl Future for Countdown {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.waker.register(cx.waker());
        match self.0.left.load(Ordering::Acquire) {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}
