//! Every way to live and to die, enumerated.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::{Boom, CountWakes, Lane, ask, boom};

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
