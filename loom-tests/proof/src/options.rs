//! What the command line asks for.

use std::path::PathBuf;
use std::time::Duration;

use crate::tree::Project;

pub const HELP: &str = "\
Breaks the atomic protocols of Pintle, and shows which model notices.

usage: cargo proof <command> [options]

  check     whether the tables in loom-tests/README.md are about the code as it is (builds nothing)
  replay    kills every mutant once more, by the model that the table names
  mutants   tries every mutant whose fate is not known; goes on where it was ended
  models    runs every model, and writes down what it took; with --deeper, how far it gets then
  table     writes the tables into loom-tests/README.md, from what mutants and models have found
  sites     lists every place and what may be done to it

  --file PATH      only mutants of that file or folder, from the project's root (may be repeated)
  --shard K/N      only every Nth mutant or model, from the Kth (1 to N)
  --jobs N         how many models at a time (as many as there are processors)
  --limit SECONDS  how long one model may take (20; models: 300)
  --deeper N       preemptions beyond a model's own bound (0)
  --fresh          what is known does not count
  --results FILE   for table: what another machine has found (target/proof/*.tsv there; may be repeated)
";

#[derive(Debug)]
pub struct Options {
    pub command: String,
    files: Vec<String>,
    shard: (usize, usize),
    pub jobs: usize,
    pub limit: Duration,
    pub deeper: usize,
    pub fresh: bool,
    pub results: Vec<PathBuf>,
}

impl Options {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let command = words.next().ok_or("which command?")?;
        let seconds = if command == "models" { 300 } else { 20 };
        let mut options = Self {
            command,
            files: Vec::new(),
            shard: (1, 1),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            limit: Duration::from_secs(seconds),
            deeper: 0,
            fresh: false,
            results: Vec::new(),
        };
        while let Some(word) = words.next() {
            if word == "--fresh" {
                options.fresh = true;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{word} what?"))?;
            let number = || match value.parse::<usize>() {
                Ok(number) => Ok(number),
                Err(_) => Err(format!("{word} takes a number, not {value}")),
            };
            match word.as_str() {
                "--file" => options.files.push(value),
                "--shard" => {
                    options.shard = value
                        .split_once('/')
                        .and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)))
                        .filter(|(k, n)| (1..=*n).contains(k))
                        .ok_or("--shard takes K/N, with K from 1 to N")?;
                }
                "--jobs" => options.jobs = number()?.max(1),
                "--limit" => options.limit = Duration::from_secs(number()? as u64),
                "--deeper" => options.deeper = number()?,
                "--results" => {
                    let path = PathBuf::from(value);
                    // Which of the two it is, its name says.
                    if !path.ends_with("mutants.tsv") && !path.ends_with("models.tsv") {
                        return Err(format!(
                            "--results takes a mutants.tsv or a models.tsv, not {}",
                            path.display()
                        ));
                    }
                    options.results.push(path);
                }
                _ => return Err(format!("{word} is not an option")),
            }
        }
        Ok(options)
    }

    /// An error for a file or folder in which there is nothing to break, most likely a misspelt one.
    pub fn files_are_in(&self, project: &Project) -> Result<(), String> {
        let is_there = |wanted: &str| project.sources.iter().any(|s| s.file.starts_with(wanted));
        match self.files.iter().find(|wanted| !is_there(wanted)) {
            None => Ok(()),
            Some(wanted) => Err(format!(
                "--file {wanted}: nothing to break there; paths are from the root of the project"
            )),
        }
    }

    /// Whether the one of this number, about this file, was asked for.
    pub fn takes(&self, number: usize, file: &str) -> bool {
        let (k, n) = self.shard;
        number % n == k - 1
            && (self.files.is_empty()
                || self
                    .files
                    .iter()
                    .any(|wanted| file.starts_with(wanted.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_file_in_which_there_is_nothing_to_break_is_an_error() {
        let project = Project::read(&crate::tree::root()).expect("it can be read");
        let files_are_in = |line| parse(line).expect("options").files_are_in(&project);
        assert_eq!(
            files_are_in("mutants --file executor/src/park.rs --file timer/"),
            Ok(())
        );
        assert!(files_are_in("mutants --file park.rs").is_err());
    }

    #[test]
    fn results_are_told_apart_by_their_names() {
        assert!(parse("table --results elsewhere/mutants.tsv --results models.tsv").is_ok());
        assert!(parse("table --results elsewhere/mutants-2.tsv").is_err());
    }

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert!(parse("mutants --shard 8/8").is_ok());
        for wrong in ["0/8", "9/8", "1", "a/b"] {
            assert!(
                parse(&format!("mutants --shard {wrong}")).is_err(),
                "{wrong}"
            );
        }
    }
}
