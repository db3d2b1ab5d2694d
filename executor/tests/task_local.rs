//! Task-local values: where they are seen, and that they are restored whatever happens.

#![deny(unused, unsafe_code)]

mod support;

use futures_lite::future::{block_on, yield_now};
use pintle::task;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use support::{OnDrop, assert_panics_with, every_mode};

pintle::task_local! {
    /// With attributes and a visibility.
    pub static NAME: String;
    static DEPTH: u32;
}
pintle::task_local!(static CELL: Rc<Cell<u32>>);

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_value_follows_its_task_in_every_mode() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let tasks = (0..20).map(|n| {
                pintle::spawn(DEPTH.scope(n, async move {
                    for _ in 0..20 {
                        assert_eq!(DEPTH.get(), n);
                        task::yield_now().await;
                    }
                }))
            });
            support::join_all(tasks.collect::<Vec<_>>()).await;
        });
    });
}

#[test]
fn a_spawned_task_starts_without() {
    every_mode(|mode| {
        mode.runtime().block_on(DEPTH.scope(1, async {
            let inner = pintle::spawn(async { DEPTH.try_get() }).await.unwrap();
            assert!(inner.is_err());
            assert_eq!(DEPTH.get(), 1);
        }));
    });
}

#[test]
fn between_polls_there_is_no_value() {
    let mut scope = pin!(DEPTH.scope(1, async {
        assert_eq!(DEPTH.get(), 1);
        yield_now().await;
        assert_eq!(DEPTH.get(), 1);
    }));
    assert!(poll_once(scope.as_mut()).is_pending());
    assert!(DEPTH.try_get().is_err());
    assert!(poll_once(scope.as_mut()).is_ready());
    assert!(DEPTH.try_get().is_err());
}

#[test]
fn scopes_nest_and_interleave() {
    let nested = DEPTH.scope(1, async {
        let inner = DEPTH.scope(2, async {
            yield_now().await;
            assert_eq!(DEPTH.sync_scope(3, || DEPTH.get()), 3);
            DEPTH.get()
        });
        let outer = async {
            yield_now().await;
            DEPTH.get()
        };
        let (inner, outer) = futures_lite::future::zip(inner, outer).await;
        assert_eq!((inner, outer, DEPTH.get()), (2, 1, 1));
        NAME.scope("other key".into(), async { assert_eq!(DEPTH.get(), 1) })
            .await;
    });
    block_on(nested);
}

#[test]
fn a_panic_restores_the_outer_value() {
    DEPTH.sync_scope(1, || {
        let panicking = || DEPTH.sync_scope(2, || panic!("inside"));
        assert!(catch_unwind(panicking).is_err());
        assert_eq!(DEPTH.get(), 1);
        let mut scope = pin!(DEPTH.scope(3, poll_fn(|_| -> Poll<()> { panic!("inside") })));
        let polled = catch_unwind(AssertUnwindSafe(|| poll_once(scope.as_mut())));
        assert!(polled.is_err());
        assert_eq!(DEPTH.get(), 1);
        assert_eq!(scope.take_value(), Some(3));
    });
    assert!(DEPTH.try_get().is_err());
}

#[test]
fn the_future_is_dropped_with_its_value_in_place() {
    let seen = RefCell::new(Vec::new());
    let guarded = || {
        let guard = OnDrop::new(|| seen.borrow_mut().push(DEPTH.try_get()));
        async move {
            let _guard = guard;
            yield_now().await;
        }
    };
    drop(DEPTH.scope(1, guarded()));
    {
        let scope = pin!(DEPTH.scope(2, guarded()));
        assert!(poll_once(scope).is_pending());
    }
    block_on(DEPTH.scope(3, guarded()));
    assert_eq!(seen.take(), [Ok(1), Ok(2), Ok(3)]);
    assert!(DEPTH.try_get().is_err());
}

#[test]
fn the_value_can_be_taken() {
    let mut scope = pin!(NAME.scope("Ada".into(), async { NAME.try_with(String::len) }));
    assert_eq!(scope.as_mut().take_value().as_deref(), Some("Ada"));
    assert!(scope.as_mut().take_value().is_none());
    assert!(block_on(scope).is_err());
}

#[test]
fn values_need_not_be_send() {
    let count = Rc::new(Cell::new(0));
    block_on(CELL.scope(count.clone(), async { CELL.with(|cell| cell.set(5)) }));
    assert_eq!(count.get(), 5);
}

#[test]
fn without_a_value_the_panic_says_what_to_do() {
    assert_panics_with(&["no value", "LocalKey::scope"], || DEPTH.get());
    assert_panics_with(&["no value", "does not inherit"], || NAME.with(String::len));
    let error = DEPTH.try_get().unwrap_err();
    assert!(error.to_string().contains("LocalKey::scope"));
}

#[test]
fn a_scope_cannot_begin_while_its_value_is_borrowed() {
    let scope = |depth| DEPTH.sync_scope(depth, || DEPTH.get());
    DEPTH.sync_scope(1, || {
        assert_panics_with(&["`with`", "`get`"], || DEPTH.with(|_| scope(2)));
        // Looking twice is fine, and afterwards everything is.
        assert_eq!(DEPTH.with(|outer| DEPTH.with(|inner| outer + inner)), 2);
        assert_eq!(scope(2), 2);
    });
}

#[test]
fn a_scope_that_is_done_says_so() {
    let mut scope = pin!(DEPTH.scope(1, ready(())));
    assert!(poll_once(scope.as_mut()).is_ready());
    assert_panics_with(&["polled after"], || poll_once(scope.as_mut()));
    assert!(DEPTH.try_get().is_err());
}

#[test]
fn keys_are_seen_while_the_threads_locals_are_destroyed_or_not_at_all() {
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            // Whichever goes first: no panic.
            let _ = NAME.try_with(String::len);
        }
    }
    thread_local!(static LATE: Late = const { Late });
    std::thread::spawn(|| {
        LATE.with(|_| {});
        NAME.sync_scope("Ada".into(), || NAME.with(String::len));
    })
    .join()
    .unwrap();
}
