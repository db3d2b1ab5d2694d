//! The HTTP server, over real sockets, in every mode.

mod common;

use common::{Ended, MODES, Running};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

const HTTP: &str = env!("CARGO_BIN_EXE_http");

/// No answer in these tests takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    program: Running,
    addr: SocketAddr,
}

impl Server {
    fn start(mode: &str) -> Server {
        Server::launch(Command::new(HTTP).args(["--addr", "127.0.0.1:0", "--mode", mode]))
    }

    /// With no more than `descriptors`.
    fn start_with(descriptors: u32, mode: &str) -> Server {
        let script =
            format!("ulimit -n {descriptors}; exec {HTTP} --addr 127.0.0.1:0 --mode {mode}");
        Server::launch(Command::new("sh").args(["-c", &script]))
    }

    fn launch(command: &mut Command) -> Server {
        let program = Running::start(command);
        let addr = program.address("listening on http://");
        Server { program, addr }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.addr).expect("the server listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("an open socket");
        Client {
            stream,
            read: Vec::new(),
        }
    }

    fn stop(self) -> Ended {
        self.program.interrupt();
        self.program.end()
    }
}

/// One connection, kept alive.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    fn send(&mut self, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        self.stream.write_all(request.as_bytes()).expect("can send");
    }

    /// The status and the body of the next answer.
    fn receive(&mut self) -> (u16, String) {
        let head_end = loop {
            if let Some(at) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more();
        };
        let head = String::from_utf8_lossy(&self.read[..head_end]).to_lowercase();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|word| word.parse().ok())
            .expect("a status");
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("a number"));
        while self.read.len() < head_end + length {
            self.read_more();
        }
        let body = String::from_utf8_lossy(&self.read[head_end..head_end + length]).into_owned();
        self.read.drain(..head_end + length);
        (status, body)
    }

    fn read_more(&mut self) {
        let mut buffer = [0; 4096];
        let length = self.stream.read(&mut buffer).expect("an answer");
        assert!(length > 0, "the server has hung up");
        self.read.extend_from_slice(&buffer[..length]);
    }

    fn get(&mut self, path: &str) -> (u16, String) {
        self.send(path);
        self.receive()
    }

    /// Whether there is something to read within a moment.
    fn has_answer(&self) -> bool {
        let moment = Some(Duration::from_millis(1));
        self.stream
            .set_read_timeout(moment)
            .expect("an open socket");
        let answer = self.stream.peek(&mut [0]);
        self.stream
            .set_read_timeout(Some(PATIENCE))
            .expect("an open socket");
        match answer {
            Ok(length) => {
                assert!(length > 0, "the server has hung up");
                true
            }
            Err(_timeout) => false,
        }
    }

    /// Whether the server has closed the connection.
    fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0))
    }
}

/// The rows of the table of what was served: worker, connections, requests.
fn table(ended: &Ended) -> Vec<[u64; 3]> {
    let lines = ended
        .stdout
        .lines()
        .skip_while(|line| !line.contains("requests"))
        .skip(1);
    let numbers = |line: &str| {
        let words = line.split_whitespace();
        let row: Vec<u64> = words.map(|word| word.parse().expect("a number")).collect();
        row.try_into().expect("three columns")
    };
    lines
        .take_while(|line| !line.is_empty())
        .map(numbers)
        .collect()
}

fn workers(ended: &Ended) -> usize {
    table(ended).len()
}

fn requests(ended: &Ended) -> u64 {
    table(ended).iter().map(|[_, _, requests]| requests).sum()
}

#[test]
fn every_route_answers_on_one_connection() {
    for mode in MODES {
        let server = Server::start(mode);
        let mut client = server.connect();
        assert_eq!(client.get("/"), (200, "Hello from Pintle!\n".into()));
        assert!(client.get("/worker").1.starts_with("worker "));
        assert_eq!(client.get("/slow?ms=5"), (200, "slept 5ms\n".into()));
        assert!(
            client
                .get("/hog?ms=5")
                .1
                .starts_with("burned 5ms on worker ")
        );
        assert_eq!(client.get("/slow?ms=never").0, 400);
        assert_eq!(client.get("/slow?ms=60001").0, 400);
        assert_eq!(client.get("/nowhere").0, 404);
        let ended = server.stop();
        ended.assert_success();
        assert_eq!(requests(&ended), 7, "{ended:?}");
    }
}

#[test]
fn a_client_with_prior_knowledge_gets_http_2() {
    for mode in MODES {
        let server = Server::start(mode);
        let mut client = server.connect();
        // The preface, and an empty SETTINGS frame.
        let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
        client.stream.write_all(hello).expect("can send");
        while client.read.len() < 9 {
            client.read_more();
        }
        assert_eq!(
            client.read[3], 4,
            "the server's first frame is its SETTINGS"
        );
        // We do not speak enough of it to part in peace.
        drop(client);
        server.stop().assert_success();
    }
}

#[test]
fn many_connections_at_once_are_served_and_counted() {
    for mode in MODES {
        let server = Server::start(mode);
        let mut clients: Vec<_> = (0..50).map(|_| server.connect()).collect();
        for _ in 0..4 {
            clients.iter_mut().for_each(|client| client.send("/"));
            for client in &mut clients {
                assert_eq!(client.receive().0, 200);
            }
        }
        let ended = server.stop();
        ended.assert_success();
        assert_eq!(requests(&ended), 200, "{ended:?}");
    }
}

#[test]
fn ctrl_c_lets_a_request_finish_and_closes_what_is_idle() {
    for mode in MODES {
        let server = Server::start(mode);
        let mut idle = server.connect();
        assert_eq!(idle.get("/").0, 200);
        let mut busy = server.connect();
        assert_eq!(busy.get("/").0, 200);
        busy.send("/slow?ms=300");
        // The request has been read when the next connection's has been answered twice over.
        for _ in 0..2 {
            assert_eq!(idle.get("/slow?ms=20").0, 200);
        }
        server.program.interrupt();
        assert!(idle.is_closed());
        assert_eq!(busy.receive(), (200, "slept 300ms\n".into()));
        assert!(busy.is_closed());
        server.program.end().assert_success();
    }
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let server = Server::start("stealing");
    let mut idle = server.connect();
    let mut busy = server.connect();
    assert_eq!(idle.get("/").0, 200);
    busy.send("/slow?ms=60000");
    assert_eq!(idle.get("/slow?ms=20").0, 200);
    server.program.interrupt();
    assert!(idle.is_closed());
    server.program.interrupt();
    server.program.end().assert_fails_with(1, "interrupted");
}

#[test]
fn a_server_out_of_descriptors_serves_those_it_has_and_accepts_again() {
    for mode in MODES {
        let server = Server::start_with(64, mode);
        let mut clients: Vec<_> = (0..80).map(|_| server.connect()).collect();
        clients.iter_mut().for_each(|client| client.send("/"));
        server.program.wait_for_error("accept: Too many open files");

        // Those that are in are served, again and again; when one leaves, another gets in.
        let mut waiting = clients;
        while !waiting.is_empty() {
            waiting.retain_mut(|client| {
                if !client.has_answer() {
                    return true;
                }
                assert_eq!(client.receive().0, 200);
                assert_eq!(client.get("/worker").0, 200);
                false
            });
        }
        let ended = server.stop();
        ended.assert_success();
        assert_eq!(requests(&ended), 160, "{ended:?}");
        // Once for each listener.
        let reports = ended.stderr.matches("accept: ").count();
        let listeners = if mode == "per-core" {
            workers(&ended)
        } else {
            1
        };
        assert!((1..=listeners).contains(&reports), "{ended:?}");
    }
}

#[test]
fn mistakes_on_the_command_line_are_told() {
    for (args, words) in [
        (
            &["--mode", "fast"][..],
            "--mode fast: the modes are stealing, per-core and current",
        ),
        (&["--addr", "here"], "--addr here: "),
        (&["--workers", "0"], "--workers 0: "),
        (
            &["--mode", "current", "--workers", "2"],
            "--mode current has one worker",
        ),
        (&["--port", "80"], "--port is not an option"),
    ] {
        common::run(HTTP, args).assert_fails_with(2, words);
    }
    let server = Server::start("stealing");
    let ended = common::run(HTTP, &["--addr", &server.addr.to_string()]);
    ended.assert_fails_with(1, "listening on 127.0.0.1:");
}
