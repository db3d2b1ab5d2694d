//! UDP: an echo server on an unconnected socket, pinged from a connected and an unconnected one.
//!
//! ```text
//! cargo run --release -p pintle-examples --bin udp                               # both ends here
//! cargo run --release -p pintle-examples --bin udp -- --listen 127.0.0.1:9000    # only the server
//! cargo run --release -p pintle-examples --bin udp -- --ping 127.0.0.1:9000      # only the pings
//! ```
//!
//! A connected socket has one peer: it uses `send` and `recv`, gets datagrams from nobody else, and
//! learns when nothing listens there (try `--ping` with no server). An unconnected one talks to
//! anybody, with `send_to` and `recv_from`.

#![forbid(unsafe_code)]

use pintle::net::UdpSocket;
use pintle::time::{Duration, Instant, timeout};
use pintle_examples::report::Samples;
use pintle_examples::{During, Error, Mode, Result, run};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

const HELP: &str = "
A UDP echo server, and pings to it; with neither option, both ends.

    --listen HOST:PORT  echo datagrams until Ctrl-C
    --ping HOST:PORT    ping a server
    --count N           how many pings from each socket [1000]
    --size BYTES        how long each is [64]
    --timeout MS        when a ping counts as lost, in milliseconds [1000]
    --mode MODE         stealing, per-core or current [stealing]
    --workers N         worker threads [one for each core]
";

/// The longest datagram there is.
const LONGEST: usize = 65_507;

#[derive(Debug, Clone, Copy)]
struct Pings {
    count: u64,
    size: usize,
    patience: Duration,
}

fn main() -> ExitCode {
    run(HELP, |mut args| {
        let listen: Option<SocketAddr> = args.optional("--listen")?;
        let ping: Option<SocketAddr> = args.optional("--ping")?;
        let pings = Pings {
            count: args.value("--count", 1000)?,
            size: args.value("--size", 64)?,
            patience: Duration::from_millis(args.value("--timeout", 1000)?),
        };
        if !(size_of::<u64>()..=LONGEST).contains(&pings.size) {
            return Err(Error::Usage(format!(
                "--size {}: from 8 to {LONGEST}",
                pings.size
            )));
        }
        let (_, runtime) = Mode::from_args(&mut args)?;
        args.finish()?;
        runtime.block_on(async {
            match (listen, ping) {
                (Some(_), Some(_)) => Err(Error::Usage(
                    "--listen and --ping are two programs; neither is both".into(),
                )),
                (Some(addr), None) => {
                    let interrupted =
                        async { pintle::signal::ctrl_c().await.during("waiting for Ctrl-C") };
                    let server = listen_on(addr).await?;
                    futures_lite::future::or(interrupted, echo(server)).await
                }
                (None, Some(server)) => pings.both_ways(server).await,
                (None, None) => {
                    let server = listen_on((Ipv4Addr::LOCALHOST, 0).into()).await?;
                    let addr = server.local_addr().during("asking for the address")?;
                    let serving = pintle::spawn(echo(server));
                    let result = pings.both_ways(addr).await;
                    serving.abort();
                    result
                }
            }
        })
    })
}

async fn listen_on(addr: SocketAddr) -> Result<UdpSocket> {
    let socket = UdpSocket::bind(addr)
        .await
        .during(format_args!("listening on {addr}"))?;
    println!(
        "listening on {}",
        socket.local_addr().during("asking for the address")?
    );
    Ok(socket)
}

/// Sends every datagram back to where it came from.
async fn echo(socket: UdpSocket) -> Result<()> {
    let mut buffer = vec![0; LONGEST];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await.during("receiving")?;
        // One peer that cannot be reached is no reason to stop serving the others.
        if let Err(error) = socket.send_to(&buffer[..length], from).await {
            eprintln!("answering {from}: {error}");
        }
    }
}

impl Pings {
    async fn both_ways(self, server: SocketAddr) -> Result<()> {
        let socket = unbound_like(server).await?;
        socket
            .connect(server)
            .await
            .during(format_args!("connecting to {server}"))?;
        self.run("connected", async |message, answer| {
            socket.send(message).await?;
            loop {
                let length = socket.recv(answer).await?;
                if answer[..length] == *message {
                    return Ok(());
                }
            }
        })
        .await?;

        let socket = unbound_like(server).await?;
        self.run("unconnected", async |message, answer| {
            socket.send_to(message, server).await?;
            loop {
                let (length, from) = socket.recv_from(answer).await?;
                if from == server && answer[..length] == *message {
                    return Ok(());
                }
            }
        })
        .await
    }

    /// Sends numbered pings, each when the one before has been answered or given up. `exchange`
    /// passes over the late answers to those that were given up.
    async fn run(
        self,
        name: &str,
        exchange: impl AsyncFn(&[u8], &mut [u8]) -> io::Result<()>,
    ) -> Result<()> {
        let mut message = vec![0; self.size];
        let mut answer = vec![0; LONGEST];
        let mut times = Vec::new();
        for number in 0..self.count {
            message[..8].copy_from_slice(&number.to_be_bytes());
            let begin = Instant::now();
            if let Ok(result) = timeout(self.patience, exchange(&message, &mut answer)).await {
                result.during("pinging")?;
                times.push(begin.elapsed());
            }
        }
        let times: Samples = times.into_iter().collect();
        let lost = self.count - times.len() as u64;
        println!(
            "{name}: {lost} of {} lost; round trips: {times}",
            self.count
        );
        if self.count > 0 && times.is_empty() {
            return Err(Error::Failed(format!(
                "nobody has answered on the {name} socket"
            )));
        }
        Ok(())
    }
}

/// A socket of the same family, on any port.
async fn unbound_like(peer: SocketAddr) -> Result<UdpSocket> {
    let any: SocketAddr = match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    UdpSocket::bind(any).await.during("making a socket")
}
