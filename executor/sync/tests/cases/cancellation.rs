//! Cancellation as its users see it.

use std::future::{pending, ready};
use std::sync::{Arc, Mutex};

use pintle_sync::{CancellationToken, Notify};

use super::hand::{Task, exploding_waker};
use super::{abort, join_all, now, panic_of, panic_quietly, spawn_waiting};
use crate::place::{spawn, yield_now};

cases! {
    polls {
        clones_are_the_same_token,
        a_cancel_goes_down_and_not_up_or_aside,
        a_token_in_the_middle_may_go,
        children_outlive_a_root,
        a_tree_may_be_as_deep_as_it_likes,
        what_a_dropped_waiter_waited_for_is_cancelled_all_the_same,
        guards_cancel_unless_they_are_disarmed,
        a_future_runs_until_the_token_is_cancelled,
        a_task_that_panics_with_a_guard_cancels,
        a_waker_that_panics_does_not_keep_the_others_from_theirs,
    }
    tasks {
        many_tasks_are_all_told,
        a_cancel_ends_what_runs_until_then_and_leaves_the_rest,
        an_aborted_waiter_keeps_nobody_from_hearing,
        a_task_that_ends_in_any_way_cancels_by_its_guard,
    }
}

pub fn clones_are_the_same_token() {
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

pub fn a_cancel_goes_down_and_not_up_or_aside() {
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

pub fn a_token_in_the_middle_may_go() {
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

pub fn children_outlive_a_root() {
    let root = CancellationToken::new();
    let child = root.child_token();
    let grandchild = child.child_token();
    drop(root);
    assert!(!child.is_cancelled());
    child.cancel();
    assert!(grandchild.is_cancelled());
}

pub fn a_tree_may_be_as_deep_as_it_likes() {
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

pub fn what_a_dropped_waiter_waited_for_is_cancelled_all_the_same() {
    let token = CancellationToken::new();
    drop(Task::waiting(token.cancelled()));
    let other = Task::waiting(token.cancelled());
    token.cancel();
    assert!(other.woken());
}

pub fn guards_cancel_unless_they_are_disarmed() {
    let token = CancellationToken::new();
    assert_eq!(&token.clone().drop_guard().disarm(), &token);
    assert_eq!(token.drop_guard_ref().disarm(), &token);
    assert!(!token.is_cancelled());
    drop(token.drop_guard_ref());
    assert!(token.is_cancelled());
}

pub fn a_future_runs_until_the_token_is_cancelled() {
    let token = CancellationToken::new();
    let gate = Notify::new();
    assert_eq!(now(token.run_until_cancelled(ready(1))), Some(1));
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
    assert_eq!(now(token.run_until_cancelled(never)), None::<()>);
}

pub fn a_task_that_panics_with_a_guard_cancels() {
    let token = CancellationToken::new();
    let child = token.child_token();
    let waiting = Task::waiting(child.cancelled());
    panic_of(|| {
        let _guard = token.clone().drop_guard();
        panic!("while it is armed");
    });
    assert!(waiting.woken() && child.is_cancelled());
}

pub fn a_waker_that_panics_does_not_keep_the_others_from_theirs() {
    let token = CancellationToken::new();
    let child = token.child_token();
    let mut first = Task::new(token.cancelled());
    assert!(first.poll_with(&exploding_waker()).is_pending());
    let (second, third) = (
        Task::waiting(token.cancelled()),
        Task::waiting(child.cancelled()),
    );
    token.cancel();
    assert!(second.woken() && third.woken());
    first.expect_ready();
}

pub async fn many_tasks_are_all_told() {
    for _ in 0..20 {
        let root = CancellationToken::new();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let tasks = [0, 1, 2, 3].map(|task| {
            let (root, kept) = (root.clone(), kept.clone());
            spawn(async move {
                let mut token = root.child_token();
                for step in 0..50 {
                    let child = token.child_token();
                    if (step + task) % 3 == 0 {
                        kept.lock().unwrap().push(token.clone());
                    }
                    token = child;
                }
                token.cancelled().await;
            })
        });
        yield_now().await;
        root.cancel();
        join_all(tasks).await;
        let kept = kept.lock().unwrap();
        assert!(kept.iter().all(CancellationToken::is_cancelled));
    }
}

pub async fn a_cancel_ends_what_runs_until_then_and_leaves_the_rest() {
    let (root, gate) = (CancellationToken::new(), Arc::new(Notify::new()));
    let (left, right) = (root.child_token(), root.child_token());
    let cut = spawn_waiting({
        let left = left.child_token();
        async move { left.run_until_cancelled_owned(pending::<()>()).await }
    })
    .await;
    let done = spawn_waiting({
        let gate = gate.clone();
        async move { right.run_until_cancelled(gate.notified()).await }
    })
    .await;
    left.cancel();
    assert_eq!(cut.await.unwrap(), None);
    assert!(!done.is_finished() && !root.is_cancelled());
    gate.notify_one();
    assert_eq!(done.await.unwrap(), Some(()));
}

pub async fn an_aborted_waiter_keeps_nobody_from_hearing() {
    let token = CancellationToken::new();
    let mut tasks = Vec::new();
    for _ in 0..3 {
        tasks.push(spawn_waiting(token.clone().cancelled_owned()).await);
    }
    abort(tasks.remove(1)).await;
    token.cancel();
    join_all(tasks).await;
}

pub async fn a_task_that_ends_in_any_way_cancels_by_its_guard() {
    for panics in [false, true] {
        let token = CancellationToken::new();
        let (child, gate) = (token.child_token(), Arc::new(Notify::new()));
        let waits = spawn_waiting(child.cancelled_owned()).await;
        let ends = spawn_waiting({
            let gate = gate.clone();
            async move {
                let _guard = token.drop_guard();
                gate.notified().await;
                panic_quietly();
            }
        })
        .await;
        if panics {
            gate.notify_one();
            assert!(ends.await.unwrap_err().is_panic());
        } else {
            abort(ends).await;
        }
        waits.await.unwrap();
    }
}
