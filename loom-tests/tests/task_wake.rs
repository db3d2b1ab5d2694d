//! The task's state word: a task is woken, polled and done.
//!
//! The scheduler, and what else orders nothing, is in `src/one_task/`. In the pictures time runs downwards,
//! `W` is the word. Each model asks in the end for the effects: outputs, drops, and the task's memory gone.
//!
//! Checks: `executor/src/task/state.rs`

#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc as StdArc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker};

use loom::thread;
use pintle_loom_tests::one_task::{Hidden, Shared, Sleeper, ask};
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::shim::sync::atomic::{AtomicUsize, Ordering};

const BOUND: usize = 3;

/// ```text
/// waker                     runner
/// flag = 1 (relaxed)        wake                        W: CLAIMED
/// wake                      start_poll, flag?, end_poll
/// ```
/// Wherever the wake falls (the task idle, queued, polled, polled to the end): the flag is seen by a
/// poll. In particular a wake that finds the task queued already must still publish the flag.
#[test]
fn a_wake_is_seen_by_a_later_poll_whatever_the_task_is_doing() {
    model(BOUND, || {
        let sleeper = Sleeper::idle();
        let (flag, waker) = (sleeper.flag.clone(), sleeper.waker());
        let other = thread::spawn(move || {
            flag.store(1, Ordering::Relaxed);
            waker.wake_by_ref();
        });
        sleeper.waker().wake();
        sleeper.shared.run();
        other.join().unwrap();
        sleeper.shared.run();
        assert!(sleeper.end(), "a wake was lost");
    });
}

/// The same with a waker that is used up: its reference goes with the wake, and may be the last.
#[test]
fn a_wake_that_uses_up_its_waker_is_seen_and_leaks_nothing() {
    model(BOUND, || {
        let sleeper = Sleeper::idle();
        let (flag, waker) = (sleeper.flag.clone(), sleeper.waker());
        let other = thread::spawn(move || {
            flag.store(1, Ordering::Relaxed);
            waker.wake();
        });
        sleeper.waker().wake_by_ref();
        sleeper.shared.run();
        other.join().unwrap();
        sleeper.shared.run();
        assert!(sleeper.end(), "a wake was lost");
    });
}

/// ```text
/// one       two
/// wake      wake      W: CLAIMED, by one of them
/// ```
#[test]
fn two_wakers_schedule_an_idle_task_once() {
    model(BOUND, || {
        let sleeper = Sleeper::idle();
        let wakers = [sleeper.waker(), sleeper.waker()];
        sleeper.flag.store(1, Ordering::Relaxed);
        let others = wakers.map(|waker| thread::spawn(move || waker.wake()));
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(sleeper.shared.scheduled.load(Relaxed), 1);
        sleeper.shared.run();
        assert!(sleeper.end());
    });
}

/// ```text
/// waker                    late waker      runner
/// wake: W: CLAIMED
/// schedule                                 start_poll, complete, release
///                          wake
/// ```
/// Nobody else knows the task. Whoever is last frees it, once.
#[test]
fn a_wake_against_completion_frees_the_task_once() {
    model(BOUND, || {
        let Sleeper {
            shared,
            flag,
            waker,
            drops,
            handle,
        } = Sleeper::idle();
        drop(handle);
        flag.store(1, Ordering::Relaxed);
        let first = waker.take().unwrap();
        let others = [first.clone(), first].map(|waker| thread::spawn(move || waker.wake()));
        shared.run();
        for other in others {
            other.join().unwrap();
        }
        shared.run();
        assert_eq!(drops.count(), 1);
        shared.assert_over();
    });
}

/// ```text
/// first runner                  second runner
/// first poll: own = …           (finds the waker)
/// end_poll: Park                flag = 1, wake
///                               start_poll: own = …
/// ```
/// The future's memory passes from poll to poll by the word alone.
#[test]
fn a_future_moves_from_thread_to_thread_in_order() {
    model(BOUND, || {
        let sleeper = Sleeper::queued();
        let (shared, flag, waker) = (
            sleeper.shared.clone(),
            sleeper.flag.clone(),
            sleeper.waker.clone(),
        );
        let other = thread::spawn(move || {
            flag.store(1, Ordering::Relaxed);
            let waker = waker.take();
            if let Some(waker) = waker {
                waker.wake();
                shared.run();
            }
        });
        sleeper.shared.run();
        other.join().unwrap();
        // If the other thread came before the first poll, nobody has woken the task.
        let left = sleeper.waker.take();
        if let Some(left) = left {
            left.wake();
        }
        sleeper.shared.run();
        assert!(sleeper.end());
    });
}

/// ```text
/// first runner                 second runner
/// poll: own = …, wake
/// end_poll: Requeue
/// reschedule                   start_poll: own = …
///                              … complete
/// ```
/// It may wake itself by the waker that it was lent, which leaves the word as it is, or by one that is
/// used up. The future's memory passes on with its `Task`.
#[test]
fn a_task_that_yields_may_be_completed_by_another_thread_at_once() {
    struct Yields {
        polls: usize,
        own: Item,
    }
    impl Future for Yields {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            self.own.write();
            self.polls += 1;
            match self.polls {
                1 => cx.waker().wake_by_ref(),
                2 => {
                    let own = cx.waker().clone();
                    own.wake();
                }
                _ => return Poll::Ready(()),
            }
            Poll::Pending
        }
    }
    model(BOUND, || {
        let shared = Shared::new();
        let drops = Drops::new();
        drop(shared.spawn(Yields {
            polls: 0,
            own: drops.item(2),
        }));
        let theirs = shared.clone();
        let other = thread::spawn(move || {
            theirs.run();
            theirs.run();
        });
        shared.run();
        other.join().unwrap();
        shared.run();
        assert_eq!(drops.count(), 1);
        shared.assert_over();
    });
}

/// A wake of a queued task is answered by the poll that follows, and by no other.
#[test]
fn a_task_that_was_woken_twice_for_nothing_goes_idle() {
    model(BOUND, || {
        let sleeper = Sleeper::idle();
        let waker = sleeper.waker();
        waker.wake_by_ref();
        waker.wake_by_ref();
        sleeper.shared.run();
        assert!(sleeper.shared.bound.with(|bound| bound.is_some()));
        sleeper.flag.store(1, Ordering::Relaxed);
        waker.wake();
        sleeper.shared.run();
        assert!(sleeper.end());
    });
}

/// ```text
/// one, before              two                       runner
/// flag = 1, wake: + WOKEN                            start_poll: WOKEN?
///                          flag = 1, wake: + WOKEN
///                                                    - WOKEN, poll
/// ```
/// Taking WOKEN back answers all wakes until then, so it has to know of all of them.
#[test]
fn the_poll_that_answers_several_wakes_sees_what_was_done_before_each() {
    struct Both {
        flags: [StdArc<AtomicUsize>; 2],
        waker: StdArc<Hidden<Option<Waker>>>,
    }
    impl Future for Both {
        type Output = ();
        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            if self
                .flags
                .iter()
                .all(|flag| flag.load(Ordering::Relaxed) != 0)
            {
                return Poll::Ready(());
            }
            self.waker.put(cx.waker().clone());
            Poll::Pending
        }
    }
    model(BOUND, || {
        let shared = Shared::new();
        let flags = [0, 0].map(|flag| StdArc::new(AtomicUsize::new(flag)));
        let left = StdArc::new(Hidden::new());
        let mut handle = shared.spawn(Both {
            flags: flags.clone(),
            waker: left.clone(),
        });
        shared.run();
        let waker: Waker = left.take().expect("it was polled");
        waker.wake_by_ref();
        flags[0].store(1, Ordering::Relaxed);
        waker.wake_by_ref();
        let other = thread::spawn(move || {
            flags[1].store(1, Ordering::Relaxed);
            waker.wake();
        });
        shared.run();
        other.join().unwrap();
        shared.run();
        left.take();
        assert!(
            ask(&mut handle, Waker::noop()).is_ready(),
            "a wake was lost"
        );
        drop(handle);
        shared.assert_over();
    });
}
