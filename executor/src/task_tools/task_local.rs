//! Values that belong to a task: the keys that [`task_local!`](crate::task_local) declares.
//!
//! A key is a thread-local slot. The value itself lives in the future that
//! [`scope`](LocalKey::scope) returns, which swaps it into the slot for each poll, and out again
//! after it, whether the poll returns or panics. What was in the slot before, an outer scope's
//! value, waits in the future meanwhile. So scopes nest, and the value follows its task from
//! thread to thread.

use pin_project_lite::pin_project;
use pintle_sync::shim::thread;
use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::mem::swap;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Where a thread keeps the value of the task that it polls.
pub type Slot<T> = RefCell<Option<T>>;

/// For `task_local!`.
pub const fn new_key<T>(slot: thread::LocalKey<Slot<T>>) -> LocalKey<T> {
    LocalKey { slot }
}

/// A value that each task has for itself, declared by [`task_local!`](crate::task_local).
///
/// ```
/// pintle::task_local! {
///     static REQUEST: u64;
/// }
///
/// async fn log(line: &str) -> String {
///     format!("{}: {line}", REQUEST.get())
/// }
///
/// # #[pintle::main]
/// # async fn main() {
/// let first = pintle::spawn(REQUEST.scope(1, log("begin")));
/// let second = pintle::spawn(REQUEST.scope(2, log("begin")));
/// assert_eq!(first.await.unwrap(), "1: begin");
/// assert_eq!(second.await.unwrap(), "2: begin");
/// # }
/// ```
pub struct LocalKey<T: 'static> {
    slot: thread::LocalKey<Slot<T>>,
}

impl<T> LocalKey<T> {
    /// Gives the key a value for as long as `future` runs; also while it is dropped.
    ///
    /// Within it, another scope of the same key hides this value until it ends.
    ///
    /// ```
    /// pintle::task_local! {
    ///     static DEPTH: u32;
    /// }
    ///
    /// # #[pintle::main]
    /// # async fn main() {
    /// DEPTH.scope(1, async {
    ///     DEPTH.scope(2, async { assert_eq!(DEPTH.get(), 2) }).await;
    ///     assert_eq!(DEPTH.get(), 1);
    /// })
    /// .await;
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// The future panics if it is polled inside the closure of a [`with`](Self::with) of this key.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture {
            key: self,
            value: Some(value),
            future: Some(future),
        }
    }

    /// Gives the key a value for as long as `f` runs.
    ///
    /// ```
    /// pintle::task_local! {
    ///     static NAME: &'static str;
    /// }
    ///
    /// assert_eq!(NAME.sync_scope("Ada", || NAME.get().len()), 3);
    /// ```
    ///
    /// # Panics
    ///
    /// Inside the closure of a [`with`](Self::with) of this key.
    #[track_caller]
    pub fn sync_scope<R>(&'static self, value: T, f: impl FnOnce() -> R) -> R {
        let mut value = Some(value);
        let _entered = self.enter_or_panic(&mut value);
        f()
    }

    /// Calls `f` with the value.
    ///
    /// # Panics
    ///
    /// Outside of a scope. [`try_with`](Self::try_with) does not.
    ///
    /// ```
    /// pintle::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// let length = NAME.sync_scope("Ada".to_string(), || NAME.with(|name| name.len()));
    /// assert_eq!(length, 3);
    /// ```
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => panic!("`LocalKey::with` or `get`: {error}"),
        }
    }

    /// Calls `f` with the value, if there is one.
    ///
    /// # Errors
    ///
    /// Outside of a scope.
    ///
    /// ```
    /// pintle::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// assert!(NAME.try_with(|name| name.len()).is_err());
    /// ```
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        let found = self.slot.try_with(|slot| slot.borrow().as_ref().map(f));
        found.ok().flatten().ok_or(AccessError(()))
    }

    /// Swaps `value` with what is in the slot, until the result is dropped.
    fn enter<'a>(&'static self, value: &'a mut Option<T>) -> Result<Entered<'a, T>, Closed> {
        self.slot
            .try_with(|slot| match slot.try_borrow_mut() {
                Ok(mut slot) => {
                    swap(&mut *slot, value);
                    Ok(())
                }
                Err(_) => Err(Closed::Borrowed),
            })
            .unwrap_or(Err(Closed::Destroyed))?;
        Ok(Entered { key: self, value })
    }

    #[track_caller]
    fn enter_or_panic<'a>(&'static self, value: &'a mut Option<T>) -> Entered<'a, T> {
        match self.enter(value) {
            Ok(entered) => entered,
            Err(Closed::Borrowed) => panic!(
                "a scope of a task-local key begins inside the closure of a `with` of the same key, \
                 which still uses the value that the scope would hide; `get` a copy, and leave the \
                 closure first"
            ),
            Err(Closed::Destroyed) => panic!(
                "a scope of a task-local key begins while the thread's locals are being destroyed"
            ),
        }
    }
}

impl<T: Clone> LocalKey<T> {
    /// A copy of the value.
    ///
    /// # Panics
    ///
    /// Outside of a scope. [`try_get`](Self::try_get) does not.
    ///
    /// ```
    /// pintle::task_local! {
    ///     static DEPTH: u32;
    /// }
    ///
    /// assert_eq!(DEPTH.sync_scope(3, || DEPTH.get()), 3);
    /// ```
    #[track_caller]
    pub fn get(&'static self) -> T {
        self.with(T::clone)
    }

    /// A copy of the value, if there is one.
    ///
    /// # Errors
    ///
    /// Outside of a scope.
    ///
    /// ```
    /// pintle::task_local! {
    ///     static DEPTH: u32;
    /// }
    ///
    /// assert_eq!(DEPTH.try_get().unwrap_or(0), 0);
    /// ```
    pub fn try_get(&'static self) -> Result<T, AccessError> {
        self.try_with(T::clone)
    }
}

impl<T> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// Why a scope cannot begin.
enum Closed {
    Borrowed,
    Destroyed,
}

/// The value is in the slot, and what was there is in `value`, until this is dropped.
struct Entered<'a, T: 'static> {
    key: &'static LocalKey<T>,
    value: &'a mut Option<T>,
}

impl<T> Drop for Entered<'_, T> {
    fn drop(&mut self) {
        // Borrows end before the scope in which they begin, so this is no second one. If the slot
        // is gone, so is what was in it.
        let value = &mut *self.value;
        let _ = self
            .key
            .slot
            .try_with(|slot| swap(&mut *slot.borrow_mut(), value));
    }
}

pin_project! {
    /// The future of [`LocalKey::scope`]: another future, with a value.
    ///
    /// # Cancel safety
    ///
    /// As that of the future inside, which is dropped with the value in its place.
    ///
    /// # Panics
    ///
    /// If it is polled again after it has given its output.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct TaskLocalFuture<T: 'static, F> {
        key: &'static LocalKey<T>,
        // During a poll: what the slot held before it.
        value: Option<T>,
        #[pin]
        future: Option<F>,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() && let Ok(_entered) = this.key.enter(this.value) {
                this.future.set(None);
            }
        }
    }
}

impl<T, F> TaskLocalFuture<T, F> {
    /// Takes the value away. The future then runs without.
    ///
    /// ```
    /// pintle::task_local! {
    ///     static COUNT: std::cell::Cell<u32>;
    /// }
    ///
    /// # #[pintle::main]
    /// # async fn main() {
    /// let future = COUNT.scope(Default::default(), async { COUNT.with(|count| count.set(5)) });
    /// pintle::pin!(future);
    /// future.as_mut().await;
    /// assert_eq!(future.take_value().unwrap().get(), 5);
    /// # }
    /// ```
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _entered = this.key.enter_or_panic(this.value);
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("a `TaskLocalFuture` was polled after it had given its output");
        };
        let output = ready!(future.poll(cx));
        this.future.set(None);
        Poll::Ready(output)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture")
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

/// The task has no value for this key: the code does not run inside a
/// [`scope`](LocalKey::scope).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the task-local key has no value here; run the code inside the future given to \
             `LocalKey::scope`. A spawned task does not inherit the scope it is spawned in",
        )
    }
}

impl Error for AccessError {}
