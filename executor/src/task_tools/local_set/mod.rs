//! [`LocalSet`]: tasks that run where their set is awaited.
//!
//! The tasks are real ones, whose scheduler is the set's [`Home`]. Here is what drives them, and the
//! stack of sets that this thread is in, the last of which `task::spawn_local` spawns on.

mod home;

use crate::runtime::Runtime;
use crate::task::JoinHandle;
use crate::worker;
use home::{Driver, Home};
use pin_project_lite::pin_project;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A set of tasks that need not be `Send`, which run while the set is awaited, and in no other
/// thread than the one that made it.
///
/// **Pintle seldom needs it**: every worker, and the thread inside [`block_on`](Runtime::block_on),
/// runs such tasks, so [`spawn_local`](crate::task::spawn_local) may be called in any task. A set is
/// for programs that are used to it, and for tasks that
///
/// - are spawned before there is a runtime, or outlive a `block_on`;
/// - are to be waited for together, with all that they spawn by [`spawn_local`] in turn;
/// - are to end with the set: dropping it drops them.
///
/// Its tasks make progress only while somebody waits for the set, for [`run_until`](Self::run_until),
/// or inside [`block_on`](Self::block_on). Meanwhile `spawn_local` spawns on the set, in the future
/// that is run as in the tasks.
///
/// [`spawn_local`]: crate::task::spawn_local
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use pintle::task::{self, LocalSet};
///
/// # #[pintle::main]
/// # async fn main() {
/// let count = Rc::new(Cell::new(0));
/// let set = LocalSet::new();
/// let theirs = count.clone();
/// set.spawn_local(async move {
///     let more = theirs.clone();
///     task::spawn_local(async move { more.set(more.get() + 1) });
///     theirs.set(theirs.get() + 1);
/// });
/// set.await;
/// assert_eq!(count.get(), 2);
/// # }
/// ```
///
/// To have the outputs of the tasks, take a [`JoinSet`](crate::task::JoinSet) and its
/// [`spawn_local`](crate::task::JoinSet::spawn_local).
pub struct LocalSet {
    /// For awaiting the set itself.
    driver: Driver,
    not_send: PhantomData<Rc<()>>,
}

impl LocalSet {
    /// An empty set, on this thread. Needs no runtime.
    pub fn new() -> Self {
        Self {
            driver: Driver::new(Home::new()),
            not_send: PhantomData,
        }
    }

    /// Spawns a task on the set. It begins when the set is awaited next. Needs no runtime.
    ///
    /// ```
    /// use std::rc::Rc;
    /// use pintle::task::LocalSet;
    ///
    /// let set = LocalSet::new();
    /// let shared = Rc::new(5);
    /// let task = set.spawn_local(async move { *shared + 1 });
    ///
    /// let runtime = pintle::runtime::Runtime::new()?;
    /// assert_eq!(set.block_on(&runtime, task).unwrap(), 6);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_named(future, None)
    }

    pub(crate) fn spawn_named<F>(&self, future: F, name: Option<Box<str>>) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.home().spawn(future, name)
    }

    /// Runs `future`, and the set's tasks, until `future` is done. Tasks that are not done by then go
    /// on when the set is awaited next.
    ///
    /// # Cancel safety
    ///
    /// As that of `future`; the set's tasks lose nothing.
    ///
    /// ```
    /// use std::rc::Rc;
    /// use pintle::task::{self, LocalSet};
    ///
    /// # #[pintle::main]
    /// # async fn main() {
    /// let shared = Rc::new(5);
    /// let set = LocalSet::new();
    /// let sum = set.run_until(async move {
    ///     let theirs = shared.clone();
    ///     *shared + task::spawn_local(async move { *theirs }).await.unwrap()
    /// });
    /// assert_eq!(sum.await, 10);
    /// # }
    /// ```
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        let run_until = RunUntil {
            driver: Driver::new(self.home().clone()),
            future,
        };
        run_until.await
    }

    /// Runs `future`, and the set's tasks, on this thread and in `runtime`, until `future` is done;
    /// as [`run_until`](Self::run_until) inside [`Runtime::block_on`].
    ///
    /// # Panics
    ///
    /// As `Runtime::block_on`.
    ///
    /// ```
    /// use pintle::task::{self, LocalSet};
    ///
    /// let runtime = pintle::runtime::Runtime::new()?;
    /// let set = LocalSet::new();
    /// let output = set.block_on(&runtime, async { task::spawn_local(async { 7 }).await.unwrap() });
    /// assert_eq!(output, 7);
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }

    /// Until the guard is dropped, [`task::spawn_local`](crate::task::spawn_local) spawns on this
    /// set. Of several guards the one made last counts, in whatever order they are dropped.
    ///
    /// ```
    /// use pintle::task::{self, LocalSet};
    ///
    /// let set = LocalSet::new();
    /// let guard = set.enter();
    /// let task = task::spawn_local(async { 7 });
    /// drop(guard);
    ///
    /// let runtime = pintle::runtime::Runtime::new()?;
    /// assert_eq!(set.block_on(&runtime, task).unwrap(), 7);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard(Inside::new(self.home(), Where::Anywhere))
    }

    fn home(&self) -> &Arc<Home> {
        self.driver.home()
    }
}

impl Default for LocalSet {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet").finish_non_exhaustive()
    }
}

/// Runs the set's tasks until all have ended, those included that they spawn. Awaiting it by `&mut`
/// is cancel safe; otherwise cancelling drops the set.
impl Future for LocalSet {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _inside = Inside::here(self.home());
        self.driver.drive(cx.waker());
        if self.home().is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        let _inside = Inside::here(self.home());
        self.home().close();
    }
}

pin_project! {
    struct RunUntil<F> {
        driver: Driver,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for RunUntil<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _inside = Inside::here(this.driver.home());
        let output = this.future.poll(cx);
        if output.is_pending() {
            this.driver.drive(cx.waker());
        }
        output
    }
}

// ----- the sets that this thread is in -----------------------------------------------------------

pintle_sync::thread_local! {
    static INSIDE: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
    static ENTRIES: Cell<u64> = const { Cell::new(0) };
    /// How many there are in `INSIDE`: the answer is none for most who ask.
    static SETS: Cell<usize> = const { Cell::new(0) };
}

struct Entered {
    entry: u64,
    home: Arc<Home>,
    place: Where,
}

/// Where a thread counts as inside a set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Anywhere,
    /// On that worker, or on none. A `block_on` inside a task of the set is another one, whose own
    /// tasks must not wait until the set is driven again.
    On(Option<*const ()>),
}

fn this_worker() -> Option<*const ()> {
    worker::with_local(|local| std::ptr::from_ref(local).cast())
}

/// Inside the set until dropped.
struct Inside {
    /// `None` on a thread that is ending, which is inside of nothing any more.
    entry: Option<u64>,
    not_send: PhantomData<Rc<()>>,
}

impl Inside {
    fn here(home: &Arc<Home>) -> Self {
        Self::new(home, Where::On(this_worker()))
    }

    fn new(home: &Arc<Home>, place: Where) -> Self {
        let push = |inside: &RefCell<Vec<Entered>>| {
            let entry = ENTRIES.get() + 1;
            ENTRIES.set(entry);
            let home = home.clone();
            let mut inside = inside.borrow_mut();
            inside.push(Entered { entry, home, place });
            SETS.set(inside.len());
            entry
        };
        Self {
            entry: INSIDE.try_with(push).ok(),
            not_send: PhantomData,
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let Some(entry) = self.entry else { return };
        // Dropped outside of the borrow.
        let _left = INSIDE.try_with(|inside| {
            let mut inside = inside.borrow_mut();
            let at = inside.iter().rposition(|other| other.entry == entry)?;
            let left = inside.remove(at);
            SETS.set(inside.len());
            Some(left)
        });
    }
}

/// The set this thread is in.
#[inline]
pub(crate) fn current() -> Option<Arc<Home>> {
    match SETS.get() {
        0 => None,
        _ => innermost(),
    }
}

#[cold]
fn innermost() -> Option<Arc<Home>> {
    let last = INSIDE.try_with(|inside| {
        let inside = inside.borrow();
        let last = inside.last()?;
        let counts = last.place == Where::Anywhere || last.place == Where::On(this_worker());
        counts.then(|| last.home.clone())
    });
    last.ok().flatten()
}

/// What [`LocalSet::enter`] returns: leaves the set when dropped.
#[must_use = "dropping it leaves the set"]
pub struct LocalEnterGuard(#[expect(dead_code, reason = "held for its drop")] Inside);

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEnterGuard").finish_non_exhaustive()
    }
}
