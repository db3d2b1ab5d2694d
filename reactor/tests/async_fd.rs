//! `AsyncFd` over pipes and sockets, with the driver turned by hand.

#![cfg(not(loom))]

mod hand;

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use futures_lite::future;
use pintle_reactor::{AsyncFd, Interest, Ready};

fn run<F: Future>(future: F) -> F::Output {
    hand::run(&hand::driver(), future)
}

/// A pipe whose ends do not block. `std` has no call for that; a socket that borrows the
/// descriptor's copy does, since the mode belongs to what both name.
fn pipe() -> (AsyncFd<PipeReader>, AsyncFd<PipeWriter>) {
    let (reader, writer) = io::pipe().unwrap();
    nonblocking(&reader);
    nonblocking(&writer);
    let reader = AsyncFd::with_interest(reader, Interest::READABLE).unwrap();
    let writer = AsyncFd::with_interest(writer, Interest::WRITABLE).unwrap();
    (reader, writer)
}

fn nonblocking(fd: &impl AsFd) {
    let copy: OwnedFd = fd.as_fd().try_clone_to_owned().unwrap();
    UnixStream::from(copy).set_nonblocking(true).unwrap();
}

/// A connected pair that does not block.
fn sockets() -> (AsyncFd<UnixStream>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (AsyncFd::new(ours).unwrap(), theirs)
}

fn would_block<R: std::fmt::Debug>(result: io::Result<R>) -> bool {
    result.unwrap_err().kind() == ErrorKind::WouldBlock
}

#[test]
fn what_one_end_of_a_pipe_writes_wakes_the_other() {
    run(async {
        let (reader, writer) = pipe();
        let mut buf = [0; 8];
        let read = reader.async_io(Interest::READABLE, |mut fd| fd.read(&mut buf));
        let write = async {
            future::yield_now().await;
            writer
                .async_io(Interest::WRITABLE, |mut fd| fd.write(b"hello"))
                .await
        };
        let (read, written) = future::zip(read, write).await;
        assert_eq!((read.unwrap(), written.unwrap()), (5, 5));
        assert_eq!(&buf[..5], b"hello");
    });
}

#[test]
fn a_guards_try_io_clears_what_was_wrong_and_only_that() {
    run(async {
        let (fd, mut peer) = sockets();
        peer.write_all(b"ab").unwrap();

        let mut buf = [0; 8];
        let mut guard = fd.readable().await.unwrap();
        assert!(guard.ready().is_readable());
        assert_eq!(guard.get_inner().as_raw_fd(), fd.as_raw_fd());
        assert_eq!(
            guard
                .try_io(|fd| fd.get_ref().read(&mut buf))
                .unwrap()
                .unwrap(),
            2
        );
        // A success keeps the readiness, and so does an error of another kind.
        let odd = guard
            .try_io(|_| Err::<(), _>(io::Error::other("odd")))
            .unwrap()
            .unwrap_err();
        assert_eq!(odd.to_string(), "odd");
        assert!(future::poll_once(fd.readable()).await.is_some());
        assert!(guard.try_io(|fd| fd.get_ref().read(&mut buf)).is_err());
        assert!(guard.ready().is_empty());
        assert!(future::poll_once(fd.readable()).await.is_none());

        peer.write_all(b"c").unwrap();
        let mut guard = fd.readable().await.unwrap();
        assert_eq!(
            guard
                .try_io(|fd| fd.get_ref().read(&mut buf))
                .unwrap()
                .unwrap(),
            1
        );
    });
}

#[test]
fn clearing_an_old_event_spares_a_newer_one() {
    run(async {
        let (fd, mut peer) = sockets();
        peer.write_all(b"a").unwrap();
        let mut old = fd.readable().await.unwrap();
        fd.readable().await.unwrap().clear_ready();

        peer.write_all(b"b").unwrap();
        fd.readable().await.unwrap().retain_ready();
        old.clear_ready();
        assert!(future::poll_once(fd.readable()).await.is_some());
    });
}

#[test]
fn a_part_of_the_readiness_can_be_cleared() {
    run(async {
        let (fd, mut peer) = sockets();
        peer.write_all(b"a").unwrap();
        fd.readable().await.unwrap().retain_ready();
        let both = Interest::READABLE | Interest::WRITABLE;
        let mut guard = fd.ready(both).await.unwrap();
        assert!(guard.ready().is_readable() && guard.ready().is_writable());
        guard.clear_ready_matching(Ready::READABLE);
        assert_eq!(guard.ready(), Ready::WRITABLE);
        assert!(future::poll_once(fd.readable()).await.is_none());
        assert!(future::poll_once(fd.writable()).await.is_some());
        guard.clear_ready();
        assert!(future::poll_once(fd.writable()).await.is_none());
    });
}

#[test]
fn readiness_that_is_not_cleared_stays() {
    run(async {
        let (fd, mut peer) = sockets();
        peer.write_all(b"a").unwrap();
        for _ in 0..3 {
            fd.readable().await.unwrap().retain_ready();
        }
        future::poll_fn(|cx| fd.poll_read_ready(cx).map_ok(drop))
            .await
            .unwrap();
        future::poll_fn(|cx| fd.poll_write_ready(cx).map_ok(drop))
            .await
            .unwrap();
    });
}

#[test]
fn a_full_pipe_is_writable_again_once_it_is_read() {
    run(async {
        let (reader, writer) = pipe();
        let mut written = 0;
        loop {
            let mut guard = writer.writable().await.unwrap();
            match guard.try_io(|fd| fd.get_ref().write(&[7; 4096])) {
                Ok(len) => written += len.unwrap(),
                Err(_) => break,
            }
        }
        assert!(would_block(
            writer.try_io(Interest::WRITABLE, |mut fd| fd.write(b"x"))
        ));
        assert!(future::poll_once(writer.writable()).await.is_none());

        let drain = async {
            let mut read = 0;
            while read < written {
                let op = |mut fd: &PipeReader| fd.read(&mut [0; 4096]);
                read += reader.async_io(Interest::READABLE, op).await.unwrap();
            }
        };
        let (guard, ()) = future::zip(writer.writable(), drain).await;
        guard.unwrap().retain_ready();
    });
}

#[test]
fn the_end_of_a_pipe_is_ready_for_good() {
    run(async {
        let (reader, writer) = pipe();
        assert!(future::poll_once(reader.readable()).await.is_none());
        drop(writer);
        let mut guard = reader.readable().await.unwrap();
        assert!(guard.ready().is_read_closed());
        guard.clear_ready();
        let end = reader
            .async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 8]))
            .await;
        assert_eq!(end.unwrap(), 0);
    });
}

#[test]
fn a_mutable_guard_lends_what_is_wrapped() {
    run(async {
        let (mut fd, mut peer) = sockets();
        peer.write_all(b"a").unwrap();
        let mut buf = [0; 8];
        let mut guard = fd.readable_mut().await.unwrap();
        assert_eq!(guard.get_inner_mut().read(&mut buf).unwrap(), 1);
        assert!(guard.try_io(|fd| fd.get_mut().read(&mut buf)).is_err());
        assert!(
            guard
                .get_mut()
                .try_io(Interest::READABLE, |_| Ok(()))
                .is_err()
        );
        fd.writable_mut().await.unwrap().retain_ready();
    });
}

#[test]
fn any_number_of_tasks_may_wait() {
    run(async {
        let (fd, mut peer) = sockets();
        let waits = future::zip(fd.readable(), fd.readable());
        let write = async {
            future::yield_now().await;
            peer.write_all(b"a").unwrap();
        };
        let ((one, other), ()) = future::zip(waits, write).await;
        one.unwrap().retain_ready();
        other.unwrap().retain_ready();
    });
}

#[test]
fn the_descriptor_comes_back_deregistered_and_can_be_wrapped_again() {
    run(async {
        let (fd, mut peer) = sockets();
        assert!(future::poll_once(fd.readable()).await.is_none());
        let raw = fd.as_raw_fd();
        let inner = fd.into_inner();
        assert_eq!(inner.as_raw_fd(), raw);
        let fd = AsyncFd::new(inner).unwrap();
        peer.write_all(b"a").unwrap();
        fd.readable().await.unwrap().retain_ready();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_polled_says_so_at_the_first_wait() {
    run(async {
        let file = AsyncFd::new(File::open("/proc/self/exe").unwrap()).unwrap();
        for _ in 0..2 {
            let error = file.readable().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        }
    });
}

#[test]
fn a_wait_without_a_driver_says_what_to_do() {
    let (fd, _peer) = sockets();
    let error = future::block_on(fd.readable()).unwrap_err();
    assert!(error.to_string().contains("block_on"), "{error}");
}
