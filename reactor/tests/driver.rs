//! Turning, unparking, deadlines, the watch, and a sibling that steps in.

#![cfg(not(loom))]

mod hand;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hand::{HANG, driver};
use pintle_reactor::{Driver, Turn, Wait};
use pintle_sync::WakeBatch;

fn turn(driver: &Driver, wait: Wait) -> Turn {
    driver.turn(wait, &mut WakeBatch::new()).expect("turn")
}

fn hang() -> Wait {
    Wait::Until(Instant::now() + HANG)
}

#[test]
fn an_unpark_ends_the_wait_or_the_next() {
    let driver = driver();
    driver.unpark().expect("unpark");
    assert_eq!(turn(&driver, Wait::Forever), Turn::default());
    thread::scope(|scope| {
        scope.spawn(|| driver.unpark().expect("unpark"));
        turn(&driver, Wait::Forever);
    });
}

#[test]
fn a_deadline_is_never_early_however_short() {
    let driver = driver();
    for micros in [1, 50, 300, 999, 1_001, 2_500] {
        let deadline = Instant::now() + Duration::from_micros(micros);
        let mut turns = 0;
        while Instant::now() < deadline {
            turn(&driver, Wait::Until(deadline));
            turns += 1;
        }
        assert!(turns <= 2, "woken {turns} times for {micros} µs");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn deadlines_below_a_millisecond_are_not_rounded_up_to_one() {
    let driver = driver();
    // The machine may be busy: one of many has to make it.
    let shortest = (0..50)
        .map(|_| {
            let start = Instant::now();
            turn(&driver, Wait::Until(start + Duration::from_micros(100)));
            start.elapsed()
        })
        .min();
    assert!(shortest < Some(Duration::from_millis(1)), "{shortest:?}");
}

#[test]
fn a_deadline_that_has_passed_does_not_wait() {
    let driver = driver();
    turn(&driver, Wait::Until(Instant::now()));
    turn(&driver, Wait::No);
}

#[test]
fn the_same_deadline_can_be_waited_for_again() {
    let driver = driver();
    let deadline = Instant::now() + Duration::from_millis(20);
    driver.unpark().expect("unpark");
    turn(&driver, Wait::Until(deadline));
    while Instant::now() < deadline {
        turn(&driver, Wait::Until(deadline));
    }
}

#[test]
fn a_later_deadline_replaces_an_earlier_one() {
    let driver = driver();
    let start = Instant::now();
    driver.unpark().expect("unpark");
    turn(&driver, Wait::Until(start + HANG));
    let soon = Instant::now() + Duration::from_millis(1);
    while Instant::now() < soon {
        turn(&driver, Wait::Until(soon));
    }
    assert!(start.elapsed() < HANG);
}

#[cfg(target_os = "linux")]
#[test]
fn the_watch_rings_and_says_so() {
    let driver = Driver::new_watching(64).expect("driver");
    let start = Instant::now();
    driver.ring_after(Duration::from_millis(3)).expect("ring");
    while !turn(&driver, hang()).watch {}
    assert!(start.elapsed() >= Duration::from_millis(3));
    driver.ring_after(Duration::ZERO).expect("ring");
    while !turn(&driver, hang()).watch {}
}

#[cfg(target_os = "linux")]
#[test]
fn a_silenced_watch_does_not_ring() {
    let driver = Driver::new_watching(64).expect("driver");
    driver.ring_after(Duration::from_millis(1)).expect("ring");
    driver.silence().expect("silence");
    let deadline = Instant::now() + Duration::from_millis(10);
    while Instant::now() < deadline {
        assert!(!turn(&driver, Wait::Until(deadline)).watch);
    }
}

#[test]
fn a_sibling_passes_on_the_call_that_it_has_taken() {
    let driver = driver();
    driver.unpark().expect("unpark");
    let turned = driver.try_turn(&mut WakeBatch::new()).expect("turn");
    assert_eq!(turned, Some(Turn::default()));
    // Would hang if the sibling had swallowed it.
    turn(&driver, Wait::Forever);
}

#[cfg(target_os = "linux")]
#[test]
fn a_sibling_passes_on_the_watch_that_it_has_taken() {
    let driver = Driver::new_watching(64).expect("driver");
    driver.ring_after(Duration::ZERO).expect("ring");
    let deadline = Instant::now() + Duration::from_millis(1);
    while Instant::now() < deadline {
        thread::yield_now();
    }
    driver.try_turn(&mut WakeBatch::new()).expect("turn");
    assert!(turn(&driver, Wait::Forever).watch);
}

#[test]
fn a_sibling_does_not_wait_for_an_owner_asleep() {
    let driver = driver();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                turn(&driver, hang());
            }
        });
        let deadline = Instant::now() + HANG;
        while driver
            .try_turn(&mut WakeBatch::new())
            .expect("turn")
            .is_some()
        {
            assert!(Instant::now() < deadline, "the owner never sleeps");
            thread::yield_now();
        }
        done.store(true, Ordering::Release);
        driver.unpark().expect("unpark");
    });
}
