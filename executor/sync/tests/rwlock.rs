//! The lock of many readers as its users see it, with no runtime.

#![cfg(not(loom))]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::Task;
use futures_lite::future::{block_on, yield_now};
use pintle_sync::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};

#[test]
fn readers_share_and_a_writer_is_alone() {
    let lock = RwLock::new(1);
    let readers = (lock.try_read().unwrap(), lock.try_read().unwrap());
    assert!(lock.try_write().is_err());
    let writer = Task::waiting(lock.write());
    drop(readers);
    assert!(writer.woken());
    let writer = writer.expect_ready();
    assert!(lock.try_read().is_err() && lock.try_write().is_err());
    drop(writer);
    assert!(lock.try_write().is_ok());
}

#[test]
fn readers_who_come_after_a_writer_wait_behind_it() {
    let lock = RwLock::new(0);
    let reader = lock.try_read().unwrap();
    let writer = Task::waiting(lock.write());
    let one = Task::waiting(lock.read());
    let other = Task::waiting(lock.read());
    let last = Task::waiting(lock.write());
    assert!(lock.try_read().is_err());
    drop(reader);
    assert!(writer.woken() && !one.woken() && !other.woken());
    *writer.expect_ready() = 1;
    assert!(one.woken() && other.woken() && !last.woken());
    let one = one.expect_ready();
    assert_eq!(*other.expect_ready() + *one, 2);
    assert!(!last.woken());
    drop(one);
    assert!(last.woken());
}

#[test]
fn a_writer_that_gives_up_lets_the_readers_behind_it_in() {
    let lock = RwLock::new(());
    let reader = lock.try_read().unwrap();
    let writer = Task::waiting(lock.write());
    let behind = Task::waiting(lock.read());
    drop(writer);
    assert!(behind.woken());
    let behind = behind.expect_ready();
    drop(reader);
    assert!(lock.try_write().is_err());
    drop(behind);
    assert!(lock.try_write().is_ok());
}

#[test]
fn no_more_readers_come_in_than_said() {
    let lock = RwLock::with_max_readers((), 2);
    let readers = (lock.try_read().unwrap(), lock.try_read().unwrap());
    let third = Task::waiting(lock.read());
    drop(readers.0);
    assert!(third.woken());
    drop((third, readers.1));
    let writer = lock.try_write().unwrap();
    assert!(lock.try_write().is_err());
    drop(RwLockWriteGuard::downgrade(writer));
    assert!(lock.try_write().is_ok());
}

#[test]
#[should_panic(expected = "from 1 to")]
fn a_lock_that_nobody_could_read_is_refused() {
    let _ = RwLock::with_max_readers((), 0);
}

#[test]
fn a_writer_that_is_downgraded_lets_readers_in_but_no_writer() {
    let lock = RwLock::new(1);
    let mut writer = lock.try_write().unwrap();
    let reader = Task::waiting(lock.read());
    let second = Task::waiting(lock.write());
    *writer = 2;
    let downgraded = RwLockWriteGuard::downgrade(writer);
    assert!(reader.woken() && !second.woken());
    assert_eq!(*reader.expect_ready(), *downgraded);
    assert!(!second.woken());
    drop(downgraded);
    assert!(second.woken());
}

#[test]
fn a_holder_that_panics_releases_the_lock_without_poison() {
    let lock = RwLock::new(1);
    for write in [false, true] {
        let result = catch_unwind(AssertUnwindSafe(|| {
            let _reader = (!write).then(|| lock.try_read().unwrap());
            let _writer = write.then(|| lock.try_write().unwrap());
            panic!("while it is locked");
        }));
        assert!(result.is_err());
    }
    assert_eq!(*lock.try_write().unwrap(), 1);
}

#[test]
fn parts_of_the_value_hold_the_whole_lock() {
    let lock = RwLock::new((1, vec![2]));
    let part = RwLockReadGuard::map(lock.try_read().unwrap(), |(_, list)| list);
    let part = RwLockReadGuard::try_map(part, |list| list.get(5)).unwrap_err();
    let part = RwLockReadGuard::try_map(part, |list| list.first()).unwrap();
    assert_eq!(*part, 2);
    assert!(lock.try_write().is_err() && lock.try_read().is_ok());
    drop(part);

    let part = RwLockWriteGuard::map(lock.try_write().unwrap(), |(_, list)| list);
    let part = RwLockMappedWriteGuard::try_map(part, |list| list.get_mut(5)).unwrap_err();
    let mut part = RwLockMappedWriteGuard::map(part, |list| &mut list[0]);
    *part += 1;
    assert!(lock.try_read().is_err());
    drop(part);

    let whole = RwLockWriteGuard::try_map(lock.try_write().unwrap(), |_| None::<&mut i32>);
    let whole = RwLockWriteGuard::try_downgrade_map(whole.unwrap_err(), |_| None::<&i32>);
    let part = RwLockWriteGuard::try_downgrade_map(whole.unwrap_err(), |(_, list)| list.first());
    assert_eq!(*part.unwrap(), 3);
    let part = RwLockWriteGuard::downgrade_map(lock.try_write().unwrap(), |(one, _)| one);
    assert_eq!(
        *part + *RwLockReadGuard::map(lock.try_read().unwrap(), |pair| &pair.0),
        2
    );
    drop(part);
    drop(RwLockWriteGuard::into_mapped(lock.try_write().unwrap()));
    assert_eq!(lock.into_inner(), (1, vec![3]));
}

#[test]
fn owned_guards_outlive_every_handle() {
    let lock = Arc::new(RwLock::new((1, vec![2])));
    let weak = Arc::downgrade(&lock);
    let writer = block_on(lock.clone().write_owned());
    assert!(lock.clone().try_read_owned().is_err() && lock.clone().try_write_owned().is_err());
    assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&writer), &lock));
    let part = OwnedRwLockWriteGuard::map(writer, |(_, list)| list);
    let mut part = OwnedRwLockMappedWriteGuard::map(part, |list| &mut list[0]);
    *part += 1;
    drop(part);
    let reader = OwnedRwLockWriteGuard::downgrade(lock.clone().try_write_owned().unwrap());
    let other = block_on(lock.clone().read_owned());
    assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&other), &lock));
    drop((lock, other));
    let part = OwnedRwLockReadGuard::map(reader, |(_, list)| &list[0]);
    assert_eq!((*part, format!("{part:?} {part}")), (3, "3 3".to_owned()));
    assert!(weak.upgrade().is_some());
    drop(part);
    assert!(weak.upgrade().is_none());
}

#[test]
fn threads_may_wait() {
    let lock = Arc::new(RwLock::new(0));
    let guard = lock.try_write().unwrap();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let lock = lock.clone();
            thread::spawn(move || {
                *lock.blocking_write() += 1;
                *lock.blocking_read()
            })
        })
        .collect();
    drop(guard);
    for thread in threads {
        assert!(thread.join().unwrap() > 0);
    }
    assert_eq!(*lock.blocking_read(), 2);
}

#[test]
fn many_threads_do_not_disturb_each_other() {
    let lock = Arc::new(RwLock::new((0, 0)));
    let reads = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let (lock, reads) = (lock.clone(), reads.clone());
            thread::spawn(move || {
                for round in 0..500 {
                    block_on(async {
                        if (n + round) % 3 == 0 {
                            let mut guard = lock.write().await;
                            guard.0 += 1;
                            yield_now().await;
                            guard.1 += 1;
                        } else {
                            let guard = lock.read().await;
                            assert_eq!(guard.0, guard.1);
                            reads.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let written = lock.try_read().unwrap().0;
    assert_eq!(written + reads.load(Ordering::Relaxed), 2000);
}
