//! A set of local tasks, which other threads wake while it is driven, left, or dropped: no wake is lost, and
//! nothing of a task is touched on another thread than the set's.
//!
//! Checks: `executor/src/task_tools/local_set/`

#![cfg(loom)]

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Waker};

use loom::thread;
use pintle::sync::oneshot;
use pintle::task::LocalSet;
use pintle_loom_tests::{Drops, model};
use pintle_sync::checked::block_on;

// driver     runs all there is │ leaves its waker ──┬── looks into the inbox │ sleeps
// other                sends: leaves the task in the inbox ── wakes who is there
#[test]
fn a_task_that_is_woken_while_its_driver_falls_asleep_is_run() {
    model(3, || {
        let set = LocalSet::new();
        let (sender, receiver) = oneshot::channel();
        let got = Rc::new(Cell::new(0));
        set.spawn_local({
            let got = got.clone();
            async move { got.set(receiver.await.unwrap()) }
        });
        let thread = thread::spawn(move || sender.send(7).unwrap());
        block_on(set);
        assert_eq!(got.get(), 7);
        thread.join().unwrap();
    });
}

// a          drives the set, and leaves it before it is done
// b          drives it, too ── is woken for the task, although a was there first
// other      wakes the task
#[test]
fn a_driver_that_leaves_takes_no_wake_along() {
    model(2, || {
        let set = LocalSet::new();
        let (sender, receiver) = oneshot::channel();
        let task = set.spawn_local(receiver);
        let mut cx = Context::from_waker(Waker::noop());
        let mut leaver = Box::pin(set.run_until(std::future::pending::<()>()));
        assert!(leaver.as_mut().poll(&mut cx).is_pending());
        let thread = thread::spawn(move || sender.send(7).unwrap());
        drop(leaver);
        assert_eq!(block_on(set.run_until(task)).unwrap(), Ok(7));
        thread.join().unwrap();
    });
}

// home       drops the set: every task ends here ──┬──
// other      sends: the task is on its way home ───┴── and is waited for
#[test]
fn a_set_that_is_dropped_ends_its_tasks_at_home_whoever_wakes_them() {
    model(3, || {
        let drops = Drops::new();
        let set = LocalSet::new();
        let (sender, receiver) = oneshot::channel();
        let item = drops.item(1);
        let handle = set.spawn_local(async move {
            let _ = receiver.await;
            item.read();
        });
        let mut cx = Context::from_waker(Waker::noop());
        let mut driver = Box::pin(set.run_until(std::future::pending::<()>()));
        assert!(driver.as_mut().poll(&mut cx).is_pending());
        drop(driver);
        let thread = thread::spawn(move || sender.send(()).is_ok());
        drop(set);
        // Before the other thread is joined: so it was this one that dropped it.
        assert_eq!(drops.count(), 1);
        assert!(block_on(handle).unwrap_err().is_cancelled());
        thread.join().unwrap();
    });
}
