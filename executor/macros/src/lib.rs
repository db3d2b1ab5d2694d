//! The procedural macros of the Pintle async runtime.
//!
//! Use them through `pintle`; this crate is a part of it and has no life of its own.
//!
//! - `pintle::main` and `pintle::test` (`entry`) turn an `async fn` into a plain one that builds a
//!   runtime and blocks on the body. `tests/expansion.rs` compiles and runs what comes out.
//! - `pintle::select!` (`select`), `join!` and `try_join!` (`join`) are `macro_rules!` of `pintle`,
//!   with their documentation, which pass on their input; `branches` is what these have in
//!   common. What comes out is run by the tests of `pintle`.
//!
//! All parse and expand `proc_macro2` tokens, so that their unit tests run outside the compiler.

#![forbid(unsafe_code)]

mod branches;
mod entry;
mod join;
mod select;

use entry::Kind;
use proc_macro::TokenStream;

/// Runs an `async fn` on a runtime made for it.
///
/// Meant for `async fn main`; on any other function, arguments are allowed too, and each call
/// makes a runtime of its own. The function may return whatever the plain one could: `Result`,
/// `ExitCode`, `impl Termination`, `!`.
///
/// ```
#[doc = include_str!("../tests/stub/hidden.md")]
/// #[pintle::main]
/// async fn main() {
///     println!("on a work-stealing runtime");
/// }
/// ```
///
/// # Attributes
///
/// | attribute | value | without it |
/// | --- | --- | --- |
/// | `flavor` | `"multi_thread"` (work-stealing), `"thread_per_core"` (share-nothing) or `"current_thread"` | `"multi_thread"` |
/// | `worker_threads` | how many workers, at least 1; not with `"current_thread"` | one a processor |
/// | `start_paused` | `true`: the clock stands still and advances by itself when everything sleeps | `false` |
/// | `crate` | the path of the crate, for those who renamed the dependency, as a string | `"::pintle"` |
///
/// ```
#[doc = include_str!("../tests/stub/hidden.md")]
/// #[pintle::main(flavor = "thread_per_core", worker_threads = 2)]
/// async fn main() -> std::io::Result<()> {
///     println!("on the first thread of a share-nothing runtime");
///     Ok(())
/// }
/// ```
///
/// # What it stands for
///
/// ```
#[doc = include_str!("../tests/stub/hidden.md")]
/// fn main() {
///     pintle::runtime::Builder::new_multi_thread()
///         .enable_all()
///         .build()
///         .expect("failed to build the runtime")
///         .block_on(async {
///             println!("on a work-stealing runtime");
///         })
/// }
/// ```
///
/// Write it out when you need another of the builder's settings.
///
/// # Panics
///
/// When the operating system refuses what a runtime needs (threads, an event queue).
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Kind::Main, args.into(), item.into()).into()
}

/// Runs an `async fn` as a test, on a runtime made for it.
///
/// Takes the attributes of `pintle::main`; the flavour without one is `"current_thread"`. Other
/// attributes, as `#[ignore]` or `#[should_panic]`, mean what they mean on a plain test; do not
/// add `#[test]`, this attribute does.
///
/// ```
#[doc = include_str!("../tests/stub/hidden.md")]
/// #[pintle::test]
/// async fn it_works() {
///     assert_eq!(1 + 1, 2);
/// }
///
/// #[pintle::test(flavor = "thread_per_core", worker_threads = 2, start_paused = true)]
/// async fn it_works_on_two_workers_in_no_time() -> Result<(), std::num::ParseIntError> {
///     assert_eq!("2".parse::<i32>()?, 2);
///     Ok(())
/// }
/// # fn main() {}
/// ```
///
/// # Panics
///
/// When the operating system refuses what a runtime needs (threads, an event queue).
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Kind::Test, args.into(), item.into()).into()
}

/// What `pintle::select!` passes its input to.
#[doc(hidden)]
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    select::expand(input.into()).into()
}

/// What `pintle::join!` passes its input to.
#[doc(hidden)]
#[proc_macro]
pub fn join(input: TokenStream) -> TokenStream {
    join::expand(join::Kind::Join, input.into()).into()
}

/// What `pintle::try_join!` passes its input to.
#[doc(hidden)]
#[proc_macro]
pub fn try_join(input: TokenStream) -> TokenStream {
    join::expand(join::Kind::TryJoin, input.into()).into()
}
