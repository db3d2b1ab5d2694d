//! A worker that is stuck in one poll: in a work-stealing runtime its siblings serve its sockets,
//! its timers and its newest task meanwhile; where nothing is shared they do not.
//!
//! The hog spins until what must be rescued has happened, so no assertion rests on how long
//! anything takes; only a test's patience ends it otherwise.

mod support;

use pintle::io::{AsyncReadExt, AsyncWriteExt};
use pintle::net::UnixStream;
use pintle::runtime::{Handle, Runtime, RuntimeMetrics};
use pintle::task::{self, JoinHandle};
use pintle::time::{Instant, sleep_until};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use support::{Event, Mode, in_mode, occupy, wait_until};

/// Spins in one poll on `worker` until `over`; true if that happened before patience ran out.
/// Returns when the worker is inside.
fn hog(handle: &Handle, worker: usize, over: &Event) -> JoinHandle<bool> {
    let (inside, over) = (Event::new(), over.clone());
    let there = inside.clone();
    let hog = handle.spawn_on(worker, move || async move {
        there.set();
        over.wait_spinning()
    });
    inside.wait_blocking();
    hog
}

fn rescues(metrics: &RuntimeMetrics) -> u64 {
    (0..metrics.num_workers())
        .map(|worker| metrics.worker_rescue_count(worker))
        .sum()
}

/// Where a task was when it last said so.
type Place = Arc<Mutex<Option<usize>>>;

fn wait_for_place(place: &Place) -> usize {
    wait_until(|| place.lock().unwrap().is_some());
    place.lock().unwrap().unwrap()
}

/// A task that echoes what comes over a socket, and the other end, for a thread.
fn echo_task(runtime: &Runtime) -> (std::os::unix::net::UnixStream, Place, JoinHandle<()>) {
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    far.set_nonblocking(true).unwrap();
    let mut far = UnixStream::from_std(far).unwrap();
    let place = Place::default();
    let task = runtime.spawn({
        let place = place.clone();
        async move {
            let mut byte = [0];
            loop {
                *place.lock().unwrap() = pintle::worker::current();
                match far.read(&mut byte).await.unwrap() {
                    0 => break,
                    _ => far.write_all(&byte).await.unwrap(),
                }
            }
        }
    });
    (near, place, task)
}

fn exchange(near: &mut std::os::unix::net::UnixStream) {
    near.write_all(&[7]).unwrap();
    near.read_exact(&mut [0]).unwrap();
}

/// Waits until the socket of an [`echo_task`] waits in the reactor of a worker: which one?
fn wait_for_home(runtime: &Runtime) -> usize {
    let metrics = runtime.metrics();
    let home = || (0..2).find(|&worker| metrics.worker_registration_count(worker) > 0);
    wait_until(|| home().is_some());
    home().unwrap()
}

#[test]
fn the_sockets_of_a_stuck_worker_are_served_and_move_house() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let metrics = runtime.metrics();
        let (mut near, place, task) = echo_task(&runtime);
        let home = wait_for_home(&runtime);
        let over = Event::new();
        let stuck = hog(runtime.handle(), home, &over);

        exchange(&mut near);
        assert!(rescues(&metrics) > 0);
        // The sibling goes on with the task.
        wait_until(|| *place.lock().unwrap() == Some(1 - home));
        // From here on as if there were no hog.
        wait_until(|| metrics.worker_registration_count(1 - home) == 1);
        for _ in 0..20 {
            exchange(&mut near);
        }
        assert_eq!(metrics.worker_registration_count(home), 1);
        assert_eq!(
            metrics.worker_registration_count(1 - home),
            1,
            "it moved once"
        );
        over.set();
        assert!(
            runtime.block_on(stuck).unwrap(),
            "the replies came before the hog ended"
        );
        drop(near);
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn all_the_sockets_of_a_stuck_worker_are_served() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let mut all: Vec<_> = (0..30).map(|_| echo_task(&runtime)).collect();
        let metrics = runtime.metrics();
        wait_until(|| {
            (0..2)
                .map(|w| metrics.worker_registration_count(w))
                .sum::<u64>()
                >= 30
        });
        for round in 0..4 {
            let over = Event::new();
            let stuck = hog(runtime.handle(), round % 2, &over);
            for (near, ..) in &mut all {
                exchange(near);
            }
            over.set();
            assert!(runtime.block_on(stuck).unwrap());
        }
        for (near, _, task) in all {
            drop(near);
            runtime.block_on(task).unwrap();
        }
    });
}

/// Arms a timer of `runtime` at `deadline`, and says where.
fn timer(runtime: &Runtime, deadline: Instant) -> (Place, JoinHandle<Option<usize>>) {
    let place = Place::default();
    let task = runtime.spawn({
        let place = place.clone();
        async move {
            let mut sleep = std::pin::pin!(sleep_until(deadline));
            let _ = support::poll_once(sleep.as_mut()).await;
            *place.lock().unwrap() = pintle::worker::current();
            sleep.await;
            pintle::worker::current()
        }
    });
    (place, task)
}

#[test]
fn the_timers_of_a_stuck_worker_fire() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let mut ahead = Duration::from_millis(20);
        loop {
            let deadline = Instant::now() + ahead;
            let (place, task) = timer(&runtime, deadline);
            let home = wait_for_place(&place);
            let over = Event::new();
            let stuck = hog(runtime.handle(), home, &over);
            let in_time = Instant::now() < deadline;
            let fired_on = runtime.block_on(task).unwrap();
            over.set();
            assert!(
                runtime.block_on(stuck).unwrap(),
                "the timer fired before the hog ended"
            );
            if in_time {
                assert_eq!(fired_on, Some(1 - home));
                assert!(rescues(&runtime.metrics()) > 0);
                break;
            }
            // A busy machine: the timer may have fired before the worker was stuck. Once more.
            ahead *= 2;
        }
    });
}

#[test]
fn the_newest_task_of_a_stuck_worker_is_run_by_a_sibling() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        for _ in 0..20 {
            let spawns = runtime.spawn(async {
                let done = Event::new();
                let set = done.clone();
                // Into the LIFO slot, which thieves leave alone.
                drop(pintle::spawn(async move { set.set() }));
                done.wait_spinning()
            });
            assert!(runtime.block_on(spawns).unwrap());
        }
    });
}

#[test]
fn a_task_that_a_stuck_worker_has_woken_last_is_run_by_a_sibling() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        for _ in 0..20 {
            let (go, idle, done) = (Event::new(), Event::new(), Event::new());
            drop(runtime.spawn({
                let (go, idle, done) = (go.clone(), idle.clone(), done.clone());
                async move {
                    idle.set();
                    go.wait().await;
                    done.set();
                }
            }));
            idle.wait_blocking();
            let wakes = runtime.spawn(async move {
                go.set();
                done.wait_spinning()
            });
            assert!(runtime.block_on(wakes).unwrap());
        }
    });
}

#[test]
fn both_workers_may_be_stuck_one_after_the_other() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let (mut near, place, task) = echo_task(&runtime);
        wait_for_home(&runtime);
        for _ in 0..20 {
            let at = wait_for_place(&place);
            let over = Event::new();
            let stuck = hog(runtime.handle(), at, &over);
            exchange(&mut near);
            over.set();
            assert!(runtime.block_on(stuck).unwrap());
        }
        drop(near);
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn the_sockets_and_timers_of_a_worker_that_blocks_in_place_are_served() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.runtime();
        let (mut near, place, task) = echo_task(&runtime);
        wait_for_home(&runtime);
        for _ in 0..10 {
            let at = wait_for_place(&place);
            let (inside, over) = (Event::new(), Event::new());
            let blocked = runtime.handle().spawn_on(at, {
                let (inside, over) = (inside.clone(), over.clone());
                move || async move {
                    task::block_in_place(|| {
                        inside.set();
                        over.wait_blocking();
                    });
                }
            });
            inside.wait_blocking();
            exchange(&mut near);
            let (_, timer) = timer(&runtime, Instant::now() + Duration::from_millis(1));
            runtime.block_on(timer).unwrap();
            over.set();
            runtime.block_on(blocked).unwrap();
        }
        drop(near);
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn a_stuck_worker_in_a_runtime_of_three_is_looked_after_while_others_work() {
    in_mode(Mode::MultiThread, |mode| {
        let runtime = mode.builder().worker_threads(3).build().unwrap();
        let stop = Event::new();
        // Nobody is idle for long.
        let busy: Vec<_> = (0..3)
            .map(|_| {
                let stop = stop.clone();
                runtime.spawn(async move {
                    while !stop.is_set() {
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        let (mut near, place, task) = echo_task(&runtime);
        for _ in 0..5 {
            exchange(&mut near);
            let at = wait_for_place(&place);
            let over = Event::new();
            let stuck = hog(runtime.handle(), at, &over);
            exchange(&mut near);
            over.set();
            assert!(runtime.block_on(stuck).unwrap());
        }
        stop.set();
        runtime.block_on(support::join_all(busy));
        drop(near);
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn where_nothing_is_shared_nobody_steps_in() {
    in_mode(Mode::ThreadPerCore, |mode| {
        let runtime = mode.runtime();
        let (over, hogging) = (Event::new(), Arc::new(AtomicBool::new(true)));
        let (idle, waits) = (Event::new(), runtime.handle().clone());
        let task = waits.spawn_on(0, {
            let (idle, hogging) = (idle.clone(), hogging.clone());
            move || async move {
                idle.set();
                pintle::time::sleep(Duration::from_millis(1)).await;
                (pintle::worker::current(), hogging.load(Ordering::SeqCst))
            }
        });
        idle.wait_blocking();
        let fired_before = task.is_finished();
        occupy(runtime.handle(), 0, &over);
        // The other worker has turn after turn, long after the timer was due.
        let other = runtime.handle().spawn_on(1, || async {
            for _ in 0..20 {
                pintle::time::sleep(Duration::from_millis(1)).await;
            }
        });
        runtime.block_on(other).unwrap();
        if !fired_before && !task.is_finished() {
            hogging.store(false, Ordering::SeqCst);
            over.set();
            assert_eq!(runtime.block_on(task).unwrap(), (Some(0), false));
        }
        over.set();
        assert_eq!(rescues(&runtime.metrics()), 0);
    });
}

#[test]
fn a_runtime_in_which_nobody_is_stuck_rescues_nothing() {
    in_mode(Mode::CurrentThread, |mode| {
        let runtime = mode.runtime();
        runtime.block_on(async {
            thread::sleep(Duration::from_millis(5));
            pintle::time::sleep(Duration::from_millis(1)).await;
        });
        assert_eq!(rescues(&runtime.metrics()), 0);
    });
}
