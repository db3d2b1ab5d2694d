//! Sockets between processes of one machine: [`UnixListener`] and [`UnixStream`] for connections,
//! [`UnixDatagram`] for messages.
//!
//! Addresses are paths, or nothing for a socket nobody has to find. On Linux a path that begins
//! with a NUL byte names the abstract namespace: no file is made, and the name is free again when
//! the socket is closed. The addresses these types return are the [`SocketAddr`] of `std`.
//!
//! A path outlives its socket: whoever binds it removes it, best just before binding.
//!
//! Tested in `tests/unix.rs`.

mod datagram;
mod listener;
mod split;
mod stream;

use std::io;
use std::os::unix::net::SocketAddr;
use std::path::Path;

pub use self::datagram::UnixDatagram;
pub use self::listener::UnixListener;
pub use self::split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use self::stream::UnixStream;

/// The address a path stands for, with Linux's abstract names read as in the module's text.
fn addr_of(path: &Path) -> io::Result<SocketAddr> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        #[cfg(target_os = "android")]
        use std::os::android::net::SocketAddrExt;
        #[cfg(target_os = "linux")]
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::ffi::OsStrExt;

        if let Some(name) = path.as_os_str().as_bytes().strip_prefix(b"\0") {
            return SocketAddr::from_abstract_name(name);
        }
    }
    SocketAddr::from_pathname(path)
}
