//! `timeout`: the future first, the limit when it is pending.

#![cfg(not(loom))]

mod support;

use pintle_sync::budget;
use pintle_timer::{Duration, Instant, timeout, timeout_at};
use std::future::{pending, poll_fn, ready};
use std::pin::pin;
use std::task::Poll;
use support::{Count, Worker, ms};

#[test]
fn a_future_that_is_ready_arms_no_timer() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    assert_eq!(
        task.poll(pin!(timeout(ms(1), ready(5)))),
        Poll::Ready(Ok(5))
    );
    assert_eq!(
        task.poll(pin!(timeout(Duration::ZERO, ready(5)))),
        Poll::Ready(Ok(5))
    );
    assert!(worker.driver.is_empty());
}

#[test]
fn a_future_that_takes_too_long_is_given_up() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let mut limited = pin!(timeout(ms(10), pending::<()>()));
    assert!(task.poll(limited.as_mut()).is_pending());
    worker.advance(ms(10));
    assert_eq!(task.take(), 1);
    let Poll::Ready(Err(elapsed)) = task.poll(limited) else {
        panic!("the time is up");
    };
    assert_eq!(elapsed.to_string(), "deadline has elapsed");
    assert_eq!(
        std::io::Error::from(elapsed).kind(),
        std::io::ErrorKind::TimedOut
    );
}

#[test]
fn no_time_at_all_still_polls_the_future_once() {
    let task = Count::new();
    assert!(matches!(
        task.poll(pin!(timeout(Duration::ZERO, pending::<()>()))),
        Poll::Ready(Err(_))
    ));
    assert!(matches!(
        task.poll(pin!(timeout_at(Instant::now(), pending::<()>()))),
        Poll::Ready(Err(_))
    ));
}

#[test]
fn a_limit_that_is_never_reached_does_not_overflow() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let mut limited = pin!(timeout(Duration::MAX, pending::<()>()));
    assert!(Count::new().poll(limited.as_mut()).is_pending());
    worker.advance(Duration::from_secs(1 << 20));
    assert!(Count::new().poll(limited).is_pending());
}

#[test]
fn dropping_a_timeout_frees_its_timer_and_so_does_into_inner() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let mut limited = Box::pin(timeout(ms(10), pending::<()>()));
    assert!(task.poll(limited.as_mut()).is_pending());
    assert_eq!(worker.driver.len(), 1);
    drop(limited);
    assert!(worker.driver.is_empty());

    let mut limited = timeout(ms(10), pending::<()>());
    assert!(task.poll(pin!(&mut limited)).is_pending());
    assert!(task.poll(pin!(limited.get_mut())).is_pending());
    assert_eq!(worker.driver.len(), 1);
    drop(limited.into_inner());
    assert!(worker.driver.is_empty());
}

#[test]
fn a_future_that_spends_the_whole_budget_does_not_outlive_its_limit() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let task = Count::new();
    let greedy = poll_fn(|cx| {
        while let Poll::Ready(progress) = budget::poll_proceed(cx) {
            progress.made_progress();
        }
        Poll::<()>::Pending
    });
    let mut limited = pin!(timeout(ms(10), greedy));
    budget::with_fresh(|| assert!(task.poll(limited.as_mut()).is_pending()));
    worker.advance(ms(10));
    budget::with_fresh(|| assert!(matches!(task.poll(limited), Poll::Ready(Err(_)))));
}
