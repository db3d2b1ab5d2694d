//! What each primitive promises, on a plain `block_on`: no runtime is there, and what is spawned is a
//! thread. The same cases run in a runtime in `executor/tests/sync_behaviour.rs`.

#![cfg(not(loom))]

macro_rules! cases {
    ($(polls { $($poll:ident,)* })? $(tasks { $($task:ident,)* })?) => {
        mod plain {
            $($(
                #[test]
                fn $poll() {
                    futures_lite::future::block_on(async { super::$poll() });
                }
            )*)?
            $($(
                #[test]
                fn $task() {
                    futures_lite::future::block_on(super::$task());
                }
            )*)?
        }
    };
}

mod cases;
#[path = "plain/mod.rs"]
mod place;
