//! `UdpSocket` over loopback, with the driver turned by hand.

#![cfg(not(loom))]

mod hand;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;

use futures_lite::future;
use pintle_reactor::Interest;
use pintle_reactor::net::UdpSocket;

fn run<F: Future>(future: F) -> F::Output {
    hand::run(&hand::driver(), future)
}

async fn bound() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = socket.local_addr().unwrap();
    (socket, addr)
}

/// Two sockets connected to each other.
async fn pair() -> (UdpSocket, UdpSocket) {
    let (one, one_addr) = bound().await;
    let (other, other_addr) = bound().await;
    one.connect(other_addr).await.unwrap();
    other.connect(one_addr).await.unwrap();
    (one, other)
}

#[test]
fn datagrams_keep_their_order_and_their_bounds() {
    run(async {
        let (one, other) = pair().await;
        for len in [3, 0, 700] {
            assert_eq!(one.send(&vec![len as u8; len]).await.unwrap(), len);
        }
        let mut buf = [0; 1024];
        for len in [3, 0, 700] {
            assert_eq!(other.recv(&mut buf).await.unwrap(), len);
            assert!(buf[..len].iter().all(|byte| *byte == len as u8));
        }
    });
}

#[test]
fn recv_from_waits_for_a_datagram_and_says_who_sent_it() {
    run(async {
        let (server, server_addr) = bound().await;
        let (client, client_addr) = bound().await;
        let mut buf = [0; 16];
        let answer = async {
            let (len, from) = server.recv_from(&mut buf).await.unwrap();
            assert_eq!((len, from), (4, client_addr));
            server.send_to(b"pong", from).await.unwrap();
        };
        let ask = async {
            client.send_to(b"ping", server_addr).await.unwrap();
            let mut buf = [0; 16];
            assert_eq!(client.recv_from(&mut buf).await.unwrap(), (4, server_addr));
            assert_eq!(&buf[..4], b"pong");
        };
        // The server is polled first, so that it really waits.
        future::zip(answer, ask).await;
    });
}

#[test]
fn a_connected_socket_hears_its_peer_only() {
    run(async {
        let (one, other) = pair().await;
        let (stranger, _) = bound().await;
        stranger
            .send_to(b"stranger", other.local_addr().unwrap())
            .await
            .unwrap();
        one.send(b"friend").await.unwrap();
        let mut buf = [0; 16];
        assert_eq!(other.recv(&mut buf).await.unwrap(), 6);
        assert_eq!(&buf[..6], b"friend");
        assert_eq!(other.peer_addr().unwrap(), one.local_addr().unwrap());
    });
}

#[test]
fn a_try_on_an_empty_socket_would_block_and_then_does_not() {
    run(async {
        let (one, other) = pair().await;
        let mut buf = [0; 16];
        assert_eq!(
            other.try_recv(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        assert_eq!(one.try_send(b"a").unwrap(), 1);
        other.readable().await.unwrap();
        assert_eq!(other.try_recv(&mut buf).unwrap(), 1);
        assert_eq!(
            other.try_recv_from(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );

        one.writable().await.unwrap();
        assert_eq!(
            one.try_send_to(b"bc", other.local_addr().unwrap()).unwrap(),
            2
        );
        other.readable().await.unwrap();
        let (len, from) = other.try_recv_from(&mut buf).unwrap();
        assert_eq!((len, from), (2, one.local_addr().unwrap()));
    });
}

#[test]
fn a_receive_dropped_while_it_waits_takes_nothing() {
    run(async {
        let (one, other) = pair().await;
        let mut buf = [0; 16];
        for round in 0..3 {
            let waiting = future::poll_once(other.recv(&mut buf)).await;
            assert!(waiting.is_none(), "round {round}: nothing was sent yet");
            one.send(&[round]).await.unwrap();
            assert_eq!(other.recv(&mut buf).await.unwrap(), 1);
            assert_eq!(buf[0], round);
        }
    });
}

#[test]
fn two_tasks_receiving_on_one_socket_share_the_datagrams() {
    run(async {
        let (one, other) = pair().await;
        let other = Arc::new(other);
        let receiver = || {
            let other = other.clone();
            async move {
                let mut buf = [0; 16];
                assert_eq!(other.recv(&mut buf).await.unwrap(), 1);
                buf[0]
            }
        };
        let send = async {
            one.send(b"a").await.unwrap();
            future::yield_now().await;
            one.send(b"b").await.unwrap();
        };
        let (got, ()) = future::zip(future::zip(receiver(), receiver()), send).await;
        assert!(matches!(got, (b'a', b'b') | (b'b', b'a')), "{got:?}");
    });
}

#[test]
fn a_peek_leaves_the_datagram() {
    run(async {
        let (one, other) = pair().await;
        let from = one.local_addr().unwrap();
        one.send(b"look").await.unwrap();
        let mut buf = [0; 16];
        assert_eq!(other.peek(&mut buf).await.unwrap(), 4);
        assert_eq!(other.peek_from(&mut buf).await.unwrap(), (4, from));
        assert_eq!(other.peek_sender().await.unwrap(), from);
        assert_eq!(other.recv(&mut buf).await.unwrap(), 4);
        assert_eq!(
            other.try_recv(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}

#[test]
fn polls_register_and_are_woken() {
    run(async {
        let (one, other) = pair().await;
        let mut buf = [0; 16];
        let mut sent = false;
        let len = future::poll_fn(|cx| {
            let polled = other.poll_recv(cx, &mut buf);
            if !sent {
                assert!(polled.is_pending());
                sent = true;
                let Poll::Ready(Ok(1)) = one.poll_send(cx, b"x") else {
                    unreachable!()
                };
            }
            polled
        });
        assert_eq!(len.await.unwrap(), 1);

        let target = other.local_addr().unwrap();
        let len = future::poll_fn(|cx| one.poll_send_to(cx, b"yz", target))
            .await
            .unwrap();
        assert_eq!(len, 2);
        future::poll_fn(|cx| other.poll_recv_ready(cx))
            .await
            .unwrap();
        future::poll_fn(|cx| one.poll_send_ready(cx)).await.unwrap();
        let got = future::poll_fn(|cx| other.poll_recv_from(cx, &mut buf))
            .await
            .unwrap();
        assert_eq!(got, (2, one.local_addr().unwrap()));
    });
}

#[test]
fn own_operations_run_when_the_socket_is_ready() {
    run(async {
        let (one, other) = pair().await;
        let mut buf = [0; 16];
        let fd = socket2::SockRef::from(&other);
        let receive = other.async_io(Interest::READABLE, || {
            std::io::Read::read(&mut &*fd, &mut buf)
        });
        let (len, sent) = future::zip(receive, one.send(b"own")).await;
        assert_eq!((len.unwrap(), sent.unwrap()), (3, 3));
        let would_block = other.try_io(Interest::READABLE, || {
            std::io::Read::read(&mut &*fd, &mut [0; 1])
        });
        assert_eq!(would_block.unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn options_are_what_was_set() {
    run(async {
        let (socket, _) = bound().await;
        socket.set_broadcast(true).unwrap();
        assert!(socket.broadcast().unwrap());
        socket.set_ttl(7).unwrap();
        assert_eq!(socket.ttl().unwrap(), 7);
        socket.set_multicast_loop_v4(false).unwrap();
        assert!(!socket.multicast_loop_v4().unwrap());
        socket.set_multicast_ttl_v4(5).unwrap();
        assert_eq!(socket.multicast_ttl_v4().unwrap(), 5);
        assert!(socket.take_error().unwrap().is_none());
        assert!(socket.peer_addr().is_err());
    });
}

#[test]
fn a_std_socket_comes_and_goes() {
    run(async {
        let std = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let addr = std.local_addr().unwrap();
        let socket = UdpSocket::from_std(std).unwrap();
        // Registered, then taken out again.
        assert!(future::poll_once(socket.readable()).await.is_none());
        let std = socket.into_std().unwrap();
        assert_eq!(std.local_addr().unwrap(), addr);
        assert_eq!(
            std.recv(&mut [0]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}
