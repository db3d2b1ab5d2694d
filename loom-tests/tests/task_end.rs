//! The task's state word: a task is ended from outside, by an abort or by its scheduler's shutdown.
//!
//! The scheduler, and what else orders nothing, is in `src/one_task/`. In the pictures time runs downwards,
//! `W` is the word. Each model asks in the end for the effects: outputs, drops, and the task's memory gone.
//!
//! Checks: `executor/src/task/state.rs`

#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as Count, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use loom::thread;
use pintle::checked::task::{Bound, Id, Pinned, Schedule, Task, create};
use pintle_loom_tests::one_task::{Hidden, Joiner, Shared, Sleeper, Watched, ask, giver};
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::shim::sync::atomic::{AtomicUsize, Ordering};

const BOUND: usize = 3;

/// A future that never is ready. Its drop reads what the aborter has written.
struct Endless {
    note: StdArc<Watched>,
    own: Item,
}

impl Future for Endless {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.own.write();
        Poll::Pending
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.note.0.read();
    }
}

/// ```text
/// aborter            runner
/// note = …           start_poll
/// abort              end_poll: Park, or Cancel; or Cancel at the next start_poll
/// ```
/// The abort is not lost, whether it finds the task queued, polled or idle; and what the aborter did
/// before is seen by the future's drop, which happens on the runner.
#[test]
fn an_abort_ends_a_task_whatever_it_is_doing() {
    model(BOUND, || {
        let shared = Shared::new();
        let drops = Drops::new();
        let note = StdArc::new(Watched(Drops::new().item(3)));
        let endless = Endless {
            note: note.clone(),
            own: drops.item(2),
        };
        let mut handle = shared.spawn(endless);
        let abort = handle.abort_handle();
        let theirs = note.clone();
        let other = thread::spawn(move || {
            theirs.0.write();
            abort.abort();
        });
        shared.run();
        other.join().unwrap();
        shared.run();
        assert!(matches!(ask(&mut handle, Waker::noop()), Poll::Ready(Err(e)) if e.is_cancelled()));
        assert_eq!(drops.count(), 1);
        drop(handle);
        shared.assert_over();
    });
}

/// The same where the task is queued, for certain: that the abort has been is known by a flag that orders
/// nothing. (The runner looks at the word several times, of which the model checker minds the last.)
#[test]
fn what_was_done_before_an_abort_is_seen_by_who_cancels_a_queued_task() {
    model(BOUND, || {
        let (shared, drops) = (Shared::new(), Drops::new());
        let note = StdArc::new(Watched(Drops::new().item(3)));
        let endless = Endless {
            note: note.clone(),
            own: drops.item(2),
        };
        let mut handle = shared.spawn(endless);
        let abort = handle.abort_handle();
        let aborted = StdArc::new(AtomicUsize::new(0));
        let (theirs, flag) = (note.clone(), aborted.clone());
        let other = thread::spawn(move || {
            theirs.0.write();
            abort.abort();
            flag.store(1, Ordering::Relaxed);
        });
        while aborted.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        shared.run();
        assert!(matches!(ask(&mut handle, Waker::noop()), Poll::Ready(Err(e)) if e.is_cancelled()));
        other.join().unwrap();
        drop(handle);
        shared.assert_over();
    });
}

/// ```text
/// aborter                runner
/// abort: W: CLAIMED
/// schedule               start_poll: Cancel, complete
/// drop_join
/// ```
/// The scheduler is used on the handle's reference: the task is freed after that.
#[test]
fn a_handle_may_abort_and_go() {
    model(BOUND, || {
        let Sleeper {
            shared,
            waker,
            drops,
            handle,
            ..
        } = Sleeper::idle();
        drop(waker.take());
        let other = thread::spawn(move || {
            handle.abort();
            drop(handle);
        });
        shared.run();
        other.join().unwrap();
        shared.run();
        assert_eq!(drops.count(), 1);
        shared.assert_over();
    });
}

/// ```text
/// aborter                 runner
/// abort                   start_poll, complete
/// output or cancelled?
/// ```
#[test]
fn an_abort_against_completion_gives_the_output_or_an_error() {
    model(BOUND, || {
        let (shared, futures, outputs, mut handle) = giver();
        let (joiner, waker) = Joiner::new();
        let other = thread::spawn(move || {
            handle.abort();
            let answer = ask(&mut handle, &waker);
            (handle, answer)
        });
        shared.run();
        let (mut handle, answer) = other.join().unwrap();
        shared.run();
        let waited = answer.is_pending();
        assert_eq!(joiner.woken(), usize::from(waited));
        let answer = if waited {
            ask(&mut handle, Waker::noop())
        } else {
            answer
        };
        match answer {
            Poll::Ready(Ok(item)) => {
                item.read();
            }
            Poll::Ready(Err(error)) => assert!(error.is_cancelled(), "{error}"),
            Poll::Pending => panic!("the joiner waits for ever"),
        }
        assert_eq!((futures.count(), outputs.count()), (1, 1));
        drop(handle);
        shared.assert_over();
    });
}

/// ```text
/// aborter     waker            runner
/// abort       flag = 1, wake   start_poll …
/// ```
/// One of them schedules the idle task, once; the other finds it scheduled, polled or complete.
#[test]
fn an_abort_against_a_wake_of_an_idle_task_ends_it() {
    model(BOUND, || {
        let sleeper = Sleeper::idle();
        let (flag, waker) = (sleeper.flag.clone(), sleeper.waker());
        let abort = sleeper.handle.abort_handle();
        let others = [
            thread::spawn(move || {
                flag.store(1, Ordering::Relaxed);
                waker.wake();
            }),
            thread::spawn(move || abort.abort()),
        ];
        sleeper.shared.run();
        for other in others {
            other.join().unwrap();
        }
        sleeper.shared.run();
        sleeper.end();
    });
}

/// ```text
/// aborter       waker, runner
/// W? idle
///               wake, start_poll, end_poll: Park    W: idle, as before
/// W: CLAIMED
/// ```
/// The word is the same, but the task has been queued and polled meanwhile: the aborter, who queues it,
/// must come after that.
#[test]
fn an_abort_knows_of_a_poll_that_came_and_went_since_it_looked() {
    model(BOUND, || {
        let sleeper = Sleeper::idle();
        let (waker, abort) = (sleeper.waker(), sleeper.handle.abort_handle());
        let other = thread::spawn(move || abort.abort());
        waker.wake_by_ref();
        sleeper.shared.run();
        other.join().unwrap();
        drop(waker);
        sleeper.shared.run();
        assert!(!sleeper.end(), "nobody has set the flag");
    });
}

/// ```text
/// scheduler               waker
/// take the bound task     flag = 1
/// shutdown                wake
/// ```
/// One of them takes the idle task. If it is the waker, the task is cancelled when it is run.
#[test]
fn shutdown_against_a_wake_cancels_the_task_once() {
    model(BOUND, || {
        let sleeper = Sleeper::idle();
        let (flag, waker) = (sleeper.flag.clone(), sleeper.waker());
        let other = thread::spawn(move || {
            flag.store(1, Ordering::Relaxed);
            waker.wake();
        });
        let bound = sleeper.shared.bound.take().expect("it is idle");
        let here = bound.shutdown();
        assert_eq!(here, sleeper.handle.is_finished());
        other.join().unwrap();
        sleeper.shared.run();
        assert!(!sleeper.end(), "a task was polled after its shutdown");
    });
}

/// ```text
/// scheduler               runner
///                         first poll: own = …
/// take the bound task     bind
/// shutdown                end_poll: Park, or Cancel
/// ```
/// If the scheduler comes late, it takes the idle task, and has seen what the poll did.
#[test]
fn shutdown_against_the_first_poll_cancels_the_task_once() {
    model(BOUND, || {
        let sleeper = Sleeper::queued();
        let shared = sleeper.shared.clone();
        let runner = thread::spawn(move || shared.run());
        if let Some(bound) = sleeper.shared.bound.take() {
            let id = bound.id();
            bound.shutdown();
            runner.join().unwrap();
            assert_eq!(id, sleeper.handle.id());
            assert!(!sleeper.end());
        } else {
            runner.join().unwrap();
            let bound = sleeper.shared.bound.take().expect("it is idle");
            assert!(bound.shutdown());
            assert!(!sleeper.end());
        }
    });
}

/// ```text
/// scheduler               runner
/// take the bound task     wake, start_poll: own = …
/// shutdown                end_poll: Park, or Cancel
/// ```
/// The word may be the same before and after that poll; the future is not.
#[test]
fn shutdown_against_a_poll_cancels_the_task_once() {
    model(BOUND, || {
        let sleeper = Sleeper::idle();
        let (shared, waker) = (sleeper.shared.clone(), sleeper.waker());
        let runner = thread::spawn(move || {
            waker.wake_by_ref();
            shared.run();
        });
        let bound = sleeper.shared.bound.take().expect("it is idle");
        bound.shutdown();
        runner.join().unwrap();
        assert!(!sleeper.end());
    });
}

/// ```text
/// scheduler               runner
/// take the bound task     second poll: ready
/// shutdown                unbind, complete
/// ```
/// Nobody else knows the task. The registry's reference is given up once, by the scheduler or with
/// the runner's; whoever is last frees the task, having seen what the other did with it.
#[test]
fn shutdown_against_completion_frees_the_task_once() {
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
        waker.take().unwrap().wake();
        let theirs = shared.clone();
        let runner = thread::spawn(move || theirs.run());
        if let Some(bound) = shared.bound.take() {
            bound.scheduler().mark.0.read();
            bound.shutdown();
        }
        runner.join().unwrap();
        assert_eq!(drops.count(), 1);
        shared.assert_over();
    });
}

/// A scheduler with a home: what is woken waits under an invisible lock until it is run there.
struct Home(StdArc<AtHome>);

struct AtHome {
    queue: Hidden<Option<Carried<Task<Home>>>>,
    bound: Hidden<Option<Carried<Bound<Home>>>>,
}

/// On its way home.
struct Carried<T>(T);

// SAFETY: it is unpacked on the home thread only.
unsafe impl<T> Send for Carried<T> {}

// SAFETY: (home) `schedule` only keeps the task; the model runs it, binds and unbinds on its main
// thread, where it also spawns.
unsafe impl Schedule for Home {
    type Kind = Pinned;

    fn schedule(task: Task<Self>) {
        let home = task.scheduler().0.clone();
        assert!(home.queue.send(Carried(task)).is_none(), "scheduled twice");
    }

    fn bind(&self, task: Bound<Self>) -> Option<usize> {
        self.0.bound.put(Carried(task));
        Some(0)
    }

    fn unbind(&self, _: usize) -> Option<Bound<Self>> {
        self.0.bound.take().map(|bound| bound.0)
    }
}

impl AtHome {
    fn run(&self) {
        while let Some(Carried(task)) = self.queue.receive() {
            task.run();
        }
    }
}

/// ```text
/// aborter               waker           home
/// abort, drop handle    wake, drop      run what comes
/// ```
/// Wherever the last touch comes from, the future is polled and dropped at home.
#[test]
fn a_pinned_future_is_dropped_at_home_whoever_ends_it() {
    struct Here {
        home: thread::ThreadId,
        elsewhere: StdArc<Count>,
        waker: StdArc<Hidden<Option<Waker>>>,
        own: Item,
    }
    impl Here {
        fn look(&self) {
            self.own.write();
            if thread::current().id() != self.home {
                self.elsewhere.fetch_add(1, Relaxed);
            }
        }
    }
    impl Future for Here {
        type Output = ();
        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            self.look();
            self.waker.put(cx.waker().clone());
            Poll::Pending
        }
    }
    impl Drop for Here {
        fn drop(&mut self) {
            self.look();
        }
    }
    model(BOUND, || {
        let home = StdArc::new(AtHome {
            queue: Hidden::new(),
            bound: Hidden::new(),
        });
        let drops = Drops::new();
        let (elsewhere, waker) = (StdArc::new(Count::new(0)), StdArc::new(Hidden::new()));
        let here = Here {
            home: thread::current().id(),
            elsewhere: elsewhere.clone(),
            waker: StdArc::clone(&waker),
            own: drops.item(2),
        };
        let (task, handle) = create(here, Home(home.clone()), Id::next(), None);
        task.run();
        let theirs = waker.with(|waker| waker.clone()).unwrap();
        let others = [
            thread::spawn(move || {
                handle.abort();
                drop(handle);
            }),
            thread::spawn(move || theirs.wake()),
        ];
        home.run();
        for other in others {
            other.join().unwrap();
        }
        home.run();
        assert_eq!((drops.count(), elsewhere.load(Relaxed)), (1, 0));
        waker.take();
        assert_eq!(StdArc::strong_count(&home), 1, "the task is freed");
    });
}
