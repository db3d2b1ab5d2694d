//! One task burns its worker for seconds, inside one poll. What becomes of the sockets and timers
//! that this worker looks after?
//!
//! ```text
//! cargo run --release -p pintle-examples --bin hog
//! cargo run --release -p pintle-examples --bin hog -- --mode stealing --seconds 10
//! ```
//!
//! In work-stealing mode an idle sibling notices, steps in for the stuck worker's reactor and wheel,
//! and what it rescues moves house: the first event is late by about a millisecond, the rest are
//! not. Thread-per-core shares nothing, so there everything waits; that is the bargain.
//!
//! What is measured:
//! - Echo connections, pinged by plain blocking threads that know nothing of the runtime. Each one is
//!   registered with worker 0 before anything is sent; whose reactor it is registered with is followed
//!   poll by poll (`home.rs`), and only those whose home is worker 0 when the burning begins count.
//! - Tasks that sleep a millisecond at a time. Such a timer lives in the wheel of the worker that
//!   polled it last; again only those count that live with worker 0.
//!
//! - `main.rs`: the course of the experiment, and its report.
//! - `home.rs`: where sockets and timers live.
//! - `clients.rs`: the threads that ping.

#![forbid(unsafe_code)]

mod clients;
mod home;

use home::Homes;
use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::TcpStream;
use pintle::runtime::{Handle, Runtime};
use pintle::task::JoinHandle;
use pintle::time::{sleep, sleep_until};
use pintle_examples::report::Samples;
use pintle_examples::{Args, During, Error, Mode, Result, run};
use std::hint::spin_loop;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const HELP: &str = "
Burns one worker, and measures what its sockets and timers suffer.

    --seconds S        how long to burn [3]
    --count N          how many connections, and how many timers [8]
    --mode MODE        stealing, per-core or current [stealing, then per-core]
    --workers N        worker threads [2]
";

/// The worker that is burned.
const HOGGED: usize = 0;

/// How long everything runs undisturbed first.
const BEFORE: Duration = Duration::from_millis(500);

/// Between two pings of a connection, and two ticks of a timer.
const PERIOD: Duration = Duration::from_millis(1);

/// Something that was to happen, and how long it took or how late it was.
#[derive(Debug, Clone, Copy)]
struct Event {
    due: Instant,
    delay: Duration,
}

fn main() -> ExitCode {
    run(HELP, |mut args: Args| {
        let seconds: f64 = args.value("--seconds", 3.0)?;
        let burn = Duration::try_from_secs_f64(seconds)
            .map_err(|error| Error::Usage(format!("--seconds {seconds}: {error}")))?;
        let count = args.value("--count", 8)?;
        let workers = args.value("--workers", 2)?;
        let modes = match args.optional("--mode")? {
            Some(mode) => vec![mode],
            None => vec![Mode::Stealing, Mode::PerCore],
        };
        args.finish()?;
        for mode in modes {
            experiment(mode, workers, count, burn)?;
        }
        Ok(())
    })
}

fn experiment(mode: Mode, workers: usize, count: usize, burn: Duration) -> Result<()> {
    let runtime = mode.runtime(Some(workers))?;
    let (pingers, streams) = clients::connect(count).during("connecting")?;
    let done = Arc::new(AtomicBool::new(false));
    let sockets = Homes::new(count);
    let timers = Homes::new(count);
    println!(
        "{mode}: worker {HOGGED} of {} burns {burn:?}",
        runtime.metrics().num_workers()
    );

    let outcome = runtime.block_on(async {
        let settle = {
            let (sockets, timers, done) = (sockets.clone(), timers.clone(), done.clone());
            pintle::spawn_on(HOGGED, move || settle(streams, sockets, timers, done))
        };
        let tickers = settle.await??;
        let pingers: Vec<_> = pingers
            .into_iter()
            .map(|pinger| pinger.start(done.clone()))
            .collect();
        sleep(BEFORE).await;

        let burning = {
            let (sockets, timers) = (sockets.clone(), timers.clone());
            pintle::spawn_on(HOGGED, move || hog(burn, sockets, timers))
        };
        let burned = burning.await?;
        done.store(true, Ordering::Relaxed);

        let mut ticks = Vec::new();
        for ticker in tickers {
            ticks.push(ticker.await?);
        }
        // Joining threads blocks, and must not keep the last answers from being given.
        let pings = pintle::task::spawn_blocking(move || clients::join(pingers)).await?;
        Ok::<_, Error>((burned, ticks, pings.during("pinging")?))
    });
    let (burned, ticks, pings) = outcome?;
    report("echo", &burned, &burned.sockets, &pings);
    report("timer", &burned, &burned.timers, &ticks);
    println!(
        "  {} of the connections have moved house; rescues: {}\n",
        burned
            .sockets
            .iter()
            .filter(|&&socket| sockets.get(socket) != Some(HOGGED))
            .count(),
        rescues(&runtime)
    );
    Ok(())
}

fn rescues(runtime: &Runtime) -> u64 {
    let metrics = runtime.metrics();
    (0..metrics.num_workers())
        .map(|worker| metrics.worker_rescue_count(worker))
        .sum()
}

/// On the worker that is to be burned: lets the connections and timers settle there, and then be
/// tasks like any other.
async fn settle(
    streams: Vec<std::net::TcpStream>,
    sockets: Homes,
    timers: Homes,
    done: Arc<AtomicBool>,
) -> Result<Vec<JoinHandle<Vec<Event>>>> {
    for (index, stream) in streams.into_iter().enumerate() {
        let stream = TcpStream::from_std(stream).during("taking over a socket")?;
        let mut serving = Box::pin(sockets.clone().follow(index, echo(stream)));
        // Nothing has been sent yet, so this poll meets `WouldBlock` and registers the socket here.
        let early = futures_lite::future::poll_once(&mut serving).await;
        if early.is_some() || sockets.get(index) != Some(HOGGED) {
            return Err(Error::Failed(format!("connection {index} has not settled")));
        }
        pintle::spawn(serving);
    }
    let tick = |index| pintle::spawn(tick(index, timers.clone(), done.clone()));
    Ok((0..timers.len()).map(tick).collect())
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut byte = [0];
    while stream.read(&mut byte).await? > 0 {
        stream.write_all(&byte).await?;
    }
    Ok(())
}

async fn tick(index: usize, timers: Homes, done: Arc<AtomicBool>) -> Vec<Event> {
    let mut ticks = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let due = Instant::now() + PERIOD;
        // A timer lives where it was polled last; that is here, until this task is woken.
        timers.set(index, pintle::worker::current());
        sleep_until(due.into()).await;
        ticks.push(Event {
            due,
            delay: due.elapsed(),
        });
    }
    ticks
}

/// What the hog has seen.
struct Burned {
    begin: Instant,
    end: Instant,
    /// Those that lived with the hog's worker when it began.
    sockets: Vec<usize>,
    timers: Vec<usize>,
}

/// Burns the worker in one poll.
async fn hog(burn: Duration, sockets: Homes, timers: Homes) -> Burned {
    let metrics = Handle::current().metrics();
    // Idle siblings take timers' tasks, and so the timers, away: begin when some are here.
    let patience = Instant::now() + Duration::from_secs(5);
    while timers.of(HOGGED).is_empty() && Instant::now() < patience && metrics.num_workers() > 1 {
        sleep(PERIOD).await;
    }
    // No `.await` from here on.
    let (sockets, timers) = (sockets.of(HOGGED), timers.of(HOGGED));
    let begin = Instant::now();
    while begin.elapsed() < burn {
        spin_loop();
    }
    Burned {
        begin,
        end: Instant::now(),
        sockets,
        timers,
    }
}

/// Prints what those that lived with the hog went through.
fn report(what: &str, burned: &Burned, victims: &[usize], events: &[Vec<Event>]) {
    let all = events.iter().flatten();
    let before: Samples = all
        .filter(|event| event.due + event.delay < burned.begin)
        .map(|event| event.delay)
        .collect();
    let mut first = Vec::new();
    let mut rest = Vec::new();
    for &victim in victims {
        let mut during = events[victim]
            .iter()
            .filter(|event| event.due + event.delay >= burned.begin && event.due < burned.end)
            .map(|event| event.delay);
        first.extend(during.next());
        rest.extend(during);
    }
    println!(
        "  {what}: {} of {} lived there",
        victims.len(),
        events.len()
    );
    if victims.is_empty() {
        println!("    (a sibling took them in before; try again when the machine is less busy)");
    }
    println!("    before: {before}");
    println!("    first:  {}", first.into_iter().collect::<Samples>());
    println!("    rest:   {}", rest.into_iter().collect::<Samples>());
}
