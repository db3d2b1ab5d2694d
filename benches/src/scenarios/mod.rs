//! The scenarios, each written once for all runtimes.

mod batches;
mod spawning;
mod switching;

use crate::runtime::Runtime;
use std::time::Duration;

/// How a scenario is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    pub workers: usize,
    /// How long to measure, where it is up to the scenario; a quarter of it goes before as warm-up.
    pub budget: Duration,
    /// How many tasks, timers or connections, for scenarios that are about growth.
    pub size: usize,
}

/// What a scenario measured, in the order of its metrics, or why it cannot be done.
pub type Outcome = Result<Vec<f64>, String>;

/// One of the numbers a scenario yields.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub name: &'static str,
    pub unit: &'static str,
    pub more_is_better: bool,
}

/// A cost: less is better.
const fn cost(name: &'static str, unit: &'static str) -> Metric {
    Metric {
        name,
        unit,
        more_is_better: false,
    }
}

/// A scenario, as the driver knows it.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// What the table says it is.
    pub about: &'static str,
    pub metrics: &'static [Metric],
    /// If it is about growth, how far.
    pub sizes: &'static [usize],
}

macro_rules! sizes {
    () => {
        &[]
    };
    ($sizes:expr) => {
        &$sizes
    };
}

macro_rules! scenarios {
    ($($name:ident: $about:literal, $module:ident :: $body:ident, [$($metric:expr),*] $(, $sizes:expr)?;)*) => {
        /// All scenarios, in the order of the table.
        pub const ALL: &[Scenario] = &[$(Scenario {
            name: stringify!($name),
            about: $about,
            metrics: &[$($metric),*],
            sizes: sizes!($($sizes)?),
        }),*];

        /// Runs the scenario of that name, if there is one.
        pub fn run<R: Runtime>(name: &str, setup: &Setup) -> Option<Outcome> {
            if let Some(reason) = R::cannot(name) {
                return Some(Err(reason.into()));
            }
            let setup = Setup { workers: R::KIND.workers(setup.workers), ..*setup };
            match name {
                $(stringify!($name) => Some(Ok($module::$body::<R>(&setup).into())),)*
                _ => None,
            }
        }
    };
}

scenarios! {
    spawn: "spawn 10k tasks from a worker",
        spawning::spawn, [cost("time", "ns/task")];
    spawn_join: "spawn 10k tasks and await each handle",
        spawning::spawn_join, [cost("time", "ns/task")];
    yield_1k: "yield, 1k tasks",
        switching::yields, [cost("time", "ns/yield")];
}

/// The scenario of that name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}
