//! A task that has something to give, and who waits for that.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as Count, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use pintle::checked::task::{JoinError, JoinHandle};

use super::Shared;
use crate::{Drops, Item};

/// Asks a handle for the output, and leaves `waker` there.
pub fn ask<T>(handle: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(waker))
}

/// A joiner: counts its wakes.
#[derive(Debug, Default)]
pub struct Joiner(Count);

impl Wake for Joiner {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Joiner {
    /// A joiner, and its waker.
    pub fn new() -> (StdArc<Self>, Waker) {
        let joiner = StdArc::new(Self::default());
        (joiner.clone(), joiner.into())
    }

    /// How often it was woken.
    pub fn woken(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// A future that is ready at once, with a value.
struct Gives {
    own: Item,
    output: Option<Item>,
}

impl Future for Gives {
    type Output = Item;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Item> {
        self.own.write();
        Poll::Ready(self.output.take().expect("polled once"))
    }
}

/// A task that is queued and ready at once: who runs it, who counts the drops of its future and of its output,
/// and who joins it.
pub fn giver() -> (StdArc<Shared>, Drops, Drops, JoinHandle<Item>) {
    let shared = Shared::new();
    let (futures, outputs) = (Drops::new(), Drops::new());
    let handle = shared.spawn(Gives {
        own: futures.item(2),
        output: Some(outputs.item(3)),
    });
    (shared, futures, outputs, handle)
}
