//! The one switch between the real primitives and the model checker's.
//!
//! Names match `std` (locks match `parking_lot`: no poison, guards straight from `lock`), so that
//! product code reads like product code. Under `--cfg loom` the same names come from
//! [loom](https://docs.rs/loom), which runs a model again for every interleaving and every value
//! a relaxed load may return.
//!
//! What the model checker does not tell apart, and product code therefore avoids:
//! - `SeqCst` loads and stores count as `Acquire`/`Release`. Store-then-load protocols are
//!   written with [`sync::atomic::fence`]`(SeqCst)`, which is modelled.
//! - a wait with a time limit never times out in a model, except that a condition variable is not
//!   waited for if the time is over before the wait.
//! - `std::thread_local!` is shared by all modelled threads, which are one thread to the operating
//!   system; use [`crate::thread_local!`].
//! - the time and everything random differ from run to run, and a model must not: use [`time`] and
//!   [`machine`].
//! - a panic that is caught may have been the model's verdict; use [`panic::catch_unwind`], which in
//!   a model catches nothing.

/// Makes a function that is `const`, except in a model, where nothing can be made at compile time.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $vis:vis const fn $($rest:tt)*) => {
        #[cfg(not(loom))]
        $(#[$attribute])*
        $vis const fn $($rest)*

        #[cfg(loom)]
        $(#[$attribute])*
        $vis fn $($rest)*
    };
}

#[cfg(not(loom))]
mod real;
#[cfg(not(loom))]
pub use real::*;

#[cfg(loom)]
mod model;
#[cfg(loom)]
pub use model::*;
