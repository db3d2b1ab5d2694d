//! The runtimes, each in a file of its own.

mod compio;
mod cores;
mod glommio;
mod monoio;
mod nio;
mod pintle;
mod smol;
mod tokio;

use crate::instructions;
use crate::plain;
use crate::runtime::{Kind, Runtime};
use crate::scenarios::{self, Outcome, Setup};

/// Calls a macro with all types that are runtimes.
macro_rules! for_all {
    ($with:ident) => {
        $with! {
            pintle::Stealing, pintle::PerCore, pintle::CurrentThread,
            tokio::MultiThread, tokio::Alone, tokio::PerCore, smol::Smol, nio::Nio,
            glommio::Glommio, monoio::Uring, monoio::Epoll, compio::Uring, compio::Poll,
        }
    };
}

/// A runtime, as the driver knows it.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    pub kind: Kind,
    run: fn(&str, &Setup) -> Option<Outcome>,
    count: fn(&str, usize) -> Option<()>,
}

impl Entry {
    /// Runs a scenario in this process; `None` if there is no such scenario.
    pub fn run(&self, scenario: &str, setup: &Setup) -> Option<Outcome> {
        (self.run)(scenario, setup)
    }

    /// Runs one of the programs whose instructions are counted; `None` if there is none of that name.
    pub fn count(&self, program: &str, operations: usize) -> Option<()> {
        (self.count)(program, operations)
    }

    pub fn is_pintle(&self) -> bool {
        self.name.starts_with("pintle-")
    }
}

macro_rules! entries {
    ($($runtime:ty),* $(,)?) => {
        /// All runtimes, in the order of the table.
        pub const ALL: &[Entry] = &[$(Entry {
            name: <$runtime as Runtime>::NAME,
            kind: <$runtime as Runtime>::KIND,
            run: scenarios::run::<$runtime>,
            count: instructions::programs::run::<$runtime>,
        }),*, Entry {
            name: plain::NAME,
            kind: Kind::Plain,
            run: plain::run,
            count: |_, _| None,
        }];
    };
}

for_all!(entries);

/// The runtime of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}
