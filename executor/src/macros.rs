//! The macros: several futures in one task ([`select!`](crate::select), [`join!`](crate::join),
//! [`try_join!`](crate::try_join)), [`pin!`](crate::pin) and [`task_local!`](crate::task_local).
//!
//! Those for several futures pass what they are given, with their `$crate` before it, to the
//! procedural macros of the same names in `pintle-macros`, where the expansions are drawn. They
//! contain no unsafe code: each future is pinned by `std::pin::pin!`, on the stack of the task.
//!
//! Tested in `tests/select.rs`, `tests/join.rs`, `tests/task_local.rs`; what is said of a wrong use,
//! and where, in `tests/wrong_use.rs`.

#[doc(hidden)]
pub mod support;

mod maybe_done;

/// Waits for the first of several futures, and runs its handler.
///
/// ```
/// use std::time::Duration;
/// use pintle::time::sleep;
///
/// # #[pintle::main]
/// # async fn main() {
/// let first = pintle::select! {
///     _ = sleep(Duration::from_millis(1)) => "short",
///     _ = sleep(Duration::from_secs(60)) => "long",
/// };
/// assert_eq!(first, "short");
/// # }
/// ```
///
/// A branch is
///
/// ```text
/// <pattern> = <future> (, if <precondition>)? => <handler>,
/// ```
///
/// of which there may be up to 64, and after them `else => <handler>`. The macro is used inside an
/// `async` function or block, and is an expression: what the handlers have in common is its type.
/// After a handler in braces the comma may be left out.
///
/// 1. The preconditions are evaluated; a branch whose precondition is `false` is *disabled*.
/// 2. The expressions of all futures are evaluated, of disabled branches too. Their futures are
///    polled later, or never.
/// 3. The branches that are not disabled are polled, all in this task, until one is ready. If its
///    output fits the pattern, all futures are dropped, and the handler is run with what the
///    pattern binds. If it does not fit, the branch is disabled and the others are waited for.
/// 4. When all branches are disabled, the handler of `else` is run.
///
/// The handlers run when the futures are gone: so they may use what the futures have borrowed, and
/// `?`, `return`, `break` and `continue` in them mean what they mean where the macro stands. The
/// futures are there together: of what several of them borrow, none may borrow it mutably.
///
/// # Order
///
/// Each time the task is polled it begins with another branch, at random, so that one that is
/// always ready does not starve the others. With `biased;` at the beginning the branches are
/// polled from the first to the last. This costs less, and there are cases where the order matters
/// (as the branch that says "stop"), but fairness is then your business.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let mut count = 0;
/// loop {
///     pintle::select! {
///         biased;
///         _ = async {}, if count < 3 => count += 1,
///         _ = async {} => break,
///     }
/// }
/// assert_eq!(count, 3);
/// # }
/// ```
///
/// # In a loop
///
/// Every round makes its futures anew. To keep one, make it before the loop, and name a reference
/// to it; [`pin!`](crate::pin) it if it has to be pinned.
///
/// ```
/// use std::time::Duration;
/// use pintle::time::{interval, sleep};
///
/// # #[pintle::main]
/// # async fn main() {
/// let mut ticks = interval(Duration::from_millis(1));
/// let stop = sleep(Duration::from_millis(10));
/// pintle::pin!(stop);
/// let mut count = 0;
/// loop {
///     pintle::select! {
///         _ = ticks.tick() => count += 1,
///         _ = &mut stop => break,
///     }
/// }
/// assert!(count > 0);
/// # }
/// ```
///
/// A precondition keeps such a future from being polled once more after it is done:
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let (first, second) = (async { 1 }, async { 2 });
/// pintle::pin!(first, second);
/// let (mut a, mut b) = (None, None);
/// loop {
///     pintle::select! {
///         output = &mut first, if a.is_none() => a = Some(output),
///         output = &mut second, if b.is_none() => b = Some(output),
///         else => break,
///     }
/// }
/// assert_eq!((a, b), (Some(1), Some(2)));
/// # }
/// ```
///
/// # Cancel safety
///
/// When one branch has won, the futures of the others are dropped, wherever they were. What they
/// had done until then stays done, and what they had not is not: a future that had read a part of
/// a message takes that part with it. So choose futures for which this does no harm: the
/// documentation of each operation has a section of this name. A future that is kept outside, as
/// above, is not dropped and loses nothing.
///
/// The macro itself is as cancel safe as the futures and the handlers in it.
///
/// # Budget
///
/// A task that has used up its [budget](crate::task::coop) yields here, before any branch is
/// polled.
///
/// # Panics
///
/// If all branches are disabled and there is no `else`.
///
/// # Errors of the compiler
///
/// ```compile_fail
/// # async fn f() {
/// pintle::select! {
///     x => {} // expected `= future`: a branch is `pattern = future => handler`
/// }
/// # }
/// ```
///
/// ```compile_fail
/// # async fn f() {
/// pintle::select! {
///     else => {}
///     _ = async {} => {} // `else` comes last
/// }
/// # }
/// ```
#[cfg(feature = "macros")]
#[macro_export]
macro_rules! select {
    ($($branches:tt)*) => {
        $crate::macros::support::select! { ($crate) $($branches)* }
    };
}

/// Waits for all of several futures, in one task, and gives their outputs as a tuple.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let (a, b) = pintle::join!(async { 1 }, async { "two" });
/// assert_eq!((a, b), (1, "two"));
/// # }
/// ```
///
/// The futures run *at the same time* but not *in parallel*: they are polled in turn by the task
/// that they are a part of, and may borrow from it. While one of them blocks, so do the others. To
/// use several workers, [`spawn`](crate::spawn) them, and join the handles.
///
/// Each poll of the task begins with another one of them, so that one that uses up the task's
/// [budget](crate::task::coop) does not keep the others from making progress. With `biased;` before
/// them they are polled from the first to the last.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let order = std::cell::RefCell::new(Vec::new());
/// pintle::join!(
///     biased;
///     async { order.borrow_mut().push(1) },
///     async { order.borrow_mut().push(2) },
/// );
/// assert_eq!(order.into_inner(), [1, 2]);
/// # }
/// ```
///
/// # Cancel safety
///
/// If the task is cancelled while it waits, the outputs that are already there are dropped.
#[cfg(feature = "macros")]
#[macro_export]
macro_rules! join {
    ($($futures:tt)*) => {
        $crate::macros::support::join! { ($crate) $($futures)* }
    };
}

/// Waits for all of several futures, in one task, or for the first error.
///
/// Every future's output is a `Result`, with the same error. If all are `Ok` the result is `Ok` of
/// a tuple. With the first `Err` it ends: that is the result, and the other futures are dropped.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// async fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
///     text.parse()
/// }
/// let both = pintle::try_join!(parse("1"), parse("2"));
/// assert_eq!(both, Ok((1, 2)));
/// let both = pintle::try_join!(parse("1"), parse("two"));
/// assert!(both.is_err());
/// # }
/// ```
///
/// Everything else is as with [`join!`](crate::join), `biased;` too. Joining the handles of spawned
/// tasks ends only with a task that panicked or was cancelled, since the *handle's* output is what
/// counts:
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// async fn flatten<T>(task: pintle::task::JoinHandle<Result<T, String>>) -> Result<T, String> {
///     task.await.map_err(|error| error.to_string())?
/// }
/// let one = pintle::spawn(async { Ok(1) });
/// let two = pintle::spawn(async { Err("no two".to_string()) as Result<i32, _> });
/// let both = pintle::try_join!(flatten(one), flatten(two));
/// assert_eq!(both, Err("no two".to_string()));
/// # }
/// ```
///
/// # Cancel safety
///
/// If the task is cancelled while it waits, or one of the futures ends with an error, the outputs
/// that are already there are dropped, and so are the futures that are not done.
#[cfg(feature = "macros")]
#[macro_export]
macro_rules! try_join {
    ($($futures:tt)*) => {
        $crate::macros::support::try_join! { ($crate) $($futures)* }
    };
}

/// Pins futures to the stack, under the names they have.
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let future = async { 6 * 7 };
/// pintle::pin!(future);
/// assert_eq!((&mut future).await, 42);
/// # }
/// ```
///
/// Several at a time, and also where they are made:
///
/// ```
/// # #[pintle::main]
/// # async fn main() {
/// let (one, two) = (async { 1 }, async { 2 });
/// pintle::pin!(one, two);
/// pintle::pin! {
///     let three = async { 3 };
///     let four = async { 4 };
/// }
/// assert_eq!(pintle::join!(one, two, three, four), (1, 2, 3, 4));
/// # }
/// ```
///
/// It takes names, since the pinned value is gone under its own; for an expression there is
/// [`std::pin::pin!`]:
///
/// ```compile_fail
/// # async fn f() {
/// pintle::pin!(async { 1 });
/// # }
/// ```
#[macro_export]
macro_rules! pin {
    ($($name:ident),+ $(,)?) => {
        $(
            #[allow(unused_mut)]
            let mut $name = ::core::pin::pin!($name);
        )+
    };
    ($(let $name:ident = $future:expr;)+) => {
        $(
            #[allow(unused_mut)]
            let mut $name = ::core::pin::pin!($future);
        )+
    };
}

/// Declares values that each task has for itself.
///
/// ```
/// pintle::task_local! {
///     /// Whose request this task serves.
///     pub static USER: String;
///
///     static DEPTH: u32;
/// }
///
/// # #[pintle::main]
/// # async fn main() {
/// let greeting = USER.scope("Ada".to_string(), async {
///     DEPTH.scope(1, async { USER.with(|user| format!("Hello {user}, {}", DEPTH.get())) }).await
/// });
/// assert_eq!(greeting.await, "Hello Ada, 1");
/// # }
/// ```
///
/// Each becomes a [`LocalKey`](crate::task::LocalKey), which has a value within a
/// [`scope`](crate::task::LocalKey::scope), and only there: a task that is spawned in a scope starts
/// without.
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty $(; $($rest:tt)*)?) => {
        $(#[$attribute])*
        $visibility static $name: $crate::task::LocalKey<$type> = {
            $crate::macros::support::thread_local! {
                static KEY: $crate::macros::support::Slot<$type> =
                    const { $crate::macros::support::Slot::new(::core::option::Option::None) };
            }
            $crate::macros::support::new_key(KEY)
        };
        $($crate::task_local! { $($rest)* })?
    };
}
