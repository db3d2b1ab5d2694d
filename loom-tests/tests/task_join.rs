//! The task's state word: its output is waited for, or nobody wants it, and who is last frees the task.
//!
//! The scheduler, and what else orders nothing, is in `src/one_task/`. In the pictures time runs downwards,
//! `W` is the word. Each model asks in the end for the effects: outputs, drops, and the task's memory gone.
//!
//! Checks: `executor/src/task/state.rs`

#![cfg(loom)]

use std::sync::Arc as StdArc;
use std::task::{Poll, Waker};

use loom::thread;
use pintle_loom_tests::model;
use pintle_loom_tests::one_task::{Joiner, Sleeper, ask, giver};
use pintle_sync::shim::sync::atomic::Ordering;

const BOUND: usize = 3;

/// ```text
/// joiner                        runner
/// is_complete? no               output = …
/// join waker = …                complete
/// set_join_waker                  JOIN_WAKER? wake it
/// ```
/// The joiner finds the output, in order, or is woken.
#[test]
fn a_joiner_gets_the_output_or_is_woken() {
    model(BOUND, || {
        let (shared, futures, outputs, mut handle) = giver();
        let (joiner, waker) = Joiner::new();
        let other = thread::spawn(move || match ask(&mut handle, &waker) {
            Poll::Ready(result) => {
                assert_eq!(result.unwrap().read(), 3);
                None
            }
            Poll::Pending => Some(handle),
        });
        shared.run();
        if let Some(mut handle) = other.join().unwrap() {
            assert_eq!(joiner.woken(), 1, "the joiner waits for ever");
            assert!(matches!(
                ask(&mut handle, Waker::noop()),
                Poll::Ready(Ok(_))
            ));
        }
        assert_eq!((futures.count(), outputs.count()), (1, 1));
        assert_eq!(StdArc::strong_count(&joiner), 1, "nobody keeps the waker");
        shared.assert_over();
    });
}

/// ```text
/// joiner (waker A is in place)     runner
/// unset_join_waker                 output = …
/// join waker = B                   complete
/// set_join_waker                     JOIN_WAKER? wake it
/// ```
#[test]
fn a_joiner_that_changes_its_waker_is_woken_by_the_new_one() {
    model(BOUND, || {
        let (shared, futures, outputs, mut handle) = giver();
        let ((old, old_waker), (new, new_waker)) = (Joiner::new(), Joiner::new());
        assert!(ask(&mut handle, &old_waker).is_pending());
        drop(old_waker);
        let other = thread::spawn(move || {
            let answer = ask(&mut handle, &new_waker);
            (handle, answer)
        });
        shared.run();
        let (mut handle, answer) = other.join().unwrap();
        if answer.is_pending() {
            assert_eq!((old.woken(), new.woken()), (0, 1));
            assert!(matches!(
                ask(&mut handle, Waker::noop()),
                Poll::Ready(Ok(_))
            ));
        } else {
            assert_eq!(new.woken(), 0);
        }
        drop(answer);
        drop(handle);
        assert_eq!((futures.count(), outputs.count()), (1, 1));
        assert_eq!(
            (StdArc::strong_count(&old), StdArc::strong_count(&new)),
            (1, 1)
        );
        shared.assert_over();
    });
}

/// ```text
/// handle           runner
/// drop_join        joined? keep the output : drop it
///                  complete: JOIN_INTEREST? leave it : drop it
/// ```
/// With a join waker in place and without: output and waker are dropped once, by one of the two.
#[test]
fn a_handle_dropped_against_completion_drops_the_output_once() {
    for waiting in [false, true] {
        model(BOUND, move || {
            let (shared, futures, outputs, mut handle) = giver();
            let (joiner, waker) = Joiner::new();
            if waiting {
                assert!(ask(&mut handle, &waker).is_pending());
            }
            drop(waker);
            let other = thread::spawn(move || drop(handle));
            shared.run();
            other.join().unwrap();
            assert_eq!((futures.count(), outputs.count()), (1, 1));
            assert_eq!(StdArc::strong_count(&joiner), 1, "nobody keeps the waker");
            shared.assert_over();
        });
    }
}

/// ```text
/// runner        handle        waker          abort handle
/// complete      drop          wake, drop     drop
/// ```
/// Whoever is last frees the task, having seen what all others did with it.
#[test]
fn the_last_of_all_references_frees_the_task() {
    model(BOUND, || {
        let Sleeper {
            shared,
            flag,
            waker,
            drops,
            handle,
        } = Sleeper::idle();
        flag.store(1, Ordering::Relaxed);
        let theirs = waker.take().unwrap();
        let abort = handle.abort_handle();
        let others = [
            thread::spawn(move || {
                theirs.wake_by_ref();
                drop(theirs);
            }),
            thread::spawn(move || drop((handle, abort))),
        ];
        shared.run();
        for other in others {
            other.join().unwrap();
        }
        shared.run();
        assert_eq!(drops.count(), 1);
        shared.assert_over();
    });
}
