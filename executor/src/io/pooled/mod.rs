//! A blocking object, a file say, whose operations run on the blocking pool and are awaited as
//! the `futures-io` traits want it. Owned by [`fs::File`](crate::fs::File) and by the standard
//! streams of [`io`](crate::io).
//!
//! A trip to the pool costs two context switches, so small operations share them:
//!
//! - **Reading ahead.** A read asks the object for more than was asked of it, and later reads are
//!   served from memory. What was read ahead can be *given back*, by seeking, before anything
//!   looks at the object's position; where seeking is impossible (a pipe, a terminal) nothing is
//!   read ahead.
//! - **Writing behind.** A write is accepted into memory, and one job on the pool writes what has
//!   been accepted until nothing is left. So a write never waits for the disk while there is room,
//!   and those that come while the job is at work share it. An error is told to the next write,
//!   flush or sync.
//!
//! # Invariants
//!
//! 1. *One job at a time.* While [`State::job`] is set, exactly one closure works on the object;
//!    it is cleared under the lock by the [`Job`] in that closure, even if the closure panics or
//!    the pool drops it unrun. So nobody waits for a job that does not come.
//! 2. *Jobs belong to the object, not to who asked.* A future that is dropped while its job runs
//!    loses nothing: bytes read stay in `ahead`, bytes accepted are written.
//! 3. *Accepted bytes have a job.* While `behind` is not empty, `job` is [`Kind::Write`]; the job
//!    ends only by seeing it empty under the lock. A pool that shuts down drops the job unrun:
//!    then whoever drops it writes.
//! 4. *The position is where the user thinks it is, plus `ahead`*, whenever no job runs.
//! 5. *An idle object has no owner but its [`Pooled`]*: a job lets go of the object before it
//!    clears `job`.
//! 6. Wakers are woken, and jobs are handed to the pool, with the lock released.
//!
//! Tested in `tests/fs_read_write.rs`, `tests/fs_file.rs` and `tests/io.rs`.

#![cfg_attr(
    not(feature = "fs"),
    expect(dead_code, reason = "the standard streams neither seek nor end")
)]

mod buffers;
mod job;
mod operations;

use buffers::Ahead;
use job::{Job, Kind};
#[cfg(feature = "fs")]
pub(crate) use job::{not_done, on_pool, pool};
use pintle_sync::WakeBatch;
use pintle_sync::shim::sync::Mutex;
use slab::Slab;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// An object with blocking operations.
pub(crate) trait Blocking: Send + Sync + 'static {
    /// Whether [`rewind`](Self::rewind) works, so that bytes may be read ahead. May block.
    fn can_rewind(&self) -> bool {
        false
    }

    /// Moves the position back by some bytes that were read.
    fn rewind(&self, _bytes: usize) -> io::Result<()> {
        Err(io::ErrorKind::NotSeekable.into())
    }
}

/// How much is accepted or read at once, unless told otherwise.
pub(crate) const DEFAULT_MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

/// A blocking object on the pool; see the [module](self).
pub(crate) struct Pooled<T: Blocking> {
    io: Arc<T>,
    shared: Arc<Mutex<State>>,
}

struct State {
    job: Option<Kind>,
    ahead: Ahead,
    /// Accepted by writes, not yet taken by the job.
    behind: Vec<u8>,
    /// What became of a write behind, until somebody is told.
    failed: Option<io::Error>,
    outcome: Option<Outcome>,
    max_buf_size: usize,
    waiting: Waiting,
}

/// What became of the last read or seek, for the operation that started it.
enum Outcome {
    /// A read found the end.
    End,
    ReadFailed(io::Error),
    Sought(io::SeekFrom, io::Result<u64>),
}

/// Who waits for the state to change.
#[derive(Default)]
struct Waiting {
    /// The one task inside an operation that takes `&mut self`.
    owner: Option<Waker>,
    /// Those inside one that takes `&self`.
    others: Slab<Option<Waker>>,
}

impl Waiting {
    fn take_all(&mut self, batch: &mut WakeBatch) {
        let others = self.others.iter_mut().filter_map(|(_, waker)| waker.take());
        self.owner
            .take()
            .into_iter()
            .chain(others)
            .for_each(|waker| batch.push(waker));
    }
}

impl<T: Blocking> Pooled<T> {
    pub(crate) fn new(io: T) -> Self {
        let state = State {
            job: None,
            ahead: Ahead::default(),
            behind: Vec::new(),
            failed: None,
            outcome: None,
            max_buf_size: DEFAULT_MAX_BUF_SIZE,
            waiting: Waiting::default(),
        };
        Self {
            io: Arc::new(io),
            shared: Arc::new(Mutex::new(state)),
        }
    }

    /// The object itself, which a job may be working on.
    pub(crate) fn get_ref(&self) -> &T {
        &self.io
    }

    pub(crate) fn set_max_buf_size(&mut self, bytes: usize) {
        assert!(bytes > 0, "a buffer of 0 bytes would let nothing through");
        self.shared.lock().max_buf_size = bytes;
    }

    pub(crate) fn max_buf_size(&self) -> usize {
        self.shared.lock().max_buf_size
    }

    /// Runs `f` on the pool when no job is under way, and lets none start meanwhile. With
    /// `give_back`, the position is first moved to where the user thinks it is.
    pub(crate) async fn exclusive<R: Send + 'static>(
        &self,
        give_back: bool,
        f: impl FnOnce(&T) -> io::Result<R> + Send + 'static,
    ) -> io::Result<R> {
        let pool = job::pool();
        self.wait_for(|state| {
            if state.job.is_some() {
                return None;
            }
            state.job = Some(Kind::Exclusive);
            state.outcome = None;
            Some(())
        })
        .await;
        let job = Job::new(self);
        let done = pool.spawn_blocking(move || {
            if give_back {
                job.give_back()?;
            }
            f(job.io())
        });
        done.await.map_err(job::not_done)?
    }

    /// Waits until everything accepted is written, and tells if that failed.
    pub(crate) async fn written(&self) -> io::Result<()> {
        self.wait_for(|state| match state.job {
            Some(Kind::Write) => None,
            _ => Some(state.failed.take()),
        })
        .await
        .map_or(Ok(()), Err)
    }

    /// Gives the object up once no job is under way. What has been read ahead is given back if
    /// that is possible, and lost otherwise; that everything was written is for the caller to
    /// look at.
    pub(crate) async fn into_inner(self) -> T {
        // First, for a read that was given up may still be reading ahead.
        self.idle().await;
        if self.shared.lock().ahead.to_give_back() > 0 {
            // At worst the position is not where the user thinks it is.
            let _ = self.exclusive(true, |_| Ok(())).await;
            self.idle().await;
        }
        self.unwrap()
    }

    /// Waits until no job is under way.
    async fn idle(&self) {
        self.wait_for(|state| state.job.is_none().then_some(()))
            .await;
    }

    /// The object, if no job is under way and nothing is lost by it.
    pub(crate) fn try_into_inner(self) -> Result<T, Self> {
        let mut state = self.shared.lock();
        let unread = state.ahead.len();
        if state.job.is_some() || state.failed.is_some() {
            drop(state);
            return Err(self);
        }
        // Moving the position of what can be rewound does not block.
        if unread > 0 && self.io.rewind(unread).is_err() {
            drop(state);
            return Err(self);
        }
        state.ahead.clear();
        drop(state);
        Ok(self.unwrap())
    }

    fn unwrap(self) -> T {
        // Invariant 5.
        Arc::into_inner(self.io).expect("an idle object has one owner")
    }

    /// Waits until `look` finds what it looks for. Any number of tasks may.
    async fn wait_for<R>(&self, mut look: impl FnMut(&mut State) -> Option<R>) -> R {
        let mut place = Place {
            shared: &self.shared,
            key: None,
        };
        poll_fn(|cx| place.poll(cx, &mut look)).await
    }
}

impl<T: Blocking + fmt::Debug> fmt::Debug for Pooled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}

/// One of any number of waiters. Leaves when dropped.
struct Place<'a> {
    shared: &'a Mutex<State>,
    key: Option<usize>,
}

impl Place<'_> {
    fn poll<R>(&mut self, cx: &Context<'_>, look: impl FnOnce(&mut State) -> Option<R>) -> Poll<R> {
        let mut state = self.shared.lock();
        if let Some(found) = look(&mut state) {
            return Poll::Ready(found);
        }
        let others = &mut state.waiting.others;
        let key = *self.key.get_or_insert_with(|| others.insert(None));
        let stale = others[key].replace(cx.waker().clone());
        drop(state);
        drop(stale);
        Poll::Pending
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = self.shared.lock().waiting.others.remove(key);
            drop(waker);
        }
    }
}
