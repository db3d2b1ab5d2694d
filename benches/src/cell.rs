//! One scenario on one runtime, and the line that says how it went.

use crate::args::Args;
use crate::runtimes;
use crate::scenarios::{Outcome, Setup};
use std::time::Duration;

/// The name of a row: a scenario, and a size if it is about growth, as in `tasks@1000`.
pub fn split(row: &str) -> (&str, usize) {
    match row.split_once('@') {
        Some((scenario, size)) => (scenario, size.parse().unwrap_or(0)),
        None => (row, 0),
    }
}

/// Runs the cell that the command line names.
pub fn main(mut args: Args) -> Result<(), String> {
    let runtime = args.word().ok_or("which runtime?")?;
    let row = args.word().ok_or("which scenario?")?;
    let (scenario, size) = split(&row);
    let setup = Setup {
        workers: args.value("--workers")?.unwrap_or(2),
        budget: Duration::from_millis(args.value("--budget-ms")?.unwrap_or(300)),
        size,
    };
    args.finish()?;
    let entry = runtimes::find(&runtime).ok_or_else(|| format!("no runtime {runtime}"))?;
    let outcome = entry.run(scenario, &setup);
    let outcome = outcome.ok_or_else(|| format!("no scenario {scenario}"))?;
    println!("{}", Line::new(&runtime, &row, outcome));
    Ok(())
}

/// What a cell prints, in fields that are separated by tabs: the runtime, the row, and `ok` with the
/// values of the metrics, or `none` with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub runtime: String,
    pub row: String,
    pub outcome: Outcome,
}

impl Line {
    pub fn new(runtime: &str, row: &str, outcome: Outcome) -> Self {
        Self {
            runtime: runtime.into(),
            row: row.into(),
            outcome: outcome.map_err(|reason| reason.replace(['\t', '\n'], " ")),
        }
    }

    /// The opposite of `Display`.
    pub fn parse(line: &str) -> Option<Line> {
        let mut fields = line.trim_end_matches('\n').split('\t');
        let (runtime, row, state) = (fields.next()?, fields.next()?, fields.next()?);
        let outcome = match state {
            "ok" => Ok(fields.map(str::parse).collect::<Result<_, _>>().ok()?),
            "none" => Err(fields.next()?.to_owned()),
            _ => return None,
        };
        Some(Line::new(runtime, row, outcome))
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\t{}\t", self.runtime, self.row)?;
        match &self.outcome {
            Ok(values) => {
                f.write_str("ok")?;
                values.iter().try_for_each(|value| write!(f, "\t{value}"))
            }
            Err(reason) => write!(f, "none\t{reason}"),
        }
    }
}

#[cfg(test)]
mod tests;
