//! `join!`, `try_join!` and `pin!`.

#![cfg(feature = "macros")]
#![deny(unused, unsafe_code)]

mod support;

use futures_lite::future::block_on;
use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use support::{Drops, Event, every_mode};

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending `n` times.
async fn turns(n: u32) {
    for _ in 0..n {
        futures_lite::future::yield_now().await;
    }
}

#[test]
fn all_outputs_in_their_places() {
    block_on(async {
        let () = pintle::join!();
        assert_eq!(pintle::join!(ready(1)), (1,));
        let outputs = pintle::join!(
            async {
                turns(3).await;
                1
            },
            ready("two"),
            async { turns(1).await },
        );
        assert_eq!(outputs, (1, "two", ()));
        let outputs = pintle::try_join!(ready(Ok::<_, ()>(1)), async { Ok("two") });
        assert_eq!(outputs, Ok((1, "two")));
        let outputs: Result<(), ()> = pintle::try_join!();
        assert_eq!(outputs, Ok(()));
    });
}

#[test]
fn the_futures_run_at_the_same_time_in_every_mode() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let body = || async {
            let (ping, pong) = (Event::new(), Event::new());
            pintle::join!(
                async {
                    pong.wait().await;
                },
                async {
                    ping.wait().await;
                    pong.set();
                },
                async { pintle::spawn(async {}).await.unwrap() },
                async { ping.set() },
            );
            async fn wait(event: &Event) -> Result<(), ()> {
                event.wait().await;
                Ok(())
            }
            assert!(pintle::try_join!(wait(&ping), wait(&pong)).is_ok());
        };
        runtime.block_on(body());
        runtime.block_on(async { pintle::spawn(body()).await.unwrap() });
    });
}

#[test]
fn the_futures_may_borrow() {
    block_on(async {
        let (text, mut number) = (String::from("text"), 1);
        let (length, ()) = pintle::join!(async { text.len() }, async { number += 1 });
        assert_eq!((length, number), (4, 2));
    });
}

#[test]
fn another_one_begins_each_time() {
    let order = RefCell::new(String::new());
    let noting = |name: char| {
        let order = &order;
        poll_fn(move |_| -> Poll<()> {
            order.borrow_mut().push(name);
            Poll::Pending
        })
    };
    let mut join = pin!(async { pintle::join!(noting('a'), noting('b'), noting('c')) });
    for _ in 0..4 {
        assert!(poll_once(join.as_mut()).is_pending());
    }
    assert_eq!(order.take(), "abcbcacababc");

    let mut join = pin!(async { pintle::join!(biased; noting('a'), noting('b')) });
    for _ in 0..2 {
        assert!(poll_once(join.as_mut()).is_pending());
    }
    assert_eq!(order.take(), "abab");
}

#[test]
fn one_that_uses_up_the_budget_leaves_the_next_poll_to_the_others() {
    async fn greedy(count: &Cell<u32>) {
        loop {
            pintle::task::consume_budget().await;
            count.set(count.get() + 1);
        }
    }
    let counts = [const { Cell::new(0) }; 2];
    let mut join = pin!(async { pintle::join!(greedy(&counts[0]), greedy(&counts[1])) });
    for _ in 0..10 {
        pintle_sync::budget::with_fresh(|| assert!(poll_once(join.as_mut()).is_pending()));
    }
    assert_eq!(counts[0].get(), counts[1].get());
}

#[test]
fn a_future_that_is_done_is_dropped_at_once_and_not_polled_again() {
    let drops = Drops::new();
    let counter = drops.counter();
    let mut done = false;
    let once = poll_fn(move |_| {
        let _counter = &counter;
        assert!(
            !std::mem::replace(&mut done, true),
            "polled after it was ready"
        );
        Poll::Ready(())
    });
    let mut join = pin!(async { pintle::join!(once, pending::<()>()) });
    for _ in 0..3 {
        assert!(poll_once(join.as_mut()).is_pending());
        assert_eq!(drops.count(), 1);
    }
}

#[test]
fn the_first_error_ends_a_try_join() {
    let drops = Drops::new();
    let counter = drops.counter();
    let never = async move {
        let _counter = counter;
        pending::<Result<(), &str>>().await
    };
    let result = block_on(async {
        pintle::try_join!(
            never,
            async { Ok(String::from("an output")) },
            async {
                turns(2).await;
                Err::<u32, _>("late")
            },
            async {
                turns(1).await;
                Err::<u32, _>("early")
            },
        )
    });
    assert_eq!(result, Err("early"));
    assert_eq!(drops.count(), 1);
}

#[test]
fn biased_decides_between_errors() {
    block_on(async {
        let result = pintle::try_join!(biased; ready(Err::<(), _>(1)), ready(Err::<(), _>(2)));
        assert_eq!(result, Err(1));
    });
}

#[test]
fn cancelling_a_join_drops_futures_and_outputs() {
    let drops = Drops::new();
    let (output, future) = (drops.counter(), drops.counter());
    {
        let join = pin!(async {
            pintle::join!(ready(output), async {
                let _future = future;
                pending::<()>().await
            })
        });
        assert!(poll_once(join).is_pending());
        assert_eq!(drops.count(), 0);
    }
    assert_eq!(drops.count(), 2);
}

#[test]
fn a_join_is_little_larger_than_its_futures() {
    async fn large() {
        let bytes = [0_u8; 4096];
        pending::<()>().await;
        std::hint::black_box(bytes);
    }
    let join = async { pintle::join!(large(), large(), large()) };
    let (join, futures) = (size_of_val(&join), 3 * size_of_val(&large()));
    assert!(join < futures + 128, "{join} for {futures}");
}

#[test]
fn many_futures() {
    block_on(async {
        let outputs = pintle::join!(
            ready(0),
            ready(1),
            ready(2),
            ready(3),
            ready(4),
            ready(5),
            ready(6),
            ready(7),
            ready(8),
            turns(9),
            ready(10),
            ready(11),
        );
        assert_eq!(outputs, (0, 1, 2, 3, 4, 5, 6, 7, 8, (), 10, 11));
    });
}

#[test]
fn pinned_futures_are_awaited_by_reference() {
    block_on(async {
        let (one, two) = (async { 1 }, async { 2 });
        pintle::pin!(one, two,);
        pintle::pin! {
            let three = async { 3 };
        }
        assert_eq!((&mut one).await + two.await + three.as_mut().await, 6);
    });
}
