//! The timers: a driver that others reach into while its owner turns it, and a paused clock that
//! jumps when everybody is idle.
//!
//! Checks: `timer/src/clock.rs`, `timer/src/driver.rs`, `timer/src/participant.rs`, `timer/src/sleep.rs`

#![cfg(loom)]

use loom::sync::Notify;
use loom::thread;
use pintle_loom_tests::model;
use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::atomic::{
    AtomicBool, AtomicU32, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use pintle_timer::{Clock, Driver, Duration, Instant, current, sleep_until};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Counts how often it is woken.
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Count {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(0)))
    }

    fn get(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// A driver with a timer that is due by now.
fn with_a_due_timer() -> (Arc<Driver>, pintle_timer::wheel::Key, Instant) {
    let clock = Clock::new(true);
    let driver = Driver::new(clock.clone(), Waker::noop().clone());
    let deadline = clock.now() + ms(1);
    let key = driver.insert(deadline, Waker::noop()).unwrap();
    clock.advance(ms(1));
    (driver, key, deadline)
}

/// ```text
/// owner   turn ──► [lock] fire, collect waker
/// other   remove ──► [lock] find key, take entry       which of the two is first?
/// ```
#[test]
fn a_timer_is_either_cancelled_or_fired_and_never_both_or_neither() {
    model(3, || {
        let (driver, key, _) = with_a_due_timer();
        let other = thread::spawn({
            let driver = driver.clone();
            move || driver.remove(key)
        });
        let mut batch = WakeBatch::new();
        driver.turn(&mut batch);
        let removed = other.join().unwrap();
        assert_ne!(removed, batch.len() == 1);
        assert!(driver.is_empty());
    });
}

/// ```text
/// owner     turn ──► fire, the slot is free
/// rescuer   try_turn ──► fire, or find it locked
/// other     insert ──► the same slot, another generation
/// other     remove(old key) ──► must not hit the new timer
/// ```
#[test]
fn a_stale_key_never_cancels_the_timer_that_took_its_slot() {
    model(3, || {
        let (driver, key, deadline) = with_a_due_timer();
        let other = thread::spawn({
            let driver = driver.clone();
            move || {
                let mut batch = WakeBatch::new();
                driver.try_turn(&mut batch);
                let new = driver.insert(deadline + ms(1), Waker::noop()).unwrap();
                (batch.len(), driver.remove(key), new)
            }
        });
        let mut batch = WakeBatch::new();
        driver.turn(&mut batch);
        let (rescued, removed, new) = other.join().unwrap();
        assert_eq!(rescued + batch.len() + usize::from(removed), 1);
        assert!(driver.remove(new));
        assert!(driver.is_empty());
    });
}

/// ```text
/// owner   turn ──► fire, collect waker
/// other   reset ──► find key, link to a later tick
/// ```
#[test]
fn a_timer_that_is_reset_while_it_fires_wakes_now_or_then_and_says_which() {
    model(3, || {
        let (driver, key, deadline) = with_a_due_timer();
        let other = thread::spawn({
            let driver = driver.clone();
            move || driver.reset(key, deadline + ms(1))
        });
        let mut now = WakeBatch::new();
        driver.turn(&mut now);
        let reset = other.join().unwrap();
        let mut then = WakeBatch::new();
        driver.clock().advance(ms(1));
        driver.turn(&mut then);
        assert_eq!((now.len(), then.len()), if reset { (0, 1) } else { (1, 0) });
    });
}

/// ```text
/// owner   plan ──► remember it ──► sleep till then, unless unparked
/// other   insert an earlier deadline ──► earlier than planned? unpark
/// ```
#[test]
fn nobody_sleeps_through_a_timer_that_was_inserted_while_they_planned() {
    model(3, || {
        let clock = Clock::new(true);
        let unparks = Count::new();
        let driver = Driver::new(clock.clone(), unparks.clone().into());
        let start = clock.now();
        driver.insert(start + ms(50), Waker::noop()).unwrap();
        let other = thread::spawn({
            let driver = driver.clone();
            move || driver.insert(start + ms(1), Waker::noop()).unwrap()
        });
        driver.turn(&mut WakeBatch::new());
        let planned = driver.plan().unwrap();
        other.join().unwrap();
        let in_time = planned <= start + ms(1);
        assert_eq!(unparks.get(), usize::from(!in_time));
    });
}

/// ```text
/// owner   orphan ──► close, throw everything out
/// other   insert ──► refused, or in before and thrown out
/// ```
#[test]
fn a_timer_is_not_left_behind_in_an_orphaned_driver() {
    model(3, || {
        let clock = Clock::new(true);
        let driver = Driver::new(clock.clone(), Waker::noop().clone());
        let deadline = clock.now() + ms(1);
        let other = thread::spawn({
            let driver = driver.clone();
            move || driver.insert(deadline, Waker::noop()).is_ok()
        });
        let mut batch = WakeBatch::new();
        driver.orphan(&mut batch);
        let inserted = other.join().unwrap();
        assert_eq!(inserted, batch.len() == 1);
        assert!(driver.is_empty());
    });
}

/// ```text
/// old home   advance, turn ──► fire, wake the task
/// new home   poll ──► clock says not yet ──► remove there ──► insert here
/// ```
#[test]
fn a_sleep_that_moves_house_while_it_fires_is_not_lost_and_leaves_nothing_behind() {
    model(3, || {
        let clock = Clock::new(true);
        let old = Driver::new(clock.clone(), Waker::noop().clone());
        let new = Driver::new(clock.clone(), Waker::noop().clone());
        let task = Count::new();
        let waker = Waker::from(task.clone());
        let mut cx = Context::from_waker(&waker);
        let mut nap = pin!(sleep_until(clock.now() + ms(1)));
        {
            let _seated = current::enter(old.clone());
            assert!(nap.as_mut().poll(&mut cx).is_pending());
        }
        let home = thread::spawn({
            let (old, clock) = (old.clone(), clock.clone());
            move || {
                clock.advance(ms(1));
                let mut batch = WakeBatch::new();
                old.turn(&mut batch);
                batch.wake_all();
            }
        });
        let _seated = current::enter(new.clone());
        let ready = nap.as_mut().poll(&mut cx).is_ready();
        assert!(old.is_empty());
        assert_eq!(new.len(), usize::from(!ready));
        home.join().unwrap();
        if !ready {
            let before = task.get();
            let mut batch = WakeBatch::new();
            new.turn(&mut batch);
            batch.wake_all();
            assert_eq!(task.get(), before + 1);
            assert!(nap.as_mut().poll(&mut cx).is_ready());
        }
        assert!(new.is_empty());
    });
}

/// What a worker sleeps on: its sleep flag, and a thread that really blocks.
struct Bed {
    flag: AtomicU32,
    sleep: Notify,
}

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;
const NOTIFIED: u32 = 2;

impl Bed {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            flag: AtomicU32::new(AWAKE),
            sleep: Notify::new(),
        })
    }

    /// Raises the flag; false if there was a notification.
    fn lie_down(&self) -> bool {
        let raised = self.flag.compare_exchange(AWAKE, ASLEEP, AcqRel, Acquire);
        raised.is_ok()
    }

    fn get_up(&self) {
        self.flag.swap(AWAKE, AcqRel);
    }

    /// Flips the flag, then runs `note` and unparks if it was up.
    fn unpark(&self, note: impl FnOnce()) {
        if self.flag.swap(NOTIFIED, AcqRel) == ASLEEP {
            note();
            self.sleep.notify();
        }
    }
}

impl Wake for Bed {
    fn wake(self: Arc<Self>) {
        self.unpark(|| {});
    }
}

/// ```text
/// a   flag up ──► idle(in 5 ms) ──► sleep ──► (perhaps for no reason) busy ──► flag down ──► inbox
/// b   inbox ──► flip a's flag, if it is up ──► note that a is busy ──► unpark ──► idle(in 9 ms)
///               a idle + b idle, and the work is still in flight: time must not jump
/// ```
#[test]
fn time_does_not_jump_while_a_wake_is_in_flight() {
    model(3, || {
        let clock = Clock::new(true);
        let start = clock.now();
        let bed = Bed::new();
        let inbox = Arc::new(AtomicBool::new(false));
        let a = Arc::new(clock.participant(bed.clone().into()));
        let b = clock.participant(Waker::noop().clone());
        let other = thread::spawn({
            let (bed, inbox, a) = (bed.clone(), inbox.clone(), a.clone());
            move || {
                inbox.store(true, Release);
                bed.unpark(|| a.notify());
                b.idle(Some(start + ms(9)));
                b
            }
        });
        while !inbox.load(Acquire) {
            if bed.lie_down() && a.idle(Some(start + ms(5))) {
                bed.sleep.wait();
            }
            a.busy();
            bed.get_up();
        }
        assert_eq!(
            clock.now(),
            start,
            "the work was sent before any time could pass"
        );
        other.join().unwrap();
    });
}

/// ```text
/// a   idle(in 5 ms), by a running clock: nothing is recorded ──► sleep
/// b   pause ──► everyone busy ──► unpark            a must say it anew, and time then jumps
/// ```
#[test]
fn who_falls_asleep_while_the_clock_is_paused_is_told() {
    model(3, || {
        let clock = Clock::new(false);
        // Far away by the real clock; how far does not matter.
        let next = clock.now() + ms(1 << 30);
        let bed = Bed::new();
        let a = clock.participant(bed.clone().into());
        let other = thread::spawn({
            let clock = clock.clone();
            move || clock.pause()
        });
        loop {
            if bed.lie_down() {
                if !a.idle(Some(next)) {
                    break;
                }
                bed.sleep.wait();
            }
            a.busy();
            bed.get_up();
        }
        assert!(clock.now() >= next, "time has jumped");
        other.join().unwrap();
    });
}

/// ```text
/// a     idle(in 5 ms) ──► all idle, but inhibited ──► sleep
/// job   ends ──► the last guard: all idle? jump, unpark
/// ```
#[test]
fn the_end_of_the_last_blocking_job_lets_time_jump() {
    model(3, || {
        let clock = Clock::new(true);
        let next = clock.now() + ms(5);
        let bed = Bed::new();
        let a = clock.participant(bed.clone().into());
        let job = clock.inhibit();
        let other = thread::spawn(move || drop(job));
        assert!(bed.lie_down());
        if a.idle(Some(next)) {
            while clock.now() < next {
                bed.sleep.wait();
            }
        }
        assert_eq!(clock.now(), next);
        other.join().unwrap();
    });
}

/// ```text
/// a       idle(in 5 ms): the clock is paused ──► [lock] is it still? ──► all idle: jump
/// other   resume                       a jump after this would be one of the running clock
/// ```
#[test]
fn a_clock_that_runs_again_does_not_jump() {
    model(3, || {
        let clock = Clock::new(true);
        let next = clock.now() + ms(1 << 30);
        let a = clock.participant(Waker::noop().clone());
        let other = thread::spawn({
            let clock = clock.clone();
            move || {
                clock.resume();
                clock.now()
            }
        });
        a.idle(Some(next));
        let resumed = other.join().unwrap();
        assert!(clock.now() - resumed < ms(1 << 29));
    });
}

/// ```text
/// a   flag up ──► idle(in 5 ms) ──► sleep
/// b   leave ──► all that are left idle? jump, unpark      whichever is last, time jumps
/// ```
#[test]
fn who_leaves_keeps_time_from_jumping_no_longer() {
    model(3, || {
        let clock = Clock::new(true);
        let next = clock.now() + ms(5);
        let bed = Bed::new();
        let a = clock.participant(bed.clone().into());
        let b = clock.participant(Waker::noop().clone());
        let other = thread::spawn(move || {
            b.leave();
            b
        });
        assert!(bed.lie_down());
        if a.idle(Some(next)) {
            while clock.now() < next {
                bed.sleep.wait();
            }
        }
        assert_eq!(clock.now(), next);
        // It has left already: no second jump.
        drop(other.join().unwrap());
        assert_eq!(clock.now(), next);
    });
}

/// ```text
/// a   flag up ──► idle(in 5 ms) ──► sleep ──► busy ──► flag down ──► inbox
/// b   inbox ──► flip a's flag, if it is up ──► note that a is busy ──► unpark ──► leave
///               a idle and nobody else there, and the work is still in flight: no jump
/// ```
#[test]
fn time_does_not_jump_when_one_leaves_whose_wake_is_in_flight() {
    model(3, || {
        let clock = Clock::new(true);
        let start = clock.now();
        let bed = Bed::new();
        let inbox = Arc::new(AtomicBool::new(false));
        let a = Arc::new(clock.participant(bed.clone().into()));
        let b = clock.participant(Waker::noop().clone());
        let other = thread::spawn({
            let (bed, inbox, a) = (bed.clone(), inbox.clone(), a.clone());
            move || {
                inbox.store(true, Release);
                bed.unpark(|| a.notify());
                b.leave();
            }
        });
        while !inbox.load(Acquire) {
            if bed.lie_down() && a.idle(Some(start + ms(5))) {
                bed.sleep.wait();
            }
            a.busy();
            bed.get_up();
        }
        assert_eq!(
            clock.now(),
            start,
            "the work was sent before any time could pass"
        );
        other.join().unwrap();
    });
}

/// ```text
/// a       leave ──► its place on the roll is free ──► c takes it ──► c idle(in 5 ms): must jump
/// other   note that a is busy (it was about to unpark it)        no effect on who has the place now
/// ```
#[test]
fn a_note_for_one_who_has_left_reaches_nobody_else() {
    model(3, || {
        let clock = Clock::new(true);
        let next = clock.now() + ms(5);
        let a = Arc::new(clock.participant(Waker::noop().clone()));
        let other = thread::spawn({
            let a = a.clone();
            move || a.notify()
        });
        a.leave();
        let c = clock.participant(Waker::noop().clone());
        assert!(!c.idle(Some(next)), "time jumps to it at once");
        assert_eq!(clock.now(), next);
        other.join().unwrap();
    });
}

/// ```text
/// owner   plan ──► remember it ──► sleep till then, unless unparked
/// other   reset to an earlier deadline ──► earlier than planned? unpark
/// ```
#[test]
fn nobody_sleeps_through_a_timer_that_was_moved_forward_while_they_planned() {
    model(3, || {
        let clock = Clock::new(true);
        let unparks = Count::new();
        let driver = Driver::new(clock.clone(), unparks.clone().into());
        let start = clock.now();
        assert!(driver.is_empty());
        let key = driver.insert(start + ms(50), Waker::noop()).unwrap();
        assert!(!driver.is_empty());
        let other = thread::spawn({
            let driver = driver.clone();
            move || assert!(driver.reset(key, start + ms(1)))
        });
        driver.turn(&mut WakeBatch::new());
        let planned = driver.plan().unwrap();
        other.join().unwrap();
        let in_time = planned <= start + ms(1);
        assert_eq!(unparks.get(), usize::from(!in_time));
    });
}

/// ```text
/// a       idle(in 5 ms): has it left? ──► its place is another's by now
/// other   leave
/// ```
#[test]
fn one_who_has_left_may_sleep_and_moves_no_time() {
    model(3, || {
        let clock = Clock::new(true);
        let start = clock.now();
        let a = Arc::new(clock.participant(Waker::noop().clone()));
        let busy = clock.participant(Waker::noop().clone());
        let other = thread::spawn({
            let a = a.clone();
            move || a.leave()
        });
        let _ = a.idle(Some(start + ms(5)));
        other.join().unwrap();
        assert!(a.idle(Some(start + ms(5))));
        assert_eq!(clock.now(), start);
        drop(busy);
    });
}

/// ```text
/// task    polls its sleep: 50 ms ──► moves it to 1 ms
/// owner   plan ──► sleeps till then, unless unparked ──► the task is woken at the new time
/// ```
#[test]
fn a_sleep_that_is_moved_forward_wakes_its_task_at_the_new_time() {
    model(3, || {
        let clock = Clock::new(true);
        let unparks = Count::new();
        let driver = Driver::new(clock.clone(), unparks.clone().into());
        let start = clock.now();
        let (first, second) = (Count::new(), Count::new());
        let mut nap = Box::pin(sleep_until(start + ms(50)));
        let _seat = current::enter(driver.clone());
        for waker in [&first, &second] {
            let waker = Waker::from(waker.clone());
            assert!(
                nap.as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
        }
        assert_eq!(driver.len(), 1);
        let task = thread::spawn(move || {
            nap.as_mut().reset(start + ms(1));
            nap
        });
        let planned = driver.plan().unwrap();
        let nap = task.join().unwrap();
        assert_eq!(unparks.get(), usize::from(planned > start + ms(1)));
        clock.advance(ms(1));
        let mut batch = WakeBatch::new();
        driver.turn(&mut batch);
        batch.wake_all();
        assert_eq!((first.get(), second.get()), (0, 1));
        drop(nap);
    });
}
