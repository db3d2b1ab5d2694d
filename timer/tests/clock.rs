//! The clock: paused, moved, and jumping by itself when everybody is idle.

#![cfg(not(loom))]

mod support;

use pintle_timer::{Clock, Duration, Instant, advance, current, pause, resume, sleep};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::thread;
use support::{Count, Worker, ms};

#[test]
fn a_clock_that_was_never_paused_shows_real_time() {
    let clock = Clock::new(false);
    let before = std::time::Instant::now();
    let now = clock.now().into_std();
    assert!(before <= now && now <= std::time::Instant::now());
    assert!(!clock.is_paused());
}

#[test]
fn a_resumed_clock_goes_on_from_where_it_stood() {
    let clock = Clock::new(false);
    let before = clock.now();
    clock.pause();
    assert!(clock.now() >= before);
    clock.advance(ms(3_600_000));
    let stood = clock.now();
    thread::sleep(ms(2));
    clock.resume();
    assert!(clock.now() >= stood, "never backwards");
    let resumed = clock.now();
    thread::sleep(ms(2));
    let ran = clock.now() - resumed;
    assert!(ran >= ms(2), "it runs again");
    clock.pause();
    assert!(clock.now() >= resumed + ran, "never backwards");
}

#[test]
fn deadlines_are_met_exactly_wherever_time_was_paused() {
    let worker = Worker::with_clock(Clock::new(false));
    thread::sleep(Duration::from_micros(123));
    worker.clock.pause();
    let start = worker.clock.now();
    for nanos in [1, 4321, 1_000_000, 999_999_999] {
        let deadline = start + Duration::from_nanos(nanos);
        let key = worker
            .driver
            .insert(deadline, std::task::Waker::noop())
            .unwrap();
        // Other stops may come first; the last one is the deadline itself.
        while worker.turn() == 0 {
            let next = worker.driver.plan().unwrap();
            assert!(next <= deadline);
            worker.clock.advance(next - worker.clock.now());
        }
        assert_eq!(worker.clock.now(), deadline);
        assert!(!worker.driver.remove(key));
    }
}

#[test]
fn wrong_calls_say_what_to_do_instead() {
    let message = |f: fn()| {
        let payload = catch_unwind(f).unwrap_err();
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(|text| text.to_string()))
            .unwrap()
    };
    assert!(message(|| Clock::new(true).pause()).contains("already frozen"));
    assert!(message(|| Clock::new(false).resume()).contains("call `time::pause` first"));
    assert!(message(|| Clock::new(false).advance(ms(1))).contains("call `time::pause` first"));
    assert!(message(pause).contains("`pause` has no clock to act on"));
    assert!(message(resume).contains("Runtime::block_on"));
    assert!(
        message(|| {
            let _seated = current::enter_disabled();
            pause();
        })
        .contains("enable_time()")
    );

    let clock = Clock::new(true);
    let _ = catch_unwind(AssertUnwindSafe(|| clock.pause()));
    clock.advance(ms(1)); // a panic leaves it usable
}

#[test]
fn instants_go_by_the_clock_of_the_seat() {
    let worker = Worker::with_clock(Clock::new(false));
    let _seated = worker.seat();
    pause();
    let start = Instant::now();
    worker.clock.advance(ms(1234));
    assert_eq!(start.elapsed(), ms(1234));
    resume();
}

#[test]
fn advance_wakes_what_is_due_before_it_yields() {
    let worker = Worker::paused();
    let _seated = worker.seat();
    let (sleeper, test) = (Count::new(), Count::new());
    let mut nap = pin!(sleep(ms(10)));
    assert!(sleeper.poll(nap.as_mut()).is_pending());
    let mut step = pin!(advance(ms(10)));
    assert!(test.poll(step.as_mut()).is_pending());
    assert_eq!((sleeper.take(), test.take()), (1, 1));
    assert!(sleeper.poll(nap).is_ready());
    assert!(test.poll(step).is_ready());
}

#[test]
fn time_jumps_to_the_earliest_deadline_when_all_are_idle() {
    let clock = Clock::new(true);
    let start = clock.now();
    let (a_unparks, b_unparks) = (Count::new(), Count::new());
    let a = clock.participant(a_unparks.waker());
    let b = clock.participant(b_unparks.waker());

    assert!(a.idle(Some(start + ms(10))));
    assert_eq!(clock.now(), start, "b may do something yet");
    assert!(b.idle(Some(start + ms(20))), "b itself has nothing due");
    assert_eq!(clock.now(), start + ms(10));
    assert_eq!((a_unparks.take(), b_unparks.take()), (1, 0));

    // a counts as busy although its thread has not woken up yet: no second jump.
    b.busy();
    assert!(b.idle(Some(start + ms(20))));
    assert_eq!(clock.now(), start + ms(10));

    a.busy();
    assert!(
        !a.idle(Some(start + ms(15))),
        "moved by a's own call: do not sleep"
    );
    assert_eq!(clock.now(), start + ms(15));
    assert!(a.idle(None));
    assert_eq!(clock.now(), start + ms(20));
    assert_eq!((a_unparks.take(), b_unparks.take()), (0, 1));
}

#[test]
fn all_whose_deadline_a_jump_reaches_are_unparked() {
    let clock = Clock::new(true);
    let deadline = clock.now() + ms(7);
    let counts = [Count::new(), Count::new(), Count::new()];
    let [a, b, c] = counts
        .each_ref()
        .map(|count| clock.participant(count.waker()));
    assert!(a.idle(Some(deadline)));
    assert!(b.idle(Some(deadline + ms(1))));
    assert!(!c.idle(Some(deadline)));
    assert_eq!(counts.each_ref().map(|count| count.take()), [1, 0, 0]);
}

#[test]
fn without_deadlines_time_stands_still() {
    let clock = Clock::new(true);
    let start = clock.now();
    let a = clock.participant(Count::new().waker());
    assert!(a.idle(None));
    drop(clock.participant(Count::new().waker()));
    drop(clock.inhibit());
    assert_eq!(clock.now(), start);
}

#[test]
fn what_is_due_already_is_not_slept_over() {
    let clock = Clock::new(true);
    let a = clock.participant(Count::new().waker());
    let _busy = clock.participant(Count::new().waker());
    assert!(!a.idle(Some(clock.now())));
}

#[test]
fn no_jump_while_anything_inhibits_but_as_soon_as_nothing_does() {
    let clock = Clock::new(true);
    let start = clock.now();
    let unparks = Count::new();
    let a = clock.participant(unparks.waker());
    let jobs = [clock.inhibit(), clock.inhibit()];
    assert!(a.idle(Some(start + ms(5))));
    let [first, second] = jobs;
    drop(first);
    assert_eq!(clock.now(), start);
    drop(second);
    assert_eq!(clock.now(), start + ms(5));
    assert_eq!(unparks.take(), 1);
}

#[test]
fn a_participant_that_leaves_holds_nobody_up() {
    let clock = Clock::new(true);
    let start = clock.now();
    let unparks = Count::new();
    let a = clock.participant(unparks.waker());
    let b = clock.participant(Count::new().waker());
    assert!(a.idle(Some(start + ms(5))));
    drop(b);
    assert_eq!(clock.now(), start + ms(5));
    assert_eq!(unparks.take(), 1);
}

#[test]
fn a_wake_in_flight_keeps_time_from_jumping() {
    let clock = Clock::new(true);
    let start = clock.now();
    let a = clock.participant(Count::new().waker());
    let b = clock.participant(Count::new().waker());

    // b flips a's flag, and goes idle before a has woken up.
    assert!(a.idle(Some(start + ms(5))));
    a.notify();
    assert!(b.idle(Some(start + ms(9))));
    assert_eq!(clock.now(), start);

    // The same, but the note overtakes a's word that it is idle.
    a.busy();
    a.notify();
    assert!(!a.idle(Some(start + ms(5))), "there is something to do");
    assert_eq!(clock.now(), start);

    // a has looked, and really has nothing to do.
    assert!(!a.idle(Some(start + ms(5))), "time was moved");
    assert_eq!(clock.now(), start + ms(5));
}

#[test]
fn pausing_and_resuming_make_everyone_go_to_sleep_anew() {
    let clock = Clock::new(false);
    let unparks = Count::new();
    let a = clock.participant(unparks.waker());
    let next = clock.now() + ms(3_600_000);
    assert!(a.idle(Some(next)));
    clock.pause();
    assert_eq!(unparks.take(), 1);
    assert!(
        clock.now() < next,
        "what was said by the running clock does not count"
    );
    a.busy();
    assert!(!a.idle(Some(next)));
    assert_eq!(clock.now(), next);
    assert!(a.idle(None));
    clock.resume();
    assert_eq!(unparks.take(), 1);
    assert!(a.idle(Some(clock.now())), "a running clock has no say");
}

#[test]
fn moving_time_by_hand_unparks_those_who_have_something_due() {
    let clock = Clock::new(true);
    let start = clock.now();
    let counts = [Count::new(), Count::new()];
    let [a, b] = counts
        .each_ref()
        .map(|count| clock.participant(count.waker()));
    let _me = clock.participant(Count::new().waker());
    assert!(a.idle(Some(start + ms(5))));
    assert!(b.idle(Some(start + ms(6))));
    clock.advance(ms(5));
    assert_eq!(counts.each_ref().map(|count| count.take()), [1, 0]);
}

#[test]
fn threads_that_sleep_in_turn_see_every_deadline_at_its_time() {
    // Each thread naps a hundred times, by its own period; time jumps whenever all nap.
    let clock = Clock::new(true);
    let start = clock.now();
    let expected = |period: u64| start + ms(period * 100);
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let together = std::sync::Barrier::new(3);
    thread::scope(|scope| {
        for period in [3, 5, 7] {
            let (clock, together) = (&clock, &together);
            scope.spawn(move || {
                let unpark = std::sync::Arc::new(Unpark(thread::current()));
                let me = clock.participant(unpark.into());
                together.wait();
                for round in 1..=100 {
                    let next = start + ms(period * round);
                    while clock.now() < next {
                        if me.idle(Some(next)) {
                            thread::park();
                            me.busy();
                        }
                    }
                    assert_eq!(clock.now(), next, "nobody moved time past a deadline");
                }
                assert_eq!(clock.now(), expected(period));
            });
        }
    });
    assert_eq!(clock.now(), expected(7));
}
