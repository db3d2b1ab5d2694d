//! One connection, from its first byte to its end.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::server::conn::auto::{Builder, HttpServerConnExec};
use pintle::hyper::Timer;
use pintle::net::TcpStream;
use pintle_examples::stop::Stop;
use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How often an idle HTTP/2 client is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// Serves HTTP/1 or HTTP/2, whichever the client speaks. When told to stop, finishes the requests
/// that have begun and then closes.
///
/// The future is `Send` if the service and its answers are; nothing here asks for it.
pub async fn serve_connection<S, E>(stream: TcpStream, service: S, executor: E, mut stop: Stop)
where
    S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>,
    S::Future: 'static,
    E: HttpServerConnExec<S::Future, Full<Bytes>>,
{
    // A failure is between the kernel and the peer, and only costs some latency.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(executor);
    builder
        .http1()
        .timer(Timer)
        .header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(Timer).keep_alive_interval(PING_EVERY);

    let mut connection = pin!(builder.serve_connection(stream, service));
    // Errors are the peer's: it went away, was too slow, or does not speak HTTP.
    match stop.or(connection.as_mut()).await {
        Some(_ended) => {}
        None => {
            connection.as_mut().graceful_shutdown();
            let _ended = connection.await;
        }
    }
}
