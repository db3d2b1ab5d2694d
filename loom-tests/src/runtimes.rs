//! Runtimes to be modelled as a whole.

use pintle::runtime::{Builder, Runtime};
use pintle::time::{Duration, sleep};

/// A millisecond.
pub const MS: Duration = Duration::from_millis(1);

/// A runtime whose workers steal.
pub fn stealing(workers: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).enable_all();
    builder
}

/// A runtime whose workers share nothing.
pub fn per_core(workers: usize) -> Builder {
    let mut builder = Builder::new_thread_per_core();
    builder.worker_threads(workers).enable_all();
    builder
}

/// A runtime without threads of its own.
pub fn on_this_thread() -> Builder {
    let mut builder = Builder::new_current_thread();
    builder.enable_all();
    builder
}

/// The same, with a clock that it moves itself.
pub fn paused(mut builder: Builder) -> Builder {
    builder.start_paused(true);
    builder
}

/// A runtime all of whose workers sleep: time does not pass before.
pub fn settled(mut builder: Builder) -> Runtime {
    loom::stop_exploring();
    let runtime = builder.build().unwrap();
    runtime.block_on(sleep(MS));
    loom::explore();
    runtime
}

/// Ends a runtime, in one order.
pub fn drop_unexplored(runtime: Runtime) {
    loom::stop_exploring();
    drop(runtime);
}
