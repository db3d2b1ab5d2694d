//! What a task does, one thread at a time. The races are in `loom-tests/tests/task_*.rs`.

mod lives;
mod pinned;

use std::future::{pending, poll_fn, ready};
use std::io;
use std::mem::{size_of, take};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use super::cell::Cell;
use super::{
    AbortHandle, Bound, Header, Id, JoinError, JoinHandle, Schedule, Stealable, Task, create,
};

/// A scheduler whose queue is run by hand.
#[derive(Clone, Default)]
struct Lane(Arc<Inner>);

#[derive(Default)]
struct Inner {
    queue: Mutex<Vec<Task<Lane>>>,
    bound: Mutex<Vec<Option<Bound<Lane>>>>,
    closed: Mutex<bool>,
    scheduled: AtomicUsize,
    rescheduled: AtomicUsize,
}

// SAFETY: nothing is promised for tasks that any thread may run.
unsafe impl Schedule for Lane {
    type Kind = Stealable;

    fn schedule(task: Task<Self>) {
        let lane = task.scheduler().0.clone();
        lane.scheduled.fetch_add(1, Relaxed);
        lane.queue.lock().unwrap().push(task);
    }

    fn reschedule(task: Task<Self>) {
        let lane = task.scheduler().0.clone();
        lane.rescheduled.fetch_add(1, Relaxed);
        lane.queue.lock().unwrap().push(task);
    }

    fn bind(&self, task: Bound<Self>) -> Option<usize> {
        if *self.0.closed.lock().unwrap() {
            return None;
        }
        let mut bound = self.0.bound.lock().unwrap();
        bound.push(Some(task));
        Some(bound.len() - 1)
    }

    fn unbind(&self, slot: usize) -> Option<Bound<Self>> {
        let mut bound = self.0.bound.lock().unwrap();
        bound.get_mut(slot).and_then(Option::take)
    }
}

impl Lane {
    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (task, handle) = create(future, self.clone(), Id::next(), None);
        self.0.queue.lock().unwrap().push(task);
        handle
    }

    /// Runs what is queued now.
    fn run_once(&self) {
        let queue = take(&mut *self.0.queue.lock().unwrap());
        queue.into_iter().for_each(Task::run);
    }

    fn queued(&self) -> usize {
        self.0.queue.lock().unwrap().len()
    }

    fn take_bound(&self) -> Vec<Bound<Self>> {
        let bound = take(&mut *self.0.bound.lock().unwrap());
        bound.into_iter().flatten().collect()
    }

    /// Every task holds its scheduler, so this says how many are not freed.
    fn live(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// What our tests panic with; no hook is run, so nothing is printed.
struct Boom;

fn boom() -> ! {
    resume_unwind(Box::new(Boom))
}

#[derive(Default)]
struct CountWakes(AtomicUsize);

impl Wake for CountWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn ask<T>(handle: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(waker))
}

/// A future that is pending until it is woken, and keeps its waker where all can see it.
fn waits_for(waker: &Arc<Mutex<Option<Waker>>>) -> impl Future<Output = ()> + Send + use<> {
    let waker = waker.clone();
    poll_fn(
        move |cx| match waker.lock().unwrap().replace(cx.waker().clone()) {
            None => Poll::Pending,
            Some(_) => Poll::Ready(()),
        },
    )
}

#[test]
fn any_number_of_wakes_schedule_an_idle_task_once() {
    let (lane, waker) = (Lane::default(), Arc::default());
    let handle = lane.spawn(waits_for(&waker));
    lane.run_once();
    let ours = waker.lock().unwrap().clone().unwrap();
    let another = ours.clone();
    ours.wake_by_ref();
    ours.wake();
    another.wake();
    assert_eq!((lane.queued(), lane.0.scheduled.load(Relaxed)), (1, 1));
    lane.run_once();
    assert!(handle.is_finished());
}

#[test]
fn a_task_that_is_woken_while_polled_goes_to_the_back() {
    let lane = Lane::default();
    let mut polls = 0;
    let handle = lane.spawn(poll_fn(move |cx| {
        polls += 1;
        let another = cx.waker().clone();
        cx.waker().wake_by_ref();
        another.wake();
        if polls < 3 {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }));
    for _ in 0..3 {
        assert_eq!(lane.queued(), 1);
        lane.run_once();
    }
    assert!(handle.is_finished());
    assert_eq!(lane.queued(), 0, "a wake during the last poll is void");
    assert_eq!(
        (
            lane.0.rescheduled.load(Relaxed),
            lane.0.scheduled.load(Relaxed)
        ),
        (2, 0)
    );
    assert_eq!(
        lane.0.bound.lock().unwrap().len(),
        0,
        "it was never idle, so never bound"
    );
}

#[test]
fn the_wakers_of_a_task_are_the_same_and_those_of_two_tasks_are_not() {
    let lane = Lane::default();
    let wakers = [Arc::default(), Arc::default()];
    for waker in &wakers {
        lane.spawn(waits_for(waker));
    }
    lane.run_once();
    let [a, b] = wakers
        .each_ref()
        .map(|waker| waker.lock().unwrap().clone().unwrap());
    let a_again = a.clone();
    assert!(a.will_wake(&a_again));
    assert!(!a.will_wake(&b));
    drop((a, a_again, b));
    lane.take_bound();
}

#[test]
fn the_last_waker_of_a_complete_task_frees_it() {
    for by_wake in [false, true] {
        let (lane, waker) = (Lane::default(), Arc::new(Mutex::new(None)));
        drop(lane.spawn(waits_for(&waker)));
        lane.run_once();
        waker.lock().unwrap().clone().unwrap().wake();
        lane.run_once();
        assert_eq!(lane.live(), 1);
        let last = waker.lock().unwrap().take().unwrap();
        if by_wake {
            last.wake();
        } else {
            drop(last);
        }
        assert_eq!((lane.live(), lane.queued()), (0, 0));
    }
}

#[test]
fn dropping_every_waker_of_an_idle_task_leaves_it_to_its_registry() {
    let (lane, waker, alive) = (Lane::default(), Arc::default(), Arc::new(()));
    let (future, own) = (waits_for(&waker), alive.clone());
    drop(lane.spawn(async move {
        future.await;
        drop(own);
    }));
    lane.run_once();
    drop(waker.lock().unwrap().take());
    assert_eq!((Arc::strong_count(&alive), lane.live()), (2, 1));
    for bound in lane.take_bound() {
        assert!(bound.shutdown());
    }
    assert_eq!((Arc::strong_count(&alive), lane.live()), (1, 0));
}

#[test]
fn shutdown_leaves_a_queued_task_to_whoever_has_it() {
    let (lane, waker) = (Lane::default(), Arc::default());
    let mut handle = lane.spawn(waits_for(&waker));
    lane.run_once();
    waker.lock().unwrap().clone().unwrap().wake();
    for bound in lane.take_bound() {
        assert!(!bound.shutdown());
    }
    assert!(!handle.is_finished());
    lane.run_once();
    let Poll::Ready(Err(error)) = ask(&mut handle, Waker::noop()) else {
        panic!("not ended")
    };
    assert!(error.is_cancelled());
}

#[test]
fn a_task_that_shuts_itself_down_ends_when_its_poll_does() {
    let lane = Lane::default();
    let (own, waker) = (lane.clone(), Arc::new(Mutex::new(None::<Waker>)));
    let theirs = waker.clone();
    let mut handle = lane.spawn(poll_fn(move |cx| {
        for bound in own.take_bound() {
            assert!(!bound.shutdown(), "it is running");
        }
        *theirs.lock().unwrap() = Some(cx.waker().clone());
        Poll::<()>::Pending
    }));
    lane.run_once();
    waker.lock().unwrap().take().unwrap().wake();
    lane.run_once();
    let Poll::Ready(Err(error)) = ask(&mut handle, Waker::noop()) else {
        panic!("not ended")
    };
    assert!(error.is_cancelled());
}

#[test]
fn a_task_that_the_registry_refuses_is_cancelled_on_the_spot() {
    let lane = Lane::default();
    *lane.0.closed.lock().unwrap() = true;
    let mut handle = lane.spawn(pending::<()>());
    lane.run_once();
    let Poll::Ready(Err(error)) = ask(&mut handle, Waker::noop()) else {
        panic!("not ended")
    };
    assert!(error.is_cancelled());
    drop(handle);
    assert_eq!(lane.live(), 0);
}

#[test]
fn a_task_that_is_dropped_unrun_is_cancelled() {
    let lane = Lane::default();
    let mut handle = lane.spawn(ready(1));
    lane.0.queue.lock().unwrap().clear();
    let Poll::Ready(Err(error)) = ask(&mut handle, Waker::noop()) else {
        panic!("not ended")
    };
    assert!(error.is_cancelled());
}

#[test]
fn a_task_knows_its_id_and_its_scheduler() {
    let lane = Lane::default();
    let (task, handle) = create(ready(()), lane.clone(), Id::next(), Some("clerk".into()));
    assert!(format!("{task:?}").contains(&format!("{:?}", handle.id())));
    assert!(Arc::ptr_eq(&task.scheduler().0, &lane.0));
    assert!(format!("{task:?}").contains("clerk"));
    // SAFETY: the pointer comes from `into_raw`, and is used once.
    let task = unsafe { Task::<Lane>::from_raw(task.into_raw()) };
    task.run();
    assert!(handle.is_finished());
}

#[test]
fn a_panic_with_a_payload_that_panics_when_dropped_kills_nobody() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            boom();
        }
    }
    let lane = Lane::default();
    // Nobody asks: the runner drops the payload.
    drop(lane.spawn(async { resume_unwind(Box::new(Grenade)) }));
    // The handle drops it.
    let late = lane.spawn(async { resume_unwind(Box::new(Grenade)) });
    lane.run_once();
    drop(late);
    assert_eq!(lane.live(), 0);
}

#[test]
fn a_joiner_whose_waker_panics_does_not_disturb_the_runner() {
    struct Explode;
    impl Wake for Explode {
        fn wake(self: Arc<Self>) {
            boom();
        }
    }
    let lane = Lane::default();
    let mut handle = lane.spawn(ready(7));
    assert!(ask(&mut handle, &Waker::from(Arc::new(Explode))).is_pending());
    lane.run_once();
    assert!(matches!(
        ask(&mut handle, Waker::noop()),
        Poll::Ready(Ok(7))
    ));
}

#[test]
fn only_the_last_of_several_joiners_is_woken() {
    let lane = Lane::default();
    let mut handle = lane.spawn(ready(()));
    let joiners: [Arc<CountWakes>; 3] = Default::default();
    for joiner in &joiners {
        assert!(ask(&mut handle, &Waker::from(joiner.clone())).is_pending());
    }
    lane.run_once();
    assert_eq!(joiners.map(|joiner| joiner.0.load(Relaxed)), [0, 0, 1]);
}

#[test]
fn asking_a_second_time_panics_and_says_why() {
    let lane = Lane::default();
    let mut handle = lane.spawn(ready(()));
    lane.run_once();
    assert!(ask(&mut handle, Waker::noop()).is_ready());
    let panic = catch_unwind(AssertUnwindSafe(|| ask(&mut handle, Waker::noop()))).unwrap_err();
    assert!(
        panic
            .downcast::<&str>()
            .unwrap()
            .contains("keep the output")
    );
}

#[test]
fn joining_spends_the_budget_of_the_joiner() {
    use pintle_sync::budget;
    let lane = Lane::default();
    let mut handles: Vec<_> = (0..=budget::UNITS).map(|n| lane.spawn(ready(n))).collect();
    lane.run_once();
    let last = handles.pop().unwrap();
    budget::with_fresh(|| {
        for handle in handles {
            let mut handle = pin!(handle);
            assert!(ask(&mut handle, Waker::noop()).is_ready());
        }
        let mut last = last;
        assert!(ask(&mut last, Waker::noop()).is_pending());
        drop(last);
    });
    assert_eq!(lane.live(), 0);
}

#[test]
fn errors_say_what_happened_to_which_task() {
    let lane = Lane::default();
    let id = Id::next();
    let error = |end: fn(Task<Lane>), name: Option<&str>| {
        let (task, mut handle) = create(
            async { resume_unwind(Box::new("oh no")) },
            lane.clone(),
            id,
            name.map(Into::into),
        );
        end(task);
        let Poll::Ready(Err::<(), _>(error)) = ask(&mut handle, Waker::noop()) else {
            panic!("not ended");
        };
        error
    };
    let refuse = |task: Task<Lane>| task.refuse(io::ErrorKind::WouldBlock.into());

    let cancelled = error(Task::cancel, None);
    assert_eq!(cancelled.to_string(), format!("task {id} was cancelled"));
    assert_eq!(io::Error::from(cancelled).kind(), io::ErrorKind::Other);

    let panicked = error(Task::run, Some("clerk"));
    assert_eq!(
        panicked.to_string(),
        format!("task {id} \"clerk\" panicked with message \"oh no\"")
    );
    assert_eq!(*panicked.into_panic().downcast::<&str>().unwrap(), "oh no");

    let refused = error(refuse, None);
    assert!(refused.is_cancelled());
    assert!(
        refused
            .to_string()
            .starts_with(&format!("task {id} was never started: "))
    );
    assert!(
        std::error::Error::source(&refused)
            .unwrap()
            .is::<io::Error>()
    );
    assert_eq!(io::Error::from(refused).kind(), io::ErrorKind::WouldBlock);

    let cancelled = AssertUnwindSafe(error(Task::cancel, None));
    let panic = catch_unwind(|| { cancelled }.0.into_panic()).unwrap_err();
    assert!(
        panic
            .downcast::<String>()
            .unwrap()
            .contains("was cancelled: ask is_panic first")
    );
}

#[test]
fn no_two_ids_are_the_same() {
    let take = || (0..1000).map(|_| Id::next()).collect::<Vec<_>>();
    let threads = [(); 4].map(|()| thread::spawn(take));
    let mut all: Vec<_> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4000);
}

/// What a task costs: an idle server has a task a connection, so every word counts.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_task_costs_ninety_six_bytes_or_seventy_two_and_a_tag_beyond_its_future() {
    assert_eq!(size_of::<Header>(), 64);
    // The smallest: header, scheduler, and room for a panic's payload.
    assert_eq!(size_of::<Cell<std::future::Ready<()>, Lane>>(), 64 + 8 + 24);
    // A large one: header, scheduler, the future, and which of future and output it is.
    struct Large([u64; 64]);
    impl Future for Large {
        type Output = u64;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u64> {
            Poll::Ready(self.0[0])
        }
    }
    assert_eq!(size_of::<Cell<Large, Lane>>(), 64 + 8 + 512 + 8);
    assert_eq!(size_of::<JoinHandle<()>>(), 3 * 8);
    assert_eq!(size_of::<AbortHandle>(), 8);
    assert_eq!(size_of::<Result<(), JoinError>>(), 5 * 8);
}
