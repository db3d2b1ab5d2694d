//! A descriptor whose operations can wait.
//!
//! # The life of a registration
//!
//! 1. A [`Registered`] is made anywhere, runtime or not, and knows no driver. Its operations just
//!    try the system call.
//! 2. The first one that would block makes the [`Source`] and registers it with the driver of the
//!    thread that polls it (the [seat](crate::current)). Edge-triggered registration reports what
//!    is ready by then, so nothing is missed between the attempt and the registration. A short
//!    exchange never gets here.
//! 3. From then on the source remembers what the driver said, and an operation that is known to
//!    have to wait makes no system call. It stays with that driver, its *home*, wherever it is
//!    polled.
//! 4. It moves house in two cases only: home is gone (the source is an orphan), or home cannot be
//!    relied on (a sibling had to deliver the last event, so the source was *rescued*; or home is
//!    a transient driver) and the task that now waits runs elsewhere. Source and waiting tasks
//!    move along.
//! 5. Dropping it, on any thread, deregisters it.
//!
//! # Rules
//!
//! 1. The home's lock is taken before any lock of a driver, and nothing is woken under it.
//! 2. Whoever meets an orphan or moves a source checks again under the home's lock: of many tasks
//!    that do so at once, one registers.
//! 3. Readiness is reset *before* the descriptor is registered anew, so that what the new home
//!    reports is never wiped out.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, ready};

use pintle_sync::shim::sync::Mutex;
use pintle_sync::{WakeBatch, budget};

use crate::current;
use crate::driver::Driver;
use crate::ready::{Direction, Interest, Ready};
use crate::source::{Readiness, ReadyEvent, Source};
use crate::token::Token;

/// A nonblocking descriptor with its registration, if it has one yet.
///
/// It is made anywhere, runtime or not. The first operation that has to wait registers it with the
/// driver of the thread that polls it, and there it stays wherever it is polled, until that driver
/// is gone or so busy that a sibling has to step in: then it moves to where it is polled next.
/// Dropping it, on any thread, deregisters it.
///
/// ```
/// use pintle_reactor::{Interest, Registered};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let (mut here, there) = UnixStream::pair()?;
/// there.set_nonblocking(true)?;
/// let there = Registered::new(there);
/// here.write_all(b"hi")?;
/// // No runtime is needed for what need not wait.
/// let mut buf = [0; 8];
/// let n = there.try_io(Interest::READABLE, |mut io| io.read(&mut buf))?;
/// assert_eq!(&buf[..n], b"hi");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Registered<E: AsFd> {
    // Before `io`: deregistered first, then closed.
    link: Link,
    io: E,
}

impl<E: AsFd> Registered<E> {
    /// Wraps a descriptor, which must be in nonblocking mode already.
    pub fn new(io: E) -> Self {
        Self::with_interest(io, Interest::READABLE | Interest::WRITABLE)
    }

    /// As [`new`](Self::new), for a descriptor that may be waited for in more ways than the usual
    /// two.
    pub fn with_interest(io: E, interest: Interest) -> Self {
        Self {
            link: Link {
                source: OnceLock::new(),
                home: Mutex::new(None),
                interest,
            },
            io,
        }
    }

    /// The descriptor.
    pub fn get_ref(&self) -> &E {
        &self.io
    }

    /// The descriptor. Taking another one's place in it leaves the registration with the one
    /// that was registered.
    pub fn get_mut(&mut self) -> &mut E {
        &mut self.io
    }

    /// The descriptor, deregistered.
    pub fn into_inner(self) -> E {
        drop(self.link);
        self.io
    }

    /// Does `op` or waits until it is worth trying again. One task waits in each direction; a
    /// later one replaces it.
    ///
    /// # Errors
    ///
    /// Those of `op`, but never `WouldBlock` or `Interrupted`; those of registering; and of having
    /// to wait on a thread without a driver.
    pub fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut op: impl FnMut(&E) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let wait = |source: &Source, cx: &mut Context<'_>| source.poll_ready(cx, direction);
        self.poll_op(cx, direction.mask(), wait, &mut op, |_| false)
    }

    /// As [`poll_io`](Self::poll_io), for an operation on a byte stream that has room for `want`
    /// bytes and says how many it moved. Fewer than `want` mean that the next would block, which
    /// is remembered without asking the system.
    ///
    /// # Errors
    ///
    /// As [`poll_io`](Self::poll_io).
    pub fn poll_transfer(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        want: usize,
        mut op: impl FnMut(&E) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let wait = |source: &Source, cx: &mut Context<'_>| source.poll_ready(cx, direction);
        self.poll_op(cx, direction.mask(), wait, &mut op, |&n| is_short(n, want))
    }

    /// Does `op` or waits until it is worth trying again. Any number of tasks may wait.
    ///
    /// # Cancel safety
    ///
    /// Safe: if dropped before it is ready, the last call of `op` had answered `WouldBlock`.
    ///
    /// # Errors
    ///
    /// As [`poll_io`](Self::poll_io).
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut op: impl FnMut(&E) -> io::Result<R>,
    ) -> io::Result<R> {
        let mut place = None;
        poll_fn(|cx| {
            let wait = |source, cx: &mut Context<'_>| wait_in(&mut place, source, interest, cx);
            self.poll_op(cx, interest.mask(), wait, &mut op, |_| false)
        })
        .await
    }

    /// Tries `op` if the descriptor is not known to be unready.
    ///
    /// # Errors
    ///
    /// Those of `op`. `WouldBlock` if there is nothing to try, or if `op` says so, which is then
    /// remembered: `op` must say it only if the descriptor itself would block.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        op: impl FnOnce(&E) -> io::Result<R>,
    ) -> io::Result<R> {
        self.try_op(interest, op, |_| false)
    }

    /// As [`try_io`](Self::try_io), for an operation as in [`poll_transfer`](Self::poll_transfer).
    ///
    /// # Errors
    ///
    /// As [`try_io`](Self::try_io).
    pub fn try_transfer(
        &self,
        interest: Interest,
        want: usize,
        op: impl FnOnce(&E) -> io::Result<usize>,
    ) -> io::Result<usize> {
        self.try_op(interest, op, |&n| is_short(n, want))
    }

    /// Waits until the descriptor is ready for any of `interest`, and says for which. Any number
    /// of tasks may wait. Readiness is a hint: the operation may still answer `WouldBlock`.
    ///
    /// # Cancel safety
    ///
    /// Safe: readiness stays until an operation finds it wrong.
    ///
    /// # Errors
    ///
    /// Those of registering, and of having to wait on a thread without a driver.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        Ok(self.ready_event(interest).await?.ready())
    }

    /// As [`ready`](Self::ready), with what [`clear_ready`](Self::clear_ready) needs.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub async fn ready_event(&self, interest: Interest) -> io::Result<ReadyEvent> {
        let mut place = None;
        poll_fn(|cx| {
            let wait = |source, cx: &mut Context<'_>| wait_in(&mut place, source, interest, cx);
            self.poll_event(cx, interest.mask(), wait)
        })
        .await
    }

    /// Waits until the descriptor is ready in one direction. One task waits in each; a later one
    /// replaces it.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        let wait = |source: &Source, cx: &mut Context<'_>| source.poll_ready(cx, direction);
        self.poll_event(cx, direction.mask(), wait)
    }

    /// Forgets the readiness that `event` told of, except that of an ended stream. Does nothing
    /// if there has been a newer event.
    pub fn clear_ready(&self, event: ReadyEvent) {
        if let Some(source) = self.link.source.get() {
            source.clear(event);
        }
    }

    fn poll_op<'a, R>(
        &'a self,
        cx: &mut Context<'_>,
        mask: Ready,
        mut wait: impl FnMut(&'a Source, &mut Context<'_>) -> Poll<ReadyEvent>,
        op: &mut impl FnMut(&E) -> io::Result<R>,
        used_up: impl Fn(&R) -> bool,
    ) -> Poll<io::Result<R>> {
        let progress = ready!(budget::poll_proceed(cx));
        let done = loop {
            let Some(source) = self.link.served() else {
                match retry_interrupted(|| op(&self.io)) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    done => break done,
                }
                match self.link.settle(self.io.as_fd(), mask) {
                    Ok(()) => continue,
                    Err(error) => break Err(error),
                }
            };
            let Poll::Ready(event) = wait(source, cx) else {
                self.link.follow(self.io.as_fd(), mask);
                return Poll::Pending;
            };
            if event.is_orphaned() {
                continue;
            }
            match retry_interrupted(|| op(&self.io)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => source.retract(event),
                Ok(result) => {
                    if used_up(&result) {
                        source.clear(event);
                    }
                    break Ok(result);
                }
                // Other errors say nothing about readiness: accept may be short of descriptors.
                Err(error) => break Err(error),
            }
        };
        progress.made_progress();
        Poll::Ready(done)
    }

    fn poll_event<'a>(
        &'a self,
        cx: &mut Context<'_>,
        mask: Ready,
        mut wait: impl FnMut(&'a Source, &mut Context<'_>) -> Poll<ReadyEvent>,
    ) -> Poll<io::Result<ReadyEvent>> {
        let progress = ready!(budget::poll_proceed(cx));
        let done = loop {
            let Some(source) = self.link.served() else {
                match self.link.settle(self.io.as_fd(), mask) {
                    Ok(()) => continue,
                    Err(error) => break Err(error),
                }
            };
            let Poll::Ready(event) = wait(source, cx) else {
                self.link.follow(self.io.as_fd(), mask);
                return Poll::Pending;
            };
            if !event.is_orphaned() {
                break Ok(event);
            }
        };
        progress.made_progress();
        Poll::Ready(done)
    }

    fn try_op<R>(
        &self,
        interest: Interest,
        op: impl FnOnce(&E) -> io::Result<R>,
        used_up: impl Fn(&R) -> bool,
    ) -> io::Result<R> {
        let Some(source) = self.link.served() else {
            return op(&self.io);
        };
        let Some(event) = source.event(interest.mask()) else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let result = op(&self.io);
        match &result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => source.retract(event),
            Ok(result) if used_up(result) => source.clear(event),
            _ => {}
        }
        result
    }
}

impl<E: AsFd + fmt::Debug> fmt::Debug for Registered<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("io", &self.io)
            .field("source", &self.link.source.get())
            .finish_non_exhaustive()
    }
}

impl<E: AsFd> AsFd for Registered<E> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}

impl<E: AsFd> AsRawFd for Registered<E> {
    fn as_raw_fd(&self) -> RawFd {
        self.io.as_fd().as_raw_fd()
    }
}

/// Waits in a place among many, which is taken at the first need.
fn wait_in<'a>(
    place: &mut Option<Readiness<'a>>,
    source: &'a Source,
    interest: Interest,
    cx: &mut Context<'_>,
) -> Poll<ReadyEvent> {
    place
        .get_or_insert_with(|| source.readiness(interest))
        .poll(cx)
}

/// Nothing moved means the end of the stream, and very much that the kernel had enough; neither
/// that the next attempt would block.
fn is_short(moved: usize, want: usize) -> bool {
    const LIMIT: usize = 1 << 30;
    0 < moved && moved < want.min(LIMIT)
}

fn retry_interrupted<R>(mut op: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match op() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// A descriptor's tie to the driver that serves it.
struct Link {
    /// Made at the first registration, and the same for life.
    source: OnceLock<Arc<Source>>,
    home: Mutex<Option<Home>>,
    interest: Interest,
}

/// Where a source is registered. Weak, so that what is idle keeps no dead driver.
struct Home {
    driver: Weak<Driver>,
    token: Token,
}

impl Link {
    /// The source, if a driver serves it.
    fn served(&self) -> Option<&Source> {
        let source = self.source.get()?;
        (!source.is_orphaned()).then_some(source)
    }

    /// Registers with the driver of this thread, for want of any. `unready` is what the caller
    /// knows or assumes to be unready; the rest is assumed to be ready until someone tries it.
    #[cold]
    fn settle(&self, fd: BorrowedFd<'_>, unready: Ready) -> io::Result<()> {
        let here = current::with(Arc::clone)?;
        let source = self.source.get_or_init(|| Arc::new(Source::new()));
        self.move_to(&here, source, fd, unready, |source, _| source.is_orphaned())
    }

    /// Moves to the driver of this thread if home had to be rescued, and this is not home.
    fn follow(&self, fd: BorrowedFd<'_>, unready: Ready) {
        let Some(source) = self.source.get().filter(|source| source.is_rescued()) else {
            return;
        };
        let Ok(here) = current::with(Arc::clone) else {
            return;
        };
        // If it fails, the source is an orphan, and the tasks that wait learn why by themselves.
        let _ = self.move_to(&here, source, fd, unready, |source, home| {
            source.is_rescued()
                && home.is_some_and(|home| !std::ptr::eq(home.driver.as_ptr(), &*here))
        });
    }

    #[cold]
    fn move_to(
        &self,
        here: &Arc<Driver>,
        source: &Arc<Source>,
        fd: BorrowedFd<'_>,
        unready: Ready,
        still_needed: impl FnOnce(&Source, Option<&Home>) -> bool,
    ) -> io::Result<()> {
        let mut home = self.home.lock();
        if !still_needed(source, home.as_ref()) {
            return Ok(());
        }
        // Kept until the lock is gone: its end wakes tasks.
        let _left = home.take().and_then(|home| home.leave());
        source.settle((Ready::READABLE | Ready::WRITABLE) - unready);
        let registered = here.register(source, fd.as_raw_fd(), self.interest);
        let result = match registered {
            Ok(token) => {
                *home = Some(Home {
                    driver: Arc::downgrade(here),
                    token,
                });
                Ok(())
            }
            Err(error) => Err(error),
        };
        drop(home);
        if result.is_err() {
            let mut batch = WakeBatch::new();
            source.orphan(&mut batch);
            batch.wake_all();
        }
        result
    }
}

impl Home {
    fn leave(self) -> Option<Arc<Driver>> {
        let driver = self.driver.upgrade()?;
        driver.deregister(self.token);
        Some(driver)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(home) = self.home.get_mut().take() {
            home.leave();
        }
    }
}
