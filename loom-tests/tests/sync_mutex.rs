//! The mutex: one at a time, in every way to lock it, and it is never lost.
//!
//! Checks: `executor/sync/src/mutex/`

#![cfg(loom)]

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::{Drops, Item, model, starts};
use pintle_sync::checked::block_on;
use pintle_sync::{Mutex, MutexGuard};

fn mutex() -> Arc<Mutex<Item>> {
    Arc::new(Mutex::new(Drops::new().item(1)))
}

/// task      lock ─ write ─ unlock
/// thread    blocking_lock ─ write ─ unlock
/// other     try_lock ─ write ─ unlock
#[test]
fn one_at_a_time_is_inside() {
    model(2, || {
        let mutex = mutex();
        let thread = {
            let mutex = mutex.clone();
            thread::spawn(move || mutex.blocking_lock().write())
        };
        let other = {
            let mutex = mutex.clone();
            thread::spawn(move || {
                if let Ok(item) = mutex.try_lock() {
                    item.write();
                }
            })
        };
        block_on(mutex.lock()).write();
        thread.join().unwrap();
        other.join().unwrap();
        mutex.try_lock().unwrap().write();
    });
}

/// holder   write ─ unlock
/// first    waits ─ drop
/// second   waits ─ lock ─ write
#[test]
fn a_lock_for_a_waiter_that_is_dropped_goes_to_the_next() {
    model(3, || {
        let mutex = mutex();
        let guard = mutex.clone().try_lock_owned().unwrap();
        let first = starts(mutex.clone().lock_owned());
        let second = starts(mutex.clone().lock_owned());
        let holder = thread::spawn(move || {
            guard.write();
            drop(guard);
        });
        let leaver = thread::spawn(move || drop(first));
        block_on(second).write();
        holder.join().unwrap();
        leaver.join().unwrap();
        mutex.try_lock().unwrap().write();
    });
}

/// a    lock ─ map ─ write ─ unlock
/// b    lock ─ write ─ unlock
#[test]
fn a_mapped_guard_holds_the_lock() {
    model(3, || {
        let mutex = mutex();
        let other = {
            let mutex = mutex.clone();
            thread::spawn(move || MutexGuard::map(block_on(mutex.lock()), |item| item).write())
        };
        block_on(mutex.clone().lock_owned()).write();
        other.join().unwrap();
        mutex.try_lock().unwrap().write();
    });
}

/// holder   write ─ unlock
/// leaver   waits ─ drop        the only one that waits
///
/// Broken by a future that keeps what was on its way to it, and by one that leaves the queue and does
/// not take the mark of it from the word.
#[test]
fn a_lock_is_free_when_its_only_waiter_leaves_as_it_comes() {
    model(3, || {
        let mutex = mutex();
        let guard = mutex.clone().try_lock_owned().unwrap();
        let waiting = starts(mutex.clone().lock_owned());
        let holder = thread::spawn(move || {
            guard.write();
            drop(guard);
        });
        drop(waiting);
        holder.join().unwrap();
        mutex.try_lock().unwrap().write();
    });
}

/// holder   write ─ unlock
/// leaver   begins to wait, or has the lock ─ drop
/// last     lock ─ write
///
/// Broken by a future that keeps what was on its way to it, and by one that leaves the queue without
/// handing on what it found.
#[test]
fn a_lock_that_is_asked_for_once_and_given_up_is_not_lost() {
    model(2, || {
        let mutex = mutex();
        let guard = mutex.clone().try_lock_owned().unwrap();
        let holder = thread::spawn(move || {
            guard.write();
            drop(guard);
        });
        let leaver = {
            let mutex = mutex.clone();
            thread::spawn(move || {
                let mut cx = Context::from_waker(Waker::noop());
                if let Poll::Ready(item) = pin!(mutex.lock()).poll(&mut cx) {
                    item.write();
                }
            })
        };
        block_on(mutex.lock()).write();
        holder.join().unwrap();
        leaver.join().unwrap();
        mutex.try_lock().unwrap().write();
    });
}

/// holder   write ─ unlock
/// waiter   waits ─ lock ─ write ─ say so
/// other    try_lock ─ write               never before the waiter
///
/// Broken by an unlock that puts the permit into the word as well as into the waiter's hands.
#[test]
fn who_tries_does_not_overtake_who_waits() {
    model(3, || {
        let mutex = mutex();
        let served = Arc::new(AtomicBool::new(false));
        let guard = mutex.clone().try_lock_owned().unwrap();
        let waiting = starts(mutex.clone().lock_owned());
        let holder = thread::spawn(move || {
            guard.write();
            drop(guard);
        });
        let other = {
            let (mutex, served) = (mutex.clone(), served.clone());
            thread::spawn(move || {
                if let Ok(item) = mutex.try_lock() {
                    item.write();
                    assert!(served.load(Relaxed));
                }
            })
        };
        let item = block_on(waiting);
        item.write();
        served.store(true, Relaxed);
        drop(item);
        holder.join().unwrap();
        other.join().unwrap();
        mutex.try_lock().unwrap().write();
    });
}

/// a    has the lock ─ (its guard goes to b) ─ lock ─ write
/// b    write ─ unlock                       the last handle may be a guard's
///
/// Broken by an unlock or a lock that is relaxed.
#[test]
fn an_owned_guard_is_given_up_where_it_is_taken_to() {
    model(3, || {
        let drops = Drops::new();
        let mutex = Arc::new(Mutex::new(drops.item(1)));
        let guard = block_on(mutex.clone().lock_owned());
        guard.write();
        let other = thread::spawn(move || {
            guard.write();
            drop(guard);
        });
        let guard = block_on(mutex.lock_owned());
        guard.write();
        drop(guard);
        other.join().unwrap();
        assert_eq!(drops.count(), 1);
    });
}
