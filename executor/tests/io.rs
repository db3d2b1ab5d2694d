//! What `pintle::io` has of its own: duplex streams, copying both ways, the standard streams.

mod support;

use pintle::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter,
    DuplexStream, ErrorKind, StreamExt, copy_bidirectional, copy_bidirectional_with_sizes, duplex,
};
use std::io::{self, BufRead, IoSlice, IoSliceMut, Read, Write};
use std::pin::{Pin, pin};
use std::process::{Command, Stdio};
use std::task::{Context, Poll, Waker};
use support::{every_mode, guarded, poll_once};

fn numbers(count: usize) -> Vec<u8> {
    (0..count).map(|n| (n % 251) as u8).collect()
}

fn is_pending<T>(future: impl Future<Output = T>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    pin!(future).poll(&mut cx).is_pending()
}

// ----- duplex ---------------------------------------------------------------------------------

#[test]
fn a_duplex_carries_bytes_both_ways() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (ours, theirs) = duplex(100);
            let (sent_here, sent_there) = (numbers(100_000), numbers(77_777));
            let both = |mut stream: DuplexStream, sent: Vec<u8>| async move {
                let mut heard = Vec::new();
                let (mut reader, mut writer) = pintle::io::split(&mut stream);
                let write = async {
                    writer.write_all(&sent).await?;
                    writer.close().await
                };
                futures_lite::future::try_zip(write, reader.read_to_end(&mut heard)).await?;
                io::Result::Ok(heard)
            };
            let there = pintle::spawn(both(theirs, sent_there.clone()));
            let here = pintle::spawn(both(ours, sent_here.clone()));
            assert!(here.await.unwrap().unwrap() == sent_there);
            assert!(there.await.unwrap().unwrap() == sent_here);
        });
    });
}

#[test]
fn a_full_duplex_waits_for_the_reader() {
    guarded("full", || {
        futures_lite::future::block_on(async {
            let (mut ours, mut theirs) = duplex(10);
            assert_eq!(ours.write(&[1; 20]).await.unwrap(), 10);
            assert!(is_pending(ours.write(&[2])));
            assert_eq!(ours.write(&[]).await.unwrap(), 0, "nothing always fits");
            let mut buf = [0; 4];
            theirs.read_exact(&mut buf).await.unwrap();
            assert_eq!(ours.write(&[2; 20]).await.unwrap(), 4);
            let mut rest = [0; 10];
            theirs.read_exact(&mut rest).await.unwrap();
            assert_eq!(rest, [1, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
            assert!(is_pending(theirs.read(&mut rest)));
            assert_eq!(theirs.read(&mut []).await.unwrap(), 0);
        });
    });
}

#[test]
fn a_closed_duplex_is_read_to_the_end() {
    futures_lite::future::block_on(async {
        let (mut ours, mut theirs) = duplex(10);
        ours.write_all(b"last").await.unwrap();
        ours.close().await.unwrap();
        ours.close().await.unwrap();
        let error = ours.write(b"late").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let mut text = Vec::new();
        theirs.read_to_end(&mut text).await.unwrap();
        assert_eq!(text, b"last");
        // The other direction is open.
        theirs.write_all(b"answer").await.unwrap();
        drop(theirs);
        text.clear();
        ours.read_to_end(&mut text).await.unwrap();
        assert_eq!(text, b"answer");
    });
}

#[test]
fn who_waits_is_woken_when_the_other_end_is_dropped() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (mut ours, theirs) = duplex(10);
            let reader = pintle::spawn(async move {
                let mut buf = [0; 1];
                ours.read(&mut buf).await.map(|count| (count, ours))
            });
            pintle::task::yield_now().await;
            drop(theirs);
            assert_eq!(reader.await.unwrap().unwrap().0, 0);

            let (mut ours, theirs) = duplex(10);
            let writer = pintle::spawn(async move { ours.write_all(&[0; 100]).await });
            pintle::task::yield_now().await;
            drop(theirs);
            let error = writer.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
    });
}

#[test]
fn a_duplex_scatters_and_gathers() {
    futures_lite::future::block_on(async {
        let (mut ours, mut theirs) = duplex(5);
        let parts = [
            IoSlice::new(b"ab"),
            IoSlice::new(b""),
            IoSlice::new(b"cdefg"),
        ];
        assert_eq!(ours.write_vectored(&parts).await.unwrap(), 5);
        let (mut one, mut two) = ([0; 3], [0; 3]);
        let mut parts = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
        assert_eq!(theirs.read_vectored(&mut parts).await.unwrap(), 5);
        assert_eq!((&one, &two), (b"abc", b"de\0"));
    });
}

#[test]
fn a_duplex_takes_part_in_the_budget() {
    use support::Mode;
    Mode::CurrentThread.runtime().block_on(async {
        let (mut ours, mut theirs) = duplex(10);
        let turns = std::rc::Rc::new(std::cell::Cell::new(0));
        let other = pintle::task::spawn_local({
            let turns = turns.clone();
            async move {
                loop {
                    turns.set(turns.get() + 1);
                    pintle::task::yield_now().await;
                }
            }
        });
        for _ in 0..2000 {
            ours.write_all(b"x").await.unwrap();
            theirs.read_exact(&mut [0]).await.unwrap();
        }
        assert!(turns.get() >= 10, "had {} turns", turns.get());
        other.abort();
    });
}

// ----- copy_bidirectional ---------------------------------------------------------------------

#[test]
fn each_direction_ends_by_itself() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (mut client, mut inner) = duplex(64);
            let (mut outer, mut server) = duplex(64);
            let sizes =
                async move { copy_bidirectional_with_sizes(&mut inner, &mut outer, 100, 7).await };
            let proxy = pintle::spawn(sizes);
            client.write_all(b"request").await.unwrap();
            client.close().await.unwrap();
            let mut request = String::new();
            server.read_to_string(&mut request).await.unwrap();
            assert_eq!(request, "request");
            // The client has ended; the server goes on for long.
            let answer = numbers(10_000);
            let expected = answer.clone();
            let server = pintle::spawn(async move {
                server.write_all(&answer).await.unwrap();
            });
            let mut heard = Vec::new();
            client.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, expected);
            server.await.unwrap();
            assert_eq!(proxy.await.unwrap().unwrap(), (7, 10_000));
        });
    });
}

#[test]
fn a_proxy_of_sockets() {
    use pintle::net::{TcpListener, TcpStream};
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let echo_address = echo.local_addr().unwrap();
            pintle::spawn(async move {
                let (stream, _) = echo.accept().await.unwrap();
                pintle::io::copy(&stream, &mut &stream).await.unwrap();
                (&stream).close().await.unwrap();
            });
            let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let proxy_address = proxy.local_addr().unwrap();
            let proxy = pintle::spawn(async move {
                let (mut client, _) = proxy.accept().await.unwrap();
                let mut server = TcpStream::connect(echo_address).await.unwrap();
                copy_bidirectional(&mut client, &mut server).await
            });
            let mut stream = TcpStream::connect(proxy_address).await.unwrap();
            let sent = numbers(1_000_000);
            let (mut reader, mut writer) = stream.split();
            let write = async {
                writer.write_all(&sent).await?;
                writer.close().await
            };
            let mut heard = Vec::new();
            let read = reader.read_to_end(&mut heard);
            futures_lite::future::try_zip(write, read).await.unwrap();
            assert!(heard == sent);
            assert_eq!(proxy.await.unwrap().unwrap(), (1_000_000, 1_000_000));
        });
    });
}

/// A stream whose writes are buffered, and so are only seen when flushed.
struct Buffered(BufWriter<DuplexStream>);

impl AsyncRead for Buffered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.0.get_mut()).poll_read(cx, buf)
    }
}

impl AsyncWrite for Buffered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

#[test]
fn what_is_copied_is_flushed_before_the_next_wait() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (mut client, mut inner) = duplex(64);
            let (outer, mut server) = duplex(64);
            let mut outer = Buffered(BufWriter::new(outer));
            let proxy =
                pintle::spawn(async move { copy_bidirectional(&mut inner, &mut outer).await });
            for _ in 0..10 {
                client.write_all(b"ping").await.unwrap();
                server.read_exact(&mut [0; 4]).await.unwrap();
                server.write_all(b"pong").await.unwrap();
                client.read_exact(&mut [0; 4]).await.unwrap();
            }
            drop((client, server));
            assert_eq!(proxy.await.unwrap().unwrap(), (40, 40));
        });
    });
}

#[test]
fn an_error_ends_both_directions() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (mut client, mut inner) = duplex(64);
            let (mut outer, server) = duplex(64);
            let proxy =
                pintle::spawn(async move { copy_bidirectional(&mut inner, &mut outer).await });
            drop(server);
            client.write_all(b"nobody hears").await.unwrap();
            let error = proxy.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
    });
}

#[test]
fn no_room_is_a_mistake() {
    support::assert_panics_with(&["0 bytes"], || duplex(0));
    let (mut one, mut other) = duplex(1);
    support::assert_panics_with(&["0 bytes"], || {
        is_pending(copy_bidirectional_with_sizes(&mut one, &mut other, 0, 1))
    });
}

// ----- the standard streams -------------------------------------------------------------------

/// Set for the tests that have standard streams of their own.
const ALONE: &str = "PINTLE_TEST_ALONE";

fn is_alone() -> bool {
    std::env::var_os(ALONE).is_some()
}

/// Runs one of the ignored tests below.
fn run_alone(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "-q"]);
    command.env(ALONE, test);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
#[ignore = "run by `what_is_typed_is_heard_and_answered_at_once`"]
fn answers() {
    if !is_alone() {
        return;
    }
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut stdin = pintle::io::stdin();
            let mut stdout = pintle::io::stdout();
            stdout
                .write_all(format!("hello from {mode:?}\n").as_bytes())
                .await
                .unwrap();
            loop {
                let mut line = Vec::new();
                // By bytes, so that nothing is read that is for the next flavour.
                while !line.ends_with(b"\n") {
                    let mut byte = [0];
                    stdin.read_exact(&mut byte).await.unwrap();
                    line.extend(byte);
                }
                if line == b"bye\n" {
                    break;
                }
                stdout.write_all(b"you said ").await.unwrap();
                stdout.write_all(&line).await.unwrap();
            }
            stdout.flush().await.unwrap();
        });
    });
}

#[test]
fn what_is_typed_is_heard_and_answered_at_once() {
    guarded("dialogue", || {
        let mut child = run_alone("answers").spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let stdout = io::BufReader::new(child.stdout.take().unwrap());
        let mut said = stdout.lines().map(Result::unwrap);
        for mode in ["MultiThread", "ThreadPerCore", "CurrentThread"] {
            let hello = format!("hello from {mode}");
            said.find(|line| line.contains(&hello)).expect(&hello);
            for line in ["one", "two"] {
                writeln!(stdin, "{line}").unwrap();
                assert_eq!(said.next(), Some(format!("you said {line}")));
            }
            writeln!(stdin, "bye").unwrap();
        }
        said.for_each(drop);
        assert!(child.wait().unwrap().success());
    });
}

#[test]
#[ignore = "run by `much_is_said_and_all_of_it_heard`"]
fn echoes() {
    if !is_alone() {
        return;
    }
    support::Mode::MultiThread.runtime().block_on(async {
        let mut lines = BufReader::new(pintle::io::stdin()).lines();
        let mut stdout = pintle::io::stdout();
        let mut stderr = pintle::io::stderr();
        while let Some(line) = lines.next().await {
            let line = line.unwrap() + "\n";
            let parts = [IoSlice::new(b"echo "), IoSlice::new(line.as_bytes())];
            stdout.write_vectored(&parts).await.unwrap();
            stderr.write_all(b"!").await.unwrap();
        }
        stdout.close().await.unwrap();
        stdout.write_all(b"closing leaves it open\n").await.unwrap();
        stdout.flush().await.unwrap();
        stderr.flush().await.unwrap();
    });
}

#[test]
fn much_is_said_and_all_of_it_heard() {
    guarded("echo", || {
        let mut child = run_alone("echoes").spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || {
            for n in 0..20_000 {
                writeln!(stdin, "{n}").unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        // The harness says something, too, perhaps on the same line.
        let echoes: Vec<_> = said
            .lines()
            .filter_map(|line| Some(line.split_once("echo ")?.1))
            .collect();
        assert!(
            echoes
                .iter()
                .enumerate()
                .all(|(n, echo)| *echo == n.to_string())
        );
        assert_eq!(echoes.len(), 20_000);
        assert!(said.contains("closing leaves it open"));
        assert_eq!(
            output.stderr.iter().filter(|byte| **byte == b'!').count(),
            20_000
        );
    });
}

#[test]
#[ignore = "run by `a_dropped_read_of_the_input_loses_nothing`"]
fn gives_up_reading() {
    if !is_alone() {
        return;
    }
    support::Mode::CurrentThread.runtime().block_on(async {
        let mut stdin = pintle::io::stdin();
        let mut buf = [0; 100];
        assert!(poll_once(pin!(stdin.read(&mut buf))).await.is_pending());
        std::io::stdout().write_all(b"\ngo on\n").unwrap();
        let mut all = Vec::new();
        stdin.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"kept");
    });
}

#[test]
fn a_dropped_read_of_the_input_loses_nothing() {
    guarded("give up", || {
        let mut child = run_alone("gives_up_reading").spawn().unwrap();
        let stdout = io::BufReader::new(child.stdout.take().unwrap());
        let mut lines = stdout.lines().map(Result::unwrap);
        assert!(lines.any(|line| line == "go on"));
        child.stdin.take().unwrap().write_all(b"kept").unwrap();
        lines.for_each(drop);
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(child.wait().unwrap().success(), "{said}");
    });
}
