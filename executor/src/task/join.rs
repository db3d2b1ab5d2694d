//! What the spawner of a task is left with: the handle to wait for it, and to abort it.

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, RawWakerVTable, Waker, ready};

use pintle_sync::budget;

use super::header::{Header, release};
use super::poll::quietly;
use super::state::{DropJoin, JoinWaker};
use super::{Id, JoinError, waker};

/// Waits for a spawned task and gives its output.
///
/// Awaiting it gives `Ok` with the output, or a [`JoinError`] if the task panicked or was
/// cancelled. Dropping it *detaches* the task, which goes on running and whose output is dropped
/// when it ends.
///
/// The output is handed over on the thread that awaits; so the handle may be sent to another
/// thread if the output may be.
///
/// # Cancel safety
///
/// Waiting is cancel safe: a handle that is polled by `&mut` in one branch of a `select!` loses
/// nothing when another branch wins.
///
/// # Panics
///
/// If it is polled again after it has given the output.
///
/// ```
/// # let runtime = pintle::runtime::Runtime::new().unwrap();
/// # runtime.block_on(async {
/// let handle = pintle::spawn(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
/// # });
/// ```
pub struct JoinHandle<T> {
    task: NonNull<Header>,
    /// What identifies the join waker that the task now has, if any: comparing it costs no
    /// access to the task. Two live wakers are equal if these are, which is what
    /// [`Waker::will_wake`] asks, and the task's lives as long as it can be woken.
    asked: Option<(*const (), &'static RawWakerVTable)>,
    output: PhantomData<T>,
}

// SAFETY: the header is shared by design; what crosses threads with the handle is the output.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle gives access to the id and to `abort`, which any thread may use.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}
// The output is never pinned.
impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// The caller gives the handle the reference that the task was born with for it, and `T` is
    /// the output of the task's future.
    pub(super) unsafe fn from_raw(task: NonNull<Header>) -> Self {
        Self {
            task,
            asked: None,
            output: PhantomData,
        }
    }

    fn header(&self) -> &Header {
        // SAFETY: the handle has a reference.
        unsafe { self.task.as_ref() }
    }

    /// Cancels the task.
    ///
    /// If the task has not completed, its future is dropped by the thread that would have polled
    /// it next, and waiting for it gives a [`JoinError`] for which
    /// [`is_cancelled`](JoinError::is_cancelled) holds. A poll that is under way is not
    /// interrupted; if it completes the task, the output stands. A closure of `spawn_blocking`
    /// that has started cannot be aborted.
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(std::future::pending::<()>());
    /// handle.abort();
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort(&self) {
        // SAFETY: the handle has a reference.
        unsafe { abort(self.task) };
    }

    /// Makes a handle that can abort the task and nothing else.
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(std::future::pending::<()>());
    /// let abort = handle.abort_handle();
    /// pintle::spawn(async move { abort.abort() });
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort_handle(&self) -> AbortHandle {
        // SAFETY: the handle has a reference.
        unsafe { AbortHandle::new(self.task) }
    }

    /// Whether the task has completed, with an output or without.
    ///
    /// Just after [`abort`](Self::abort) the answer may still be `false`: cancelling takes a
    /// moment.
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(async {});
    /// while !handle.is_finished() {
    ///     pintle::task::yield_now().await;
    /// }
    /// # });
    /// ```
    pub fn is_finished(&self) -> bool {
        self.header().state.is_complete()
    }

    /// The [`Id`] of the task.
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(async {});
    /// println!("task {} is under way", handle.id());
    /// # });
    /// ```
    pub fn id(&self) -> Id {
        self.header().id
    }

    /// Whether the task is complete; if it is not, `waker` will be woken when it is.
    fn poll_complete(&mut self, waker: &Waker) -> bool {
        // SAFETY: the handle has a reference, for longer than this call.
        let header = unsafe { self.task.as_ref() };
        if header.state.is_complete() {
            return true;
        }
        let wanted = (waker.data(), waker.vtable());
        if self
            .asked
            .is_some_and(|(data, table)| (data, table) == wanted)
        {
            return false;
        }
        // Someone else's code, which may panic: before anything is changed.
        let waker = waker.clone();
        if self.asked.is_some() {
            match header.state.unset_join_waker() {
                JoinWaker::Complete => return true,
                JoinWaker::Done => self.asked = None,
            }
        }
        // SAFETY: JOIN_WAKER is clear, so the waker is the handle's (rule 3).
        let replaced = header
            .join_waker
            .with_mut(|own| unsafe { (*own).replace(waker) });
        let complete = match header.state.set_join_waker() {
            JoinWaker::Done => {
                self.asked = Some(wanted);
                false
            }
            JoinWaker::Complete => {
                self.drop_waker();
                true
            }
        };
        drop(replaced);
        complete
    }

    /// Drops the join waker. JOIN_WAKER is clear.
    fn drop_waker(&self) {
        // SAFETY: JOIN_WAKER is clear, so the waker is the handle's (rule 3).
        drop(
            self.header()
                .join_waker
                .with_mut(|own| unsafe { (*own).take() }),
        );
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let progress = ready!(budget::poll_proceed(cx));
        if !self.poll_complete(cx.waker()) {
            return Poll::Pending;
        }
        let mut result = MaybeUninit::<Self::Output>::uninit();
        let take_output = self.header().vtable.take_output;
        // SAFETY: the task is complete, and `result` has room for its kind of result.
        if !unsafe { take_output(self.task, result.as_mut_ptr().cast()) } {
            panic!("a JoinHandle was polled after it had given the task's output; keep the output");
        }
        progress.made_progress();
        // SAFETY: the answer was that the result is written.
        Poll::Ready(unsafe { result.assume_init() })
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        match self.header().state.drop_join() {
            DropJoin::Left => return,
            DropJoin::DropWaker => quietly(|| self.drop_waker()),
            // SAFETY: the task is complete.
            DropJoin::DropOutput => unsafe { (self.header().vtable.drop_output)(self.task) },
        }
        // SAFETY: the handle's reference, which the transition has left.
        unsafe { release(self.task, 1) };
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// Aborts a task, from any thread, without waiting for it.
///
/// It keeps the task's memory, but not its future, until it is dropped. Dropping it changes
/// nothing else.
///
/// ```
/// # let runtime = pintle::runtime::Runtime::new().unwrap();
/// # runtime.block_on(async {
/// let handle = pintle::spawn(std::future::pending::<()>());
/// let abort = handle.abort_handle();
/// std::thread::spawn(move || abort.abort()).join().unwrap();
/// assert!(handle.await.unwrap_err().is_cancelled());
/// # });
/// ```
pub struct AbortHandle {
    task: NonNull<Header>,
}

// SAFETY: the header is shared by design; every thread may abort a task and read its id.
unsafe impl Send for AbortHandle {}
// SAFETY: as above.
unsafe impl Sync for AbortHandle {}

impl UnwindSafe for AbortHandle {}
impl RefUnwindSafe for AbortHandle {}

impl AbortHandle {
    /// # Safety
    ///
    /// The caller has a reference.
    unsafe fn new(task: NonNull<Header>) -> Self {
        // SAFETY: by the contract of this function.
        unsafe { task.as_ref() }.state.retain();
        Self { task }
    }

    fn header(&self) -> &Header {
        // SAFETY: the handle has a reference.
        unsafe { self.task.as_ref() }
    }

    /// Cancels the task; see [`JoinHandle::abort`].
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(std::future::pending::<()>());
    /// handle.abort_handle().abort();
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort(&self) {
        // SAFETY: the handle has a reference.
        unsafe { abort(self.task) };
    }

    /// Whether the task has completed; see [`JoinHandle::is_finished`].
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(async {});
    /// let abort = handle.abort_handle();
    /// handle.await.unwrap();
    /// assert!(abort.is_finished());
    /// # });
    /// ```
    pub fn is_finished(&self) -> bool {
        self.header().state.is_complete()
    }

    /// The [`Id`] of the task.
    ///
    /// ```
    /// # let runtime = pintle::runtime::Runtime::new().unwrap();
    /// # runtime.block_on(async {
    /// let handle = pintle::spawn(async {});
    /// assert_eq!(handle.abort_handle().id(), handle.id());
    /// # });
    /// ```
    pub fn id(&self) -> Id {
        self.header().id
    }
}

impl Clone for AbortHandle {
    fn clone(&self) -> Self {
        // SAFETY: the handle has a reference.
        unsafe { Self::new(self.task) }
    }
}

impl Drop for AbortHandle {
    fn drop(&mut self) {
        // SAFETY: the handle's reference, which is gone with it.
        unsafe { release(self.task, 1) };
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// # Safety
///
/// The caller has a reference until this returns.
unsafe fn abort(task: NonNull<Header>) {
    // SAFETY: by the contract of this function.
    unsafe { waker::schedule_if(task, task.as_ref().state.abort()) };
}
