//! `UnixListener`, `UnixStream` and `UnixDatagram`, with the driver turned by hand.

#![cfg(not(loom))]

mod hand;

use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future};
use pintle_reactor::Interest;
use pintle_reactor::net::{UnixDatagram, UnixListener, UnixStream};

fn run<F: Future>(future: F) -> F::Output {
    hand::run(&hand::driver(), future)
}

/// A path nothing is at, and nothing is at any more when this is dropped.
struct TempPath(PathBuf);

impl TempPath {
    fn new() -> TempPath {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "pintle-unix-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        TempPath(std::env::temp_dir().join(name))
    }
}

impl AsRef<Path> for TempPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_listener_that_waits_gets_the_connection() {
    run(async {
        let path = TempPath::new();
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(
            listener.local_addr().unwrap().as_pathname(),
            Some(path.as_ref())
        );

        let serve = async {
            let (mut stream, addr) = listener.accept().await.unwrap();
            assert!(addr.is_unnamed());
            let mut buf = [0; 5];
            stream.read_exact(&mut buf).await.unwrap();
            stream.write_all(&buf).await.unwrap();
        };
        let ask = async {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            assert_eq!(
                stream.peer_addr().unwrap().as_pathname(),
                Some(path.as_ref())
            );
            stream.write_all(b"hello").await.unwrap();
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, b"hello");
        };
        future::zip(serve, ask).await;
    });
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_path_with_a_leading_nul_names_the_abstract_namespace() {
    run(async {
        let name = format!("\0pintle-unix-{}", std::process::id());
        let listener = UnixListener::bind(&name).unwrap();
        let client = UnixStream::connect(&name).await.unwrap();
        listener.accept().await.unwrap();
        assert!(client.peer_addr().unwrap().as_pathname().is_none());

        let name = format!("\0pintle-datagram-{}", std::process::id());
        let receiver = UnixDatagram::bind(&name).unwrap();
        UnixDatagram::unbound()
            .unwrap()
            .send_to(b"hi", &name)
            .await
            .unwrap();
        assert_eq!(receiver.recv(&mut [0; 4]).await.unwrap(), 2);
    });
}

#[test]
fn a_connect_that_nobody_awaits_fails_at_once() {
    run(async {
        let path = TempPath::new();
        let missing = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);

        drop(UnixListener::bind(&path).unwrap());
        let refused = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

        let long = "x".repeat(200);
        let invalid = UnixStream::connect(&long).await.unwrap_err();
        assert_eq!(invalid.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn an_accept_dropped_while_it_waits_takes_no_connection() {
    run(async {
        let path = TempPath::new();
        let listener = UnixListener::bind(&path).unwrap();
        assert!(future::poll_once(listener.accept()).await.is_none());
        let _client = UnixStream::connect(&path).await.unwrap();
        listener.accept().await.unwrap();
    });
}

#[test]
fn two_tasks_accepting_on_one_listener_share_the_connections() {
    run(async {
        let path = TempPath::new();
        let listener = UnixListener::bind(&path).unwrap();
        let connect = async {
            let one = UnixStream::connect(&path).await.unwrap();
            future::yield_now().await;
            (one, UnixStream::connect(&path).await.unwrap())
        };
        let both = future::zip(listener.accept(), listener.accept());
        let ((one, other), _clients) = future::zip(both, connect).await;
        one.unwrap();
        other.unwrap();
    });
}

#[test]
fn more_than_fits_goes_through_whole_and_in_order() {
    run(async {
        const LEN: usize = 1 << 20;
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let sent: Vec<u8> = (0..LEN).map(|at| (at % 251) as u8).collect();
        let write = async {
            ours.write_all(&sent).await.unwrap();
            ours.close().await.unwrap();
        };
        let mut heard = Vec::new();
        let (_, len) = future::zip(write, theirs.read_to_end(&mut heard)).await;
        assert_eq!(len.unwrap(), LEN);
        assert!(heard == sent);
    });
}

#[test]
fn vectored_operations_fill_and_drain_every_slice() {
    run(async {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let slices = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")];
        let len = future::poll_fn(|cx| Pin::new(&mut ours).poll_write_vectored(cx, &slices));
        assert_eq!(len.await.unwrap(), 5);

        let (mut head, mut tail) = ([0; 3], [0; 8]);
        let mut slices = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
        let len = future::poll_fn(|cx| Pin::new(&mut theirs).poll_read_vectored(cx, &mut slices));
        assert_eq!(len.await.unwrap(), 5);
        assert_eq!((&head, &tail[..2]), (b"abc", &b"de"[..]));

        assert_eq!(
            ours.try_write_vectored(&[IoSlice::new(b"f"), IoSlice::new(b"g")])
                .unwrap(),
            2
        );
        theirs.readable().await.unwrap();
        let mut slices = [IoSliceMut::new(&mut head)];
        assert_eq!(theirs.try_read_vectored(&mut slices).unwrap(), 2);
        assert_eq!(&head[..2], b"fg");
    });
}

#[test]
fn a_try_on_a_quiet_stream_would_block_and_then_does_not() {
    run(async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut buf = [0; 16];
        assert_eq!(
            theirs.try_read(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        ours.writable().await.unwrap();
        assert_eq!(ours.try_write(b"abc").unwrap(), 3);
        assert!(
            theirs
                .ready(Interest::READABLE)
                .await
                .unwrap()
                .is_readable()
        );
        assert_eq!(theirs.try_read(&mut buf).unwrap(), 3);

        let mut written = 0;
        let full = loop {
            match ours.try_write(&[7; 4096]) {
                Ok(len) => written += len,
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        assert!(future::poll_once(ours.writable()).await.is_none());
        let mut read = 0;
        while read < written {
            theirs.readable().await.unwrap();
            match theirs.try_read(&mut [0; 4096]) {
                Ok(len) => read += len,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        ours.writable().await.unwrap();
    });
}

#[test]
fn a_read_dropped_while_it_waits_loses_nothing() {
    run(async {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let mut buf = [0; 16];
        for round in 0..3 {
            assert!(future::poll_once(theirs.read(&mut buf)).await.is_none());
            ours.write_all(&[round; 5]).await.unwrap();
            assert_eq!(theirs.read(&mut buf).await.unwrap(), 5);
            assert_eq!(buf[..5], [round; 5]);
        }
    });
}

#[test]
fn what_was_sent_before_the_peer_went_is_read_and_then_the_end() {
    run(async {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let mut buf = [0; 16];
        assert!(future::poll_once(theirs.read(&mut buf)).await.is_none());
        ours.write_all(b"last words").await.unwrap();
        drop(ours);
        assert_eq!(theirs.read(&mut buf).await.unwrap(), 10);
        for _ in 0..2 {
            assert_eq!(theirs.read(&mut buf).await.unwrap(), 0);
        }
        assert!(
            theirs
                .ready(Interest::READABLE)
                .await
                .unwrap()
                .is_read_closed()
        );
        let gone = theirs.write(b"?").await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_waiting_reader_and_a_waiting_writer_hear_that_the_peer_went() {
    run(async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        while theirs.try_write(&[0; 4096]).is_ok() {}
        let (mut reader, mut writer) = (&theirs, &theirs);
        let leave = async {
            future::yield_now().await;
            drop(ours);
        };
        let mut buf = [0; 1];
        let both = future::zip(reader.read(&mut buf), writer.write(b"x"));
        let ((read, written), ()) = future::zip(both, leave).await;
        // What the peer had not read when it went is reported to the reader as a reset.
        assert!(matches!(read, Ok(0)) || read.unwrap_err().kind() == ErrorKind::ConnectionReset);
        assert!(written.is_err());
    });
}

#[test]
fn a_shut_down_writer_ends_the_stream_but_still_reads() {
    run(async {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        assert_eq!(theirs.read(&mut [0; 1]).await.unwrap(), 0);
        theirs.write_all(b"answer").await.unwrap();
        let mut buf = [0; 6];
        ours.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"answer");
    });
}

#[test]
fn borrowed_halves_read_and_write_at_once() {
    run(async {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let (mut read, mut write) = ours.split();
        let echo = async {
            let mut buf = [0; 4];
            theirs.read_exact(&mut buf).await.unwrap();
            theirs.write_all(&buf).await.unwrap();
        };
        let mut buf = [0; 4];
        let ((heard, written), ()) = future::zip(
            future::zip(read.read_exact(&mut buf), write.write_all(b"ping")),
            echo,
        )
        .await;
        heard.unwrap();
        written.unwrap();
        assert_eq!(&buf, b"ping");
    });
}

#[test]
fn owned_halves_are_reunited_only_with_their_own() {
    run(async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (our_read, our_write) = ours.into_split();
        let (their_read, their_write) = theirs.into_split();

        let error = our_read.reunite(their_write).unwrap_err();
        assert!(error.to_string().contains("same"), "{error}");
        let (our_read, their_write) = (error.0, error.1);

        let mut ours = our_read.reunite(our_write).unwrap();
        let mut theirs = their_read.reunite(their_write).unwrap();
        ours.write_all(b"whole").await.unwrap();
        let mut buf = [0; 5];
        theirs.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"whole");
    });
}

#[test]
fn a_dropped_write_half_ends_the_stream_and_a_forgotten_one_does_not() {
    run(async {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let (mut read, write) = ours.into_split();
        drop(write);
        assert_eq!(theirs.read(&mut [0; 1]).await.unwrap(), 0);
        theirs.write_all(b"x").await.unwrap();
        read.read_exact(&mut [0; 1]).await.unwrap();

        let (ours, theirs) = UnixStream::pair().unwrap();
        let (_read, write) = ours.into_split();
        write.forget();
        assert_eq!(
            theirs.try_read(&mut [0; 1]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}

#[test]
fn streams_go_to_std_and_come_back() {
    run(async {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        assert!(future::poll_once(ours.readable()).await.is_none());
        let std = ours.into_std().unwrap();
        assert_eq!(
            std::io::Read::read(&mut &std, &mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        let mut ours = UnixStream::from_std(std).unwrap();
        theirs.write_all(b"again").await.unwrap();
        let mut buf = [0; 5];
        ours.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"again");
        assert!(ours.take_error().unwrap().is_none());
    });
}

#[test]
fn messages_keep_their_order_and_their_sender() {
    run(async {
        let (server_path, client_path) = (TempPath::new(), TempPath::new());
        let server = UnixDatagram::bind(&server_path).unwrap();
        let client = UnixDatagram::bind(&client_path).unwrap();
        let mut buf = [0; 16];
        let serve = async {
            for expected in [&b"one"[..], b"", b"three"] {
                let (len, from) = server.recv_from(&mut buf).await.unwrap();
                assert_eq!(&buf[..len], expected);
                server
                    .send_to(&buf[..len], from.as_pathname().unwrap())
                    .await
                    .unwrap();
            }
        };
        let ask = async {
            client.connect(&server_path).unwrap();
            let mut buf = [0; 16];
            for message in [&b"one"[..], b"", b"three"] {
                client.send(message).await.unwrap();
                let len = client.recv(&mut buf).await.unwrap();
                assert_eq!(&buf[..len], message);
            }
        };
        future::zip(serve, ask).await;
    });
}

/// Sends numbers, from 0 on, until there is no room, and returns the first that had none.
fn fill(mut try_send: impl FnMut(&[u8]) -> std::io::Result<usize>) -> u32 {
    let mut next = 0u32;
    loop {
        match try_send(&next.to_ne_bytes()) {
            Ok(_) => next += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                return next;
            }
        }
    }
}

async fn expect_numbers(receiver: &UnixDatagram, numbers: impl Iterator<Item = u32>) {
    for number in numbers {
        let mut buf = [0; 4];
        assert_eq!(receiver.recv(&mut buf).await.unwrap(), 4);
        assert_eq!(u32::from_ne_bytes(buf), number);
    }
}

#[test]
fn a_sender_waits_for_room_in_its_own_buffer() {
    run(async {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let last = fill(|buf| ours.try_send(buf));
        let bytes = last.to_ne_bytes();
        // The sender is polled first, and finds no room.
        let (sent, ()) = future::zip(ours.send(&bytes), expect_numbers(&theirs, 0..=last)).await;
        assert_eq!(sent.unwrap(), 4);
    });
}

#[test]
fn a_connected_sender_waits_for_room_that_others_make() {
    run(async {
        let path = TempPath::new();
        let receiver = UnixDatagram::bind(&path).unwrap();
        let (filler, sender) = (
            UnixDatagram::unbound().unwrap(),
            UnixDatagram::unbound().unwrap(),
        );
        filler.connect(&path).unwrap();
        sender.connect(&path).unwrap();
        let last = fill(|buf| filler.try_send(buf));
        let bytes = last.to_ne_bytes();
        let (sent, ()) =
            future::zip(sender.send(&bytes), expect_numbers(&receiver, 0..=last)).await;
        assert_eq!(sent.unwrap(), 4);
    });
}

#[test]
fn an_unconnected_sender_waits_for_room_that_its_own_messages_leave() {
    run(async {
        let path = TempPath::new();
        let receiver = UnixDatagram::bind(&path).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        let last = fill(|buf| sender.try_send_to(buf, &path));
        let bytes = last.to_ne_bytes();
        let send = sender.send_to(&bytes, &path);
        let (sent, ()) = future::zip(send, expect_numbers(&receiver, 0..=last)).await;
        assert_eq!(sent.unwrap(), 4);
    });
}

#[test]
fn two_tasks_receiving_on_one_socket_share_the_messages() {
    run(async {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let theirs = Arc::new(theirs);
        let receiver = || {
            let theirs = theirs.clone();
            async move {
                let mut buf = [0; 4];
                assert_eq!(theirs.recv(&mut buf).await.unwrap(), 1);
                buf[0]
            }
        };
        let send = async {
            ours.send(b"a").await.unwrap();
            future::yield_now().await;
            ours.send(b"b").await.unwrap();
        };
        let (got, ()) = future::zip(future::zip(receiver(), receiver()), send).await;
        assert!(matches!(got, (b'a', b'b') | (b'b', b'a')), "{got:?}");
    });
}

#[test]
fn a_message_is_not_taken_by_a_receive_that_was_dropped() {
    run(async {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let mut buf = [0; 4];
        assert_eq!(
            theirs.try_recv(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        assert!(
            future::poll_once(theirs.recv_from(&mut buf))
                .await
                .is_none()
        );
        ours.send(b"kept").await.unwrap();
        assert_eq!(theirs.recv(&mut buf).await.unwrap(), 4);
        assert_eq!(&buf, b"kept");
    });
}

#[test]
fn nothing_can_be_sent_to_or_from_what_is_shut_down() {
    run(async {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        theirs.shutdown(Shutdown::Read).unwrap();
        assert_eq!(
            ours.send(b"x").await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        theirs.shutdown(Shutdown::Write).unwrap();
        assert_eq!(
            theirs.send(b"x").await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
    });
}

/// A read ends behind bytes that came with a descriptor, although there are more: a short read
/// that is no sign of an empty queue.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn what_is_behind_a_passed_descriptor_is_read_without_another_event() {
    use std::os::fd::AsRawFd;

    run(async {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut buf = [0; 16];
        // Registered, so that readiness is remembered.
        assert!(future::poll_once(theirs.read(&mut buf)).await.is_none());

        // `cmsghdr` by hand: its length, SOL_SOCKET, SCM_RIGHTS, one descriptor, padding.
        let mut control = Vec::from(20usize.to_ne_bytes());
        for word in [1, 1, ours.as_raw_fd(), 0] {
            control.extend(word.to_ne_bytes());
        }
        let bytes = [IoSlice::new(b"with")];
        let message = socket2::MsgHdr::new()
            .with_buffers(&bytes)
            .with_control(&control);
        assert_eq!(
            socket2::SockRef::from(&ours).sendmsg(&message, 0).unwrap(),
            4
        );
        assert_eq!(ours.try_write(b"behind").unwrap(), 6);

        assert_eq!(theirs.read(&mut buf).await.unwrap(), 4);
        assert_eq!(theirs.read(&mut buf).await.unwrap(), 6);
        assert_eq!(&buf[..6], b"behind");
    });
}

#[test]
fn sockets_and_their_operations_may_go_to_other_threads() {
    fn is_send(value: impl Send) {
        drop(value);
    }
    let (ours, theirs) = UnixStream::pair().unwrap();
    is_send(ours.into_split());
    is_send(theirs.readable());
    is_send(UnixStream::connect("nowhere"));
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    is_send(ours.send_to(b"x", "nowhere"));
    is_send(theirs.recv(&mut [0; 1]));
    is_send(pintle_reactor::net::UdpSocket::bind("127.0.0.1:0"));
}
