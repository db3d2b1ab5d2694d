//! Where there is no runtime: a task is a thread that blocks on a future.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_lite::future::{block_on, or};

/// A thread's future, and what became of it.
pub struct JoinHandle<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    aborted: bool,
    /// Of the thread, for who aborts.
    thread: Option<Waker>,
    output: Option<Result<T, JoinError>>,
    /// Of who awaits the handle.
    joiner: Option<Waker>,
}

#[derive(Debug)]
pub enum JoinError {
    Cancelled,
    Panic,
}

impl JoinError {
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panic)
    }
}

impl<T> JoinHandle<T> {
    /// The future is dropped by its own thread, which hears of it where it waits.
    pub fn abort(&self) {
        let thread = {
            let mut state = self.0.lock().unwrap();
            state.aborted = true;
            state.thread.take()
        };
        thread.into_iter().for_each(Waker::wake);
    }

    pub fn is_finished(&self) -> bool {
        self.0.lock().unwrap().output.is_some()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock().unwrap();
        match state.output.take() {
            Some(output) => Poll::Ready(output),
            None => {
                state.joiner = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let state = Arc::new(Mutex::new(State {
        aborted: false,
        thread: None,
        output: None,
        joiner: None,
    }));
    let handle = JoinHandle(state.clone());
    thread::spawn(move || {
        let aborted = poll_fn(|cx| {
            let mut state = state.lock().unwrap();
            if state.aborted {
                return Poll::Ready(Err(JoinError::Cancelled));
            }
            state.thread = Some(cx.waker().clone());
            Poll::Pending
        });
        // The future is gone when the output is there.
        let run = || block_on(or(aborted, async { Ok(future.await) }));
        let output = catch_unwind(AssertUnwindSafe(run));
        let joiner = {
            let mut state = state.lock().unwrap();
            state.output = Some(output.unwrap_or(Err(JoinError::Panic)));
            state.joiner.take()
        };
        joiner.into_iter().for_each(Waker::wake);
    });
    handle
}

/// What may block.
pub fn spawn_blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    spawn(async { f() })
}

pub async fn yield_now() {
    thread::yield_now();
    futures_lite::future::yield_now().await;
}
