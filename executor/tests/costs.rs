//! What things cost, in counts, which do not depend on the machine: system calls that wake
//! workers, registrations, turns of an idle runtime. Allocations are in `allocations.rs`; that these
//! counters are what the kernel sees, in `system_calls.rs`.

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::{TcpListener, TcpStream};
use pintle::runtime::{Builder, Handle, Runtime, RuntimeMetrics};
use pintle::task;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use support::{Event, Mode, Turn, every_mode, in_mode, join_all, occupy, wait_until};

fn sum(metrics: &RuntimeMetrics, count: impl Fn(&RuntimeMetrics, usize) -> u64) -> u64 {
    (0..metrics.num_workers())
        .map(|worker| count(metrics, worker))
        .sum()
}

fn unparks(metrics: &RuntimeMetrics) -> u64 {
    sum(metrics, RuntimeMetrics::worker_unpark_count)
}

/// Two tasks, made by `spawn`, wake each other `rounds` times. They are spawned from a task.
async fn ping_pong(rounds: usize, spawn: fn(Half) -> task::JoinHandle<()>) {
    let turns = [(); 2].map(|()| Arc::new(Turn::default()));
    let half = |own: usize| Half {
        own: turns[own].clone(),
        other: turns[1 - own].clone(),
        rounds,
    };
    turns[0].give();
    join_all([spawn(half(0)), spawn(half(1))]).await;
}

struct Half {
    own: Arc<Turn>,
    other: Arc<Turn>,
    rounds: usize,
}

impl Half {
    async fn run(self) {
        for _ in 0..self.rounds {
            self.own.take().await;
            self.other.give();
        }
    }
}

#[test]
fn waking_a_pinned_task_on_its_own_worker_makes_no_system_call() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        for worker in 0..mode.workers() {
            let counted = runtime.handle().spawn_on(worker, move || async move {
                let metrics = Handle::current().metrics();
                let before = metrics.worker_unpark_count(worker);
                ping_pong(1000, |half| task::spawn_local(half.run())).await;
                metrics.worker_unpark_count(worker) - before
            });
            assert_eq!(runtime.block_on(counted).unwrap(), 0);
        }
    });
}

#[test]
fn two_stealable_tasks_that_wake_each_other_wake_no_sibling() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        const ROUNDS: usize = 10_000;
        let counted = runtime.spawn(async {
            let metrics = Handle::current().metrics();
            let before = unparks(&metrics);
            ping_pong(ROUNDS, |half| pintle::spawn(half.run())).await;
            unparks(&metrics) - before
        });
        let counted = runtime.block_on(counted).unwrap();
        // The two may start on two workers, and come together only after a few rounds.
        assert!(
            counted <= ROUNDS as u64 / 20,
            "{counted} in {ROUNDS} rounds"
        );
    });
}

#[test]
fn waking_tasks_of_a_running_worker_makes_no_system_call() {
    every_mode(|mode| {
        if !mode.has_threads() {
            return; // There the only worker is the one that would do the waking.
        }
        let runtime = mode.runtime();
        let metrics = runtime.metrics();
        let (go, idle) = (Event::new(), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let (go, idle) = (go.clone(), idle.clone());
                runtime.handle().spawn_on(0, || async move {
                    idle.fetch_add(1, Ordering::SeqCst);
                    go.wait().await;
                })
            })
            .collect();
        wait_until(|| idle.load(Ordering::SeqCst) == 100);
        let over = Event::new();
        occupy(runtime.handle(), 0, &over);
        let before = metrics.worker_unpark_count(0);
        go.set();
        assert_eq!(metrics.worker_unpark_count(0), before);
        assert!(metrics.worker_remote_schedule_count(0) >= 200);
        over.set();
        runtime.block_on(join_all(tasks));
    });
}

#[test]
fn waking_a_hundred_tasks_of_a_sleeping_worker_makes_one_system_call() {
    every_mode(|mode| {
        if !mode.has_threads() {
            return;
        }
        // Having woken up, the worker waits in the hook, so that it does not go back to sleep
        // between two of the wakes.
        let (armed, awake, go_on) = (Arc::new(AtomicBool::new(false)), Event::new(), Event::new());
        let hook = {
            let (armed, awake, go_on) = (armed.clone(), awake.clone(), go_on.clone());
            move || {
                let on_zero = pintle::worker::current() == Some(0);
                if on_zero && armed.load(Ordering::SeqCst) && !go_on.is_set() {
                    awake.set();
                    go_on.wait_blocking();
                }
            }
        };
        let runtime = mode.builder().on_thread_unpark(hook).build().unwrap();
        let metrics = runtime.metrics();
        let (go, idle) = (Event::new(), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let (go, idle) = (go.clone(), idle.clone());
                runtime.handle().spawn_on(0, || async move {
                    idle.fetch_add(1, Ordering::SeqCst);
                    go.wait().await;
                })
            })
            .collect();
        wait_until(|| idle.load(Ordering::SeqCst) == 100);
        all_asleep(&metrics);
        armed.store(true, Ordering::SeqCst);
        let before = metrics.worker_unpark_count(0);
        go.set();
        awake.wait_blocking();
        assert_eq!(metrics.worker_unpark_count(0) - before, 1);
        go_on.set();
        runtime.block_on(join_all(tasks));
    });
}

#[test]
fn what_stays_on_a_worker_neither_parks_it_nor_unparks_another() {
    every_mode(|mode| {
        let runtime = mode.builder().worker_threads(1).build().unwrap();
        let counted = runtime.handle().spawn_on(0, || async {
            let metrics = Handle::current().metrics();
            let calls = || metrics.worker_park_count(0) + unparks(&metrics);
            let before = calls();
            let (sender, mut receiver) = pintle::sync::mpsc::channel(10);
            let other = pintle::spawn(async move {
                while let Some(n) = receiver.recv().await {
                    task::yield_now().await;
                    let sleep = std::pin::pin!(pintle::time::sleep(Duration::from_secs(60 + n)));
                    assert!(support::poll_once(sleep).await.is_pending());
                }
            });
            for n in 0..1000u64 {
                sender.send(n).await.unwrap();
                task::spawn_local(async {}).await.unwrap();
                pintle::spawn(async {}).await.unwrap();
            }
            drop(sender);
            other.await.unwrap();
            calls() - before
        });
        assert_eq!(runtime.block_on(counted).unwrap(), 0);
    });
}

/// Waits until nothing counts any more: everybody sleeps. What is looked at is all there is.
fn all_asleep(metrics: &RuntimeMetrics) -> String {
    let mut before = format!("{metrics:?}");
    loop {
        thread::sleep(Duration::from_millis(20));
        let after = format!("{metrics:?}");
        if before == after {
            return after;
        }
        before = after;
    }
}

#[test]
fn an_idle_runtime_does_nothing() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let idles: Vec<_> = {
            let runtime = &runtime;
            (0..20)
                .map(|_| {
                    runtime.spawn(async {
                        // Something to wait for in the wheel and in the reactor.
                        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                        let hour = Duration::from_secs(3600);
                        let _ = pintle::time::timeout(hour, listener.accept()).await;
                    })
                })
                .collect()
        };
        let inside = thread::scope(|scope| {
            let stop = Event::new();
            let thread = scope.spawn({
                let (runtime, stop) = (&runtime, stop.clone());
                move || runtime.block_on(stop.wait())
            });
            let metrics = runtime.metrics();
            let listeners = || sum(&metrics, RuntimeMetrics::worker_registration_count);
            wait_until(|| listeners() == 20);
            let before = all_asleep(&metrics);
            thread::sleep(Duration::from_millis(150));
            let after = format!("{metrics:?}");
            stop.set();
            thread.join().unwrap();
            (before, after)
        });
        assert_eq!(inside.0, inside.1);
        drop(idles);
    });
}

#[test]
fn a_connection_is_registered_at_most_once_on_each_side() {
    const CONNECTIONS: u64 = 20;
    every_mode(|mode| {
        let runtime = mode.runtime();
        let done = runtime.spawn(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = pintle::spawn(async move {
                let mut served = Vec::new();
                for _ in 0..CONNECTIONS {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    served.push(pintle::spawn(async move {
                        let mut byte = [0];
                        while stream.read(&mut byte).await.unwrap() == 1 {
                            stream.write_all(&byte).await.unwrap();
                        }
                    }));
                }
                join_all(served).await;
            });
            let clients: Vec<_> = (0..CONNECTIONS)
                .map(|_| {
                    pintle::spawn(async move {
                        let mut stream = TcpStream::connect(address).await.unwrap();
                        for n in 0..50 {
                            stream.write_all(&[n]).await.unwrap();
                            let mut byte = [0];
                            stream.read_exact(&mut byte).await.unwrap();
                            assert_eq!(byte, [n]);
                        }
                    })
                })
                .collect();
            join_all(clients).await;
            server.await.unwrap();
        });
        runtime.block_on(done).unwrap();
        let metrics = runtime.metrics();
        let registrations = sum(&metrics, RuntimeMetrics::worker_registration_count);
        if mode.steals() {
            // A connection may follow its task once its worker was found stuck, which on a busy
            // machine it may be.
            let rescues = sum(&metrics, RuntimeMetrics::worker_rescue_count);
            let most = 2 * CONNECTIONS + 1 + 2 * CONNECTIONS * rescues;
            assert!(registrations <= most, "{registrations}, {rescues} rescues");
        } else {
            assert!(registrations <= 2 * CONNECTIONS + 1, "{registrations}");
        }
    });
}

#[test]
fn a_short_exchange_need_not_be_registered_at_all() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let done = runtime.spawn(async {
            let (mut near, far) = std::os::unix::net::UnixStream::pair().unwrap();
            std::io::Write::write_all(&mut near, b"request").unwrap();
            far.set_nonblocking(true).unwrap();
            let mut far = pintle::net::UnixStream::from_std(far).unwrap();
            let mut request = [0; 7];
            far.read_exact(&mut request).await.unwrap();
            far.write_all(b"reply").await.unwrap();
            far.close().await.unwrap();
        });
        runtime.block_on(done).unwrap();
        let metrics = runtime.metrics();
        assert_eq!(sum(&metrics, RuntimeMetrics::worker_registration_count), 0);
    });
}

#[test]
fn spawning_from_a_worker_in_turn_wakes_at_most_one_sibling_for_each_task() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        const TASKS: u64 = 1000;
        let counted = runtime.spawn(async {
            let metrics = Handle::current().metrics();
            let before = unparks(&metrics);
            join_all(
                (0..TASKS)
                    .map(|_| pintle::spawn(async {}))
                    .collect::<Vec<_>>(),
            )
            .await;
            unparks(&metrics) - before
        });
        let counted = runtime.block_on(counted).unwrap();
        assert!(counted <= TASKS, "{counted} for {TASKS}");
    });
}

#[test]
fn polls_and_schedules_are_counted() {
    every_mode(|mode| {
        let runtime: Runtime = Builder::build(mode.builder().worker_threads(1)).unwrap();
        runtime.block_on(async {
            join_all(
                (0..100)
                    .map(|_| pintle::spawn(task::yield_now()))
                    .collect::<Vec<_>>(),
            )
            .await;
        });
        let metrics = runtime.metrics();
        wait_until(|| metrics.worker_poll_count(0) >= 200);
        assert_eq!(metrics.worker_poll_count(0), 200);
        let schedules =
            metrics.worker_local_schedule_count(0) + metrics.worker_remote_schedule_count(0);
        assert_eq!(schedules, 200);
        assert_eq!(metrics.worker_local_queue_depth(0), 0);
    });
}
