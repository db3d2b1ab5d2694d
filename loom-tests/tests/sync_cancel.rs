//! Cancellation tokens and task trackers: who waits is told, whoever comes and goes meanwhile.
//!
//! Checks: `executor/sync/src/cancellation/`, `executor/sync/src/task_tracker.rs`

#![cfg(loom)]

use std::sync::Arc;
use std::task::{Context, Waker};

use loom::thread;
use pintle_loom_tests::{Drops, model, starts};
use pintle_sync::checked::{block_on, branches};
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

/// a   clones and drops tokens of a child
/// b   the same: as long as one is left the parent reaches the child; after that nothing is left of it
#[test]
fn a_child_is_in_its_parents_tree_for_as_long_as_it_has_tokens() {
    model(3, || {
        let parent = CancellationToken::new();
        let child = parent.child_token();
        let thread = {
            let child = child.clone();
            thread::spawn(move || drop((child.clone(), child)))
        };
        let more = child.clone();
        thread.join().unwrap();
        drop(more);
        assert_eq!(branches(&parent), 1);
        drop(child);
        assert_eq!(branches(&parent), 0);
    });
}

/// a   drops the last token of a child ──┬──
/// b   cancels the parent ───────────────┴── one of the two takes the child out of the tree
#[test]
fn the_last_token_of_a_child_against_the_cancel_of_its_parent_leaves_the_others_alone() {
    model(3, || {
        let parent = CancellationToken::new();
        let (child, other) = (parent.child_token(), parent.child_token());
        let thread = thread::spawn(move || drop(child));
        parent.cancel();
        thread.join().unwrap();
        assert!(other.is_cancelled());
        assert_eq!(branches(&parent), 0);
    });
}

/// a   a task begins and ends ──┬──
/// b   reopens ─────────────────┴── what is counted stays counted
#[test]
fn a_tracker_that_is_reopened_while_tasks_come_and_go_counts_them_all() {
    model(3, || {
        let tracker = TaskTracker::new();
        assert!(tracker.close() && !tracker.close() && tracker.is_closed());
        let (one, other) = (tracker.token(), tracker.clone());
        let thread = thread::spawn(move || {
            drop(one);
            other.token()
        });
        assert!(tracker.reopen());
        let token = thread.join().unwrap();
        assert!(!tracker.reopen() && !tracker.is_closed());
        assert_eq!((tracker.len(), tracker.is_empty()), (1, false));
        drop(token);
        assert!(tracker.is_empty());
    });
}

/// canceller   cancel
/// task        runs a future until then: not at all if it was before
#[test]
fn what_is_to_run_until_a_cancel_that_was_is_not_run() {
    model(3, || {
        let token = CancellationToken::new();
        let task = {
            let token = token.clone();
            thread::spawn(move || {
                let was_cancelled = token.is_cancelled();
                let ran = block_on(token.run_until_cancelled(async {})).is_some();
                assert!(!(was_cancelled && ran));
            })
        };
        token.cancel();
        assert_eq!(block_on(token.run_until_cancelled(async {})), None);
        task.join().unwrap();
    });
}
