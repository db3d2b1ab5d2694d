//! Runs cells, each in a process of its own, and compares what they say.

mod growth;
mod machine;
mod process;
mod results;
mod standing;
mod table;

use crate::args::Args;
use crate::runtimes::{self, Entry};
use crate::scenarios::{self, Scenario};
use results::Results;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What `table` is to run.
#[derive(Debug)]
struct Plan {
    rounds: usize,
    budget: Duration,
    rows: Vec<String>,
    runtimes: Vec<&'static Entry>,
    /// After this no other cell is begun.
    limit: Option<Duration>,
    results: PathBuf,
}

/// Those of which a quick run shows how they grow: Pintle's modes, and one or two peers of each kind.
const QUICK_GROWTH: &[&str] = &[
    "pintle-ws",
    "pintle-tpc",
    "pintle-ct",
    "tokio-mt",
    "tokio-tpc",
    "nio",
    "monoio-epoll",
];

impl Plan {
    fn from_args(args: &mut Args) -> Result<Plan, String> {
        let quick = args.flag("--quick");
        let scale = args.flag("--scale");
        let (rounds, budget) = match (quick, scale) {
            (true, true) => (1, 100),
            (true, false) => (3, 100),
            (false, _) => (9, 500),
        };
        let minutes: Option<u64> = args.value("--minutes")?;
        let minutes = minutes.or((quick && scale).then_some(8));
        let rounds = args.value("--rounds")?.unwrap_or(rounds);
        let budget = args.value("--budget-ms")?.unwrap_or(budget);
        let kind = match (quick, scale) {
            (true, true) => "scale-quick",
            (true, false) => "quick",
            (false, true) => "scale",
            (false, false) => "full",
        };
        let results = args.value("--results")?.unwrap_or_else(|| {
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("target/results-{kind}.tsv"))
        });
        let chosen: Option<String> = args.value("--scenarios")?;
        let rows = match &chosen {
            Some(names) => {
                let rows = names.split(',').map(rows_named);
                rows.collect::<Result<Vec<_>, _>>()?.concat()
            }
            None => {
                let all = scenarios::ALL
                    .iter()
                    .filter(|s| s.sizes.is_empty() != scale);
                all.flat_map(rows_of).collect()
            }
        };
        let runtimes = match args.value::<String>("--runtimes")? {
            Some(names) => names
                .split(',')
                .map(|name| runtimes::find(name).ok_or_else(|| format!("no runtime {name}")))
                .collect::<Result<_, _>>()?,
            None => {
                let all = runtimes::ALL.iter();
                all.filter(|it| !(quick && scale) || QUICK_GROWTH.contains(&it.name))
                    .collect()
            }
        };
        Ok(Plan {
            rounds,
            budget: Duration::from_millis(budget),
            rows,
            runtimes,
            limit: minutes.map(|minutes| Duration::from_secs(60 * minutes)),
            results,
        })
    }
}

/// The rows that a name stands for: itself, or a scenario in all its sizes.
fn rows_named(name: &str) -> Result<Vec<String>, String> {
    let (scenario, size) = crate::cell::split(name);
    let scenario = scenarios::find(scenario).ok_or_else(|| format!("no scenario {name}"))?;
    Ok(match size {
        0 => rows_of(scenario),
        _ => vec![name.into()],
    })
}

/// The rows of a scenario: it, or it in all its sizes.
fn rows_of(scenario: &Scenario) -> Vec<String> {
    if scenario.sizes.is_empty() {
        return vec![scenario.name.into()];
    }
    let named = scenario
        .sizes
        .iter()
        .map(|size| format!("{}@{size}", scenario.name));
    named.collect()
}

/// Runs what the command line asks for, and prints the table.
pub fn table(mut args: Args) -> Result<(), String> {
    let plan = Plan::from_args(&mut args)?;
    args.finish()?;
    let mut results = Results::open(&plan.results, &machine::describe(plan.budget))?;
    eprintln!("results: {}", plan.results.display());
    if let Some(load) = machine::load().filter(|load| *load > 0.5) {
        eprintln!(
            "the machine is busy (load average {load}): this will measure the neighbours, too"
        );
    }
    let mut left_out = 0;
    let start = Instant::now();
    for round in 1..=plan.rounds {
        let began = Instant::now();
        for row in &plan.rows {
            // All runtimes of a row one after the other, so that they meet the same weather, and
            // in another order each time.
            for runtime in shuffled(&plan.runtimes, round) {
                if results.has(round, runtime.name, row) {
                    continue;
                }
                if plan.limit.is_some_and(|limit| start.elapsed() > limit) {
                    left_out += 1;
                    continue;
                }
                let line = process::run(runtime.name, row, plan.budget);
                if let Err(reason) = &line.outcome {
                    eprintln!("round {round}: {} {row}: {reason}", runtime.name);
                }
                results.add(round, line)?;
            }
        }
        let seconds = began.elapsed().as_secs();
        eprintln!("round {round} of {} took {seconds} s", plan.rounds);
    }
    if left_out > 0 {
        eprintln!("the time is over, and {left_out} cells are left out; the same command goes on");
    }
    print!("{}", table::render(&results));
    Ok(())
}

/// Prints the table of a results file.
pub fn report(mut args: Args) -> Result<(), String> {
    let path = args.word().ok_or("which results file?")?;
    args.finish()?;
    let results = Results::read(path.as_ref())?;
    print!("{}", table::render(&results));
    Ok(())
}

/// In an order that depends on the round alone.
fn shuffled<T: Copy>(items: &[T], round: usize) -> Vec<T> {
    let mut items = items.to_vec();
    let mut state = (round as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for i in (1..items.len()).rev() {
        // An xorshift generator: any mixing will do.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        items.swap(i, (state % (i as u64 + 1)) as usize);
    }
    items
}

#[cfg(test)]
mod tests;
