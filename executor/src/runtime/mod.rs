//! Starting, entering and stopping a runtime.
//!
//! Most programs need only [`#[pintle::main]`](crate::main). A [`Builder`] gives control:
//!
//! ```
//! use pintle::runtime::Builder;
//!
//! let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
//! let answer = runtime.block_on(async { pintle::spawn(async { 6 * 7 }).await.unwrap() });
//! assert_eq!(answer, 42);
//! # std::io::Result::Ok(())
//! ```
//!
//! | flavour | workers | `spawn` makes a task that |
//! | --- | --- | --- |
//! | [`new_multi_thread`](Builder::new_multi_thread) | threads | any worker may run: idle workers steal |
//! | [`new_thread_per_core`](Builder::new_thread_per_core) | threads | stays on its worker: nothing is shared |
//! | [`new_current_thread`](Builder::new_current_thread) | the thread inside `block_on` | runs there |
//!
//! In every flavour [`spawn_local`](crate::task::spawn_local) takes futures that are not `Send`.

mod builder;
mod handle;
mod metrics;
#[expect(
    clippy::module_inception,
    reason = "`runtime::Runtime` is the name users expect"
)]
mod runtime;
mod shutdown;

pub use builder::Builder;
pub use handle::{EnterGuard, Handle, RuntimeFlavor, TryCurrentError};
pub use metrics::RuntimeMetrics;
pub use runtime::Runtime;
