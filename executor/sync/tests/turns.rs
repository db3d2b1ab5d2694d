//! Whose turn it is: that a task keeps its turn when it is told to yield, and that nobody is kept
//! waiting for ever by those who never wait.

#![cfg(not(loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use pintle_sync::{Mutex, Notify, Semaphore, SetOnce, broadcast, budget, mpsc, watch};

#[path = "cases/hand.rs"]
#[allow(dead_code, reason = "each program uses its part")]
mod hand;
use hand::Task;

/// Against hangs only.
const LIMIT: Duration = Duration::from_secs(60);

/// Polls it as a task would that has spent its budget.
#[track_caller]
fn poll_spent<T>(task: &mut Task<'_, T>) {
    budget::with_fresh(|| {
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(unit) = budget::poll_proceed(&mut cx) {
            unit.made_progress();
        }
        assert!(task.poll().is_pending(), "it has to yield");
    });
}

#[test]
fn who_has_to_yield_is_in_the_queue_for_a_lock_by_then() {
    let mutex = Mutex::new(());
    let held = mutex.try_lock().unwrap();
    let (mut first, mut second) = (Task::new(mutex.lock()), Task::new(mutex.lock()));
    poll_spent(&mut first);
    assert!(second.poll().is_pending());
    drop(held);
    assert!(first.woken() && !second.woken());
    drop(first.expect_ready());
    drop(second.expect_ready());
}

#[test]
fn who_has_to_yield_has_his_permits_and_gives_them_back_if_he_gives_up() {
    let semaphore = Semaphore::new(3);
    let mut task = Task::new(semaphore.acquire_many(2));
    poll_spent(&mut task);
    assert!(task.woken());
    assert_eq!(semaphore.available_permits(), 1);
    drop(task);
    assert_eq!(semaphore.available_permits(), 3);
    let mut task = Task::new(semaphore.acquire_many(2));
    poll_spent(&mut task);
    let permit = task.expect_ready().unwrap();
    assert_eq!(semaphore.available_permits(), 1);
    drop(permit);
    assert_eq!(semaphore.available_permits(), 3);
}

#[test]
fn who_has_to_yield_is_in_the_queue_of_a_channel_by_then() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).unwrap();
    let (mut first, mut second) = (Task::new(sender.send(1)), Task::new(sender.send(2)));
    poll_spent(&mut first);
    assert!(second.poll().is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(first.woken() && !second.woken());
    first.expect_ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    second.expect_ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn who_has_to_yield_takes_part_in_notify_one_and_passes_it_on_if_he_gives_up() {
    let notify = Notify::new();
    let (mut first, mut second) = (Task::new(notify.notified()), Task::new(notify.notified()));
    poll_spent(&mut first);
    assert!(second.poll().is_pending());
    notify.notify_one();
    assert!(first.woken() && !second.woken());
    drop(first);
    assert!(second.woken());
    second.expect_ready();

    // The permit that he took and was not told of goes back.
    notify.notify_one();
    let mut first = Task::new(notify.notified());
    poll_spent(&mut first);
    drop(first);
    Task::new(notify.notified()).expect_ready();
}

#[test]
fn who_was_notified_with_all_leaves_the_permit_to_others() {
    let notify = Notify::new();
    let before = Task::new(notify.notified());
    notify.notify_waiters();
    notify.notify_one();
    before.expect_ready();
    Task::new(notify.notified()).expect_ready();
    Task::waiting(notify.notified());
}

/// How often `operation` can be done in one poll of a task.
fn done_in_one_poll(mut operation: impl AsyncFnMut()) -> usize {
    let mut done = 0;
    let mut task = Task::new(async {
        loop {
            operation().await;
            done += 1;
        }
    });
    budget::with_fresh(|| assert!(Poll::<()>::is_pending(&task.poll())));
    drop(task);
    done
}

#[test]
fn a_loop_over_what_is_always_ready_yields() {
    let units = usize::from(budget::UNITS);
    let (sender, receiver) = mpsc::channel::<()>(1);
    drop(receiver);
    assert_eq!(done_in_one_poll(async || sender.closed().await), units);
    let (sender, receiver) = mpsc::unbounded_channel::<()>();
    drop(receiver);
    assert_eq!(done_in_one_poll(async || sender.closed().await), units);
    let sender = broadcast::Sender::<()>::new(1);
    assert_eq!(done_in_one_poll(async || sender.closed().await), units);
    let sender = watch::Sender::new(());
    assert_eq!(done_in_one_poll(async || sender.closed().await), units);
    let once = SetOnce::new_with(Some(()));
    assert_eq!(done_in_one_poll(async || *once.wait().await), units);
}

#[test]
fn a_look_that_finds_nothing_costs_a_task_nothing() {
    let (sender, _receiver) = mpsc::channel::<()>(1);
    let mut look = Task::new(sender.closed());
    budget::with_fresh(|| {
        for _ in 0..1000 {
            assert!(look.poll().is_pending());
            Task::waiting(sender.closed());
        }
        assert!(budget::has_remaining());
    });
}

#[test]
fn a_crowd_that_borrows_does_not_keep_a_sender_out() {
    let (sender, receiver) = watch::channel(0);
    let over = Arc::new(AtomicBool::new(false));
    let borrowed = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let crowd: Vec<_> = (0..4)
        .map(|_| {
            let (receiver, over, borrowed) = (receiver.clone(), over.clone(), borrowed.clone());
            std::thread::spawn(move || {
                while !over.load(Ordering::Relaxed) && began.elapsed() < LIMIT {
                    let outer = receiver.borrow();
                    let mine = borrowed.fetch_add(1, Ordering::Relaxed) + 1;
                    // Stays until the next is there, if one gets in past the sender.
                    let since = Instant::now();
                    while borrowed.load(Ordering::Relaxed) == mine
                        && since.elapsed() < Duration::from_millis(20)
                    {
                        std::thread::yield_now();
                    }
                    // Not behind the sender that waits for us.
                    assert_eq!(*receiver.borrow(), *outer);
                }
            })
        })
        .collect();
    while borrowed.load(Ordering::Relaxed) < crowd.len() {
        std::thread::yield_now();
    }
    for number in 1..=50 {
        sender.send(number).unwrap();
        assert!(began.elapsed() < LIMIT, "sent no more than {number}");
    }
    over.store(true, Ordering::Relaxed);
    for thread in crowd {
        thread.join().unwrap();
    }
}
