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

        $crate::net::socket::impl_socket!($socket, $std);
        $crate::net::socket::impl_ready!($socket, poll_recv_ready, poll_send_ready);

        impl $socket {
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
        }
    };
}
pub(crate) use impl_datagrams;
