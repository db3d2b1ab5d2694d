//! What the channels allocate: counted, not assumed.
//!
//! A program of its own, since the allocator is the whole program's. It counts for each thread alone.

#![cfg(not(loom))]
#![expect(unsafe_code, reason = "a global allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use pintle_sync::{broadcast, mpsc, oneshot, watch};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: it does what the system's allocator does, and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: our caller keeps the same promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: our caller keeps the same promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations<R>(f: impl FnOnce() -> R) -> usize {
    let before = ALLOCATIONS.get();
    f();
    ALLOCATIONS.get() - before
}

struct Silent;

impl Wake for Silent {
    fn wake(self: Arc<Self>) {}
}

fn poll<T>(waker: &Waker, future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(waker))
}

#[test]
fn a_oneshot_is_one_allocation_also_when_both_sides_wait() {
    let waker = Waker::from(Arc::new(Silent));
    let whole_life = || {
        let (mut sender, mut receiver) = oneshot::channel();
        assert!(poll(&waker, sender.closed()).is_pending());
        assert!(poll(&waker, &mut receiver).is_pending());
        sender.send(1).unwrap();
        assert_eq!(poll(&waker, receiver), Poll::Ready(Ok(1)));
    };
    assert_eq!(allocations(whole_life), 1);
}

#[test]
fn a_message_allocates_nothing_once_the_queue_has_grown() {
    let waker = Waker::from(Arc::new(Silent));
    let (sender, mut receiver) = mpsc::channel(100);
    let mut buffer = Vec::with_capacity(100);
    let mut round = || {
        for burst in [1, 100, 3, 50] {
            assert!(poll(&waker, receiver.recv()).is_pending());
            for number in 0..burst {
                assert!(poll(&waker, sender.send(number)).is_ready());
            }
            for _ in 0..burst / 2 {
                assert!(poll(&waker, receiver.recv()).is_ready());
            }
            if poll(&waker, receiver.recv_many(&mut buffer, burst)).is_ready() {
                buffer.clear();
            }
        }
        // Full, and senders that wait, or give up waiting.
        for number in 0..100 {
            sender.try_send(number).unwrap();
        }
        assert!(poll(&waker, sender.send(100)).is_pending());
        let mut waiting = pin!(sender.reserve());
        assert!(poll(&waker, waiting.as_mut()).is_pending());
        for _ in 0..100 {
            receiver.try_recv().unwrap();
        }
        assert!(poll(&waker, waiting).is_ready());
    };
    // Both buffers grow to the size they need.
    round();
    round();
    assert_eq!(allocations(round), 0);
}

#[test]
fn an_unbounded_channel_keeps_the_room_it_needs_and_not_that_of_a_burst() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut burst = |messages: u32| {
        for number in 0..messages {
            sender.send(number).unwrap();
        }
        for number in 0..messages {
            assert_eq!(receiver.try_recv(), Ok(number));
        }
    };
    burst(1000);
    burst(1000);
    assert_eq!(allocations(|| burst(1000)), 0);
    // A big one is let go when smaller ones follow, after which room is made anew, once.
    burst(100_000);
    for _ in 0..4 {
        burst(10);
    }
    assert_eq!(allocations(|| burst(10)), 0);
    assert!(allocations(|| burst(100_000)) > 0);
}

#[test]
fn values_that_are_broadcast_or_watched_allocate_nothing() {
    let waker = Waker::from(Arc::new(Silent));
    let (sender, mut receiver) = broadcast::channel(16);
    let mut other = sender.subscribe();
    let broadcast = || {
        for number in 0..100 {
            assert!(poll(&waker, receiver.recv()).is_pending());
            sender.send(number).unwrap();
            assert!(poll(&waker, receiver.recv()).is_ready());
            if number % 20 == 0 {
                // It lags.
                assert!(poll(&waker, other.recv()).is_ready());
            }
        }
        drop(sender.subscribe());
    };
    assert_eq!(allocations(broadcast), 0);

    let (sender, mut receiver) = watch::channel(0);
    let watch = || {
        for number in 0..100 {
            assert!(poll(&waker, receiver.changed()).is_pending());
            sender.send(number).unwrap();
            assert!(poll(&waker, receiver.changed()).is_ready());
            assert!(poll(&waker, receiver.wait_for(|n| *n == number)).is_ready());
        }
        drop(sender.subscribe());
    };
    assert_eq!(allocations(watch), 0);
}
