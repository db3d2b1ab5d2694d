//! The pipes to a child.
//!
//! A short read or write of a pipe says that it is empty or full, and is remembered as that.

use futures_lite::io::{AsyncRead, AsyncWrite};
use pintle_reactor::{Direction, Interest, Registered};
use rustix::io::ioctl_fionbio;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::{self, Stdio};
use std::task::{Context, Poll};

/// The pipe to a child's standard input. Closing or dropping it is the end of that input.
#[derive(Debug)]
pub struct ChildStdin {
    /// `None` when it has been closed.
    io: Option<Registered<File>>,
}

/// The pipe from a child's standard output.
#[derive(Debug)]
pub struct ChildStdout {
    io: Registered<File>,
}

/// The pipe from a child's standard error.
#[derive(Debug)]
pub struct ChildStderr {
    io: Registered<File>,
}

/// One end of a pipe as a nonblocking file. The other end, which is the child's, is not concerned.
fn nonblocking(fd: impl Into<OwnedFd>, interest: Interest) -> io::Result<Registered<File>> {
    let fd = fd.into();
    ioctl_fionbio(&fd, true)?;
    Ok(Registered::with_interest(File::from(fd), interest))
}

fn blocking(io: Registered<File>) -> io::Result<OwnedFd> {
    let fd = OwnedFd::from(io.into_inner());
    ioctl_fionbio(&fd, false)?;
    Ok(fd)
}

fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "the child's standard input has been closed",
    )
}

impl ChildStdin {
    /// Wraps a pipe of `std`'s.
    ///
    /// # Errors
    ///
    /// The pipe cannot be put into nonblocking mode.
    pub fn from_std(stdin: process::ChildStdin) -> io::Result<Self> {
        let io = Some(nonblocking(stdin, Interest::WRITABLE)?);
        Ok(Self { io })
    }

    /// The descriptor, in blocking mode.
    ///
    /// # Errors
    ///
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) if it has been closed; the pipe cannot be put into
    /// blocking mode.
    pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
        blocking(self.io.ok_or_else(closed)?)
    }

    fn io(&self) -> io::Result<&Registered<File>> {
        self.io.as_ref().ok_or_else(closed)
    }
}

impl AsyncWrite for ChildStdin {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = |mut pipe: &File| pipe.write(buf);
        self.io()?
            .poll_transfer(cx, Direction::Write, buf.len(), write)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // As many slices as the system takes in one go are not worth counting.
        let write = |mut pipe: &File| pipe.write_vectored(bufs);
        self.io()?.poll_io(cx, Direction::Write, write)
    }

    /// Nothing to do: what is written is the child's.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The child reads to the end.
    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        drop(self.io.take());
        Poll::Ready(Ok(()))
    }
}

impl TryFrom<ChildStdin> for Stdio {
    type Error = io::Error;

    /// For another child's output to go there.
    fn try_from(stdin: ChildStdin) -> io::Result<Stdio> {
        stdin.into_owned_fd().map(Stdio::from)
    }
}

macro_rules! output {
    ($Pipe:ident) => {
        impl $Pipe {
            /// Wraps a pipe of `std`'s.
            ///
            /// # Errors
            ///
            /// The pipe cannot be put into nonblocking mode.
            pub fn from_std(pipe: process::$Pipe) -> io::Result<Self> {
                let io = nonblocking(pipe, Interest::READABLE)?;
                Ok(Self { io })
            }

            /// The descriptor, in blocking mode.
            ///
            /// # Errors
            ///
            /// The pipe cannot be put into blocking mode.
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                blocking(self.io)
            }
        }

        impl AsyncRead for $Pipe {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                let want = buf.len();
                let read = |mut pipe: &File| pipe.read(buf);
                self.io.poll_transfer(cx, Direction::Read, want, read)
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                let want = bufs.iter().map(|buf| buf.len()).sum();
                let read = |mut pipe: &File| pipe.read_vectored(bufs);
                self.io.poll_transfer(cx, Direction::Read, want, read)
            }
        }

        impl AsFd for $Pipe {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.io.as_fd()
            }
        }

        impl AsRawFd for $Pipe {
            fn as_raw_fd(&self) -> RawFd {
                self.io.as_raw_fd()
            }
        }

        impl TryFrom<$Pipe> for Stdio {
            type Error = io::Error;

            /// For another child's input to come from there.
            fn try_from(pipe: $Pipe) -> io::Result<Stdio> {
                pipe.into_owned_fd().map(Stdio::from)
            }
        }
    };
}

output!(ChildStdout);
output!(ChildStderr);
