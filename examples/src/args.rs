//! Options on the command line: `--name value`, `--name=value` and `--flag`.
//!
//! A program takes the options it knows out of [`Args`], one by one, and then [finishes](Args::finish);
//! whatever is left is a mistake, and the user is told.

use crate::error::{Error, Result};
use std::fmt::Display;
use std::process::ExitCode;
use std::str::FromStr;

/// The words of the command line that nobody has taken yet.
///
/// ```
/// use pintle_examples::Args;
///
/// let mut args = Args::new(["--workers", "4", "--quiet"]);
/// assert_eq!(args.value("--workers", 1)?, 4);
/// assert_eq!(args.value("--tasks", 100)?, 100);
/// assert!(args.flag("--quiet"));
/// args.finish()?;
/// # Ok::<(), pintle_examples::Error>(())
/// ```
#[derive(Debug)]
pub struct Args {
    words: Vec<String>,
}

impl Args {
    /// Takes the words after the program's name.
    pub fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self {
            words: words.into_iter().map(Into::into).collect(),
        }
    }

    /// Whether `name` was given.
    pub fn flag(&mut self, name: &str) -> bool {
        let found = self.words.iter().position(|word| word == name);
        found.map(|at| self.words.remove(at)).is_some()
    }

    /// The value of `name`, if it was given.
    ///
    /// # Errors
    ///
    /// The value is missing, or is no `T`.
    pub fn optional<T>(&mut self, name: &str) -> Result<Option<T>>
    where
        T: FromStr<Err: Display>,
    {
        let Some(at) = self.words.iter().position(|word| is_named(word, name)) else {
            return Ok(None);
        };
        let word = self.words.remove(at);
        let value = match word.split_once('=') {
            Some((_, value)) => value.to_owned(),
            None if at < self.words.len() => self.words.remove(at),
            None => return Err(Error::Usage(format!("{name} needs a value"))),
        };
        match value.parse() {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(Error::Usage(format!("{name} {value}: {error}"))),
        }
    }

    /// The value of `name`, or else `default`.
    ///
    /// # Errors
    ///
    /// As [`optional`](Self::optional).
    pub fn value<T>(&mut self, name: &str, default: T) -> Result<T>
    where
        T: FromStr<Err: Display>,
    {
        Ok(self.optional(name)?.unwrap_or(default))
    }

    /// What has not been taken yet, for programs that want more than options.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Makes sure that nothing was given that nobody has asked for.
    ///
    /// # Errors
    ///
    /// Something was.
    pub fn finish(self) -> Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(Error::Usage(format!(
                "{word} is not an option of this program"
            ))),
        }
    }
}

fn is_named(word: &str, name: &str) -> bool {
    word.strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// The frame of every example's `main`: answers `--help`, hands `body` the command line, reports
/// its error. Exit codes are 0, 1 for a failure and 2 for a mistake on the command line.
pub fn run(help: &str, body: impl FnOnce(Args) -> Result<()>) -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default().to_owned();
    let mut args = Args::new(words);
    if args.flag("--help") || args.flag("-h") {
        println!("{}", help.trim());
        return ExitCode::SUCCESS;
    }
    match body(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ Error::Usage(_)) => {
            eprintln!("{program}: {error}\nTry `{program} --help`.");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage<T>(result: Result<T>) -> String {
        match result {
            Err(Error::Usage(message)) => message,
            Err(other) => panic!("not a usage error: {other}"),
            Ok(_) => panic!("no error"),
        }
    }

    #[test]
    fn both_ways_to_give_a_value_are_understood() {
        let mut args = Args::new(["--a", "1", "--b=2"]);
        assert_eq!(args.value("--b", 0).expect("b"), 2);
        assert_eq!(args.value("--a", 0).expect("a"), 1);
        args.finish().expect("nothing left");
    }

    #[test]
    fn an_option_is_not_taken_for_one_whose_name_it_begins_with() {
        let mut args = Args::new(["--tasks-each", "1"]);
        assert_eq!(args.optional::<u32>("--tasks").expect("absent"), None);
        assert_eq!(args.value("--tasks-each", 0).expect("present"), 1);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(
            usage(Args::new(["--a"]).value("--a", 0)),
            "--a needs a value"
        );
        assert!(usage(Args::new(["--a", "x"]).value("--a", 0)).starts_with("--a x: "));
        assert_eq!(
            usage(Args::new(["--a"]).finish()),
            "--a is not an option of this program"
        );
    }
}
