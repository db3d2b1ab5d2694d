//! `Sleep`: ready by the clock, registered where it is polled.

#![cfg(not(loom))]

mod support;

use pintle_sync::budget;
use pintle_timer::{Clock, Duration, Instant, Sleep, current, sleep, sleep_until};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::thread;
use support::{Count, Worker, ms};

#[test]
fn a_sleep_is_two_words_and_an_instant() {
    assert_eq!(size_of::<Sleep>(), 16 + size_of::<Instant>());
    fn send_and_sync<T: Send + Sync + Unpin>() {}
    send_and_sync::<Sleep>();
    send_and_sync::<pintle_timer::Timeout<()>>();
    send_and_sync::<pintle_timer::Interval>();
    send_and_sync::<pintle_timer::Participant>();
}

#[test]
fn a_sleep_wakes_its_task_once_and_is_ready_then() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let mut nap = pin!(sleep(ms(10)));
    assert!(task.poll(nap.as_mut()).is_pending());
    assert!(!nap.is_elapsed());
    worker.advance(ms(9));
    assert_eq!(task.take(), 0);
    worker.advance(ms(1));
    assert_eq!(task.take(), 1);
    assert!(nap.is_elapsed());
    assert!(task.poll(nap.as_mut()).is_ready());
    assert!(task.poll(nap.as_mut()).is_ready(), "and stays ready");
    assert_eq!(worker.advance(ms(1000)), 0);
}

#[test]
fn no_time_and_past_time_are_ready_at_the_first_poll_anywhere() {
    let task = Count::new();
    assert!(task.poll(pin!(sleep(Duration::ZERO))).is_ready());
    assert!(
        task.poll(pin!(sleep_until(Instant::now() - ms(5))))
            .is_ready()
    );
    let worker = Worker::paused();
    let _seated = worker.seat();
    assert!(task.poll(pin!(sleep(Duration::ZERO))).is_ready());
    assert!(worker.driver.is_empty(), "no timer was armed for it");
}

#[test]
fn a_sleep_that_is_first_polled_when_its_time_is_over_is_done_after_one_turn() {
    let worker = Worker::with_clock(Clock::new(false));
    let _seated = worker.seat();
    let task = Count::new();
    let mut nap = pin!(sleep(Duration::from_nanos(1)));
    while !nap.is_elapsed() {}
    assert!(task.poll(nap.as_mut()).is_pending());
    assert_eq!(worker.turn(), 1);
    assert_eq!(task.take(), 1);
    assert!(task.poll(nap).is_ready());
}

#[test]
fn a_paused_clock_is_looked_at_before_the_first_poll() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let nap = pin!(sleep(ms(1)));
    worker.clock.advance(ms(1));
    assert!(task.poll(nap).is_ready());
    assert!(worker.driver.is_empty());
}

#[test]
fn a_sleep_for_ever_does_not_overflow() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let mut nap = pin!(sleep(Duration::MAX));
    assert!(task.poll(nap.as_mut()).is_pending());
    assert!(worker.driver.plan().is_some());
    worker.advance(Duration::from_secs(365 * 24 * 3600));
    assert!(task.poll(nap.as_mut()).is_pending());
    nap.as_mut().reset(Instant::now());
    assert!(task.poll(nap).is_ready());
}

#[test]
fn an_early_wake_up_is_not_mistaken_for_the_deadline() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let mut nap = pin!(sleep(ms(10)));
    for _ in 0..5 {
        assert!(task.poll(nap.as_mut()).is_pending());
        worker.advance(ms(1));
    }
    assert_eq!(
        worker.driver.len(),
        1,
        "polling again does not register again"
    );
    worker.advance(ms(5));
    assert_eq!(task.take(), 1);
}

#[test]
fn dropping_a_sleep_frees_its_timer_at_once() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let mut nap = Box::pin(sleep(ms(10)));
    assert!(task.poll(nap.as_mut()).is_pending());
    assert_eq!(worker.driver.len(), 1);
    drop(nap);
    assert!(worker.driver.is_empty());
    assert_eq!(Arc::strong_count(&task), 1);
}

#[test]
fn the_task_that_polled_last_is_woken() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let (first, second) = (Count::new(), Count::new());
    let mut nap = pin!(sleep(ms(10)));
    assert!(first.poll(nap.as_mut()).is_pending());
    assert!(second.poll(nap.as_mut()).is_pending());
    worker.advance(ms(10));
    assert_eq!((first.take(), second.take()), (0, 1));
}

#[test]
fn a_reset_sleep_wakes_at_the_new_deadline_without_another_poll() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let start = Instant::now();
    for (first, then) in [(10, 20), (20, 10)] {
        let start = start + (Instant::now() - start);
        let mut nap = pin!(sleep(ms(first)));
        assert!(task.poll(nap.as_mut()).is_pending());
        nap.as_mut().reset(start + ms(then));
        worker.advance(ms(then) - Duration::from_nanos(1));
        assert_eq!(task.take(), 0);
        worker.advance(Duration::from_nanos(1));
        assert_eq!(task.take(), 1);
        assert!(task.poll(nap).is_ready());
        worker.advance(ms(50));
    }
}

#[test]
fn a_sleep_that_is_done_can_be_reset_and_waits_again() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let mut nap = pin!(sleep(ms(1)));
    assert!(task.poll(nap.as_mut()).is_pending());
    worker.advance(ms(1));
    // Fired, but not polled: the key is stale.
    nap.as_mut().reset(Instant::now() + ms(5));
    assert!(task.poll(nap.as_mut()).is_pending());
    worker.advance(ms(5));
    assert!(task.poll(nap.as_mut()).is_ready());
    nap.as_mut().reset(Instant::now() + ms(5));
    assert!(task.poll(nap.as_mut()).is_pending());
    worker.advance(ms(5));
    assert_eq!(task.take(), 3);
    assert!(task.poll(nap).is_ready());
}

#[test]
fn a_sleep_made_outside_any_runtime_waits_where_it_is_polled() {
    let worker = Worker::with_clock(Clock::new(false));
    let task = Count::new();
    let mut nap = pin!(sleep(ms(3_600_000)));
    let _seated = worker.seat();
    assert!(task.poll(nap.as_mut()).is_pending());
    assert_eq!(worker.driver.len(), 1);
}

#[test]
fn polling_where_there_are_no_timers_says_what_to_do() {
    let poll = || {
        let nap = pin!(sleep(ms(1000)));
        let _ = Count::new().poll(nap);
    };
    let message = |payload: Box<dyn std::any::Any + Send>| *payload.downcast::<String>().unwrap();
    let text = message(catch_unwind(poll).unwrap_err());
    assert!(
        text.contains("block_on") && text.contains("Handle::enter"),
        "{text}"
    );
    let _seated = current::enter_disabled();
    assert_eq!(
        message(catch_unwind(poll).unwrap_err()),
        "a timer was used on a runtime built without `enable_time()`; \
         call `Builder::enable_time()` or `enable_all()`"
    );
}

#[test]
fn a_sleep_moves_house_to_the_worker_that_polls_it() {
    let clock = Clock::new(true);
    let (old, new) = (
        Worker::with_clock(clock.clone()),
        Worker::with_clock(clock.clone()),
    );
    let task = Count::new();
    let mut nap = pin!(sleep(ms(10)));
    {
        let _seated = old.seat();
        nap.as_mut().reset(clock.now() + ms(10));
        assert!(task.poll(nap.as_mut()).is_pending());
    }
    let _seated = new.seat();
    assert!(task.poll(nap.as_mut()).is_pending());
    assert!(old.driver.is_empty());
    assert_eq!(new.driver.len(), 1);
    clock.advance(ms(10));
    assert_eq!((old.turn(), new.turn()), (0, 1));
    assert_eq!(task.take(), 1);
    assert!(task.poll(nap).is_ready());
}

#[test]
fn a_sleep_polled_by_a_foreign_thread_stays_at_home() {
    let worker = Worker::paused();
    let (first, second) = (Count::new(), Count::new());
    let mut nap = Box::pin(sleep_until(worker.clock.now() + ms(10)));
    {
        let _seated = worker.seat();
        assert!(first.poll(nap.as_mut()).is_pending());
    }
    worker.driver.plan();
    let mut nap = thread::scope(|scope| {
        let foreign = scope.spawn(|| {
            assert!(second.poll(nap.as_mut()).is_pending());
            nap
        });
        foreign.join().unwrap()
    });
    worker.advance(ms(10));
    assert_eq!((first.take(), second.take()), (0, 1));
    assert!(
        second.poll(nap.as_mut()).is_ready(),
        "by the clock of its home"
    );
}

#[test]
fn a_sleep_whose_home_is_gone_finds_another_or_says_so() {
    let clock = Clock::new(true);
    let (old, new) = (
        Worker::with_clock(clock.clone()),
        Worker::with_clock(clock.clone()),
    );
    let task = Count::new();
    let mut nap = pin!(sleep_until(clock.now() + ms(10)));
    {
        let _seated = old.seat();
        assert!(task.poll(nap.as_mut()).is_pending());
    }
    old.orphan();
    assert_eq!(task.take(), 1);
    let unserved = catch_unwind(AssertUnwindSafe(|| task.poll(nap.as_mut())));
    assert!(unserved.is_err());
    let _seated = new.seat();
    assert!(task.poll(nap.as_mut()).is_pending());
    clock.advance(ms(10));
    assert_eq!(new.turn(), 1);
    assert!(task.poll(nap).is_ready());
}

#[test]
fn another_thread_may_reset_and_drop_a_waiting_sleep() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let start = worker.clock.now();
    let nap = Arc::new(Mutex::new(Some(Box::pin(sleep(ms(1000))))));
    let with_nap =
        |f: &mut dyn FnMut(Pin<&mut Sleep>)| f(nap.lock().unwrap().as_mut().unwrap().as_mut());
    with_nap(&mut |nap| assert!(task.poll(nap).is_pending()));
    worker.driver.plan();
    thread::scope(|scope| {
        scope.spawn(|| with_nap(&mut |nap| nap.reset(start + ms(1))));
    });
    assert_eq!(
        worker.unparks.take(),
        1,
        "its worker slept by the old deadline"
    );
    worker.advance(ms(1));
    assert_eq!(task.take(), 1);

    with_nap(&mut |nap| nap.reset(start + ms(100)));
    with_nap(&mut |nap| assert!(task.poll(nap).is_pending()));
    assert_eq!(worker.driver.len(), 1);
    thread::scope(|scope| {
        scope.spawn(|| drop(nap.lock().unwrap().take()));
    });
    assert!(worker.driver.is_empty());
}

#[test]
fn completed_sleeps_spend_the_budget_and_waiting_ones_do_not() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    budget::with_fresh(|| {
        let mut waiting = pin!(sleep(ms(1)));
        for _ in 0..1000 {
            assert!(task.poll(waiting.as_mut()).is_pending());
        }
        assert_eq!(task.take(), 0);
        for _ in 0..budget::UNITS {
            assert!(task.poll(pin!(sleep(Duration::ZERO))).is_ready());
        }
        assert!(task.poll(pin!(sleep(Duration::ZERO))).is_pending());
        assert_eq!(task.take(), 1, "and comes back after the others");
    });
}

#[test]
fn by_the_real_clock_no_sleep_is_ever_early() {
    let worker = Worker::with_clock(Clock::new(false));
    let _seated = worker.seat();
    let start = Instant::now();
    let task = Count::new();
    let mut naps: Vec<_> = (0..200_u32)
        .map(|number| Box::pin(sleep(Duration::from_nanos(u64::from(number) * 49_999))))
        .collect();
    while !naps.is_empty() {
        naps.retain_mut(|nap| {
            let ready = task.poll(nap.as_mut()).is_ready();
            assert!(!ready || Instant::now() >= nap.deadline());
            !ready
        });
        worker.turn();
        assert!(start.elapsed() < Duration::from_secs(30), "hangs");
    }
    assert!(worker.driver.is_empty());
}
