//! Thread-per-core, and current-thread, where the one core is the main thread's: every worker has
//! a listener of its own on the same port, and the kernel spreads the connections (`SO_REUSEPORT`).
//! A connection stays on its worker, so state is shared by `Rc`, and nothing is `Send`.

use crate::connection::serve_connection;
use crate::{GRACE, Outcome, Served, announce, routes};
use hyper::service::service_fn;
use pintle::hyper::LocalExecutor;
use pintle::net::{TcpListener, TcpSocket};
use pintle_examples::accept::Connections;
use pintle_examples::stop::{Group, Stop};
use pintle_examples::{During, Result};
use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

const BACKLOG: u32 = 1024;

pub async fn serve(addr: SocketAddr, stop: Stop) -> Result<Outcome> {
    let listeners = listen_each(addr).during(format_args!("listening on {addr}"))?;
    let bound = listeners[0].local_addr().during("asking for the address")?;
    let workers: Vec<_> = listeners
        .into_iter()
        .enumerate()
        .map(|(worker, listener)| {
            let stop = stop.clone();
            pintle::spawn_on(worker, move || serve_here(listener, stop))
        })
        .collect();
    announce(bound);

    let mut outcome = Outcome {
        served: Vec::new(),
        complete: true,
    };
    for worker in workers {
        let (served, complete) = worker.await?;
        outcome.served.push(served);
        outcome.complete &= complete;
    }
    Ok(outcome)
}

/// Makes a listener for each worker. If `addr` leaves the port open, the first one chooses it.
fn listen_each(addr: SocketAddr) -> io::Result<Vec<TcpListener>> {
    let first = listen(addr)?;
    let addr = first.local_addr()?;
    let others = (1..pintle::worker::count()).map(|_| listen(addr));
    std::iter::once(Ok(first)).chain(others).collect()
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

async fn serve_here(listener: TcpListener, mut stop: Stop) -> (Served, bool) {
    let served = Rc::new(RefCell::new(Served::default()));
    let group = Group::default();

    let mut connections = Connections::new(listener);
    while let Some(stream) = stop.or(connections.next()).await {
        served.borrow_mut().connections += 1;
        let (served, stop, member) = (served.clone(), stop.clone(), group.join());
        pintle::task::spawn_local(async move {
            let service = service_fn(|request| {
                served.borrow_mut().requests += 1;
                async { Ok::<_, Infallible>(routes::answer(request).await) }
            });
            serve_connection(stream, service, LocalExecutor, stop).await;
            drop(member);
        });
    }
    drop(connections);

    let complete = group.wait(GRACE).await;
    let served = *served.borrow();
    (served, complete)
}
