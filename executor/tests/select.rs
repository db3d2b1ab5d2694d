//! `select!`: which branch wins, what becomes of the others, and that the macro is not in the way.

#![cfg(feature = "macros")]
#![deny(unused, unreachable_code, unsafe_code)]

mod support;

use futures_lite::future::block_on;
use pintle::task::JoinHandle;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, pending, poll_fn, ready};
use std::marker::PhantomPinned;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use support::{Drops, Event, OnDrop, assert_panics_with, every_mode};

/// Ready when it is polled for the `n`th time.
fn after<T: Copy + Unpin>(n: u32, output: T) -> impl Future<Output = T> + Unpin {
    let mut polls = 0;
    poll_fn(move |cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        if polls < n {
            Poll::Pending
        } else {
            Poll::Ready(output)
        }
    })
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn the_first_one_that_is_ready_wins() {
    let winner = block_on(async {
        pintle::select! {
            _ = after(3, ()) => "third",
            x = after(2, "second") => x,
            _ = pending::<()>() => { unreachable!() }
        }
    });
    assert_eq!(winner, "second");
}

#[test]
fn tasks_timers_and_events_in_every_mode() {
    every_mode(|mode| {
        let runtime = mode.runtime();
        let body = async {
            let event = Event::new();
            let set = event.clone();
            let mut never: JoinHandle<()> = pintle::spawn(pending());
            pintle::spawn(async move { set.set() });
            let first = pintle::select! {
                _ = event.wait() => 1,
                _ = &mut never => 2,
                _ = pintle::time::sleep(Duration::from_secs(600)) => 3,
            };
            assert_eq!(first, 1);
            never.abort();
            pintle::select! {
                Err(error) = &mut never => assert!(error.is_cancelled()),
                _ = pintle::time::sleep(Duration::from_secs(600)) => unreachable!(),
            }
            let sleep = pintle::time::sleep(Duration::from_millis(1));
            pintle::select! {
                _ = pending::<()>() => unreachable!(),
                () = sleep => {}
            }
        };
        // Also as a spawned task, which has to be `Send`.
        runtime.block_on(body);
        runtime.block_on(async {
            pintle::spawn(async { pintle::select!(x = ready(1) => x) })
                .await
                .unwrap()
        });
    });
}

#[test]
fn an_output_that_does_not_fit_disables_its_branch() {
    block_on(async {
        let x = pintle::select! {
            Some(x) = ready(None) => x,
            x = after(5, 7) => x,
        };
        assert_eq!(x, 7);
        let x = pintle::select! {
            Some(x) = ready(None::<i32>) => x,
            Ok(x) = ready(Err::<i32, ()>(())) => x,
            else => -1,
        };
        assert_eq!(x, -1);
    });
}

#[test]
fn patterns_of_every_kind() {
    struct Point {
        x: u32,
        y: Option<String>,
    }
    const ZERO: u32 = 0;
    let text = || Some("text".to_string());
    let kept = text();
    block_on(async {
        pintle::select!(Some(mut s) = ready(text()) => s.push('!'), else => unreachable!());
        pintle::select!(Some(ref s) = ready(text()) => assert_eq!(s, "text"), else => unreachable!());
        pintle::select!(Some(s) = ready(&kept) => assert_eq!(s, "text"), else => unreachable!());
        pintle::select!(Some(&n) = ready(Some(&5)) => assert_eq!(n, 5), else => unreachable!());
        pintle::select!((a, _, [.., b]) = ready((1, 2, [3, 4])) => assert_eq!(a + b, 5));
        pintle::select!(Ok(n) | Err(n) = ready(Err::<u8, u8>(6)) => assert_eq!(n, 6));
        pintle::select!(n @ 1..=9 = ready(6) => assert_eq!(n, 6), else => unreachable!());
        pintle::select!(ZERO = ready(1) => unreachable!(), else => {});
        pintle::select!(None = ready(text()) => unreachable!(), else => {});
        pintle::select! {
            Point { x: 1.., y: Some(y) } = ready(Point { x: 2, y: text() }) => assert_eq!(y, "text"),
            else => unreachable!(),
        }
        pintle::select!(Point { x, y } = ready(Point { x: 2, y: text() }) => drop((x, y)));
        pintle::select!(matched @ Some(_) = ready(text()) => drop(matched), else => unreachable!());
    });
}

#[test]
fn a_precondition_disables_a_branch_before_it_is_polled() {
    block_on(async {
        let made = Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            poll_fn(|_| -> Poll<()> { unreachable!("it is disabled") })
        };
        let yes = true;
        pintle::select! {
            _ = make(), if !yes => unreachable!(),
            _ = make(), if { false } && yes => unreachable!(),
            _ = ready(()), if yes && made.get() == 0 => {}
        }
        // As documented.
        assert_eq!(made.get(), 2);
    });
}

#[test]
fn else_runs_when_all_are_disabled() {
    block_on(async {
        let no = false;
        assert_eq!(pintle::select!(_ = ready(()), if no => 1, else => 2), 2);
        assert_eq!(pintle::select!(else => 3), 3);
        assert_eq!(pintle::select!(biased; else => { 4 }), 4);
    });
}

#[test]
fn all_disabled_without_else_panics_with_a_remedy() {
    assert_panics_with(&["disabled", "`else`"], || {
        block_on(async { pintle::select!(Some(()) = ready(None) => {}) })
    });
}

#[test]
fn a_disabled_branch_is_not_polled_again() {
    block_on(async {
        let mut done = false;
        let mut once = poll_fn(|_| {
            assert!(
                !std::mem::replace(&mut done, true),
                "polled after it was ready"
            );
            Poll::Ready(None::<()>)
        });
        pintle::select! {
            biased;
            Some(()) = &mut once => unreachable!(),
            _ = after(5, ()) => {}
        }
    });
}

#[test]
fn biased_polls_from_the_first_to_the_last() {
    block_on(async {
        for _ in 0..100 {
            let order = RefCell::new(String::new());
            let note = |name| order.borrow_mut().push(name);
            pintle::select! {
                biased;
                _ = async { note('a'); pending::<()>().await } => {}
                _ = async { note('b') } => {}
                _ = async { note('c') } => {}
            }
            assert_eq!(order.into_inner(), "ab");
        }
    });
}

#[test]
fn without_bias_each_branch_has_its_share() {
    block_on(async {
        let mut wins = [0_u32; 4];
        for _ in 0..4000 {
            wins[pintle::select! {
                _ = ready(()) => 0,
                _ = ready(()) => 1,
                _ = ready(()) => 2,
                _ = ready(()) => 3,
            }] += 1;
        }
        // Ten standard deviations.
        assert!(
            wins.iter().all(|wins| (700..1300).contains(wins)),
            "{wins:?}"
        );
    });
}

#[test]
fn the_futures_are_dropped_before_the_handler_in_their_order() {
    block_on(async {
        let order = Rc::new(RefCell::new(String::new()));
        let on_drop = |name: &'static str| {
            let order = order.clone();
            let guard = OnDrop::new(move || order.borrow_mut().push_str(name));
            async move {
                let _guard = guard;
                pending::<()>().await
            }
        };
        pintle::select! {
            biased;
            _ = on_drop("a") => {}
            _ = on_drop("b") => {}
            _ = ready(()) => order.borrow_mut().push_str(" handler"),
        }
        assert_eq!(*order.borrow(), "ab handler");
    });
}

#[test]
fn handlers_may_use_what_the_futures_have_borrowed() {
    async fn pop(queue: &mut VecDeque<u32>) -> Option<u32> {
        queue.pop_front()
    }
    async fn look(queue: &RefCell<VecDeque<u32>>) -> usize {
        queue.borrow().len()
    }
    block_on(async {
        let mut queue = VecDeque::from([1, 2]);
        pintle::select! {
            x = pop(&mut queue) => queue.push_back(x.unwrap()),
            _ = pending::<()>() => queue.clear(),
        }
        assert_eq!(queue, [2, 1]);
        // Several may share a borrow.
        let queue = RefCell::new(queue);
        let n = pintle::select!(n = look(&queue) => n, n = look(&queue), if !queue.borrow().is_empty() => n);
        assert_eq!(n, 2);
    });
}

#[test]
fn control_flow_in_handlers_belongs_to_the_user() {
    async fn parse(text: &str) -> Result<i32, std::num::ParseIntError> {
        let mut rounds = 0;
        let parsed = loop {
            rounds += 1;
            pintle::select! {
                _ = ready(()), if rounds < 3 => continue,
                text = ready(text), if rounds == 3 => break text.parse::<i32>()?,
                else => return Ok(-1),
            }
        };
        pintle::select! {
            _ = pending::<()>() => {}
            _ = ready(()) => if parsed < 0 { return Ok(0) },
        }
        Ok(parsed + pintle::select!(x = ready(text.parse::<i32>()?) => x))
    }
    assert_eq!(block_on(parse("21")), Ok(42));
    assert_eq!(block_on(parse("-1")), Ok(0));
    assert!(block_on(parse("x")).is_err());
}

#[test]
fn a_future_that_is_kept_outside_loses_nothing() {
    block_on(async {
        let kept = async {
            after(10, ()).await;
            "kept"
        };
        pintle::pin!(kept);
        let mut rounds = 0;
        let output = loop {
            pintle::select! {
                biased;
                output = &mut kept => break output,
                _ = ready(()) => rounds += 1,
            }
        };
        assert_eq!((output, rounds), ("kept", 9));
    });
}

#[test]
fn futures_stay_in_place() {
    struct Pinned {
        place: Option<usize>,
        _pinned: PhantomPinned,
    }
    impl Future for Pinned {
        type Output = ();
        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            let here = std::ptr::from_ref(&*self).addr();
            let place = self.place.unwrap_or(here);
            assert_eq!(place, here);
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
    let make = || Pinned {
        place: None,
        _pinned: PhantomPinned,
    };
    block_on(async {
        pintle::select! {
            _ = make() => unreachable!(),
            _ = make() => unreachable!(),
            _ = after(10, ()) => {}
        }
    });
}

#[test]
fn a_select_is_little_larger_than_its_futures() {
    async fn large() {
        let bytes = [0_u8; 4096];
        pending::<()>().await;
        std::hint::black_box(bytes);
    }
    let select = async { pintle::select!(_ = large() => {}, _ = large() => {}, _ = large() => {}) };
    let (select, futures) = (size_of_val(&select), 3 * size_of_val(&large()));
    assert!(select < futures + 128, "{select} for {futures}");
}

#[test]
fn cancelling_a_select_drops_its_futures() {
    let drops = Drops::new();
    let counter = || {
        let counter = drops.counter();
        async move {
            let _counter = counter;
            pending::<()>().await
        }
    };
    {
        let select = pin!(async { pintle::select!(_ = counter() => {}, _ = counter() => {}) });
        assert!(poll_once(select).is_pending());
        assert_eq!(drops.count(), 0);
    }
    assert_eq!(drops.count(), 2);
}

#[test]
fn a_task_without_budget_yields_before_any_branch() {
    let polled = Cell::new(false);
    let mut select = pin!(async { pintle::select!(_ = async { polled.set(true) } => {}) });
    pintle_sync::budget::with_fresh(|| {
        while pintle::task::coop::has_budget_remaining() {
            assert!(poll_once(pin!(pintle::task::consume_budget())).is_ready());
        }
        assert!(poll_once(select.as_mut()).is_pending());
        assert!(!polled.get());
    });
    assert!(poll_once(select).is_ready());
}

#[test]
fn a_loop_that_is_always_ready_lets_others_run() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let event = Event::new();
            let set = event.clone();
            let busy = async move {
                pintle::task::spawn_local(async move { set.set() });
                while !event.is_set() {
                    pintle::select! {
                        _ = pintle::task::consume_budget() => {}
                        _ = pending::<()>() => {}
                    }
                }
            };
            pintle::spawn_on(0, || busy).await.unwrap();
        });
    });
}

#[test]
fn branches_that_never_end() {
    async fn forever() -> ! {
        pending().await
    }
    block_on(async {
        let x = pintle::select! {
            never = forever() => never,
            never = pending::<Infallible>() => match never {},
            x = ready(5) => x,
        };
        assert_eq!(x, 5);
        pintle::select!(Ok(()) = ready(Ok::<(), Infallible>(())) => {});
    });
}

#[test]
fn one_inside_the_other() {
    block_on(async {
        let x = pintle::select! {
            x = async { pintle::select!(x = ready(1) => x + 1, _ = pending::<()>() => 0) } => {
                pintle::select!(y = ready(x) => x + y, Some(()) = ready(None) => 0)
            }
            _ = pending::<()>() => 0,
        };
        assert_eq!(x, 4);
    });
}

#[test]
fn what_can_be_made_into_a_future_is_one() {
    struct Wish;
    impl IntoFuture for Wish {
        type Output = u32;
        type IntoFuture = std::future::Ready<u32>;
        fn into_future(self) -> Self::IntoFuture {
            ready(3)
        }
    }
    assert_eq!(block_on(async { pintle::select!(x = Wish => x) }), 3);
}

#[test]
fn temporaries_live_as_long_as_in_a_let() {
    async fn length(text: &str) -> usize {
        text.len()
    }
    block_on(async {
        let boxed: Pin<Box<dyn Future<Output = usize>>> = Box::pin(length("boxed"));
        pintle::select! {
            n = &mut { boxed } => assert_eq!(n, 5),
            _ = pending::<()>() => {}
        }
    });
}

#[test]
fn sixty_four_branches() {
    block_on(async {
        let x = pintle::select! {
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, x = pending() => x,
            x = pending() => x, x = pending() => x, x = pending() => x, Some(x) = ready(Some(64)) => x,
            else => 0,
        };
        assert_eq!(x, 64);
    });
}

/// The expansion relies on no name of the user's, and takes none away.
mod hygiene {
    use ::pintle as renamed;
    use std::future::ready;

    #[allow(dead_code, reason = "they are in the way")]
    mod names {
        pub enum Option {
            Some,
            None,
        }
        pub enum Result {
            Ok,
            Err,
        }
        pub struct Future;
        pub struct Poll;
        pub mod pintle {}
    }
    #[allow(unused_imports, reason = "they are in the way")]
    use names::{Future, Option, Option::*, Poll, Result, Result::*, pintle};

    #[test]
    fn under_another_name_and_among_false_friends() {
        let (first, branch, output, selected, pending, turn) = (1, 2, 3, 4, 5, 6);
        let (future_0, disabled, cx, enabled) = (7, 8, 9, true);
        let sum = futures_lite::future::block_on(async {
            let sum = renamed::select! {
                x = ready(first + branch + output), if enabled => {
                    x + selected + pending + turn + future_0 + disabled + cx
                }
            };
            let (one, two) = renamed::join!(ready(sum), ready(1));
            one + two
        });
        assert_eq!(sum, 46);
    }
}
