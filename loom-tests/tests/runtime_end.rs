//! The end of the runtime as a whole, as it ships: whatever its workers, its tasks and other threads are doing, each
//! future is dropped once, and nobody is waited for in vain. What comes before is in `runtime.rs`.
//!
//! Checks: `executor/src/worker/turn.rs`, `executor/src/worker/find.rs`, `executor/src/worker/guest.rs`,
//! `executor/src/worker/local.rs`, `executor/src/worker/remote.rs`, `executor/src/worker/shared.rs`

#![cfg(loom)]

use loom::thread;
use pintle::runtime::Runtime;
use pintle::sync::oneshot;
use pintle::task::{spawn_blocking, yield_now};
use pintle::time::sleep;
use pintle::{spawn, spawn_on, worker};
use pintle_loom_tests::runtimes::{MS, on_this_thread, per_core, settled, stealing};
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::shim::time::Bed;
use std::future::pending;
use std::sync::Arc;

/// main     start ─────────────────────────── stop
/// worker        start ─ search ─ sleep ─ ─ ─ ─ ─ end
/// worker           start ─ search ─ sleep ─ ─ ─ ─ end
#[test]
fn a_runtime_is_stopped_while_its_workers_start_search_or_sleep() {
    model(1, || drop(stealing(2).build().unwrap()));
}

/// main     stop ─ ends the worker that rests, or leaves that to the other
/// other       block_on: is the worker ─ ─ puts it to rest, or ends it
#[test]
fn a_stop_ends_the_worker_that_rests_or_who_has_it_does() {
    model(3, || {
        let runtime = on_this_thread().build().unwrap();
        let drops = Drops::new();
        let item = drops.item(1);
        let endless = runtime.spawn(async move {
            let _item = item;
            pending::<()>().await;
        });
        let handle = runtime.handle().clone();
        let other = thread::spawn(move || handle.block_on(yield_now()));
        drop(runtime);
        other.join().unwrap();
        assert_eq!(drops.count(), 1);
        assert!(endless.is_finished());
    });
}

/// Spawns when it is dropped.
struct Heir(Drops, pintle::runtime::Handle);

impl Drop for Heir {
    fn drop(&mut self) {
        let item = self.0.item(2);
        let spawned = self.1.spawn(async move { item.read() });
        assert!(
            spawned.is_finished(),
            "the runtime has ended for whoever is dropped by it"
        );
    }
}

/// main     spawn ─ spawn ─ stop
/// worker      queued, running, asleep or done ─ ─ dropped on its way out; what that spawns, too
fn everything_is_dropped_once(runtime: Runtime) {
    let drops = Drops::new();
    let (item, heir) = (drops.item(1), Heir(drops.clone(), runtime.handle().clone()));
    let ended = runtime.spawn(async move {
        yield_now().await;
        item.read();
    });
    let endless = runtime.spawn(async move {
        let _heir = heir;
        pending::<()>().await;
    });
    drop(runtime);
    assert_eq!(drops.count(), 2);
    assert!(ended.is_finished() && endless.is_finished());
}

#[test]
fn a_stop_drops_each_stealable_future_once_whatever_it_is_doing() {
    model(3, || everything_is_dropped_once(settled(stealing(1))));
}

#[test]
fn a_stop_drops_each_pinned_future_once_whatever_it_is_doing() {
    model(3, || everything_is_dropped_once(settled(per_core(1))));
}

/// main     stop ─ ─ ─ ─ ─ waits
/// other      spawn           the task is run, or its handle says that it was cancelled
#[test]
fn a_task_spawned_while_the_runtime_stops_is_run_or_cancelled() {
    model(2, || {
        let runtime = settled(per_core(1));
        let handle = runtime.handle().clone();
        let other = thread::spawn(move || handle.spawn(async { 7 }));
        drop(runtime);
        let task = other.join().unwrap();
        let waiting = on_this_thread().build().unwrap();
        match waiting.block_on(task) {
            Ok(output) => assert_eq!(output, 7),
            Err(error) => assert!(error.is_cancelled()),
        }
    });
}

/// Reads when it is dropped.
struct Reads(Arc<Item>);

impl Drop for Reads {
    fn drop(&mut self) {
        self.0.read();
    }
}

/// main     spawn ─ write ─ stop
/// worker      run ─ awake or asleep ─ drops what reads
#[test]
fn what_a_stop_drops_sees_what_came_before_the_stop() {
    model(2, || {
        let runtime = settled(per_core(1));
        let item = Arc::new(Drops::new().item(1));
        let reads = Reads(item.clone());
        drop(runtime.spawn(async move {
            let _reads = reads;
            pending::<()>().await;
        }));
        item.write();
        drop(runtime);
    });
}

/// What is dropped on its own worker, or fails.
struct Stays;

impl Drop for Stays {
    fn drop(&mut self) {
        assert_eq!(worker::current(), Some(0));
    }
}

/// main     stop ─ ─ ─ waits
/// worker      ends its tasks ─ waits for the one that is on its way
/// other     wakes it ─ ─ ─ inbox
#[test]
fn a_stop_waits_for_a_pinned_task_that_another_thread_is_waking() {
    model(2, || {
        let runtime = settled(per_core(1));
        loom::stop_exploring();
        let (sender, receiver) = oneshot::channel();
        runtime.block_on(async {
            drop(spawn_on(0, move || async move {
                let _stays = Stays;
                let _: Result<(), _> = receiver.await;
                pending::<()>().await;
            }));
            sleep(MS).await;
        });
        loom::explore();
        // The task may be gone by then.
        let other = thread::spawn(move || sender.send(()).is_ok());
        drop(runtime);
        other.join().unwrap();
    });
}

/// main     stop
/// worker      wakes a task ─ spawns ─ ─ ─ runs what it has spawned: too late to be kept ─ ends both
/// other               ends all tasks that are kept, the one that was woken among them
#[test]
fn a_task_that_first_waits_when_others_are_ended_does_not_take_the_place_of_one() {
    model(2, || {
        let runtime = settled(stealing(2));
        loom::stop_exploring();
        let (sender, receiver) = oneshot::channel();
        let (here, is_here) = oneshot::channel();
        let kept = runtime.spawn(async move {
            here.send(worker::current().unwrap()).unwrap();
            let _: Result<(), _> = receiver.await;
        });
        let home = runtime.block_on(is_here).unwrap();
        runtime.block_on(sleep(MS));
        let (go, is_on) = oneshot::channel();
        let both = Arc::new(Bed::new());
        let told = both.clone();
        runtime.block_on(async {
            drop(spawn_on(home, move || async move {
                is_on.await.unwrap();
                sender.send(()).unwrap();
                drop(spawn(pending::<()>()));
                loom::explore();
                told.wake();
            }));
            sleep(MS).await;
        });
        go.send(()).unwrap();
        both.sleep(None);
        drop(runtime);
        assert!(kept.is_finished());
    });
}

/// main     job ─ join ─ stop
/// pool        starts ─ runs the job ─ idle ─ ─ ends
#[test]
fn a_blocking_job_is_run_and_joined_and_its_thread_ends_with_the_runtime() {
    model(2, || {
        let runtime = on_this_thread().build().unwrap();
        let output = runtime.block_on(async { spawn_blocking(|| 7).await.unwrap() });
        assert_eq!(output, 7);
    });
}
