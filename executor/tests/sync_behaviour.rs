//! What each primitive of `pintle::sync` promises, in a runtime of each flavour. The same cases run
//! without one in `executor/sync/tests/behaviour.rs`.

mod support;

macro_rules! cases {
    (in $module:ident $mode:ident:
        $(polls { $($poll:ident,)* })? $(tasks { $($task:ident,)* })?
    ) => {
        mod $module {
            $($(
                #[test]
                fn $poll() {
                    crate::place::poll(crate::support::Mode::$mode, super::$poll);
                }
            )*)?
            $($(
                #[test]
                fn $task() {
                    crate::place::run(crate::support::Mode::$mode, super::$task);
                }
            )*)?
        }
    };
    ($($cases:tt)*) => {
        cases! { in multi_thread MultiThread: $($cases)* }
        cases! { in thread_per_core ThreadPerCore: $($cases)* }
        cases! { in current_thread CurrentThread: $($cases)* }
    };
}

#[path = "../sync/tests/cases/mod.rs"]
mod cases;

mod place {
    pub use pintle::task::{JoinHandle, spawn, spawn_blocking, yield_now};

    use crate::support::{Mode, in_mode};

    /// In a task, on a worker.
    pub fn poll(mode: Mode, case: fn()) {
        in_mode(mode, |mode| {
            let runtime = mode.bare().build().unwrap();
            let task = runtime.spawn(async move { case() });
            if let Err(error) = runtime.block_on(task) {
                std::panic::resume_unwind(error.into_panic());
            }
        });
    }

    /// In `block_on`, with tasks on whichever workers there are.
    pub fn run<F: Future<Output = ()>>(mode: Mode, case: fn() -> F) {
        in_mode(mode, |mode| mode.bare().build().unwrap().block_on(case()));
    }
}
