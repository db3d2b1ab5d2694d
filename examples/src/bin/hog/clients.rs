//! Threads that ping with blocking sockets, so that nothing of the runtime is in what they measure
//! but the server.

use crate::{Event, PERIOD};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// One end of a connection, silent so far.
pub struct Pinger(TcpStream);

/// What a pinger's thread will have seen.
pub type Pings = JoinHandle<io::Result<Vec<Event>>>;

/// Makes connections: our ends, and the server's.
pub fn connect(count: usize) -> io::Result<(Vec<Pinger>, Vec<TcpStream>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    let pair = |_| {
        let ours = TcpStream::connect(addr)?;
        let (theirs, _) = listener.accept()?;
        ours.set_nodelay(true)?;
        theirs.set_nodelay(true)?;
        theirs.set_nonblocking(true)?;
        Ok((Pinger(ours), theirs))
    };
    (0..count).map(pair).collect()
}

impl Pinger {
    pub fn start(self, done: Arc<AtomicBool>) -> Pings {
        let Pinger(mut stream) = self;
        thread::spawn(move || {
            let mut pings = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let due = Instant::now();
                stream.write_all(&[1])?;
                stream.read_exact(&mut [0])?;
                pings.push(Event {
                    due,
                    delay: due.elapsed(),
                });
                thread::sleep(PERIOD);
            }
            Ok(pings)
        })
    }
}

/// Waits for all threads.
pub fn join(pingers: Vec<Pings>) -> io::Result<Vec<Vec<Event>>> {
    let ended = |pings: Pings| {
        pings
            .join()
            .map_err(|_panic| io::Error::other("a client panicked"))?
    };
    pingers.into_iter().map(ended).collect()
}
