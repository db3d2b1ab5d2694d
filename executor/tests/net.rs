//! Sockets in tasks: every kind in every flavour, on whatever worker or runtime they come to.

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use pintle::runtime::RuntimeMetrics;
use pintle::task;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use support::{Event, Mode, every_mode, join_all, poll_once};

/// Runs `main` at the root, and again as a task.
fn at_root_and_in_task<F>(main: fn(Mode) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    every_mode(|mode| {
        let runtime = mode.runtime();
        runtime.block_on(main(mode));
        runtime.block_on(runtime.spawn(main(mode))).unwrap();
    });
}

async fn echo<S: pintle::io::AsyncRead + pintle::io::AsyncWrite + Unpin>(mut stream: S) {
    let mut buf = [0; 4096];
    loop {
        match stream.read(&mut buf).await.unwrap() {
            0 => break,
            n => stream.write_all(&buf[..n]).await.unwrap(),
        }
    }
}

/// Sends more than a socket's buffers hold, in both directions at once.
async fn exchange<R, W>(mut reader: R, mut writer: W)
where
    R: pintle::io::AsyncRead + Unpin + Send + 'static,
    W: pintle::io::AsyncWrite + Unpin + Send + 'static,
{
    let sent: Arc<Vec<u8>> = Arc::new((0..1_000_000_u32).map(|n| (n % 251) as u8).collect());
    let writes = pintle::spawn({
        let sent = sent.clone();
        async move {
            writer.write_all(&sent).await.unwrap();
            writer.close().await.unwrap();
        }
    });
    let mut received = Vec::new();
    reader.read_to_end(&mut received).await.unwrap();
    writes.await.unwrap();
    assert!(received == *sent);
}

async fn tcp_echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(pintle::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            drop(pintle::spawn(echo(stream)));
        }
    }));
    address
}

#[test]
fn tcp_echoes() {
    at_root_and_in_task(|_| async {
        let address = tcp_echo_server().await;
        let clients = (0..4).map(|_| {
            pintle::spawn(async move {
                let (reader, writer) = TcpStream::connect(address).await.unwrap().into_split();
                exchange(reader, writer).await;
            })
        });
        join_all(clients.collect::<Vec<_>>()).await;
    });
}

#[test]
fn unix_streams_echo() {
    at_root_and_in_task(|_| async {
        let path = std::env::temp_dir().join(format!(
            "pintle-{}-{:?}.sock",
            std::process::id(),
            thread::current().id()
        ));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let server = pintle::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            echo(stream).await;
        });
        let (reader, writer) = UnixStream::connect(&path).await.unwrap().into_split();
        exchange(reader, writer).await;
        server.await.unwrap();
        std::fs::remove_file(&path).unwrap();
    });
}

#[test]
fn a_pair_of_unix_streams_echoes() {
    at_root_and_in_task(|_| async {
        let (near, far) = UnixStream::pair().unwrap();
        let server = pintle::spawn(echo(far));
        let (reader, writer) = near.into_split();
        exchange(reader, writer).await;
        server.await.unwrap();
    });
}

#[test]
fn udp_echoes() {
    at_root_and_in_task(|_| async {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let server = pintle::spawn(async move {
            let mut buf = [0; 64];
            for _ in 0..20 {
                let (n, from) = server.recv_from(&mut buf).await.unwrap();
                server.send_to(&buf[..n], from).await.unwrap();
            }
        });
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client.connect(address).await.unwrap();
        for n in 0..20_u8 {
            client.send(&[n, n]).await.unwrap();
            let mut buf = [0; 64];
            assert_eq!(client.recv(&mut buf).await.unwrap(), 2);
            assert_eq!(buf[..2], [n, n]);
        }
        server.await.unwrap();
    });
}

#[test]
fn unix_datagrams_echo() {
    at_root_and_in_task(|_| async {
        let (near, far) = UnixDatagram::pair().unwrap();
        let server = pintle::spawn(async move {
            let mut buf = [0; 64];
            for _ in 0..20 {
                let n = far.recv(&mut buf).await.unwrap();
                far.send(&buf[..n]).await.unwrap();
            }
        });
        for n in 0..20_u8 {
            near.send(&[n]).await.unwrap();
            let mut buf = [0; 64];
            assert_eq!(near.recv(&mut buf).await.unwrap(), 1);
            assert_eq!(buf[0], n);
        }
        server.await.unwrap();
    });
}

#[test]
fn several_tasks_accept_from_one_listener() {
    const CONNECTIONS: usize = 40;
    at_root_and_in_task(|mode| async move {
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = listener.local_addr().unwrap();
        let accepting: Vec<_> = (0..4)
            .map(|n| {
                let listener = listener.clone();
                pintle::spawn_on(n % mode.workers(), move || async move {
                    loop {
                        let (mut stream, _) = listener.accept().await.unwrap();
                        stream.write_all(&[n as u8]).await.unwrap();
                    }
                })
            })
            .collect();
        let clients = (0..CONNECTIONS).map(|_| {
            pintle::spawn(async move {
                let mut who = Vec::new();
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.read_to_end(&mut who).await.unwrap();
                assert_eq!(who.len(), 1, "served once");
            })
        });
        join_all(clients.collect::<Vec<_>>()).await;
        accepting.iter().for_each(task::JoinHandle::abort);
        for task in accepting {
            assert!(task.await.unwrap_err().is_cancelled());
        }
    });
}

#[test]
fn a_connection_handed_to_another_worker_lives_there() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let metrics = runtime.metrics();
        let last = mode.workers() - 1;
        let (accepted, client) = runtime.block_on(async {
            let accept = pintle::spawn_on(0, || async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let client = task::spawn_blocking(move || std::net::TcpStream::connect(address));
                let (stream, _) = listener.accept().await.unwrap();
                (stream, client.await.unwrap().unwrap())
            });
            accept.await.unwrap()
        });
        let before = metrics.worker_registration_count(last);
        let served = runtime
            .handle()
            .spawn_on(last, move || async move { echo(accepted).await });
        let watched = metrics.clone();
        let exchange = runtime.spawn_blocking(move || {
            use std::io::{Read, Write};
            // Nothing comes before the server has to wait for it, on its new worker.
            support::wait_until(|| watched.worker_registration_count(last) > before);
            let mut client = client;
            for n in 0..50 {
                client.write_all(&[n]).unwrap();
                client.read_exact(&mut [0]).unwrap();
            }
        });
        runtime.block_on(async {
            exchange.await.unwrap();
            served.await.unwrap();
        });
        assert_eq!(metrics.worker_registration_count(last) - before, 1);
        if mode.has_threads() {
            assert!(
                metrics.worker_registration_count(0) <= 1,
                "the listener's own at most"
            );
        }
    });
}

#[test]
fn halves_are_read_and_written_on_different_workers() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        runtime.block_on(async {
            let address = tcp_echo_server().await;
            let stream = TcpStream::connect(address).await.unwrap();
            let (mut reader, mut writer) = stream.into_split();
            let writes = pintle::spawn_on(0, move || async move {
                for n in 0..100_u8 {
                    writer.write_all(&[n; 100]).await.unwrap();
                    task::yield_now().await;
                }
                writer
            });
            let reads = pintle::spawn_on(mode.workers() - 1, move || async move {
                let mut all = vec![0; 100 * 100];
                reader.read_exact(&mut all).await.unwrap();
                (reader, all)
            });
            let (writer, (reader, all)) = (writes.await.unwrap(), reads.await.unwrap());
            assert!(
                all.iter()
                    .enumerate()
                    .all(|(at, n)| at / 100 == usize::from(*n))
            );
            let mut stream = reader.reunite(writer).unwrap();
            let (mut reader, mut writer) = stream.split();
            let both = futures_lite::future::zip(
                async { writer.write_all(b"again").await.unwrap() },
                async { reader.read_exact(&mut [0; 5]).await.unwrap() },
            );
            both.await;
        });
    });
}

#[test]
fn names_are_resolved() {
    at_root_and_in_task(|_| async {
        let listener = TcpListener::bind("localhost:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = pintle::spawn(async move { drop(listener.accept().await.unwrap()) });
        let mut stream = TcpStream::connect(("localhost", port)).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        server.await.unwrap();
        assert!(TcpStream::connect("name.invalid:80").await.is_err());
    });
}

#[test]
fn a_refused_connection_is_an_error() {
    at_root_and_in_task(|_| async {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_peer_that_goes_away_ends_the_wait() {
    at_root_and_in_task(|_| async {
        let (mut near, far) = UnixStream::pair().unwrap();
        let reading = pintle::spawn(async move { near.read(&mut [0]).await.unwrap() });
        task::yield_now().await;
        drop(far);
        assert_eq!(reading.await.unwrap(), 0);
    });
}

#[test]
fn dropping_one_socket_while_another_waits_disturbs_nobody() {
    at_root_and_in_task(|mode| async move {
        let (mut near, far) = UnixStream::pair().unwrap();
        let reading = pintle::spawn(async move {
            let mut byte = [0];
            near.read_exact(&mut byte).await.unwrap();
            byte[0]
        });
        for n in 0..200 {
            let dropped = pintle::spawn_on(n % mode.workers(), || async {
                let (mut one, _two) = UnixStream::pair().unwrap();
                let mut byte = [0];
                let mut wait = std::pin::pin!(one.read(&mut byte));
                assert!(poll_once(wait.as_mut()).await.is_pending());
            });
            dropped.await.unwrap();
        }
        let mut far = far;
        far.write_all(&[9]).await.unwrap();
        assert_eq!(reading.await.unwrap(), 9);
    });
}

#[test]
fn a_wait_that_is_aborted_frees_the_socket() {
    at_root_and_in_task(|_| async {
        let (near, mut far) = UnixStream::pair().unwrap();
        let waiting = pintle::spawn(async move {
            let mut near = near;
            let _ = near.read(&mut [0]).await;
        });
        task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(
            far.read(&mut [0]).await.unwrap(),
            0,
            "the other end is closed"
        );
    });
}

#[test]
fn a_socket_goes_on_in_another_runtime_when_its_first_is_gone() {
    every_mode(|mode| {
        let (mut near, far) = UnixStream::pair().unwrap();
        let first = mode.runtime();
        // Registered at the root, then with a worker.
        let mut byte = [0];
        first.block_on(async {
            let mut wait = std::pin::pin!(near.read(&mut byte));
            assert!(poll_once(wait.as_mut()).await.is_pending());
        });
        let near = first.block_on(first.spawn(async move {
            {
                let mut byte = [0];
                let mut wait = std::pin::pin!(near.read(&mut byte));
                assert!(poll_once(wait.as_mut()).await.is_pending());
            }
            near
        }));
        drop(first);
        let second = mode.runtime();
        let mut near = near.unwrap();
        let reading = second.spawn(async move {
            let mut byte = [0];
            near.read_exact(&mut byte).await.unwrap();
            byte[0]
        });
        let mut far = far;
        second.block_on(async {
            for _ in 0..5 {
                task::yield_now().await;
            }
            far.write_all(&[3]).await.unwrap();
            assert_eq!(reading.await.unwrap(), 3);
        });
    });
}

#[test]
fn a_wait_in_one_runtime_outlives_another_that_served_the_socket() {
    every_mode(|mode| {
        let (near, far) = UnixStream::pair().unwrap();
        let (near, far) = (Arc::new(near), Arc::new(far));
        let (first, second) = (mode.runtime(), mode.runtime());
        // Registered with the first runtime ...
        first.block_on(async {
            let mut wait = std::pin::pin!(near.readable());
            let _ = poll_once(wait.as_mut()).await;
            let _ = near.try_read(&mut [0]);
            assert!(
                poll_once(std::pin::pin!(near.readable()).as_mut())
                    .await
                    .is_pending()
            );
        });
        let on_first = first.spawn({
            let near = near.clone();
            async move {
                let _ = near.readable().await;
            }
        });
        // ... while a task of the second waits for it.
        let waiting = Event::new();
        let reading = second.spawn({
            let (near, waiting) = (near.clone(), waiting.clone());
            async move {
                loop {
                    let readable = std::pin::pin!(near.readable());
                    let mut readable = readable;
                    let first = poll_once(readable.as_mut()).await;
                    waiting.set();
                    if first.is_pending() {
                        readable.await.unwrap();
                    }
                    match near.try_read(&mut [0]) {
                        Ok(n) => break n,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                    }
                }
            }
        });
        second.block_on(waiting.wait());
        drop(first);
        drop(on_first);
        second.block_on(async {
            far.writable().await.unwrap();
            assert_eq!(far.try_write(&[1]).unwrap(), 1);
            assert_eq!(reading.await.unwrap(), 1);
        });
    });
}

#[test]
fn sockets_work_on_a_foreign_executor_that_has_entered_the_runtime() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        thread::scope(|scope| {
            // A current-thread runtime serves its sockets while somebody is inside.
            let (over, address) = (Event::new(), runtime.block_on(tcp_echo_server()));
            scope.spawn({
                let (runtime, over) = (&runtime, over.clone());
                move || runtime.block_on(over.wait())
            });
            let _guard = runtime.enter();
            futures_lite::future::block_on(async {
                let (reader, writer) = TcpStream::connect(address).await.unwrap().into_split();
                exchange(reader, writer).await;
            });
            over.set();
        });
    });
}

#[test]
fn a_stream_used_where_nothing_drives_it_says_what_to_do() {
    let (mut near, _far) = UnixStream::pair().unwrap();
    let error = futures_lite::future::block_on(near.read(&mut [0])).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("block_on") && message.contains("enter"),
        "{message}"
    );
}

#[test]
fn sockets_are_read_with_a_timeout() {
    at_root_and_in_task(|_| async {
        let (mut near, mut far) = UnixStream::pair().unwrap();
        for _ in 0..3 {
            let mut byte = [0];
            let read = pintle::time::timeout(Duration::from_millis(1), near.read(&mut byte));
            assert!(read.await.is_err());
        }
        far.write_all(&[4]).await.unwrap();
        let mut byte = [0];
        let read = pintle::time::timeout(Duration::from_secs(3600), near.read(&mut byte));
        assert_eq!(read.await.unwrap().unwrap(), 1);
    });
}

#[test]
fn a_stopped_clock_does_not_jump_over_what_a_socket_has_to_say() {
    every_mode(|mode| {
        let runtime = mode.builder().start_paused(true).build().unwrap();
        // Both ends on one worker: of bytes on their way to another the clock knows nothing.
        let exchange = || async {
            let (mut near, far) = UnixStream::pair().unwrap();
            let server = task::spawn_local(echo(far));
            let exchange = pintle::time::timeout(Duration::from_secs(5), async {
                for n in 0..20 {
                    near.write_all(&[n]).await.unwrap();
                    near.read_exact(&mut [0]).await.unwrap();
                }
            });
            exchange
                .await
                .expect("no time passes while bytes are on their way");
            drop(near);
            server.await.unwrap();
        };
        runtime.block_on(exchange());
        runtime
            .block_on(runtime.handle().spawn_on(0, exchange))
            .unwrap();
    });
}

#[test]
fn many_connections_at_once_echo() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        runtime.block_on(async {
            let clients = (0..200).map(|n| {
                pintle::spawn(async move {
                    let (mut near, far) = UnixStream::pair().unwrap();
                    let server = pintle::spawn(echo(far));
                    for _ in 0..5 {
                        near.write_all(&[n as u8]).await.unwrap();
                        task::yield_now().await;
                        let mut byte = [0];
                        near.read_exact(&mut byte).await.unwrap();
                        assert_eq!(byte[0], n as u8);
                    }
                    drop(near);
                    server.await.unwrap();
                })
            });
            join_all(clients.collect::<Vec<_>>()).await;
        });
        let metrics = runtime.metrics();
        let events: u64 = (0..mode.workers())
            .map(|w| RuntimeMetrics::worker_io_event_count(&metrics, w))
            .sum();
        assert!(events > 0);
    });
}
