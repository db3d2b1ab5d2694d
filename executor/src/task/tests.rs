//! What a task does, one thread at a time. The races are in `loom-tests/tests/task.rs`.

use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::io;
use std::mem::{size_of, take};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

use std::ptr::NonNull;

use super::*;

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

    fn schedule(&self, task: Task<Self>) {
        self.0.scheduled.fetch_add(1, Relaxed);
        self.0.queue.lock().unwrap().push(task);
    }

    fn reschedule(&self, task: Task<Self>) {
        self.0.rescheduled.fetch_add(1, Relaxed);
        self.0.queue.lock().unwrap().push(task);
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
        let (task, handle) = spawn(future, self.clone(), Id::next(), None);
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
struct Counts {
    polls: AtomicUsize,
    future_drops: AtomicUsize,
    output_drops: AtomicUsize,
}

impl Counts {
    fn get(&self) -> (usize, usize, usize) {
        let get = |n: &AtomicUsize| n.load(Relaxed);
        (
            get(&self.polls),
            get(&self.future_drops),
            get(&self.output_drops),
        )
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Panics {
    Never,
    InPoll,
    InFutureDrop,
    InPollAndFutureDrop,
    InOutputDrop,
    InFutureAndOutputDrop,
}

/// Counts, panics where it is told, and is ready at once or when it has been woken.
struct Probe {
    counts: Arc<Counts>,
    panics: Panics,
    pends: bool,
    waker: Arc<Mutex<Option<Waker>>>,
}

struct Output {
    counts: Arc<Counts>,
    panics: Panics,
}

impl Future for Probe {
    type Output = Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        let polls = self.counts.polls.fetch_add(1, Relaxed);
        if self.pends && polls == 0 {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if matches!(self.panics, Panics::InPoll | Panics::InPollAndFutureDrop) {
            boom();
        }
        Poll::Ready(Output {
            counts: self.counts.clone(),
            panics: self.panics,
        })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.counts.future_drops.fetch_add(1, Relaxed);
        if matches!(
            self.panics,
            Panics::InFutureDrop | Panics::InPollAndFutureDrop | Panics::InFutureAndOutputDrop
        ) {
            boom();
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.counts.output_drops.fetch_add(1, Relaxed);
        if matches!(
            self.panics,
            Panics::InOutputDrop | Panics::InFutureAndOutputDrop
        ) {
            boom();
        }
    }
}

/// When the task is aborted.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Abort {
    Never,
    Queued,
    Idle,
    Woken,
    Complete,
}

/// What happens to the handle, and when.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Join {
    DropAtOnce,
    DropAfterWaiting,
    DropWhenComplete,
    DropWhenCompleteAfterWaiting,
    Wait,
    AskWhenComplete,
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

/// One life of a task, from birth to memory freed.
fn live_and_die(panics: Panics, pends: bool, abort: Abort, join: Join) {
    let lane = Lane::default();
    let counts = Arc::new(Counts::default());
    let waker = Arc::new(Mutex::new(None));
    let probe = Probe {
        counts: counts.clone(),
        panics,
        pends,
        waker: waker.clone(),
    };
    let mut handle = Some(lane.spawn(probe));
    let aborter = handle.as_ref().unwrap().abort_handle();
    let joiner = Arc::new(CountWakes::default());
    let joiner_waker = Waker::from(joiner.clone());
    let waits = matches!(
        join,
        Join::Wait | Join::DropAfterWaiting | Join::DropWhenCompleteAfterWaiting
    );

    if join == Join::DropAtOnce {
        handle = None;
    } else if waits {
        assert!(ask(handle.as_mut().unwrap(), &joiner_waker).is_pending());
        // And again, with the same waker.
        assert!(ask(handle.as_mut().unwrap(), &joiner_waker).is_pending());
    }
    if join == Join::DropAfterWaiting {
        handle = None;
    }
    if abort == Abort::Queued {
        aborter.abort();
        aborter.abort();
        assert_eq!(
            lane.queued(),
            1,
            "aborting a queued task queues it no second time"
        );
    }
    lane.run_once();
    let idle = pends && abort != Abort::Queued;
    if idle {
        assert!(!aborter.is_finished());
        assert_eq!(lane.queued(), 0);
        if abort == Abort::Idle {
            aborter.abort();
        } else {
            waker.lock().unwrap().as_ref().unwrap().wake_by_ref();
            if abort == Abort::Woken {
                aborter.abort();
            }
        }
        assert_eq!(lane.queued(), 1);
        lane.run_once();
    }
    assert!(aborter.is_finished());
    if abort == Abort::Complete {
        aborter.abort();
    }
    if let Some(waker) = waker.lock().unwrap().take() {
        waker.wake();
    }
    assert_eq!(lane.queued(), 0, "a complete task is never scheduled");

    let cancelled = abort == Abort::Queued || idle && matches!(abort, Abort::Idle | Abort::Woken);
    let future_drop_panics = matches!(
        panics,
        Panics::InFutureDrop | Panics::InPollAndFutureDrop | Panics::InFutureAndOutputDrop
    );
    let poll_panics = matches!(panics, Panics::InPoll | Panics::InPollAndFutureDrop);
    let panicked = future_drop_panics || poll_panics && !cancelled;
    let woken = usize::from(waits && join != Join::DropAfterWaiting);
    assert_eq!(joiner.0.load(Relaxed), woken, "the joiner is woken once");
    assert_eq!(
        Arc::strong_count(&joiner),
        2,
        "and its waker is gone at completion"
    );

    match join {
        Join::Wait | Join::AskWhenComplete => {
            let mut handle = handle.take().unwrap();
            let Poll::Ready(result) = ask(&mut handle, &joiner_waker) else {
                panic!("a complete task has a result");
            };
            match result {
                Ok(output) => {
                    assert!(!cancelled && !panicked);
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(output)));
                }
                Err(error) => {
                    assert!(cancelled || panicked);
                    assert_eq!(error.is_panic(), panicked);
                    assert_eq!(error.is_cancelled(), !panicked);
                    assert_eq!(error.id(), handle.id());
                    assert_eq!(
                        error.try_into_panic().is_ok_and(|p| p.is::<Boom>()),
                        panicked
                    );
                }
            }
        }
        _ => drop(handle),
    }
    assert_eq!(lane.live(), 1, "the abort handle keeps the memory");
    drop(aborter);
    assert_eq!(lane.live(), 0, "the last reference frees the memory");
    let polls = match (abort == Abort::Queued, idle, cancelled) {
        (true, ..) => 0,
        (_, true, false) => 2,
        _ => 1,
    };
    let outputs = usize::from(!cancelled && !poll_panics);
    assert_eq!(counts.get(), (polls, 1, outputs));
}

#[test]
fn every_way_to_live_and_die_drops_everything_once() {
    for panics in [
        Panics::Never,
        Panics::InPoll,
        Panics::InFutureDrop,
        Panics::InPollAndFutureDrop,
        Panics::InOutputDrop,
        Panics::InFutureAndOutputDrop,
    ] {
        for pends in [false, true] {
            for abort in [
                Abort::Never,
                Abort::Queued,
                Abort::Idle,
                Abort::Woken,
                Abort::Complete,
            ] {
                for join in [
                    Join::DropAtOnce,
                    Join::DropAfterWaiting,
                    Join::DropWhenComplete,
                    Join::DropWhenCompleteAfterWaiting,
                    Join::Wait,
                    Join::AskWhenComplete,
                ] {
                    let life = AssertUnwindSafe(|| live_and_die(panics, pends, abort, join));
                    if let Err(payload) = catch_unwind(life) {
                        eprintln!("in {panics:?}, pends: {pends}, {abort:?}, {join:?}:");
                        resume_unwind(payload);
                    }
                }
            }
        }
    }
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
    ours.wake_by_ref();
    ours.clone().wake();
    ours.wake();
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
        cx.waker().wake_by_ref();
        cx.waker().clone().wake();
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
    let (lane, counts) = (Lane::default(), Arc::new(Counts::default()));
    let waker = Arc::new(Mutex::new(None));
    let probe = Probe {
        counts: counts.clone(),
        panics: Panics::Never,
        pends: true,
        waker: waker.clone(),
    };
    drop(lane.spawn(probe));
    lane.run_once();
    waker.lock().unwrap().take();
    assert_eq!(counts.get(), (1, 0, 0));
    for bound in lane.take_bound() {
        assert!(bound.shutdown());
    }
    assert_eq!((counts.get(), lane.live()), ((1, 1, 0), 0));
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
    let own = lane.clone();
    let mut idle_before = false;
    let mut handle = lane.spawn(poll_fn(move |_| {
        if idle_before {
            own.take_bound()
                .into_iter()
                .for_each(|bound| assert!(!bound.shutdown()));
        }
        idle_before = true;
        Poll::<()>::Pending
    }));
    lane.run_once();
    let bound = lane.0.bound.lock().unwrap();
    let id = bound[0].as_ref().unwrap().id();
    drop(bound);
    assert_eq!(id, handle.id());
    handle.abort_handle(); // makes and drops a reference
    // Woken by hand, since the future keeps no waker.
    lane.0.closed.lock().unwrap().clone_from(&true);
    let waker = {
        let bound = lane.0.bound.lock().unwrap();
        // SAFETY: `bound` has a reference for as long as the borrowed waker lives.
        unsafe { waker::borrowed(bound[0].as_ref().unwrap().as_raw()) }.clone()
    };
    waker.wake();
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
    let (task, handle) = spawn(ready(()), lane.clone(), Id::next(), Some("clerk".into()));
    assert_eq!(task.id(), handle.id());
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
        let (task, mut handle) = spawn(
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

/// A scheduler with a home. What is woken elsewhere waits there until it is brought in.
#[derive(Clone)]
struct Home(Arc<HomeInner>);

struct HomeInner {
    home: ThreadId,
    /// Addresses of raw tasks.
    woken: Mutex<Vec<usize>>,
    /// Addresses of bound tasks, which none of these tests shuts down.
    bound: Mutex<Vec<Option<usize>>>,
}

// SAFETY: (home) `schedule` only keeps the address; `Home::run_once` turns it back, at home. The
// tests spawn there.
unsafe impl Schedule for Home {
    type Kind = Pinned;

    fn schedule(&self, task: Task<Self>) {
        self.0
            .woken
            .lock()
            .unwrap()
            .push(task.into_raw().as_ptr().expose_provenance());
    }

    fn bind(&self, task: Bound<Self>) -> Option<usize> {
        assert_eq!(thread::current().id(), self.0.home);
        let mut bound = self.0.bound.lock().unwrap();
        bound.push(Some(Box::into_raw(Box::new(task)).expose_provenance()));
        Some(bound.len() - 1)
    }

    fn unbind(&self, slot: usize) -> Option<Bound<Self>> {
        assert_eq!(thread::current().id(), self.0.home);
        let bound = self.0.bound.lock().unwrap()[slot].take()?;
        // SAFETY: `bind` made the address from a box, and this takes it once.
        Some(*unsafe { Box::from_raw(std::ptr::with_exposed_provenance_mut(bound)) })
    }
}

impl Home {
    fn here() -> Self {
        Self(Arc::new(HomeInner {
            home: thread::current().id(),
            woken: Mutex::default(),
            bound: Mutex::default(),
        }))
    }

    fn run_once(&self) {
        assert_eq!(thread::current().id(), self.0.home);
        for address in take(&mut *self.0.woken.lock().unwrap()) {
            let raw = NonNull::new(std::ptr::with_exposed_provenance_mut(address)).unwrap();
            // SAFETY: `schedule` made the address by `into_raw`; this takes it once, at home.
            unsafe { Task::<Self>::from_raw(raw) }.run();
        }
    }
}

#[test]
fn a_pinned_future_is_polled_and_dropped_at_home_whoever_wakes_or_aborts_it() {
    /// Neither `Send` nor indifferent to where it is.
    struct AtHome(ThreadId, Arc<AtomicUsize>, std::rc::Rc<Cell<u32>>);
    impl Drop for AtHome {
        fn drop(&mut self) {
            assert_eq!(thread::current().id(), self.0);
            self.1.fetch_add(1, Relaxed);
        }
    }
    for abort in [false, true] {
        let home = Home::here();
        let drops = Arc::new(AtomicUsize::new(0));
        let at_home = AtHome(home.0.home, drops.clone(), std::rc::Rc::default());
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let theirs = waker.clone();
        let future = poll_fn(move |cx| {
            assert_eq!(thread::current().id(), at_home.0);
            at_home.2.set(at_home.2.get() + 1);
            if at_home.2.get() == 2 {
                return Poll::Ready(());
            }
            *theirs.lock().unwrap() = Some(cx.waker().clone());
            Poll::Pending
        });
        let (task, handle) = spawn(future, home.clone(), Id::next(), None);
        task.run();
        let finished = handle.abort_handle();
        thread::spawn(move || {
            if abort {
                handle.abort();
            }
            let waker = waker.lock().unwrap().take().unwrap();
            waker.wake();
            drop(handle);
        })
        .join()
        .unwrap();
        assert_eq!(drops.load(Relaxed), 0);
        home.run_once();
        assert!(finished.is_finished());
        assert_eq!(drops.load(Relaxed), 1);
        drop(finished);
        assert_eq!(Arc::strong_count(&home.0), 1);
    }
}

/// `Tells::<T>::SEND` and `SYNC`, without asking for them.
struct Tells<T>(std::marker::PhantomData<T>);
trait ByDefault {
    const SEND: bool = false;
}
impl<T> ByDefault for Tells<T> {}
impl<T: Send> Tells<T> {
    const SEND: bool = true;
}

#[test]
fn what_may_cross_threads_follows_from_the_kind_and_the_output() {
    type Rc = std::rc::Rc<()>;
    fn is_sync<T: Sync>() {}
    assert!(Tells::<Task<Lane>>::SEND && Tells::<Bound<Lane>>::SEND);
    assert!(!Tells::<Task<Home>>::SEND && !Tells::<Bound<Home>>::SEND);
    assert!(Tells::<JoinHandle<Cell<()>>>::SEND && !Tells::<JoinHandle<Rc>>::SEND);
    assert!(Tells::<AbortHandle>::SEND && Tells::<JoinError>::SEND);
    is_sync::<JoinHandle<Cell<()>>>();
    is_sync::<AbortHandle>();
    is_sync::<JoinError>();
}

/// What a task costs: an idle server has a task a connection, so every word counts.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_task_costs_ninety_six_bytes_or_seventy_two_and_a_tag_beyond_its_future() {
    assert_eq!(size_of::<Header>(), 64);
    // The smallest: header, scheduler, and room for a panic's payload.
    assert_eq!(
        size_of::<cell::Cell<std::future::Ready<()>, Lane>>(),
        64 + 8 + 24
    );
    // A large one: header, scheduler, the future, and which of future and output it is.
    struct Large([u64; 64]);
    impl Future for Large {
        type Output = u64;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u64> {
            Poll::Ready(self.0[0])
        }
    }
    assert_eq!(size_of::<cell::Cell<Large, Lane>>(), 64 + 8 + 512 + 8);
    assert_eq!(size_of::<JoinHandle<()>>(), 3 * 8);
    assert_eq!(size_of::<AbortHandle>(), 8);
    assert_eq!(size_of::<Result<(), JoinError>>(), 5 * 8);
}
