//! A million idle tasks, and what each costs.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin million
//! cargo run --release -p pintle-examples --bin million -- --sleep
//! ```
//!
//! Every task has been polled once and waits for ever; with `--sleep`, for an hour, so that each has
//! a timer in a wheel besides. The memory is the process's own (resident, from /proc/self/statm)
//! before and after, and includes the join handles. Then all tasks are aborted, and it is checked
//! that every future was dropped, once.

#![forbid(unsafe_code)]

use pintle::task::JoinHandle;
use pintle::time::{Duration, Instant, sleep};
use pintle_examples::{During, Error, Mode, Result, run};
use std::future::pending;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

const HELP: &str = "
Spawns idle tasks, and measures the memory each takes. Linux only.

    --tasks N          how many tasks [1000000]
    --sleep            let each wait for a timer, not for nothing
    --mode MODE        stealing, per-core or current [stealing]
    --workers N        worker threads [one for each core]
";

/// How many tasks have been polled.
static POLLED: AtomicUsize = AtomicUsize::new(0);
/// How many futures have been dropped.
static DROPPED: AtomicUsize = AtomicUsize::new(0);

/// Lives in each task.
struct CountsDrops;

impl Drop for CountsDrops {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() -> ExitCode {
    run(HELP, |mut args| {
        let tasks = args.value("--tasks", 1_000_000)?;
        let sleeping = args.flag("--sleep");
        let (_, runtime) = Mode::from_args(&mut args)?;
        args.finish()?;
        runtime.block_on(async {
            if sleeping {
                measure(tasks, || async {
                    let _counts = CountsDrops;
                    POLLED.fetch_add(1, Ordering::Relaxed);
                    sleep(Duration::from_secs(3600)).await;
                })
                .await
            } else {
                measure(tasks, || async {
                    let _counts = CountsDrops;
                    POLLED.fetch_add(1, Ordering::Relaxed);
                    pending().await
                })
                .await
            }
        })
    })
}

async fn measure<F>(tasks: usize, idle: impl Fn() -> F) -> Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let before = resident()?;
    let begin = Instant::now();
    let handles: Vec<JoinHandle<()>> = (0..tasks).map(|_| pintle::spawn(idle())).collect();
    let spawned = begin.elapsed();
    while POLLED.load(Ordering::Relaxed) < tasks {
        sleep(Duration::from_millis(1)).await;
    }
    let polled = begin.elapsed();
    let bytes = resident()?.saturating_sub(before);
    println!("{tasks} tasks, spawned in {spawned:.1?}, all polled once after {polled:.1?}");
    println!(
        "memory: {:.1} MiB, {} bytes a task",
        bytes as f64 / 1048576.0,
        bytes / tasks.max(1)
    );
    println!(
        "of these, the future {}, the join handle {}",
        size_of::<F>(),
        size_of::<JoinHandle<()>>()
    );

    let begin = Instant::now();
    handles.iter().for_each(JoinHandle::abort);
    let mut cancelled = 0;
    for handle in handles {
        cancelled += usize::from(handle.await.is_err_and(|error| error.is_cancelled()));
    }
    let dropped = DROPPED.load(Ordering::Relaxed);
    println!(
        "aborted and awaited in {:.1?}; futures dropped: {dropped}",
        begin.elapsed()
    );
    if (cancelled, dropped) != (tasks, tasks) {
        let message = format!("{cancelled} of {tasks} were cancelled, {dropped} dropped");
        return Err(Error::Failed(message));
    }
    Ok(())
}

/// The memory of this process that is in use, in bytes.
fn resident() -> Result<usize> {
    let read = || {
        let statm = std::fs::read_to_string("/proc/self/statm")?;
        let pages = statm
            .split_whitespace()
            .nth(1)
            .and_then(|pages| pages.parse::<usize>().ok());
        pages.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not understood"))
    };
    Ok(read().during("reading /proc/self/statm")? * rustix::param::page_size())
}
