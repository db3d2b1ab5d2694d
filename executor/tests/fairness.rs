//! No task starves another, nor the timers, nor the sockets, whatever it does between its waits.
//!
//! Each test has one worker, on which one task never stops and the others must get their turn.

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::{UdpSocket, UnixStream};
use pintle::runtime::Runtime;
use pintle::task::{self, JoinHandle};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};
use support::{Event, Mode, Turn, every_mode};

/// Runs `main` on the only worker of a runtime.
fn on_one_worker<T: Send + 'static>(
    mode: Mode,
    main: impl AsyncFnOnce() -> T + Send + 'static,
) -> T {
    let runtime: Runtime = mode.builder().worker_threads(1).build().unwrap();
    runtime
        .block_on(
            runtime
                .handle()
                .spawn_on(0, move || async move { main().await }),
        )
        .unwrap()
}

/// Spawned in either way: as a task that might move, and as one that cannot.
fn each_kind(mode: Mode, body: impl AsyncFn(fn(Busy) -> JoinHandle<()>) + Copy + Send + 'static) {
    on_one_worker(mode, move || async move {
        body(|busy| pintle::spawn(busy.run())).await
    });
    on_one_worker(mode, move || async move {
        body(|busy| task::spawn_local(busy.run())).await
    });
}

/// A task that never stops by itself.
#[derive(Clone)]
struct Busy {
    how: How,
    stop: Event,
    rounds: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum How {
    Yields,
    WakesItself,
    Computes(Duration),
}

impl Busy {
    fn new(how: How) -> Self {
        Self {
            how,
            stop: Event::new(),
            rounds: Arc::default(),
        }
    }

    fn rounds(&self) -> usize {
        self.rounds.load(Ordering::Relaxed)
    }

    async fn run(self) {
        while !self.stop.is_set() {
            self.rounds.fetch_add(1, Ordering::Relaxed);
            match self.how {
                How::Yields => task::yield_now().await,
                How::WakesItself => {
                    let mut polls = 0;
                    poll_fn(|cx| {
                        polls += 1;
                        if polls == 10 {
                            return Poll::Ready(());
                        }
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    })
                    .await
                }
                How::Computes(long) => {
                    let start = Instant::now();
                    while start.elapsed() < long {
                        std::hint::spin_loop();
                    }
                    task::yield_now().await;
                }
            }
        }
    }
}

#[test]
fn a_task_that_wakes_itself_starves_no_other_task() {
    every_mode(|mode| {
        each_kind(mode, async |spawn| {
            for how in [How::Yields, How::WakesItself] {
                let busy = Busy::new(how);
                let running = spawn(busy.clone());
                for _ in 0..10 {
                    pintle::spawn(task::yield_now()).await.unwrap();
                    task::spawn_local(task::yield_now()).await.unwrap();
                }
                busy.stop.set();
                running.await.unwrap();
            }
        });
    });
}

#[test]
fn a_task_that_wakes_itself_starves_no_timer() {
    every_mode(|mode| {
        each_kind(mode, async |spawn| {
            let busy = Busy::new(How::Yields);
            let running = spawn(busy.clone());
            for _ in 0..10 {
                pintle::time::sleep(Duration::from_micros(100)).await;
            }
            busy.stop.set();
            running.await.unwrap();
        });
    });
}

/// Sends a byte to and fro between two tasks that have nothing but a socket between them.
async fn round_trips(count: usize) {
    let (mut near, mut far) = UnixStream::pair().unwrap();
    let echo = task::spawn_local(async move {
        let mut byte = [0];
        while far.read_exact(&mut byte).await.is_ok() {
            far.write_all(&byte).await.unwrap();
        }
    });
    let mut byte = [1];
    for _ in 0..count {
        near.write_all(&byte).await.unwrap();
        near.read_exact(&mut byte).await.unwrap();
    }
    drop(near);
    echo.await.unwrap();
}

#[test]
fn a_task_that_wakes_itself_starves_no_socket() {
    every_mode(|mode| {
        each_kind(mode, async |spawn| {
            let busy = Busy::new(How::Yields);
            let running = spawn(busy.clone());
            round_trips(10).await;
            busy.stop.set();
            running.await.unwrap();
        });
    });
}

#[test]
fn a_task_that_wakes_itself_starves_nothing_that_comes_from_outside() {
    every_mode(|mode| {
        let runtime = mode.builder().worker_threads(1).build().unwrap();
        let busy = Busy::new(How::Yields);
        let running = runtime.spawn(busy.clone().run());
        let handle = runtime.handle().clone();
        let foreign = std::thread::spawn(move || {
            for _ in 0..10 {
                let done = Event::new();
                let set = done.clone();
                drop(handle.spawn(async move { set.set() }));
                done.wait_blocking();
                let done = Event::new();
                let set = done.clone();
                drop(handle.spawn_on(0, || async move { set.set() }));
                done.wait_blocking();
            }
            busy.stop.set();
        });
        runtime.block_on(running).unwrap();
        foreign.join().unwrap();
    });
}

/// While a task computes for `5 ms` and yields, in a loop, something else goes ten times through
/// so many waits. Each must be served within a few rounds: were the drivers looked at by count
/// alone, each would cost some sixty.
fn waits_cost_few_rounds(waits: usize, wait: impl AsyncFn() + Copy + Send + 'static) {
    every_mode(|mode| {
        each_kind(mode, async move |spawn| {
            let busy = Busy::new(How::Computes(Duration::from_millis(5)));
            let running = spawn(busy.clone());
            for _ in 0..10 {
                wait().await;
            }
            let rounds = busy.rounds();
            let most = 10 * waits * 8;
            assert!(rounds <= most, "{rounds} rounds instead of {most} at most");
            busy.stop.set();
            running.await.unwrap();
        });
    });
}

#[test]
fn a_task_that_computes_and_yields_holds_up_no_timer_for_long() {
    waits_cost_few_rounds(1, async || {
        pintle::time::sleep(Duration::from_micros(100)).await
    });
}

#[test]
fn a_task_that_computes_and_yields_holds_up_no_socket_for_long() {
    // To the echo, back, and the end of it.
    waits_cost_few_rounds(3, async || round_trips(1).await);
}

#[test]
fn a_task_that_computes_and_yields_holds_up_nothing_from_outside_for_long() {
    waits_cost_few_rounds(1, async || task::spawn_blocking(|| ()).await.unwrap());
}

#[test]
fn one_slow_poll_after_many_fast_ones_holds_up_the_timers_by_its_own_length_only() {
    every_mode(|mode| {
        on_one_worker(mode, || async {
            // Many fast polls, so that the worker expects fast ones.
            for _ in 0..10_000 {
                task::yield_now().await;
            }
            let busy = Busy::new(How::Computes(Duration::from_millis(5)));
            let running = task::spawn_local(busy.clone().run());
            pintle::time::sleep(Duration::from_micros(100)).await;
            // The first look may come a whole interval late; those that follow may not.
            let first = busy.rounds();
            for _ in 0..5 {
                pintle::time::sleep(Duration::from_micros(100)).await;
            }
            let rounds = busy.rounds() - first;
            assert!(rounds <= 40, "{rounds} rounds");
            assert!(first <= 2 * 61, "{first} rounds");
            busy.stop.set();
            running.await.unwrap();
        });
    });
}

#[test]
fn two_tasks_that_wake_each_other_do_not_starve_the_queue() {
    every_mode(|mode| {
        on_one_worker(mode, || async {
            let stop = Event::new();
            let pair = ping_pong(&stop, |ping| pintle::spawn(ping.run()));
            // Through the queue, which the two could stay in front of for ever.
            for _ in 0..10 {
                pintle::spawn(task::yield_now()).await.unwrap();
                pintle::time::sleep(Duration::from_micros(100)).await;
            }
            stop.set();
            for task in pair {
                task.await.unwrap();
            }
        });
    });
}

/// One half of a pair that wakes the other each time it is polled.
struct Ping {
    own: Arc<Turn>,
    other: Arc<Turn>,
    stop: Event,
}

impl Ping {
    async fn run(self) {
        while !self.stop.is_set() {
            self.other.give();
            self.own.take().await;
        }
        self.other.give();
    }
}

fn ping_pong(stop: &Event, spawn: fn(Ping) -> JoinHandle<()>) -> [JoinHandle<()>; 2] {
    let (one, two) = (Arc::<Turn>::default(), Arc::<Turn>::default());
    let half = |own: &Arc<Turn>, other: &Arc<Turn>| Ping {
        own: own.clone(),
        other: other.clone(),
        stop: stop.clone(),
    };
    [spawn(half(&one, &two)), spawn(half(&two, &one))]
}

/// How many of `operation` a task gets done in one poll, if none of them ever has to wait.
async fn done_in_one_turn(operation: impl AsyncFn()) -> usize {
    let done = Rc::new(Cell::new(0));
    let others_turn = Rc::new(Cell::new(None));
    let other = task::spawn_local({
        let (done, others_turn) = (done.clone(), others_turn.clone());
        async move { others_turn.set(Some(done.get())) }
    });
    while others_turn.get().is_none() && done.get() < 100_000 {
        operation().await;
        done.set(done.get() + 1);
    }
    other.await.unwrap();
    done.get()
}

#[test]
fn a_socket_that_can_always_be_written_to_lets_others_have_their_turn() {
    every_mode(|mode| {
        on_one_worker(mode, || async {
            let sink = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let sink = sink.local_addr().unwrap();
            let done = done_in_one_turn(async || drop(socket.send_to(b"x", sink).await)).await;
            assert!(done <= 200, "{done} writes in one turn");
        });
    });
}

#[test]
fn a_socket_that_can_always_be_read_from_lets_others_have_their_turn() {
    every_mode(|mode| {
        on_one_worker(mode, || async {
            let (mut near, far) = UnixStream::pair().unwrap();
            let mut full = 0;
            while let Ok(written) = far.try_write(&[0; 4096]) {
                full += written;
            }
            assert!(full > 10_000, "room for more than one turn's reads");
            let near = Rc::new(Cell::new(Some(&mut near)));
            let done = done_in_one_turn(async || {
                let stream = near.take().unwrap();
                stream.read_exact(&mut [0]).await.unwrap();
                near.set(Some(stream));
            })
            .await;
            assert!(done <= 200, "{done} reads in one turn");
        });
    });
}

#[test]
fn timers_that_are_always_due_let_others_have_their_turn() {
    every_mode(|mode| {
        on_one_worker(mode, || async {
            let past = pintle::time::Instant::now();
            let done = done_in_one_turn(async || pintle::time::sleep_until(past).await).await;
            assert!(done <= 200, "{done} timers in one turn");
        });
    });
}

#[test]
fn the_future_of_block_on_and_the_tasks_beside_it_share_the_thread() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        runtime.block_on(async {
            let counted = Rc::new(Cell::new(0));
            let counts = counted.clone();
            let local = task::spawn_local(async move {
                loop {
                    counts.set(counts.get() + 1);
                    task::yield_now().await;
                }
            });
            // The root yields, too: neither goes on without the other.
            let mut seen = 0;
            while counted.get() < 100 {
                task::yield_now().await;
                seen += 1;
                assert!(seen < 100 * 200, "the root runs alone");
            }
            pintle::time::sleep(Duration::from_micros(100)).await;
            local.abort();
        });
    });
}

#[test]
fn a_root_that_is_always_ready_starves_neither_timers_nor_tasks() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        runtime.block_on(async {
            let task = task::spawn_local(async {
                pintle::time::sleep(Duration::from_micros(100)).await;
                round_trips(3).await;
            });
            while !task.is_finished() {
                task::yield_now().await;
            }
        });
    });
}

/// Keeps the thread busy.
fn compute(length: Duration) {
    let began = Instant::now();
    while began.elapsed() < length {
        std::hint::spin_loop();
    }
}

#[test]
fn a_timer_that_is_due_goes_ahead_of_a_task_that_computes_and_yields() {
    every_mode(|mode| {
        on_one_worker(mode, async || {
            // A worker that has known nothing but short polls asks for the time seldom.
            for _ in 0..10_000 {
                task::yield_now().await;
            }
            for _ in 0..5 {
                // The timer's own rounding is less than a tenth of a millisecond.
                let due = Instant::now() + Duration::from_millis(1);
                let late = due + Duration::from_micros(100);
                let fired = Rc::new(Cell::new(false));
                let timer = task::spawn_local({
                    let fired = fired.clone();
                    async move {
                        pintle::time::sleep_until(due.into()).await;
                        fired.set(true);
                    }
                });
                let hog = task::spawn_local(async move {
                    let mut polls_too_many = 0;
                    while !fired.get() {
                        compute(Duration::from_micros(300));
                        polls_too_many += usize::from(Instant::now() >= late);
                        task::yield_now().await;
                    }
                    polls_too_many
                });
                timer.await.unwrap();
                assert!(hog.await.unwrap() <= 1);
            }
        });
    });
}

#[test]
fn a_task_that_yields_is_passed_by_what_comes_in_between_only_once() {
    every_mode(|mode| {
        on_one_worker(mode, async || {
            let polls = Rc::new(Cell::new(0));
            // Due again each time that the worker looks.
            let naps = task::spawn_local({
                let polls = polls.clone();
                async move {
                    loop {
                        pintle::time::sleep(Duration::from_micros(50)).await;
                        polls.set(polls.get() + 1);
                        compute(Duration::from_micros(150));
                    }
                }
            });
            let yields = task::spawn_local(async move {
                for _ in 0..50 {
                    let before = polls.get();
                    compute(Duration::from_micros(150));
                    task::yield_now().await;
                    assert!(polls.get() <= before + 2, "passed again and again");
                }
            });
            yields.await.unwrap();
            naps.abort();
        });
    });
}
