//! The pool as its users see it: spawn, shut down, look at. The rules are in the module above.

use super::config::{Around, BlockingConfig};
use super::thread;
use crate::task::{self, Bound, Id, JoinHandle, Schedule, Stealable, Task};
use pintle_sync::budget;
use pintle_sync::shim::sync::{Arc, Condvar, Mutex};
use pintle_sync::shim::{thread as shim_thread, time};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Kept from a job's birth until after its handle has been told that it is over.
pub type Guard = Option<Box<dyn Send>>;

/// A pool of threads for blocking code. Clones are the same pool.
#[derive(Clone)]
pub struct BlockingPool {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) config: BlockingConfig,
    pub(super) state: Mutex<State>,
    /// Idle threads wait here for a permit.
    pub(super) work: Condvar,
    /// A shutdown waits here for threads to end.
    pub(super) ended: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) queue: VecDeque<Queued>,
    /// Threads that will look at the queue again: started or about to be, not yet leaving.
    pub(super) threads: usize,
    /// Threads that wait, and that no permit has been made for.
    pub(super) idle: usize,
    /// Wake-ups that idle threads have not taken yet.
    pub(super) permits: usize,
    pub(super) shut_down: bool,
    pub(super) around: Option<Around>,
    /// Starts that have not put the thread's handle in its place yet.
    pub(super) starting: usize,
    /// Threads from the decision to start them to their last instruction.
    pub(super) alive: usize,
    /// The number of the next thread.
    next_number: u64,
    /// Joined at shutdown. A thread that leaves before that takes its handle out.
    pub(super) handles: Handles,
    /// Stands for the keep-alive of every idle thread running out: modelled waits have no end.
    #[cfg(loom)]
    pub(super) keep_alive_is_over: bool,
}

/// By the thread's number; `None` while it is being started.
type Handles = BTreeMap<u64, Option<shim_thread::JoinHandle<()>>>;

/// A job and what is kept until it is over.
pub(super) struct Queued {
    task: Task<NeverScheduled>,
    guard: Guard,
}

impl Queued {
    pub(super) fn run(self) {
        self.task.run();
        drop(self.guard);
    }

    pub(super) fn cancel(self) {
        self.task.cancel();
        drop(self.guard);
    }

    pub(super) fn refuse(self, error: io::Error) {
        self.task.refuse(error);
        drop(self.guard);
    }
}

impl BlockingPool {
    /// Makes a pool. It has no threads until the first job.
    pub fn new(config: BlockingConfig) -> Self {
        assert!(
            config.max_threads > 0,
            "a blocking pool needs `max_threads` of at least 1, or its jobs would wait for ever"
        );
        let shared = Shared {
            config,
            state: Mutex::new(State::default()),
            work: Condvar::new(),
            ended: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Sets what the threads started from now on run inside of.
    ///
    /// It may hold the pool, or what holds it: [`shutdown`](Self::shutdown) drops it.
    pub fn set_around(&self, around: Around) {
        let old = self.shared.state.lock().around.replace(around);
        drop(old);
    }

    /// Runs `f` on a thread of the pool, after what was spawned before it.
    ///
    /// The handle says *cancelled* when the pool has been shut down, and names the operating
    /// system's error when there is no thread and none can be made.
    ///
    /// # Panics
    ///
    /// If the function that names threads does; the job is then refused.
    pub fn spawn<F, R>(&self, f: F, id: Id, name: Option<Box<str>>, guard: Guard) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (task, handle) = task::create(Once(Some(f)), NeverScheduled, id, name);
        self.submit(Queued { task, guard });
        handle
    }

    fn submit(&self, job: Queued) {
        let mut state = self.shared.state.lock();
        if state.shut_down {
            drop(state);
            job.cancel();
            return;
        }
        state.queue.push_back(job);
        if state.idle > 0 {
            state.idle -= 1;
            state.permits += 1;
            drop(state);
            self.shared.work.notify_one();
        } else if state.threads < self.shared.config.max_threads {
            let number = state.reserve_thread();
            drop(state);
            thread::start(&self.shared, number);
        }
    }

    /// Refuses new jobs, cancels the queued ones, and waits for those that run.
    ///
    /// Waits for ever without a timeout, not at all with one of zero, and not at all on a thread
    /// of the pool, which cannot wait for itself. Says whether every thread has ended; those that
    /// have not end after their job. May be called again to wait longer.
    pub fn shutdown(&self, timeout: Option<Duration>) -> bool {
        let mut state = self.shared.state.lock();
        state.shut_down = true;
        let cancelled = std::mem::take(&mut state.queue);
        let around = state.around.take();
        drop(state);
        self.shared.work.notify_all();
        cancelled.into_iter().for_each(Queued::cancel);
        drop(around);

        let Some(handles) = self.shared.wait_for_threads(timeout) else {
            return false;
        };
        for handle in handles.into_values().flatten() {
            // A thread that panicked has said so through the panic hook.
            let _ = handle.join();
        }
        true
    }

    /// Threads of the pool, idle ones included.
    pub fn num_threads(&self) -> usize {
        self.shared.state.lock().threads
    }

    /// Threads that wait for a job.
    pub fn num_idle_threads(&self) -> usize {
        self.shared.state.lock().idle
    }

    /// Jobs that no thread has taken yet.
    pub fn queue_depth(&self) -> usize {
        self.shared.state.lock().queue.len()
    }

    /// Lets the keep-alive of all threads run out, of those that go idle later too.
    #[cfg(loom)]
    pub fn expire_keep_alive(&self) {
        self.shared.state.lock().keep_alive_is_over = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    /// The handles of all threads once each has run its last instruction; `None` if that takes
    /// longer than `timeout` or would take for ever.
    fn wait_for_threads(&self, timeout: Option<Duration>) -> Option<Handles> {
        let start = time::now();
        let mut state = self.state.lock();
        while state.alive > 0 || state.starting > 0 {
            if state.starting == 0 && state.is_current_thread_one() {
                return None;
            }
            match timeout {
                None => self.ended.wait(&mut state),
                Some(timeout) => {
                    let left = timeout
                        .checked_sub(time::now() - start)
                        .filter(|d| !d.is_zero())?;
                    self.ended.wait_for(&mut state, left);
                }
            }
        }
        Some(std::mem::take(&mut state.handles))
    }
}

impl State {
    fn reserve_thread(&mut self) -> u64 {
        self.threads += 1;
        self.alive += 1;
        self.starting += 1;
        let number = self.next_number;
        self.next_number += 1;
        self.handles.insert(number, None);
        number
    }

    fn is_current_thread_one(&self) -> bool {
        let current = shim_thread::current().id();
        self.handles
            .values()
            .flatten()
            .any(|handle| handle.thread().id() == current)
    }
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state.lock();
        f.debug_struct("BlockingPool")
            .field("threads", &state.threads)
            .field("idle", &state.idle)
            .field("queued", &state.queue.len())
            .field("shut_down", &state.shut_down)
            .finish_non_exhaustive()
    }
}

/// A closure as a future that is ready in its first poll.
struct Once<F>(Option<F>);

// The closure is moved out before it runs, never pinned.
impl<F> Unpin for Once<F> {}

impl<F: FnOnce() -> R, R> Future for Once<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        let f = self.0.take().expect("a blocking job is polled once");
        // It may block on channels and the like; nobody is behind it in a queue.
        Poll::Ready(budget::unconstrained(f))
    }
}

/// The scheduler of tasks that are never woken: a job is handed to a thread when it is spawned,
/// and is over after one poll.
struct NeverScheduled;

#[expect(
    unsafe_code,
    reason = "a scheduler promises to bring pinned tasks home"
)]
// SAFETY: the contract is about schedulers of pinned tasks; these may be run anywhere.
unsafe impl Schedule for NeverScheduled {
    type Kind = Stealable;

    fn schedule(_: Task<Self>) {
        unreachable!("a blocking job is woken, though it is over after its first poll");
    }

    fn bind(&self, _: Bound<Self>) -> Option<usize> {
        unreachable!("a blocking job is pending, though its first poll is ready");
    }

    fn unbind(&self, _: usize) -> Option<Bound<Self>> {
        unreachable!("a blocking job is unbound, though it never was bound");
    }
}
