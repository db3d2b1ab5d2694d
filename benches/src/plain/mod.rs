//! Plain code with threads and `mio`, without a runtime: the limit for what runtimes do, as far as
//! it can be done without one.

mod queues;
mod servers;
mod timers;

use crate::scenarios::{Outcome, Setup};

pub const NAME: &str = "raw";

/// Runs the scenario of that name, if there is one.
pub fn run(scenario: &str, setup: &Setup) -> Option<Outcome> {
    let values: Vec<f64> = match scenario {
        "spawn" => queues::jobs(setup).into(),
        "spawn_outside" => queues::jobs_for_threads(setup).into(),
        "chain" => queues::chain(setup).into(),
        "yield_1k" => queues::turns(setup).into(),
        "cross_worker" => queues::ball(setup).into(),
        "mpsc_1" => queues::messages(setup, 1).into(),
        "mpsc_4" => queues::messages(setup, 4).into(),
        "imbalance" => queues::imbalance(setup).into(),
        "start_stop" => queues::threads(setup).into(),
        "mem_task" => queues::memory().into(),
        "timer_cancel" => timers::cancel(setup).into(),
        "timer_fire" => timers::fire(setup).into(),
        "timer_late" => timers::lateness(setup).into(),
        "tick" => timers::tick(setup).into(),
        "echo" => servers::echo(setup).into(),
        "http" => servers::http(setup).into(),
        "hog" => servers::hog(setup).into(),
        "connect" => servers::connect(setup).into(),
        "idle_conns" => servers::idle(setup).into(),
        "conns" => servers::connections(setup).into(),
        _ => {
            crate::scenarios::find(scenario)?;
            return Some(Err("plain code has nothing of the kind".into()));
        }
    };
    Some(Ok(values))
}
