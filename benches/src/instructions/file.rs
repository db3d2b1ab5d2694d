//! [`Counts`]: a file with counts. A line for each program and a column for each runtime, separated
//! by tabs.

use super::{RUNTIMES, programs};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

const HEAD: &str = "\
# For each operation of one worker, in user mode: see \"Instructions\" in README.md. Written by
#     cargo run --release --manifest-path benches/Cargo.toml -- instructions --write
";
const MADE_BY: &str = "# made by: ";

/// What was counted, and with what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    name: &'static str,
    /// Compiler, profile and tool.
    made_by: String,
    counts: BTreeMap<(String, String), f64>,
}

impl Counts {
    /// Reads the file of that name; nothing, if there is none.
    pub fn read(name: &'static str) -> Result<Counts, String> {
        let counts = match fs::read_to_string(path(name)) {
            Ok(text) => Counts::parse(&text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => Counts::default(),
            Err(error) => return Err(format!("{name}: {error}")),
        };
        Ok(Counts { name, ..counts })
    }

    pub fn write(&self) -> Result<(), String> {
        let written = fs::write(path(self.name), self.render());
        written.map_err(|error| format!("{}: {error}", self.name))
    }

    /// Says so if the file was made by something else, which may explain a difference.
    pub fn set_made_by(&mut self, made_by: &str) {
        if !self.made_by.is_empty() && self.made_by != made_by {
            println!(
                "{} was made by {}; this is {made_by}",
                self.name, self.made_by
            );
        }
        self.made_by = made_by.to_owned();
    }

    /// Returns what was there before.
    pub fn set(&mut self, runtime: &str, program: &str, count: f64) -> Option<f64> {
        let key = (runtime.to_owned(), program.to_owned());
        // As the file has it.
        self.counts.insert(key, (count * 10.0).round() / 10.0)
    }

    fn get(&self, runtime: &str, program: &str) -> Option<f64> {
        let key = (runtime.to_owned(), program.to_owned());
        self.counts.get(&key).copied()
    }

    fn parse(text: &str) -> Result<Counts, String> {
        let mut counts = Counts::default();
        let made_by = text.lines().find_map(|line| line.strip_prefix(MADE_BY));
        counts.made_by = made_by.unwrap_or_default().to_owned();
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let runtimes: Vec<&str> = lines.next().unwrap_or("").split('\t').skip(1).collect();
        for line in lines {
            let mut fields = line.split('\t');
            let program = fields.next().unwrap_or("");
            for (runtime, field) in runtimes.iter().zip(fields).filter(|(_, it)| *it != "-") {
                let count = field.parse().map_err(|_| format!("no number: {field}"))?;
                counts.set(runtime, program, count);
            }
        }
        Ok(counts)
    }

    fn render(&self) -> String {
        let mut text = format!(
            "{HEAD}{MADE_BY}{}\noperation\t{}\n",
            self.made_by,
            RUNTIMES.join("\t")
        );
        for program in programs::ALL {
            text.push_str(program.name);
            for runtime in RUNTIMES {
                let _ = match self.get(runtime, program.name) {
                    Some(count) => write!(text, "\t{count:.1}"),
                    None => write!(text, "\t-"),
                };
            }
            text.push('\n');
        }
        text
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_what_was_counted() {
        let mut counts = Counts {
            made_by: "a compiler".into(),
            ..Counts::default()
        };
        counts.set("pintle-tpc", "yields", 61.25);
        counts.set("nio", "timer", 100.0);
        let read = Counts::parse(&counts.render()).unwrap();
        assert_eq!(read, counts);
        assert_eq!(read.get("pintle-tpc", "yields"), Some(61.3));
        assert_eq!(read.get("pintle-ws", "yields"), None);
    }
}
