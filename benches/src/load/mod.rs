//! The load generator: one thread with `mio` in a process of its own, so that what it costs is not
//! taken for the server's.
//!
//! It opens its connections and makes one round trip on each. Then it says `begin` after a warm-up,
//! and at the end `end`, with the number of answers and their latencies.

mod clients;

use crate::args::Args;
use crate::stats::percentile;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Bytes of a request and of its answer.
const ECHO_LENGTH: usize = 1024;
/// Bytes of a server's buffer: larger, so that it can tell from a short read that there is no more.
pub const BUFFER_LENGTH: usize = 4096;

/// Descriptors that are not connections: listeners, polls, files; of any runtime.
const SPARE: usize = 200;

/// What clients ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Echo,
    Http,
}

/// What clients do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub connections: usize,
    /// So many of them do anything.
    pub active: usize,
    pub request: Request,
    /// How long a client waits between an answer and the next request.
    pub think: Duration,
    /// Whether it makes a new connection for each request.
    pub reconnect: bool,
}

impl Load {
    /// So many clients, each with a request under way all the time.
    pub fn of(connections: usize, request: Request) -> Self {
        Self {
            connections,
            active: connections,
            request,
            think: Duration::ZERO,
            reconnect: false,
        }
    }
}

impl Request {
    fn name(self) -> &'static str {
        match self {
            Request::Echo => "echo",
            Request::Http => "http",
        }
    }

    fn bytes(self) -> Vec<u8> {
        match self {
            Request::Echo => vec![b'x'; ECHO_LENGTH],
            Request::Http => b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        }
    }
}

/// The answers of a session, latencies in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    pub count: usize,
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// A load generator that runs.
#[derive(Debug)]
pub struct Session {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Session {
    /// Starts one that goes on for `budget`, after a quarter of that.
    pub fn start(addr: SocketAddr, load: &Load, budget: Duration) -> Self {
        let limit = raise_limit();
        assert!(
            load.connections + SPARE <= limit,
            "{} connections are more than the hard limit of descriptors allows: {limit}",
            load.connections
        );
        let me = std::env::current_exe().expect("the path of this program");
        let mut command = Command::new(me);
        command
            .arg("load")
            .args(["--addr", &addr.to_string()])
            .args(["--connections", &load.connections.to_string()])
            .args(["--active", &load.active.to_string()])
            .args(["--request", load.request.name()])
            .args(["--think-us", &load.think.as_micros().to_string()])
            .args(["--budget-us", &budget.as_micros().to_string()])
            .args(load.reconnect.then_some("--reconnect"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("a load generator");
        let output = child.stdout.take().expect("it is piped");
        Self {
            child,
            output: BufReader::new(output),
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a pipe");
        line
    }

    /// Waits until it is warm.
    pub fn await_begin(&mut self) {
        let line = self.line();
        assert_eq!(line, "begin\n", "the load generator failed");
    }

    /// Waits until it has had its time.
    pub fn await_end(mut self) -> Answers {
        let line = self.line();
        let mut fields = line.split_whitespace().skip(1).map(|field| {
            let number = field.parse::<f64>();
            number.expect("a number from the load generator")
        });
        let mut next = || fields.next().expect("the load generator failed");
        let answers = Answers {
            count: next() as usize,
            p50: next(),
            p99: next(),
            max: next(),
        };
        let _ = self.child.wait();
        answers
    }
}

/// The load generator's process.
pub fn main(mut args: Args) -> Result<(), String> {
    let missing = || "the load generator is started by cells".to_owned();
    let connections = args.value("--connections")?.ok_or_else(missing)?;
    let request: String = args.value("--request")?.ok_or_else(missing)?;
    let load = Load {
        connections,
        active: args.value("--active")?.unwrap_or(connections),
        request: match request.as_str() {
            "http" => Request::Http,
            _ => Request::Echo,
        },
        think: Duration::from_micros(args.value("--think-us")?.unwrap_or(0)),
        reconnect: args.flag("--reconnect"),
    };
    let budget = Duration::from_micros(args.value("--budget-us")?.ok_or_else(missing)?);
    let addr = args.value("--addr")?.ok_or_else(missing)?;
    args.finish()?;
    raise_limit();
    let done = clients::run(addr, &load, budget).map_err(|error| error.to_string())?;
    let (count, mut latencies) = done;
    if latencies.is_empty() {
        return Err("no answers".into());
    }
    let mut of = |share| percentile(&mut latencies, share);
    println!("end {count} {} {} {}", of(0.5), of(0.99), of(1.0));
    Ok(())
}

/// Lets this process have as many descriptors as the system allows, and says how many.
pub fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let now = match setrlimit(Resource::Nofile, most) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    // None is no limit.
    now.map_or(usize::MAX, |most| most as usize)
}
