//! Time in tests: the clock of the runtime one is in, from inside a task.
//!
//! Tested in `tests/clock.rs`.

use crate::{Clock, Duration, current};
use pintle_sync::WakeBatch;
use std::future::poll_fn;
use std::task::Poll;

/// Pauses the clock of this runtime: from now on time stands still, but jumps to the next deadline
/// whenever all workers are idle and no blocking job runs. (So a blocking job that itself waits for
/// a timer of this clock waits for ever.)
///
/// A worker looks at its sockets before it counts as idle, and before a jump those of all idle ones
/// are looked at again: bytes on their way from one worker to another are not jumped over. What is on
/// its way from elsewhere (another process, another runtime, a thread of one's own) no clock knows of.
///
/// # Panics
///
/// If the clock is paused already, or where there is no runtime with time enabled.
///
/// ```
/// use pintle_timer::{Clock, Driver, Instant, current};
/// use std::task::Waker;
///
/// let _seated = current::enter(Driver::new(Clock::new(false), Waker::noop().clone()));
/// pintle_timer::pause();
/// let then = Instant::now();
/// std::thread::sleep(std::time::Duration::from_millis(2));
/// assert_eq!(Instant::now(), then);
/// pintle_timer::resume();
/// ```
#[track_caller]
pub fn pause() {
    clock("pause").pause();
}

/// Lets the paused clock of this runtime go on from where it stands.
///
/// # Panics
///
/// If the clock is not paused, or where there is no runtime with time enabled.
#[track_caller]
pub fn resume() {
    clock("resume").resume();
}

/// Moves the paused clock of this runtime on by `duration`, then yields, so that the tasks of this
/// worker whose timers have become due run before it returns; other workers are woken up.
///
/// Time moves in one step: timers in between fire late, by the clock, rather than each at its time.
/// To see each at its time, sleep instead and let the clock jump.
///
/// # Cancel safety
///
/// The clock moves at the first poll; what comes after is only the yield.
///
/// # Panics
///
/// If the clock is not paused, or where there is no runtime with time enabled.
///
/// ```
/// use pintle_timer::{Clock, Driver, Duration, Instant, current};
/// use std::{future::Future, pin::pin, task::{Context, Waker}};
///
/// let _seated = current::enter(Driver::new(Clock::new(true), Waker::noop().clone()));
/// let start = Instant::now();
/// let mut advance = pin!(pintle_timer::advance(Duration::from_secs(60)));
/// let mut cx = Context::from_waker(Waker::noop());
/// assert!(advance.as_mut().poll(&mut cx).is_pending()); // the others' turn
/// assert!(advance.as_mut().poll(&mut cx).is_ready());
/// assert_eq!(start.elapsed(), Duration::from_secs(60));
/// ```
pub async fn advance(duration: Duration) {
    clock("advance").advance(duration);
    // What is due here is woken before this task is, hence runs before it.
    let mut batch = WakeBatch::new();
    let _ = current::with(|driver| driver.turn(&mut batch));
    batch.wake_all();
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[track_caller]
fn clock(call: &str) -> Clock {
    current::clock()
        .unwrap_or_else(|no_driver| panic!("`{call}` has no clock to act on: {no_driver}"))
}
