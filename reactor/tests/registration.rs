//! When a descriptor is registered, where, and what that saves.

#![cfg(not(loom))]

mod hand;

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::Poll;
use std::thread;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use hand::{Task, both, driver, run, settle, turn};
use pintle_reactor::net::{TcpListener, TcpStream};
use pintle_reactor::{Direction, Interest, Registered, Wait, current};
use pintle_sync::WakeBatch;

fn pair() -> (Registered<UnixStream>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("pair");
    ours.set_nonblocking(true).expect("nonblocking");
    (Registered::new(ours), theirs)
}

async fn read(io: &Registered<UnixStream>) -> io::Result<u8> {
    let mut buf = [0; 1];
    let op = |mut io: &UnixStream| io.read_exact(&mut buf);
    io.async_io(Interest::READABLE, op).await?;
    Ok(buf[0])
}

/// A stream that waits for bytes on `driver`.
macro_rules! waiting {
    ($driver:expr, $task:ident, $ours:ident, $theirs:ident, $reading:ident) => {
        let ($ours, mut $theirs) = pair();
        let $task = Task::on(&$driver);
        let mut $reading = pin!(read(&$ours));
        assert!($task.poll(&$driver, $reading.as_mut()).is_pending());
        settle(&$driver);
        assert_eq!($driver.len(), 1);
    };
}

fn output<T>(poll: Poll<io::Result<T>>) -> T {
    match poll {
        Poll::Ready(Ok(output)) => output,
        Poll::Ready(Err(error)) => panic!("{error}"),
        Poll::Pending => panic!("still pending"),
    }
}

#[test]
fn a_short_exchange_never_registers() {
    let driver = driver();
    let (ours, mut theirs) = pair();
    theirs.write_all(b"?").expect("write");
    assert_eq!(run(&driver, read(&ours)).expect("read"), b'?');
    let op = |mut io: &UnixStream| io.write(b"!");
    run(&driver, ours.async_io(Interest::WRITABLE, op)).expect("write");
    assert_eq!(driver.registrations(), 0);
}

#[test]
fn a_long_exchange_registers_each_end_once() {
    let driver = driver();
    run(&driver, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let addr = listener.local_addr().expect("addr");
        let server = async {
            let (mut stream, _) = listener.accept().await.expect("accept");
            let mut buf = [0; 100];
            while let n @ 1.. = stream.read(&mut buf).await.expect("read") {
                stream.write_all(&buf[..n]).await.expect("write");
            }
        };
        let client = async {
            let mut stream = TcpStream::connect(addr).await.expect("connect");
            let mut buf = [0; 5];
            for _ in 0..100 {
                stream.write_all(b"hello").await.expect("write");
                stream.read_exact(&mut buf).await.expect("read");
            }
        };
        both(server, client).await;
    });
    // The listener and the two streams.
    assert_eq!(driver.registrations(), 3);
    assert_eq!(driver.len(), 0);
}

#[test]
fn what_is_known_to_be_unready_makes_no_system_call() {
    let driver = driver();
    let (ours, mut theirs) = pair();
    let calls = Cell::new(0);
    let mut buf = [0; 8];
    let task = Task::on(&driver);
    let mut reading = pin!(std::future::poll_fn(|cx| {
        ours.poll_transfer(cx, Direction::Read, 8, |mut io| {
            calls.set(calls.get() + 1);
            io.read(&mut buf)
        })
    }));

    assert!(task.poll(&driver, reading.as_mut()).is_pending());
    assert_eq!(calls.get(), 1, "the attempt that led to the registration");
    settle(&driver);
    assert!(task.poll(&driver, reading.as_mut()).is_pending());
    assert_eq!(calls.get(), 1);

    theirs.write_all(b"short").expect("write");
    task.turn_until(&driver, 1);
    assert_eq!(output(task.poll(&driver, reading.as_mut())), 5);
    assert_eq!(calls.get(), 2);
    assert!(task.poll(&driver, reading.as_mut()).is_pending());
    assert_eq!(calls.get(), 2, "a short read has emptied it");
}

#[test]
fn the_other_direction_is_still_worth_a_try_after_registering() {
    let driver = driver();
    waiting!(driver.clone(), task, ours, theirs, reading);
    // No turn since: nobody has said that it is writable.
    let wrote = ours.try_io(Interest::WRITABLE, |mut io| io.write(b"x"));
    assert_eq!(wrote.expect("write"), 1);
    theirs.write_all(b"y").expect("write");
    task.turn_until(&driver, 1);
    assert_eq!(output(task.poll(&driver, reading.as_mut())), b'y');
}

#[test]
fn it_stays_home_when_it_is_polled_elsewhere() {
    let (home, elsewhere) = (driver(), driver());
    waiting!(home, task, ours, theirs, reading);
    assert!(task.poll(&elsewhere, reading.as_mut()).is_pending());
    assert_eq!((home.len(), elsewhere.len()), (1, 0));
    assert!(task.poll_unseated(reading.as_mut()).is_pending());
    theirs.write_all(b"x").expect("write");
    task.turn_until(&home, 1);
    assert_eq!(output(task.poll_unseated(reading.as_mut())), b'x');
}

#[test]
fn it_moves_to_its_rescuer() {
    let (home, rescuer) = (driver(), driver());
    waiting!(home, task, ours, theirs, reading);
    theirs.write_all(b"x").expect("write");
    let mut batch = WakeBatch::new();
    let turn = home.try_turn(&mut batch).expect("turn").expect("free");
    assert_eq!(turn.events, 1);
    batch.wake_all();
    assert_eq!(task.wakes(), 1);
    assert_eq!(output(task.poll(&rescuer, reading.as_mut())), b'x');
    assert_eq!((home.len(), rescuer.len()), (1, 0), "it need not wait yet");

    reading.set(read(&ours));
    assert!(task.poll(&rescuer, reading.as_mut()).is_pending());
    assert_eq!((home.len(), rescuer.len()), (0, 1));
    theirs.write_all(b"y").expect("write");
    task.turn_until(&rescuer, 2);
    assert_eq!(output(task.poll(&rescuer, reading.as_mut())), b'y');
    assert_eq!(rescuer.registrations(), 1);
}

#[test]
fn it_does_not_move_if_it_was_rescued_but_runs_at_home() {
    let home = driver();
    waiting!(home, task, ours, theirs, reading);
    theirs.write_all(b"x").expect("write");
    let mut batch = WakeBatch::new();
    home.try_turn(&mut batch).expect("turn").expect("free");
    batch.wake_all();
    assert_eq!(output(task.poll(&home, reading.as_mut())), b'x');
    reading.set(read(&ours));
    assert!(task.poll(&home, reading.as_mut()).is_pending());
    assert_eq!(home.registrations(), 1);
}

#[test]
fn an_orphan_is_woken_and_registers_where_it_is_polled() {
    let (home, next) = (driver(), driver());
    waiting!(home, task, ours, theirs, reading);
    let mut batch = WakeBatch::new();
    home.orphan(&mut batch);
    assert_eq!(batch.wake_all(), 1);
    assert_eq!(home.len(), 0);
    assert!(task.poll(&next, reading.as_mut()).is_pending());
    assert_eq!(next.len(), 1);
    theirs.write_all(b"x").expect("write");
    task.turn_until(&next, 2);
    assert_eq!(output(task.poll(&next, reading.as_mut())), b'x');
}

#[test]
fn a_driver_that_is_dropped_leaves_orphans() {
    let (home, next) = (driver(), driver());
    let (ours, mut theirs) = pair();
    let task = Task::on(&next);
    let mut reading = pin!(read(&ours));
    assert!(task.poll(&home, reading.as_mut()).is_pending());
    drop(home);
    assert_eq!(task.wakes(), 1);
    theirs.write_all(b"x").expect("write");
    assert_eq!(output(task.poll(&next, reading.as_mut())), b'x');
    assert_eq!(next.registrations(), 0, "an orphan tries first, too");
}

#[test]
fn an_orphaned_driver_refuses_registrations() {
    let driver = driver();
    driver.orphan(&mut WakeBatch::new());
    let (ours, _theirs) = pair();
    let error = run(&driver, read(&ours)).expect_err("refused");
    assert!(error.to_string().contains("shutting down"), "{error}");
}

#[test]
fn a_stale_event_does_not_reach_who_has_the_place_now() {
    let driver = driver();
    {
        waiting!(driver, task, ours, theirs, reading);
        theirs.write_all(b"x").expect("write");
    }
    assert_eq!(driver.len(), 0);
    waiting!(driver, task, ours, theirs, reading);
    assert_eq!(task.wakes(), 0);
    theirs.write_all(b"y").expect("write");
    task.turn_until(&driver, 1);
    assert_eq!(output(task.poll(&driver, reading.as_mut())), b'y');
}

#[test]
fn it_can_be_dropped_on_any_thread() {
    let driver = driver();
    let (ours, _theirs) = pair();
    let task = Task::on(&driver);
    assert!(task.poll(&driver, pin!(read(&ours))).is_pending());
    assert_eq!(driver.len(), 1);
    thread::spawn(move || drop(ours)).join().expect("no panic");
    assert_eq!(driver.len(), 0);
}

#[test]
fn taking_the_descriptor_out_deregisters_it() {
    let driver = driver();
    let (ours, mut theirs) = pair();
    let task = Task::on(&driver);
    assert!(task.poll(&driver, pin!(read(&ours))).is_pending());
    let std = ours.into_inner();
    assert_eq!(driver.len(), 0);
    theirs.write_all(b"x").expect("write");
    let again = Registered::new(std);
    assert_eq!(run(&driver, read(&again)).expect("read"), b'x');
}

#[test]
fn waiting_without_a_driver_says_what_to_do() {
    let (ours, _theirs) = pair();
    let driver = driver();
    let task = Task::on(&driver);
    let error = |poll: Poll<io::Result<u8>>| match poll {
        Poll::Ready(Err(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let text = error(task.poll_unseated(pin!(read(&ours))));
    assert!(text.contains("Handle::enter"), "{text}");
    let _seated = current::enter_disabled();
    let text = error(task.poll_unseated(pin!(read(&ours))));
    assert!(text.contains("enable_io()"), "{text}");
}

#[test]
fn a_registration_that_fails_fails_again_and_hangs_nobody() {
    let driver = driver();
    let file = Registered::new(std::fs::File::open("/proc/self/exe").expect("open"));
    for _ in 0..2 {
        let error = run(&driver, file.ready(Interest::READABLE)).expect_err("a plain file");
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
    assert_eq!(driver.len(), 0);
}

#[test]
fn tasks_that_meet_an_orphan_together_register_once() {
    let (home, next) = (driver(), driver());
    let (ours, mut theirs) = pair();
    let tasks = [Task::on(&next), Task::on(&next), Task::on(&next)];
    let mut readings = [(); 3].map(|()| Box::pin(read(&ours)));
    for (task, reading) in tasks.iter().zip(&mut readings) {
        assert!(task.poll(&home, reading.as_mut()).is_pending());
    }
    home.orphan(&mut WakeBatch::new());
    thread::scope(|scope| {
        for (task, reading) in tasks.iter().zip(&mut readings) {
            let next = &next;
            scope.spawn(move || assert!(task.poll(next, reading.as_mut()).is_pending()));
        }
    });
    assert_eq!((next.len(), next.registrations()), (1, 1));
    theirs.write_all(b"abc").expect("write");
    while turn(&next, Wait::No) == 0 {}
    let mut got: Vec<u8> = tasks
        .iter()
        .zip(&mut readings)
        .map(|(task, reading)| output(task.poll(&next, reading.as_mut())))
        .collect();
    got.sort_unstable();
    assert_eq!(got, b"abc");
}
