//! [`JoinSet`]: many tasks of one kind, waited for in the order in which they end.
//!
//! The set keeps a handle a task in a slab. Each handle's join waker puts its key into the queue of
//! `notified`, so the price of an output does not depend on how many tasks there are.
//!
//! Tested in `tests/join_set.rs`.

use super::local_set::LocalSet;
use super::notified::Notified;
use crate::runtime::Handle;
use crate::task::{self, AbortHandle, Id, JoinError, JoinHandle};
use pintle_sync::budget;
use pintle_sync::shim::sync::Mutex;
use slab::Slab;
use std::fmt;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

/// Tasks with the same type of output, on a runtime.
///
/// Outputs are given in the order in which the tasks end. Dropping the set aborts all tasks in it.
///
/// ```
/// use pintle::task::JoinSet;
///
/// # #[pintle::main]
/// # async fn main() {
/// let mut set = JoinSet::new();
/// for n in 0..10 {
///     set.spawn(async move { n * n });
/// }
/// let mut sum = 0;
/// while let Some(square) = set.join_next().await {
///     sum += square.unwrap();
/// }
/// assert_eq!(sum, 285);
/// # }
/// ```
pub struct JoinSet<T> {
    tasks: Slab<Entry<T>>,
    notified: Notified,
}

enum Entry<T> {
    Running(JoinHandle<T>),
    /// It ended before its waker was in place. The lock makes the output `Sync`, as it is behind
    /// the handle; there is nobody to share it with.
    Ended(Id, Box<Mutex<Result<T, JoinError>>>),
}

impl<T> JoinSet<T> {
    /// An empty set.
    pub fn new() -> Self {
        Self {
            tasks: Slab::new(),
            notified: Notified::default(),
        }
    }

    /// How many tasks are in the set, with those that have ended and were not joined.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// set.spawn(async {});
    /// assert_eq!(set.len(), 1);
    /// set.join_next().await;
    /// assert_eq!(set.len(), 0);
    /// # }
    /// ```
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there is no task in the set.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns a task in the set; see [`pintle::spawn`](crate::spawn).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// let task = set.spawn(std::future::pending::<()>());
    /// task.abort();
    /// assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(crate::spawn(future))
    }

    /// Spawns a task in the set, on the runtime of `handle`. The set may be outside of it.
    ///
    /// ```
    /// let runtime = pintle::runtime::Runtime::new()?;
    /// let mut set = pintle::task::JoinSet::new();
    /// set.spawn_on(async { 7 }, runtime.handle());
    /// assert_eq!(runtime.block_on(set.join_all()), [7]);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn spawn_on<F>(&mut self, future: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn(future))
    }

    /// Spawns a task in the set that stays on this thread; see
    /// [`task::spawn_local`](crate::task::spawn_local).
    ///
    /// # Panics
    ///
    /// On a thread that is neither a worker nor inside a local set.
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// # #[pintle::main]
    /// # async fn main() {
    /// let shared = Rc::new(5);
    /// let mut set = pintle::task::JoinSet::new();
    /// set.spawn_local(async move { *shared });
    /// assert_eq!(set.join_all().await, [5]);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(task::spawn_local(future))
    }

    /// Spawns a task in this set and on `local_set`; see [`LocalSet::spawn_local`].
    pub fn spawn_local_on<F>(&mut self, future: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local_set.spawn_local(future))
    }

    /// Runs a closure that may block on the blocking pool, as a task of the set; see
    /// [`task::spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// for n in 0..3 {
    ///     set.spawn_blocking(move || n);
    /// }
    /// assert_eq!(set.join_all().await.iter().sum::<u32>(), 3);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(task::spawn_blocking(f))
    }

    /// Runs a closure on the blocking pool of the runtime of `handle`, as a task of the set.
    pub fn spawn_blocking_on<F>(&mut self, f: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn_blocking(f))
    }

    /// Spawns a task of the set with a name; see [`task::Builder`](crate::task::Builder).
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// set.build_task().name("greeter").spawn(async { panic!("oh") });
    /// let error: pintle::task::JoinError = set.join_next().await.unwrap().map(|()| ()).unwrap_err();
    /// assert!(error.to_string().contains("greeter"));
    /// # }
    /// ```
    pub fn build_task(&mut self) -> Builder<'_, T> {
        Builder {
            set: self,
            task: task::Builder::new(),
        }
    }

    fn insert(&mut self, mut handle: JoinHandle<T>) -> AbortHandle {
        let task = handle.abort_handle();
        let entry = self.tasks.vacant_entry();
        let key = entry.key();
        match poll_handle(&mut handle, &self.notified.notifier(key)) {
            Poll::Pending => {
                entry.insert(Entry::Running(handle));
            }
            Poll::Ready(result) => {
                entry.insert(Entry::Ended(handle.id(), Box::new(Mutex::new(result))));
                self.notified.push(key);
            }
        }
        task
    }

    /// Waits for the next task to end, and gives its output. `None` if the set is empty.
    ///
    /// # Errors
    ///
    /// If the task panicked or was cancelled. The others go on.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no output is lost in a `select!` that another branch wins.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// set.spawn(std::future::ready(7));
    /// assert_eq!(set.join_next().await.unwrap().unwrap(), 7);
    /// assert!(set.join_next().await.is_none());
    /// # }
    /// ```
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// As [`join_next`](Self::join_next), with the [`Id`] of the task. (In an error the id is
    /// [`JoinError::id`].)
    ///
    /// # Errors
    ///
    /// If the task panicked or was cancelled.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// let task = set.spawn(async { 7 });
    /// assert_eq!(set.join_next_with_id().await.unwrap().unwrap(), (task.id(), 7));
    /// # }
    /// ```
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        poll_fn(|cx| self.poll_join_next_with_id(cx)).await
    }

    /// The output of a task that has ended, if there is one.
    ///
    /// # Errors
    ///
    /// If the task panicked or was cancelled.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// set.spawn(async { 7 });
    /// let output = loop {
    ///     match set.try_join_next() {
    ///         Some(output) => break output.unwrap(),
    ///         None => pintle::task::yield_now().await,
    ///     }
    /// };
    /// assert_eq!(output, 7);
    /// # }
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id().map(without_id)
    }

    /// As [`try_join_next`](Self::try_join_next), with the [`Id`] of the task.
    ///
    /// # Errors
    ///
    /// If the task panicked or was cancelled.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        loop {
            let key = self.notified.pop()?;
            if let Some(result) = self.take(key) {
                return Some(result);
            }
        }
    }

    /// The poll function of [`join_next`](Self::join_next): `Ready(None)` if the set is empty. The
    /// task that called it last is woken when another one has ended.
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    ///
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// let mut cx = Context::from_waker(Waker::noop());
    /// assert!(set.poll_join_next(&mut cx).is_pending());
    /// set.detach_all();
    /// assert!(matches!(set.poll_join_next(&mut cx), Poll::Ready(None)));
    /// # }
    /// ```
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_join_next_with_id(cx)
            .map(|next| next.map(without_id))
    }

    /// The poll function of [`join_next_with_id`](Self::join_next_with_id).
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        let progress = ready!(budget::poll_proceed(cx));
        if self.is_empty() {
            return Poll::Ready(None);
        }
        loop {
            let key = ready!(self.notified.poll_pop(cx));
            if let Some(result) = self.take(key) {
                progress.made_progress();
                return Poll::Ready(Some(result));
            }
        }
    }

    /// The result of the task at `key`, if it has ended.
    fn take(&mut self, key: usize) -> Option<Result<(Id, T), JoinError>> {
        if let Entry::Running(handle) = self.tasks.get(key)?
            && !handle.is_finished()
        {
            return None;
        }
        let (id, result) = match self.tasks.remove(key) {
            Entry::Running(mut handle) => match poll_handle(&mut handle, Waker::noop()) {
                Poll::Ready(result) => (handle.id(), result),
                Poll::Pending => unreachable!("a task that has ended is ready"),
            },
            Entry::Ended(id, result) => (id, result.into_inner()),
        };
        Some(result.map(|output| (id, output)))
    }

    /// Waits for all tasks, and gives their outputs, in the order in which they ended.
    ///
    /// # Panics
    ///
    /// If a task panicked, with its panic; the others are then aborted. If a task was cancelled.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: it owns the set, so cancelling it aborts the tasks and drops the outputs
    /// that are already there. A loop around [`join_next`](Self::join_next) loses nothing.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let set: pintle::task::JoinSet<_> = (0..3).map(|n| async move { n }).collect();
    /// let mut outputs = set.join_all().await;
    /// outputs.sort();
    /// assert_eq!(outputs, [0, 1, 2]);
    /// # }
    /// ```
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(result) = self.join_next().await {
            match result.map_err(JoinError::try_into_panic) {
                Ok(output) => outputs.push(output),
                Err(Ok(panic)) => resume_unwind(panic),
                Err(Err(error)) => panic!("`join_all` has not all outputs: {error}"),
            }
        }
        outputs
    }

    /// Aborts all tasks, and waits until they have ended. Outputs and errors are dropped.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what has not ended then is still in the set, and aborted.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// set.shutdown().await;
    /// assert!(set.is_empty());
    /// # }
    /// ```
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Aborts all tasks. They stay in the set until they are joined, each with its output, if it
    /// had one by then, or with a [`JoinError`].
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// set.abort_all();
    /// assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn abort_all(&mut self) {
        for (_, entry) in &self.tasks {
            if let Entry::Running(handle) = entry {
                handle.abort();
            }
        }
    }

    /// Takes all tasks out of the set; they go on running.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let mut set = pintle::task::JoinSet::new();
    /// set.spawn(async { println!("I will be heard") });
    /// set.detach_all();
    /// assert!(set.is_empty());
    /// # }
    /// ```
    pub fn detach_all(&mut self) {
        self.tasks.clear();
    }
}

/// Polls a handle outside of the budget: if it is pending, its waker is in place.
fn poll_handle<T>(handle: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, JoinError>> {
    let mut cx = Context::from_waker(waker);
    budget::unconstrained(|| Pin::new(handle).poll(&mut cx))
}

fn without_id<T>(result: Result<(Id, T), JoinError>) -> Result<T, JoinError> {
    result.map(|(_, output)| output)
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        for (_, entry) in &self.tasks {
            if let Entry::Running(handle) = entry {
                handle.abort();
            }
        }
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

/// Spawns each of the futures. Panics outside of a runtime.
impl<F> FromIterator<F> for JoinSet<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        set.extend(futures);
        set
    }
}

/// Spawns each of the futures. Panics outside of a runtime.
impl<F> Extend<F> for JoinSet<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        for future in futures {
            self.spawn(future);
        }
    }
}

/// Spawns a task of a [`JoinSet`] with a name: see [`JoinSet::build_task`].
#[derive(Debug)]
#[must_use = "it makes a task when one of its `spawn` methods is called"]
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    task: task::Builder,
}

impl<T: 'static> Builder<'_, T> {
    /// Names the task.
    pub fn name(mut self, name: &str) -> Self {
        self.task = self.task.name(name);
        self
    }

    /// As [`JoinSet::spawn`].
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.set.insert(self.task.spawn(future))
    }

    /// As [`JoinSet::spawn_local`].
    ///
    /// # Panics
    ///
    /// On a thread that is neither a worker nor inside a local set.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.set.insert(self.task.spawn_local(future))
    }

    /// As [`JoinSet::spawn_local_on`].
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.set.insert(self.task.spawn_local_on(future, local_set))
    }

    /// As [`JoinSet::spawn_blocking`].
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.set.insert(self.task.spawn_blocking(f))
    }
}
