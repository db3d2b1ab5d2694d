//! Everything at once, at random, from several threads, for a bounded number of steps: what is
//! spawned ends, what is counted matches.
//!
//! `PINTLE_STRESS` sets the number of steps, for a run under `valgrind`, say, or for a long one.

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::UnixStream;
use pintle::runtime::Handle;
use pintle::task::{self, JoinHandle};
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;
use support::{Drops, Event, Mode, every_mode, in_mode, join_all};

fn steps(usual: usize) -> usize {
    match std::env::var("PINTLE_STRESS") {
        Ok(steps) => steps.parse().expect("PINTLE_STRESS is a number"),
        Err(_) => usual,
    }
}

/// Xorshift, Marsaglia 2003.
#[derive(Clone)]
struct Random(u32);

impl Random {
    fn new(seed: usize) -> Self {
        Self((seed as u32).wrapping_mul(0x9E37_79B9) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % n
    }
}

/// What the tasks share.
#[derive(Clone, Default)]
struct World {
    wakers: Arc<Mutex<Vec<Waker>>>,
    spawned: Arc<AtomicUsize>,
    drops: Drops,
}

impl World {
    /// Wakes some task or other, which may be anywhere in its life.
    fn wake_one(&self, random: &mut Random) {
        let waker = {
            let wakers = self.wakers.lock().unwrap();
            if wakers.is_empty() {
                return;
            }
            wakers[random.below(wakers.len())].clone()
        };
        waker.wake();
    }

    async fn leave_waker(&self) {
        let mut stale = None;
        poll_fn(|cx| {
            let mut wakers = self.wakers.lock().unwrap();
            if wakers.len() >= 64 {
                let at = Arc::as_ptr(&self.wakers) as usize % 64;
                stale = Some(wakers.swap_remove(at));
            }
            wakers.push(cx.waker().clone());
            Poll::Ready(())
        })
        .await;
        drop(stale);
    }

    /// A task of a few random steps.
    fn spawn(&self, handle: &Handle, mut random: Random, depth: usize) -> JoinHandle<usize> {
        self.spawned.fetch_add(1, Ordering::SeqCst);
        let (world, counter, inner) = (self.clone(), self.drops.counter(), handle.clone());
        let workers = handle.metrics().num_workers();
        let (kind, worker) = (random.below(4), random.below(workers));
        let future = async move {
            let _counter = counter;
            let mut joined = 0;
            for _ in 0..random.below(6) {
                match random.below(9) {
                    0 => task::yield_now().await,
                    1 => {
                        let short = Duration::from_micros(random.below(300) as u64);
                        pintle::time::sleep(short).await;
                    }
                    2 => world.leave_waker().await,
                    3 => world.wake_one(&mut random),
                    4 if depth > 0 => {
                        let child =
                            world.spawn(&inner, Random::new(random.below(1 << 30)), depth - 1);
                        if random.below(3) == 0 {
                            child.abort();
                        }
                        joined += child.await.unwrap_or(0);
                    }
                    5 if depth > 0 => {
                        let seed = random.below(1 << 30);
                        drop(world.spawn(&inner, Random::new(seed), depth - 1));
                    }
                    6 => {
                        let seed = random.below(100);
                        joined += task::spawn_blocking(move || seed / 100).await.unwrap();
                    }
                    7 => {
                        let (mut near, mut far) = UnixStream::pair().unwrap();
                        let writes = pintle::spawn(async move {
                            task::yield_now().await;
                            far.write_all(&[1]).await.unwrap();
                        });
                        near.read_exact(&mut [0]).await.unwrap();
                        writes.await.unwrap();
                    }
                    _ => {
                        let hour = Duration::from_secs(3600);
                        let soon = pintle::time::timeout(hour, task::yield_now());
                        soon.await.unwrap();
                    }
                }
            }
            joined + 1
        };
        match kind {
            0 => handle.spawn_on(worker, || future),
            _ => handle.spawn(future),
        }
    }
}

#[test]
fn random_tasks_from_several_threads_all_end() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let world = World::default();
        thread::scope(|scope| {
            let over = Event::new();
            // On a current-thread runtime somebody must be inside.
            let inside = scope.spawn({
                let (runtime, over) = (&runtime, over.clone());
                move || runtime.block_on(over.wait())
            });
            let threads: Vec<_> = (0..3)
                .map(|seed| {
                    let (runtime, world) = (&runtime, world.clone());
                    scope.spawn(move || {
                        let mut random = Random::new(seed + 1);
                        let mut handles = Vec::new();
                        for step in 0..steps(2000) {
                            let of_task = Random::new(step * 3 + seed);
                            handles.push(world.spawn(runtime.handle(), of_task, 2));
                            match random.below(6) {
                                0 => handles[random.below(handles.len())].abort(),
                                1 => world.wake_one(&mut random),
                                2 => drop(handles.swap_remove(random.below(handles.len()))),
                                3 if handles.len() > 20 => {
                                    let one = handles.swap_remove(random.below(handles.len()));
                                    match futures_lite::future::block_on(one) {
                                        Ok(count) => assert!(count > 0),
                                        Err(error) => assert!(error.is_cancelled(), "{error}"),
                                    }
                                }
                                _ => {}
                            }
                        }
                        for handle in handles {
                            match futures_lite::future::block_on(handle) {
                                Ok(count) => assert!(count > 0),
                                Err(error) => assert!(error.is_cancelled(), "{error}"),
                            }
                        }
                    })
                })
                .collect();
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            // The detached ones, too.
            support::wait_until(|| world.drops.count() == world.spawned.load(Ordering::SeqCst));
            over.set();
            inside.join().unwrap();
        });
        drop(runtime);
        assert_eq!(world.drops.count(), world.spawned.load(Ordering::SeqCst));
    });
}

#[test]
fn random_tasks_that_are_cut_short_are_all_dropped() {
    every_mode(|mode| {
        for round in 0..steps(600) / 20 {
            let runtime = mode.runtime();
            let world = World::default();
            let handles: Vec<_> = (0..40)
                .map(|n| world.spawn(runtime.handle(), Random::new(round * 40 + n), 2))
                .collect();
            runtime.block_on(async {
                for _ in 0..round {
                    task::yield_now().await;
                }
            });
            drop(runtime);
            assert_eq!(world.drops.count(), world.spawned.load(Ordering::SeqCst));
            for handle in handles {
                assert!(handle.is_finished());
            }
        }
    });
}

#[test]
fn a_deep_tree_of_tasks_is_counted_right() {
    fn tree(depth: usize) -> JoinHandle<usize> {
        pintle::spawn(async move {
            if depth == 0 {
                return 1;
            }
            let children = join_all([tree(depth - 1), tree(depth - 1)]).await;
            children.into_iter().sum::<usize>() + 1
        })
    }
    every_mode(|mode| {
        let depth = if steps(1000) < 1000 { 6 } else { 12 };
        assert_eq!(
            mode.runtime()
                .block_on(async { tree(depth).await.unwrap() }),
            (2 << depth) - 1
        );
    });
}

#[test]
fn messages_go_round_a_ring_of_tasks() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        const MEMBERS: usize = 16;
        let (rounds, seats) = (
            steps(500),
            Arc::new([(); MEMBERS].map(|()| Seat::default())),
        );
        let tasks: Vec<_> = (0..MEMBERS)
            .map(|own| {
                let seats = seats.clone();
                runtime.spawn(async move {
                    for _ in 0..rounds {
                        let token = seats[own].take().await;
                        seats[(own + 1) % MEMBERS].put(token + 1);
                    }
                })
            })
            .collect();
        for start in 0..4 {
            seats[start * MEMBERS / 4].put(0);
        }
        runtime.block_on(async {
            // Four messages go round; each member hands on `rounds` of them, then stops.
            support::until(|| tasks.iter().any(|task| task.is_finished())).await;
            tasks.iter().for_each(JoinHandle::abort);
            for task in tasks {
                let result = task.await;
                assert!(
                    result
                        .as_ref()
                        .map_or_else(|error| error.is_cancelled(), |()| true)
                );
            }
        });
    });
}

#[derive(Default)]
struct Seat(Mutex<(Vec<usize>, Option<Waker>)>);

impl Seat {
    fn put(&self, token: usize) {
        let waker = {
            let mut state = self.0.lock().unwrap();
            state.0.push(token);
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn take(&self) -> usize {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap();
            match state.0.pop() {
                Some(token) => Poll::Ready(token),
                None => {
                    state.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

#[test]
fn foreign_threads_wake_workers_that_fall_asleep_all_the_time() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        for round in 0..steps(1000) {
            let (go, worker) = (Event::new(), round % mode.workers());
            let waits = go.clone();
            let task = match round % 2 {
                0 => runtime.spawn(async move { waits.wait().await }),
                _ => runtime
                    .handle()
                    .spawn_on(worker, || async move { waits.wait().await }),
            };
            let wakes = runtime.spawn_blocking(move || go.set());
            runtime.block_on(async {
                task.await.unwrap();
                wakes.await.unwrap();
            });
        }
    });
}

#[test]
fn work_that_is_posted_while_all_fall_asleep_is_found() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.builder().worker_threads(4).build().unwrap();
        for _ in 0..steps(2000) {
            // A burst that needs everybody, then silence.
            let burst = (0..4).map(|_| {
                runtime.spawn(async {
                    join_all([pintle::spawn(async { 1 }), pintle::spawn(async { 2 })]).await
                })
            });
            let outputs = runtime.block_on(join_all(burst.collect::<Vec<_>>()));
            assert!(outputs.iter().all(|output| *output == [1, 2]));
        }
    });
}
