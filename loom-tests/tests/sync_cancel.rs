//! Cancellation tokens and task trackers: who waits is told, whoever comes and goes meanwhile.

#![cfg(loom)]

use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;
use pintle_loom_tests::{Drops, model, starts};
use pintle_sync::checked::block_on;
use pintle_sync::{CancellationToken, TaskTracker};

/// canceller   write ─ cancel
/// waiter      cancelled ─ read
#[test]
fn who_waits_is_told_and_sees_what_was_done() {
    model(3, || {
        let token = CancellationToken::new();
        let item = Arc::new(Drops::new().item(1));
        let canceller = {
            let (token, item) = (token.clone(), item.clone());
            thread::spawn(move || {
                item.write();
                token.cancel();
            })
        };
        block_on(token.cancelled());
        item.read();
        assert!(token.is_cancelled());
        canceller.join().unwrap();
    });
}

/// canceller   write ─ cancel
/// other       cancelled? ─ read
#[test]
fn who_asks_sees_what_was_done() {
    model(3, || {
        let token = CancellationToken::new();
        let item = Arc::new(Drops::new().item(1));
        let other = {
            let (token, item) = (token.clone(), item.clone());
            thread::spawn(move || {
                if token.is_cancelled() {
                    item.read();
                }
            })
        };
        item.write();
        token.cancel();
        other.join().unwrap();
    });
}

/// canceller   cancel the parent
/// maker       make a child ─ wait
#[test]
fn a_child_that_is_made_while_its_parent_is_cancelled_is_cancelled() {
    model(3, || {
        let parent = CancellationToken::new();
        let canceller = {
            let parent = parent.clone();
            thread::spawn(move || parent.cancel())
        };
        let child = parent.child_token();
        block_on(child.cancelled());
        canceller.join().unwrap();
        assert!(child.is_cancelled() && parent.is_cancelled());
    });
}

/// canceller   cancel the root
/// leaver      drop the middle
/// waiter      wait for the leaf
#[test]
fn a_cancel_reaches_what_is_under_a_token_that_is_dropped() {
    model(2, || {
        let root = CancellationToken::new();
        let middle = root.child_token();
        let leaf = middle.child_token();
        let canceller = thread::spawn(move || root.cancel());
        let leaver = thread::spawn(move || drop(middle));
        block_on(leaf.cancelled());
        canceller.join().unwrap();
        leaver.join().unwrap();
    });
}

/// a   cancel the parent
/// b   cancel the child
/// c   parent cancelled? ─ then the child is
#[test]
fn who_sees_a_parent_cancelled_sees_its_children_cancelled() {
    model(3, || {
        let parent = CancellationToken::new();
        let child = parent.child_token();
        let other = {
            let (parent, child) = (parent.clone(), child.clone());
            thread::spawn(move || !parent.is_cancelled() || child.is_cancelled())
        };
        let third = {
            let child = child.clone();
            thread::spawn(move || child.cancel())
        };
        parent.cancel();
        assert!(child.is_cancelled());
        assert!(other.join().unwrap());
        third.join().unwrap();
    });
}

/// a   drop the last but one token
/// b   drop the last token
/// c   cancel the parent        the node leaves once
#[test]
fn a_token_leaves_once() {
    model(3, || {
        let parent = CancellationToken::new();
        let token = parent.child_token();
        let clone = token.clone();
        let threads = [
            thread::spawn(move || drop(token)),
            thread::spawn(move || drop(clone)),
        ];
        parent.cancel();
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(parent.child_token().is_cancelled());
    });
}

/// canceller   cancel
/// leaver      waits ─ drop
/// waiter      waits
#[test]
fn a_waiter_that_leaves_takes_nothing_with_it() {
    model(3, || {
        let token = CancellationToken::new();
        let leaving = starts(token.clone().cancelled_owned());
        let leaver = thread::spawn(move || drop(leaving));
        let canceller = {
            let token = token.clone();
            thread::spawn(move || token.cancel())
        };
        block_on(token.cancelled());
        leaver.join().unwrap();
        canceller.join().unwrap();
    });
}

/// tasks    write ─ end (both)
/// waiter   close ─ wait ─ read what both did
#[test]
fn who_waits_for_tasks_sees_what_they_did() {
    model(3, || {
        let tracker = TaskTracker::new();
        let items = Arc::new([Drops::new().item(1), Drops::new().item(2)]);
        let tasks = [0, 1].map(|which| {
            let (token, items) = (tracker.token(), items.clone());
            thread::spawn(move || {
                items[which].write();
                drop(token);
            })
        });
        tracker.close();
        block_on(tracker.wait());
        for item in items.iter() {
            item.read();
        }
        for task in tasks {
            task.join().unwrap();
        }
    });
}

/// task     write ─ end
/// closer   close
/// waiter   waits ─ read          woken by whichever comes last
#[test]
fn the_last_of_task_and_close_wakes_who_waits() {
    model(3, || {
        let tracker = TaskTracker::new();
        let item = Arc::new(Drops::new().item(1));
        let mut waiting = Box::pin(tracker.wait());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let task = {
            let (token, item) = (tracker.token(), item.clone());
            thread::spawn(move || {
                item.write();
                drop(token);
            })
        };
        let closer = {
            let tracker = tracker.clone();
            thread::spawn(move || tracker.close())
        };
        block_on(waiting);
        item.read();
        task.join().unwrap();
        assert!(closer.join().unwrap());
    });
}

/// closer   write ─ close
/// other    closed? ─ read
///
/// task     write ─ end
/// other    empty? ─ read
#[test]
fn who_asks_a_tracker_sees_what_was_done() {
    model(3, || {
        let tracker = TaskTracker::new();
        let items = Arc::new([Drops::new().item(1), Drops::new().item(2)]);
        let other = {
            let (tracker, items) = (tracker.clone(), items.clone());
            thread::spawn(move || {
                if tracker.is_closed() {
                    items[0].read();
                }
            })
        };
        items[0].write();
        tracker.close();
        other.join().unwrap();

        let token = tracker.token();
        let other = {
            let (tracker, items) = (tracker.clone(), items.clone());
            thread::spawn(move || {
                if tracker.is_empty() {
                    items[1].read();
                }
            })
        };
        items[1].write();
        drop(token);
        other.join().unwrap();
    });
}
