//! The mutex: one at a time, in every way to lock it, and it is never lost.
//!
//! Checks: `executor/sync/src/mutex/`

#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::checked::block_on;
use pintle_sync::{Mutex, MutexGuard};

fn mutex() -> Arc<Mutex<Item>> {
    Arc::new(Mutex::new(Drops::new().item(1)))
}

fn starts<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    future
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
