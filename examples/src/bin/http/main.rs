//! An HTTP server: hyper on Pintle, in work-stealing, thread-per-core or current-thread mode.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin http -- --mode per-core
//! curl http://127.0.0.1:8080/
//! curl --http2-prior-knowledge http://127.0.0.1:8080/worker
//! wrk -c 256 -t 1 -d 15 http://127.0.0.1:8080/
//! ```
//!
//! Try `/slow?ms=500` (waits) beside `/hog?ms=500` (keeps its worker busy): in work-stealing mode
//! the other connections do not notice either. Ctrl-C lets requests finish, and tells what each
//! worker did; a second Ctrl-C does not wait.
//!
//! - `main.rs`: the command line, the runtime, the end.
//! - `stealing.rs`: one listener; connections go to whichever worker is idle, so they are `Send`.
//! - `pinned.rs`: a listener on each worker; its connections stay there and share plain `Rc` state.
//! - `connection.rs`: what hyper does with a connection, in both.
//! - `routes.rs`: the answers.

#![forbid(unsafe_code)]

mod connection;
mod pinned;
mod routes;
mod stealing;

use pintle::runtime::RuntimeMetrics;
use pintle_examples::report::Workers;
use pintle_examples::stop::stopper;
use pintle_examples::{Args, During, Error, Mode, Result, run};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "
An HTTP/1 and HTTP/2 server.

    --addr HOST:PORT   where to listen [127.0.0.1:8080]; port 0 takes a free one
    --mode MODE        stealing, per-core or current [stealing]
    --workers N        worker threads [one for each core]

Routes: /  /worker  /slow?ms=N (sleeps)  /hog?ms=N (burns the worker)
";

/// How long requests may take to finish after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

/// What a worker has served.
#[derive(Debug, Clone, Copy, Default)]
struct Served {
    connections: u64,
    requests: u64,
}

/// How serving has ended.
#[derive(Debug)]
struct Outcome {
    /// By worker.
    served: Vec<Served>,
    /// Whether every connection has finished in time.
    complete: bool,
}

fn main() -> ExitCode {
    run(HELP, |mut args: Args| {
        let addr: SocketAddr = args.value("--addr", ([127, 0, 0, 1], 8080).into())?;
        let (mode, runtime) = Mode::from_args(&mut args)?;
        args.finish()?;
        let outcome = runtime.block_on(serve(addr, mode))?;
        report(&outcome, &runtime.metrics());
        Ok(())
    })
}

async fn serve(addr: SocketAddr, mode: Mode) -> Result<Outcome> {
    let (stopper, stop) = stopper();
    let interrupted = async move {
        pintle::signal::ctrl_c()
            .await
            .during("waiting for Ctrl-C")?;
        eprintln!("finishing; press Ctrl-C again not to wait");
        drop(stopper);
        pintle::signal::ctrl_c()
            .await
            .during("waiting for Ctrl-C")?;
        Err(Error::Failed("interrupted".into()))
    };
    let serving = async {
        match mode {
            Mode::Stealing => stealing::serve(addr, stop).await,
            Mode::PerCore | Mode::Current => pinned::serve(addr, stop).await,
        }
    };
    futures_lite::future::or(interrupted, serving).await
}

/// Tells the user, and scripts, that connections are welcome.
fn announce(addr: SocketAddr) {
    println!(
        "listening on http://{addr}, workers: {}",
        pintle::worker::count()
    );
}

fn report(outcome: &Outcome, metrics: &RuntimeMetrics) {
    println!("worker {:>11} {:>11}", "connections", "requests");
    for (worker, served) in outcome.served.iter().enumerate() {
        println!(
            "{worker:>6} {:>11} {:>11}",
            served.connections, served.requests
        );
    }
    println!("\n{}", Workers(metrics));
    if !outcome.complete {
        println!("\nsome requests had not finished after {GRACE:?}, and were dropped");
    }
}
