//! The halves of a stream, borrowed and owned, for every kind of stream there is.

/// Makes `ReadHalf`, `WriteHalf`, `OwnedReadHalf`, `OwnedWriteHalf` and `ReuniteError` of a stream
/// that implements the `futures-io` traits by reference and has the readiness methods.
macro_rules! halves {
    ($stream:ident, $addr:ty) => {
        /// The reading half of a borrowed stream; from `split`.
        #[derive(Debug)]
        pub struct ReadHalf<'a>(&'a $stream);

        /// The writing half of a borrowed stream; from `split`.
        #[derive(Debug)]
        pub struct WriteHalf<'a>(&'a $stream);

        /// The reading half of a stream, which may live anywhere; from `into_split`.
        #[derive(Debug)]
        pub struct OwnedReadHalf(Arc<$stream>);

        /// The writing half of a stream, which may live anywhere; from `into_split`. Dropping it
        /// ends the writing: the other side reads to the end.
        #[derive(Debug)]
        pub struct OwnedWriteHalf {
            stream: Arc<$stream>,
            shutdown_on_drop: bool,
        }

        pub(super) fn split(stream: &mut $stream) -> (ReadHalf<'_>, WriteHalf<'_>) {
            (ReadHalf(stream), WriteHalf(stream))
        }

        pub(super) fn into_split(stream: $stream) -> (OwnedReadHalf, OwnedWriteHalf) {
            let stream = Arc::new(stream);
            let write = OwnedWriteHalf {
                stream: stream.clone(),
                shutdown_on_drop: true,
            };
            (OwnedReadHalf(stream), write)
        }

        /// Two halves that were not of one stream; they are in the error.
        #[derive(Debug)]
        pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

        impl fmt::Display for ReuniteError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tried to reunite halves that are not from the same stream")
            }
        }

        impl Error for ReuniteError {}

        impl OwnedReadHalf {
            /// Makes the stream whole again.
            ///
            /// # Errors
            ///
            /// If the other half is another stream's.
            pub fn reunite(self, other: OwnedWriteHalf) -> Result<$stream, ReuniteError> {
                if !Arc::ptr_eq(&self.0, &other.stream) {
                    return Err(ReuniteError(self, other));
                }
                other.forget();
                Ok(Arc::into_inner(self.0).expect("a stream has two halves and no more"))
            }
        }

        impl OwnedWriteHalf {
            /// Makes the stream whole again.
            ///
            /// # Errors
            ///
            /// If the other half is another stream's.
            pub fn reunite(self, other: OwnedReadHalf) -> Result<$stream, ReuniteError> {
                other.reunite(self)
            }

            /// Drops the half without ending the writing.
            pub fn forget(mut self) {
                self.shutdown_on_drop = false;
            }
        }

        impl Drop for OwnedWriteHalf {
            fn drop(&mut self) {
                if self.shutdown_on_drop {
                    // Nobody to tell; a connection that is gone needs no end.
                    let _ = self.stream.io.get_ref().shutdown(Shutdown::Write);
                }
            }
        }

        halves!(@as_ref ReadHalf<'_>, $stream, |half| half.0);
        halves!(@as_ref WriteHalf<'_>, $stream, |half| half.0);
        halves!(@as_ref OwnedReadHalf, $stream, |half| &half.0);
        halves!(@as_ref OwnedWriteHalf, $stream, |half| &half.stream);
        halves!(@common ReadHalf<'_>, $stream, $addr);
        halves!(@common WriteHalf<'_>, $stream, $addr);
        halves!(@common OwnedReadHalf, $stream, $addr);
        halves!(@common OwnedWriteHalf, $stream, $addr);
        halves!(@read ReadHalf<'_>, $stream);
        halves!(@read OwnedReadHalf, $stream);
        halves!(@write WriteHalf<'_>, $stream);
        halves!(@write OwnedWriteHalf, $stream);
    };

    (@as_ref $half:ty, $stream:ident, |$this:ident| $inner:expr) => {
        impl $half {
            fn stream(&self) -> &$stream {
                let $this = self;
                $inner
            }
        }

        impl AsRef<$stream> for $half {
            fn as_ref(&self) -> &$stream {
                self.stream()
            }
        }
    };

    (@common $half:ty, $stream:ident, $addr:ty) => {
        impl $half {
            /// The address of the other side.
            pub fn peer_addr(&self) -> io::Result<$addr> {
                self.stream().peer_addr()
            }

            /// The address of this side.
            pub fn local_addr(&self) -> io::Result<$addr> {
                self.stream().local_addr()
            }

            /// Waits until the stream is ready for any of `interest`, and says for which.
            ///
            /// # Cancel safety
            ///
            /// Safe: readiness stays until an operation finds it wrong.
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                self.stream().ready(interest).await
            }
        }
    };

    (@read $half:ty, $stream:ident) => {
        impl $half {
            /// Waits until there is something to read, or its end.
            ///
            /// # Cancel safety
            ///
            /// Safe, as [`ready`](Self::ready).
            pub async fn readable(&self) -> io::Result<()> {
                self.stream().readable().await
            }

            /// Reads what is there.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if nothing is.
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                self.stream().try_read(buf)
            }

            /// Reads what is there into several buffers.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if nothing is.
            pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                self.stream().try_read_vectored(bufs)
            }
        }

        impl AsyncRead for $half {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                AsyncRead::poll_read(Pin::new(&mut self.stream()), cx, buf)
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                AsyncRead::poll_read_vectored(Pin::new(&mut self.stream()), cx, bufs)
            }
        }
    };

    (@write $half:ty, $stream:ident) => {
        impl $half {
            /// Waits until there is room to write.
            ///
            /// # Cancel safety
            ///
            /// Safe, as [`ready`](Self::ready).
            pub async fn writable(&self) -> io::Result<()> {
                self.stream().writable().await
            }

            /// Writes what there is room for.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if there is none.
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                self.stream().try_write(buf)
            }

            /// Writes what there is room for from several buffers.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if there is none.
            pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.stream().try_write_vectored(bufs)
            }
        }

        impl AsyncWrite for $half {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write(Pin::new(&mut self.stream()), cx, buf)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write_vectored(Pin::new(&mut self.stream()), cx, bufs)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_flush(Pin::new(&mut self.stream()), cx)
            }

            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_close(Pin::new(&mut self.stream()), cx)
            }
        }
    };
}
pub(crate) use halves;
