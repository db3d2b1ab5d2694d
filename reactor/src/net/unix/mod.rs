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
#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use socket2::SockAddr;

pub use datagram::UnixDatagram;
pub use listener::UnixListener;
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use stream::UnixStream;

/// The address that a path stands for, with Linux's abstract names as told above.
fn addr_of(path: &Path) -> io::Result<SocketAddr> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = path.as_os_str().as_bytes().strip_prefix(b"\0") {
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(path)
}

/// The address as `std` has it; its own conversion knows neither abstract names nor no name.
fn std_addr(addr: &SockAddr) -> io::Result<SocketAddr> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = addr.as_abstract_namespace() {
        return SocketAddr::from_abstract_name(name);
    }
    // The empty path makes an unnamed address.
    SocketAddr::from_pathname(addr.as_pathname().unwrap_or(Path::new("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_same_in_both_forms() {
        let path = Path::new("/tmp/some-socket");
        let addr = std_addr(&SockAddr::unix(path).unwrap()).unwrap();
        assert_eq!(addr.as_pathname(), Some(path));
        assert_eq!(addr_of(path).unwrap().as_pathname(), Some(path));

        let unnamed = SockAddr::unix("").unwrap();
        assert!(std_addr(&unnamed).unwrap().is_unnamed());
        assert!(addr_of(Path::new("")).unwrap().is_unnamed());
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn abstract_names_are_the_same_in_both_forms() {
        let addr = std_addr(&SockAddr::unix("\0name").unwrap()).unwrap();
        assert_eq!(addr.as_abstract_name(), Some(&b"name"[..]));
        let addr = addr_of(Path::new("\0name")).unwrap();
        assert_eq!(addr.as_abstract_name(), Some(&b"name"[..]));
    }
}
