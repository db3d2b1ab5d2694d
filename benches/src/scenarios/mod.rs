//! The scenarios, each written once for all runtimes.

pub mod batches;
pub mod computing;
pub mod growth;
mod memory;
mod messaging;
pub mod serving;
mod spawning;
mod switching;
pub mod timing;

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

/// More is better.
const fn gain(name: &'static str, unit: &'static str) -> Metric {
    Metric {
        name,
        unit,
        more_is_better: true,
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
    spawn_outside: "spawn 10k tasks from outside into idle workers",
        spawning::spawn_outside, [cost("time", "ns/task")];
    chain: "chain of spawns",
        spawning::chain, [cost("time", "ns/link")];
    yield_1k: "yield, 1k tasks",
        switching::yields, [cost("time", "ns/yield")];
    ping_pong: "ping-pong over oneshots",
        switching::ping_pong, [cost("time", "ns/pair")];
    cross_worker: "back and forth between two workers' tasks",
        switching::cross_worker, [cost("time", "ns/trip")];
    mpsc_1: "bounded channel, 1 sender",
        messaging::one_sender, [cost("time", "ns/message")];
    mpsc_4: "bounded channel, 4 senders",
        messaging::four_senders, [cost("time", "ns/message")];
    timer_cancel: "arm, poll and cancel a long sleep",
        timing::cancel, [cost("time", "ns/timer")];
    timer_fire: "100k sleeps of 1 to 100 ms, a task each",
        timing::fire, [cost("cpu", "ns/timer")];
    timer_late: "lateness of 10k sleeps of 1 to 100 ms",
        timing::lateness, [cost("p50", "µs"), cost("p99", "µs")];
    tick: "one task sleeping 1 ms in a loop",
        timing::tick, [cost("cpu", "µs/tick"), cost("wall", "ms/tick")];
    echo: "TCP echo, 64 connections, 1 KiB",
        serving::echo, [cost("server cpu", "µs/trip"), gain("rate", "k trips/s"), cost("p99", "µs")];
    http: "HTTP hello (hyper), 64 connections",
        serving::http, [cost("server cpu", "µs/request"), gain("rate", "k requests/s"), cost("p99", "µs")];
    hog: "echo while a task burns 20 ms at a time",
        serving::hog, [cost("p50", "µs"), cost("p99", "µs"), cost("max", "µs")];
    connect: "connect, one echo, close",
        serving::connect, [cost("server cpu", "µs/connection")];
    idle_conns: "echo on 16 of 5k connections",
        serving::idle, [cost("server cpu", "µs/trip"), cost("memory", "bytes/connection")];
    imbalance: "1000 uneven CPU tasks spawned on one worker",
        computing::imbalance, [cost("time", "× ideal")];
    start_stop: "start a runtime, run a task, stop it",
        computing::start_stop, [cost("time", "µs")];
    mem_task: "memory of an idle task",
        memory::task, [cost("memory", "bytes")];
    mem_timer: "memory of an armed sleep",
        memory::timer, [cost("memory", "bytes")];
    tasks: "spawn tasks that yield 4 times each, all at once",
        growth::tasks, [cost("time", "ns/poll")], [1_000, 10_000, 100_000, 1_000_000];
    timers: "arm and cancel a sleep among others",
        growth::timers, [cost("arm", "ns"), cost("arm and cancel", "ns")],
        [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
    conns: "TCP echo, 1 KiB, by connections",
        growth::connections, [cost("server cpu", "µs/trip")], [10, 100, 1_000, 10_000];
    workers: "tasks of the workers' own, by workers",
        growth::workers, [cost("10k tasks", "ns/poll"), cost("yield", "ns/yield")], [1, 2];
}

/// The scenario of that name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}
