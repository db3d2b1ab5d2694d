//! The budget of tasks: who yields, who does not, and what is given back.

#![deny(unused)]

mod support;

use pintle::task::{self, coop};
use pintle_sync::budget::{self, UNITS};
use std::future::{Future, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use support::{Event, every_mode};

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// How often `future` is ready before the budget is spent.
fn ready_times<F: Future>(mut future: impl FnMut() -> F) -> u32 {
    budget::with_fresh(|| {
        let mut times = 0;
        while poll_once(pin!(future())).is_ready() {
            times += 1;
            assert!(times <= 10 * u32::from(UNITS), "it never yields");
        }
        times
    })
}

#[test]
fn without_a_task_nothing_is_refused() {
    assert!(coop::has_budget_remaining());
    for _ in 0..10 * u32::from(UNITS) {
        assert!(poll_once(pin!(task::consume_budget())).is_ready());
    }
}

#[test]
fn each_unit_is_spent_once() {
    assert_eq!(ready_times(task::consume_budget), u32::from(UNITS));
    assert_eq!(
        ready_times(|| coop::cooperative(ready(()))),
        u32::from(UNITS)
    );
}

#[test]
fn what_is_not_ready_costs_nothing() {
    budget::with_fresh(|| {
        for _ in 0..10 * u32::from(UNITS) {
            assert!(poll_once(pin!(coop::cooperative(pending::<()>()))).is_pending());
            drop(coop::poll_proceed(&mut Context::from_waker(Waker::noop())));
        }
        assert!(coop::has_budget_remaining());
    });
}

#[test]
fn unconstrained_futures_spend_nothing() {
    budget::with_fresh(|| {
        let many = task::unconstrained(async {
            for _ in 0..10 * u32::from(UNITS) {
                task::consume_budget().await;
            }
        });
        assert!(poll_once(pin!(many)).is_ready());
        assert!(coop::has_budget_remaining());
    });
}

#[test]
fn a_task_that_consumes_budget_lets_the_others_run_in_every_mode() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            pintle::spawn_on(0, || async {
                let event = Event::new();
                let set = event.clone();
                task::spawn_local(async move { set.set() });
                while !event.is_set() {
                    task::consume_budget().await;
                }
            })
            .await
            .unwrap();
        });
    });
}

#[test]
fn a_task_has_a_new_budget_each_time_it_is_polled() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let polls = pintle::spawn(async {
                let mut work = pin!(async {
                    for _ in 0..3 * u32::from(UNITS) {
                        task::consume_budget().await;
                    }
                });
                let mut polls = 0;
                poll_fn(|cx| {
                    polls += 1;
                    work.as_mut().poll(cx)
                })
                .await;
                polls
            });
            assert_eq!(polls.await.unwrap(), 3);
        });
    });
}
