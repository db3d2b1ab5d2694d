//! Work-stealing: one listener, and connections that any worker may take over at any `.await`.

use crate::connection::serve_connection;
use crate::{GRACE, Outcome, Served, announce, routes};
use hyper::service::service_fn;
use pintle::hyper::Executor;
use pintle::net::TcpListener;
use pintle_examples::accept::Connections;
use pintle_examples::stop::{Group, Stop};
use pintle_examples::{During, Result};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts by worker. The tasks that count move about, so these are atomics; each worker's are on
/// lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Tally {
    connections: AtomicU64,
    requests: AtomicU64,
}

/// The tally of the worker we are on.
fn here(tallies: &[Tally]) -> &Tally {
    &tallies[pintle::worker::current().unwrap_or(0)]
}

pub async fn serve(addr: SocketAddr, mut stop: Stop) -> Result<Outcome> {
    let tallies: Arc<[Tally]> = (0..pintle::worker::count())
        .map(|_| Tally::default())
        .collect();
    let group = Group::default();

    let listener = TcpListener::bind(addr)
        .await
        .during(format_args!("listening on {addr}"))?;
    announce(listener.local_addr().during("asking for the address")?);
    let mut connections = Connections::new(listener);
    while let Some(stream) = stop.or(connections.next()).await {
        let (tallies, stop, member) = (tallies.clone(), stop.clone(), group.join());
        pintle::spawn(async move {
            here(&tallies).connections.fetch_add(1, Ordering::Relaxed);
            let service = service_fn(|request| {
                here(&tallies).requests.fetch_add(1, Ordering::Relaxed);
                async { Ok::<_, Infallible>(routes::answer(request).await) }
            });
            serve_connection(stream, service, Executor, stop).await;
            drop(member);
        });
    }
    // Whoever connects from now on is refused.
    drop(connections);

    let complete = group.wait(GRACE).await;
    let served = tallies.iter().map(|tally| Served {
        connections: tally.connections.load(Ordering::Relaxed),
        requests: tally.requests.load(Ordering::Relaxed),
    });
    Ok(Outcome {
        served: served.collect(),
        complete,
    })
}
