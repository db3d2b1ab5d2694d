//! `Interval`: the sequences that tokio documents for each way to miss a tick.

#![cfg(not(loom))]

mod support;

use pintle_timer::{Duration, Instant, Interval, MissedTickBehavior, interval, interval_at};
use std::panic::catch_unwind;
use std::task::{Context, Poll, Waker};
use support::{Worker, ms};

/// Polls once.
fn poll(every: &mut Interval) -> Poll<Instant> {
    every.poll_tick(&mut Context::from_waker(Waker::noop()))
}

/// Moves time on, a millisecond at a time, until there is a tick, and says when that was and when it
/// was due, in milliseconds from `start`.
fn tick(worker: &Worker, every: &mut Interval, start: Instant) -> (u128, u128) {
    loop {
        if let Poll::Ready(due) = poll(every) {
            return (
                (Instant::now() - start).as_millis(),
                (due - start).as_millis(),
            );
        }
        worker.advance(ms(1));
    }
}

/// When the ticks are taken and when they were due, if the task is held up for 150 ms after the
/// second of every 50 ms.
fn taken_by(behavior: MissedTickBehavior) -> Vec<(u128, u128)> {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let start = Instant::now();
    let mut every = interval(ms(50));
    every.set_missed_tick_behavior(behavior);
    assert_eq!(every.missed_tick_behavior(), behavior);
    let mut taken = vec![
        tick(&worker, &mut every, start),
        tick(&worker, &mut every, start),
    ];
    worker.advance(ms(130));
    taken.extend((0..5).map(|_| tick(&worker, &mut every, start)));
    taken
}

#[test]
fn burst_catches_up_and_is_in_step_again() {
    assert_eq!(
        taken_by(MissedTickBehavior::Burst),
        [
            (0, 0),
            (50, 50),
            (180, 100),
            (180, 150),
            (200, 200),
            (250, 250),
            (300, 300)
        ]
    );
    assert_eq!(MissedTickBehavior::default(), MissedTickBehavior::Burst);
}

#[test]
fn delay_starts_a_new_period_when_it_notices() {
    assert_eq!(
        taken_by(MissedTickBehavior::Delay),
        [
            (0, 0),
            (50, 50),
            (180, 100),
            (230, 230),
            (280, 280),
            (330, 330),
            (380, 380)
        ]
    );
}

#[test]
fn skip_leaves_the_missed_ones_out_and_stays_in_step() {
    assert_eq!(
        taken_by(MissedTickBehavior::Skip),
        [
            (0, 0),
            (50, 50),
            (180, 100),
            (200, 200),
            (250, 250),
            (300, 300),
            (350, 350)
        ]
    );
}

#[test]
fn a_tick_that_is_a_little_late_is_not_missed() {
    for behavior in [
        MissedTickBehavior::Burst,
        MissedTickBehavior::Delay,
        MissedTickBehavior::Skip,
    ] {
        let worker = Worker::paused();
        let _seated = worker.seat();
        let start = Instant::now();
        let mut every = interval(ms(50));
        every.set_missed_tick_behavior(behavior);
        assert!(poll(&mut every).is_ready());
        worker.advance(ms(55));
        assert_eq!(poll(&mut every), Poll::Ready(start + ms(50)));
        assert_eq!(tick(&worker, &mut every, start), (100, 100), "{behavior:?}");
    }
}

#[test]
fn skip_takes_a_tick_that_is_late_by_whole_periods() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let start = Instant::now();
    let mut every = interval(ms(50));
    every.set_missed_tick_behavior(MissedTickBehavior::Skip);
    assert!(poll(&mut every).is_ready());
    worker.advance(ms(200));
    assert_eq!(poll(&mut every), Poll::Ready(start + ms(50)));
    assert_eq!(tick(&worker, &mut every, start), (250, 250));
}

#[test]
fn the_first_tick_comes_when_it_was_asked_for() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let start = Instant::now();
    let mut every = interval_at(start + ms(7), ms(10));
    assert_eq!(tick(&worker, &mut every, start), (7, 7));
    assert_eq!(tick(&worker, &mut every, start), (17, 17));
}

#[test]
fn resets_say_when_the_next_tick_comes() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let start = Instant::now();
    let mut every = interval(ms(100));
    assert!(poll(&mut every).is_ready());
    worker.advance(ms(50));
    every.reset();
    assert_eq!(tick(&worker, &mut every, start), (150, 150));
    worker.advance(ms(20));
    every.reset_immediately();
    assert_eq!(tick(&worker, &mut every, start), (170, 170));
    every.reset_after(ms(5));
    assert_eq!(tick(&worker, &mut every, start), (175, 175));
    every.reset_at(start + ms(180));
    assert_eq!(tick(&worker, &mut every, start), (180, 180));
    assert_eq!(tick(&worker, &mut every, start), (280, 280));
}

#[test]
fn an_interval_for_ever_does_not_overflow() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    for behavior in [
        MissedTickBehavior::Burst,
        MissedTickBehavior::Delay,
        MissedTickBehavior::Skip,
    ] {
        let mut every = interval(Duration::MAX);
        every.set_missed_tick_behavior(behavior);
        worker.advance(ms(10));
        assert!(poll(&mut every).is_ready());
        assert!(poll(&mut every).is_pending());
    }
}

#[test]
fn a_period_of_nothing_is_refused() {
    assert!(catch_unwind(|| interval(Duration::ZERO)).is_err());
    assert!(catch_unwind(|| interval_at(Instant::now(), Duration::ZERO)).is_err());
}
