//! The runtime as a whole: the worker's loop, its sleep and its end, as they ship. Only the floor is
//! modelled: a poll without descriptors, and a clock that moves when everybody sleeps.
//!
//! A model of a runtime is large. So most of them begin when all workers are idle ([`settled`]) and
//! stop to look at orders when the runtime is dropped ([`drop_unexplored`]); starting and stopping
//! have models of their own. A task that nobody runs, or a worker that nobody wakes, shows as *the
//! model is stuck*.
//!
//! Checks: `executor/src/worker/turn.rs`, `executor/src/worker/find.rs`, `executor/src/worker/guest.rs`,
//! `executor/src/worker/local.rs`, `executor/src/worker/remote.rs`, `executor/src/worker/shared.rs`

#![cfg(loom)]

use loom::sync::mpsc::{Receiver, Sender, channel};
use loom::thread;
use pintle::runtime::{Builder, Runtime};
use pintle::sync::{Notify, oneshot};
use pintle::task::{JoinSet, spawn_blocking, spawn_local, yield_now};
use pintle::time::{Duration, Instant, interval, sleep, timeout};
use pintle::{join, select, spawn, spawn_on};
use pintle_loom_tests::{Drops, model};
use std::sync::Arc;

const MS: Duration = Duration::from_millis(1);

fn stealing(workers: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).enable_all();
    builder
}

fn per_core(workers: usize) -> Builder {
    let mut builder = Builder::new_thread_per_core();
    builder.worker_threads(workers).enable_all();
    builder
}

fn on_this_thread() -> Builder {
    let mut builder = Builder::new_current_thread();
    builder.enable_all();
    builder
}

/// A runtime all of whose workers sleep: time does not pass before.
fn settled(mut builder: Builder) -> Runtime {
    loom::stop_exploring();
    let runtime = builder.build().unwrap();
    runtime.block_on(sleep(MS));
    loom::explore();
    runtime
}

fn drop_unexplored(runtime: Runtime) {
    loom::stop_exploring();
    drop(runtime);
}

// ----- from start to end ----------------------------------------------------------------------

fn is_run_and_joined(runtime: Runtime) {
    let output = runtime.block_on(async { spawn(async { 7 }).await.unwrap() });
    assert_eq!(output, 7);
    drop(runtime);
}

/// main     start ─ block_on: spawn ─ join ─ stop
/// worker        start ─ ─ ─ ─ ─ ─ run ─ sleep ─ end
#[test]
fn a_task_is_run_and_joined_by_a_runtime_that_steals() {
    model(2, || is_run_and_joined(stealing(1).build().unwrap()));
}

/// The same.
#[test]
fn a_task_is_run_and_joined_by_a_runtime_that_shares_nothing() {
    model(2, || is_run_and_joined(per_core(1).build().unwrap()));
}

/// main     start ─────────────────────────── stop
/// worker        start ─ search ─ sleep ─ ─ ─ ─ ─ end
/// worker           start ─ search ─ sleep ─ ─ ─ ─ end
#[test]
fn a_runtime_is_stopped_while_its_workers_start_search_or_sleep() {
    model(1, || drop(stealing(2).build().unwrap()));
}

// ----- tasks and wakes ------------------------------------------------------------------------

fn tasks_of_a_task_are_run(runtime: Runtime) {
    runtime.block_on(async {
        let parent = spawn(async {
            let mut children = JoinSet::new();
            children.spawn(async { 1 });
            children.spawn(async { 2 });
            children.join_all().await.into_iter().sum::<i32>()
        });
        assert_eq!(parent.await.unwrap(), 3);
    });
    drop_unexplored(runtime);
}

/// worker   parent: spawn, spawn ─ post ─ run one ─ ─ join both
/// worker                     wakes ─ search ─ steal the other, or sleep again
#[test]
fn tasks_of_a_task_are_run_here_or_stolen() {
    model(1, || tasks_of_a_task_are_run(settled(stealing(2))));
}

#[test]
fn tasks_of_a_task_are_run_where_nothing_is_shared() {
    model(2, || tasks_of_a_task_are_run(settled(per_core(2))));
}

/// main     spawn ─ spawn
/// worker      wakes ─ takes one and sees the other ─ calls
/// worker                                             wakes ─ takes the other: both go on
#[test]
fn two_tasks_that_wait_for_each_other_with_their_threads_get_a_worker_each() {
    model(1, || {
        let runtime = settled(stealing(2));
        let (here, heard_here) = channel();
        let (there, heard_there) = channel();
        let meet = |say: Sender<()>, hear: Receiver<()>| async move {
            say.send(()).unwrap();
            hear.recv().unwrap();
        };
        let one = runtime.spawn(meet(here, heard_there));
        let other = runtime.spawn(meet(there, heard_here));
        runtime.block_on(async {
            one.await.unwrap();
            other.await.unwrap();
        });
        drop_unexplored(runtime);
    });
}

/// worker   first poll ─ queue empty ─ last look ─ sleep
/// other                    send: inbox, unpark            the task is run again
fn a_task_hears_from_a_foreign_thread(runtime: Runtime) {
    let (sender, receiver) = oneshot::channel();
    let task = runtime.spawn(async { receiver.await.unwrap() });
    let other = thread::spawn(move || sender.send(7).unwrap());
    assert_eq!(runtime.block_on(task).unwrap(), 7);
    other.join().unwrap();
    drop_unexplored(runtime);
}

#[test]
fn a_wake_from_elsewhere_finds_a_stealable_task_while_its_worker_falls_asleep() {
    model(1, || {
        a_task_hears_from_a_foreign_thread(settled(stealing(1)))
    });
}

#[test]
fn a_wake_from_elsewhere_finds_a_pinned_task_while_its_worker_falls_asleep() {
    model(1, || {
        a_task_hears_from_a_foreign_thread(settled(per_core(1)))
    });
}

/// main     poll ─ last look ─ sleep
/// other             send: flag, unpark
#[test]
fn a_wake_from_elsewhere_finds_the_future_of_block_on() {
    model(3, || {
        let runtime = on_this_thread().build().unwrap();
        let (sender, receiver) = oneshot::channel();
        let other = thread::spawn(move || sender.send(7).unwrap());
        assert_eq!(runtime.block_on(receiver), Ok(7));
        other.join().unwrap();
    });
}

/// main     block_on: is the worker ─ ─ ─ ─ ─ done ─ puts it to rest
/// other        block_on: waits ─ takes the worker up, or is done before
#[test]
fn a_worker_that_rests_is_taken_up_by_who_waits_for_it() {
    model(3, || {
        let runtime = on_this_thread().build().unwrap();
        let handle = runtime.handle().clone();
        let other =
            thread::spawn(move || handle.block_on(async { spawn(async { 7 }).await.unwrap() }));
        runtime.block_on(yield_now());
        assert_eq!(other.join().unwrap(), 7);
    });
}

/// main      spawn_on 0 ─ spawn_on 1 ─ join both
/// workers      run: what is not Send stays where it is
#[test]
fn what_is_spawned_on_a_worker_runs_there_and_spawns_locally() {
    model(1, || {
        let runtime = settled(per_core(2));
        runtime.block_on(async {
            let on = |index| {
                spawn_on(index, move || async move {
                    let here = std::rc::Rc::new(pintle::worker::current());
                    let there = here.clone();
                    assert_eq!(spawn_local(async move { *there }).await.unwrap(), *here);
                    *here
                })
            };
            let (first, second) = join!(on(0), on(1));
            assert_eq!((first.unwrap(), second.unwrap()), (Some(0), Some(1)));
        });
        drop_unexplored(runtime);
    });
}

// ----- time -----------------------------------------------------------------------------------

/// main     sleep 5 ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ at 5: the task is done
/// worker      sleep 3 ─ ─ ─ at 3: wakes ─ ─ ─
#[test]
fn sleeps_end_in_the_order_of_their_deadlines_and_at_their_time() {
    model(2, || {
        let runtime = settled(per_core(1));
        runtime.block_on(async {
            let start = Instant::now();
            let task = spawn(async move {
                sleep(3 * MS).await;
                start.elapsed()
            });
            sleep(5 * MS).await;
            assert_eq!(start.elapsed(), 5 * MS);
            assert_eq!(task.await.unwrap(), 3 * MS);
            let mut ticks = interval(MS);
            ticks.tick().await;
            assert_eq!(ticks.tick().await - start, 6 * MS);
        });
        drop_unexplored(runtime);
    });
}

/// main     waits for the word, or for an hour
/// other       ─ ─ ─ ─ ─ the word: however late, it comes before the hour is over
#[test]
fn time_does_not_pass_while_anything_can_happen() {
    model(1, || {
        let runtime = settled(per_core(1));
        let (sender, receiver) = oneshot::channel();
        let task = runtime.spawn(timeout(3600 * 1000 * MS, receiver));
        let other = thread::spawn(move || sender.send(7).unwrap());
        assert_eq!(runtime.block_on(task).unwrap(), Ok(Ok(7)));
        other.join().unwrap();
        drop_unexplored(runtime);
    });
}

/// main     waits for who never comes, or for an hour: only time is left
#[test]
fn time_passes_when_nothing_else_can_happen() {
    model(2, || {
        let runtime = settled(per_core(1));
        runtime.block_on(async {
            let never = Arc::new(Notify::new());
            let task = spawn({
                let never = never.clone();
                async move { never.notified().await }
            });
            select! {
                _ = never.notified() => panic!("nobody has notified"),
                _ = sleep(3600 * 1000 * MS) => {}
            }
            never.notify_waiters();
            task.await.unwrap();
        });
        drop_unexplored(runtime);
    });
}

// ----- the end --------------------------------------------------------------------------------

/// Spawns when it is dropped.
struct Heir(Drops, pintle::runtime::Handle);

impl Drop for Heir {
    fn drop(&mut self) {
        let item = self.0.item(2);
        drop(self.1.spawn(async move { item.read() }));
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
        std::future::pending::<()>().await;
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

// ----- models that fail -----------------------------------------------------------------------

/// What the task had to say may have been the model's verdict.
#[test]
#[should_panic(expected = "in a task")]
fn a_panic_in_a_task_fails_the_model() {
    model(1, || {
        let runtime = settled(per_core(1));
        let _ = runtime.block_on(async { spawn(async { panic!("in a task") }).await });
        drop_unexplored(runtime);
    });
}

/// Instead of waiting for ever. The next model on the same thread knows nothing of it.
#[test]
fn a_model_in_which_nothing_can_happen_any_more_fails_and_leaves_nothing_behind() {
    let wait_for_ever = || {
        let runtime = settled(per_core(1));
        runtime.block_on(std::future::pending::<()>());
    };
    let stuck = std::panic::catch_unwind(|| model(1, wait_for_ever)).unwrap_err();
    let message = stuck.downcast_ref::<&str>().unwrap();
    assert!(message.contains("the model is stuck"), "{message}");
    model(1, || drop_unexplored(settled(per_core(1))));
}
