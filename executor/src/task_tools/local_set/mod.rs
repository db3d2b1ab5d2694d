//! [`LocalSet`]: a name from elsewhere for what every worker does.
//!
//! The tasks are those of [`spawn_local`](crate::task::spawn_local). Each is wrapped in a [`Member`],
//! whose drop, wherever the task's life ends, tells the set that there is one less.

use crate::runtime::Runtime;
use crate::task::{AbortHandle, JoinHandle};
use pin_project_lite::pin_project;
use slab::Slab;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A set of tasks that stay on this thread. **Pintle does not need it**: it is here so that programs
/// that use it run.
///
/// In other runtimes futures that are not `Send` can be spawned only inside such a set, which runs
/// its tasks while it is awaited. In Pintle every worker, and the thread inside
/// [`block_on`](Runtime::block_on), runs such tasks, and [`spawn_local`](crate::task::spawn_local)
/// may be called in any task. A `LocalSet` is then no more than a list of tasks:
///
/// - [`spawn_local`](Self::spawn_local) is [`task::spawn_local`](crate::task::spawn_local), with the
///   task on the list. The task begins at once; it does not wait for the set to be awaited.
/// - Awaiting the set waits until every task on the list has ended.
/// - Dropping the set aborts the tasks on the list.
/// - [`run_until`](Self::run_until) is `.await`, and [`block_on`](Self::block_on) is the runtime's.
///
/// What the function `task::spawn_local` makes is on no list, even if one of the set's tasks calls
/// it. As ever it ends with the call of `block_on` that it was made in.
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
///
/// To wait for tasks and have their outputs, take a [`JoinSet`](crate::task::JoinSet).
#[derive(Debug, Default)]
pub struct LocalSet {
    list: Rc<List>,
}

#[derive(Debug, Default)]
struct List {
    /// Empty for the moment between the making of a task and that of its handle.
    tasks: RefCell<Slab<Option<AbortHandle>>>,
    /// Who waits for the end of the last one.
    waker: RefCell<Option<Waker>>,
}

impl LocalSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Spawns a task that stays on this thread, and puts it on the list.
    ///
    /// # Panics
    ///
    /// On a thread that is not a worker: unlike in other runtimes, the set itself runs nothing, so
    /// call this inside `block_on` or a task.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    ///
    /// # #[pintle::main]
    /// # async fn main() {
    /// let count = Rc::new(Cell::new(0));
    /// let set = pintle::task::LocalSet::new();
    /// for _ in 0..3 {
    ///     let count = count.clone();
    ///     set.spawn_local(async move { count.set(count.get() + 1) });
    /// }
    /// set.await;
    /// assert_eq!(count.get(), 3);
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let list = self.list.clone();
        let key = list.tasks.borrow_mut().insert(None);
        let handle = crate::task::spawn_local(Member {
            future,
            listed: Listed { list, key },
        });
        // A runtime that shuts down may have dropped it already.
        if let Some(task) = self.list.tasks.borrow_mut().get_mut(key) {
            *task = Some(handle.abort_handle());
        }
        handle
    }

    /// Waits for `future`. The set's tasks run meanwhile, as they do at any other time.
    ///
    /// # Cancel safety
    ///
    /// As that of `future`.
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        future.await
    }

    /// Runs `future` on `runtime`; see [`Runtime::block_on`].
    ///
    /// The set's tasks run meanwhile, and those that have not ended then end with this call.
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
        runtime.block_on(future)
    }
}

/// Waits until every task on the list has ended. Awaiting it by `&mut` is cancel safe; otherwise
/// cancelling drops the set.
impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.list.tasks.borrow().is_empty() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let old = self.list.waker.borrow_mut().replace(waker);
        drop(old);
        Poll::Pending
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        let tasks = self.list.tasks.take();
        tasks
            .into_iter()
            .filter_map(|(_, task)| task)
            .for_each(|task| task.abort());
    }
}

pin_project! {
    /// A future on the list.
    struct Member<F> {
        #[pin]
        future: F,
        listed: Listed,
    }
}

impl<F: Future> Future for Member<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

/// A place on the list, until dropped.
struct Listed {
    list: Rc<List>,
    key: usize,
}

impl Drop for Listed {
    fn drop(&mut self) {
        let (task, is_last) = {
            let mut tasks = self.list.tasks.borrow_mut();
            (tasks.try_remove(self.key), tasks.is_empty())
        };
        drop(task);
        if is_last {
            let waker = self.list.waker.take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}
