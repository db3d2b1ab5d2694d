//! `chat` and `proxy`, as their users would use them, in every mode.

mod common;

use common::{MODES, Running, run};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

fn chat(args: &[&str]) -> (Running, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
    let server = Running::start(command.args(["--addr", "127.0.0.1:0"]).args(args));
    let addr = server.address("listening on ");
    (server, addr)
}

/// Who types and reads lines.
struct Guest(BufReader<TcpStream>);

impl Guest {
    fn new(addr: SocketAddr) -> Guest {
        let stream = TcpStream::connect(addr).expect("it listens");
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).expect("not zero");
        let mut guest = Guest(BufReader::new(stream));
        guest.hears("* who are you?");
        guest
    }

    fn named(addr: SocketAddr, name: &str, here: &str) -> Guest {
        let mut guest = Guest::new(addr);
        guest.says(name);
        guest.hears(&format!("* welcome, {name}"));
        guest.hears(&format!("* here: {here}"));
        guest
    }

    fn says(&mut self, line: &str) {
        let line = format!("{line}\n");
        let mut stream = self.0.get_ref();
        stream.write_all(line.as_bytes()).expect("sent");
    }

    #[track_caller]
    fn hears(&mut self, line: &str) {
        let mut heard = String::new();
        self.0.read_line(&mut heard).expect("text");
        assert_eq!(heard.trim_end(), line);
    }

    #[track_caller]
    fn hears_no_more(&mut self) {
        assert_eq!(self.0.read(&mut [0]).expect("closed, not reset"), 0);
    }
}

#[test]
fn guests_hear_one_another_and_who_comes_and_goes() {
    for mode in MODES {
        let (server, addr) = chat(&["--mode", mode]);
        let mut ann = Guest::named(addr, "ann", "ann");
        let mut bob = Guest::named(addr, "bob", "ann, bob");
        ann.hears("* bob is here");
        let mut eve = Guest::named(addr, "eve", "ann, bob, eve");
        ann.hears("* eve is here");
        bob.hears("* eve is here");

        ann.says("hello");
        bob.hears("ann: hello");
        eve.hears("ann: hello");
        bob.says("hi\r");
        ann.hears("bob: hi");
        eve.hears("bob: hi");

        bob.says("/quit");
        bob.hears_no_more();
        ann.hears("* bob has left");
        eve.hears("* bob has left");
        // One who is just gone has left, too.
        drop(eve);
        ann.hears("* eve has left");
        ann.says("/who");
        ann.hears("* here: ann");

        server.interrupt();
        ann.hears("* the room closes");
        ann.hears_no_more();
        let ended = server.end();
        ended.assert_success();
        ended.assert_says("3 guests said 2 lines");
    }
}

#[test]
fn a_name_is_asked_for_until_it_will_do_and_is_free_again_afterwards() {
    let (_server, addr) = chat(&[]);
    let mut ann = Guest::named(addr, "ann", "ann");
    let mut other = Guest::new(addr);
    other.says("");
    other.hears("* a name has 1 to 20 characters; who are you?");
    other.says("not me");
    other.hears("* a name has letters and digits; who are you?");
    other.says("ann");
    other.hears("* that name is taken; who are you?");
    ann.says("/quit");
    ann.hears_no_more();
    other.says("ann");
    other.hears("* welcome, ann");
}

#[test]
fn a_line_without_end_ends_the_guest() {
    let (_server, addr) = chat(&[]);
    let mut ann = Guest::named(addr, "ann", "ann");
    let endless = Guest::named(addr, "endless", "ann, endless");
    ann.hears("* endless is here");
    let mut stream = endless.0.get_ref();
    // The room may be faster than we are.
    let _ = stream.write_all(&[b'x'; 100_000]);
    ann.hears("* endless has left");
}

#[test]
fn what_is_typed_last_is_heard_though_the_line_does_not_end() {
    let (_server, addr) = chat(&[]);
    let mut ann = Guest::named(addr, "ann", "ann");
    let bob = Guest::named(addr, "bob", "ann, bob");
    ann.hears("* bob is here");
    let mut stream = bob.0.get_ref();
    stream.write_all(b"good-bye").expect("sent");
    stream.shutdown(Shutdown::Write).expect("still there");
    ann.hears("bob: good-bye");
    ann.hears("* bob has left");
}

#[test]
fn a_guest_who_does_not_read_misses_lines_and_holds_nobody_up() {
    for mode in MODES {
        let (server, addr) = chat(&["--mode", mode, "--memory", "4"]);
        let mut talks = Guest::named(addr, "talks", "talks");
        let mut sleeps = Guest::named(addr, "sleeps", "sleeps, talks");
        let mut listens = Guest::named(addr, "listens", "listens, sleeps, talks");
        let line = "x".repeat(4000);
        // More than the system keeps for one who does not read.
        for _ in 0..4000 {
            talks.says(&line);
            listens.hears(&format!("talks: {line}"));
        }
        sleeps.hears("* listens is here");
        let mut heard = String::new();
        while !heard.starts_with("* you have missed ") {
            heard.clear();
            let length = sleeps.0.read_line(&mut heard).expect("text");
            assert_ne!(length, 0, "thrown out instead");
        }
        server.interrupt();
        server.end().assert_success();
    }
}

fn proxy(to: SocketAddr, args: &[&str]) -> (Running, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proxy"));
    let to = to.to_string();
    let command = command.args(["--addr", "127.0.0.1:0", "--to", &to]);
    let proxy = Running::start(command.args(args));
    let addr = proxy.address("listening on ");
    (proxy, addr)
}

/// Sends back, in capitals, all that a connection brings until its end; for ever.
fn shouting() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            thread::spawn(move || {
                let mut buffer = [0; 1024];
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    buffer[..length].make_ascii_uppercase();
                    if stream.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                }
            });
        }
    });
    addr
}

fn exchange(stream: &mut TcpStream) {
    stream.write_all(b"hello").expect("sent");
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).expect("answered");
    assert_eq!(&answer, b"HELLO");
}

#[test]
fn the_proxy_carries_both_ways_and_both_ends() {
    let server = shouting();
    for mode in MODES {
        let (proxy, addr) = proxy(server, &["--mode", mode]);
        let mut client = TcpStream::connect(addr).expect("it listens");
        exchange(&mut client);
        client.write_all(b"bye").expect("sent");
        client.shutdown(Shutdown::Write).expect("connected");
        let mut rest = String::new();
        client.read_to_string(&mut rest).expect("closed, not reset");
        assert_eq!(rest, "BYE");
        drop(client);
        proxy.interrupt();
        let ended = proxy.end();
        ended.assert_success();
        ended.assert_says("1 connections done, 0 could not be made");
        ended.assert_says("; 16 bytes");
    }
}

#[test]
fn the_proxy_drains_before_it_ends() {
    let server = shouting();
    for mode in MODES {
        let (proxy, addr) = proxy(server, &["--mode", mode]);
        let mut client = TcpStream::connect(addr).expect("it listens");
        exchange(&mut client);
        proxy.interrupt();
        proxy.wait_for_line("draining 1 connections");
        assert!(TcpStream::connect(addr).is_err(), "it listens no more");
        exchange(&mut client);
        drop(client);
        let ended = proxy.end();
        ended.assert_success();
        ended.assert_says("0 were cut");
    }
}

#[test]
fn connections_that_do_not_end_are_cut_after_a_grace() {
    let server = shouting();
    for mode in MODES {
        let (proxy, addr) = proxy(server, &["--mode", mode, "--grace", "1"]);
        let mut client = TcpStream::connect(addr).expect("it listens");
        exchange(&mut client);
        proxy.interrupt();
        let ended = proxy.end();
        ended.assert_success();
        ended.assert_says("1 were cut; 10 bytes");
    }
}

#[test]
fn the_proxy_serves_so_many_at_a_time_and_the_others_after_them() {
    let server = shouting();
    for mode in MODES {
        let (proxy, addr) = proxy(server, &["--mode", mode, "--limit", "1"]);
        let mut first = TcpStream::connect(addr).expect("it listens");
        exchange(&mut first);
        let mut second = TcpStream::connect(addr).expect("the backlog takes it");
        second.write_all(b"hello").expect("sent");
        let short = Some(Duration::from_millis(50));
        second.set_read_timeout(short).expect("not zero");
        assert!(second.read(&mut [0]).is_err(), "nobody serves it yet");
        second.set_read_timeout(None).expect("none");
        drop(first);
        let mut answer = [0; 5];
        second.read_exact(&mut answer).expect("served now");
        drop(second);
        proxy.interrupt();
        proxy.end().assert_success();
    }
}

#[test]
fn idle_connections_and_those_that_cannot_be_made_are_closed() {
    let (idle, addr) = proxy(shouting(), &["--idle", "1"]);
    let mut client = TcpStream::connect(addr).expect("it listens");
    exchange(&mut client);
    assert_eq!(client.read(&mut [0]).expect("closed, not reset"), 0);
    idle.interrupt();
    idle.end().assert_says("1 were idle");

    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = nobody.local_addr().expect("bound");
    drop(nobody);
    let (unreachable, addr) = proxy(to, &[]);
    let mut client = TcpStream::connect(addr).expect("it listens");
    assert_eq!(client.read(&mut [0]).expect("closed, not reset"), 0);
    unreachable.wait_for_error(&to.to_string());
    unreachable.interrupt();
    unreachable.end().assert_says("1 could not be made");
}

#[test]
fn the_proxy_wants_to_know_where_to() {
    run(env!("CARGO_BIN_EXE_proxy"), &[]).assert_fails_with(2, "--to is missing");
}

#[test]
fn numbers_beyond_reason_are_mistakes_on_the_command_line() {
    let much = usize::MAX.to_string();
    let ended = run(env!("CARGO_BIN_EXE_chat"), &["--memory", &much]);
    ended.assert_fails_with(2, "--memory");
    let args = ["--to", "127.0.0.1:1", "--limit", &much];
    run(env!("CARGO_BIN_EXE_proxy"), &args).assert_fails_with(2, "--limit");
}
