//! The runtime as a whole: the worker's loop and its sleep, as they ship. Only the floor is modelled: a poll without
//! descriptors, and a clock that moves when everybody sleeps. Its end is in `runtime_end.rs`.
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
use pintle::runtime::Runtime;
use pintle::sync::{Notify, oneshot};
use pintle::task::{JoinSet, spawn_local, yield_now};
use pintle::time::{Instant, advance, interval, sleep, timeout};
use pintle::{join, select, spawn, spawn_on, worker};
use pintle_loom_tests::model;
use pintle_loom_tests::runtimes::{
    MS, drop_unexplored, on_this_thread, paused, per_core, settled, stealing,
};
use pintle_sync::shim::time::Bed;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;

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
                    let here = std::rc::Rc::new(worker::current());
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

// ----- nothing is left behind -----------------------------------------------------------------

/// main      spawn_on 0 ─ spawn_on 1 ─ ─ ─ ─ ─ ─ ─ ─ ─ spawn
/// workers      run ─ search, both at once ─ sleep        one is woken
#[test]
fn workers_that_have_searched_at_the_same_time_are_woken_again() {
    model(1, || {
        let runtime = settled(stealing(2));
        runtime.block_on(async {
            let (first, second) = join!(spawn_on(0, || async {}), spawn_on(1, || async {}));
            first.and(second).unwrap();
            sleep(MS).await;
        });
        loom::stop_exploring();
        let output = runtime.block_on(async { spawn(async { 7 }).await.unwrap() });
        assert_eq!(output, 7);
        drop(runtime);
    });
}

/// Each has to be running for either to end. (The beds are those of the modelled floor: a thread that
/// yields in a loop would have the model go through all orders in which it and the floor's watchman do.)
fn two_that_meet() -> (impl Fn() + Send, impl Fn() + Send) {
    let beds = Arc::new((Bed::new(), Bed::new()));
    let there = beds.clone();
    let meet = |mine: &Bed, other: &Bed| {
        other.wake();
        mine.sleep(None);
    };
    (
        move || meet(&beds.0, &beds.1),
        move || meet(&there.1, &there.0),
    )
}

/// main     spawn ─ spawn ─ waits for both
/// worker      woken ─ takes one, which waits for the other in its poll
/// other               woken by main, or by the worker that has stopped to search
#[test]
fn a_task_is_not_left_behind_a_poll_that_waits_for_it() {
    model(1, || {
        let runtime = settled(stealing(2));
        let (first, second) = two_that_meet();
        let done = Arc::new((Bed::new(), Bed::new()));
        let (one, other) = (done.clone(), done.clone());
        runtime.spawn(async move {
            first();
            one.0.wake();
        });
        runtime.spawn(async move {
            second();
            other.1.wake();
        });
        done.0.sleep(None);
        done.1.sleep(None);
        drop_unexplored(runtime);
    });
}

/// worker   sleeps ─ two timers are due ─ runs one task, which waits for the other in its poll
/// other       sleeps ─ ─ ─ ─ ─ ─ ─ ─ woken: steals the other
#[test]
fn a_task_whose_timer_fires_is_not_left_behind_another_of_the_same_worker() {
    model(1, || {
        let runtime = settled(stealing(2));
        loom::stop_exploring();
        let (first, second) = two_that_meet();
        // As long as worker 1 is in this poll, it is worker 0 that runs all tasks.
        let busy = Arc::new(Bed::new());
        let (first, second) = runtime.block_on(async {
            let (on, is_on) = oneshot::channel();
            let over = busy.clone();
            drop(spawn_on(1, move || async move {
                on.send(()).unwrap();
                over.sleep(None);
            }));
            is_on.await.unwrap();
            let (first_here, first_is) = oneshot::channel();
            let (second_here, second_is) = oneshot::channel();
            let first = spawn(async move {
                first_here.send(worker::current()).unwrap();
                sleep(5 * MS).await;
                first();
            });
            let second = spawn(async move {
                second_here.send(worker::current()).unwrap();
                sleep(5 * MS).await;
                second();
            });
            assert_eq!(join!(first_is, second_is), (Ok(Some(0)), Ok(Some(0))));
            (first, second)
        });
        busy.wake();
        runtime.block_on(sleep(MS));
        loom::explore();
        let (first, second) = runtime.block_on(async { join!(first, second) });
        first.and(second).unwrap();
        drop_unexplored(runtime);
    });
}

// ----- block_on of a runtime without threads --------------------------------------------------

/// main     block_on: is the worker, or waits for it ─ ─ has its word
/// other        block_on: is done beside the worker, or as the worker
#[test]
fn a_thread_beside_the_worker_is_done_without_it() {
    model(3, || {
        let runtime = on_this_thread().build().unwrap();
        let handle = runtime.handle().clone();
        let (sender, receiver) = oneshot::channel();
        let other = thread::spawn(move || handle.block_on(async move { sender.send(7).unwrap() }));
        assert_eq!(runtime.block_on(receiver), Ok(7));
        other.join().unwrap();
    });
}

/// main     poll ─ runs a task ─ ─ ─ poll
/// other                    send
#[test]
fn the_future_of_block_on_is_polled_only_when_it_was_woken() {
    model(3, || {
        let runtime = on_this_thread().build().unwrap();
        let (sender, receiver) = oneshot::channel();
        let other = thread::spawn(move || sender.send(7).unwrap());
        let mut polls = 0;
        let output = runtime.block_on(async {
            let _other_work = spawn(yield_now());
            let mut receiver = pin!(receiver);
            poll_fn(|cx| {
                polls += 1;
                receiver.as_mut().poll(cx)
            })
            .await
        });
        assert_eq!(output, Ok(7));
        assert!(polls <= 2, "{polls} polls");
        other.join().unwrap();
    });
}

// ----- time -----------------------------------------------------------------------------------

/// main     sleep 5 ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ at 5: the task is done
/// worker      sleep 3 ─ ─ ─ at 3: wakes ─ ─ ─
fn sleeps_end_at_their_time(runtime: Runtime) {
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
}

#[test]
fn sleeps_end_in_the_order_of_their_deadlines_and_at_their_time() {
    model(2, || sleeps_end_at_their_time(settled(per_core(1))));
}

/// Here it is the runtime that moves the clock, and not the model.
#[test]
fn sleeps_end_in_the_order_of_their_deadlines_by_a_clock_that_jumps() {
    model(2, || sleeps_end_at_their_time(settled(paused(per_core(1)))));
}

/// main     moves the clock ─ waits for the task
/// worker      falls asleep by it, or looks at it once more: its timer is due
#[test]
fn a_clock_that_is_moved_wakes_who_falls_asleep_by_it() {
    model(2, || {
        let runtime = settled(paused(per_core(1)));
        let task = runtime.spawn(sleep(3 * MS));
        runtime.block_on(async {
            advance(3 * MS).await;
            task.await.unwrap();
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
        runtime.block_on(pending::<()>());
    };
    let stuck = std::panic::catch_unwind(|| model(1, wait_for_ever)).unwrap_err();
    let message = stuck.downcast_ref::<&str>().unwrap();
    assert!(message.contains("the model is stuck"), "{message}");
    model(1, || drop_unexplored(settled(per_core(1))));
}
