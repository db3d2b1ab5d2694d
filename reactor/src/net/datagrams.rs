//! Datagrams: what sending and receiving have in common whatever the address family.
//!
//! A datagram is sent or received whole or not at all, so an operation that is dropped while it
//! waits has done nothing.

/// What the sockets for datagrams have in common: through their field `io`, with the socket of
/// `std` that is in there, and the type of its addresses.
macro_rules! impl_datagrams {
    ($socket:ident, $std:ty, $addr:ty) => {
        /// Sending to the connected peer, and receiving. Any number of tasks may at once; each
        /// datagram reaches one of them.
        impl $socket {
            /// Sends one datagram to the connected peer and returns how much was sent: all of it.
            ///
            /// # Cancel safety
            ///
            /// Safe: if dropped before it is ready, nothing was sent.
            pub async fn send(&self, buf: &[u8]) -> std::io::Result<usize> {
                let op = |io: &$std| io.send(buf);
                self.io.async_io($crate::Interest::WRITABLE, op).await
            }

            /// [`send`](Self::send) for those who write their own futures. Only the last task that
            /// polled for sending is woken.
            pub fn poll_send(
                &self,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io
                    .poll_io(cx, $crate::Direction::Write, |io| io.send(buf))
            }

            /// [`send`](Self::send) without waiting.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if there is no room.
            pub fn try_send(&self, buf: &[u8]) -> std::io::Result<usize> {
                self.io
                    .try_io($crate::Interest::WRITABLE, |io| io.send(buf))
            }

            /// Receives one datagram and returns its length. What does not fit into `buf` is lost.
            ///
            /// # Cancel safety
            ///
            /// Safe: if dropped before it is ready, no datagram was taken.
            pub async fn recv(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                let op = |io: &$std| io.recv(buf);
                self.io.async_io($crate::Interest::READABLE, op).await
            }

            /// [`recv`](Self::recv) for those who write their own futures. Only the last task that
            /// polled for receiving is woken.
            pub fn poll_recv(
                &self,
                cx: &mut std::task::Context<'_>,
                buf: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io
                    .poll_io(cx, $crate::Direction::Read, |io| io.recv(buf))
            }

            /// [`recv`](Self::recv) without waiting.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if there is no datagram.
            pub fn try_recv(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.io
                    .try_io($crate::Interest::READABLE, |io| io.recv(buf))
            }

            /// Receives one datagram and returns its length and who sent it. What does not fit
            /// into `buf` is lost.
            ///
            /// # Cancel safety
            ///
            /// Safe: if dropped before it is ready, no datagram was taken.
            pub async fn recv_from(&self, buf: &mut [u8]) -> std::io::Result<(usize, $addr)> {
                let op = |io: &$std| io.recv_from(buf);
                self.io.async_io($crate::Interest::READABLE, op).await
            }

            /// [`recv_from`](Self::recv_from) for those who write their own futures. Only the last
            /// task that polled for receiving is woken.
            pub fn poll_recv_from(
                &self,
                cx: &mut std::task::Context<'_>,
                buf: &mut [u8],
            ) -> std::task::Poll<std::io::Result<(usize, $addr)>> {
                self.io
                    .poll_io(cx, $crate::Direction::Read, |io| io.recv_from(buf))
            }

            /// [`recv_from`](Self::recv_from) without waiting.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if there is no datagram.
            pub fn try_recv_from(&self, buf: &mut [u8]) -> std::io::Result<(usize, $addr)> {
                self.io
                    .try_io($crate::Interest::READABLE, |io| io.recv_from(buf))
            }
        }

        /// Readiness, and operations of your own.
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

            /// Waits until there is something to receive.
            ///
            /// # Cancel safety
            ///
            /// Safe, as [`ready`](Self::ready).
            pub async fn readable(&self) -> std::io::Result<()> {
                self.ready($crate::Interest::READABLE).await.map(drop)
            }

            /// Waits until there is room to send.
            ///
            /// # Cancel safety
            ///
            /// Safe, as [`ready`](Self::ready).
            pub async fn writable(&self) -> std::io::Result<()> {
                self.ready($crate::Interest::WRITABLE).await.map(drop)
            }

            /// [`readable`](Self::readable) for those who write their own futures. Shares its one
            /// waker with `poll_recv`.
            pub fn poll_recv_ready(
                &self,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.io.poll_ready(cx, $crate::Direction::Read).map_ok(drop)
            }

            /// [`writable`](Self::writable) for those who write their own futures. Shares its one
            /// waker with `poll_send`.
            pub fn poll_send_ready(
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

        /// Of the socket itself.
        impl $socket {
            /// Takes over a socket of `std`, whatever its mode, and makes it nonblocking.
            ///
            /// # Errors
            ///
            /// If the mode cannot be changed.
            pub fn from_std(socket: $std) -> std::io::Result<Self> {
                socket.set_nonblocking(true)?;
                let io = $crate::Registered::new(socket);
                Ok(Self { io })
            }

            /// Gives the socket of `std` back, deregistered and still nonblocking.
            ///
            /// # Errors
            ///
            /// None; the `Result` is tokio's.
            pub fn into_std(self) -> std::io::Result<$std> {
                Ok(self.io.into_inner())
            }

            /// The address it is bound to.
            pub fn local_addr(&self) -> std::io::Result<$addr> {
                self.io.get_ref().local_addr()
            }

            /// The address it is connected to.
            ///
            /// # Errors
            ///
            /// Among others, that it is not connected.
            pub fn peer_addr(&self) -> std::io::Result<$addr> {
                self.io.get_ref().peer_addr()
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
pub(crate) use impl_datagrams;
