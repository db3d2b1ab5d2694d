//! [`Runtime`]: owning a runtime, and stopping it.

use super::handle::{EnterGuard, Handle};
use super::metrics::RuntimeMetrics;
use super::shutdown::Threads;
use crate::task::JoinHandle;
use crate::worker;
use pintle_sync::shim::panic::is_model_over;
use pintle_sync::shim::time;
use std::future::Future;
use std::io;
use std::time::Duration;

/// A running runtime: its worker threads, their drivers and the blocking pool.
///
/// Dropping it stops it: every task is dropped at its next `.await`, on the worker it belongs to,
/// and the drop waits for the workers and for running [`spawn_blocking`](Self::spawn_blocking)
/// closures to end. Tasks that were spawned and not awaited are not waited for to *complete*.
///
/// The worker of a current-thread runtime ends with the drop, too, unless another thread is it just
/// now, by [`Handle::block_on`]: then it ends when that call returns.
///
/// Dropping a runtime inside an async task is allowed. Since a task must not block, the drop then
/// does not wait, as with [`shutdown_background`](Self::shutdown_background).
///
/// ```
/// let runtime = pintle::runtime::Runtime::new()?;
/// let n = runtime.block_on(async { 1 + 1 });
/// assert_eq!(n, 2);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    threads: Threads,
    /// How long the drop may wait for what has not ended.
    patience: Patience,
}

#[derive(Debug, Clone, Copy)]
enum Patience {
    /// As long as it takes, or not at all where blocking is not allowed.
    ByPlace,
    /// At most so long.
    Limit(Duration),
}

impl Runtime {
    /// A runtime whose threads have yet to be started.
    pub(super) fn new_without_threads(handle: Handle) -> Self {
        Self {
            handle,
            threads: Threads::default(),
            patience: Patience::ByPlace,
        }
    }

    pub(super) fn threads(&mut self) -> &mut Threads {
        &mut self.threads
    }

    /// A work-stealing runtime with everything enabled.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`](super::Builder::build).
    ///
    /// ```
    /// let runtime = pintle::runtime::Runtime::new()?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn new() -> io::Result<Runtime> {
        super::Builder::new_multi_thread().enable_all().build()
    }

    /// A handle to this runtime, to be cloned and sent anywhere.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs a future to its end on the current thread, which becomes a worker meanwhile.
    ///
    /// The future need not be `Send`, and may [`spawn_local`](crate::task::spawn_local); such tasks
    /// end with this call.
    ///
    /// # Panics
    ///
    /// If the future panics, or if this is called inside a task or another `block_on`, or (on a
    /// runtime with worker threads) if the process is out of descriptors: the calling thread gets
    /// a reactor of its own, which takes three, and one more if there are timers.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// Spawns a task; see [`pintle::spawn`](crate::spawn).
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs a closure on the blocking pool; see
    /// [`task::spawn_blocking`](crate::task::spawn_blocking).
    pub fn spawn_blocking<F, R>(&self, f: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(f)
    }

    /// Enters the context of this runtime; see [`Handle::enter`].
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// What the runtime counts about itself.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle.metrics()
    }

    /// Stops the runtime, waiting for workers and running blocking closures for at most
    /// `duration`. What has not ended by then goes on alone and ends when it can.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = pintle::runtime::Runtime::new()?;
    /// runtime.spawn_blocking(|| std::thread::sleep(Duration::from_millis(50)));
    /// runtime.shutdown_timeout(Duration::from_millis(1));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn shutdown_timeout(mut self, duration: Duration) {
        self.patience = Patience::Limit(duration);
    }

    /// Stops the runtime without waiting for anything. May be called inside a task.
    ///
    /// ```
    /// let runtime = pintle::runtime::Runtime::new()?;
    /// runtime.shutdown_background();
    /// # std::io::Result::Ok(())
    /// ```
    pub fn shutdown_background(self) {
        self.shutdown_timeout(Duration::ZERO);
    }

    fn stop(&mut self, limit: Option<Duration>) {
        let shared = self.handle.shared();
        shared.shut_down();
        shared.core.end();
        let began = time::now();
        self.threads.join(limit);
        shared
            .blocking
            .shutdown(limit.map(|limit| limit.saturating_sub(time::now() - began)));
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if is_model_over() {
            return;
        }
        let limit = match self.patience {
            Patience::Limit(limit) => Some(limit),
            Patience::ByPlace
                if worker::may_block() && !worker::is_worker_of(self.handle.shared()) =>
            {
                None
            }
            Patience::ByPlace => Some(Duration::ZERO),
        };
        self.stop(limit);
    }
}
