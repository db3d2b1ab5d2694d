//! The lock of many readers: who writes is alone, who reads sees what was written, and a waiter
//! that leaves keeps nobody out.
//!
//! Checks: `executor/sync/src/rwlock/`

#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::checked::block_on;
use pintle_sync::{OwnedRwLockWriteGuard, RwLock};

fn lock(readers: u32) -> Arc<RwLock<Item>> {
    Arc::new(RwLock::with_max_readers(Drops::new().item(1), readers))
}

fn starts<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    future
}

/// writer    write
/// readers   read (both)
#[test]
fn who_writes_is_alone() {
    model(2, || {
        let lock = lock(2);
        let readers = [(); 2].map(|()| {
            let lock = lock.clone();
            thread::spawn(move || {
                block_on(lock.read()).read();
            })
        });
        block_on(lock.write()).write();
        for reader in readers {
            reader.join().unwrap();
        }
        lock.try_write().unwrap().write();
    });
}

/// a   write ─ downgrade ─ read
/// b   write
#[test]
fn nobody_writes_while_a_writer_becomes_a_reader() {
    model(3, || {
        let lock = lock(2);
        let guard = lock.clone().try_write_owned().unwrap();
        let other = {
            let lock = lock.clone();
            thread::spawn(move || block_on(lock.write()).write())
        };
        guard.write();
        let guard = OwnedRwLockWriteGuard::downgrade(guard);
        guard.read();
        drop(guard);
        other.join().unwrap();
        lock.try_write().unwrap().write();
    });
}

/// holder   read ─ release
/// writer   waits for both permits, has one ─ drop
/// reader   waits behind it ─ read
#[test]
fn a_writer_that_leaves_lets_those_behind_it_in() {
    model(3, || {
        let lock = lock(2);
        let guard = lock.clone().try_read_owned().unwrap();
        let writer = starts(lock.clone().write_owned());
        let reader = starts(lock.clone().read_owned());
        let holder = thread::spawn(move || {
            guard.read();
            drop(guard);
        });
        let leaver = thread::spawn(move || drop(writer));
        block_on(reader).read();
        holder.join().unwrap();
        leaver.join().unwrap();
        lock.try_write().unwrap().write();
    });
}
