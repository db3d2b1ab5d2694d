//! Sockets. Names and meaning are tokio's.
//!
//! Sockets are made anywhere; a runtime is needed only where one has to wait. They are `Send`,
//! and follow the task that uses them: see [`Registered`](crate::Registered).

mod addr;
pub(crate) mod bytes;
mod datagrams;
mod halves;
mod socket;
mod sys;
pub mod tcp;
mod udp;
pub mod unix;

pub use addr::{
    Addrs, Resolver, ResolverFuture, Resolving, ToSocketAddrs, lookup_host, set_resolver,
};
pub(crate) use addr::{each_addr, no_addresses};
pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use udp::UdpSocket;
pub use unix::{UnixDatagram, UnixListener, UnixStream};
