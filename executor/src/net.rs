//! TCP, UDP and Unix sockets.
//!
//! Sockets are made without a runtime's help: one is registered with a reactor when an operation
//! first has to wait, on the worker it is then polled on. So a connection that is accepted on one
//! worker and handed to another lives there. All sockets are `Send`, in every flavour.
//!
//! Names are resolved by the operating system on the blocking pool.

pub use pintle_reactor::net::*;

use crate::task::spawn_blocking;

/// Gives the reactor crate, which knows no threads, a resolver.
pub(crate) fn install_resolver() {
    pintle_reactor::net::set_resolver(|host| {
        Box::pin(async move {
            spawn_blocking(move || {
                std::net::ToSocketAddrs::to_socket_addrs(host.as_str()).map(Iterator::collect)
            })
            .await?
        })
    });
}
