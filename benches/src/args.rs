//! The command line.

use std::str::FromStr;

/// What is on it, less what has been taken.
#[derive(Debug)]
pub struct Args {
    left: Vec<String>,
}

impl Args {
    pub fn from_env() -> Self {
        Self {
            left: std::env::args().skip(1).collect(),
        }
    }

    /// Takes the next word, unless a flag comes first.
    pub fn word(&mut self) -> Option<String> {
        let is_word = self
            .left
            .first()
            .is_some_and(|next| !next.starts_with("--"));
        is_word.then(|| self.left.remove(0))
    }

    /// Takes a flag without a value.
    pub fn flag(&mut self, name: &str) -> bool {
        let position = self.left.iter().position(|arg| arg == name);
        position.map(|at| self.left.remove(at)).is_some()
    }

    /// Takes a flag with a value.
    pub fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(at) = self.left.iter().position(|arg| arg == name) else {
            return Ok(None);
        };
        self.left.remove(at);
        if at == self.left.len() {
            return Err(format!("{name} needs a value"));
        }
        let value = self.left.remove(at);
        let parsed = value.parse();
        parsed
            .map(Some)
            .map_err(|_| format!("{name} cannot be {value}"))
    }

    /// Complains about what is left.
    pub fn finish(self) -> Result<(), String> {
        match self.left.first() {
            None => Ok(()),
            Some(arg) => Err(format!("what is {arg}? Without arguments there is help")),
        }
    }
}
