//! [`Builder`]: every setting of a runtime.

use super::handle::Handle;
use super::runtime::Runtime;
use crate::blocking::{BlockingConfig, BlockingPool};
use crate::worker::{self, Config, Kind, Local, Mode, Shared};
use pintle_sync::shim::machine;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Builds a [`Runtime`] with settings of one's own.
///
/// Methods can be chained. I/O and time are off until they are enabled, as in tokio.
///
/// ```
/// use pintle::runtime::Builder;
///
/// let runtime = Builder::new_thread_per_core()
///     .worker_threads(2)
///     .thread_name("shard")
///     .enable_all()
///     .build()?;
/// # drop(runtime);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Builder {
    config: Config,
    workers: Option<usize>,
    pin_workers: Option<bool>,
}

impl Builder {
    fn new(mode: Mode) -> Self {
        Self {
            config: Config {
                mode,
                workers: 1,
                pin_workers: false,
                can_spin: false,
                thread_name: numbered("pintle-worker"),
                stack_size: None,
                keep_alive: Duration::from_secs(10),
                max_blocking_threads: 512,
                on_thread_start: None,
                on_thread_stop: None,
                on_thread_park: None,
                on_thread_unpark: None,
                event_interval: 61,
                io: false,
                time: false,
                start_paused: false,
            },
            workers: None,
            pin_workers: None,
        }
    }

    /// A work-stealing runtime: tasks are stealable, and an idle worker takes them from busy ones.
    ///
    /// ```
    /// let runtime = pintle::runtime::Builder::new_multi_thread().enable_all().build()?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn new_multi_thread() -> Self {
        Self::new(Mode::Stealing)
    }

    /// A runtime without threads of its own: tasks run on the thread inside `block_on`.
    ///
    /// ```
    /// let runtime = pintle::runtime::Builder::new_current_thread().enable_all().build()?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn new_current_thread() -> Self {
        Self::new(Mode::CurrentThread)
    }

    /// A share-nothing runtime: a task stays for life on the worker it was spawned on.
    ///
    /// ```
    /// let runtime = pintle::runtime::Builder::new_thread_per_core().enable_all().build()?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn new_thread_per_core() -> Self {
        Self::new(Mode::PerCore)
    }

    /// Enables sockets and timers.
    pub fn enable_all(&mut self) -> &mut Self {
        self.enable_io().enable_time()
    }

    /// Enables sockets and other descriptors. Without it they return an error that says so.
    pub fn enable_io(&mut self) -> &mut Self {
        self.config.io = true;
        self
    }

    /// Enables timers. Without it they panic with a message that says so.
    pub fn enable_time(&mut self) -> &mut Self {
        self.config.time = true;
        self
    }

    /// How many worker threads there are: by default as many as the process may use processors.
    ///
    /// A current-thread runtime has no worker threads and ignores this.
    ///
    /// # Panics
    ///
    /// If `count` is zero.
    #[track_caller]
    pub fn worker_threads(&mut self, count: usize) -> &mut Self {
        assert!(count > 0, "`worker_threads` must be at least 1");
        self.workers = Some(count);
        self
    }

    /// Whether each worker stays on a processor of its own, among those the process may use.
    ///
    /// By default a thread-per-core runtime pins its workers if there are enough processors for
    /// them, and a work-stealing one leaves them to the operating system, because a thread that is
    /// pinned next to another busy process cannot get out of its way. Pinning has no effect on a
    /// current-thread runtime, nor where the platform cannot do it (anywhere but on Linux).
    pub fn pin_workers(&mut self, pin: bool) -> &mut Self {
        self.pin_workers = Some(pin);
        self
    }

    /// The name of the runtime's threads, to which each thread's number is added.
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        self.config.thread_name = numbered(&name.into());
        self
    }

    /// A function that names each thread of the runtime as it is started.
    pub fn thread_name_fn<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() -> String + Send + Sync + 'static,
    {
        self.config.thread_name = Arc::new(f);
        self
    }

    /// The stack of each thread, in bytes. By default what `std` gives a thread (2 MiB).
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.config.stack_size = Some(bytes);
        self
    }

    /// How long a thread of the blocking pool stays without work: by default 10 seconds.
    pub fn thread_keep_alive(&mut self, duration: Duration) -> &mut Self {
        self.config.keep_alive = duration;
        self
    }

    /// How many threads the blocking pool may have: by default 512. More jobs wait in line.
    ///
    /// # Panics
    ///
    /// If `count` is zero.
    #[track_caller]
    pub fn max_blocking_threads(&mut self, count: usize) -> &mut Self {
        assert!(count > 0, "`max_blocking_threads` must be at least 1");
        self.config.max_blocking_threads = count;
        self
    }

    /// Called on each thread of the runtime, workers' and blocking pool's, as it starts.
    pub fn on_thread_start<F: Fn() + Send + Sync + 'static>(&mut self, f: F) -> &mut Self {
        self.config.on_thread_start = Some(Arc::new(f));
        self
    }

    /// Called on each thread of the runtime as it stops.
    pub fn on_thread_stop<F: Fn() + Send + Sync + 'static>(&mut self, f: F) -> &mut Self {
        self.config.on_thread_stop = Some(Arc::new(f));
        self
    }

    /// Called by a worker (the thread inside `block_on` included) just before it goes to sleep.
    pub fn on_thread_park<F: Fn() + Send + Sync + 'static>(&mut self, f: F) -> &mut Self {
        self.config.on_thread_park = Some(Arc::new(f));
        self
    }

    /// Called by a worker just after it has woken up.
    pub fn on_thread_unpark<F: Fn() + Send + Sync + 'static>(&mut self, f: F) -> &mut Self {
        self.config.on_thread_unpark = Some(Arc::new(f));
        self
    }

    /// After how many polls at most a busy worker looks at its sockets, its timers, and the tasks
    /// that other threads have left for it: by default 61. It looks earlier when polls take long.
    ///
    /// # Panics
    ///
    /// If `polls` is zero.
    #[track_caller]
    pub fn event_interval(&mut self, polls: u32) -> &mut Self {
        assert!(polls > 0, "`event_interval` must be at least 1");
        self.config.event_interval = polls;
        self
    }

    /// The same as [`event_interval`](Self::event_interval): there is no global queue here. What
    /// comes from outside lies in a worker's inbox, and a worker looks into its inbox whenever it
    /// looks at its drivers. If both are set, the smaller one counts.
    ///
    /// # Panics
    ///
    /// If `polls` is zero.
    #[track_caller]
    pub fn global_queue_interval(&mut self, polls: u32) -> &mut Self {
        assert!(polls > 0, "`global_queue_interval` must be at least 1");
        self.config.event_interval = self.config.event_interval.min(polls);
        self
    }

    /// Starts with the clock stopped, as by [`time::pause`](crate::time::pause). For tests; works
    /// in every flavour.
    pub fn start_paused(&mut self, paused: bool) -> &mut Self {
        self.config.start_paused = paused;
        self
    }

    /// Starts the runtime.
    ///
    /// # Errors
    ///
    /// The operating system refuses a reactor (no descriptors left) or a thread. What had been
    /// started by then is stopped again.
    pub fn build(&mut self) -> io::Result<Runtime> {
        let mut config = self.config.clone();
        config.workers = match config.mode {
            Mode::CurrentThread => 1,
            _ => match self.workers {
                Some(workers) => workers,
                None => machine::parallelism(),
            },
        };
        let cpus = worker::cpus().unwrap_or_default();
        config.can_spin = !cfg!(loom) && cpus.len() != 1;
        config.pin_workers = self
            .pin_workers
            .unwrap_or(config.mode == Mode::PerCore && cpus.len() >= config.workers);

        let blocking = BlockingPool::new(BlockingConfig {
            max_threads: config.max_blocking_threads,
            keep_alive: config.keep_alive,
            thread_name: config.thread_name.clone(),
            stack_size: config.stack_size,
            on_start: config.on_thread_start.clone(),
            on_stop: config.on_thread_stop.clone(),
            ..BlockingConfig::default()
        });
        let (shared, mut queues) = Shared::open(config, blocking)?;
        let weak = Arc::downgrade(&shared);
        shared.blocking.set_around(Arc::new(move |body| {
            // A job keeps nothing alive by itself: if the runtime is gone, it runs outside of it.
            let _seated = weak.upgrade().map(|shared| worker::enter_outside(&shared));
            body();
        }));
        #[cfg(not(loom))]
        crate::net::install_resolver();

        // From here on, what fails (or panics: a thread's name is the user's code) drops a runtime,
        // and so stops what has been started.
        let mut runtime = Runtime::new_without_threads(Handle::new(shared.clone()));
        if shared.config.mode == Mode::CurrentThread {
            let queue = queues.pop().expect("one worker");
            let remote = shared.remotes[0].clone();
            shared
                .core
                .put(Local::new(shared.clone(), remote, queue, Kind::Regular));
        } else {
            for (index, queue) in queues.into_iter().enumerate() {
                let cpu = (shared.config.pin_workers && !cpus.is_empty())
                    .then(|| cpus[index % cpus.len()]);
                runtime.threads().start(&shared, index, queue, cpu)?;
            }
        }
        Ok(runtime)
    }
}

fn numbered(name: &str) -> Arc<dyn Fn() -> String + Send + Sync> {
    let name = name.to_owned();
    let next = AtomicUsize::new(0);
    Arc::new(move || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        format!("{name}-{number}")
    })
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}
