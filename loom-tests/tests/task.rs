//! The task's state word.
//!
//! The scheduler of these models keeps things under locks that the model checker does not see
//! (`Hidden`): they order nothing, so whatever one thread does to a task and another one finds must
//! have been ordered by the word. Only a `Task` that is queued brings along what the one who queued it
//! did before, as it does in every real queue, and not a thing more. In the pictures time runs
//! downwards, `W` is the word.
//!
//! A panic inside of a future is caught by the task, and with it whatever the model checker has to
//! say there; so each model asks in the end for the effects (outputs, drops) that a panic would have
//! prevented.
//!
//! Checks: `executor/src/task/state.rs`

#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize as Count, Ordering::Relaxed};
use std::sync::{Arc as StdArc, Mutex as StdMutex};
use std::task::{Context, Poll, Wake, Waker};

use loom::thread;
use pintle::checked::task::{
    Bound, Header, Id, JoinError, JoinHandle, Pinned, Schedule, Stealable, Task, create,
};
use pintle_loom_tests::{Drops, Item, model};
use pintle_sync::shim::sync::Arc;
use pintle_sync::shim::sync::atomic::{AtomicUsize, Ordering};

const BOUND: usize = 3;

/// A value under a lock that the model checker does not see. The steps around each access, which
/// it does see, let other threads come in between; being relaxed, they order nothing.
struct Hidden<T> {
    value: StdMutex<T>,
    step: AtomicUsize,
}

impl<T: Default> Hidden<T> {
    fn new() -> Self {
        Self {
            value: StdMutex::default(),
            step: AtomicUsize::new(0),
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.step.fetch_add(1, Ordering::Relaxed);
        let result = f(&mut self.value.lock().unwrap());
        self.step.fetch_add(1, Ordering::Relaxed);
        result
    }
}

impl<T> Hidden<Option<T>> {
    fn put(&self, value: T) -> Option<T> {
        self.with(|own| own.replace(value))
    }

    fn take(&self) -> Option<T> {
        self.with(Option::take)
    }

    /// As [`put`](Self::put), and publishes what its thread did before to who receives the value.
    fn send(&self, value: T) -> Option<T> {
        self.step.fetch_add(1, Ordering::Release);
        self.value.lock().unwrap().replace(value)
    }

    fn receive(&self) -> Option<T> {
        self.step.fetch_add(1, Ordering::Acquire);
        self.value.lock().unwrap().take()
    }
}

/// An item that several threads look at.
struct Watched(Item);

// SAFETY: loom checks each access against all others and fails the model on a race.
unsafe impl Sync for Watched {}

/// A scheduler that any thread may turn.
struct Lane {
    shared: StdArc<Shared>,
    /// Read by whoever schedules, and written when the task is freed: so a task that is freed
    /// without having seen everyone's last access fails the model.
    mark: Watched,
    /// loom looks for leaked ones at the end of every run.
    _leak: Arc<()>,
}

struct Shared {
    queue: Hidden<Option<Task<Lane>>>,
    bound: Hidden<Option<Bound<Lane>>>,
    scheduled: Count,
    drops: Drops,
}

// SAFETY: nothing is promised for tasks that any thread may run.
unsafe impl Schedule for Lane {
    type Kind = Stealable;

    fn schedule(task: Task<Self>) {
        task.scheduler().shared.scheduled.fetch_add(1, Relaxed);
        Self::reschedule(task);
    }

    fn reschedule(task: Task<Self>) {
        task.scheduler().mark.0.read();
        // Once it is queued, the task may be run by another thread, and be gone.
        let shared = task.scheduler().shared.clone();
        shared.push(task);
    }

    fn bind(&self, task: Bound<Self>) -> Option<usize> {
        assert!(self.shared.bound.put(task).is_none(), "bound twice");
        Some(0)
    }

    fn unbind(&self, _: usize) -> Option<Bound<Self>> {
        self.shared.bound.take()
    }
}

/// Writes to the task's link, as a queue does when it takes a task in and when it gives it out.
fn linked(task: Task<Lane>) -> Task<Lane> {
    let raw = task.into_raw();
    // SAFETY: the `Task` is ours, and comes back once.
    unsafe {
        Header::set_next(raw, None);
        Task::from_raw(raw)
    }
}

impl Shared {
    fn new() -> StdArc<Self> {
        StdArc::new(Self {
            queue: Hidden::new(),
            bound: Hidden::new(),
            scheduled: Count::new(0),
            drops: Drops::new(),
        })
    }

    fn push(&self, task: Task<Lane>) {
        let before = self.queue.send(linked(task));
        assert!(
            before.is_none(),
            "the one task of a model is scheduled twice"
        );
    }

    fn spawn<F>(self: &StdArc<Self>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let lane = Lane {
            shared: self.clone(),
            mark: Watched(self.drops.item(1)),
            _leak: Arc::new(()),
        };
        let (task, handle) = create(future, lane, Id::next(), None);
        self.push(task);
        handle
    }

    /// Runs what is queued, until nothing is.
    fn run(&self) {
        while let Some(task) = self.queue.receive() {
            linked(task).run();
        }
    }

    /// The end of a model: nothing is left to do, and the task's memory is gone.
    fn assert_over(&self) {
        assert!(self.queue.take().is_none());
        assert_eq!(self.drops.count(), 1, "the task is freed");
    }
}

/// A future that is ready when the flag says so, which orders nothing. It leaves its waker, and
/// touches memory of its own in every poll and in its drop.
struct Waits {
    flag: StdArc<AtomicUsize>,
    waker: StdArc<Hidden<Option<Waker>>>,
    own: Item,
}

impl Future for Waits {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.own.write();
        if self.flag.load(Ordering::Relaxed) != 0 {
            return Poll::Ready(());
        }
        self.waker.put(cx.waker().clone());
        Poll::Pending
    }
}

/// What the models about waking have in common.
struct Sleeper {
    shared: StdArc<Shared>,
    flag: StdArc<AtomicUsize>,
    waker: StdArc<Hidden<Option<Waker>>>,
    drops: Drops,
    handle: JoinHandle<()>,
}

impl Sleeper {
    fn new() -> Self {
        let shared = Shared::new();
        let flag = StdArc::new(AtomicUsize::new(0));
        let waker = StdArc::new(Hidden::new());
        let drops = Drops::new();
        let handle = shared.spawn(Waits {
            flag: flag.clone(),
            waker: waker.clone(),
            own: drops.item(2),
        });
        Self {
            shared,
            flag,
            waker,
            drops,
            handle,
        }
    }

    /// The same, polled once.
    fn idle() -> Self {
        let this = Self::new();
        this.shared.run();
        this
    }

    fn waker(&self) -> Waker {
        self.waker
            .with(|waker| waker.clone())
            .expect("it was polled")
    }

    /// Consumes everything; `completes` says whether with an output.
    fn end(mut self) -> bool {
        self.waker.take();
        let completes = match ask(&mut self.handle, Waker::noop()) {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(error)) => {
                assert!(error.is_cancelled(), "{error}");
                false
            }
            Poll::Pending => panic!("the task waits for ever"),
        };
        assert_eq!(self.drops.count(), 1, "the future is dropped once");
        drop(self.handle);
        self.shared.assert_over();
        completes
    }
}

fn ask<T>(handle: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(waker))
}

/// A joiner: counts its wakes.
#[derive(Default)]
struct Joiner(Count);

impl Wake for Joiner {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Joiner {
    fn new() -> (StdArc<Self>, Waker) {
        let joiner = StdArc::new(Self::default());
        (joiner.clone(), joiner.into())
    }

    fn woken(&self) -> usize {
        self.0.load(Relaxed)
    }
}

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
        let sleeper = Sleeper::new();
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

/// A future that is ready at once, with a value.
struct Gives {
    own: Item,
    output: Option<Item>,
}

impl Future for Gives {
    type Output = Item;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Item> {
        self.own.write();
        Poll::Ready(self.output.take().expect("polled once"))
    }
}

/// What the models about joining have in common: a task to be run, and who counts its drops.
fn giver() -> (StdArc<Shared>, Drops, Drops, JoinHandle<Item>) {
    let shared = Shared::new();
    let (futures, outputs) = (Drops::new(), Drops::new());
    let handle = shared.spawn(Gives {
        own: futures.item(2),
        output: Some(outputs.item(3)),
    });
    (shared, futures, outputs, handle)
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
        let sleeper = Sleeper::new();
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
