//! The mutex as its users see it, with no runtime.

#![cfg(not(loom))]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use common::Task;
use futures_lite::future::{block_on, yield_now};
use pintle_sync::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, blocking,
};

#[test]
fn the_lock_goes_to_those_who_wait_in_the_order_they_came() {
    let mutex = Mutex::new(0);
    let guard = mutex.try_lock().unwrap();
    let first = Task::waiting(mutex.lock());
    let second = Task::waiting(mutex.lock());
    drop(guard);
    assert!(first.woken() && !second.woken());
    assert!(mutex.try_lock().is_err(), "it is the first one's");
    *first.expect_ready() += 1;
    assert!(second.woken());
    *second.expect_ready() += 1;
    assert_eq!(mutex.into_inner(), 2);
}

#[test]
fn a_lock_that_was_on_its_way_to_a_dropped_waiter_goes_to_the_next() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let first = Task::waiting(mutex.lock());
    let second = Task::waiting(mutex.lock());
    drop(guard);
    drop(first);
    assert!(second.woken());
    drop(second);
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn a_holder_that_panics_releases_the_lock_without_poison() {
    let mutex = Mutex::new(0);
    let waiting = Task::new(mutex.lock());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = mutex.try_lock().unwrap();
        *guard = 1;
        panic!("while it is locked");
    }));
    assert!(result.is_err());
    assert_eq!(*waiting.expect_ready(), 1);
}

#[test]
fn a_map_that_panics_releases_the_lock() {
    let mutex = Mutex::new(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let guard = mutex.try_lock().unwrap();
        drop(MutexGuard::map(guard, |_| -> &mut i32 {
            panic!("in the map")
        }));
    }));
    assert!(result.is_err());
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn parts_of_the_value_hold_the_whole_lock() {
    let mutex = Mutex::new((1, vec![2]));
    let part = MutexGuard::map(mutex.try_lock().unwrap(), |(_, list)| list);
    let part = MappedMutexGuard::try_map(part, |list| list.get_mut(5)).unwrap_err();
    let mut part = MappedMutexGuard::map(part, |list| &mut list[0]);
    *part += 1;
    assert!(mutex.try_lock().is_err());
    drop(part);
    assert_eq!(*mutex.try_lock().unwrap(), (1, vec![3]));
    let whole = MutexGuard::try_map(mutex.try_lock().unwrap(), |_| None::<&mut i32>);
    let whole = whole.unwrap_err();
    assert!(MutexGuard::mutex(&whole).try_lock().is_err());
}

#[test]
fn owned_guards_outlive_every_handle() {
    let mutex = Arc::new(Mutex::new((1, vec![2])));
    let guard = block_on(mutex.clone().lock_owned());
    assert!(mutex.clone().try_lock_owned().is_err());
    assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &mutex));
    let weak = Arc::downgrade(&mutex);
    drop(mutex);
    let part = OwnedMutexGuard::map(guard, |(_, list)| list);
    let mut part = OwnedMappedMutexGuard::map(part, |list| &mut list[0]);
    *part += 1;
    assert_eq!((*part, format!("{part:?} {part}")), (3, "3 3".to_owned()));
    drop(part);
    assert!(weak.upgrade().is_none());
}

#[test]
fn an_unsized_value_is_locked_as_any_other() {
    let mutex: Arc<Mutex<[i32]>> = Arc::new(Mutex::new([1, 2, 3]));
    block_on(mutex.clone().lock_owned())[1] = 5;
    assert_eq!(*mutex.try_lock().unwrap(), [1, 5, 3]);
}

#[test]
fn a_thread_may_wait_and_is_refused_where_tasks_run() {
    let mutex = Arc::new(Mutex::new(0));
    let (locked, is_locked) = mpsc::channel();
    let guard = mutex.try_lock().unwrap();
    let other = {
        let mutex = mutex.clone();
        thread::spawn(move || {
            locked.send(()).unwrap();
            *mutex.blocking_lock() += 1;
            *mutex.blocking_lock_owned() += 1;
        })
    };
    is_locked.recv().unwrap();
    drop(guard);
    other.join().unwrap();
    assert_eq!(*mutex.blocking_lock(), 2);

    let denied = blocking::deny();
    let panic = catch_unwind(AssertUnwindSafe(|| drop(mutex.blocking_lock()))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("`Mutex::lock`"), "{message}");
    let allowed = blocking::allow();
    assert_eq!(*mutex.blocking_lock(), 2);
    drop(allowed);
    drop(denied);
}

#[test]
fn the_value_is_shown_unless_it_is_locked() {
    let mut mutex = Mutex::from(1);
    assert_eq!(format!("{mutex:?}"), "Mutex { value: 1 }");
    let guard = mutex.try_lock().unwrap();
    assert_eq!(format!("{mutex:?}"), "Mutex { value: <locked> }");
    drop(guard);
    *mutex.get_mut() += 1;
    assert_eq!(mutex.into_inner(), 2);
}

#[test]
fn many_threads_do_not_disturb_each_other() {
    let mutex = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let mutex = mutex.clone();
            thread::spawn(move || {
                for _ in 0..500 {
                    if n == 0 {
                        *mutex.blocking_lock() += 1;
                        continue;
                    }
                    block_on(async {
                        let mut guard = mutex.lock().await;
                        let before = *guard;
                        yield_now().await;
                        *guard = before + 1;
                    });
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*mutex.try_lock().unwrap(), 2000);
}
