//! What every socket here has in common: a socket of `std` inside of a
//! [`Registered`](crate::Registered), in the field `io`.

/// To and from the socket of `std`, and its descriptor.
macro_rules! impl_socket {
    ($socket:ident, $std:ty) => {
        impl $socket {
            /// Takes over a socket of `std`, whatever its mode, and makes it nonblocking.
            ///
            /// # Errors
            ///
            /// If the mode cannot be changed.
            pub fn from_std(socket: $std) -> std::io::Result<Self> {
                socket.set_nonblocking(true)?;
                Ok(Self::from_nonblocking(socket))
            }

            pub(in $crate::net) fn from_nonblocking(socket: $std) -> Self {
                let io = $crate::Registered::new(socket);
                Self { io }
            }

            /// Gives the socket of `std` back, deregistered and still nonblocking.
            ///
            /// # Errors
            ///
            /// None; the `Result` is tokio's.
            pub fn into_std(self) -> std::io::Result<$std> {
                Ok(self.io.into_inner())
            }

            /// The error of the socket, if it has one, which is thereby cleared (`SO_ERROR`).
            pub fn take_error(&self) -> std::io::Result<Option<std::io::Error>> {
                self.io.get_ref().take_error()
            }
        }

        impl TryFrom<$std> for $socket {
            type Error = std::io::Error;

            fn try_from(socket: $std) -> std::io::Result<Self> {
                Self::from_std(socket)
            }
        }

        impl std::os::fd::AsFd for $socket {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.io.as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $socket {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.io.as_raw_fd()
            }
        }
    };
}
pub(crate) use impl_socket;

/// Waiting for readiness, and operations of the caller's own. The polls have names of their own
/// for each kind of socket.
macro_rules! impl_ready {
    ($socket:ident, $poll_read_ready:ident, $poll_write_ready:ident) => {
        /// Readiness. Any number of tasks may wait for it.
        impl $socket {
            /// Waits until the socket is ready for any of `interest`, and says for which.
            ///
            /// # Cancel safety
            ///
            /// Safe: readiness stays until an operation finds it wrong.
            pub async fn ready(
                &self,
                interest: $crate::Interest,
            ) -> std::io::Result<$crate::Ready> {
                self.io.ready(interest).await
            }

            /// Waits until there is something to read, or its end.
            ///
            /// # Cancel safety
            ///
            /// Safe, as [`ready`](Self::ready).
            pub async fn readable(&self) -> std::io::Result<()> {
                self.ready($crate::Interest::READABLE).await.map(drop)
            }

            /// Waits until there is room to write.
            ///
            /// # Cancel safety
            ///
            /// Safe, as [`ready`](Self::ready).
            pub async fn writable(&self) -> std::io::Result<()> {
                self.ready($crate::Interest::WRITABLE).await.map(drop)
            }

            /// [`readable`](Self::readable) for those who write their own futures. Shares its one
            /// waker with the other polls that read.
            pub fn $poll_read_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.io.poll_ready(cx, $crate::Direction::Read).map_ok(drop)
            }

            /// [`writable`](Self::writable) for those who write their own futures. Shares its one
            /// waker with the other polls that write.
            pub fn $poll_write_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.io
                    .poll_ready(cx, $crate::Direction::Write)
                    .map_ok(drop)
            }

            /// Tries `op`, a system call on this socket, if the socket is not known to be unready.
            ///
            /// # Errors
            ///
            /// Those of `op`. `WouldBlock` if there is nothing to try, or if `op` says so, which
            /// is then remembered: `op` must say it only if the socket itself would block.
            pub fn try_io<R>(
                &self,
                interest: $crate::Interest,
                op: impl FnOnce() -> std::io::Result<R>,
            ) -> std::io::Result<R> {
                self.io.try_io(interest, |_| op())
            }

            /// Does `op`, a system call on this socket, or waits until it is worth trying again.
            /// What was said of `op` in [`try_io`](Self::try_io) holds here too.
            ///
            /// # Cancel safety
            ///
            /// Safe: if dropped before it is ready, the last call of `op` had answered
            /// `WouldBlock`.
            pub async fn async_io<R>(
                &self,
                interest: $crate::Interest,
                mut op: impl FnMut() -> std::io::Result<R>,
            ) -> std::io::Result<R> {
                self.io.async_io(interest, |_| op()).await
            }
        }
    };
}
pub(crate) use impl_ready;
