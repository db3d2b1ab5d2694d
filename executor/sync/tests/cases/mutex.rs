//! The mutex as its users see it.

use std::sync::Arc;

use pintle_sync::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, blocking,
};

use super::hand::{Task, exploding_waker};
use super::{abort, join_all, now, panic_of, panic_quietly, spawn_holding, spawn_waiting};
use crate::place::{spawn, spawn_blocking, yield_now};

cases! {
    polls {
        the_lock_goes_to_those_who_wait_in_the_order_they_came,
        a_lock_that_was_on_its_way_to_a_dropped_waiter_goes_to_the_next,
        a_holder_that_panics_releases_the_lock_without_poison,
        a_map_that_panics_releases_the_lock,
        parts_of_the_value_hold_the_whole_lock,
        owned_guards_outlive_every_handle,
        an_unsized_value_is_locked_as_any_other,
        the_value_is_shown_unless_it_is_locked,
        a_waiter_leaves_from_anywhere_in_the_queue_and_disturbs_nobody,
        a_lock_that_is_tried_for_overtakes_nobody,
        owned_guards_stand_in_the_same_queue,
        a_thread_on_which_tasks_run_must_not_wait,
        a_waker_that_panics_does_not_keep_the_lock,
    }
    tasks {
        the_lock_is_handed_on_in_order_from_task_to_task,
        what_one_does_under_the_lock_nobody_else_sees_half_done,
        a_task_that_panics_or_is_aborted_releases_the_lock,
        tasks_that_are_aborted_in_mid_wait_keep_nobody_out,
        threads_may_wait,
    }
}

pub fn the_lock_goes_to_those_who_wait_in_the_order_they_came() {
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

pub fn a_lock_that_was_on_its_way_to_a_dropped_waiter_goes_to_the_next() {
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

pub fn a_holder_that_panics_releases_the_lock_without_poison() {
    let mutex = Mutex::new(0);
    let waiting = Task::new(mutex.lock());
    panic_of(|| {
        let mut guard = mutex.try_lock().unwrap();
        *guard = 1;
        panic!("while it is locked");
    });
    assert_eq!(*waiting.expect_ready(), 1);
}

pub fn a_map_that_panics_releases_the_lock() {
    let mutex = Mutex::new(0);
    panic_of(|| {
        let guard = mutex.try_lock().unwrap();
        drop(MutexGuard::map(guard, |_| -> &mut i32 {
            panic!("in the map")
        }));
    });
    assert!(mutex.try_lock().is_ok());
}

pub fn parts_of_the_value_hold_the_whole_lock() {
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

pub fn owned_guards_outlive_every_handle() {
    let mutex = Arc::new(Mutex::new((1, vec![2])));
    let guard = now(mutex.clone().lock_owned());
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

pub fn an_unsized_value_is_locked_as_any_other() {
    let mutex: Arc<Mutex<[i32]>> = Arc::new(Mutex::new([1, 2, 3]));
    now(mutex.clone().lock_owned())[1] = 5;
    assert_eq!(*mutex.try_lock().unwrap(), [1, 5, 3]);
}

pub fn the_value_is_shown_unless_it_is_locked() {
    let mut mutex = Mutex::from(1);
    assert_eq!(format!("{mutex:?}"), "Mutex { value: 1 }");
    let guard = mutex.try_lock().unwrap();
    assert_eq!(format!("{mutex:?}"), "Mutex { value: <locked> }");
    drop(guard);
    *mutex.get_mut() += 1;
    assert_eq!(mutex.into_inner(), 2);
}

pub fn a_waiter_leaves_from_anywhere_in_the_queue_and_disturbs_nobody() {
    for leaver in 0..3 {
        let mutex = Mutex::new(());
        let guard = mutex.try_lock().unwrap();
        let mut tasks: Vec<_> = (0..3).map(|_| Task::waiting(mutex.lock())).collect();
        drop(tasks.remove(leaver));
        assert!(tasks.iter().all(|task| !task.woken()));
        drop(guard);
        let second = tasks.pop().unwrap();
        let first = tasks.pop().unwrap();
        assert!(first.woken() && !second.woken());
        drop(first.expect_ready());
        drop(second.expect_ready());
        assert!(mutex.try_lock().is_ok());
    }
}

pub fn a_lock_that_is_tried_for_overtakes_nobody() {
    let mutex = Arc::new(Mutex::new(()));
    let guard = mutex.try_lock().unwrap();
    let waiting = Task::waiting(mutex.lock());
    assert!(mutex.try_lock().is_err());
    drop(guard);
    assert!(mutex.try_lock().is_err() && mutex.clone().try_lock_owned().is_err());
    assert_eq!(
        mutex.try_lock().unwrap_err().to_string(),
        "operation would block"
    );
    drop(waiting);
    assert!(mutex.clone().try_lock_owned().is_ok());
}

pub fn owned_guards_stand_in_the_same_queue() {
    let mutex = Arc::new(Mutex::new(0));
    let guard = mutex.clone().try_lock_owned().unwrap();
    let first = Task::waiting(mutex.clone().lock_owned());
    let second = Task::waiting(mutex.lock());
    let third = Task::waiting(mutex.clone().lock_owned());
    drop(guard);
    assert!(first.woken() && !second.woken());
    // It was its turn; dropped, it is the next one's.
    drop(first);
    assert!(second.woken() && !third.woken());
    *second.expect_ready() += 1;
    assert!(third.woken());
    assert_eq!(*third.expect_ready(), 1);
}

pub fn a_thread_on_which_tasks_run_must_not_wait() {
    let mutex = Arc::new(Mutex::new(0));
    let denied = blocking::deny();
    let message = panic_of(|| drop(mutex.blocking_lock()));
    assert!(message.contains("`Mutex::lock`"), "{message}");
    let message = panic_of(|| drop(mutex.clone().blocking_lock_owned()));
    assert!(message.contains("`Mutex::lock_owned`"), "{message}");
    let allowed = blocking::allow();
    assert_eq!(*mutex.blocking_lock(), 0);
    drop(allowed);
    drop(denied);
}

pub fn a_waker_that_panics_does_not_keep_the_lock() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let mut first = Task::new(mutex.lock());
    assert!(first.poll_with(&exploding_waker()).is_pending());
    drop(guard);
    drop(first.expect_ready());
    assert!(mutex.try_lock().is_ok());
}

pub async fn the_lock_is_handed_on_in_order_from_task_to_task() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut held = order.lock().await;
    let mut tasks = Vec::new();
    for number in 0..8 {
        let order = order.clone();
        let takes = async move {
            let mut order = order.lock_owned().await;
            order.push(number);
            // The next one cannot have it, though it may run by now.
            yield_now().await;
            assert_eq!(order.last(), Some(&number));
        };
        tasks.push(spawn_waiting(takes).await);
    }
    held.push(100);
    drop(held);
    join_all(tasks).await;
    assert_eq!(*order.lock().await, [100, 0, 1, 2, 3, 4, 5, 6, 7]);
}

pub async fn what_one_does_under_the_lock_nobody_else_sees_half_done() {
    let count = Arc::new(Mutex::new(0));
    let tasks = [0, 1, 2, 3].map(|task| {
        let count = count.clone();
        spawn(async move {
            for round in 0..250 {
                if (task + round) % 4 == 0 {
                    // Whoever only tries does it at once or not at all.
                    while count.try_lock().map(|mut count| *count += 1).is_err() {
                        yield_now().await;
                    }
                    continue;
                }
                let mut count = count.lock().await;
                let before = *count;
                yield_now().await;
                *count = before + 1;
            }
        })
    });
    join_all(tasks).await;
    assert_eq!(*count.lock().await, 1000);
}

pub async fn a_task_that_panics_or_is_aborted_releases_the_lock() {
    let mutex = Arc::new(Mutex::new(0));
    let held = mutex.clone().lock_owned().await;
    let panics = spawn_waiting({
        let mutex = mutex.clone();
        async move {
            *mutex.lock().await = 1;
            let _held = mutex.lock().await;
            panic_quietly();
        }
    })
    .await;
    let after = spawn_waiting({
        let mutex = mutex.clone();
        async move { *mutex.lock().await }
    })
    .await;
    drop(held);
    assert!(panics.await.unwrap_err().is_panic());
    // It was in line between the two times that the other had it.
    assert_eq!(after.await.unwrap(), 1);

    let holds = spawn_holding(mutex.clone().lock_owned()).await;
    let waits = spawn_waiting(mutex.clone().lock_owned()).await;
    abort(holds).await;
    assert_eq!(*waits.await.unwrap(), 1);
    assert!(mutex.try_lock().is_ok());
}

pub async fn tasks_that_are_aborted_in_mid_wait_keep_nobody_out() {
    for _ in 0..20 {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.lock().await;
        let first = spawn_waiting(mutex.clone().lock_owned()).await;
        let second = spawn_waiting(mutex.clone().lock_owned()).await;
        let third = spawn_waiting(mutex.clone().lock_owned()).await;
        // One of them while the lock is on its way to it.
        abort(second).await;
        drop(guard);
        first.abort();
        drop(first.await);
        drop(third.await.unwrap());
        assert!(mutex.try_lock().is_ok());
    }
}

pub async fn threads_may_wait() {
    let mutex = Arc::new(Mutex::new(0));
    let guard = mutex.lock().await;
    let threads = [(); 2].map(|()| {
        let mutex = mutex.clone();
        spawn_blocking(move || {
            *mutex.blocking_lock() += 1;
            *mutex.blocking_lock_owned() += 1;
        })
    });
    let waits = spawn_waiting(mutex.clone().lock_owned()).await;
    drop(guard);
    drop(waits.await.unwrap());
    join_all(threads).await;
    assert_eq!(*mutex.lock().await, 4);
}
