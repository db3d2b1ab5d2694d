//! The timing wheel alone: no runtime, no clock, no thread. It knows ticks and payloads.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin wheel_alone
//! cargo run --release -p pintle-examples --bin wheel_alone -- 5 65536 65537 1000000000
//! ```
//!
//! The numbers are deadlines. The wheel is asked for its next stop and turned to it, again and
//! again, as a driver would that sleeps in between. A stop at which nothing fires is a *cascade*: a
//! slot of a coarse level has been reached in which many timers lie, and they move to finer ones. However
//! far apart the deadlines are, there is at most one such stop for each level and timer.
//!
//! Then what servers do most, setting timers that never fire, at full speed.

#![forbid(unsafe_code)]

use pintle_examples::{Error, Result};
use pintle_timer::wheel::Wheel;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

const HELP: &str = "
Shows how a hierarchical timing wheel turns.

    [TICK...]          the deadlines [1 63 65536 5000000 5000001 5000002 5000003 5000004 300000000]
";

/// Five of them lie in one slot, too many to be looked through ahead of time.
const DEADLINES: [u64; 9] = [
    1,
    63,
    65_536,
    5_000_000,
    5_000_001,
    5_000_002,
    5_000_003,
    5_000_004,
    300_000_000,
];

/// How many timers are set and cancelled at full speed.
const CHURN: u32 = 1_000_000;

fn main() -> ExitCode {
    pintle_examples::run(HELP, |args| {
        let deadlines = match args.words() {
            [] => DEADLINES.to_vec(),
            words => words
                .iter()
                .map(|word| {
                    word.parse()
                        .map_err(|_| Error::Usage(format!("{word} is no tick")))
                })
                .collect::<Result<Vec<u64>>>()?,
        };
        turn(&deadlines);
        churn();
        Ok(())
    })
}

fn turn(deadlines: &[u64]) {
    let mut wheel = Wheel::new();
    for &deadline in deadlines {
        wheel.insert(deadline, deadline);
    }
    println!("{} timers", wheel.len());
    while let Some(stop) = wheel.next_deadline() {
        let mut fired = Vec::new();
        wheel.advance(stop, &mut |deadline| fired.push(deadline));
        if fired.is_empty() {
            println!(
                "tick {stop:>8}: a cascade; the next stop is {:?}",
                wheel.next_deadline()
            );
        } else {
            println!("tick {stop:>8}: fired {fired:?}");
        }
    }
}

fn churn() {
    let mut wheel = Wheel::new();
    let begin = Instant::now();
    for number in 0..CHURN {
        let key = wheel.insert(u64::from(number % 100_000) + 1, number);
        black_box(wheel.remove(key));
    }
    let each = begin.elapsed() / CHURN;
    println!("{CHURN} timers set and cancelled: {each:?} each");
}
