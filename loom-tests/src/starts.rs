//! Futures that have begun to wait.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

/// Polls a future once, which must not be ready then: it waits, and nobody is woken for it until it
/// is polled with another waker.
///
/// # Panics
///
/// When it is ready.
#[track_caller]
pub fn starts<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    future
}
