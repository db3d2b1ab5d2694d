//! A hundred thousand tasks that each sleep for a random time of up to a second.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin timers
//! cargo run --release -p pintle-examples --bin timers -- --mode per-core --tasks 1000000
//! ```
//!
//! Every task compares the clock with its deadline when it wakes: none may be early, and how late
//! they are is measured. Then an interval that skips what it missed, and a timeout.

#![forbid(unsafe_code)]

use pintle::time::{Duration, Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use pintle_examples::report::{Samples, Workers};
use pintle_examples::{Error, Mode, Result, run};
use std::process::ExitCode;

const HELP: &str = "
Sleeps in many tasks at once, and measures how late they wake.

    --tasks N          how many tasks [100000]
    --longest MS       the longest sleep, in milliseconds [1000]
    --mode MODE        stealing, per-core or current [stealing]
    --workers N        worker threads [one for each core]
";

fn main() -> ExitCode {
    run(HELP, |mut args| {
        let tasks = args.value("--tasks", 100_000)?;
        let longest = Duration::from_millis(args.value("--longest", 1000)?);
        let (_, runtime) = Mode::from_args(&mut args)?;
        args.finish()?;
        runtime.block_on(async {
            let result = sleepers(tasks, longest).await;
            ticks().await;
            limits().await;
            result
        })?;
        println!("\n{}", Workers(&runtime.metrics()));
        Ok(())
    })
}

/// What a sleeper has found: how late it woke, or by how much it was early.
type Lateness = Result<Duration, Duration>;

async fn sleepers(tasks: u32, longest: Duration) -> Result<()> {
    let begin = Instant::now();
    let sleepers: Vec<_> = Random::default()
        .take(tasks as usize)
        .map(|fraction| {
            pintle::spawn(async move {
                let deadline = Instant::now() + longest.mul_f64(fraction);
                sleep_until(deadline).await;
                lateness(deadline)
            })
        })
        .collect();
    let spawned = begin.elapsed();

    let mut late = Vec::with_capacity(sleepers.len());
    let mut early = Vec::new();
    for sleeper in sleepers {
        match sleeper.await? {
            Ok(by) => late.push(by),
            Err(by) => early.push(by),
        }
    }
    println!(
        "{tasks} tasks, spawned in {spawned:.1?}, all done in {:.1?}",
        begin.elapsed()
    );
    println!("late by: {}", late.into_iter().collect::<Samples>());
    match early.into_iter().max() {
        None => println!("early: none"),
        Some(worst) => return Err(Error::Failed(format!("a task woke {worst:?} early"))),
    }
    Ok(())
}

fn lateness(deadline: Instant) -> Lateness {
    let now = Instant::now();
    now.checked_duration_since(deadline)
        .ok_or_else(|| deadline.duration_since(now))
}

/// An interval of 20 ms whose owner is too slow once: two ticks are skipped, and it goes on at
/// whole multiples.
async fn ticks() {
    println!("\nan interval of 20 ms, with a pause of 50 ms after the second tick:");
    let mut interval = interval(Duration::from_millis(20));
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let begin = interval.tick().await;
    for tick in 1..=4 {
        let due = interval.tick().await - begin;
        println!(
            "  tick {tick}, due after {due:.1?}, came after {:.1?}",
            begin.elapsed()
        );
        if tick == 2 {
            sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn limits() {
    let limit = Duration::from_millis(10);
    for length in [5, 500].map(Duration::from_millis) {
        let begin = Instant::now();
        let result = match timeout(limit, sleep(length)).await {
            Ok(()) => "finished".to_owned(),
            Err(elapsed) => elapsed.to_string(),
        };
        println!(
            "{length:?} under a limit of {limit:?}: {result} after {:.1?}",
            begin.elapsed()
        );
    }
}

/// Fractions of one; SplitMix64 (Steele, Lea and Flood, 2014) is random enough here.
#[derive(Debug, Default)]
struct Random(u64);

impl Iterator for Random {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        Some((bits >> 11) as f64 / (1u64 << 53) as f64)
    }
}
