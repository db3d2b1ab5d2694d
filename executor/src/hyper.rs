//! hyper's runtime traits: its executor and its timer.
//!
//! The other two, `hyper::rt::Read` and `Write`, are implemented by the streams in
//! [`net`](crate::net) directly, without a second buffer.
//!
//! | hyper wants | give it |
//! | --- | --- |
//! | an I/O object | [`TcpStream`](crate::net::TcpStream), [`UnixStream`](crate::net::UnixStream) |
//! | an executor (HTTP/2) | [`Executor`]; for services that are not `Send`, [`LocalExecutor`] |
//! | a timer | [`Timer`] |

use crate::time::Sleep;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Spawns hyper's tasks with [`pintle::spawn`](crate::spawn).
///
/// ```
/// use hyper::rt::Executor;
///
/// # #[pintle::main]
/// # async fn main() {
/// pintle::hyper::Executor.execute(async { println!("one of hyper's tasks") });
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Executor;

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        crate::spawn(future);
    }
}

/// Spawns hyper's tasks with [`spawn_local`](crate::task::spawn_local), so that neither the service
/// nor its state need be `Send`.
///
/// ```
/// use hyper::rt::Executor;
///
/// # #[pintle::main]
/// # async fn main() {
/// pintle::hyper::LocalExecutor.execute(async { println!("one of hyper's tasks") });
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalExecutor;

impl<F> hyper::rt::Executor<F> for LocalExecutor
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        crate::task::spawn_local(future);
    }
}

/// Gives hyper [`time::sleep`](crate::time::sleep), so that its time limits work.
///
/// ```
/// use hyper::rt::Timer;
/// use std::time::Duration;
///
/// # #[pintle::main]
/// # async fn main() {
/// pintle::hyper::Timer.sleep(Duration::from_millis(1)).await;
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Timer;

impl hyper::rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(HyperSleep {
            sleep: crate::time::sleep(duration),
        })
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(HyperSleep {
            sleep: crate::time::sleep_until(deadline.into()),
        })
    }

    fn now(&self) -> Instant {
        crate::time::Instant::now().into()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<HyperSleep>() {
            Some(ours) => ours.project().sleep.reset(deadline.into()),
            None => *sleep = self.sleep_until(deadline),
        }
    }
}

pin_project! {
    /// Our timer under hyper's trait, which is foreign to the crate that the timer comes from.
    struct HyperSleep {
        #[pin]
        sleep: Sleep,
    }
}

impl Future for HyperSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().sleep.poll(cx)
    }
}

impl hyper::rt::Sleep for HyperSleep {}
