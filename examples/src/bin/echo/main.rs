//! An echo server over TCP and Unix sockets, and a client that holds thousands of connections.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin echo                          # serve; nc 127.0.0.1 7000
//! cargo run --release -p pintle-examples --bin echo -- --unix /tmp/echo.sock # nc -U /tmp/echo.sock
//! cargo run --release -p pintle-examples --bin echo -- --bench 10000         # server and client
//! cargo run --release -p pintle-examples --bin echo -- --connect 127.0.0.1:7000 --bench 10000
//! ```
//!
//! The server closes connections that send nothing for a while (`--idle`), so that the forgotten
//! ones do not pile up. Ctrl-C ends it and tells what it has seen.
//!
//! `--bench N` opens N connections, holds them all open, and then echoes through all of them at
//! once. Each connection takes a descriptor at either end, so the client is a process of its own,
//! started by the server, and both raise their limit on descriptors as far as they may.
//!
//! - `main.rs`: the command line; which of the three to be.
//! - `server.rs`: serving either kind of socket.
//! - `client.rs`: the load.

#![forbid(unsafe_code)]

mod client;
mod server;

use pintle::net::{TcpListener, UnixListener};
use pintle::time::Duration;
use pintle_examples::limits::raise_descriptors;
use pintle_examples::report::Workers;
use pintle_examples::{Args, During, Error, Mode, Result, run};
use server::Tally;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::Arc;

const HELP: &str = "
An echo server, and a client that holds many connections.

    --addr HOST:PORT     serve TCP here [127.0.0.1:7000]; port 0 takes a free one
    --unix PATH          serve a Unix socket instead
    --idle SECONDS       close connections that say nothing for so long [60]
    --bench N            open N connections and echo through all; serves them as well,
    --connect HOST:PORT    unless this names a server
    --rounds N           how often each connection of --bench echoes [10]
    --mode MODE          stealing, per-core or current [stealing]
    --workers N          worker threads [one for each core]
";

/// What a process needs besides its connections: standard streams, reactors, a listener.
const OTHER_DESCRIPTORS: u64 = 64;

fn main() -> ExitCode {
    run(HELP, |mut args: Args| {
        let unix: Option<PathBuf> = args.optional("--unix")?;
        let addr: Option<SocketAddr> = args.optional("--addr")?;
        let idle = Duration::from_secs(args.value("--idle", 60)?);
        let bench: Option<usize> = args.optional("--bench")?;
        let connect: Option<SocketAddr> = args.optional("--connect")?;
        let rounds = args.value("--rounds", 10)?;
        let (mode, runtime) = Mode::from_args(&mut args)?;
        args.finish()?;
        if unix.is_some() && (addr.is_some() || bench.is_some()) {
            return Err(Error::Usage(
                "--unix goes with neither --addr nor --bench".into(),
            ));
        }

        if let Some(server) = connect {
            let wanted = bench.unwrap_or(1);
            return runtime.block_on(client::run(server, affordable(wanted), wanted, rounds));
        }
        let tally = Arc::<Tally>::default();
        let result = runtime.block_on(async {
            match (unix, bench) {
                (Some(path), _) => serve_unix(&path, idle, &tally).await,
                (None, None) => {
                    let addr = addr.unwrap_or(([127, 0, 0, 1], 7000).into());
                    serve_tcp(addr, idle, &tally).await
                }
                (None, Some(connections)) => {
                    let addr = addr.unwrap_or(([127, 0, 0, 1], 0).into());
                    serve_client(addr, idle, &tally, connections, rounds, mode).await
                }
            }
        });
        println!("{tally}\n\n{}", Workers(&runtime.metrics()));
        result
    })
}

async fn interrupted() -> Result<()> {
    pintle::signal::ctrl_c().await.during("waiting for Ctrl-C")
}

async fn listen(addr: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(addr)
        .await
        .during(format_args!("listening on {addr}"))?;
    let addr = listener.local_addr().during("asking for the address")?;
    println!("listening on {addr}");
    Ok((listener, addr))
}

async fn serve_tcp(addr: SocketAddr, idle: Duration, tally: &Arc<Tally>) -> Result<()> {
    let (listener, _) = listen(addr).await?;
    futures_lite::future::or(interrupted(), server::serve(listener, idle, tally)).await
}

async fn serve_unix(path: &Path, idle: Duration, tally: &Arc<Tally>) -> Result<()> {
    let name = path.display();
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let hint = format!("listening on {name} (if no server is there, remove the file)");
            return Err(error).during(hint);
        }
        other => other.during(format_args!("listening on {name}"))?,
    };
    println!("listening on {name}");
    let result =
        futures_lite::future::or(interrupted(), server::serve(listener, idle, tally)).await;
    std::fs::remove_file(path).during(format_args!("removing {name}"))?;
    result
}

/// Serves a client that this process starts, until it ends.
async fn serve_client(
    addr: SocketAddr,
    idle: Duration,
    tally: &Arc<Tally>,
    connections: usize,
    rounds: u32,
    mode: Mode,
) -> Result<()> {
    let affordable = affordable(connections);
    let (listener, addr) = listen(addr).await?;
    let client = async {
        let mut child =
            start_client(addr, affordable, rounds, mode).during("starting the client")?;
        let ended = pintle::task::spawn_blocking(move || child.0.wait()).await?;
        if !ended.during("waiting for the client")?.success() {
            return Err(Error::Failed("the client has failed".into()));
        }
        if affordable < connections {
            return Err(Error::Failed(format!(
                "{connections} connections were asked for, {affordable} were possible"
            )));
        }
        Ok(())
    };
    let serving = server::serve(listener, idle, tally);
    futures_lite::future::or(futures_lite::future::or(interrupted(), client), serving).await
}

/// Does not outlive its parent's interest in it.
struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_client(
    addr: SocketAddr,
    connections: usize,
    rounds: u32,
    mode: Mode,
) -> io::Result<Client> {
    let words = [
        format!("--connect={addr}"),
        format!("--bench={connections}"),
        format!("--rounds={rounds}"),
        format!("--mode={mode}"),
    ];
    Command::new(std::env::current_exe()?)
        .args(words)
        .spawn()
        .map(Client)
}

/// How many connections this process may hold, of those wanted; says so if it is not all.
fn affordable(connections: usize) -> usize {
    let wanted = connections as u64 + OTHER_DESCRIPTORS;
    let limit = raise_descriptors(wanted);
    if limit >= wanted {
        return connections;
    }
    let affordable = limit.saturating_sub(OTHER_DESCRIPTORS) as usize;
    eprintln!(
        "the system allows this process {limit} descriptors and no more (`ulimit -Hn`): \
         {affordable} connections instead of {connections}"
    );
    affordable
}
