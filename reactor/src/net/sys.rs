//! Nonblocking, close-on-exec sockets in as few system calls as the platform allows.

use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};

/// Runs the first block where the kernel takes the mode along with `socket` and `accept4`.
macro_rules! where_flags_exist {
    ({ $($flags:tt)* } else { $($calls:tt)* }) => {{
        #[cfg(any(
            target_os = "android",
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "illumos",
            target_os = "linux",
            target_os = "netbsd",
            target_os = "openbsd",
        ))]
        { $($flags)* }
        #[cfg(not(any(
            target_os = "android",
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "illumos",
            target_os = "linux",
            target_os = "netbsd",
            target_os = "openbsd",
        )))]
        { $($calls)* }
    }};
}

/// Makes a stream socket.
pub(crate) fn stream_socket(domain: Domain, protocol: Option<Protocol>) -> io::Result<Socket> {
    where_flags_exist!({
        Socket::new(domain, Type::STREAM.nonblocking(), protocol)
    } else {
        let socket = Socket::new(domain, Type::STREAM, protocol)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    })
}

/// Accepts a connection, or answers `WouldBlock`.
pub(crate) fn accept(listener: &impl AsFd) -> io::Result<(Socket, SockAddr)> {
    let listener = SockRef::from(listener);
    where_flags_exist!({
        // The flags of accept4 are those of a socket's type, without the type.
        let with_flags = i32::from(Type::STREAM.nonblocking().cloexec());
        listener.accept4(with_flags & !i32::from(Type::STREAM))
    } else {
        let (socket, addr) = listener.accept()?;
        socket.set_nonblocking(true)?;
        Ok((socket, addr))
    })
}

/// Starts to connect; the answer is whether it is done already.
pub(crate) fn start_connect(socket: &Socket, addr: &SockAddr) -> io::Result<bool> {
    match socket.connect(addr) {
        Ok(()) => Ok(true),
        // Interrupted too: the kernel goes on connecting.
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::INPROGRESS | Errno::INTR) => Ok(false),
            _ => Err(error),
        },
    }
}
