//! The functions that make tasks, and those that leave the async world for a while.

use crate::runtime::Handle;
use crate::task::{JoinHandle, LocalSet};
use crate::task_tools::local_set;
use crate::worker::{self, Local, Mode};
use std::future::Future;
use std::rc::Rc;

/// Spawns a task: it starts to run at once, whether its handle is awaited or not.
///
/// On a work-stealing runtime the task is stealable: it starts on this worker, and any worker may
/// go on with it after an `.await`. On a thread-per-core or current-thread runtime it stays on this
/// worker. Called from outside of a worker it goes to each in turn.
///
/// Dropping the handle detaches the task. When the runtime shuts down, the task is dropped at its
/// next `.await`.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let task = pintle::spawn(async { 6 * 7 });
/// assert_eq!(task.await.unwrap(), 42);
/// # }
/// ```
#[inline]
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    spawn_named("spawn", future, None)
}

#[inline]
#[track_caller]
fn spawn_named<F>(call: &str, future: F, name: Option<Box<str>>) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    if !worker::is_in_own_runtime() {
        return handle(call).spawn_named(future, name);
    }
    // By way of the worker, since a handle counts one more user of the runtime, as all others do.
    worker::with_local(|local| local.spawn(future, name)).expect("it is a worker")
}

/// Spawns a task that stays on this thread, so that it need not be `Send`.
///
/// Works on every worker of every runtime, and inside [`block_on`](crate::runtime::Runtime::block_on),
/// whose call ends the tasks that were spawned there. Inside a [`LocalSet`](crate::task::LocalSet)
/// the task is the set's.
///
/// # Panics
///
/// On a thread that is neither a worker nor inside a local set. (A second thread inside `block_on` of a current-thread runtime
/// is not one, as long as the first is.)
///
/// ```
/// use std::rc::Rc;
///
/// # #[pintle::main]
/// # async fn main() {
/// let shared = Rc::new(5);
/// let task = pintle::task::spawn_local({
///     let shared = shared.clone();
///     async move { *shared + 1 }
/// });
/// assert_eq!(task.await.unwrap(), 6);
/// # }
/// ```
#[inline]
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_local_named(future, None)
}

#[inline]
#[track_caller]
fn spawn_local_named<F>(future: F, name: Option<Box<str>>) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    if let Some(set) = local_set::current() {
        return set.spawn(future, name);
    }
    let Some(handle) = worker::with_local(|local| local.spawn_local(future, name)) else {
        panic!(
            "`spawn_local` was called on a thread that is not a worker of a Pintle runtime. Call it \
             inside a task or `block_on`, use `spawn_on` to get onto a worker, or spawn on a \
             `LocalSet`"
        )
    };
    handle
}

/// Spawns a task on worker `index`, where `make_future` is called. The future stays there, so it
/// need not be `Send`; the closure travels, so it must be.
///
/// Workers are numbered from 0 to [`worker::count()`](crate::worker::count). On a current-thread
/// runtime worker 0 is the thread inside `block_on`, and the task ends with that call.
///
/// # Panics
///
/// Outside of a runtime, or if there is no such worker.
///
/// ```
/// use std::rc::Rc;
///
/// # #[pintle::main(flavor = "thread_per_core", worker_threads = 2)]
/// # async fn main() {
/// let task = pintle::spawn_on(1, || async {
///     let not_send = Rc::new(pintle::worker::current());
///     pintle::task::yield_now().await;
///     *not_send
/// });
/// assert_eq!(task.await.unwrap(), Some(1));
/// # }
/// ```
#[track_caller]
pub fn spawn_on<C, F>(index: usize, make_future: C) -> JoinHandle<F::Output>
where
    C: FnOnce() -> F + Send + 'static,
    F: Future + 'static,
    F::Output: Send + 'static,
{
    handle("spawn_on").spawn_on(index, make_future)
}

/// Spawns one task on every worker, and returns their handles in the workers' order.
/// `make_future` is cloned, sent to each worker, and called there with the worker's index.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # #[pintle::main(flavor = "thread_per_core", worker_threads = 2)]
/// # async fn main() {
/// let tasks = pintle::spawn_on_each(|worker| async move { worker * 10 });
/// for (worker, task) in tasks.into_iter().enumerate() {
///     assert_eq!(task.await.unwrap(), worker * 10);
/// }
/// # }
/// ```
#[track_caller]
pub fn spawn_on_each<C, F>(make_future: C) -> Vec<JoinHandle<F::Output>>
where
    C: FnOnce(usize) -> F + Clone + Send + 'static,
    F: Future + 'static,
    F::Output: Send + 'static,
{
    let handle = handle("spawn_on_each");
    (0..handle.metrics().num_workers())
        .map(|index| {
            let make_future = make_future.clone();
            handle.spawn_on(index, move || make_future(index))
        })
        .collect()
}

/// Runs a closure that may block on a thread of the blocking pool.
///
/// The pool starts threads as they are needed, up to
/// [`max_blocking_threads`](crate::runtime::Builder::max_blocking_threads); beyond that closures
/// wait in line. A closure that has started cannot be aborted; one that waits can.
///
/// # Errors
///
/// The handle's error says if the closure panicked, was aborted before it started, or never ran
/// because the operating system refused the pool its first thread.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let bytes = pintle::task::spawn_blocking(|| std::fs::read("Cargo.toml")).await.unwrap();
/// # drop(bytes);
/// # }
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    handle("spawn_blocking").spawn_blocking(f)
}

/// Runs a closure that may block on the current thread, after telling siblings to step in: they
/// take over this worker's stealable tasks, and look after its sockets and timers meanwhile.
///
/// If every worker is inside `block_in_place`, a thread of the blocking pool stands in for them.
/// Tasks *pinned* to this worker wait, and so does anything else in the same task (other branches
/// of a `join!`, say). Prefer [`spawn_blocking`], unless the closure borrows.
///
/// Outside of a runtime, and inside `block_on` of a work-stealing runtime, the closure just runs.
///
/// # Panics
///
/// On a current-thread or thread-per-core runtime, where nobody could step in.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let text = String::from("borrowed");
/// let length = pintle::task::block_in_place(|| text.len());
/// assert_eq!(length, 8);
/// # }
/// ```
#[track_caller]
pub fn block_in_place<R>(f: impl FnOnce() -> R) -> R {
    let Some(local) = worker::local() else {
        return f();
    };
    if cfg!(loom) {
        panic!(
            "`block_in_place` was called in a model. A stand-in, which works while all workers are \
             inside of it, looks round by the clock, and modelled time stands still. Use \
             `spawn_blocking`"
        );
    }
    if local.shared.config.mode != Mode::Stealing {
        panic!(
            "`block_in_place` was called on a {:?} runtime, where no sibling could take this \
             worker's tasks over. Use `spawn_blocking`, or a multi-thread runtime",
            Handle::current().runtime_flavor()
        );
    }
    struct Back(Rc<Local>, bool);
    impl Drop for Back {
        fn drop(&mut self) {
            self.0.in_place.set(self.1);
            if !self.1 {
                self.0.is_back();
            }
        }
    }
    let nested = local.in_place.replace(true);
    if !nested {
        local.goes_away();
    }
    let _back = Back(local, nested);
    let _allowed = pintle_sync::blocking::allow();
    pintle_sync::budget::unconstrained(f)
}

/// Gives the other tasks of this worker a turn: the current task goes to the back of the queue.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// pintle::task::yield_now().await;
/// # }
/// ```
pub async fn yield_now() {
    crate::yield_now::YieldNow::default().await
}

/// The id of the task that is being polled on this thread.
///
/// # Panics
///
/// Outside of a task; `block_on`'s own future is not one, a closure of [`spawn_blocking`] is.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let task = pintle::spawn(async { pintle::task::id() });
/// let id = task.id();
/// assert_eq!(task.await.unwrap(), id);
/// # }
/// ```
#[track_caller]
pub fn id() -> crate::task::Id {
    try_id().expect("`task::id` was called outside of a task; `task::try_id` does not panic")
}

/// The id of the task that is being polled on this thread, if any.
///
/// ```
/// assert_eq!(pintle::task::try_id(), None);
/// ```
pub fn try_id() -> Option<crate::task::Id> {
    crate::task::current_id()
}

/// Spawns a task with a name, which appears in its [`JoinError`](crate::task::JoinError).
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let task = pintle::task::Builder::new().name("greeter").spawn(async { panic!("oh") });
/// let error = task.await.unwrap_err();
/// assert!(error.to_string().contains("greeter"));
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<Box<str>>,
}

impl Builder {
    /// A task without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the task.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// As [`pintle::spawn`](crate::spawn).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn_named("task::Builder::spawn", future, self.name)
    }

    /// As [`spawn_local`].
    ///
    /// # Panics
    ///
    /// On a thread that is neither a worker nor inside a local set.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        spawn_local_named(future, self.name)
    }

    /// As [`LocalSet::spawn_local`].
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        local_set.spawn_named(future, self.name)
    }

    /// As [`pintle::spawn_on`](crate::spawn_on).
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if there is no such worker.
    #[track_caller]
    pub fn spawn_on<C, F>(self, index: usize, make_future: C) -> JoinHandle<F::Output>
    where
        C: FnOnce() -> F + Send + 'static,
        F: Future + 'static,
        F::Output: Send + 'static,
    {
        handle("task::Builder::spawn_on").spawn_on_named(index, make_future, self.name)
    }

    /// As [`spawn_blocking`].
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, f: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        handle("task::Builder::spawn_blocking").spawn_blocking_named(f, self.name)
    }
}

#[track_caller]
fn handle(call: &str) -> Handle {
    match Handle::try_current() {
        Ok(handle) => handle,
        Err(error) => panic!("`{call}` was called outside of a Pintle runtime. {error}"),
    }
}
