//! [`Job`]: a closure on its way through the pool, which ends in order whatever becomes of it.

use super::{Blocking, Outcome, Pooled, State};
use crate::runtime::Handle;
use crate::task::JoinError;
use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::Mutex;
use std::error::Error;
use std::io;
use std::sync::Arc;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
    Seek(io::SeekFrom),
    /// Anything else, awaited by who asked for it.
    Exclusive,
}

/// The pool of the runtime this thread is in.
#[track_caller]
pub(crate) fn pool() -> Handle {
    Handle::try_current().unwrap_or_else(|error| {
        panic!(
            "files, directories and standard streams work on a runtime's blocking pool, and this \
             thread is in no Pintle runtime. {error}"
        )
    })
}

/// The right to work on the object. Its end is the end of the job.
pub(super) struct Job<T: Blocking> {
    /// Gone once the job is over.
    io: Option<Arc<T>>,
    shared: Arc<Mutex<State>>,
}

impl<T: Blocking> Job<T> {
    /// The caller has set `State::job`.
    pub(super) fn new(pooled: &Pooled<T>) -> Self {
        Self {
            io: Some(pooled.io.clone()),
            shared: pooled.shared.clone(),
        }
    }

    pub(super) fn io(&self) -> &T {
        self.io.as_ref().expect("the job is not over")
    }

    /// Gives back what was read ahead, if that is possible: moves the position to where the user
    /// thinks it is. (In the job, so that one that is never run leaves both as they are.)
    pub(super) fn give_back(&self) -> io::Result<()> {
        let unread = self.shared.lock().ahead.to_give_back();
        if unread > 0 {
            self.io().rewind(unread)?;
            self.shared.lock().ahead.clear();
        }
        Ok(())
    }

    /// Ends the job, telling what became of it.
    pub(super) fn finish(mut self, tell: impl FnOnce(&mut State)) {
        self.end(tell);
    }

    fn end(&mut self, tell: impl FnOnce(&mut State)) {
        let mut batch = WakeBatch::new();
        {
            let mut state = self.shared.lock();
            // Under the lock, so that who sees an idle object is its owner (invariant 5).
            self.io = None;
            tell(&mut state);
            state.job = None;
            state.waiting.take_all(&mut batch);
        }
        batch.wake_all();
    }
}

impl<T: Blocking> Job<T>
where
    for<'a> &'a T: io::Write,
{
    /// Writes what has been accepted, until there is nothing left, and ends.
    pub(super) fn write_behind(&mut self) {
        if let Err(error) = self.try_write_behind() {
            self.end(|state| {
                // What was accepted after the bytes that could not be written is void, too.
                state.behind.clear();
                state.failed = Some(error);
            });
        }
    }

    fn try_write_behind(&mut self) -> io::Result<()> {
        use io::Write;

        self.give_back()?;
        let mut batch = WakeBatch::new();
        let mut flushed = true;
        loop {
            let chunk = {
                let mut state = self.shared.lock();
                if state.behind.is_empty() && flushed {
                    // Still locked: what is accepted from now on starts a job (invariant 3).
                    self.io = None;
                    state.job = None;
                }
                state.waiting.take_all(&mut batch);
                std::mem::take(&mut state.behind)
            };
            batch.wake_all();
            if self.io.is_none() {
                return Ok(());
            }
            if chunk.is_empty() {
                self.io().flush()?;
                flushed = true;
            } else {
                self.io().write_all(&chunk)?;
                flushed = false;
            }
        }
    }
}

impl<T: Blocking> Drop for Job<T> {
    fn drop(&mut self) {
        if self.io.is_some() {
            self.end(|state| match state.job {
                Some(Kind::Read) => state.outcome = Some(Outcome::ReadFailed(not_run())),
                Some(Kind::Seek(to)) => state.outcome = Some(Outcome::Sought(to, Err(not_run()))),
                _ => {}
            });
        }
    }
}

/// A [`Job`] that writes even if the pool drops it unrun: the bytes have been accepted.
pub(super) struct WriteJob<T: Blocking>(pub(super) Job<T>)
where
    for<'a> &'a T: io::Write;

impl<T: Blocking> Drop for WriteJob<T>
where
    for<'a> &'a T: io::Write,
{
    fn drop(&mut self) {
        self.0.write_behind();
    }
}

/// Runs `f` on the pool.
pub(crate) async fn on_pool<R: Send + 'static>(
    f: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    pool().spawn_blocking(f).await.map_err(not_done)?
}

/// Why a job of the pool has no result.
pub(crate) fn not_done(error: JoinError) -> io::Error {
    // What the system refused says so itself.
    if error.is_panic() || error.source().is_some() {
        error.into()
    } else {
        not_run()
    }
}

/// The error of an operation whose job the pool dropped.
fn not_run() -> io::Error {
    io::Error::other(
        "the runtime's blocking pool did not run the operation: it has been shut down, or the \
         system gave it no thread",
    )
}
