//! Signals, sent by the test to itself. They are the process's, so each test has its own: most of
//! them Linux's real-time ones.

#![cfg(all(feature = "signal", target_os = "linux"))]

mod support;

use pintle::signal::unix::{Signal, SignalKind, signal};
use signal_hook::low_level::raise;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use support::{Mode, OnDrop, every_mode, guarded, in_mode, join_all, poll_once};

fn listen(kind: SignalKind) -> Signal {
    signal(kind).unwrap()
}

fn send(kind: SignalKind) {
    raise(kind.as_raw_value()).unwrap();
}

fn is_told(signal: &mut Signal) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    signal.poll_recv(&mut cx).is_ready()
}

#[test]
fn every_listener_is_told() {
    let kind = SignalKind::user_defined1();
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let tasks: Vec<_> = (0..10)
                .map(|_| listen(kind))
                .map(|mut signal| pintle::spawn(async move { signal.recv().await }))
                .collect();
            let mut ours = listen(kind);
            send(kind);
            assert_eq!(ours.recv().await, Some(()));
            assert!(join_all(tasks).await.iter().all(Option::is_some));
        });
    });
}

#[test]
fn a_listener_is_told_of_each_signal_after_the_other() {
    let kind = SignalKind::user_defined2();
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut signal = listen(kind);
            for _ in 0..50 {
                send(kind);
                signal.recv().await;
            }
        });
    });
}

#[test]
fn signals_that_nobody_asks_for_are_one() {
    let kind = SignalKind::window_change();
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let (mut lazy, mut eager) = (listen(kind), listen(kind));
            for _ in 0..10 {
                send(kind);
                eager.recv().await;
            }
            assert!(is_told(&mut lazy));
            assert!(!is_told(&mut lazy), "ten signals are one");
            assert!(!is_told(&mut eager));
        });
    });
}

#[test]
fn a_listener_is_not_told_of_what_was_before_it() {
    let kind = SignalKind::from_raw(40);
    guarded("one", || {
        let mut early = listen(kind);
        send(kind);
        futures_lite::future::block_on(early.recv());
        assert!(!is_told(&mut listen(kind)));
    });
}

#[test]
fn a_dropped_recv_misses_nothing() {
    let kind = SignalKind::from_raw(41);
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut signal = listen(kind);
            let mut other = listen(kind);
            assert!(poll_once(pin!(signal.recv())).await.is_pending());
            send(kind);
            other.recv().await;
            assert!(poll_once(pin!(signal.recv())).await.is_ready());
        });
    });
}

#[test]
fn a_listener_outlives_the_runtime_that_made_it() {
    let kind = SignalKind::from_raw(42);
    every_mode(|mode| {
        let first = mode.runtime();
        let mut signal = first.block_on(async {
            let mut signal = listen(kind);
            assert!(poll_once(pin!(signal.recv())).await.is_pending());
            signal
        });
        // At rest, and then gone.
        send(kind);
        mode.runtime().block_on(signal.recv());
        drop(first);
        mode.runtime().block_on(async {
            send(kind);
            signal.recv().await;
        });
    });
}

#[test]
fn runtimes_that_listen_do_not_depend_on_each_other() {
    let kind = SignalKind::from_raw(43);
    every_mode(|mode| {
        let (one, other) = (mode.runtime(), Mode::CurrentThread.runtime());
        let (mut here, mut there) = (listen(kind), listen(kind));
        // Both have a waker in; neither runtime runs now.
        other.block_on(async { assert!(poll_once(pin!(there.recv())).await.is_pending()) });
        one.block_on(async {
            send(kind);
            here.recv().await;
        });
        other.block_on(there.recv());
    });
}

#[test]
fn no_runtime_is_needed() {
    let kind = SignalKind::from_raw(44);
    guarded("no runtime", || {
        let mut signal = listen(kind);
        send(kind);
        futures_lite::future::block_on(signal.recv());
    });
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.bare().build().unwrap();
        runtime.block_on(async {
            let mut signal = listen(kind);
            send(kind);
            signal.recv().await;
        });
    });
}

#[test]
fn the_last_task_that_polled_is_woken() {
    struct Flag(support::Event);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.set();
        }
    }
    let kind = SignalKind::from_raw(45);
    guarded("wakers", || {
        let mut signal = listen(kind);
        let flags = [(); 2].map(|()| support::Event::new());
        for flag in &flags {
            let waker = Waker::from(Arc::new(Flag(flag.clone())));
            let mut cx = Context::from_waker(&waker);
            assert_eq!(signal.poll_recv(&mut cx), Poll::Pending);
        }
        send(kind);
        flags[1].wait_blocking();
        assert!(!flags[0].is_set());
    });
}

#[test]
fn a_waker_may_use_the_listeners() {
    struct Relisten(SignalKind, support::Event);
    impl Wake for Relisten {
        fn wake(self: Arc<Self>) {
            drop(listen(self.0));
            self.1.set();
        }
    }
    let kind = SignalKind::from_raw(46);
    guarded("relisten", || {
        let done = support::Event::new();
        let mut signal = listen(kind);
        let waker = Waker::from(Arc::new(Relisten(kind, done.clone())));
        assert!(
            signal
                .poll_recv(&mut Context::from_waker(&waker))
                .is_pending()
        );
        drop(waker);
        send(kind);
        done.wait_blocking();
        // And a panicking one takes nothing down.
        struct Panics;
        impl Wake for Panics {
            fn wake(self: Arc<Self>) {
                panic!("in a waker");
            }
        }
        while is_told(&mut signal) {}
        let waker = Waker::from(Arc::new(Panics));
        assert!(
            signal
                .poll_recv(&mut Context::from_waker(&waker))
                .is_pending()
        );
        send(kind);
        let mut other = listen(kind);
        send(kind);
        futures_lite::future::block_on(other.recv());
    });
}

#[test]
fn a_listener_may_be_dropped_while_it_waits() {
    let kind = SignalKind::from_raw(47);
    every_mode(|mode| {
        let dropped = support::Event::new();
        let runtime = mode.runtime();
        let last = OnDrop::new({
            let dropped = dropped.clone();
            move || dropped.set()
        });
        let waits = support::Event::new();
        let task = runtime.spawn({
            let waits = waits.clone();
            async move {
                let _last = last;
                let mut signal = listen(kind);
                assert!(poll_once(pin!(signal.recv())).await.is_pending());
                waits.set();
                signal.recv().await;
            }
        });
        runtime.block_on(async {
            waits.wait().await;
            task.abort();
            dropped.wait().await;
            let mut signal = listen(kind);
            send(kind);
            signal.recv().await;
        });
    });
}

#[test]
fn ctrl_c_is_told_to_all_who_wait() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut first = pin!(pintle::signal::ctrl_c());
            let mut second = pin!(pintle::signal::ctrl_c());
            assert!(poll_once(first.as_mut()).await.is_pending());
            assert!(poll_once(second.as_mut()).await.is_pending());
            send(SignalKind::interrupt());
            first.await.unwrap();
            second.await.unwrap();
        });
    });
}

#[test]
fn what_cannot_be_listened_to_is_an_error() {
    // Kill, stop, and the faults; then what is no signal.
    for number in [9, 19, 4, 8, 11, 0, -1, 128, 1000, i32::MIN, i32::MAX] {
        let error = signal(SignalKind::from_raw(number)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{number}: {error}");
    }
    assert!(signal(SignalKind::from_raw(100)).is_err());
}

#[test]
fn kinds_have_the_systems_numbers() {
    for (kind, number) in [
        (SignalKind::hangup(), 1),
        (SignalKind::interrupt(), 2),
        (SignalKind::quit(), 3),
        (SignalKind::pipe(), 13),
        (SignalKind::alarm(), 14),
        (SignalKind::terminate(), 15),
    ] {
        assert_eq!(i32::from(kind), number);
        assert_eq!(SignalKind::from(number), kind);
    }
    let kinds = [SignalKind::child(), SignalKind::io(), SignalKind::hangup()];
    assert!(kinds.iter().all(|kind| kind.as_raw_value() > 0));
}
