//! How cost grows: a table for each metric that was measured in several sizes.

use super::table::{Line, header, number};
use crate::cell::split;
use crate::runtimes;
use std::fmt::Write;

/// A line for each runtime, and a column for each size.
pub fn tables(text: &mut String, lines: &[Line<'_>]) {
    let grown: Vec<&Line<'_>> = lines.iter().filter(|line| split(line.name).1 > 0).collect();
    let is_same = |one: &Line<'_>, other: &Line<'_>| {
        (one.scenario.name, one.metric.name) == (other.scenario.name, other.metric.name)
    };
    for (at, first) in grown.iter().enumerate() {
        if grown[..at].iter().any(|line| is_same(line, first)) {
            continue;
        }
        let same: Vec<&Line<'_>> = grown[at..]
            .iter()
            .copied()
            .filter(|line| is_same(line, first))
            .collect();
        let _ = writeln!(text, "{}: {}\n", first.scenario.about, first.label());
        let sizes: Vec<String> = same
            .iter()
            .map(|line| grouped(split(line.name).1))
            .collect();
        header(text, "| runtime |", &sizes, "");
        for entry in runtimes::ALL {
            if !same
                .iter()
                .any(|line| line.row.cells.contains_key(entry.name))
            {
                continue;
            }
            let _ = write!(text, "| {} |", entry.name);
            for line in &same {
                let median = line.row.summary(entry.name).map(|it| number(it.median));
                let _ = write!(text, " {} |", median.unwrap_or("n/a".into()));
            }
            text.push('\n');
        }
        text.push('\n');
    }
}

/// 10000000 as "10 000 000".
fn grouped(size: usize) -> String {
    let digits = size.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{results::Results, table};
    use super::*;

    #[test]
    fn a_metric_in_several_sizes_has_a_table_of_its_own() {
        let results = Results::parse(
            "1\tpintle-ws\ttasks@1000\tok\t80\n1\tpintle-ws\ttasks@1000000\tok\t120\n\
             1\tnio\ttasks@1000\tok\t90\n1\tnio\ttasks@1000000\tnone\tnot today",
        );
        let text = table::render(&results);
        let table = "| runtime | 1 000 | 1 000 000 |\n| --- | ---: | ---: |\n\
                     | pintle-ws | 80.0 | 120 |\n| nio | 90.0 | n/a |\n";
        assert!(text.contains(table), "{text}");
    }

    #[test]
    fn digits_are_in_groups_of_three() {
        assert_eq!(
            [7, 1000, 10_000_000].map(grouped),
            ["7", "1 000", "10 000 000"]
        );
    }
}
