//! [`Handle`]: reaching a runtime from anywhere.

use super::metrics::RuntimeMetrics;
use crate::task::{Id, JoinHandle};
use crate::worker::{self, Mode, Seated, Shared};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

/// A reference to a runtime, cheap to clone and free to send.
///
/// It does not keep the runtime running: after shutdown, what is spawned through a handle is
/// cancelled at once.
///
/// ```
/// let runtime = pintle::runtime::Runtime::new()?;
/// let handle = runtime.handle().clone();
/// let sum = std::thread::spawn(move || handle.block_on(async { 1 + 2 })).join().unwrap();
/// assert_eq!(sum, 3);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// How a runtime runs its tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// On the thread inside `block_on`.
    CurrentThread,
    /// On worker threads that steal from one another.
    MultiThread,
    /// On worker threads that share nothing.
    ThreadPerCore,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The runtime this thread is in.
    ///
    /// # Panics
    ///
    /// Outside of a runtime. [`try_current`](Self::try_current) does not panic.
    ///
    /// ```
    /// # #[pintle::main]
    /// # async fn main() {
    /// let handle = pintle::runtime::Handle::current();
    /// handle.spawn(async { println!("hello") }).await.unwrap();
    /// # }
    /// ```
    #[track_caller]
    pub fn current() -> Handle {
        match Handle::try_current() {
            Ok(handle) => handle,
            Err(error) => {
                panic!("`Handle::current` was called outside of a Pintle runtime. {error}")
            }
        }
    }

    /// The runtime this thread is in, if it is in one.
    ///
    /// # Errors
    ///
    /// Outside of a runtime.
    ///
    /// ```
    /// assert!(pintle::runtime::Handle::try_current().is_err());
    /// ```
    pub fn try_current() -> Result<Handle, TryCurrentError> {
        worker::current_shared()
            .map(Handle::new)
            .ok_or(TryCurrentError(()))
    }

    /// Enters the runtime's context without running anything on it, so that code on this thread
    /// can [`spawn`](crate::spawn), and use sockets and timers: one of the workers looks after
    /// them. On a current-thread runtime that happens while some thread is inside `block_on`.
    ///
    /// Of several guards the one made last counts, in whatever order they are dropped; one that
    /// outlives the `block_on` in which it was made has no effect any more.
    ///
    /// ```
    /// let runtime = pintle::runtime::Runtime::new()?;
    /// let _guard = runtime.enter();
    /// let task = pintle::spawn(async { 7 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 7);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        EnterGuard {
            _seated: worker::enter_outside(&self.shared),
            _handle: PhantomData,
        }
    }

    /// Spawns a task on this runtime; see [`pintle::spawn`](crate::spawn).
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.shared.spawn(future, None)
    }

    pub(crate) fn spawn_named<F>(&self, future: F, name: Option<Box<str>>) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.shared.spawn(future, name)
    }

    /// Runs a closure on this runtime's blocking pool; see
    /// [`task::spawn_blocking`](crate::task::spawn_blocking).
    pub fn spawn_blocking<F, R>(&self, f: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_blocking_named(f, None)
    }

    pub(crate) fn spawn_blocking_named<F, R>(&self, f: F, name: Option<Box<str>>) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        // A job in progress keeps a paused clock from running ahead of it.
        let guard = Box::new(self.shared.clock.inhibit());
        self.shared.blocking.spawn(f, Id::next(), name, Some(guard))
    }

    /// Spawns on worker `index` a task that stays on its thread; see
    /// [`pintle::spawn_on`](crate::spawn_on).
    ///
    /// # Panics
    ///
    /// If there is no worker `index`.
    #[track_caller]
    pub fn spawn_on<C, F>(&self, index: usize, make_future: C) -> JoinHandle<F::Output>
    where
        C: FnOnce() -> F + Send + 'static,
        F: Future + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_on_named(index, make_future, None)
    }

    #[track_caller]
    pub(crate) fn spawn_on_named<C, F>(
        &self,
        index: usize,
        make_future: C,
        name: Option<Box<str>>,
    ) -> JoinHandle<F::Output>
    where
        C: FnOnce() -> F + Send + 'static,
        F: Future + 'static,
        F::Output: Send + 'static,
    {
        let count = self.shared.remotes.len();
        assert!(
            index < count,
            "`spawn_on` was called for worker {index}, but this runtime has {count} (0 to {}); \
             `pintle::worker::count()` tells how many there are",
            count - 1
        );
        // Until the first poll there is nothing in the future but the closure, which is `Send`.
        self.shared
            .spawn_pinned_at(index, async move { make_future().await }, name)
    }

    /// Runs a future to its end on the current thread; see
    /// [`Runtime::block_on`](super::Runtime::block_on).
    ///
    /// On a current-thread runtime this drives the runtime's tasks, too, unless another thread
    /// already does.
    ///
    /// # Panics
    ///
    /// As `Runtime::block_on`. Timers panic if the runtime has been shut down meanwhile.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        worker::block_on(&self.shared, future)
    }

    /// How this runtime runs its tasks.
    ///
    /// ```
    /// use pintle::runtime::{Builder, RuntimeFlavor};
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// assert_eq!(runtime.handle().runtime_flavor(), RuntimeFlavor::CurrentThread);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        match self.shared.config.mode {
            Mode::CurrentThread => RuntimeFlavor::CurrentThread,
            Mode::Stealing => RuntimeFlavor::MultiThread,
            Mode::PerCore => RuntimeFlavor::ThreadPerCore,
        }
    }

    /// What the runtime counts about itself.
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics::new(self.shared.clone())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("config", &self.shared.config)
            .finish()
    }
}

/// What [`Handle::enter`] returns: leaves the runtime's context when dropped.
#[derive(Debug)]
#[must_use = "dropping it leaves the runtime's context"]
pub struct EnterGuard<'a> {
    _seated: Seated,
    _handle: PhantomData<&'a Handle>,
}

/// This thread is in no runtime.
#[derive(Debug)]
pub struct TryCurrentError(());

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "Call it inside `Runtime::block_on`, inside a task, under `#[pintle::main]`, or while \
             holding the guard of `Handle::enter`",
        )
    }
}

impl std::error::Error for TryCurrentError {}
