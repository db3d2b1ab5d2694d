//! Rescue: a sibling turns a stuck worker's timers, and the worker comes back at that very moment.
//! The driver's lock is the whole protocol (`executor/src/worker/rescue.rs`); the reactor's half of
//! it is a lock around the operating system's poll and cannot be modelled.
//!
//! Checks: `timer/src/driver.rs`

#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;
use pintle::checked::park::Parker;
use pintle_loom_tests::{Bed, model};
use pintle_sync::WakeBatch;
use pintle_timer::{Clock, Driver, Duration};
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Wake, Waker};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// How often a task was woken. Not a modelled word.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// What a worker sleeps on.
struct Seat {
    parker: Parker,
    bed: Bed,
}

impl Wake for Seat {
    fn wake(self: StdArc<Self>) {
        if self.parker.notify() {
            self.bed.wake();
        }
    }
}

/// A stuck worker with a timer that is due by now, and one that is not.
struct Stuck {
    seat: StdArc<Seat>,
    clock: Clock,
    timers: StdArc<Driver>,
    due: StdArc<Count>,
    not_due: StdArc<Count>,
}

fn stuck() -> Arc<Stuck> {
    let seat = StdArc::new(Seat {
        parker: Parker::new(),
        bed: Bed::new(),
    });
    let clock = Clock::new(true);
    let timers = Driver::new(clock.clone(), Waker::from(seat.clone()));
    let (due, not_due) = (StdArc::new(Count::default()), StdArc::new(Count::default()));
    let start = clock.now();
    for (after, count) in [(1, &due), (50, &not_due)] {
        timers
            .insert(start + ms(after), &Waker::from(count.clone()))
            .unwrap();
    }
    clock.advance(ms(1));
    Arc::new(Stuck {
        seat,
        clock,
        timers,
        due,
        not_due,
    })
}

impl Stuck {
    /// What a rescuer does.
    fn rescue(&self) {
        let mut batch = WakeBatch::new();
        let _ = self.timers.try_turn(&mut batch);
        batch.wake_all();
    }

    /// What the worker does when it comes back.
    fn look(&self) {
        let mut batch = WakeBatch::new();
        self.timers.turn(&mut batch);
        batch.wake_all();
    }
}

/// stuck     comes back ─ turn
/// rescuer           try_turn
/// rescuer               try_turn      the due timer fires once, the other one stays
#[test]
fn a_due_timer_is_fired_once_by_its_worker_or_a_rescuer() {
    model(3, || {
        let stuck = stuck();
        let rescuers = [(); 2].map(|()| {
            let stuck = stuck.clone();
            thread::spawn(move || stuck.rescue())
        });
        stuck.look();
        for rescuer in rescuers {
            rescuer.join().unwrap();
        }
        assert_eq!(stuck.due.0.load(Relaxed), 1);
        assert_eq!(stuck.not_due.0.load(Relaxed), 0);
        assert_eq!(stuck.timers.len(), 1);
    });
}

/// stuck     comes back ─ turn ─ plan: sleep till 50 ms ─ sleep
/// rescuer                 try_turn, late: the worker is not stuck any more
/// other                              insert: 2 ms           wakes the worker from its plan
#[test]
fn a_late_rescuer_does_not_make_the_worker_sleep_through_an_earlier_timer() {
    model(2, || {
        let stuck = stuck();
        let rescuer = {
            let stuck = stuck.clone();
            thread::spawn(move || stuck.rescue())
        };
        let deadline = stuck.clock.now() + ms(2);
        let other = {
            let stuck = stuck.clone();
            thread::spawn(move || stuck.timers.insert(deadline, Waker::noop()).unwrap())
        };
        // The worker's own order: flag down, timers, plan, flag up, sleep.
        let Seat { parker, bed } = &*stuck.seat;
        loop {
            parker.awake();
            stuck.look();
            let planned = stuck.timers.plan().expect("one timer is left");
            if planned <= deadline {
                break;
            }
            if parker.prepare() {
                bed.sleep();
            }
        }
        rescuer.join().unwrap();
        other.join().unwrap();
        assert_eq!(stuck.due.0.load(Relaxed), 1);
    });
}
