//! `Rc` and `RefCell` shared by tasks, on every worker, with no ceremony.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin spawn_local -- --mode per-core
//! ```
//!
//! On each worker a few tasks pass a token round. The ring they share is plain single-threaded
//! data: no `Arc`, no lock, no `Send` bound, and no set of local tasks to be run by hand. It works in
//! every mode, also beside tasks that are stolen.

#![forbid(unsafe_code)]

use pintle::task::{spawn_local, yield_now};
use pintle_examples::{Error, Mode, Result, run};
use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;

const HELP: &str = "
Lets tasks on each worker share state that is not Send.

    --tasks N          tasks on each worker [4]
    --rounds N         how often the token goes round [1000]
    --mode MODE        stealing, per-core or current [stealing]
    --workers N        worker threads [one for each core]
";

/// What the tasks of one worker share.
#[derive(Debug, Default)]
struct Ring {
    /// Whose turn it is.
    turn: usize,
    /// How often the token has been passed on.
    passed: usize,
}

fn main() -> ExitCode {
    run(HELP, |mut args| {
        let tasks = args.value("--tasks", 4)?;
        let rounds = args.value("--rounds", 1000)?;
        let (_, runtime) = Mode::from_args(&mut args)?;
        args.finish()?;
        runtime.block_on(async {
            let workers = pintle::spawn_on_each(move |worker| pass_round(worker, tasks, rounds));
            for worker in workers {
                println!("{}", worker.await??);
            }
            Ok(())
        })
    })
}

async fn pass_round(worker: usize, tasks: usize, rounds: usize) -> Result<String> {
    let ring = Rc::new(RefCell::new(Ring::default()));
    let members: Vec<_> = (0..tasks)
        .map(|me| {
            let ring = ring.clone();
            spawn_local(async move {
                for _ in 0..rounds {
                    while ring.borrow().turn != me {
                        yield_now().await;
                    }
                    let mut ring = ring.borrow_mut();
                    ring.turn = (me + 1) % tasks;
                    ring.passed += 1;
                }
                pintle::worker::current()
            })
        })
        .collect();
    for member in members {
        let ran_on = member.await?;
        if ran_on != Some(worker) {
            return Err(Error::Failed(format!(
                "a task of worker {worker} ended on {ran_on:?}"
            )));
        }
    }
    let passed = ring.borrow().passed;
    Ok(format!(
        "worker {worker}: {tasks} tasks passed the token {passed} times"
    ))
}
