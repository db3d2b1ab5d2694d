//! The lock of many readers as its users see it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pintle_sync::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, blocking,
};

use super::hand::Task;
use super::{abort, join_all, now, panic_of, panic_quietly, spawn_holding, spawn_waiting, until};
use crate::place::{spawn, spawn_blocking, yield_now};

cases! {
    polls {
        readers_share_and_a_writer_is_alone,
        readers_who_come_after_a_writer_wait_behind_it,
        a_writer_that_gives_up_lets_the_readers_behind_it_in,
        no_more_readers_come_in_than_said,
        a_writer_that_is_downgraded_lets_readers_in_but_no_writer,
        a_holder_that_panics_releases_the_lock_without_poison,
        parts_of_the_value_hold_the_whole_lock,
        owned_guards_outlive_every_handle,
        a_lock_that_nobody_could_read_is_refused,
        a_reader_or_a_writer_that_was_let_in_and_leaves_lets_the_next_in,
        owned_guards_stand_in_the_same_queue,
        a_map_that_panics_releases_the_lock,
        a_thread_on_which_tasks_run_must_not_wait,
        the_value_is_shown_unless_it_is_written,
    }
    tasks {
        tasks_read_together_and_write_alone,
        readers_and_writers_have_their_turn_in_the_order_they_came,
        a_task_that_panics_or_is_aborted_releases_the_lock,
        an_aborted_writer_lets_the_readers_behind_it_in,
        a_downgraded_writer_shares_with_tasks_that_wait_to_read,
        threads_may_wait,
    }
}

pub fn readers_share_and_a_writer_is_alone() {
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

pub fn readers_who_come_after_a_writer_wait_behind_it() {
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

pub fn a_writer_that_gives_up_lets_the_readers_behind_it_in() {
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

pub fn no_more_readers_come_in_than_said() {
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

pub fn a_writer_that_is_downgraded_lets_readers_in_but_no_writer() {
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

pub fn a_holder_that_panics_releases_the_lock_without_poison() {
    let lock = RwLock::new(1);
    for write in [false, true] {
        panic_of(|| {
            let _reader = (!write).then(|| lock.try_read().unwrap());
            let _writer = write.then(|| lock.try_write().unwrap());
            panic!("while it is locked");
        });
    }
    assert_eq!(*lock.try_write().unwrap(), 1);
}

pub fn parts_of_the_value_hold_the_whole_lock() {
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

pub fn owned_guards_outlive_every_handle() {
    let lock = Arc::new(RwLock::new((1, vec![2])));
    let weak = Arc::downgrade(&lock);
    let writer = now(lock.clone().write_owned());
    assert!(lock.clone().try_read_owned().is_err() && lock.clone().try_write_owned().is_err());
    assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&writer), &lock));
    let part = OwnedRwLockWriteGuard::map(writer, |(_, list)| list);
    let mut part = OwnedRwLockMappedWriteGuard::map(part, |list| &mut list[0]);
    *part += 1;
    drop(part);
    let reader = OwnedRwLockWriteGuard::downgrade(lock.clone().try_write_owned().unwrap());
    let other = now(lock.clone().read_owned());
    assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&other), &lock));
    drop((lock, other));
    let part = OwnedRwLockReadGuard::map(reader, |(_, list)| &list[0]);
    assert_eq!((*part, format!("{part:?} {part}")), (3, "3 3".to_owned()));
    assert!(weak.upgrade().is_some());
    drop(part);
    assert!(weak.upgrade().is_none());
}

pub fn a_lock_that_nobody_could_read_is_refused() {
    for readers in [0, u32::MAX] {
        let message = panic_of(|| RwLock::with_max_readers((), readers));
        assert!(message.contains("from 1 to"), "{message}");
    }
}

pub fn a_reader_or_a_writer_that_was_let_in_and_leaves_lets_the_next_in() {
    let lock = RwLock::new(());
    let guard = lock.try_write().unwrap();
    let reader = Task::waiting(lock.read());
    let writer = Task::waiting(lock.write());
    let last = Task::waiting(lock.read());
    drop(guard);
    assert!(reader.woken() && !writer.woken());
    drop(reader);
    assert!(writer.woken() && !last.woken());
    drop(writer);
    assert!(last.woken());
    drop(last);
    assert!(lock.try_write().is_ok());
}

pub fn owned_guards_stand_in_the_same_queue() {
    let lock = Arc::new(RwLock::new(0));
    let reader = lock.clone().try_read_owned().unwrap();
    let writer = Task::waiting(lock.clone().write_owned());
    let behind = Task::waiting(lock.clone().read_owned());
    let last = Task::waiting(lock.write());
    assert!(lock.clone().try_read_owned().is_err(), "it would overtake");
    drop(reader);
    assert!(writer.woken() && !behind.woken());
    let mut writer = writer.expect_ready();
    *writer = 1;
    let reader = OwnedRwLockWriteGuard::downgrade(writer);
    assert!(behind.woken() && !last.woken());
    assert_eq!(*behind.expect_ready() + *reader, 2);
    assert!(!last.woken());
    drop(reader);
    assert!(last.woken());
}

pub fn a_map_that_panics_releases_the_lock() {
    fn no_write(_: &mut i32) -> &mut i32 {
        panic!("in the map")
    }
    fn no_read(_: &i32) -> &i32 {
        panic!("in the map")
    }
    let lock = Arc::new(RwLock::new(0));
    let read = || lock.try_read().unwrap();
    let write = || lock.try_write().unwrap();
    let write_owned = || lock.clone().try_write_owned().unwrap();
    panic_of(|| drop(RwLockReadGuard::map(read(), no_read)));
    panic_of(|| drop(RwLockWriteGuard::map(write(), no_write)));
    panic_of(|| drop(OwnedRwLockWriteGuard::map(write_owned(), no_write)));
    panic_of(|| drop(RwLockWriteGuard::downgrade_map(write(), no_read)));
    panic_of(|| drop(OwnedRwLockWriteGuard::downgrade_map(write_owned(), no_read)));
    assert!(lock.try_write().is_ok());
}

pub fn a_thread_on_which_tasks_run_must_not_wait() {
    let lock = RwLock::new(0);
    let _denied = blocking::deny();
    let message = panic_of(|| drop(lock.blocking_read()));
    assert!(message.contains("`RwLock::read`"), "{message}");
    let message = panic_of(|| drop(lock.blocking_write()));
    assert!(message.contains("`RwLock::write`"), "{message}");
    assert!(lock.try_write().is_ok());
}

pub fn the_value_is_shown_unless_it_is_written() {
    let mut lock = RwLock::from(1);
    let reader = lock.try_read().unwrap();
    assert_eq!(format!("{lock:?} {reader}"), "RwLock { value: 1 } 1");
    drop(reader);
    let writer = lock.try_write().unwrap();
    assert_eq!(format!("{lock:?} {writer}"), "RwLock { value: <locked> } 1");
    drop(writer);
    *lock.get_mut() += 1;
    assert_eq!(lock.into_inner(), 2);
}

pub async fn tasks_read_together_and_write_alone() {
    let lock = Arc::new(RwLock::new((0, 0)));
    let reads = Arc::new(AtomicUsize::new(0));
    let tasks = [0, 1, 2, 3].map(|task| {
        let (lock, reads) = (lock.clone(), reads.clone());
        spawn(async move {
            for round in 0..250 {
                match (task + round) % 4 {
                    0 => {
                        let mut guard = lock.write().await;
                        guard.0 += 1;
                        yield_now().await;
                        guard.1 += 1;
                    }
                    1 => {
                        let mut guard = lock.write().await;
                        guard.0 += 1;
                        guard.1 += 1;
                        let guard = RwLockWriteGuard::downgrade(guard);
                        let before = *guard;
                        yield_now().await;
                        assert_eq!(*guard, before);
                    }
                    _ => {
                        let guard = lock.read().await;
                        yield_now().await;
                        assert_eq!(guard.0, guard.1);
                        reads.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        })
    });
    join_all(tasks).await;
    let written = lock.try_read().unwrap().0;
    assert_eq!((written, reads.load(Ordering::Relaxed)), (500, 500));
}

pub async fn readers_and_writers_have_their_turn_in_the_order_they_came() {
    let lock = Arc::new(RwLock::new(()));
    let (inside, turns) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(Mutex::new(Vec::new())),
    );
    let held = lock.read().await;
    let mut tasks = Vec::new();
    // Two readers between writers are in together, and wait for each other to show it.
    for kind in ["write", "read", "read", "write", "read", "read"] {
        let (lock, inside, turns) = (lock.clone(), inside.clone(), turns.clone());
        let takes = async move {
            if kind == "write" {
                let _guard = lock.write_owned().await;
                turns.lock().unwrap().push(kind);
                inside.store(0, Ordering::SeqCst);
            } else {
                let _guard = lock.read_owned().await;
                inside.fetch_add(1, Ordering::SeqCst);
                until(|| inside.load(Ordering::SeqCst) == 2).await;
                turns.lock().unwrap().push(kind);
            }
        };
        tasks.push(spawn_waiting(takes).await);
    }
    assert!(lock.try_read().is_err());
    drop(held);
    join_all(tasks).await;
    assert_eq!(
        *turns.lock().unwrap(),
        ["write", "read", "read", "write", "read", "read"]
    );
}

pub async fn a_task_that_panics_or_is_aborted_releases_the_lock() {
    let lock = Arc::new(RwLock::new(0));
    let writes = spawn({
        let lock = lock.clone();
        async move {
            let mut guard = lock.write().await;
            *guard = 1;
            panic_quietly();
        }
    });
    assert!(writes.await.unwrap_err().is_panic());
    let reads = spawn({
        let lock = lock.clone();
        async move {
            let _guard = lock.read().await;
            panic_quietly();
        }
    });
    assert!(reads.await.unwrap_err().is_panic());
    assert_eq!(*lock.try_write().unwrap(), 1);

    let writer = spawn_holding(lock.clone().write_owned()).await;
    let readers = [
        spawn_waiting(lock.clone().read_owned()).await,
        spawn_waiting(lock.clone().read_owned()).await,
    ];
    abort(writer).await;
    drop(join_all(readers).await);
    let reader = spawn_holding(lock.clone().read_owned()).await;
    let writer = spawn_waiting(lock.clone().write_owned()).await;
    abort(reader).await;
    drop(writer.await.unwrap());
    assert!(lock.try_write().is_ok());
}

pub async fn an_aborted_writer_lets_the_readers_behind_it_in() {
    let lock = Arc::new(RwLock::new(()));
    let held = lock.read().await;
    let writer = spawn_waiting(lock.clone().write_owned()).await;
    let readers = [
        spawn_waiting(lock.clone().read_owned()).await,
        spawn_waiting(lock.clone().read_owned()).await,
    ];
    abort(writer).await;
    let readers = join_all(readers).await;
    drop(held);
    assert!(lock.try_write().is_err());
    drop(readers);
    assert!(lock.try_write().is_ok());
}

pub async fn a_downgraded_writer_shares_with_tasks_that_wait_to_read() {
    let lock = Arc::new(RwLock::new(0));
    let mut writer = lock.write().await;
    let reader = spawn_waiting(lock.clone().read_owned()).await;
    let second = spawn_waiting(lock.clone().write_owned()).await;
    *writer = 1;
    let downgraded = RwLockWriteGuard::downgrade(writer);
    let reader = reader.await.unwrap();
    assert_eq!(*reader + *downgraded, 2);
    assert!(!second.is_finished());
    drop((downgraded, reader));
    *second.await.unwrap() = 2;
    assert_eq!(*lock.read().await, 2);
}

pub async fn threads_may_wait() {
    let lock = Arc::new(RwLock::new(0));
    let guard = lock.write().await;
    let threads = [(); 2].map(|()| {
        let lock = lock.clone();
        spawn_blocking(move || {
            *lock.blocking_write() += 1;
            *lock.blocking_read()
        })
    });
    drop(guard);
    for read in join_all(threads).await {
        assert!(read > 0);
    }
    assert_eq!(*lock.read().await, 2);
}
