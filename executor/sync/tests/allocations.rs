//! No primitive allocates on its uncontended path, nor while tasks wait: counted, not assumed. And what
//! a channel allocates when it is made, or grows.
//!
//! A program of its own, since the allocator is the whole program's. It counts for each thread alone.

#![cfg(not(loom))]
#![expect(unsafe_code, reason = "a global allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::{pending, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use pintle_sync::{
    Barrier, CancellationToken, MappedMutexGuard, Mutex, MutexGuard, Notify, OnceCell,
    OwnedMutexGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore,
    SetOnce, TaskTracker, broadcast, mpsc, oneshot, watch,
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

fn allocations<R>(f: impl FnOnce() -> R) -> usize {
    let before = ALLOCATIONS.get();
    f();
    ALLOCATIONS.get() - before
}

#[track_caller]
fn without_allocating<R>(what: &str, f: impl FnOnce() -> R) {
    assert_eq!(allocations(f), 0, "{what} allocates");
}

struct Silent;

impl Wake for Silent {
    fn wake(self: Arc<Self>) {}
}

fn poll<T>(waker: &Waker, future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(waker))
}

/// Polls a future that must be ready.
#[track_caller]
fn now<T>(future: impl Future<Output = T>) -> T {
    match poll(Waker::noop(), future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("this should be ready"),
    }
}

#[track_caller]
fn starts_to_wait<T>(future: Pin<&mut impl Future<Output = T>>, waker: &Waker) {
    assert!(future.poll(&mut Context::from_waker(waker)).is_pending());
}

#[test]
fn what_is_allocated_is_counted() {
    assert_eq!(allocations(|| Box::new(1)), 1);
    let mut list = Vec::<u8>::with_capacity(1);
    assert_eq!(allocations(|| list.reserve(100)), 1);
}

#[test]
fn a_lock_that_is_free_is_taken_and_left_without_allocating() {
    let mutex = Arc::new(Mutex::new((1, 2)));
    without_allocating("making a mutex", || Mutex::new(1));
    without_allocating("a mutex", || {
        drop(now(mutex.lock()));
        drop(mutex.try_lock().unwrap());
        drop(mutex.blocking_lock());
        let part = MutexGuard::map(now(mutex.lock()), |pair| &mut pair.0);
        drop(MappedMutexGuard::map(part, |one| one));
    });
    without_allocating("a mutex that is shared", || {
        drop(now(mutex.clone().lock_owned()));
        drop(mutex.clone().try_lock_owned().unwrap());
        drop(mutex.clone().blocking_lock_owned());
        drop(OwnedMutexGuard::map(
            now(mutex.clone().lock_owned()),
            |pair| &mut pair.0,
        ));
    });

    let lock = Arc::new(RwLock::new((1, 2)));
    without_allocating("making a read-write lock", || RwLock::new(1));
    without_allocating("a read-write lock", || {
        let readers = (now(lock.read()), lock.try_read().unwrap());
        assert!(lock.try_write().is_err());
        drop(readers);
        drop(lock.blocking_read());
        drop(now(lock.write()));
        drop(lock.try_write().unwrap());
        drop(lock.blocking_write());
    });
    without_allocating("a writer that becomes a reader", || {
        let reader = RwLockWriteGuard::downgrade(now(lock.write()));
        drop(now(lock.read()));
        drop(RwLockReadGuard::map(reader, |pair| &pair.0));
        drop(RwLockWriteGuard::downgrade_map(now(lock.write()), |pair| {
            &pair.0
        }));
    });
    without_allocating("a read-write lock that is shared", || {
        drop(now(lock.clone().read_owned()));
        drop(lock.clone().try_read_owned().unwrap());
        drop(lock.clone().try_write_owned().unwrap());
        drop(OwnedRwLockWriteGuard::downgrade(now(lock
            .clone()
            .write_owned())));
    });

    let semaphore = Arc::new(Semaphore::new(4));
    without_allocating("making a semaphore", || Semaphore::new(1));
    without_allocating("a semaphore", || {
        drop(now(semaphore.acquire()).unwrap());
        drop(semaphore.try_acquire_many(2).unwrap());
        assert!(semaphore.try_acquire_many(5).is_err());
        semaphore.add_permits(1);
        now(semaphore.acquire_many(1)).unwrap().forget();
        let mut permits = now(semaphore.clone().acquire_many_owned(3)).unwrap();
        let split = permits.split(1).unwrap();
        permits.merge(split);
    });
}

#[test]
fn what_tells_others_allocates_nothing_when_it_is_told_already() {
    without_allocating("a notification", || {
        let notify = Notify::new();
        notify.notify_one();
        now(notify.notified());
        notify.notify_last();
        assert!(pin!(notify.notified()).enable());
        notify.notify_waiters();
    });
    let notify = Arc::new(Notify::new());
    without_allocating("a notification that is shared", || {
        notify.notify_one();
        now(notify.clone().notified_owned());
    });
    without_allocating("a barrier for one", || {
        let barrier = Barrier::new(1);
        assert!(now(barrier.wait()).is_leader() && now(barrier.wait()).is_leader());
    });
    without_allocating("a cell", || {
        let cell = OnceCell::new();
        assert_eq!((cell.get(), cell.initialized()), (None, false));
        assert!(now(cell.get_or_try_init(|| ready(Err::<i32, _>(())))).is_err());
        assert_eq!(*now(cell.get_or_init(|| ready(1))), 1);
        assert_eq!(*now(cell.get_or_init(pending)), 1);
        assert_eq!(cell.get(), Some(&1));
        OnceCell::new().set(1).unwrap();
    });
    without_allocating("a value that is set once", || {
        let once = SetOnce::new();
        assert_eq!(once.get(), None);
        once.set(1).unwrap();
        assert!(once.set(2).is_err());
        assert_eq!((*now(once.wait()), once.get()), (1, Some(&1)));
    });
}

#[test]
fn tokens_and_trackers_that_are_there_allocate_nothing() {
    let waker = Waker::from(Arc::new(Silent));
    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
    let child = token.child_token();
    let token_is_used = |done: bool| {
        assert_eq!(token.clone().is_cancelled(), done);
        assert_eq!(poll(&waker, token.cancelled()).is_ready(), done);
        assert_eq!(
            poll(&waker, child.clone().cancelled_owned()).is_ready(),
            done
        );
        let cut = poll(&waker, token.run_until_cancelled(pending::<()>()));
        assert_eq!(cut.is_ready(), done);
        assert!(poll(&waker, child.run_until_cancelled(async {})).is_ready());
        assert_eq!(token.drop_guard_ref().disarm(), &token);
        drop(token.clone().drop_guard().disarm());
    };
    without_allocating("a token", || token_is_used(false));
    let leaf = token.child_token();
    without_allocating("cancelling a token that has no children", || leaf.cancel());
    // A list of those to tell.
    assert_eq!(allocations(|| token.cancel()), 1);
    without_allocating("a token that is cancelled", || token_is_used(true));
    without_allocating("a tracker", || {
        drop((tracker.token(), tracker.clone().token().clone()));
        now(tracker.track_future(ready(1)));
        assert!(poll(&waker, tracker.wait()).is_pending());
        assert!(tracker.close() && tracker.reopen() && tracker.is_empty());
        tracker.close();
        now(tracker.wait());
    });
}

#[test]
fn waiting_allocates_nothing() {
    let waker = Waker::from(Arc::new(Silent));
    without_allocating("waiting for a mutex", || {
        let mutex = Mutex::new(1);
        let guard = mutex.try_lock().unwrap();
        let (mut first, mut second) = (pin!(mutex.lock()), pin!(mutex.lock()));
        starts_to_wait(first.as_mut(), &waker);
        starts_to_wait(second.as_mut(), &waker);
        drop(guard);
        drop(now(first));
        drop(now(second));
    });
    without_allocating("waiting for a read-write lock", || {
        let lock = RwLock::new(1);
        let guard = lock.try_read().unwrap();
        let (mut writer, mut reader) = (pin!(lock.write()), pin!(lock.read()));
        starts_to_wait(writer.as_mut(), &waker);
        starts_to_wait(reader.as_mut(), &waker);
        drop(guard);
        drop(now(writer));
        drop(now(reader));
    });
    without_allocating("waiting for permits, some of them in vain", || {
        let semaphore = Semaphore::new(1);
        let mut many = pin!(semaphore.acquire_many(2));
        starts_to_wait(many.as_mut(), &waker);
        assert!(poll(&waker, semaphore.acquire()).is_pending());
        semaphore.add_permits(1);
        drop(now(many).unwrap());
    });
    without_allocating("waiting for a notification", || {
        let notify = Notify::new();
        let (mut one, mut other) = (pin!(notify.notified()), pin!(notify.notified()));
        starts_to_wait(one.as_mut(), &waker);
        starts_to_wait(other.as_mut(), &waker);
        notify.notify_waiters();
        now(one);
        now(other);
    });
    without_allocating("waiting at a barrier", || {
        let barrier = Barrier::new(2);
        let mut one = pin!(barrier.wait());
        starts_to_wait(one.as_mut(), &waker);
        assert!(now(barrier.wait()).is_leader());
        now(one);
    });
    without_allocating("waiting for a value", || {
        let (cell, once) = (OnceCell::new(), SetOnce::new());
        {
            let mut runs = pin!(cell.get_or_init(pending));
            starts_to_wait(runs.as_mut(), &waker);
            assert!(poll(&waker, cell.get_or_init(|| ready(1))).is_pending());
        }
        cell.set(1).unwrap();
        let mut waits = pin!(once.wait());
        starts_to_wait(waits.as_mut(), &waker);
        once.set(1).unwrap();
        assert_eq!(now(waits), now(cell.get_or_init(pending)));
    });
    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
    without_allocating("waiting for the end", || {
        let mut cancelled = pin!(token.cancelled());
        starts_to_wait(cancelled.as_mut(), &waker);
        token.cancel();
        now(cancelled);
        let task = tracker.token();
        tracker.close();
        let mut ended = pin!(tracker.wait());
        starts_to_wait(ended.as_mut(), &waker);
        drop(task);
        now(ended);
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

    let ((sender, mut receiver), (other, closes)) = (oneshot::channel(), oneshot::channel::<u8>());
    without_allocating("a oneshot that is there", || {
        assert!(receiver.try_recv().is_err() && receiver.is_empty());
        assert!(!sender.is_closed());
        sender.send(1).unwrap();
        assert_eq!(receiver.try_recv(), Ok(1));
        drop(closes);
        assert_eq!(other.send(1), Err(1));
    });
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
        // Room that is reserved, used or not, and ends that come and go.
        let other = sender.downgrade().upgrade().unwrap();
        drop(sender.try_reserve().unwrap());
        now(sender.reserve()).unwrap().send(0);
        now(sender.reserve_many(3))
            .unwrap()
            .take(2)
            .for_each(|permit| permit.send(0));
        drop(now(other.reserve_owned()).unwrap().send(0));
        assert_eq!(now(receiver.recv_many(&mut buffer, 4)), 4);
        buffer.clear();
        assert!(poll(&waker, sender.closed()).is_pending());
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
        drop((sender.subscribe(), sender.downgrade().upgrade().unwrap()));
        assert!(poll(&waker, sender.closed()).is_pending());
    };
    assert_eq!(allocations(broadcast), 0);

    let (sender, mut receiver) = watch::channel(0);
    let watch = || {
        for number in 0..100 {
            assert!(poll(&waker, receiver.changed()).is_pending());
            sender.send(number).unwrap();
            assert!(poll(&waker, receiver.changed()).is_ready());
            assert!(poll(&waker, receiver.wait_for(|n| *n == number)).is_ready());
            sender.send_modify(|n| *n += 1);
            assert_eq!(receiver.has_changed(), Ok(true));
            assert!(*receiver.borrow() > number);
            assert!(*receiver.borrow_and_update() > number);
            assert_eq!(sender.send_replace(number), number + 1);
            receiver.mark_unchanged();
            assert!(!sender.send_if_modified(|_| false));
        }
        drop((sender.subscribe(), sender.clone(), receiver.clone()));
        assert!(poll(&waker, sender.closed()).is_pending());
    };
    assert_eq!(allocations(watch), 0);
}
