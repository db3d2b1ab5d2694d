//! What is counted: programs that do one thing a given number of times, and nothing that depends on
//! the time, on one worker.

use crate::channels::Channels;
use crate::measure::Countdown;
use crate::runtime::Runtime;
use crate::scenarios::Setup;
use crate::scenarios::batches::on_workers;
use crate::scenarios::timing::{LONG, STRETCH, arm};
use atomic_waker::AtomicWaker;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// So many tasks or messages are under way at once.
const BATCH: usize = 100;

/// A program, as the counter knows it.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    pub name: &'static str,
    /// What one operation is.
    pub about: &'static str,
}

macro_rules! programs {
    ($($name:ident: $about:literal;)*) => {
        /// All programs, in the order of the file.
        pub const ALL: &[Program] = &[$(Program {
            name: stringify!($name),
            about: $about,
        }),*];

        /// Runs the program of that name, if there is one.
        pub fn run<R: Runtime>(name: &str, operations: usize) -> Option<()> {
            match name {
                $(stringify!($name) => on_one_worker::<R, _, _>(move || $name::<R>(operations)),)*
                _ => return None,
            }
            Some(())
        }
    };
}

programs! {
    spawn: "a task is spawned, runs, and is gone";
    spawn_join: "the same, and its handle is awaited";
    spawn_wait: "a task is spawned, waits, is woken by who spawned it, and is gone";
    yields: "one of 100 tasks yields and is polled again";
    wake: "one of two tasks wakes the other, and waits";
    timer: "a sleep is made, polled, and dropped before its time";
    message: "a message is sent and received, 100 under way";
    oneshot: "a oneshot is made, sent into, and received from";
}

fn on_one_worker<R, M, F>(program: M)
where
    R: Runtime,
    M: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let setup = Setup {
        workers: 1,
        budget: Duration::ZERO,
        size: 0,
    };
    on_workers::<R, _, _, _>(&setup, 1, move |_| program());
}

async fn spawn<R: Runtime>(operations: usize) {
    for _ in 0..operations / BATCH {
        let all = Countdown::new(BATCH);
        for _ in 0..BATCH {
            let all = all.clone();
            R::spawn(async move { all.arrive() });
        }
        all.await;
    }
}

async fn spawn_wait<R: Runtime>(operations: usize) {
    let balls: Vec<_> = (0..BATCH).map(|_| Arc::new(Ball::default())).collect();
    for _ in 0..operations / BATCH {
        let all = Countdown::new(BATCH);
        for ball in &balls {
            let (ball, all) = (ball.clone(), all.clone());
            R::spawn(async move {
                poll_fn(|cx| ball.poll_take(cx)).await;
                all.arrive();
            });
        }
        // They have their first turn.
        R::yield_now().await;
        balls.iter().for_each(|ball| ball.put());
        all.await;
    }
}

async fn spawn_join<R: Runtime>(operations: usize) {
    let mut handles = Vec::with_capacity(BATCH);
    for _ in 0..operations / BATCH {
        handles.extend((0..BATCH).map(|i| R::spawn_join(async move { i })));
        for (i, handle) in handles.drain(..).enumerate() {
            assert_eq!(handle.await, i);
        }
    }
}

async fn yields<R: Runtime>(operations: usize) {
    let all = Countdown::new(BATCH);
    for _ in 0..BATCH {
        let all = all.clone();
        R::spawn(async move {
            for _ in 0..operations / BATCH {
                R::yield_now().await;
            }
            all.arrive();
        });
    }
    all.await;
}

/// What one task leaves for the other, and how it wakes it.
#[derive(Debug, Default)]
struct Ball {
    is_here: AtomicBool,
    taker: AtomicWaker,
}

impl Ball {
    fn put(&self) {
        // The waker's own orderings publish it.
        self.is_here.store(true, Ordering::Relaxed);
        self.taker.wake();
    }

    fn poll_take(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.taker.register(cx.waker());
        match self.is_here.load(Ordering::Relaxed) {
            true => {
                self.is_here.store(false, Ordering::Relaxed);
                Poll::Ready(())
            }
            false => Poll::Pending,
        }
    }
}

async fn wake<R: Runtime>(operations: usize) {
    async fn half(own: Arc<Ball>, other: Arc<Ball>, rounds: usize, all: Countdown) {
        for _ in 0..rounds {
            poll_fn(|cx| own.poll_take(cx)).await;
            other.put();
        }
        all.arrive();
    }
    let (left, right) = (Arc::new(Ball::default()), Arc::new(Ball::default()));
    let all = Countdown::new(2);
    left.put();
    R::spawn(half(
        left.clone(),
        right.clone(),
        operations / 2,
        all.clone(),
    ));
    R::spawn(half(right, left, operations / 2, all.clone()));
    all.await;
}

async fn timer<R: Runtime>(operations: usize) {
    // One that is due earlier is there all the time, as it is in most programs.
    let mut earlier = Box::pin(R::sleep(LONG / 2));
    arm(earlier.as_mut());
    for _ in 0..operations / STRETCH {
        for _ in 0..STRETCH {
            let mut sleep = pin!(R::sleep(LONG));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(sleep.as_mut().poll(&mut cx).is_pending());
        }
        R::yield_now().await;
    }
}

async fn message<R: Runtime>(operations: usize) {
    let (sender, mut receiver) = R::Channels::bounded(BATCH);
    R::spawn(async move {
        for message in 0..operations as u64 {
            R::Channels::send(&sender, message).await;
        }
    });
    for message in 0..operations as u64 {
        assert_eq!(R::Channels::receive(&mut receiver).await, Some(message));
    }
}

async fn oneshot<R: Runtime>(operations: usize) {
    for i in 0..operations as u64 {
        let (sender, receiver) = R::Channels::oneshot();
        R::Channels::give(sender, i);
        assert_eq!(R::Channels::take(receiver).await, i);
    }
}
