//! From what people write for an address to socket addresses.
//!
//! Numbers are turned into addresses on the spot. Names need a resolver, which blocks, and this
//! crate has no threads to block: a runtime installs one with [`set_resolver`].

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

/// The pending answer of a resolver.
pub type ResolverFuture = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Resolves `host:port`, without blocking the thread that calls it.
pub type Resolver = fn(String) -> ResolverFuture;

static RESOLVER: OnceLock<Resolver> = OnceLock::new();

/// Installs the resolver of this process; the first one stays. Says whether this was it.
///
/// ```
/// use pintle_reactor::net::{lookup_host, set_resolver};
/// use std::net::SocketAddr;
///
/// set_resolver(|name| {
///     Box::pin(async move {
///         assert_eq!(name, "home.example:80");
///         Ok(vec![SocketAddr::from(([127, 0, 0, 1], 80))])
///     })
/// });
/// let mut addrs = futures_lite::future::block_on(lookup_host("home.example:80"))?;
/// assert_eq!(addrs.next(), Some(SocketAddr::from(([127, 0, 0, 1], 80))));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn set_resolver(resolver: Resolver) -> bool {
    RESOLVER.set(resolver).is_ok()
}

/// Turns what people write for an address into socket addresses, asking the resolver for names.
///
/// ```
/// use pintle_reactor::net::lookup_host;
/// use std::net::SocketAddr;
///
/// let mut addrs = futures_lite::future::block_on(lookup_host(("127.0.0.1", 80)))?;
/// assert_eq!(addrs.next(), Some(SocketAddr::from(([127, 0, 0, 1], 80))));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of the resolver, or if it takes one and there is none.
pub async fn lookup_host<T: ToSocketAddrs>(host: T) -> io::Result<Addrs> {
    host.to_socket_addrs().await
}

/// What can be used as an address: [`SocketAddr`] and its kinds, an IP address with a port, a
/// slice of addresses to try in turn, and `"host:port"` or `("host", port)`, where the host may
/// be a name. Closed: it cannot be implemented elsewhere.
pub trait ToSocketAddrs: sealed::ToSocketAddrs {}

impl<T: sealed::ToSocketAddrs + ?Sized> ToSocketAddrs for T {}

pub(crate) mod sealed {
    /// The part that callers cannot name.
    pub trait ToSocketAddrs {
        /// The addresses, sooner or later.
        fn to_socket_addrs(&self) -> super::Resolving;
    }
}

/// Socket addresses, in the order they should be tried.
#[derive(Debug, Clone)]
pub struct Addrs(Inner);

#[derive(Debug, Clone)]
enum Inner {
    One(Option<SocketAddr>),
    Many(std::vec::IntoIter<SocketAddr>),
}

impl Iterator for Addrs {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        match &mut self.0 {
            Inner::One(addr) => addr.take(),
            Inner::Many(addrs) => addrs.next(),
        }
    }
}

/// Addresses, now or when the resolver answers.
pub struct Resolving(State);

enum State {
    Done(Option<io::Result<Addrs>>),
    Waiting(ResolverFuture),
}

impl Resolving {
    fn one(addr: SocketAddr) -> Self {
        Self(State::Done(Some(Ok(Addrs(Inner::One(Some(addr)))))))
    }

    fn name(host_and_port: String) -> Self {
        Self(match RESOLVER.get() {
            Some(resolver) => State::Waiting(resolver(host_and_port)),
            None => State::Done(Some(Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "no resolver for the name in {host_and_port:?}; start a runtime first, \
                     install one with set_resolver, or use a numeric address"
                ),
            )))),
        })
    }
}

impl Future for Resolving {
    type Output = io::Result<Addrs>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Done(addrs) => Poll::Ready(addrs.take().expect("polled after it was ready")),
            State::Waiting(future) => future
                .as_mut()
                .poll(cx)
                .map_ok(|addrs| Addrs(Inner::Many(addrs.into_iter()))),
        }
    }
}

impl fmt::Debug for Resolving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolving").finish_non_exhaustive()
    }
}

/// Calls `f` with one address after the other until it succeeds; the error of the last is the
/// answer if none does.
pub(crate) fn each_addr<R>(
    addrs: Addrs,
    mut f: impl FnMut(SocketAddr) -> io::Result<R>,
) -> io::Result<R> {
    let mut last = None;
    for addr in addrs {
        match f(addr) {
            Ok(done) => return Ok(done),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(no_addresses))
}

pub(crate) fn no_addresses() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "could not resolve to any addresses",
    )
}

macro_rules! one_address {
    ($($kind:ty),*) => { $(
        impl sealed::ToSocketAddrs for $kind {
            fn to_socket_addrs(&self) -> Resolving {
                Resolving::one(SocketAddr::from(*self))
            }
        }
    )* };
}

one_address!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);

impl sealed::ToSocketAddrs for [SocketAddr] {
    fn to_socket_addrs(&self) -> Resolving {
        let addrs = Addrs(Inner::Many(Vec::from(self).into_iter()));
        Resolving(State::Done(Some(Ok(addrs))))
    }
}

impl sealed::ToSocketAddrs for str {
    fn to_socket_addrs(&self) -> Resolving {
        match self.parse() {
            Ok(addr) => Resolving::one(addr),
            Err(_) => Resolving::name(self.to_owned()),
        }
    }
}

impl sealed::ToSocketAddrs for String {
    fn to_socket_addrs(&self) -> Resolving {
        self.as_str().to_socket_addrs()
    }
}

impl sealed::ToSocketAddrs for (&str, u16) {
    fn to_socket_addrs(&self) -> Resolving {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(ip) => Resolving::one((ip, port).into()),
            Err(_) => Resolving::name(format!("{host}:{port}")),
        }
    }
}

impl sealed::ToSocketAddrs for (String, u16) {
    fn to_socket_addrs(&self) -> Resolving {
        (self.0.as_str(), self.1).to_socket_addrs()
    }
}

impl<T: sealed::ToSocketAddrs + ?Sized> sealed::ToSocketAddrs for &T {
    fn to_socket_addrs(&self) -> Resolving {
        (**self).to_socket_addrs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future::block_on;

    fn all(addr: impl ToSocketAddrs) -> Vec<SocketAddr> {
        block_on(lookup_host(addr)).expect("lookup").collect()
    }

    #[test]
    fn numbers_need_no_resolver() {
        let one = SocketAddr::from(([127, 0, 0, 1], 80));
        assert_eq!(all(one), [one]);
        assert_eq!(all("127.0.0.1:80"), [one]);
        assert_eq!(all(String::from("127.0.0.1:80")), [one]);
        assert_eq!(all(("127.0.0.1", 80)), [one]);
        assert_eq!(all((Ipv4Addr::LOCALHOST, 80)), [one]);
        assert_eq!(all(&[one, one][..]), [one, one]);
        assert_eq!(all("[::1]:80"), [(Ipv6Addr::LOCALHOST, 80).into()]);
        assert_eq!(all(("::1", 80)), [(Ipv6Addr::LOCALHOST, 80).into()]);
    }

    #[test]
    fn the_last_error_is_reported() {
        let addrs = |n: usize| {
            let addr = SocketAddr::from(([127, 0, 0, 1], 80));
            Addrs(Inner::Many(vec![addr; n].into_iter()))
        };
        let mut tries = 0;
        let result = each_addr(addrs(3), |_| -> io::Result<()> {
            tries += 1;
            Err(io::Error::other(format!("try {tries}")))
        });
        assert_eq!(result.expect_err("all fail").to_string(), "try 3");
        let none = each_addr(addrs(0), |_| Ok(()));
        assert_eq!(none.expect_err("none").kind(), io::ErrorKind::InvalidInput);
    }
}
