//! hyper's `rt::{Read, Write}`, directly: bytes go from the kernel into hyper's own buffer, which
//! need not be zeroed first.
//!
//! The only unsafe code of the crate is here, and only because hyper's cursor asks for it.

#![expect(
    unsafe_code,
    reason = "hyper's ReadBufCursor can be filled in place in no other way"
)]

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::ReadBufCursor;
use socket2::SockRef;

use crate::net::bytes::{self, ByteStream};
use crate::net::{TcpStream, UnixStream};
use crate::{Direction, Registered};

fn poll_read<E: ByteStream>(
    io: &Registered<E>,
    cx: &mut Context<'_>,
    mut cursor: ReadBufCursor<'_>,
) -> Poll<io::Result<()>>
where
    for<'a> &'a E: Read + Write,
{
    // SAFETY: (no de-initialising) the bytes go to `recv` only, which writes what it has received
    // and nothing else.
    let room = unsafe { cursor.as_mut() };
    let want = bytes::read_wants::<E>(room.len());
    let received = ready!(io.poll_transfer(cx, Direction::Read, want, |io| {
        SockRef::from(io).recv(room)
    }))?;
    // SAFETY: (initialised) `recv` has just written so many bytes at the start of `room`, which is
    // where the cursor stands.
    unsafe { cursor.advance(received) };
    Poll::Ready(Ok(()))
}

macro_rules! impl_hyper_io {
    ($($stream:ty),*) => { $(
        impl hyper::rt::Read for $stream {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                cursor: ReadBufCursor<'_>,
            ) -> Poll<io::Result<()>> {
                poll_read(&self.io, cx, cursor)
            }
        }

        impl hyper::rt::Write for $stream {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_write(cx, buf)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_write_vectored(cx, bufs)
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                let io = self.io.get_ref();
                Poll::Ready(bytes::end_writing(|how| io.shutdown(how)))
            }
        }
    )* };
}

impl_hyper_io!(TcpStream, UnixStream);
