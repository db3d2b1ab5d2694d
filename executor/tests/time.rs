//! Timers in tasks, and the clock that a test can stop, in every flavour.

#![expect(
    clippy::async_yields_async,
    reason = "timers are handed on from task to task"
)]

mod support;

use pintle::task;
use pintle::time::{
    Instant, MissedTickBehavior, advance, interval, pause, resume, sleep, sleep_until, timeout,
};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use support::{Drops, Event, Mode, every_mode, join_all, poll_once};

const HOUR: Duration = Duration::from_secs(3600);

/// Runs `main` on a runtime whose clock stands still.
fn paused(main: impl AsyncFn(Mode)) {
    every_mode(|mode| {
        let runtime = mode.builder().start_paused(true).build().unwrap();
        runtime.block_on(main(mode));
    });
}

#[test]
fn a_stopped_clock_jumps_to_the_next_deadline_when_all_wait() {
    paused(async |_| {
        let start = Instant::now();
        sleep(HOUR).await;
        assert_eq!(start.elapsed(), HOUR);
        pintle::spawn(sleep(HOUR)).await.unwrap();
        assert_eq!(start.elapsed(), 2 * HOUR);
        let local = task::spawn_local(async move {
            sleep(HOUR).await;
            start.elapsed()
        });
        assert_eq!(local.await.unwrap(), 3 * HOUR);
    });
}

#[test]
fn timers_on_all_workers_fire_in_the_order_of_their_deadlines() {
    paused(async |mode| {
        let (log, start) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
        let tasks: Vec<_> = (0..40_u32)
            .map(|n| {
                let (log, hours) = (log.clone(), (n * 7) % 40 + 1);
                let timer = move || async move {
                    sleep_until(start + hours * HOUR).await;
                    assert_eq!(start.elapsed(), hours * HOUR, "neither early nor late");
                    log.lock().unwrap().push(hours);
                };
                match n % 2 {
                    0 => pintle::spawn_on(n as usize / 2 % mode.workers(), timer),
                    _ => pintle::spawn(timer()),
                }
            })
            .collect();
        join_all(tasks).await;
        assert_eq!(*log.lock().unwrap(), (1..=40).collect::<Vec<_>>());
    });
}

#[test]
fn time_stands_still_while_anybody_works() {
    paused(async |mode| {
        let start = Instant::now();
        let timer = pintle::spawn(async move {
            sleep(HOUR).await;
            start.elapsed()
        });
        // One task after another, over all workers.
        for n in 0..200 {
            let worker = n % mode.workers();
            let seen = pintle::spawn_on(worker, move || async move {
                task::yield_now().await;
                start.elapsed()
            });
            assert_eq!(seen.await.unwrap(), Duration::ZERO);
        }
        assert_eq!(timer.await.unwrap(), HOUR);
    });
}

#[test]
fn time_stands_still_while_a_blocking_job_runs() {
    paused(async |_| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let timer = pintle::spawn({
            let log = log.clone();
            async move {
                sleep(HOUR).await;
                log.lock().unwrap().push("timer");
            }
        });
        let job = task::spawn_blocking({
            let log = log.clone();
            move || {
                thread::sleep(Duration::from_millis(20));
                log.lock().unwrap().push("job");
            }
        });
        // What waits for the job has its turn before the clock moves, too.
        let waits = pintle::spawn({
            let log = log.clone();
            async move {
                job.await.unwrap();
                log.lock().unwrap().push("after the job");
            }
        });
        timer.await.unwrap();
        waits.await.unwrap();
        assert_eq!(*log.lock().unwrap(), ["job", "after the job", "timer"]);
    });
}

#[test]
fn advance_fires_what_is_due_and_nothing_else() {
    paused(async |mode| {
        let fired = Drops::new();
        let after = |seconds: u64| {
            let counter = fired.counter();
            let timer = move || async move {
                sleep(Duration::from_secs(seconds)).await;
                drop(counter);
            };
            pintle::spawn_on(seconds as usize % mode.workers(), timer)
        };
        // A job keeps the clock from jumping by itself.
        let (over, waits) = (Event::new(), Event::new());
        let job = task::spawn_blocking({
            let over = over.clone();
            move || over.wait_blocking()
        });
        let timers: Vec<_> = (1..=10).map(after).collect();
        // Each worker has armed its own once it has run something that was spawned later.
        join_all((0..mode.workers()).map(|w| pintle::spawn_on(w, || async {}))).await;
        let start = Instant::now();
        advance(Duration::from_secs(5)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        support::until(|| fired.count() == 5).await;
        waits.set();
        for (n, timer) in (1..).zip(&timers) {
            if n > 5 {
                assert!(!timer.is_finished());
            }
        }
        over.set();
        job.await.unwrap();
        join_all(timers).await;
        assert_eq!(start.elapsed(), Duration::from_secs(10));
    });
}

#[test]
fn the_clock_can_be_stopped_and_started_in_the_middle() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            sleep(Duration::from_millis(1)).await;
            let other = pintle::spawn(sleep(HOUR));
            pause();
            let start = Instant::now();
            sleep(Duration::from_secs(10)).await;
            assert_eq!(start.elapsed(), Duration::from_secs(10));
            other.await.unwrap();
            resume();
            let (start, real) = (Instant::now(), std::time::Instant::now());
            sleep(Duration::from_millis(5)).await;
            assert!(start.elapsed() >= Duration::from_millis(5));
            assert!(
                real.elapsed() >= Duration::from_millis(5),
                "real time again"
            );
        });
    });
}

#[test]
fn a_timeout_ends_what_takes_too_long_and_leaves_the_rest_alone() {
    paused(async |_| {
        let start = Instant::now();
        let drops = Drops::new();
        let counter = drops.counter();
        let slow = pintle::spawn(timeout(HOUR, async move {
            let _counter = counter;
            sleep(2 * HOUR).await;
        }));
        assert!(slow.await.unwrap().is_err());
        assert_eq!((start.elapsed(), drops.count()), (HOUR, 1));
        let quick = pintle::spawn(timeout(2 * HOUR, async {
            sleep(HOUR).await;
            7
        }));
        assert_eq!(quick.await.unwrap(), Ok(7));
        assert_eq!(start.elapsed(), 2 * HOUR);
    });
}

#[test]
fn intervals_tick_in_tasks() {
    paused(async |mode| {
        let start = Instant::now();
        let tasks = (0..4).map(|n| {
            pintle::spawn_on(n % mode.workers(), move || async move {
                let mut interval = interval(HOUR);
                interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
                for tick in 0..10 {
                    interval.tick().await;
                    assert_eq!(start.elapsed(), tick * HOUR);
                }
            })
        });
        join_all(tasks.collect::<Vec<_>>()).await;
    });
}

#[test]
fn a_sleep_may_be_begun_on_one_worker_and_finished_on_another() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        for _ in 0..20 {
            let long = Duration::from_millis(2);
            let deadline = Instant::now() + long;
            let begun = runtime.handle().spawn_on(0, move || async move {
                let mut sleep: Pin<Box<pintle::time::Sleep>> = Box::pin(sleep_until(deadline));
                let _ = poll_once(sleep.as_mut()).await;
                sleep
            });
            let begun = runtime.block_on(begun).unwrap();
            let last = mode.workers() - 1;
            let ended = runtime.handle().spawn_on(last, move || async move {
                let mut sleep = begun;
                let _ = poll_once(sleep.as_mut()).await;
                sleep
            });
            let mut sleep = runtime.block_on(ended).unwrap();
            // And on the thread inside `block_on`, and then in another runtime.
            let _ = runtime.block_on(poll_once(sleep.as_mut()));
            let other = mode.runtime();
            other.block_on(other.spawn(sleep)).unwrap();
            assert!(Instant::now() >= deadline);
        }
    });
}

#[test]
fn a_sleep_survives_the_runtime_it_was_first_polled_in() {
    every_mode(|mode| {
        let deadline = Instant::now() + Duration::from_millis(5);
        let mut sleep = Box::pin(sleep_until(deadline));
        let first = mode.runtime();
        let _ = first.block_on(poll_once(sleep.as_mut()));
        let sleep = first.block_on(first.spawn(async move {
            let _ = poll_once(sleep.as_mut()).await;
            sleep
        }));
        drop(first);
        mode.runtime().block_on(sleep.unwrap());
        assert!(Instant::now() >= deadline);
    });
}

#[test]
fn a_sleep_made_outside_of_any_runtime_runs_in_one() {
    every_mode(|mode| {
        let start = std::time::Instant::now();
        let (one, two) = (
            sleep(Duration::from_millis(3)),
            sleep(Duration::from_millis(4)),
        );
        let runtime = mode.runtime();
        runtime.block_on(async {
            let two = pintle::spawn(two);
            one.await;
            assert!(start.elapsed() >= Duration::from_millis(3));
            two.await.unwrap();
            assert!(start.elapsed() >= Duration::from_millis(4));
        });
    });
}

#[test]
fn timers_work_on_a_foreign_executor_that_has_entered_the_runtime() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        thread::scope(|scope| {
            // A current-thread runtime serves its timers while somebody is inside.
            let over = Event::new();
            scope.spawn({
                let (runtime, over) = (&runtime, over.clone());
                move || runtime.block_on(over.wait())
            });
            let _guard = runtime.enter();
            let start = Instant::now();
            futures_lite::future::block_on(sleep(Duration::from_millis(2)));
            assert!(start.elapsed() >= Duration::from_millis(2));
            over.set();
        });
    });
}

#[test]
fn of_ten_thousand_random_sleeps_none_is_early() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let mut random = 0x9E37_79B9_u32;
        let tasks: Vec<_> = (0..10_000)
            .map(|_| {
                // Xorshift.
                random ^= random << 13;
                random ^= random >> 17;
                random ^= random << 5;
                let long = Duration::from_micros(u64::from(random % 200_000));
                runtime.spawn(async move {
                    let start = std::time::Instant::now();
                    sleep(long).await;
                    let slept = start.elapsed();
                    assert!(slept >= long, "{slept:?} instead of {long:?}");
                })
            })
            .collect();
        runtime.block_on(join_all(tasks));
    });
}

#[test]
fn dropping_and_resetting_timers_on_other_threads_disturbs_nobody() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let armed: Vec<_> = (0..100)
            .map(|n| {
                runtime.handle().spawn_on(n % mode.workers(), || async {
                    let mut sleep = Box::pin(sleep(HOUR));
                    assert!(poll_once(sleep.as_mut()).await.is_pending());
                    sleep
                })
            })
            .collect();
        let mut armed = runtime.block_on(join_all(armed));
        thread::scope(|scope| {
            let rest = armed.split_off(50);
            scope.spawn(move || drop(armed));
            scope.spawn(|| {
                for mut sleep in rest {
                    sleep.as_mut().reset(Instant::now());
                    runtime.block_on(sleep);
                }
            });
            runtime.block_on(async {
                for _ in 0..20 {
                    pintle::spawn(sleep(Duration::from_micros(200)))
                        .await
                        .unwrap();
                }
            });
        });
    });
}

#[test]
fn a_sleep_for_ever_does_not_end_and_can_be_dropped() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let forever = pintle::spawn(sleep(Duration::MAX));
            let short = timeout(Duration::from_millis(1), sleep(Duration::MAX)).await;
            assert!(short.is_err());
            assert!(!forever.is_finished());
        });
    });
}
