//! What the allocator gives out for tasks and timers.

use super::Setup;
use super::batches::on_workers;
use super::timing::{LONG, STRETCH, arm};
use crate::measure::{Countdown, allocated};
use crate::runtime::Runtime;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

const COUNT: usize = 100_000;

/// A future of 32 bytes that waits for ever, with a waker, or a runtime would be free to see that
/// it cannot be woken.
struct Idle {
    waker: Option<Waker>,
    first_polled: Option<Countdown>,
    _state: u64,
}

impl Future for Idle {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(all) = self.first_polled.take() {
            self.waker = Some(cx.waker().clone());
            all.arrive();
        }
        Poll::Pending
    }
}

/// Bytes for each of many tasks that wait.
pub fn task<R: Runtime>(setup: &Setup) -> [f64; 1] {
    let bytes = on_workers::<R, _, _, _>(setup, 1, |_| async {
        let spawn = async |count| {
            let all = Countdown::new(count);
            for _ in 0..count {
                R::spawn(Idle {
                    waker: None,
                    first_polled: Some(all.clone()),
                    _state: 0,
                });
            }
            all.await;
        };
        // What is made for the first few need not be made again.
        spawn(100).await;
        let before = allocated();
        spawn(COUNT).await;
        allocated().saturating_sub(before)
    });
    [bytes[0] as f64 / COUNT as f64]
}

/// Bytes for each of many sleeps, in a box and armed.
pub fn timer<R: Runtime>(setup: &Setup) -> [f64; 1] {
    let bytes = on_workers::<R, _, _, _>(setup, 1, |_| async {
        let mut sleeps = Vec::with_capacity(COUNT + 100);
        let mut before = 0;
        for i in 0..COUNT + 100 {
            if i == 100 {
                before = allocated();
            }
            let mut sleep = Box::pin(R::sleep(LONG));
            arm(sleep.as_mut());
            sleeps.push(sleep);
            if i % STRETCH == 0 {
                R::yield_now().await;
            }
        }
        allocated().saturating_sub(before)
    });
    [bytes[0] as f64 / COUNT as f64]
}
