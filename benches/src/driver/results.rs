//! [`Results`]: what the cells said, in a file to which each is appended as it comes.

use crate::cell::Line;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The results of one run, which may have been interrupted.
#[derive(Debug)]
pub struct Results {
    /// What was run, and where.
    pub head: String,
    lines: Vec<(usize, Line)>,
    file: Option<File>,
}

impl Results {
    /// Goes on with the file, or begins it. A file that was begun by something else (another
    /// machine, commit or budget) is not gone on with.
    pub fn open(path: &Path, head: &str) -> Result<Self, String> {
        let context = |error| format!("{}: {error}", path.display());
        let mut results = match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::parse(""),
            Err(error) => return Err(context(error)),
        };
        let mut file = OpenOptions::new();
        let mut file = file.create(true).append(true).open(path).map_err(context)?;
        if results.head.is_empty() {
            results.head = head.to_owned();
            for line in head.lines() {
                writeln!(file, "# {line}").map_err(context)?;
            }
        } else if results.head != head {
            return Err(format!(
                "{} was begun by another run; move it away, or give --results. It says:\n{}\n\
                 and this is:\n{head}",
                path.display(),
                results.head
            ));
        }
        results.file = Some(file);
        Ok(results)
    }

    /// Only to look at.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self::parse(&text))
    }

    /// A line that cannot be read was being written when the run was interrupted.
    pub fn parse(text: &str) -> Self {
        let head: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .collect();
        let lines = text.lines().filter_map(|line| {
            let (round, line) = line.split_once('\t')?;
            Some((round.parse().ok()?, Line::parse(line)?))
        });
        Self {
            head: head.join("\n"),
            lines: lines.collect(),
            file: None,
        }
    }

    pub fn has(&self, round: usize, runtime: &str, row: &str) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|(of, line)| *of == round && line.runtime == runtime && line.row == row)
    }

    pub fn add(&mut self, round: usize, line: Line) -> Result<(), String> {
        if let Some(file) = &mut self.file {
            writeln!(file, "{round}\t{line}").map_err(|error| error.to_string())?;
        }
        self.lines.push((round, line));
        Ok(())
    }

    pub fn rounds(&self) -> usize {
        self.lines
            .iter()
            .map(|(round, _)| *round)
            .max()
            .unwrap_or(0)
    }

    /// The rows, in the order of their first appearance.
    pub fn rows(&self) -> Vec<&str> {
        let mut rows = Vec::new();
        for (_, line) in &self.lines {
            if !rows.contains(&line.row.as_str()) {
                rows.push(&line.row);
            }
        }
        rows
    }

    /// For each runtime what it said about a row, in all rounds. The metrics' values of one round
    /// are together.
    pub fn of_row(&self, row: &str) -> BTreeMap<&str, Vec<&Result<Vec<f64>, String>>> {
        let mut by_runtime = BTreeMap::<_, Vec<_>>::new();
        for (_, line) in self.lines.iter().filter(|(_, line)| line.row == row) {
            by_runtime
                .entry(line.runtime.as_str())
                .or_default()
                .push(&line.outcome);
        }
        by_runtime
    }
}
