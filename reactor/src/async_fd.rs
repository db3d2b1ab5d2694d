//! [`AsyncFd`]: readiness of any descriptor the operating system can poll.
//!
//! For what has no type of its own here: pipes, terminals, `eventfd`, `inotify`, sockets of other
//! families, the descriptor of a C library. Names and meaning are tokio's, with two differences,
//! told at [`AsyncFd`]: the bound is [`AsFd`], and registration waits for the first need.
//!
//! A guard carries the event that ended the wait, so what it clears is that event and never a
//! newer one.
//!
//! Tested in `tests/async_fd.rs`.

use std::error::Error;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{Context, Poll, ready};

use crate::registered::Registered;
use crate::source::ReadyEvent;
use crate::{Direction, Interest, Ready};

/// A descriptor whose readiness can be awaited.
///
/// It does no input or output itself: wait, do the operation, and if that answers
/// [`WouldBlock`](io::ErrorKind::WouldBlock), clear the readiness and wait again. Readiness is
/// told once (the polling is edge-triggered), so clear it only when the descriptor has said that
/// it would block. [`async_io`](Self::async_io) and the guards'
/// [`try_io`](AsyncFdReadyGuard::try_io) do that by themselves.
///
/// Put the descriptor into nonblocking mode first, and keep it there: readiness is a hint, and an
/// operation that trusts it blindly would block the whole thread.
///
/// Two differences from tokio's:
///
/// - `T` has to be [`AsFd`], which promises that the descriptor is open for as long as `T` lives.
///   tokio asks for [`AsRawFd`], which does not: a number closed too early may by then name
///   another's file.
/// - `new` registers nothing and works without a runtime. The first wait registers; if the
///   descriptor is of a kind that cannot be polled (a regular file on Linux is
///   [`PermissionDenied`](io::ErrorKind::PermissionDenied)), that wait is where the error comes
///   out.
///
/// ```
/// use pintle_reactor::AsyncFd;
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let (mut here, there) = UnixStream::pair()?;
/// there.set_nonblocking(true)?;
/// let there = AsyncFd::new(there)?;
/// here.write_all(b"hello")?;
///
/// # pintle_reactor::Driver::new(8)?.block_on(async {
/// let mut buf = [0; 16];
/// let len = loop {
///     let mut guard = there.readable().await?;
///     match guard.try_io(|fd| fd.get_ref().read(&mut buf)) {
///         Ok(done) => break done?,
///         Err(_would_block) => continue, // cleared: the next wait is a real one
///     }
/// };
/// assert_eq!(&buf[..len], b"hello");
/// # std::io::Result::Ok(()) })??;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct AsyncFd<T: AsFd> {
    io: Registered<T>,
}

impl<T: AsFd> AsyncFd<T> {
    /// Wraps a nonblocking descriptor, to wait for reading and writing.
    ///
    /// # Errors
    ///
    /// None today; the `Result` is tokio's. What cannot be polled says so at the first wait.
    pub fn new(inner: T) -> io::Result<Self> {
        Self::with_interest(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// Wraps a nonblocking descriptor, to wait for `interest` only. Waiting for anything else
    /// would never end.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<Self> {
        let io = Registered::with_interest(inner, interest);
        Ok(Self { io })
    }

    /// What is wrapped.
    pub fn get_ref(&self) -> &T {
        self.io.get_ref()
    }

    /// What is wrapped. Do not put another descriptor in its place: the registration would stay
    /// with the old one.
    pub fn get_mut(&mut self) -> &mut T {
        self.io.get_mut()
    }

    /// What is wrapped, deregistered.
    pub fn into_inner(self) -> T {
        self.io.into_inner()
    }

    /// Waits until the descriptor is ready for any of `interest`. Any number of tasks may wait.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: readiness stays until it is cleared.
    ///
    /// # Errors
    ///
    /// Those of registering, and of having to wait on a thread without a driver.
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        let seen = Seen(Some(self.io.ready_event(interest).await?));
        Ok(AsyncFdReadyGuard { fd: self, seen })
    }

    /// As [`ready`](Self::ready), with a guard that lends what is wrapped mutably.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub async fn ready_mut(
        &mut self,
        interest: Interest,
    ) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        let seen = Seen(Some(self.io.ready_event(interest).await?));
        Ok(AsyncFdReadyMutGuard { fd: self, seen })
    }

    /// [`ready`](Self::ready) for reading.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub async fn readable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::READABLE).await
    }

    /// [`ready_mut`](Self::ready_mut) for reading.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub async fn readable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::READABLE).await
    }

    /// [`ready`](Self::ready) for writing.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub async fn writable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::WRITABLE).await
    }

    /// [`ready_mut`](Self::ready_mut) for writing.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub async fn writable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::WRITABLE).await
    }

    /// [`readable`](Self::readable), as a poll. Only the last task that polled for reading is
    /// woken.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub fn poll_read_ready(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        self.poll_guard(cx, Direction::Read)
    }

    /// [`writable`](Self::writable), as a poll. Only the last task that polled for writing is
    /// woken.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub fn poll_write_ready(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        self.poll_guard(cx, Direction::Write)
    }

    fn poll_guard(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        let seen = Seen(Some(ready!(self.io.poll_ready(cx, direction))?));
        Poll::Ready(Ok(AsyncFdReadyGuard { fd: self, seen }))
    }

    /// Does `op` if the descriptor is not known to be unready. If `op` answers
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), the descriptor counts as unready until the
    /// operating system says otherwise.
    ///
    /// # Errors
    ///
    /// Those of `op`, or `WouldBlock` if it was not worth trying.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        op: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.try_io(interest, op)
    }

    /// Does `op`, and does it again whenever the descriptor becomes ready, until it answers
    /// something else than [`WouldBlock`](io::ErrorKind::WouldBlock) or
    /// [`Interrupted`](io::ErrorKind::Interrupted).
    ///
    /// ```
    /// use pintle_reactor::{AsyncFd, Interest};
    /// use std::io::Write;
    ///
    /// # futures_lite::future::block_on(async {
    /// let (_here, there) = std::os::unix::net::UnixStream::pair()?;
    /// there.set_nonblocking(true)?;
    /// let there = AsyncFd::new(there)?;
    /// let len = there.async_io(Interest::WRITABLE, |mut fd| fd.write(b"hi")).await?;
    /// assert_eq!(len, 2);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    ///
    /// # Cancel safety
    ///
    /// If it is dropped while it waits, the last call of `op` had answered `WouldBlock`.
    ///
    /// # Errors
    ///
    /// Those of `op`, and as [`ready`](Self::ready).
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        op: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.async_io(interest, op).await
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncFd").field(self.get_ref()).finish()
    }
}

impl<T: AsFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}

impl<T: AsFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.io.as_raw_fd()
    }
}

/// What a guard has seen and not yet cleared.
#[derive(Debug)]
struct Seen(Option<ReadyEvent>);

impl Seen {
    fn ready(&self) -> Ready {
        self.0.map_or(Ready::EMPTY, |event| event.ready())
    }

    fn clear<T: AsFd>(&mut self, part: Ready, io: &Registered<T>) {
        if let Some(event) = self.0.take() {
            io.clear_ready(event.only(part));
            let rest = event.only(Ready::ALL - part);
            self.0 = (!rest.ready().is_empty()).then_some(rest);
        }
    }

    fn after<T: AsFd, R>(
        &mut self,
        result: io::Result<R>,
        io: &Registered<T>,
    ) -> Result<io::Result<R>, TryIoError> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear(Ready::ALL, io);
                Err(TryIoError(()))
            }
            done => Ok(done),
        }
    }
}

/// Readiness of an [`AsyncFd`] that a wait has found, to be cleared or kept.
///
/// Dropping it keeps the readiness.
#[must_use = "say whether the readiness is to be cleared or kept"]
pub struct AsyncFdReadyGuard<'a, T: AsFd> {
    fd: &'a AsyncFd<T>,
    seen: Seen,
}

/// As [`AsyncFdReadyGuard`], and lends what is wrapped mutably.
#[must_use = "say whether the readiness is to be cleared or kept"]
pub struct AsyncFdReadyMutGuard<'a, T: AsFd> {
    fd: &'a mut AsyncFd<T>,
    seen: Seen,
}

/// What both guards have in common.
macro_rules! guard {
    ($Guard:ident, $Fd:ty) => {
        impl<'a, T: AsFd> $Guard<'a, T> {
            /// The descriptor has said that it would block: the next wait is for a new event.
            /// Whatever has become ready since this guard was made stays.
            ///
            /// The end of a stream is not cleared: it does not come again.
            pub fn clear_ready(&mut self) {
                self.seen.clear(Ready::ALL, &self.fd.io);
            }

            /// As [`clear_ready`](Self::clear_ready), for a part of what was found.
            pub fn clear_ready_matching(&mut self, part: Ready) {
                self.seen.clear(part, &self.fd.io);
            }

            /// Keeps the readiness, as dropping the guard does: for saying so in the code.
            pub fn retain_ready(&mut self) {}

            /// What was found and has not been cleared.
            pub fn ready(&self) -> Ready {
                self.seen.ready()
            }

            /// Does `op`; if it answers [`WouldBlock`](io::ErrorKind::WouldBlock), clears the
            /// readiness and returns [`TryIoError`]: wait again.
            ///
            /// # Errors
            ///
            /// Outside, that it would block; inside, what else `op` says.
            pub fn try_io<R>(
                &mut self,
                op: impl FnOnce($Fd) -> io::Result<R>,
            ) -> Result<io::Result<R>, TryIoError> {
                let result = op(self.fd);
                self.seen.after(result, &self.fd.io)
            }

            /// The descriptor that is ready.
            pub fn get_ref(&self) -> &AsyncFd<T> {
                self.fd
            }

            /// What is wrapped in it.
            pub fn get_inner(&self) -> &T {
                self.fd.get_ref()
            }
        }

        impl<T: AsFd + fmt::Debug> fmt::Debug for $Guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Guard))
                    .field("fd", &self.fd)
                    .field("ready", &self.ready())
                    .finish()
            }
        }
    };
}

guard!(AsyncFdReadyGuard, &'a AsyncFd<T>);
guard!(AsyncFdReadyMutGuard, &mut AsyncFd<T>);

impl<T: AsFd> AsyncFdReadyMutGuard<'_, T> {
    /// The descriptor that is ready.
    pub fn get_mut(&mut self) -> &mut AsyncFd<T> {
        self.fd
    }

    /// What is wrapped in it.
    pub fn get_inner_mut(&mut self) -> &mut T {
        self.fd.get_mut()
    }
}

/// The operation would have blocked; the readiness has been cleared.
#[derive(Debug)]
pub struct TryIoError(());

impl fmt::Display for TryIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation would block; its readiness was cleared: wait for it again")
    }
}

impl Error for TryIoError {}
