//! Timers.

use super::Setup;
use super::batches::{On, nanoseconds_each, on_workers};
use crate::measure::{Countdown, cpu_time};
use crate::runtime::Runtime;
use crate::stats::{median, percentile};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Longer than any scenario.
pub const LONG: Duration = Duration::from_secs(60);
/// After so many operations without waiting a task yields, because some runtimes ration them.
pub const STRETCH: usize = 64;

/// Sleeps that are given up before their time, as those of time limits are. Another that is due
/// before them is there all the time, as it is in most programs: the first of all may cost more.
pub fn cancel<R: Runtime>(setup: &Setup) -> [f64; 1] {
    const ROUNDS: usize = 100;
    [nanoseconds_each::<R, _, _>(setup, On::Each, || async {
        let mut earlier = Box::pin(R::sleep(LONG / 2));
        arm(earlier.as_mut());
        for _ in 0..ROUNDS {
            for _ in 0..STRETCH {
                let mut sleep = pin!(R::sleep(LONG));
                poll_fn(|cx| {
                    assert!(sleep.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
            }
            R::yield_now().await;
        }
        ROUNDS * STRETCH
    })]
}

/// Arms a sleep without telling it a task, of which some runtimes can only bear so many wakers.
pub fn arm<S: Future<Output = ()>>(sleep: Pin<&mut S>) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(sleep.poll(&mut cx).is_pending());
}

/// Durations from 1 to 100 ms in an order without order.
pub fn durations(count: usize) -> impl Iterator<Item = Duration> {
    (0..count as u64).map(|i| Duration::from_micros(1000 + i * 7_919_333 % 99_000))
}

/// Spawns a task for each of so many sleeps, each of which is handed how late it was in the end.
async fn sleep_all<R, D>(count: usize, done: D)
where
    R: Runtime,
    D: Fn(usize, Duration) + Clone + Send + 'static,
{
    let all = Countdown::new(count);
    for (i, duration) in durations(count).enumerate() {
        let (all, done) = (all.clone(), done.clone());
        R::spawn_home(async move {
            let deadline = Instant::now() + duration;
            R::sleep(duration).await;
            done(i, deadline.elapsed());
            all.arrive();
        });
    }
    all.await;
}

/// Sleeps that do fire: what each costs, its task included.
pub fn fire<R: Runtime>(setup: &Setup) -> [f64; 1] {
    const SLEEPS: usize = 100_000;
    let each = SLEEPS / setup.workers;
    let sleep = move |count| {
        on_workers::<R, _, _, _>(setup, setup.workers, move |_| {
            sleep_all::<R, _>(count, |_, _| ())
        })
    };
    sleep(each / 10);
    let before = cpu_time();
    sleep(each);
    [(cpu_time() - before).as_nanos() as f64 / SLEEPS as f64]
}

/// How late sleeps are.
pub fn lateness<R: Runtime>(setup: &Setup) -> [f64; 2] {
    let each = 10_000 / setup.workers;
    let mut late = on_workers::<R, _, _, _>(setup, setup.workers, move |_| async move {
        let late: Arc<[AtomicU32]> = (0..each).map(|_| AtomicU32::new(0)).collect();
        let slots = late.clone();
        sleep_all::<R, _>(each, move |i, by| {
            slots[i].store(by.as_micros() as u32, Ordering::Relaxed);
        })
        .await;
        late.iter()
            .map(|by| by.load(Ordering::Relaxed).into())
            .collect::<Vec<f64>>()
    })
    .concat();
    [median(&mut late), percentile(&mut late, 0.99)]
}

/// A clock that ticks, in a runtime that has nothing else to do.
pub fn tick<R: Runtime>(setup: &Setup) -> [f64; 2] {
    let budget = setup.budget;
    let ticking = on_workers::<R, _, _, _>(setup, 1, move |_| async move {
        R::sleep(Duration::from_millis(5)).await;
        let (began, before) = (Instant::now(), cpu_time());
        let mut ticks = 0;
        while began.elapsed() < budget {
            R::sleep(Duration::from_millis(1)).await;
            ticks += 1;
        }
        let (wall, cpu) = (began.elapsed(), cpu_time() - before);
        (cpu / ticks, wall / ticks)
    });
    let (cpu, wall) = ticking[0];
    [cpu.as_secs_f64() * 1e6, wall.as_secs_f64() * 1e3]
}
