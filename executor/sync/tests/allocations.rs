//! No primitive allocates on its uncontended path, nor while tasks wait: counted, not assumed.
//!
//! A program of its own, since the allocator is the whole program's. It counts for each thread alone.

#![cfg(not(loom))]
#![expect(unsafe_code, reason = "a global allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use pintle_sync::{
    Barrier, CancellationToken, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, TaskTracker,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Those that have not been freed.
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: it does what the system's allocator does, and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        LIVE.set(LIVE.get() + 1);
        // SAFETY: our caller keeps the same promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - 1);
        // SAFETY: our caller keeps the same promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[track_caller]
fn without_allocating<R>(what: &str, f: impl FnOnce() -> R) -> R {
    let before = ALLOCATIONS.get();
    let result = f();
    assert_eq!(ALLOCATIONS.get() - before, 0, "{what} allocates");
    result
}

struct Silent;

impl Wake for Silent {
    fn wake(self: Arc<Self>) {}
}

/// Polls a future that must be ready.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("this should be ready"),
    }
}

fn starts_to_wait<T>(future: Pin<&mut impl Future<Output = T>>, waker: &Waker) {
    assert!(future.poll(&mut Context::from_waker(waker)).is_pending());
}

#[test]
fn nothing_allocates_that_need_not() {
    let waker = Waker::from(Arc::new(Silent));
    let before = ALLOCATIONS.get();
    drop(Box::new(1));
    assert_eq!(ALLOCATIONS.get() - before, 1, "it counts");

    without_allocating("a semaphore", || {
        let semaphore = Semaphore::new(2);
        drop(now(semaphore.acquire_many(2)).unwrap());
        drop(semaphore.try_acquire().unwrap());
    });
    without_allocating("a mutex", || {
        let mutex = Mutex::new(1);
        drop(now(mutex.lock()));
        drop(mutex.blocking_lock());
    });
    without_allocating("a read-write lock", || {
        let lock = RwLock::new(1);
        drop(now(lock.read()));
        drop(now(lock.write()));
        drop(lock.blocking_write());
    });
    without_allocating("a notification", || {
        let notify = Notify::new();
        notify.notify_one();
        now(notify.notified());
        notify.notify_waiters();
    });
    without_allocating("a cell", || {
        let cell = OnceCell::new();
        assert_eq!(*now(cell.get_or_init(|| std::future::ready(1))), 1);
        let once = SetOnce::new();
        once.set(1).unwrap();
        assert_eq!(*now(once.wait()), 1);
    });
    without_allocating("a barrier", || now(Barrier::new(1).wait()));

    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
    without_allocating("a token that is there", || {
        assert!(!token.clone().is_cancelled());
        starts_to_wait(pin!(token.cancelled()), &waker);
        starts_to_wait(pin!(token.clone().cancelled_owned()), &waker);
    });
    without_allocating("a tracker that is there", || {
        now(tracker.track_future(std::future::ready(1)));
        tracker.close();
        now(tracker.wait());
    });

    without_allocating("waiting", || {
        let mutex = Mutex::new(1);
        let guard = mutex.try_lock().unwrap();
        let mut first = pin!(mutex.lock());
        let mut second = pin!(mutex.lock());
        starts_to_wait(first.as_mut(), &waker);
        starts_to_wait(second.as_mut(), &waker);
        drop(guard);
        drop(now(first));
        drop(now(second));
        let notify = Notify::new();
        let (mut one, mut other) = (pin!(notify.notified()), pin!(notify.notified()));
        starts_to_wait(one.as_mut(), &waker);
        starts_to_wait(other.as_mut(), &waker);
        notify.notify_waiters();
        now(one);
        now(other);
    });
}

#[test]
fn a_token_is_freed_when_it_is_dropped_or_cancelled_whatever_becomes_of_its_kin() {
    let before = LIVE.get();
    let root = CancellationToken::new();
    // The tree keeps its room for nodes.
    drop((root.child_token(), root.child_token()));
    let with_root = LIVE.get();
    let child = root.child_token();
    drop(child.clone());
    drop(child);
    assert_eq!(LIVE.get(), with_root, "a child");

    let mut last = root.child_token();
    for _ in 0..100 {
        last = last.child_token();
    }
    assert_eq!(
        LIVE.get(),
        with_root + 1,
        "a chain of which the end is held"
    );
    let other = last.child_token();
    last.cancel();
    drop((last, other));
    assert_eq!(LIVE.get(), with_root, "a branch that was cancelled");

    let child = root.child_token();
    let grandchild = child.child_token();
    drop((root, child));
    drop(grandchild);
    assert_eq!(LIVE.get(), before, "a tree");
}
