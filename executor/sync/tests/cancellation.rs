//! Cancellation as its users see it, with no runtime.

#![cfg(not(loom))]

mod common;

use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::thread;

use common::Task;
use futures_lite::future::block_on;
use pintle_sync::{CancellationToken, Notify};

#[test]
fn clones_are_the_same_token() {
    let token = CancellationToken::new();
    let clone = token.clone();
    assert_eq!(token, clone);
    assert_ne!(token, token.child_token());
    let one = Task::waiting(token.cancelled());
    let mut other = Task::waiting(clone.clone().cancelled_owned());
    clone.cancel();
    clone.cancel();
    assert!(one.woken() && other.woken());
    one.expect_ready();
    assert!(other.poll().is_ready());
    Task::new(token.cancelled()).expect_ready();
    assert_eq!(
        format!("{token:?}"),
        "CancellationToken { is_cancelled: true }"
    );
}

#[test]
fn a_cancel_goes_down_and_not_up_or_aside() {
    let root = CancellationToken::new();
    let left = root.child_token();
    let right = root.child_token();
    let leaves: Vec<_> = (0..3).map(|_| left.child_token()).collect();
    let waits: Vec<_> = leaves
        .iter()
        .map(|t| Task::waiting(t.cancelled()))
        .collect();
    let above = Task::waiting(root.cancelled());
    left.cancel();
    assert!(waits.iter().all(Task::woken));
    assert!(leaves.iter().all(CancellationToken::is_cancelled));
    assert!(!above.woken() && !right.is_cancelled());
    assert!(left.child_token().is_cancelled());
    assert!(left.child_token().child_token().is_cancelled());
    root.cancel();
    assert!(above.woken() && right.is_cancelled());
}

#[test]
fn a_token_in_the_middle_may_go() {
    let root = CancellationToken::new();
    let middle = root.child_token();
    let children: Vec<_> = (0..3).map(|_| middle.child_token()).collect();
    let beside = root.child_token();
    drop(middle);
    drop(children[0].child_token());
    children[1].cancel();
    assert!(!children[0].is_cancelled() && !children[2].is_cancelled());
    root.cancel();
    assert!(children.iter().all(CancellationToken::is_cancelled));
    assert!(beside.is_cancelled());
}

#[test]
fn children_outlive_a_root() {
    let root = CancellationToken::new();
    let child = root.child_token();
    let grandchild = child.child_token();
    drop(root);
    assert!(!child.is_cancelled());
    child.cancel();
    assert!(grandchild.is_cancelled());
}

#[test]
fn a_tree_may_be_as_deep_as_it_likes() {
    let root = CancellationToken::new();
    let mut tokens = vec![root.child_token()];
    for _ in 0..100_000 {
        tokens.push(tokens.last().unwrap().child_token());
    }
    root.cancel();
    assert!(tokens.iter().all(CancellationToken::is_cancelled));
    drop(tokens);

    // A chain of which only the ends are held, and dropped from either end.
    let root = CancellationToken::new();
    let mut last = root.child_token();
    for _ in 0..1000 {
        last = last.child_token();
    }
    let wait = Task::waiting(last.cancelled());
    root.cancel();
    assert!(wait.woken());

    let root = CancellationToken::new();
    let mut tokens = vec![root.child_token()];
    for _ in 0..100_000 {
        tokens.push(tokens.last().unwrap().child_token());
    }
    drop(root);
    drop(tokens);
}

#[test]
fn what_a_dropped_waiter_waited_for_is_cancelled_all_the_same() {
    let token = CancellationToken::new();
    drop(Task::waiting(token.cancelled()));
    let other = Task::waiting(token.cancelled());
    token.cancel();
    assert!(other.woken());
}

#[test]
fn guards_cancel_unless_they_are_disarmed() {
    let token = CancellationToken::new();
    assert_eq!(&token.clone().drop_guard().disarm(), &token);
    assert_eq!(token.drop_guard_ref().disarm(), &token);
    assert!(!token.is_cancelled());
    drop(token.drop_guard_ref());
    assert!(token.is_cancelled());
}

#[test]
fn a_future_runs_until_the_token_is_cancelled() {
    let token = CancellationToken::new();
    let gate = Notify::new();
    assert_eq!(block_on(token.run_until_cancelled(ready(1))), Some(1));
    let cut = Task::waiting(token.run_until_cancelled(pending::<()>()));
    let cut_too = Task::waiting(token.clone().run_until_cancelled_owned(pending::<()>()));
    // Both at once: it was done in time.
    let done = Task::waiting(token.run_until_cancelled(gate.notified()));
    gate.notify_one();
    token.cancel();
    assert!(cut.woken());
    assert_eq!(cut.expect_ready(), None);
    assert_eq!(cut_too.expect_ready(), None);
    assert_eq!(done.expect_ready(), Some(()));
    let never = async { unreachable!("not polled when it is cancelled already") };
    assert_eq!(block_on(token.run_until_cancelled(never)), None::<()>);
}

#[test]
fn many_threads_are_all_told() {
    for _ in 0..50 {
        let root = CancellationToken::new();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let (root, kept) = (root.clone(), kept.clone());
                thread::spawn(move || {
                    let mut token = root.child_token();
                    for step in 0..50 {
                        let child = token.child_token();
                        if (step + n) % 3 == 0 {
                            kept.lock().unwrap().push(token.clone());
                        }
                        token = child;
                    }
                    block_on(token.cancelled());
                })
            })
            .collect();
        root.cancel();
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(
            kept.lock()
                .unwrap()
                .iter()
                .all(CancellationToken::is_cancelled)
        );
    }
}
