//! Every other program, with small numbers, in every mode.

mod common;

use common::{MODES, Running, run};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Command;

#[test]
fn every_program_explains_itself() {
    for program in [
        env!("CARGO_BIN_EXE_chat"),
        env!("CARGO_BIN_EXE_echo"),
        env!("CARGO_BIN_EXE_fswork"),
        env!("CARGO_BIN_EXE_hog"),
        env!("CARGO_BIN_EXE_http"),
        env!("CARGO_BIN_EXE_million"),
        env!("CARGO_BIN_EXE_proxy"),
        env!("CARGO_BIN_EXE_reactor_alone"),
        env!("CARGO_BIN_EXE_spawn_local"),
        env!("CARGO_BIN_EXE_timers"),
        env!("CARGO_BIN_EXE_tiny_executor"),
        env!("CARGO_BIN_EXE_udp"),
        env!("CARGO_BIN_EXE_wheel_alone"),
    ] {
        let ended = run(program, &["--help"]);
        ended.assert_success();
        assert!(ended.stdout.lines().count() > 2, "{ended:?}");
        run(program, &["--nonsense"]).assert_fails_with(2, "--nonsense");
    }
}

#[test]
fn timers_are_never_early() {
    for mode in MODES {
        let ended = run(
            env!("CARGO_BIN_EXE_timers"),
            &["--mode", mode, "--tasks", "2000", "--longest", "50"],
        );
        ended.assert_success();
        ended.assert_says("2000 tasks");
        ended.assert_says("early: none");
        ended.assert_says("500ms under a limit of 10ms: deadline has elapsed");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn idle_tasks_are_spawned_measured_and_dropped() {
    for mode in MODES {
        for sleep in [&["--sleep"][..], &[]] {
            let args = [&["--mode", mode, "--tasks", "5000"], sleep].concat();
            let ended = run(env!("CARGO_BIN_EXE_million"), &args);
            ended.assert_success();
            ended.assert_says("bytes a task");
            ended.assert_says("futures dropped: 5000");
        }
    }
}

#[test]
fn local_tasks_share_state_on_every_worker() {
    for (mode, workers) in [("stealing", 3), ("per-core", 3), ("current", 1)] {
        let count = workers.to_string();
        let args = [
            "--mode",
            mode,
            "--workers",
            &count,
            "--tasks",
            "3",
            "--rounds",
            "10",
        ];
        let ended = run(env!("CARGO_BIN_EXE_spawn_local"), &args);
        ended.assert_success();
        for worker in 0..workers {
            ended.assert_says(&format!(
                "worker {worker}: 3 tasks passed the token 30 times"
            ));
        }
    }
}

#[test]
fn udp_pings_come_back_on_both_kinds_of_socket() {
    for mode in MODES {
        let ended = run(
            env!("CARGO_BIN_EXE_udp"),
            &["--mode", mode, "--count", "50"],
        );
        ended.assert_success();
        ended.assert_says("\nconnected: 0 of 50 lost");
        ended.assert_says("\nunconnected: 0 of 50 lost");
    }
}

#[test]
fn udp_pings_to_nobody_are_an_error() {
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let addr = nobody.local_addr().expect("bound").to_string();
    let args = ["--ping", &addr, "--count", "2", "--timeout", "10"];
    let ended = run(env!("CARGO_BIN_EXE_udp"), &args);
    ended.assert_fails_with(1, "nobody has answered");
}

#[test]
fn echo_serves_tcp_until_interrupted() {
    for mode in MODES {
        let mut command = Command::new(env!("CARGO_BIN_EXE_echo"));
        let server = Running::start(command.args(["--addr", "127.0.0.1:0", "--mode", mode]));
        let addr = server.address("listening on ");
        let mut client = TcpStream::connect(addr).expect("it listens");
        exchange(&mut client);
        server.interrupt();
        let ended = server.end();
        ended.assert_success();
        ended.assert_says("served 1 connections, at most 1 at once, and 5 bytes");
    }
}

#[test]
fn echo_closes_connections_that_say_nothing() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_echo"));
    let server = Running::start(command.args(["--addr", "127.0.0.1:0", "--idle", "1"]));
    let mut client = TcpStream::connect(server.address("listening on ")).expect("it listens");
    exchange(&mut client);
    assert_eq!(client.read(&mut [0]).expect("closed, not reset"), 0);
    server.interrupt();
    server
        .end()
        .assert_says("1 were idle for too long, 0 failed");
}

#[test]
fn echo_serves_a_unix_socket_and_removes_it() {
    let path = std::env::temp_dir().join(format!("pintle-echo-{}.sock", std::process::id()));
    let name = path.to_str().expect("a plain name");
    let server = Running::start(Command::new(env!("CARGO_BIN_EXE_echo")).args(["--unix", name]));
    server.wait_for_line("listening on ");
    exchange(&mut UnixStream::connect(&path).expect("it listens"));
    let second = run(env!("CARGO_BIN_EXE_echo"), &["--unix", name]);
    second.assert_fails_with(1, "remove the file");
    server.interrupt();
    server.end().assert_success();
    assert!(!path.exists());
}

#[test]
fn echo_holds_many_connections_at_once() {
    for mode in MODES {
        let args = ["--bench", "200", "--rounds", "3", "--mode", mode];
        let ended = run(env!("CARGO_BIN_EXE_echo"), &args);
        ended.assert_success();
        ended.assert_says("200 connections open");
        ended.assert_says("600 echoes through all of them");
        ended.assert_says("served 200 connections, at most 200 at once, and 38400 bytes");
    }
}

#[test]
fn echo_says_how_many_connections_are_possible() {
    let echo = env!("CARGO_BIN_EXE_echo");
    let script = format!("ulimit -n 100; ulimit -Hn 100; exec {echo} --bench 200 --rounds 1");
    let ended = Running::start(Command::new("sh").args(["-c", &script])).end();
    ended.assert_fails_with(1, "200 connections were asked for, 36 were possible");
    ended.assert_fails_with(1, "allows this process 100 descriptors");
    ended.assert_says("36 connections open");
}

fn exchange(stream: &mut (impl Read + Write)) {
    stream.write_all(b"hello").expect("sent");
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).expect("answered");
    assert_eq!(&answer, b"hello");
}

#[test]
fn a_hog_delays_what_lives_with_it_in_every_mode() {
    for mode in MODES {
        let args = ["--mode", mode, "--seconds", "0.2", "--count", "2"];
        let ended = run(env!("CARGO_BIN_EXE_hog"), &args);
        ended.assert_success();
        ended.assert_says("burns 200ms");
        ended.assert_says("of 2 lived there");
        if mode != "stealing" {
            ended.assert_says("echo: 2 of 2 lived there");
            ended.assert_says("rest:   none");
            ended.assert_says("0 of the connections have moved house; rescues: 0");
        }
    }
}

#[test]
fn the_wheel_turns_alone() {
    let ended = run(
        env!("CARGO_BIN_EXE_wheel_alone"),
        &["7", "7", "4096", "100000000000000"],
    );
    ended.assert_success();
    ended.assert_says("fired [7, 7]");
    ended.assert_says("fired [4096]");
    ended.assert_says("fired [100000000000000]");
}

#[test]
fn the_reactor_turns_alone_and_registers_a_connection_once() {
    let ended = run(env!("CARGO_BIN_EXE_reactor_alone"), &["--messages", "5"]);
    ended.assert_success();
    assert_eq!(
        ended.stdout.matches("echoing 9 bytes").count(),
        5,
        "{ended:?}"
    );
    // The connection's, and the listener's if the client was slow.
    ended.assert_says("registrations so far");
    assert!(!ended.stdout.contains("3 registrations"), "{ended:?}");
}

#[test]
fn the_tiny_executor_runs_tasks_sockets_and_timers() {
    let ended = run(env!("CARGO_BIN_EXE_tiny_executor"), &["--messages", "2"]);
    ended.assert_success();
    for line in [
        "one, 0", "one, 1", "two, 0", "two, 1", "three, 0", "three, 1",
    ] {
        ended.assert_says(line);
    }
}
