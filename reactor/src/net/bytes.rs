//! Byte streams: what reading and writing have in common whatever the address family.
//!
//! A short read or write means that the next would block; the length is looked at so that it need
//! not be tried. (tokio's observation, for edge-triggered polls.) It must be certain: readiness
//! that is forgotten while there is something left is not reported again.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::ops::Deref;
use std::os::fd::AsFd;
use std::task::{Context, Poll};

use crate::{Direction, Interest, Registered};

/// A stream of `std`.
pub trait ByteStream: AsFd {
    /// Whether a read that is not full has taken all there was. A Unix socket's ends early where
    /// descriptors were sent along with the bytes.
    const SHORT_READ_IS_ALL: bool;
}

impl ByteStream for std::net::TcpStream {
    const SHORT_READ_IS_ALL: bool = true;
}

impl ByteStream for std::os::unix::net::UnixStream {
    const SHORT_READ_IS_ALL: bool = false;
}

impl<E: ByteStream> Registered<E>
where
    for<'a> &'a E: Read + Write,
{
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let want = read_wants::<E>(buf.len());
        self.poll_transfer(cx, Direction::Read, want, |mut io| io.read(buf))
    }

    pub(crate) fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let want = read_wants::<E>(total(bufs));
        self.poll_transfer(cx, Direction::Read, want, |mut io| io.read_vectored(bufs))
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_transfer(cx, Direction::Write, buf.len(), |mut io| io.write(buf))
    }

    pub(crate) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_transfer(cx, Direction::Write, total(bufs), |mut io| {
            io.write_vectored(bufs)
        })
    }

    pub(crate) fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let want = read_wants::<E>(buf.len());
        self.try_transfer(Interest::READABLE, want, |mut io| io.read(buf))
    }

    pub(crate) fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let want = read_wants::<E>(total(bufs));
        self.try_transfer(Interest::READABLE, want, |mut io| io.read_vectored(bufs))
    }

    pub(crate) fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.try_transfer(Interest::WRITABLE, buf.len(), |mut io| io.write(buf))
    }

    pub(crate) fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_transfer(Interest::WRITABLE, total(bufs), |mut io| {
            io.write_vectored(bufs)
        })
    }
}

/// Below how many bytes a read into `room` is known to have taken all there was.
pub(crate) fn read_wants<E: ByteStream>(room: usize) -> usize {
    if E::SHORT_READ_IS_ALL { room } else { 0 }
}

/// What one call is sure to move at least, if it can: the kernel takes so many buffers at once and
/// no more, and a transfer that ends there is not short.
fn total(bufs: &[impl Deref<Target = [u8]>]) -> usize {
    bufs.iter().take(MAX_BUFFERS).map(|buf| buf.len()).sum()
}

/// What POSIX promises; Linux takes 1024. If there are more, a transfer may pass for full that is
/// short, which costs a system call, but not the other way round.
const MAX_BUFFERS: usize = 16;

/// The end of writing, for `poll_close`: the other side reads to the end. A connection that is
/// gone already is closed.
pub(crate) fn end_writing(shutdown: impl FnOnce(Shutdown) -> io::Result<()>) -> io::Result<()> {
    match shutdown(Shutdown::Write) {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        done => done,
    }
}

/// The `futures-io` traits for a stream and for a reference to it, through its field `io`.
macro_rules! impl_futures_io {
    ($stream:ty) => {
        $crate::net::bytes::impl_futures_io!(@ $stream);
        $crate::net::bytes::impl_futures_io!(@ &$stream);
    };
    (@ $stream:ty) => {
        impl futures_io::AsyncRead for $stream {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll_read(cx, buf)
            }

            fn poll_read_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll_read_vectored(cx, bufs)
            }
        }

        impl futures_io::AsyncWrite for $stream {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll_write(cx, buf)
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll_write_vectored(cx, bufs)
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn poll_close(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let io = self.io.get_ref();
                std::task::Poll::Ready($crate::net::bytes::end_writing(|how| io.shutdown(how)))
            }
        }
    };
}
pub(crate) use impl_futures_io;

/// The readiness methods of a stream, through its field `io`.
macro_rules! impl_readiness {
    ($stream:ident) => {
        $crate::net::socket::impl_ready!($stream, poll_read_ready, poll_write_ready);

        /// Trying without waiting.
        impl $stream {
            /// Reads what is there.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if nothing is.
            pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.io.try_read(buf)
            }

            /// Reads what is there into several buffers.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if nothing is.
            pub fn try_read_vectored(
                &self,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                self.io.try_read_vectored(bufs)
            }

            /// Writes what there is room for.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if there is none.
            pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
                self.io.try_write(buf)
            }

            /// Writes what there is room for from several buffers.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if there is none.
            pub fn try_write_vectored(
                &self,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<usize> {
                self.io.try_write_vectored(bufs)
            }
        }
    };
}
pub(crate) use impl_readiness;
