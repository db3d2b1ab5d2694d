//! The load: many connections, all open before the first byte, then all busy at once.

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::TcpStream;
use pintle::time::{Duration, Instant};
use pintle_examples::report::Samples;
use pintle_examples::{During, Error, Result};
use std::io;
use std::net::SocketAddr;

/// Connections being opened at once: as many as a listener's backlog surely holds.
const OPENERS: usize = 64;

/// What each connection sends in each round.
const MESSAGE: usize = 64;

/// Opens `connections` of the `wanted` ones and exchanges messages on all of them.
pub async fn run(server: SocketAddr, connections: usize, wanted: usize, rounds: u32) -> Result<()> {
    let begin = Instant::now();
    let streams = open(server, connections).await?;
    println!(
        "{} connections open after {:.1?}",
        streams.len(),
        begin.elapsed()
    );

    let begin = Instant::now();
    let exchanges: Vec<_> = streams
        .into_iter()
        .enumerate()
        .map(|(number, stream)| pintle::spawn(exchange(stream, number as u64, rounds)))
        .collect();
    let mut streams = Vec::with_capacity(exchanges.len());
    let mut times = Vec::new();
    for exchange in exchanges {
        let (stream, mut took) = exchange.await?.during("exchanging messages")?;
        streams.push(stream);
        times.append(&mut took);
    }
    let elapsed = begin.elapsed();
    let rate = times.len() as f64 / elapsed.as_secs_f64();
    println!(
        "{} echoes through all of them, {rate:.0} a second",
        times.len()
    );
    println!("round trips: {}", times.into_iter().collect::<Samples>());
    if streams.len() < wanted {
        return Err(Error::Failed(format!(
            "{wanted} connections were asked for"
        )));
    }
    Ok(())
}

async fn open(server: SocketAddr, connections: usize) -> Result<Vec<TcpStream>> {
    let openers: Vec<_> = (0..OPENERS)
        .map(|opener| {
            let mine = (opener..connections).step_by(OPENERS);
            pintle::spawn(async move {
                let mut streams = Vec::with_capacity(mine.len());
                for _ in mine {
                    streams.push(TcpStream::connect(server).await?);
                }
                io::Result::Ok(streams)
            })
        })
        .collect();
    let mut streams = Vec::with_capacity(connections);
    for opener in openers {
        streams.append(
            &mut opener
                .await?
                .during(format_args!("connecting to {server}"))?,
        );
    }
    Ok(streams)
}

/// Sends messages that no other connection sends, and checks that they come back. Gives the
/// connection back open.
async fn exchange(
    mut stream: TcpStream,
    number: u64,
    rounds: u32,
) -> io::Result<(TcpStream, Vec<Duration>)> {
    let mut times = Vec::with_capacity(rounds as usize);
    let mut message = [0; MESSAGE];
    let mut answer = [0; MESSAGE];
    message[..8].copy_from_slice(&number.to_be_bytes());
    for round in 0..rounds {
        message[8..12].copy_from_slice(&round.to_be_bytes());
        let begin = Instant::now();
        stream.write_all(&message).await?;
        stream.read_exact(&mut answer).await?;
        times.push(begin.elapsed());
        if answer != message {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "that is not what was sent",
            ));
        }
    }
    Ok((stream, times))
}
