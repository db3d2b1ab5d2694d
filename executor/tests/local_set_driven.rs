//! `LocalSet`: its tasks run where it is awaited, whoever drives it, and no wake is lost on the way. How long they live
//! is in `local_set.rs`.

#![cfg(feature = "macros")]
#![deny(unused, unsafe_code)]

mod support;

use pintle::task::{self, JoinHandle, LocalSet};
use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::hint::spin_loop;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use support::{Event, Mode, every_mode, guarded, in_mode, panic_of, poll_once, until};

#[test]
fn run_until_runs_a_future_and_what_it_spawns() {
    every_mode(|mode| {
        let set = LocalSet::new();
        let shared = Rc::new(6);
        let output = mode.runtime().block_on(set.run_until(async {
            let theirs = shared.clone();
            task::spawn_local(async move { *theirs * 7 }).await.unwrap()
        }));
        assert_eq!(output, 42);
    });
}

#[test]
fn block_on_is_the_runtimes_with_the_set_in_it() {
    every_mode(|mode| {
        let set = LocalSet::new();
        let output = set.block_on(&mode.runtime(), async {
            set.spawn_local(async { Rc::new(7) }).await.unwrap()
        });
        assert_eq!(*output, 7);
    });
}

#[test]
fn awaiting_it_by_reference_can_be_given_up() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let mut set = LocalSet::new();
            let task = set.spawn_local(pending::<()>());
            for _ in 0..3 {
                pintle::select! {
                    () = &mut set => unreachable!(),
                    () = task::yield_now() => {}
                }
            }
            task.abort();
            set.await;
        });
    });
}

#[test]
fn a_set_is_driven_without_a_runtime() {
    guarded("no runtime", || {
        let set = LocalSet::new();
        let (sender, receiver) = pintle::sync::oneshot::channel();
        let task = set.spawn_local(async move { Rc::new(receiver.await.unwrap()) });
        thread::spawn(move || sender.send(7).unwrap());
        let output = futures_lite::future::block_on(set.run_until(task));
        assert_eq!(*output.unwrap(), 7);
    });
}

#[test]
fn its_tasks_go_on_in_the_next_block_on_and_on_another_runtime() {
    every_mode(|mode| {
        let set = LocalSet::new();
        let go_on = Event::new();
        let wait = go_on.clone();
        let task = set.spawn_local(async move {
            wait.wait().await;
            Rc::new(1)
        });
        set.block_on(&mode.runtime(), task::yield_now());
        assert!(!task.is_finished());
        // Nobody drives it now; who does next finds what has come in.
        go_on.set();
        assert_eq!(*set.block_on(&mode.runtime(), task).unwrap(), 1);
    });
}

#[test]
fn a_task_that_is_never_done_yields_to_the_future_and_to_other_tasks() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let turns = Rc::new(Cell::new(0));
            let theirs = turns.clone();
            let beside = task::spawn_local(async move {
                loop {
                    theirs.set(theirs.get() + 1);
                    task::yield_now().await;
                }
            });
            let set = LocalSet::new();
            set.spawn_local(async {
                loop {
                    task::yield_now().await;
                }
            });
            set.run_until(until(|| turns.get() >= 3)).await;
            beside.abort();
        });
    });
}

/// Runs `future` in the set, in a task of its own and thus with a waker of its own.
async fn drives<F>(set: &Rc<LocalSet>, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    let set = set.clone();
    let driver = task::spawn_local(async move { set.run_until(future).await });
    task::yield_now().await;
    driver
}

#[test]
fn a_driver_that_leaves_takes_no_wake_with_it() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            // It leaves before the wake, and after it.
            for leaves_first in [true, false] {
                let set = Rc::new(LocalSet::new());
                let event = Event::new();
                let wait = event.clone();
                let member = set.spawn_local(async move { wait.wait().await });
                let one = drives(&set, pending::<()>()).await;
                let stays = drives(&set, member).await;
                let other = drives(&set, pending::<()>()).await;
                if leaves_first {
                    other.abort();
                    one.abort();
                    task::yield_now().await;
                }
                event.set();
                one.abort();
                other.abort();
                stays.await.unwrap().unwrap();
            }
        });
    });
}

#[test]
fn wakes_from_other_threads_are_not_lost() {
    guarded("wakes", || {
        // It answers so soon that the driver may be just about to wait.
        let asked = Arc::new(Mutex::new(None::<Waker>));
        let over = Arc::new(AtomicBool::new(false));
        let answers = thread::spawn({
            let (asked, over) = (asked.clone(), over.clone());
            move || {
                while !over.load(Ordering::Relaxed) {
                    let waker = asked.lock().unwrap().take();
                    waker.map_or_else(spin_loop, Waker::wake);
                }
            }
        });
        let set = LocalSet::new();
        set.spawn_local(async move {
            for _ in 0..50_000 {
                let mut is_asked = false;
                let answer = poll_fn(|cx| {
                    if std::mem::replace(&mut is_asked, true) {
                        return Poll::Ready(());
                    }
                    *asked.lock().unwrap() = Some(cx.waker().clone());
                    Poll::Pending
                });
                answer.await;
            }
        });
        futures_lite::future::block_on(set);
        over.store(true, Ordering::Relaxed);
        answers.join().unwrap();
    });
}

#[test]
fn polled_but_not_awaited_it_loses_nothing() {
    every_mode(|mode| {
        mode.runtime().block_on(async {
            let set = LocalSet::new();
            let event = Event::new();
            let wait = event.clone();
            let task = set.spawn_local(async move { wait.wait().await });
            let mut never = std::pin::pin!(set.run_until(pending::<()>()));
            assert!(poll_once(never.as_mut()).await.is_pending());
            // It is dropped with the waker in its place.
            event.set();
            set.run_until(task).await.unwrap();
        });
    });
}

/// A task of a set that yields is left in the set, and whoever drives the set is woken: by code of
/// anybody's, which may drive the set there and then, so that the task ends, and its memory is another's,
/// before its own poll is quite over.
#[test]
fn a_task_that_takes_the_memory_of_one_that_has_just_yielded_is_not_mistaken_for_it() {
    type Driver = Pin<Box<dyn Future<Output = ()>>>;

    thread_local! {
        static DRIVER: RefCell<Option<Driver>> = const { RefCell::new(None) };
        static YIELDED: Cell<bool> = const { Cell::new(false) };
        static WAKER: RefCell<Option<Waker>> = const { RefCell::new(None) };
        static NEXT: RefCell<Option<JoinHandle<()>>> = const { RefCell::new(None) };
    }

    /// Drives the set a second time, inside of whatever calls this.
    fn drive() {
        let mut driver = DRIVER.take().unwrap();
        let waker = Waker::from(Arc::new(Inline));
        assert!(
            driver
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        DRIVER.set(Some(driver));
    }

    /// Yields once by hand, or waits once for `WAKER`. Both of one type, and so of one size.
    async fn task(yields: bool) {
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            match (polls, yields) {
                (1, true) => {
                    drive(); // So that its waker is asked for.
                    YIELDED.set(true);
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                (1, false) => {
                    WAKER.set(Some(cx.waker().clone()));
                    Poll::Pending
                }
                _ => Poll::Ready(()),
            }
        })
        .await;
    }

    struct Inline;
    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            if !YIELDED.replace(false) {
                return;
            }
            drive(); // The task ends.
            let next = task::spawn_local(task(false));
            assert_ne!(task::try_id(), Some(next.id()));
            drive();
            let waker = WAKER.take().expect("it was polled");
            waker.wake_by_ref();
            NEXT.set(Some(next));
        }
    }

    in_mode(Mode::CurrentThread, |mode| {
        let set: &'static LocalSet = Box::leak(Box::new(LocalSet::new()));
        DRIVER.set(Some(Box::pin(set.run_until(pending()))));
        mode.runtime().block_on(set.run_until(async {
            drop(task::spawn_local(task(true)));
            for _ in 0..4 {
                task::yield_now().await;
            }
            let next = NEXT.take().expect("the first task has yielded");
            next.await.unwrap();
        }));
        DRIVER.set(None);
    });
}

/// A task of a set that yields wakes who drives the set; should that panic, it is out of the middle of the
/// task's run.
#[test]
fn a_waker_that_panics_where_a_task_yields_takes_neither_it_nor_the_one_around_it_along() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker");
        }
    }

    every_mode(|mode| {
        let runtime = mode.runtime();
        let task = runtime.handle().spawn_on(0, || async {
            let me = task::id();
            let set = Rc::new(LocalSet::new());
            let theirs = set.clone();
            let own = set.spawn_local(async move {
                // Another who drives the set, and has nothing to run.
                let mut other = Box::pin(theirs.run_until(pending::<()>()));
                let waker = Waker::from(Arc::new(Panics));
                let polled = other.as_mut().poll(&mut Context::from_waker(&waker));
                assert!(polled.is_pending());
                task::yield_now().await;
                task::id()
            });
            let id = own.id();
            let mut polls = 0;
            poll_fn(|cx| {
                polls += 1;
                if polls > 1 {
                    return Poll::Ready(());
                }
                let mut driver = Box::pin(set.run_until(pending::<()>()));
                let message = panic_of(|| {
                    let _ = driver
                        .as_mut()
                        .poll(&mut Context::from_waker(Waker::noop()));
                });
                assert_eq!(message, "a waker");
                assert_eq!(task::id(), me);
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            assert_eq!(set.run_until(own).await.unwrap(), id);
            assert_eq!(task::id(), me);
        });
        runtime.block_on(task).unwrap();
    });
}
