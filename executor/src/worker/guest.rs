//! A thread inside `block_on`: for that time it is a worker too.
//!
//! In a runtime with worker threads a guest is a worker that siblings do not know: it has its own
//! queue, reactor and wheel, so the sockets and timers of a `main` future are served on the main
//! thread without a hop, and `spawn_local` works there. When it leaves, what waits on its drivers
//! is woken and registers anew where it is polled next.
//!
//! A current-thread runtime has one worker and no thread of its own: whoever is inside `block_on`
//! is that worker. Between two `block_on`s the worker rests in the [`CoreSlot`]. A second thread
//! that comes in meanwhile polls its own future, with the resting or running worker looking after
//! its sockets and timers, and takes the worker over when the first one leaves.

#![expect(
    unsafe_code,
    reason = "a worker that rests may be taken up by another thread"
)]

use super::config::Mode;
use super::current::{self, AtWork};
use super::door::Door;
use super::local::{Kind, Local};
use super::remote::{GUEST, Remote};
use super::shared::{Shared, StealableQueue};
use super::turn::{Root, Step};
use crate::queue::deque::Worker as Deque;
use crate::task;
use pintle_sync::budget;
use pintle_sync::shim::panic::is_model_over;
use pintle_sync::shim::sync::atomic::{AtomicBool, Ordering};
use pintle_sync::shim::sync::{Condvar, Mutex};
use pintle_sync::shim::thread;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Runs a future on this thread, which becomes a worker of the runtime meanwhile.
pub fn block_on<F: Future>(shared: &Arc<Shared>, future: F) -> F::Output {
    if !current::may_block() {
        panic!(
            "`block_on` was called inside a task or another `block_on`: that would block the worker \
             that has to make progress. Use `.await`, or `pintle::task::spawn_blocking`, or (on a \
             work-stealing runtime) `pintle::task::block_in_place`"
        );
    }
    match shared.config.mode {
        Mode::CurrentThread => block_on_core(shared, future),
        Mode::Stealing | Mode::PerCore => {
            let guest = Guest::sit_down(shared);
            // Pinned after the guest sat down, and so dropped before it leaves: what the future
            // holds may want the runtime when it is dropped.
            let future = pin!(future);
            drive(&guest.local, future)
        }
    }
}

// ----- a guest beside worker threads ---------------------------------------------------------

struct Guest {
    local: Rc<Local>,
    at_work: Option<AtWork>,
}

impl Guest {
    fn sit_down(shared: &Arc<Shared>) -> Guest {
        let queue: StealableQueue = Deque::new_fifo();
        let remote = Remote::open(GUEST, &shared.clock, queue.stealer(), false).unwrap_or_else(|error| {
            panic!(
                "`block_on` could not open a reactor for this thread: {error}. If the process is \
                 out of file descriptors, raise the limit (`ulimit -n`) or close some"
            )
        });
        let local = Local::new(shared.clone(), remote, queue, Kind::Guest);
        // The worker this thread is already, inside `block_in_place`.
        current::with_local(|beneath| beneath.remote.cover());
        let at_work = Some(current::enter(&local));
        Guest { local, at_work }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if is_model_over() {
            return;
        }
        self.local.close();
        self.at_work = None;
        current::with_local(|beneath| beneath.remote.uncover());
    }
}

// ----- the one worker of a current-thread runtime --------------------------------------------

/// Where that worker rests, and who waits for it.
#[derive(Debug, Default)]
pub struct CoreSlot(Mutex<Resting>);

#[derive(Debug, Default)]
struct Resting {
    core: Option<Core>,
    waiting: Vec<Arc<Waiting>>,
}

/// A worker between two threads.
#[derive(Debug)]
struct Core(Local);

// SAFETY: (no thread-bound task) a worker becomes a `Core` in `CoreSlot::put` only, when either
// nothing was ever run on it or `end_thread_bound` has dropped every future that may not leave its
// thread. The futures left are `Send`: `Shared::spawn` made them. The rest of `Local` is cells.
unsafe impl Send for Core {}

impl CoreSlot {
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the worker to rest, or ends it if the runtime is gone.
    pub fn put(&self, local: Rc<Local>) {
        let shared = local.shared.clone();
        let local = Rc::try_unwrap(local).expect("nobody keeps a worker but the thread that is it");
        let mut resting = self.0.lock();
        let waiting = std::mem::take(&mut resting.waiting);
        if shared.is_shutting_down() {
            drop(resting);
            end(local);
        } else {
            resting.core = Some(Core(local));
            drop(resting);
        }
        waiting.iter().for_each(|waiting| waiting.wake_by_ref());
    }

    /// The worker, if it rests; otherwise `waiting` is woken when it does.
    fn take_or_wait(&self, waiting: &Arc<Waiting>) -> Option<Core> {
        let mut resting = self.0.lock();
        let core = resting.core.take();
        if core.is_none() && !waiting.is_among(&resting.waiting) {
            resting.waiting.push(waiting.clone());
        }
        core
    }

    fn wait_no_more(&self, waiting: &Arc<Waiting>) {
        self.0
            .lock()
            .waiting
            .retain(|other| !Arc::ptr_eq(other, waiting));
    }

    /// Ends the worker if it rests. If it runs, its thread ends it when it leaves `block_on`.
    pub fn end(&self) {
        let core = self.0.lock().core.take();
        if let Some(Core(local)) = core {
            end(local);
        }
    }
}

fn end(local: Local) {
    let end_here = |Core(local): Core| {
        let local = Rc::new(local);
        let _at_work = current::enter(&local);
        local.close();
    };
    let core = Core(local);
    if current::can_sit() {
        end_here(core);
    } else {
        // A runtime in a thread-local, and the thread is ending: another one does it. (If there is
        // none to be had, the tasks are dropped here, outside of any runtime.)
        let ending = thread::Builder::new().spawn(move || end_here(core));
        let _ = ending.map(|thread| thread.join());
    }
}

/// This thread is the worker until dropped.
struct InCore {
    local: Option<Rc<Local>>,
    at_work: Option<AtWork>,
}

impl Drop for InCore {
    fn drop(&mut self) {
        if is_model_over() {
            return;
        }
        let local = self.local.take().expect("dropped once");
        local.end_thread_bound();
        self.at_work = None;
        let shared = local.shared.clone();
        shared.core.put(local);
    }
}

fn block_on_core<F: Future>(shared: &Arc<Shared>, future: F) -> F::Output {
    let _seated = current::enter_outside(shared);
    // It may be inside of a blocking job, which is one.
    let _no_task = task::run_no_task();
    let waiting = WaitsIn(shared, Arc::new(Waiting::default()));
    let waker = Waker::from(waiting.1.clone());
    let mut future = pin!(Some(future));
    loop {
        if let Some(Core(local)) = shared.core.take_or_wait(&waiting.1) {
            let local = Rc::new(local);
            let core = InCore {
                at_work: Some(current::enter(&local)),
                local: Some(local),
            };
            let local = core.local.as_ref().expect("until it is dropped");
            let output = drive(
                local,
                future.as_mut().as_pin_mut().expect("until it is done"),
            );
            // What the future holds may want the worker when it is dropped.
            future.set(None);
            return output;
        }
        let future = future.as_mut().as_pin_mut().expect("until it is done");
        let mut cx = Context::from_waker(&waker);
        if let Poll::Ready(output) = budget::with_fresh(|| future.poll(&mut cx)) {
            return output;
        }
        waiting.1.wait();
    }
}

/// Leaves the line when the thread no longer waits.
struct WaitsIn<'a>(&'a Shared, Arc<Waiting>);

impl Drop for WaitsIn<'_> {
    fn drop(&mut self) {
        self.0.core.wait_no_more(&self.1);
    }
}

/// A thread that waits for its future or for the worker.
#[derive(Debug, Default)]
struct Waiting {
    woken: Mutex<bool>,
    wakes: Condvar,
}

impl Waiting {
    fn is_among(self: &Arc<Self>, line: &[Arc<Waiting>]) -> bool {
        line.iter().any(|other| Arc::ptr_eq(other, self))
    }

    fn wait(&self) {
        let mut woken = self.woken.lock();
        while !std::mem::take(&mut *woken) {
            self.wakes.wait(&mut woken);
        }
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken.lock() = true;
        self.wakes.notify_one();
    }
}

// ----- the future at the root of the loop ----------------------------------------------------

fn drive<F: Future>(local: &Local, future: Pin<&mut F>) -> F::Output {
    let woken = Arc::new(RootWaker {
        woken: AtomicBool::new(true),
        door: local.remote.door.clone(),
    });
    let mut root = FutureRoot {
        future,
        waker: woken.clone().into(),
        woken,
        output: None,
    };
    local.run(&mut root);
    root.output.expect("the loop ends when the future is done")
}

struct FutureRoot<'a, F: Future> {
    future: Pin<&'a mut F>,
    waker: Waker,
    woken: Arc<RootWaker>,
    output: Option<F::Output>,
}

impl<F: Future> Root for FutureRoot<'_, F> {
    fn poll(&mut self) -> Step {
        // Acquire: what was written before the wake is visible to the poll.
        if !self.is_woken() || !self.woken.woken.swap(false, Ordering::Acquire) {
            return Step::Idle;
        }
        let mut cx = Context::from_waker(&self.waker);
        match budget::with_fresh(|| self.future.as_mut().poll(&mut cx)) {
            Poll::Ready(output) => {
                self.output = Some(output);
                Step::Done
            }
            Poll::Pending => Step::Polled,
        }
    }

    fn is_woken(&self) -> bool {
        self.woken.woken.load(Ordering::Relaxed)
    }
}

/// The flag goes up before the notify, and the worker looks at it after `Parker::awake`: the
/// parker's protocol, with the flag as the thing that was left.
struct RootWaker {
    woken: AtomicBool,
    door: Arc<Door>,
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the acquire of the poll. Whoever finds the flag up already leaves
        // the notify to the one who put it up, and is itself ordered before the same poll.
        if !self.woken.swap(true, Ordering::Release) {
            self.door.unpark();
        }
    }
}
