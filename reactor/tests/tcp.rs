//! TCP, as a user sees it.

#![cfg(not(loom))]

mod hand;

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, SocketAddr};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use hand::{Task, both, driver, settle};
use pintle_reactor::Interest;
use pintle_reactor::net::tcp::ReuniteError;
use pintle_reactor::net::{TcpListener, TcpSocket, TcpStream};

fn run<F: Future>(future: F) -> F::Output {
    hand::run(&driver(), future)
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let addr = listener.local_addr().expect("addr");
    (listener, addr)
}

async fn pair() -> (TcpStream, TcpStream) {
    let (listener, addr) = listen().await;
    let (client, server) = both(TcpStream::connect(addr), listener.accept()).await;
    (client.expect("connect"), server.expect("accept").0)
}

#[test]
fn an_end_that_comes_with_data_is_seen_after_a_short_read() {
    run(async {
        let (mut client, mut server) = pair().await;
        let mut buf = [0; 100];
        let reader = async {
            assert_eq!(server.read(&mut buf).await.expect("read"), 3);
            assert_eq!(server.read(&mut buf).await.expect("read"), 0);
            assert_eq!(server.read(&mut buf).await.expect("read"), 0);
        };
        let writer = async {
            futures_lite::future::yield_now().await;
            client.write_all(b"end").await.expect("write");
            client.close().await.expect("close");
        };
        both(reader, writer).await;
    });
}

#[test]
fn an_end_that_comes_after_a_short_read_is_seen() {
    let driver = driver();
    let (mut client, mut server) = hand::run(&driver, pair());
    hand::run(&driver, async {
        let mut buf = [0; 100];
        let reading = async { server.read(&mut buf).await.expect("read") };
        let (n, wrote) = both(reading, client.write_all(b"x")).await;
        wrote.expect("write");
        assert_eq!(n, 1);
        let (n, closed) = both(server.read(&mut buf), client.close()).await;
        closed.expect("close");
        assert_eq!(n.expect("read"), 0);
    });
}

#[test]
fn many_tasks_accept_from_one_listener() {
    let driver = driver();
    let (listener, addr) = hand::run(&driver, listen());
    let tasks: Vec<_> = (0..4).map(|_| Task::on(&driver)).collect();
    let mut accepts: Vec<_> = (0..4).map(|_| Box::pin(listener.accept())).collect();
    for (task, accept) in tasks.iter().zip(&mut accepts) {
        assert!(task.poll(&driver, accept.as_mut()).is_pending());
    }
    // One goes away; the others must not miss its connection.
    drop(accepts.pop());
    let clients: Vec<_> = (0..3)
        .map(|_| std::net::TcpStream::connect(addr).expect("connect"))
        .collect();
    settle(&driver);
    let mut accepted: Vec<_> = tasks
        .iter()
        .zip(&mut accepts)
        .map(|(task, accept)| match task.poll(&driver, accept.as_mut()) {
            Poll::Ready(Ok((_, addr))) => addr,
            other => panic!("{other:?}"),
        })
        .collect();
    accepted.sort_unstable();
    let mut connected: Vec<_> = clients
        .iter()
        .map(|client| client.local_addr().expect("addr"))
        .collect();
    connected.sort_unstable();
    assert_eq!(accepted, connected);
    assert_eq!(driver.registrations(), 1);
}

#[test]
fn accepted_streams_are_nonblocking() {
    run(async {
        let (client, server) = pair().await;
        for stream in [&client, &server] {
            let error = stream.try_read(&mut [0; 1]).expect_err("nothing there");
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        }
    });
}

#[test]
fn megabytes_go_both_ways_at_once() {
    const SIZE: usize = 4 << 20;
    run(async {
        let (client, server) = pair().await;
        let echo = async {
            let (mut read, mut write) = server.into_split();
            futures_lite::io::copy(&mut read, &mut write)
                .await
                .expect("echo")
        };
        let (mut read, mut write) = client.into_split();
        let sent: Vec<u8> = (0..SIZE).map(|i| (i / 7) as u8).collect();
        let send = async {
            write.write_all(&sent).await.expect("write");
            drop(write);
        };
        let mut heard = Vec::new();
        let ((echoed, ()), read) = both(both(echo, send), read.read_to_end(&mut heard)).await;
        assert_eq!(echoed, SIZE as u64);
        read.expect("read");
        assert!(heard == sent);
    });
}

#[test]
fn buffers_are_gathered_and_scattered() {
    run(async {
        let (mut client, mut server) = pair().await;
        // More than one call takes, and more than is counted when looking for short transfers.
        let pieces: Vec<[u8; 3]> = (0..2000_u16).map(|i| [i as u8, 1, 2]).collect();
        let mut left: &[[u8; 3]] = &pieces;
        let writer = async {
            while !left.is_empty() {
                let slices: Vec<_> = left.iter().map(|piece| IoSlice::new(piece)).collect();
                let n = client.write_vectored(&slices).await.expect("write");
                assert_eq!(n % 3, 0, "loopback takes whole calls of this size");
                left = &left[n / 3..];
            }
            client.close().await.expect("close");
        };
        let reader = async {
            let mut heard = Vec::<u8>::new();
            loop {
                let (mut a, mut b) = ([0; 5], [0; 4]);
                let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
                let n = server.read_vectored(&mut bufs).await.expect("read");
                if n == 0 {
                    break heard;
                }
                heard.extend(a.iter().chain(&b).copied().take(n));
            }
        };
        let ((), heard) = both(writer, reader).await;
        assert_eq!(heard, pieces.concat());
    });
}

#[test]
fn peeking_takes_nothing() {
    run(async {
        let (mut client, mut server) = pair().await;
        let mut buf = [0; 8];
        let (peeked, wrote) = both(server.peek(&mut buf), client.write_all(b"peek")).await;
        wrote.expect("write");
        assert_eq!(peeked.expect("peek"), 4);
        assert_eq!(server.read(&mut buf).await.expect("read"), 4);
    });
}

#[test]
fn readiness_and_trying_go_together() {
    run(async {
        let (client, server) = pair().await;
        client.writable().await.expect("writable");
        assert_eq!(client.try_write(b"abc").expect("write"), 3);
        let ready = server.ready(Interest::READABLE).await.expect("ready");
        assert!(ready.is_readable() && !ready.is_writable());
        let mut buf = [0; 8];
        assert_eq!(server.try_read(&mut buf).expect("read"), 3);
        let error = server.try_read(&mut buf).expect_err("empty");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);

        client.shutdown(Shutdown::Write).expect("shutdown");
        let ready = server.ready(Interest::READABLE).await.expect("ready");
        assert!(ready.is_read_closed());
        let again = server.ready(Interest::READABLE).await.expect("ready");
        assert!(again.is_read_closed(), "the end stays");
    });
}

#[test]
fn dropping_the_owned_writing_half_ends_the_writing_and_forgetting_it_does_not() {
    run(async {
        let (client, mut server) = pair().await;
        let (read, write) = client.into_split();
        write.forget();
        let mut buf = [0; 1];
        let mut reading = pin!(server.read(&mut buf));
        assert!(
            futures_lite::future::poll_once(reading.as_mut())
                .await
                .is_none()
        );
        drop(read);
        assert_eq!(reading.await.expect("read"), 0);

        let (client, mut server) = pair().await;
        let (_read, write) = client.into_split();
        drop(write);
        assert_eq!(server.read(&mut buf).await.expect("read"), 0);
    });
}

#[test]
fn halves_are_reunited_only_with_their_own() {
    run(async {
        let ((one, _a), (two, _b)) = (pair().await, pair().await);
        let addr = one.local_addr().expect("addr");
        let (one_read, one_write) = one.into_split();
        let (two_read, two_write) = two.into_split();
        let ReuniteError(one_read, two_write) =
            one_read.reunite(two_write).expect_err("not the same");
        two_write.reunite(two_read).expect("the same");
        let one = one_read.reunite(one_write).expect("the same");
        assert_eq!(one.local_addr().expect("addr"), addr);
        assert_eq!(one.try_write(b"still open").expect("write"), 10);
    });
}

#[test]
fn connecting_tries_one_address_after_the_other() {
    run(async {
        let (listener, addr) = listen().await;
        let refused = listen().await.1;
        let stream = TcpStream::connect(&[refused, addr][..])
            .await
            .expect("connect");
        assert_eq!(stream.peer_addr().expect("addr"), addr);
        drop(listener);
        let error = TcpStream::connect(refused).await.expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let error = TcpStream::connect(&[][..]).await.expect_err("none");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let error = TcpStream::connect("no.resolver:80")
            .await
            .expect_err("name");
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    });
}

#[test]
fn options_are_what_they_were_set_to() {
    run(async {
        let socket = TcpSocket::new_v4().expect("socket");
        socket.set_keepalive(true).expect("set");
        socket.set_nodelay(true).expect("set");
        socket.set_linger(Some(Duration::ZERO)).expect("set");
        socket.set_send_buffer_size(1 << 16).expect("set");
        socket.set_recv_buffer_size(1 << 16).expect("set");
        assert!(socket.keepalive().expect("get") && socket.nodelay().expect("get"));
        assert!(socket.send_buffer_size().expect("get") >= 1 << 16);
        assert!(socket.recv_buffer_size().expect("get") >= 1 << 16);
        let (_listener, addr) = listen().await;
        let stream = socket.connect(addr).await.expect("connect");
        assert!(stream.nodelay().expect("get"));
        assert_eq!(stream.linger().expect("get"), Some(Duration::ZERO));
        stream.set_linger(None).expect("set");
        stream.set_ttl(42).expect("set");
        assert_eq!(stream.ttl().expect("get"), 42);
        assert!(stream.take_error().expect("get").is_none());
    });
}

#[test]
fn streams_of_std_come_and_go() {
    run(async {
        let (listener, addr) = listen().await;
        let client = std::net::TcpStream::connect(addr).expect("connect");
        let (server, _) = listener.accept().await.expect("accept");
        let mut client = TcpStream::from_std(client).expect("from std");
        client.write_all(b"x").await.expect("write");
        let server = server.into_std().expect("into std");
        server.set_nonblocking(false).expect("blocking");
        let mut buf = [0; 4];
        assert_eq!(io::Read::read(&mut &server, &mut buf).expect("read"), 1);
        TcpListener::from_std(listener.into_std().expect("into std")).expect("from std");
    });
}

#[test]
fn a_stream_is_sent_between_threads_and_shared() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<TcpStream>();
    check::<TcpListener>();
    check::<Pin<Box<TcpStream>>>();
}

#[cfg(feature = "hyper")]
#[test]
fn hyper_reads_into_what_is_not_initialised() {
    use hyper::rt::{Read, ReadBuf, Write};
    use std::future::poll_fn;
    use std::mem::MaybeUninit;

    run(async {
        let (mut client, mut server) = pair().await;
        assert!(Write::is_write_vectored(&client));
        let slices = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
        let wrote =
            poll_fn(|cx| Write::poll_write_vectored(Pin::new(&mut client), cx, &slices)).await;
        assert_eq!(wrote.expect("write"), 5);
        poll_fn(|cx| Write::poll_shutdown(Pin::new(&mut client), cx))
            .await
            .expect("shutdown");

        let mut memory = [MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        for expected in [&b"hello"[..], b"hello"] {
            poll_fn(|cx| Read::poll_read(Pin::new(&mut server), cx, buf.unfilled()))
                .await
                .expect("read");
            assert_eq!(buf.filled(), expected, "then the end adds nothing");
        }
    });
}
