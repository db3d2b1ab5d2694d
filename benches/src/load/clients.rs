//! The clients' loop.

use super::Load;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Longer than a server may be silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// All clients.
struct Clients<'a> {
    addr: SocketAddr,
    load: &'a Load,
    request: Vec<u8>,
    /// How long an answer is: that to the first request.
    answer_length: usize,
    poll: Poll,
    clients: Vec<Client>,
    /// Clients that think, and until when.
    thinking: VecDeque<(Instant, usize)>,
    answered: usize,
    /// In microseconds.
    latencies: Vec<f64>,
}

struct Client {
    stream: TcpStream,
    asked: Instant,
    /// Bytes of the answer that are still to come; none if nothing was asked.
    left: usize,
    connecting: bool,
}

/// Runs them, and returns the number of answers, those of the warm-up excepted, and the latencies.
pub fn run(addr: SocketAddr, load: &Load, budget: Duration) -> io::Result<(usize, Vec<f64>)> {
    let mut clients = Clients::connect(addr, load)?;
    clients.go_on_until(Instant::now() + budget / 4)?;
    clients.latencies.clear();
    clients.answered = 0;
    println!("begin");
    clients.go_on_until(Instant::now() + budget)?;
    let answered = clients.answered;
    if !load.think.is_zero() {
        // Who is still waiting has waited at least so long. Without them, a server that answers
        // nobody but a few would look fast.
        for index in 0..clients.clients.len() {
            let client = &clients.clients[index];
            if client.left > 0 {
                clients.record(client.asked.elapsed());
            }
        }
    }
    Ok((answered, clients.latencies))
}

impl<'a> Clients<'a> {
    /// Makes the connections one by one, each with a round trip, so that the server has them all.
    fn connect(addr: SocketAddr, load: &'a Load) -> io::Result<Self> {
        let mut all = Self {
            addr,
            load,
            request: load.request.bytes(),
            answer_length: 0,
            poll: Poll::new()?,
            clients: Vec::with_capacity(load.connections),
            thinking: VecDeque::new(),
            answered: 0,
            latencies: Vec::new(),
        };
        for index in 0..load.connections {
            let mut stream = std::net::TcpStream::connect(addr)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(&all.request)?;
            all.answer_length = all.first_answer(&mut stream)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            all.poll
                .registry()
                .register(&mut stream, Token(index), interest)?;
            all.clients.push(Client {
                stream,
                asked: Instant::now(),
                left: 0,
                connecting: false,
            });
        }
        for index in 0..load.active {
            // Not all at once, if they think in between.
            let after = load.think * index as u32 / load.active as u32;
            all.thinking.push_back((Instant::now() + after, index));
        }
        Ok(all)
    }

    /// Reads an answer and says how long it is: as the request, or what HTTP's head says.
    fn first_answer(&self, stream: &mut impl Read) -> io::Result<usize> {
        let mut answer = vec![0; 4096];
        let mut n = 0;
        loop {
            match stream.read(&mut answer[n..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                more => n += more,
            }
            if answer[..n].ends_with(b"Hello, world!") || n == self.request.len() {
                return Ok(n);
            }
        }
    }

    fn go_on_until(&mut self, end: Instant) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            while let Some(&(due, index)) = self.thinking.front()
                && due <= now
            {
                self.thinking.pop_front();
                self.ask(index)?;
            }
            let wake = self.thinking.front().map_or(end, |(due, _)| end.min(*due));
            let timeout = wake.saturating_duration_since(Instant::now());
            match self.poll.poll(&mut events, Some(timeout)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                self.handle(event)?;
            }
        }
    }

    fn ask(&mut self, index: usize) -> io::Result<()> {
        let client = &mut self.clients[index];
        client.asked = Instant::now();
        client.left = self.answer_length;
        if self.load.reconnect {
            client.connecting = true;
            client.stream = TcpStream::connect(self.addr)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registry = self.poll.registry();
            return registry.register(&mut client.stream, Token(index), interest);
        }
        // There is room for it: the answer to the last one has come.
        client.stream.write_all(&self.request)
    }

    fn handle(&mut self, event: &Event) -> io::Result<()> {
        let index = event.token().0;
        let client = &mut self.clients[index];
        if client.connecting && event.is_writable() {
            client.connecting = false;
            client.stream.write_all(&self.request)?;
        }
        if !event.is_readable() || client.left == 0 {
            return Ok(());
        }
        let mut buffer = [0; 4096];
        loop {
            match client.stream.read(&mut buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    client.left = client.left.saturating_sub(n);
                    // A buffer that was not filled: there is no more, for now.
                    if client.left == 0 || n < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if client.left > 0 {
            return Ok(());
        }
        let wait = client.asked.elapsed();
        self.answered += 1;
        self.record(wait);
        match self.load.think {
            Duration::ZERO => self.ask(index),
            think => {
                self.thinking.push_back((Instant::now() + think, index));
                Ok(())
            }
        }
    }

    /// Notes a latency. Of a client that asks at intervals, a long wait has kept more requests from
    /// being made, which would have waited, too, each a little less.
    fn record(&mut self, mut wait: Duration) {
        self.latencies.push(wait.as_secs_f64() * 1e6);
        let interval = self.load.think;
        while !interval.is_zero() && wait > interval {
            wait -= interval;
            self.latencies.push(wait.as_secs_f64() * 1e6);
        }
    }
}
