//! The three kinds of runtime, as a flag.

use crate::args::Args;
use crate::error::{During, Error, Result};
use pintle::runtime::{Builder, Runtime};
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

/// What `--mode` chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Idle workers take tasks from busy ones.
    Stealing,
    /// Every task stays on its worker.
    PerCore,
    /// The main thread does everything.
    Current,
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "stealing" => Ok(Mode::Stealing),
            "per-core" => Ok(Mode::PerCore),
            "current" => Ok(Mode::Current),
            _ => Err("the modes are stealing, per-core and current"),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Stealing => "stealing",
            Mode::PerCore => "per-core",
            Mode::Current => "current",
        })
    }
}

impl Mode {
    /// Takes `--mode` and `--workers` from the command line and starts such a runtime; work-stealing
    /// with a worker for each core, if nothing is said.
    ///
    /// # Errors
    ///
    /// Mistakes on the command line, and what keeps the runtime from starting.
    pub fn from_args(args: &mut Args) -> Result<(Mode, Runtime)> {
        let mode = args.value("--mode", Mode::Stealing)?;
        let workers = args.optional::<NonZeroUsize>("--workers")?;
        if mode == Mode::Current && workers.is_some_and(|workers| workers.get() > 1) {
            return Err(Error::Usage(
                "--mode current has one worker, the main thread".into(),
            ));
        }
        Ok((mode, mode.runtime(workers.map(NonZeroUsize::get))?))
    }

    /// Starts a runtime of this kind.
    ///
    /// # Errors
    ///
    /// The operating system refuses a thread or a descriptor.
    pub fn runtime(self, workers: Option<usize>) -> Result<Runtime> {
        let mut builder = match self {
            Mode::Stealing => Builder::new_multi_thread(),
            Mode::PerCore => Builder::new_thread_per_core(),
            Mode::Current => Builder::new_current_thread(),
        };
        if let Some(workers) = workers.filter(|_| self != Mode::Current) {
            builder.worker_threads(workers);
        }
        builder.enable_all().build().during("starting the runtime")
    }
}
