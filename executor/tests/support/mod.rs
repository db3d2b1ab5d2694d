//! What the behaviour tests share: every flavour through one helper, a guard against hangs, and
//! ways to wait for a condition instead of for luck.

#![allow(dead_code, reason = "each test file uses a part of it")]

#[cfg(feature = "fs")]
pub mod fs;
pub mod shutdown;

use pintle::runtime::{Builder, Handle, Runtime};
use pintle::task::JoinHandle;
use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// After this long a test hangs.
const HANGS: Duration = Duration::from_secs(60);

/// The flavours, with two workers where the flavour has worker threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    MultiThread,
    ThreadPerCore,
    CurrentThread,
}

impl Mode {
    pub const ALL: [Mode; 3] = [Mode::MultiThread, Mode::ThreadPerCore, Mode::CurrentThread];

    /// With no driver enabled.
    pub fn bare(self) -> Builder {
        let mut builder = match self {
            Mode::MultiThread => Builder::new_multi_thread(),
            Mode::ThreadPerCore => Builder::new_thread_per_core(),
            Mode::CurrentThread => Builder::new_current_thread(),
        };
        // Not pinned to processors, which several tests at a time share.
        builder.worker_threads(2).pin_workers(false);
        builder
    }

    pub fn builder(self) -> Builder {
        let mut builder = self.bare();
        builder.enable_all();
        builder
    }

    pub fn runtime(self) -> Runtime {
        self.builder().build().expect("a runtime")
    }

    pub fn steals(self) -> bool {
        self == Mode::MultiThread
    }

    /// Whether tasks run on threads of their own, and not inside `block_on`.
    pub fn has_threads(self) -> bool {
        self != Mode::CurrentThread
    }

    pub fn workers(self) -> usize {
        if self.has_threads() { 2 } else { 1 }
    }
}

/// Runs a test in every flavour. A panic says in which; a hang ends the process and says so.
pub fn every_mode(body: impl Fn(Mode)) {
    for mode in Mode::ALL {
        in_mode(mode, &body);
    }
}

/// Runs a test in one flavour, as [`every_mode`] does.
pub fn in_mode(mode: Mode, body: impl FnOnce(Mode)) {
    struct Named(Mode);
    impl Drop for Named {
        fn drop(&mut self) {
            if thread::panicking() {
                eprintln!("the panic above happened in mode {:?}", self.0);
            }
        }
    }
    guarded(&format!("{mode:?}"), || {
        let _named = Named(mode);
        body(mode);
    });
}

/// Ends the process with a message if `body` takes for ever.
pub fn guarded<R>(what: &str, body: impl FnOnce() -> R) -> R {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let what = what.to_owned();
    let (done, wait) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if wait.recv_timeout(HANGS) == Err(mpsc::RecvTimeoutError::Timeout) {
            // Past the test harness, which keeps what a test prints until the test ends.
            let message = format!("\n{test} ({what}) hangs: not done after {HANGS:?}\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), message.as_bytes());
            std::process::abort();
        }
    });
    let result = catch_unwind(AssertUnwindSafe(body));
    drop(done);
    watchdog.join().expect("the watchdog");
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Blocks until `condition` holds.
pub fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::sleep(Duration::from_micros(200));
    }
}

/// Yields until `condition` holds.
pub async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        pintle::task::yield_now().await;
    }
}

/// Something that happens once, for tasks and threads to wait for.
#[derive(Debug, Clone, Default)]
pub struct Event(Arc<EventState>);

#[derive(Debug, Default)]
struct EventState {
    happened: Mutex<(bool, Vec<Waker>)>,
    condvar: Condvar,
}

impl Event {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn set(&self) {
        let wakers = {
            let mut state = self.0.happened.lock().unwrap();
            state.0 = true;
            self.0.condvar.notify_all();
            std::mem::take(&mut state.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub fn is_set(&self) -> bool {
        self.0.happened.lock().unwrap().0
    }

    /// Blocks the thread.
    pub fn wait_blocking(&self) {
        let mut state = self.0.happened.lock().unwrap();
        while !state.0 {
            state = self.0.condvar.wait(state).unwrap();
        }
    }

    pub fn poll_wait(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.happened.lock().unwrap();
        if state.0 {
            return Poll::Ready(());
        }
        if !state.1.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.1.push(cx.waker().clone());
        }
        Poll::Pending
    }

    pub async fn wait(&self) {
        poll_fn(|cx| self.poll_wait(cx)).await
    }

    /// Keeps the processor busy until it happens, as a task does that computes for too long.
    /// Says whether it happened, or the patience of a test ran out.
    pub fn wait_spinning(&self) -> bool {
        let start = std::time::Instant::now();
        while !self.is_set() {
            if start.elapsed() > HANGS / 4 {
                return false;
            }
            std::hint::spin_loop();
        }
        true
    }
}

/// Counts how often a future (or whatever else has one) is dropped.
#[derive(Debug, Clone, Default)]
pub struct Drops(Arc<AtomicUsize>);

impl Drops {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub fn counter(&self) -> CountDrop {
        CountDrop(self.0.clone())
    }
}

#[derive(Debug)]
pub struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs a closure when it is dropped.
pub struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> OnDrop<F> {
    pub fn new(f: F) -> Self {
        Self(Some(f))
    }
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

impl<F: FnOnce()> fmt::Debug for OnDrop<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnDrop")
    }
}

/// The message of a panic.
pub fn message_of(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic
            .downcast_ref::<&str>()
            .expect("a panic with a message")
            .to_string(),
    }
}

/// What `f` panics with.
#[track_caller]
pub fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it should have panicked"),
        Err(panic) => message_of(panic),
    }
}

/// Asserts that `f` panics with a message that contains each of `parts`.
#[track_caller]
pub fn assert_panics_with<R>(parts: &[&str], f: impl FnOnce() -> R) {
    let message = panic_of(f);
    for part in parts {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

/// Awaits all of them, which must all succeed.
pub async fn join_all<T>(handles: impl IntoIterator<Item = JoinHandle<T>>) -> Vec<T> {
    let mut outputs = Vec::new();
    for handle in handles {
        outputs.push(handle.await.expect("the task succeeds"));
    }
    outputs
}

/// Polls a future once.
pub async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Keeps every worker thread of a runtime inside a poll until dropped. A current-thread runtime
/// needs nothing: its worker is the thread of the test.
#[derive(Debug)]
pub struct Occupied {
    over: Event,
}

impl Occupied {
    pub fn all(mode: Mode, handle: &Handle) -> Self {
        let over = Event::new();
        if mode.has_threads() {
            for worker in 0..mode.workers() {
                occupy(handle, worker, &over);
            }
        }
        Self { over }
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.over.set();
    }
}

/// Keeps one worker inside a poll until `over`. Returns when it is there.
pub fn occupy(handle: &Handle, worker: usize, over: &Event) {
    let (started, over) = (Event::new(), over.clone());
    let there = started.clone();
    drop(handle.spawn_on(worker, move || async move {
        there.set();
        over.wait_blocking();
    }));
    started.wait_blocking();
}

/// A turn that is given by one task and taken by another. Its lock is std's, so that nobody counts it.
#[derive(Debug, Default)]
pub struct Turn(Mutex<(bool, Option<Waker>)>);

impl Turn {
    pub fn give(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap();
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub async fn take(&self) {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap();
            if std::mem::take(&mut state.0) {
                return Poll::Ready(());
            }
            state.1 = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
