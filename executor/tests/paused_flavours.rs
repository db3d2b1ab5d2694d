//! A paused clock and everything that has more than one thread: bytes between workers, blocking in
//! place, threads that come and go. (What one task sees of it is in `time.rs`.)

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::{TcpListener, TcpStream, UnixStream};
use pintle::runtime::{Handle, Runtime};
use pintle::task;
use pintle::time::{Instant, sleep, timeout};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;
use support::{Event, Mode, every_mode, in_mode, join_all};

const HOUR: Duration = Duration::from_secs(3600);

fn paused(mode: Mode) -> Runtime {
    mode.builder().start_paused(true).build().unwrap()
}

/// The echo at the other end of a connection, until it is closed.
async fn echo(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin) {
    let mut byte = [0];
    while stream.read_exact(&mut byte).await.is_ok() {
        stream.write_all(&byte).await.unwrap();
    }
}

/// Each read would rather wait for a byte than for five seconds of a clock that jumps.
async fn ping_pong(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, rounds: u8) {
    let began = Instant::now();
    for n in 0..rounds {
        stream.write_all(&[n]).await.unwrap();
        let mut byte = [0];
        let read = timeout(Duration::from_secs(5), stream.read_exact(&mut byte));
        assert!(read.await.is_ok(), "time jumped over a byte in round {n}");
        assert_eq!(byte, [n]);
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[test]
fn time_does_not_jump_over_bytes_between_two_workers() {
    for mode in [Mode::MultiThread, Mode::ThreadPerCore] {
        in_mode(mode, |mode| {
            let runtime = paused(mode);
            let exchange = runtime.handle().spawn_on(0, || async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let server = pintle::spawn_on(1, move || async move {
                    echo(listener.accept().await.unwrap().0).await;
                });
                ping_pong(TcpStream::connect(address).await.unwrap(), 200).await;
                server.await.unwrap();
            });
            runtime.block_on(exchange).unwrap();
        });
    }
}

#[test]
fn time_does_not_jump_over_bytes_between_the_root_and_a_worker() {
    every_mode(|mode| {
        let runtime = paused(mode);
        runtime.block_on(async {
            let (near, far) = UnixStream::pair().unwrap();
            let server = pintle::spawn(echo(far));
            ping_pong(near, 200).await;
            server.await.unwrap();
        });
    });
}

#[test]
fn time_does_not_jump_over_bytes_between_two_roots() {
    for mode in [Mode::MultiThread, Mode::ThreadPerCore] {
        in_mode(mode, |mode| {
            let runtime = paused(mode);
            let (near, far) = runtime.block_on(async { UnixStream::pair().unwrap() });
            thread::scope(|scope| {
                let inside = Event::new();
                let there = inside.clone();
                let handle = runtime.handle();
                scope.spawn(move || {
                    handle.block_on(async {
                        there.set();
                        echo(far).await;
                    });
                });
                inside.wait_blocking();
                runtime.block_on(ping_pong(near, 200));
            });
        });
    }
}

#[test]
fn time_does_not_jump_over_bytes_for_a_stand_in() {
    in_mode(Mode::MultiThread, |mode| {
        let mut builder = mode.builder();
        let runtime = builder.worker_threads(1).start_paused(true).build();
        let runtime = runtime.unwrap();
        let task = runtime.spawn(async {
            task::block_in_place(|| {
                let handle = Handle::current();
                handle.block_on(async {
                    let (near, far) = UnixStream::pair().unwrap();
                    let server = pintle::spawn(echo(far));
                    ping_pong(near, 200).await;
                    server.await.unwrap();
                });
            });
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn time_jumps_while_a_worker_sleeps_in_place() {
    for workers in [1, 2] {
        in_mode(Mode::MultiThread, |mode| {
            let mut builder = mode.builder();
            let runtime = builder.worker_threads(workers).start_paused(true).build();
            let runtime = runtime.unwrap();
            let naps = || {
                let began = Instant::now();
                task::block_in_place(|| {
                    let handle = Handle::current();
                    handle.block_on(sleep(HOUR));
                    let task = handle.spawn(sleep(HOUR));
                    handle.block_on(task).unwrap();
                });
                assert_eq!(began.elapsed(), 2 * HOUR);
            };
            for _ in 0..10 {
                let task = runtime.spawn(async move { naps() });
                runtime.block_on(task).unwrap();
            }
            runtime.block_on(async move { naps() });
        });
    }
}

#[test]
fn time_jumps_for_a_clock_that_is_paused_in_place() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let task = runtime.spawn(async {
            task::block_in_place(|| {
                Handle::current().block_on(async {
                    pintle::time::pause();
                    sleep(HOUR).await;
                    pintle::time::resume();
                });
            });
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn timers_of_a_worker_that_waits_in_place_fire_in_order() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = paused(mode);
        let task = runtime.spawn(async {
            let began = Instant::now();
            // At home here, and free to run elsewhere once it has fired.
            let early = pintle::spawn(async move {
                sleep(HOUR).await;
                began.elapsed()
            });
            task::yield_now().await;
            task::block_in_place(|| Handle::current().block_on(sleep(2 * HOUR)));
            assert_eq!(began.elapsed(), 2 * HOUR);
            assert_eq!(early.await.unwrap(), HOUR);
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn what_is_left_of_an_earlier_block_on_does_not_keep_time_from_jumping() {
    every_mode(|mode| {
        let runtime = paused(mode);
        let (handle, wakers) = runtime.block_on(async {
            let wakers: Arc<Mutex<Vec<Waker>>> = Arc::default();
            let kept = wakers.clone();
            let waits = task::spawn_local(poll_fn(move |cx| {
                kept.lock().unwrap().push(cx.waker().clone());
                Poll::<()>::Pending
            }));
            task::yield_now().await;
            // The root's own as well.
            poll_fn(|cx| {
                wakers.lock().unwrap().push(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            (waits.abort_handle(), wakers)
        });
        let began = std::time::Instant::now();
        runtime.block_on(async {
            let began = Instant::now();
            sleep(24 * HOUR).await;
            assert_eq!(began.elapsed(), 24 * HOUR);
        });
        assert!(began.elapsed() < HOUR);
        assert!(handle.is_finished());
        wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    });
}

#[test]
fn time_jumps_for_a_root_that_outlives_the_workers() {
    for mode in [Mode::MultiThread, Mode::ThreadPerCore] {
        in_mode(mode, |mode| {
            let runtime = paused(mode);
            let (inside, over) = (Event::new(), Event::new());
            let handle = runtime.handle().clone();
            let root = thread::spawn({
                let (inside, over) = (inside.clone(), over.clone());
                move || {
                    handle.block_on(async move {
                        inside.set();
                        over.wait_blocking();
                        let began = Instant::now();
                        sleep(HOUR).await;
                        assert_eq!(began.elapsed(), HOUR);
                    });
                }
            });
            inside.wait_blocking();
            drop(runtime);
            over.set();
            root.join().unwrap();
        });
    }
}

#[test]
fn time_jumps_for_a_root_that_sleeps_while_the_workers_end() {
    for mode in [Mode::MultiThread, Mode::ThreadPerCore] {
        in_mode(mode, |mode| {
            for _ in 0..30 {
                let runtime = paused(mode);
                let handle = runtime.handle().clone();
                let inside = Event::new();
                let there = inside.clone();
                let root = thread::spawn(move || {
                    handle.block_on(async {
                        there.set();
                        for _ in 0..50 {
                            sleep(HOUR).await;
                        }
                    });
                });
                inside.wait_blocking();
                drop(runtime);
                root.join().unwrap();
            }
        });
    }
}

#[test]
fn the_worker_of_a_current_thread_runtime_changes_hands_by_a_stopped_clock() {
    in_mode(Mode::CurrentThread, |mode| {
        let runtime = paused(mode);
        runtime.block_on(sleep(100 * HOUR));
        thread::scope(|scope| {
            for n in 1..4 {
                let handle = runtime.handle();
                scope.spawn(move || handle.block_on(sleep(n * HOUR)));
            }
            runtime.block_on(async {
                join_all((1..5).map(|n| pintle::spawn(sleep(n * HOUR)))).await;
            });
        });
    });
}

#[test]
fn threads_that_come_and_go_lose_no_jump() {
    every_mode(|mode| {
        let runtime = paused(mode);
        thread::scope(|scope| {
            for _ in 0..4 {
                let handle = runtime.handle();
                scope.spawn(move || {
                    for n in 1..40 {
                        handle.block_on(async {
                            let task = pintle::spawn(sleep(n * HOUR));
                            sleep(HOUR).await;
                            task.await.unwrap();
                        });
                    }
                });
            }
        });
    });
}
