//! The tables in Markdown.

use super::growth;
use super::results::Results;
use super::standing::Row;
use crate::runtime::Kind;
use crate::runtimes::{self, Entry};
use crate::scenarios::{self, Metric, Scenario};
use crate::stats::Summary;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The runtime that ratios are to.
const BASE: &str = "tokio-mt";

/// One line of the tables.
pub struct Line<'a> {
    pub name: &'a str,
    pub scenario: &'static Scenario,
    pub metric: &'static Metric,
    pub row: Row<'a>,
}

/// Everything there is to say about the results.
pub fn render(results: &Results) -> String {
    let lines = lines(results);
    let mut text = String::new();
    for head in results.head.lines() {
        let _ = writeln!(text, "- {head}");
    }
    let _ = writeln!(text, "- rounds: {}\n", results.rounds());
    growth::tables(&mut text, &lines);
    goal(&mut text, &lines);
    ratios(&mut text, &lines);
    lost(&mut text, &lines);
    missing(&mut text, &lines);
    text
}

/// The lines of all scenarios that there are results of, each with the metric of its own.
fn lines(results: &Results) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for name in results.rows() {
        let Some(scenario) = scenarios::find(crate::cell::split(name).0) else {
            continue;
        };
        let said = results.of_row(name);
        for (index, metric) in scenario.metrics.iter().enumerate() {
            let cells = said.iter().map(|(runtime, outcomes)| {
                let values: Vec<f64> = outcomes
                    .iter()
                    .filter_map(|outcome| outcome.as_ref().ok()?.get(index).copied())
                    .collect();
                let reason = outcomes.iter().find_map(|outcome| outcome.as_ref().err());
                let cell = Summary::of(&values).ok_or_else(|| reason.cloned().unwrap_or_default());
                (*runtime, cell)
            });
            let row = Row {
                more_is_better: metric.more_is_better,
                cells: cells.collect(),
            };
            lines.push(Line {
                name,
                scenario,
                metric,
                row,
            });
        }
    }
    lines
}

impl Line<'_> {
    /// The scenario in words, and what is measured.
    fn title(&self) -> String {
        let size = match self.name.split_once('@') {
            Some((_, size)) => format!(", {size}"),
            None => String::new(),
        };
        format!("{}{size}: {}", self.scenario.about, self.label())
    }

    pub fn label(&self) -> String {
        let more = if self.metric.more_is_better {
            " ↑"
        } else {
            ""
        };
        format!("{}, {}{more}", self.metric.name, self.metric.unit)
    }
}

/// Pintle's modes next to the best peer and the base, with spreads, and what came of it.
fn goal(text: &mut String, lines: &[Line<'_>]) {
    text.push_str("Medians, with half the distance between the quartiles.\n\n");
    let shown: Vec<&Entry> = runtimes::ALL
        .iter()
        .filter(|entry| entry.is_pintle() || entry.name == BASE || entry.kind == Kind::Plain)
        .filter(|entry| {
            lines
                .iter()
                .any(|line| line.row.cells.contains_key(entry.name))
        })
        .collect();
    header(
        text,
        "| scenario | best peer |",
        &names(&shown),
        " the goal is |",
    );
    for line in lines {
        let best = line.row.best_peer();
        let best = best.and_then(|entry| Some((entry.name, line.row.summary(entry.name)?)));
        let best = best.map_or("none".into(), |(name, it)| {
            format!("{name} {}", with_spread(it))
        });
        let _ = write!(text, "| {} | {best} |", line.title());
        for entry in &shown {
            let cell = line
                .row
                .summary(entry.name)
                .map_or("n/a".into(), with_spread);
            let _ = write!(text, " {cell} |");
        }
        let _ = writeln!(text, " {} |", line.row.standing());
    }
    text.push('\n');
}

/// Every runtime in times of the base.
fn ratios(text: &mut String, lines: &[Line<'_>]) {
    let _ = write!(
        text,
        "All runtimes: the median of {BASE} (or of the best peer, where there is none), and for the \
         others how many times worse they are, below one is better. The best peer is bold.\n\n"
    );
    let measured: BTreeSet<&str> = lines
        .iter()
        .flat_map(|line| line.row.cells.keys().copied())
        .collect();
    let shown: Vec<&Entry> = runtimes::ALL
        .iter()
        .filter(|entry| measured.contains(entry.name))
        .collect();
    header(text, "| scenario | base |", &names(&shown), "");
    for line in lines {
        let best = line.row.best_peer();
        let base = line.row.summary(BASE);
        let base = base.or_else(|| line.row.summary(best?.name));
        let amount = base.map_or("n/a".into(), |base| number(base.median));
        let _ = write!(text, "| {} {} | {amount} |", line.name, line.label());
        for entry in &shown {
            let cell = match (line.row.summary(entry.name), base) {
                (Some(it), Some(base)) => format!("{:.2}", line.row.ratio(it, base)),
                _ => "n/a".into(),
            };
            let is_best = best.is_some_and(|best| best.name == entry.name);
            let mark = if is_best { "**" } else { "" };
            let _ = write!(text, " {mark}{cell}{mark} |");
        }
        text.push('\n');
    }
    text.push('\n');
}

/// The rows that are lost, and those that could go either way.
fn lost(text: &mut String, lines: &[Line<'_>]) {
    let (mut lost, mut close, mut won) = (Vec::new(), Vec::new(), 0);
    for line in lines {
        let standing = line.row.standing();
        match (standing.is_won(), standing.is_lost()) {
            (true, _) => won += 1,
            (_, true) => lost.push(line),
            _ => close.push(line),
        }
    }
    let _ = writeln!(
        text,
        "Won: {won} of {}. Lost: {}. Close, or not to be compared: {}.\n",
        lines.len(),
        lost.len(),
        close.len()
    );
    for line in lost.into_iter().chain(close) {
        let _ = writeln!(text, "- {}: {}", line.title(), line.row.standing());
    }
    text.push('\n');
}

/// Why cells are empty.
fn missing(text: &mut String, lines: &[Line<'_>]) {
    let mut reasons = BTreeSet::new();
    for line in lines {
        for (runtime, cell) in &line.row.cells {
            if let Err(reason) = cell {
                reasons.insert(format!("- {} on {runtime}: {reason}", line.name));
            }
        }
    }
    if !reasons.is_empty() {
        text.push_str("Not measured:\n\n");
        for reason in reasons {
            let _ = writeln!(text, "{reason}");
        }
    }
}

/// Names of columns, of which those in the middle are of numbers.
pub fn header(text: &mut String, before: &str, names: &[impl AsRef<str>], after: &str) {
    text.push_str(before);
    for name in names {
        let _ = write!(text, " {} |", name.as_ref());
    }
    let _ = writeln!(text, "{after}");
    let columns = |part: &str| part.matches('|').count();
    let left = columns(before) - 1;
    text.push_str(&"| --- ".repeat(left));
    text.push_str(&"| ---: ".repeat(names.len()));
    text.push_str(&"| --- ".repeat(columns(after)));
    text.push_str("|\n");
}

fn names(entries: &[&Entry]) -> Vec<&'static str> {
    entries.iter().map(|entry| entry.name).collect()
}

fn with_spread(summary: &Summary) -> String {
    format!(
        "{} ±{:.0} %",
        number(summary.median),
        summary.spread() * 100.0
    )
}

/// Three digits are more than the machine can vouch for.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests;
