//! Locks and read-modify-writes for each operation, and how many of them are on cache lines that another worker
//! writes, too. Runs under `--cfg counted`, by `.ci/counts.sh`; the table is in ARCHITECTURE.md.

#![cfg(counted)]

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::UnixStream;
use pintle::sync::{mpsc, oneshot};
use pintle::task::{self, JoinHandle};
use pintle_sync::shim::counted::{Counts, begin, here};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Event, Mode, Turn, in_mode, join_all, poll_once, wait_until};

const ROUNDS: u64 = 1000;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operation {
    Spawn,
    Join,
    Yield,
    Wake,
    Timer,
    Fire,
    Message,
    Oneshot,
    Exchange,
}

use Operation::*;

const ALL: [Operation; 9] = [
    Spawn, Join, Yield, Wake, Timer, Fire, Message, Oneshot, Exchange,
];

/// Makes a task of the mode's own kind: pinned, or stealable.
fn spawn<T: Send + 'static>(
    mode: Mode,
    future: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    match mode.steals() {
        true => pintle::spawn(future),
        false => task::spawn_local(future),
    }
}

/// Does it so many times.
async fn operate(mode: Mode, operation: Operation, rounds: u64) {
    match operation {
        Spawn => {
            for _ in 0..rounds {
                drop(spawn(mode, async {}));
                task::yield_now().await;
            }
        }
        Join => {
            for _ in 0..rounds {
                spawn(mode, async {}).await.unwrap();
            }
        }
        Yield => {
            for _ in 0..rounds {
                task::yield_now().await;
            }
        }
        Wake => {
            let (ping, pong) = (Arc::new(Turn::default()), Arc::new(Turn::default()));
            let other = {
                let (ping, pong) = (ping.clone(), pong.clone());
                async move {
                    for _ in 0..rounds / 2 {
                        ping.take().await;
                        pong.give();
                    }
                }
            };
            let other = spawn(mode, other);
            for _ in 0..rounds / 2 {
                ping.give();
                pong.take().await;
            }
            other.await.unwrap();
        }
        Timer => {
            for _ in 0..rounds {
                let sleep = pin!(pintle::time::sleep(Duration::from_secs(60)));
                assert!(poll_once(sleep).await.is_pending());
            }
        }
        Fire => {
            for _ in 0..rounds {
                pintle::time::sleep(Duration::from_micros(1)).await;
            }
        }
        Message => {
            let (sender, mut receiver) = mpsc::channel(100);
            let other = spawn(mode, async move {
                for n in 0..rounds {
                    sender.send(n).await.unwrap();
                }
            });
            while receiver.recv().await.is_some() {}
            other.await.unwrap();
        }
        Oneshot => {
            for n in 0..rounds {
                let (sender, receiver) = oneshot::channel();
                sender.send(n).unwrap();
                assert_eq!(receiver.await, Ok(n));
            }
        }
        Exchange => {
            let (mut near, mut far) = UnixStream::pair().unwrap();
            let echo = async move {
                let mut byte = [0];
                while far.read(&mut byte).await.unwrap() == 1 {
                    far.write_all(&byte).await.unwrap();
                }
            };
            let echo = spawn(mode, echo);
            // Two readinesses each.
            for _ in 0..rounds / 2 {
                let mut byte = [1];
                near.write_all(&byte).await.unwrap();
                near.read_exact(&mut byte).await.unwrap();
            }
            drop(near);
            echo.await.unwrap();
        }
    }
}

/// For each operation.
#[derive(Debug, Clone, Copy)]
struct Each {
    locks: f64,
    words: f64,
    fences: f64,
    fetched: f64,
}

impl Each {
    fn of(counts: Counts, operations: u64) -> Each {
        let each = |n: u64| n as f64 / operations as f64;
        Each {
            locks: each(counts.locks),
            words: each(counts.words),
            fences: each(counts.fences),
            fetched: each(counts.fetched),
        }
    }
}

/// What a worker does, while its sibling, if there is one, does the same.
fn count(mode: Mode, operation: Operation, workers: usize) -> Each {
    let runtime = mode.builder().worker_threads(workers).build().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let siblings = (1..workers).map(|worker| {
        let over = over.clone();
        runtime.handle().spawn_on(worker, move || async move {
            while !over.load(Ordering::Relaxed) {
                operate(mode, operation, ROUNDS / 10).await;
                task::yield_now().await;
            }
        })
    });
    let siblings: Vec<_> = siblings.collect();
    let counted = runtime.handle().spawn_on(0, move || async move {
        begin();
        operate(mode, operation, ROUNDS).await;
        begin();
        operate(mode, operation, ROUNDS).await;
        here()
    });
    let counts = runtime.block_on(counted).unwrap();
    over.store(true, Ordering::Relaxed);
    runtime.block_on(join_all(siblings));
    Each::of(counts, ROUNDS)
}

const PER_CORE: Mode = Mode::ThreadPerCore;
const STEALING: Mode = Mode::MultiThread;

/// Locks, words and fences, to the nearest whole number: a look at the drivers once in many polls has some, too.
type Row = (u64, u64, u64);

impl Each {
    fn row(self) -> Row {
        let [locks, words, fences] =
            [self.locks, self.words, self.fences].map(|n| n.round() as u64);
        (locks, words, fences)
    }
}

#[test]
fn what_a_worker_does_by_itself_is_as_in_the_table() {
    const TABLE: [(Operation, Row, Row); 9] = [
        // Per core, stealing.
        (Spawn, (0, 2, 0), (0, 4, 0)),
        (Join, (0, 7, 0), (0, 9, 0)),
        (Yield, (0, 0, 0), (0, 0, 0)),
        (Wake, (0, 3, 0), (0, 4, 0)),
        (Timer, (2, 2, 0), (2, 2, 0)),
        (Fire, (5, 6, 0), (9, 9, 1)),
        (Message, (1, 2, 0), (1, 2, 0)),
        (Oneshot, (0, 1, 0), (0, 1, 0)),
        (Exchange, (6, 8, 0), (9, 11, 1)),
    ];
    for (mode, is_stealing) in [(PER_CORE, false), (STEALING, true)] {
        for (operation, per_core, stealing) in TABLE {
            in_mode(mode, |mode| {
                let counted = count(mode, operation, 1);
                let expected = if is_stealing { stealing } else { per_core };
                assert_eq!(counted.row(), expected, "{operation:?}: {counted:?}");
            });
        }
    }
}

#[test]
fn a_look_at_the_drivers_that_finds_nothing_takes_two_locks() {
    for mode in [PER_CORE, STEALING] {
        in_mode(mode, |mode| {
            let runtime = mode.builder().worker_threads(1).build().unwrap();
            let counted = runtime.handle().spawn_on(0, || async {
                let metrics = pintle::runtime::Handle::current().metrics();
                let before = metrics.worker_driver_count(0);
                begin();
                operate(PER_CORE, Yield, 10 * ROUNDS).await;
                (here(), metrics.worker_driver_count(0) - before)
            });
            let (counts, looks) = runtime.block_on(counted).unwrap();
            // The reactor's and the timers'. Yielding takes nothing beyond that; somebody who comes to wait for the
            // task may write to its word.
            assert_eq!(counts.locks, 2 * looks, "{counts:?}");
            assert!(counts.words < 10, "{counts:?}");
        });
    }
}

#[test]
fn a_worker_per_core_writes_to_no_line_that_its_sibling_writes() {
    for operation in ALL {
        in_mode(PER_CORE, |mode| {
            let counted = count(mode, operation, 2);
            assert!(counted.fetched < 0.01, "{operation:?}: {counted:?}");
        });
    }
}

#[test]
fn a_stealing_worker_that_has_work_hardly_writes_to_lines_that_its_sibling_writes() {
    // In the others it goes to sleep, and that it tells its siblings.
    for operation in [Spawn, Join, Yield, Wake, Timer, Message, Oneshot] {
        in_mode(STEALING, |mode| {
            let counted = count(mode, operation, 2);
            assert!(counted.fetched < 0.3, "{operation:?}: {counted:?}");
        });
    }
}

/// One worker that is asleep each time its task is woken from this thread: what either does.
fn wakes_of_a_sleeper(mode: Mode) -> (Each, Each) {
    let runtime = mode.builder().worker_threads(1).build().unwrap();
    let metrics = runtime.metrics();
    let turn = Arc::new(Turn::default());
    let told = Arc::new(Mutex::new(Counts::default()));
    let waiting = runtime.handle().spawn_on(0, {
        let (turn, told) = (turn.clone(), told.clone());
        move || async move {
            begin();
            for _ in 0..ROUNDS {
                turn.take().await;
                *told.lock().unwrap() = here();
            }
        }
    });
    begin();
    let mut parks = 0;
    for _ in 0..ROUNDS {
        wait_until(|| metrics.worker_park_count(0) > parks);
        parks = metrics.worker_park_count(0);
        turn.give();
    }
    let waker = here();
    runtime.block_on(waiting).unwrap();
    let worker = *told.lock().unwrap();
    (Each::of(waker, ROUNDS), Each::of(worker, ROUNDS))
}

/// One worker that is busy while this thread spawns tasks on it, or wakes them.
fn calls_of_the_busy(mode: Mode) -> (Each, Each) {
    let runtime = mode.builder().worker_threads(1).build().unwrap();
    let turns: Vec<_> = (0..ROUNDS).map(|_| Arc::new(Turn::default())).collect();
    let idle = Arc::new(AtomicUsize::new(0));
    for turn in &turns {
        let (turn, idle) = (turn.clone(), idle.clone());
        drop(runtime.spawn(async move {
            idle.fetch_add(1, Ordering::Relaxed);
            turn.take().await;
        }));
    }
    wait_until(|| idle.load(Ordering::Relaxed) == turns.len());
    let over = Event::new();
    support::occupy(runtime.handle(), 0, &over);
    begin();
    let tasks: Vec<_> = turns.iter().map(|_| runtime.spawn(async {})).collect();
    let spawn = here();
    begin();
    turns.iter().for_each(|turn| turn.give());
    let wake = here();
    over.set();
    runtime.block_on(join_all(tasks));
    (Each::of(spawn, ROUNDS), Each::of(wake, ROUNDS))
}

#[test]
fn a_wake_of_a_sleeping_worker_is_as_in_the_table() {
    for (mode, sleeps) in [(PER_CORE, (3, 6, 0)), (STEALING, (6, 9, 1))] {
        in_mode(mode, |mode| {
            let (waker, worker) = wakes_of_a_sleeper(mode);
            assert_eq!(waker.row(), (0, 3, 0), "{waker:?}");
            let (locks, words, fences) = worker.row();
            // It may wait awake for a moment before it sleeps, and look at the drivers meanwhile.
            assert!(locks >= sleeps.0, "{worker:?}");
            assert_eq!((words, fences), (sleeps.1, sleeps.2), "{worker:?}");
            // The task's state, the inbox and the parker, which may be on one line: there and back.
            assert!((2.0..4.0).contains(&waker.fetched.round()), "{waker:?}");
            assert!((2.0..4.0).contains(&worker.fetched.round()), "{worker:?}");
        });
    }
}

#[test]
fn spawning_on_a_busy_worker_and_waking_its_tasks_is_as_in_the_table() {
    for (mode, fences) in [(PER_CORE, 0), (STEALING, 2)] {
        in_mode(mode, |mode| {
            let (spawn, wake) = calls_of_the_busy(mode);
            assert_eq!(spawn.row(), (0, 3, fences), "{spawn:?}");
            assert_eq!(wake.row(), (0, 3, fences), "{wake:?}");
            // The inbox and the parker are this thread's while the worker is busy.
            assert!(spawn.fetched < 0.1, "{spawn:?}");
            assert_eq!(wake.fetched.round(), 1.0, "the task's state: {wake:?}");
        });
    }
}
