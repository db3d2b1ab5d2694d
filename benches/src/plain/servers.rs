//! Servers that are a loop around `mio`'s poll, one on each thread.

use crate::load::{BUFFER_LENGTH, Load, Request, raise_limit};
use crate::scenarios::Setup;
use crate::scenarios::computing::burn;
use crate::scenarios::growth::long_enough;
use crate::scenarios::serving::{Served, hog_load, hog_setup, measure, shared_listener};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

/// What hyper answers, byte for byte, but for the time.
const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\
    date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nHello, world!";

pub fn echo(setup: &Setup) -> [f64; 3] {
    let served = serve(setup, &Load::of(64, Request::Echo));
    [served.cpu, served.rate, served.p99]
}

pub fn http(setup: &Setup) -> [f64; 3] {
    let served = serve(setup, &Load::of(64, Request::Http));
    [served.cpu, served.rate, served.p99]
}

pub fn connect(setup: &Setup) -> [f64; 1] {
    let load = Load {
        reconnect: true,
        ..Load::of(16, Request::Echo)
    };
    [serve(setup, &load).cpu]
}

pub fn idle(setup: &Setup) -> [f64; 2] {
    let load = Load {
        active: 16,
        ..Load::of(5000, Request::Echo)
    };
    let served = serve(setup, &load);
    [served.cpu, served.memory]
}

pub fn connections(setup: &Setup) -> [f64; 1] {
    let load = Load::of(setup.size, Request::Echo);
    [serve(&long_enough(setup), &load).cpu]
}

/// The one that computes has a thread of its own.
pub fn hog(setup: &Setup) -> [f64; 3] {
    let setup = Setup {
        workers: 1,
        ..hog_setup(setup)
    };
    let served = measure(&setup, start(&setup, Request::Echo), &hog_load(), || {
        thread::spawn(|| {
            loop {
                burn(Duration::from_millis(20));
            }
        });
    });
    [served.p50, served.p99, served.max]
}

fn serve(setup: &Setup, load: &Load) -> Served {
    measure(setup, start(setup, load.request), load, || ())
}

/// Starts servers on one port.
fn start(setup: &Setup, request: Request) -> SocketAddr {
    raise_limit();
    let mut addr = SocketAddr::from(([127, 0, 0, 1], 0));
    for _ in 0..setup.workers {
        let listener = shared_listener(addr);
        addr = listener.local_addr().expect("an address");
        thread::spawn(move || run(TcpListener::from_std(listener), request));
    }
    addr
}

const LISTENER: Token = Token(usize::MAX);

fn run(mut listener: TcpListener, request: Request) {
    let mut poll = Poll::new().expect("a poll");
    let registry = poll.registry().try_clone().expect("a registry");
    let registered = registry.register(&mut listener, LISTENER, Interest::READABLE);
    registered.expect("a listener");
    let mut connections: Vec<Option<TcpStream>> = Vec::new();
    let mut free = Vec::new();
    let mut events = Events::with_capacity(1024);
    loop {
        poll.poll(&mut events, None).expect("events");
        for event in &events {
            if event.token() != LISTENER {
                let place = event.token().0;
                let slot = &mut connections[place];
                let open = slot.as_mut().is_some_and(|stream| answer(stream, request));
                if !open && slot.take().is_some() {
                    free.push(place);
                }
                continue;
            }
            while let Ok((mut stream, _)) = listener.accept() {
                let place = free.pop().unwrap_or_else(|| {
                    connections.push(None);
                    connections.len() - 1
                });
                let registered = registry.register(&mut stream, Token(place), Interest::READABLE);
                registered.expect("a stream");
                connections[place] = Some(stream);
            }
        }
    }
}

/// Reads what there is and answers it; says whether the connection is still open.
fn answer(stream: &mut TcpStream, request: Request) -> bool {
    let mut buffer = [0; BUFFER_LENGTH];
    loop {
        let n = match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(n) => n,
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        };
        let written = match request {
            Request::Echo => stream.write_all(&buffer[..n]),
            // Requests come one at a time, and whole.
            Request::Http => stream.write_all(HELLO),
        };
        if written.is_err() {
            return false;
        }
        if n < buffer.len() {
            return true;
        }
    }
}
