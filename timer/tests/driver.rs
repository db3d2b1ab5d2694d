//! The driver, turned by hand.

#![cfg(not(loom))]

mod support;

use pintle_sync::WakeBatch;
use pintle_timer::{Clock, Duration, Fate, current};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;
use support::{Count, Worker, ms};

#[test]
fn timers_fire_when_their_time_has_come_and_not_before() {
    let worker = Worker::paused();
    let count = Count::new();
    let start = worker.clock.now();
    for millis in [30, 10, 20] {
        worker
            .driver
            .insert(start + ms(millis), &count.waker())
            .unwrap();
    }
    assert_eq!(worker.driver.len(), 3);
    assert_eq!(worker.advance(ms(10) - Duration::from_nanos(1)), 0);
    assert_eq!(worker.advance(Duration::from_nanos(1)), 1);
    assert_eq!(worker.advance(ms(60)), 2);
    assert_eq!(count.take(), 3);
    assert!(worker.driver.is_empty());
}

#[test]
fn a_deadline_in_the_past_fires_at_the_next_turn() {
    let worker = Worker::paused();
    worker.advance(ms(100));
    let past = worker.clock.now() - ms(50);
    worker.driver.insert(past, Waker::noop()).unwrap();
    assert!(worker.driver.plan().unwrap() <= worker.clock.now());
    assert_eq!(worker.turn(), 1);
}

#[test]
fn following_the_plan_reaches_each_deadline_exactly() {
    let worker = Worker::paused();
    let start = worker.clock.now();
    let deadlines = [ms(3), ms(77), ms(1000), ms(60_000), ms(86_400_000 * 80)];
    for after in deadlines {
        worker.driver.insert(start + after, Waker::noop()).unwrap();
    }
    let mut fired = Vec::new();
    while let Some(next) = worker.driver.plan() {
        worker.clock.advance(next - worker.clock.now());
        if worker.turn() == 1 {
            fired.push(worker.clock.now() - start);
        }
    }
    assert_eq!(fired, deadlines);
}

#[test]
fn timers_that_come_thick_are_gathered_unless_time_is_paused() {
    let deadlines = |worker: &Worker| {
        let start = worker.clock.now();
        for nanos in 1..=100 {
            let deadline = start + Duration::from_nanos(nanos);
            worker.driver.insert(deadline, Waker::noop()).unwrap();
        }
        start
    };
    let worker = Worker::paused();
    let start = deadlines(&worker);
    let planned = worker.driver.plan().unwrap();
    assert_eq!(planned, start + Duration::from_nanos(1));

    let worker = Worker::with_clock(Clock::new(false));
    let start = deadlines(&worker);
    let planned = worker.driver.plan().unwrap();
    assert!(planned > start + Duration::from_micros(50));
    // Who plans again before sleeping hears the same.
    assert_eq!(worker.driver.plan(), Some(planned));
}

/// Whoever turns a wheel while another pauses the clock may have read a later time than that at which it
/// stands then.
#[test]
fn what_a_paused_clock_has_yet_to_reach_is_not_due_though_the_wheel_was_turned_beyond() {
    for _ in 0..100 {
        let worker = Worker::with_clock(Clock::new(false));
        let hour = Duration::from_secs(3600);
        let insert = |deadline| worker.driver.insert(deadline, Waker::noop()).unwrap();
        insert(worker.clock.now() + hour);
        let (turns, over) = (AtomicUsize::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    worker.turn();
                    turns.fetch_add(1, Ordering::Relaxed);
                }
            });
            while turns.load(Ordering::Relaxed) < 10 {
                std::hint::spin_loop();
            }
            worker.clock.pause();
            over.store(true, Ordering::Relaxed);
        });
        let deadline = worker.clock.now() + Duration::from_nanos(1);
        insert(deadline);
        assert_eq!(worker.turn(), 0, "it is early");
        // A moment later it may be, so as not to turn back.
        let planned = worker.driver.plan().unwrap();
        assert!(planned >= deadline && planned < deadline + hour / 2);
        worker.clock.advance(planned - worker.clock.now());
        assert_eq!(worker.turn(), 1);
    }
}

#[test]
fn only_a_timer_that_upsets_the_plan_unparks_and_only_once() {
    let worker = Worker::paused();
    let start = worker.clock.now();
    let insert = |millis| {
        worker
            .driver
            .insert(start + ms(millis), Waker::noop())
            .unwrap()
    };

    insert(5);
    assert_eq!(worker.unparks.take(), 0, "nothing was planned");

    worker.driver.plan();
    let late = insert(50);
    assert_eq!(worker.unparks.take(), 0, "later than planned");
    insert(3);
    assert_eq!(worker.unparks.take(), 1);
    insert(2);
    assert_eq!(worker.unparks.take(), 0, "it plans anew anyway");

    worker.driver.plan();
    assert!(worker.driver.reset(late, start + ms(1)));
    assert_eq!(worker.unparks.take(), 1, "a reset upsets the plan as well");

    worker.driver.plan();
    worker.turn();
    insert(0);
    assert_eq!(worker.unparks.take(), 0, "the owner is awake");
}

#[test]
fn who_sleeps_for_ever_is_unparked_by_the_first_timer() {
    let worker = Worker::paused();
    assert_eq!(worker.driver.plan(), None);
    worker
        .driver
        .insert(worker.clock.now() + ms(1000), Waker::noop())
        .unwrap();
    assert_eq!(worker.unparks.take(), 1);
}

#[test]
fn a_rescuer_turns_the_driver_but_leaves_the_plan() {
    let worker = Worker::paused();
    let start = worker.clock.now();
    worker.driver.insert(start + ms(1), Waker::noop()).unwrap();
    worker.driver.insert(start + ms(30), Waker::noop()).unwrap();
    worker.clock.advance(ms(20));
    worker.driver.plan();

    let mut batch = WakeBatch::new();
    assert_eq!(worker.driver.try_turn(&mut batch), Some(1));
    worker.driver.insert(start, Waker::noop()).unwrap();
    assert_eq!(
        worker.unparks.take(),
        1,
        "the owner still sleeps by its plan"
    );
}

#[test]
fn a_stale_key_does_nothing() {
    let worker = Worker::paused();
    let deadline = worker.clock.now() + ms(1);
    let key = worker.driver.insert(deadline, Waker::noop()).unwrap();
    assert_eq!(worker.advance(ms(1)), 1);
    let count = Count::new();
    let other = worker
        .driver
        .insert(deadline + ms(1), &count.waker())
        .unwrap();
    assert!(!worker.driver.remove(key));
    assert!(!worker.driver.reset(key, deadline));
    let fate = worker.driver.set_waker(key, Waker::noop());
    assert_eq!(fate, Fate::Fired);
    assert_eq!(worker.advance(ms(1)), 1);
    assert_eq!(count.take(), 1);
    assert!(!worker.driver.remove(other));
}

#[test]
fn the_waker_of_a_pending_timer_can_be_replaced() {
    let worker = Worker::paused();
    let (before, after) = (Count::new(), Count::new());
    let key = worker
        .driver
        .insert(worker.clock.now() + ms(1), &before.waker())
        .unwrap();
    for waker in [before.waker(), after.waker()] {
        assert_eq!(worker.driver.set_waker(key, &waker), Fate::Pending);
    }
    assert_eq!(Arc::strong_count(&before), 1, "the old one is gone at once");
    worker.advance(ms(1));
    assert_eq!((before.take(), after.take()), (0, 1));
}

#[test]
fn an_orphaned_driver_wakes_everyone_and_takes_no_more() {
    let worker = Worker::paused();
    let count = Count::new();
    let deadline = worker.clock.now() + ms(1);
    let key = worker.driver.insert(deadline, &count.waker()).unwrap();
    worker
        .driver
        .insert(deadline + ms(1 << 40), &count.waker())
        .unwrap();
    assert_eq!(worker.orphan(), 2);
    assert_eq!(count.take(), 2);
    assert!(worker.driver.is_empty());
    let fate = worker.driver.set_waker(key, Waker::noop());
    assert_eq!(fate, Fate::ThrownOut);
    assert!(!worker.driver.remove(key));
    assert!(worker.driver.insert(deadline, &count.waker()).is_err());
    assert_eq!(worker.driver.plan(), None);
    assert_eq!(worker.orphan(), 0);
    assert_eq!(Arc::strong_count(&count), 1);
}

#[test]
fn wakers_are_dropped_when_the_driver_is_not_locked() {
    /// Looks at the driver when it is dropped.
    struct Nosy(Arc<pintle_timer::Driver>, Arc<AtomicBool>);
    impl Wake for Nosy {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Nosy {
        fn drop(&mut self) {
            let unlocked = self.0.try_turn(&mut WakeBatch::new()).is_some();
            self.1.store(unlocked, Ordering::SeqCst);
        }
    }
    let worker = Worker::paused();
    let deadline = worker.clock.now() + ms(1);
    let unlocked = Arc::new(AtomicBool::new(false));
    let nosy = || Waker::from(Arc::new(Nosy(worker.driver.clone(), unlocked.clone())));

    let key = worker.driver.insert(deadline, &nosy()).unwrap();
    assert!(!unlocked.load(Ordering::SeqCst));
    worker.driver.remove(key);
    assert!(unlocked.swap(false, Ordering::SeqCst), "removed");

    let key = worker.driver.insert(deadline, &nosy()).unwrap();
    worker.driver.set_waker(key, Waker::noop());
    assert!(unlocked.swap(false, Ordering::SeqCst), "replaced");

    worker.orphan();
    assert!(worker.driver.insert(deadline, &nosy()).is_err());
    assert!(unlocked.swap(false, Ordering::SeqCst), "refused");
}

#[test]
fn timers_are_cancelled_and_moved_from_other_threads_while_the_owner_turns() {
    let worker = Worker::with_clock(Clock::new(false));
    let count = Count::new();
    let mut batch = WakeBatch::new();
    let removed: usize = thread::scope(|scope| {
        let others: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut removed = 0;
                    for round in 0..500_u64 {
                        let deadline = worker.clock.now() + Duration::from_micros(round % 300);
                        let key = worker.driver.insert(deadline, &count.waker()).unwrap();
                        worker
                            .driver
                            .reset(key, deadline + Duration::from_micros(round % 70));
                        removed += usize::from(worker.driver.remove(key));
                    }
                    removed
                })
            })
            .collect();
        while others.iter().any(|other| !other.is_finished()) {
            worker.driver.turn(&mut batch);
            batch.wake_all();
        }
        others.into_iter().map(|other| other.join().unwrap()).sum()
    });
    assert_eq!(
        removed + count.take(),
        1000,
        "each was removed or fired, and not both"
    );
    assert!(worker.driver.is_empty());
}

#[test]
fn seats_nest() {
    let (outer, inner) = (Worker::paused(), Worker::paused());
    let sits =
        |worker: &Worker| current::with(|driver| Arc::ptr_eq(driver, &worker.driver)).unwrap();
    let _outer = outer.seat();
    {
        let _inner = inner.seat();
        assert!(sits(&inner));
        {
            let _none = current::enter_disabled();
            assert!(current::with(|_| ()).is_err());
        }
        assert!(sits(&inner));
        let _entered_while_looking = current::with(|_| outer.seat()).unwrap();
        assert!(sits(&outer));
    }
    assert!(sits(&outer));
}
