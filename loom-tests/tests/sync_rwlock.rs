//! The lock of many readers: who writes is alone, who reads sees what was written, and a waiter
//! that leaves keeps nobody out.
//!
//! Checks: `executor/sync/src/rwlock/`

#![cfg(loom)]

use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use pintle_loom_tests::{Drops, Item, model, starts};
use pintle_sync::checked::block_on;
use pintle_sync::{OwnedRwLockWriteGuard, RwLock, RwLockWriteGuard};

fn lock(readers: u32) -> Arc<RwLock<Item>> {
    Arc::new(RwLock::with_max_readers(Drops::new().item(1), readers))
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

/// holder   read ─ release
/// writer   waits for both permits, has one ─ drop      the only one that waits
///
/// Broken by a future that keeps what it had of its permits.
#[test]
fn a_lock_is_free_when_its_only_waiter_leaves_as_it_is_let_in() {
    model(3, || {
        let lock = lock(2);
        let guard = lock.clone().try_read_owned().unwrap();
        let writer = starts(lock.clone().write_owned());
        let holder = thread::spawn(move || {
            guard.read();
            drop(guard);
        });
        drop(writer);
        holder.join().unwrap();
        lock.try_write().unwrap().write();
    });
}

/// holder    reads until both readers are in
/// writer    waits ─ drop
/// readers   wait behind it ─ read (both)
///
/// Broken by a writer that leaves without serving those behind it, or only the first of them.
#[test]
fn a_writer_that_leaves_lets_all_readers_in_while_another_reads() {
    model(2, || {
        let lock = lock(3);
        let guard = lock.try_read().unwrap();
        let writer = starts(lock.clone().write_owned());
        let readers = [(); 2].map(|()| starts(lock.clone().read_owned()));
        let leaver = thread::spawn(move || drop(writer));
        let readers = readers.map(|reader| {
            thread::spawn(move || {
                block_on(reader).read();
            })
        });
        for reader in readers {
            reader.join().unwrap();
        }
        guard.read();
        drop(guard);
        leaver.join().unwrap();
        lock.try_write().unwrap().write();
    });
}

/// holder   read ─ release
/// writer   waits ─ write ─ say so
/// late     read, or try to         not before the writer, who was in line
///
/// Broken by a demand that leaves in the word what is there and is not enough for it.
#[test]
fn readers_who_come_late_find_what_the_writer_in_line_wrote() {
    model(2, || {
        let lock = lock(2);
        let written = Arc::new(AtomicBool::new(false));
        let guard = lock.clone().try_read_owned().unwrap();
        let writer = starts(lock.clone().write_owned());
        let holder = thread::spawn(move || {
            guard.read();
            drop(guard);
        });
        let late = {
            let (lock, written) = (lock.clone(), written.clone());
            thread::spawn(move || {
                if let Ok(item) = lock.try_read() {
                    item.read();
                    assert!(written.load(Relaxed));
                }
                block_on(lock.read()).read();
                assert!(written.load(Relaxed));
            })
        };
        let item = block_on(writer);
        item.write();
        written.store(true, Relaxed);
        drop(item);
        holder.join().unwrap();
        late.join().unwrap();
        lock.try_write().unwrap().write();
    });
}

/// writer    write ─ downgrade ─ keep reading till the reader is in ─ release
/// reader    waits ─ read
/// second    waits behind it ─ write
///
/// Broken by a downgrade that gives nothing back, and by one that gives everything back.
#[test]
fn a_downgrade_lets_the_readers_in_line_in_and_the_writer_behind_them_not() {
    model(2, || {
        let lock = lock(2);
        let guard = lock.try_write().unwrap();
        let reader = starts(lock.clone().read_owned());
        let second = starts(lock.clone().write_owned());
        let reader = thread::spawn(move || {
            block_on(reader).read();
        });
        let second = thread::spawn(move || block_on(second).write());
        guard.write();
        let guard = RwLockWriteGuard::downgrade(guard);
        reader.join().unwrap();
        guard.read();
        drop(guard);
        second.join().unwrap();
        lock.try_write().unwrap().write();
    });
}

/// a    write (owned) ─ downgrade ─ (its guard goes to b)
/// b    read ─ release          the last handle may be a guard's
/// a    write (owned)
///
/// Broken by a release or a demand that is relaxed.
#[test]
fn owned_guards_are_given_up_where_they_are_taken_to() {
    model(3, || {
        let drops = Drops::new();
        let lock = Arc::new(RwLock::with_max_readers(drops.item(1), 2));
        let guard = block_on(lock.clone().write_owned());
        guard.write();
        let guard = OwnedRwLockWriteGuard::downgrade(guard);
        let other = thread::spawn(move || {
            guard.read();
            drop(guard);
        });
        let guard = block_on(lock.write_owned());
        guard.write();
        drop(guard);
        other.join().unwrap();
        assert_eq!(drops.count(), 1);
    });
}
