//! Reading, writing and seeking, as polls. They start jobs and look at what became of them.

use super::job::{Job, Kind, WriteJob, pool};
use super::{Blocking, Outcome, Pooled, State};
use pintle_sync::budget;
use pintle_sync::shim::sync::MutexGuard;
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::task::{Context, Poll, ready};

/// Leaves the waker of the one task that uses the object, and unlocks.
fn wait(mut state: MutexGuard<'_, State>, cx: &Context<'_>) {
    let slot = &mut state.waiting.owner;
    let stale = match slot {
        Some(waker) if waker.will_wake(cx.waker()) => None,
        _ => slot.replace(cx.waker().clone()),
    };
    drop(state);
    drop(stale);
}

impl<T: Blocking> Pooled<T>
where
    for<'a> &'a T: Read,
{
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let progress = ready!(budget::poll_proceed(cx));
        let done = loop {
            let mut state = self.shared.lock();
            if state.job.is_some() {
                wait(state, cx);
                return Poll::Pending;
            }
            let count = state.ahead.take(to);
            if count > 0 || to.is_empty() {
                break Ok(count);
            }
            match state.outcome.take() {
                Some(Outcome::End) => break Ok(0),
                Some(Outcome::ReadFailed(error)) => break Err(error),
                // A seek whose asker has gone.
                Some(Outcome::Sought(..)) | None => {}
            }
            self.start_read(state, to.len());
        };
        progress.made_progress();
        Poll::Ready(done)
    }

    fn start_read(&self, mut state: MutexGuard<'_, State>, asked: usize) {
        let pool = pool();
        let max = state.max_buf_size;
        let mut loan = state.ahead.lend(asked, max);
        state.job = Some(Kind::Read);
        drop(state);
        let job = Job::new(self);
        drop(pool.spawn_blocking(move || {
            let io = job.io();
            let done = loan.fill(|| io.can_rewind(), |to| (&*io).read(to));
            job.finish(|state| {
                state.ahead.filled(loan, *done.as_ref().unwrap_or(&0));
                state.outcome = match done {
                    Ok(0) => Some(Outcome::End),
                    Ok(_) => None,
                    Err(error) => Some(Outcome::ReadFailed(error)),
                };
            });
        }));
    }
}

impl<T: Blocking> Pooled<T>
where
    for<'a> &'a T: Write,
{
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(from)])
    }

    pub(crate) fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = ready!(budget::poll_proceed(cx));
        let mut state = self.shared.lock();
        if let Some(error) = state.failed.take() {
            progress.made_progress();
            return Poll::Ready(Err(error));
        }
        let room = state.max_buf_size.saturating_sub(state.behind.len());
        let accepted = match state.job {
            None => {
                let pool = pool();
                let accepted = append(&mut state.behind, from, room);
                if accepted > 0 {
                    self.start_write(state, &pool);
                }
                accepted
            }
            Some(Kind::Write) if room > 0 => append(&mut state.behind, from, room),
            Some(_) => {
                wait(state, cx);
                return Poll::Pending;
            }
        };
        progress.made_progress();
        Poll::Ready(Ok(accepted))
    }

    fn start_write(&self, mut state: MutexGuard<'_, State>, pool: &crate::runtime::Handle) {
        // A read whose asker has gone.
        state.outcome = None;
        state.job = Some(Kind::Write);
        drop(state);
        let job = WriteJob(Job::new(self));
        // It does its work when it is dropped, by whomever.
        drop(pool.spawn_blocking(move || drop(job)));
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.shared.lock();
        if state.job == Some(Kind::Write) {
            wait(state, cx);
            return Poll::Pending;
        }
        Poll::Ready(state.failed.take().map_or(Ok(()), Err))
    }
}

/// Appends as much as there is room for.
fn append(behind: &mut Vec<u8>, from: &[IoSlice<'_>], room: usize) -> usize {
    let before = behind.len();
    for bytes in from {
        let left = room - (behind.len() - before);
        behind.extend_from_slice(&bytes[..bytes.len().min(left)]);
    }
    behind.len() - before
}

impl<T: Blocking> Pooled<T>
where
    for<'a> &'a T: Seek,
{
    pub(crate) fn poll_seek(
        &mut self,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        let progress = ready!(budget::poll_proceed(cx));
        loop {
            let mut state = self.shared.lock();
            if state.job.is_some() {
                wait(state, cx);
                return Poll::Pending;
            }
            if let Some(Outcome::Sought(asked, done)) = state.outcome.take()
                && asked == to
            {
                progress.made_progress();
                return Poll::Ready(done);
            }
            self.start_seek(state, to);
        }
    }

    fn start_seek(&self, mut state: MutexGuard<'_, State>, to: SeekFrom) {
        let pool = pool();
        // The object is ahead of the user (invariant 4).
        let unread = state.ahead.len() as i64;
        let from_here = match to {
            SeekFrom::Current(by) => by.checked_sub(unread).map(SeekFrom::Current),
            _ => Some(to),
        };
        let Some(from_here) = from_here else {
            let error = io::Error::new(
                io::ErrorKind::InvalidInput,
                "a seek to before the start of the file",
            );
            state.outcome = Some(Outcome::Sought(to, Err(error)));
            return;
        };
        state.job = Some(Kind::Seek(to));
        drop(state);
        let job = Job::new(self);
        drop(pool.spawn_blocking(move || {
            let done = job.io().seek(from_here);
            job.finish(|state| {
                if done.is_ok() {
                    state.ahead.clear();
                }
                state.outcome = Some(Outcome::Sought(to, done));
            });
        }));
    }
}
