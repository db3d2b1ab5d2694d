//! Servers, and what they cost their side of the connection.

use super::Setup;
use super::computing::burn;
use crate::load::{self, Load, Request, Session};
use crate::measure::{allocated, cpu_time};
use crate::runtime::{Kind, Runtime};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, http};
use socket2::{Domain, Socket, Type};
use std::convert::Infallible;
use std::future::{Future, ready};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// What a server was asked, and what that cost it.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// Microseconds on its processors for each answer.
    pub cpu: f64,
    /// Thousands of answers a second.
    pub rate: f64,
    /// Microseconds.
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
    /// Bytes for each connection.
    pub memory: f64,
}

/// 64 connections, each of which has a request under way all the time.
pub fn echo<R: Runtime>(setup: &Setup) -> [f64; 3] {
    let served = echo_with::<R>(setup, 64);
    [served.cpu, served.rate, served.p99]
}

pub fn echo_with<R: Runtime>(setup: &Setup, connections: usize) -> Served {
    serve::<R, _, _>(setup, &Load::of(connections, Request::Echo), echo_on::<R>)
}

/// The same with requests that hyper answers.
pub fn http<R: Runtime>(setup: &Setup) -> [f64; 3] {
    let served = serve::<R, _, _>(setup, &Load::of(64, Request::Http), hello_on::<R>);
    [served.cpu, served.rate, served.p99]
}

/// Connections that live for one echo.
pub fn connect<R: Runtime>(setup: &Setup) -> [f64; 1] {
    let load = Load {
        reconnect: true,
        ..Load::of(16, Request::Echo)
    };
    [serve::<R, _, _>(setup, &load, echo_on::<R>).cpu]
}

/// Many connections, of which few have something to say.
pub fn idle<R: Runtime>(setup: &Setup) -> [f64; 2] {
    let load = Load {
        active: 16,
        ..Load::of(5000, Request::Echo)
    };
    let served = serve::<R, _, _>(setup, &load, echo_on::<R>);
    [served.cpu, served.memory]
}

/// Clients that ask now and then, next to a task that hardly ever lets others run. It begins when
/// the connections are there.
pub fn hog<R: Runtime>(setup: &Setup) -> [f64; 3] {
    let runtime = R::start(setup.workers);
    let addr = listen(&runtime, setup.workers, echo_on::<R>);
    let served = measure(&hog_setup(setup), addr, &hog_load(), || {
        runtime.spawn_at(0, || async {
            loop {
                burn(Duration::from_millis(20));
                R::yield_now().await;
            }
        });
    });
    // The hog would hold up its end; the process ends anyway.
    std::mem::forget(runtime);
    [served.p50, served.p99, served.max]
}

pub fn hog_load() -> Load {
    Load {
        think: Duration::from_millis(2),
        ..Load::of(16, Request::Echo)
    }
}

/// Long enough for some dozens of the hog's turns.
pub fn hog_setup(setup: &Setup) -> Setup {
    Setup {
        budget: setup.budget.max(Duration::from_millis(250)) * 3,
        ..*setup
    }
}

async fn echo_on<R: Runtime>(mut stream: R::Stream) {
    let mut buffer = vec![0; load::BUFFER_LENGTH];
    loop {
        let (read, filled) = R::read(&mut stream, buffer).await;
        let Ok(n @ 1..) = read else { return };
        let (written, emptied) = R::write(&mut stream, filled, n).await;
        if written.is_err() {
            return;
        }
        buffer = emptied;
    }
}

async fn hello_on<R: Runtime>(stream: R::Stream) {
    let connection = http1::Builder::new().serve_connection(R::hyper_io(stream), service_fn(hello));
    // Clients that go away are no matter.
    let _ = connection.await;
}

fn hello(
    _request: http::Request<Incoming>,
) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(Response::new(Full::new(Bytes::from_static(
        b"Hello, world!",
    )))))
}

/// Starts a server and measures it under a load.
fn serve<R, H, F>(setup: &Setup, load: &Load, handle: H) -> Served
where
    R: Runtime,
    H: Fn(R::Stream) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = R::start(setup.workers);
    let addr = listen(&runtime, setup.workers, handle);
    let served = measure(setup, addr, load, || ());
    // With its tasks; the process ends anyway.
    std::mem::forget(runtime);
    served
}

/// Listens on one port: with one listener, or, where nothing moves, with one for each worker.
fn listen<R, H, F>(runtime: &R, workers: usize, handle: H) -> SocketAddr
where
    R: Runtime,
    H: Fn(R::Stream) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    load::raise_limit();
    let listeners = match R::KIND {
        Kind::PerCore => workers,
        _ => 1,
    };
    let mut addr = SocketAddr::from(([127, 0, 0, 1], 0));
    for worker in 0..listeners {
        let listener = shared_listener(addr);
        addr = listener.local_addr().expect("an address");
        let handle = handle.clone();
        runtime.spawn_at(worker, move || async move {
            R::serve(R::listener(listener), handle).await;
        });
    }
    addr
}

/// A nonblocking listener on a port that others may listen on, too.
pub fn shared_listener(addr: SocketAddr) -> TcpListener {
    let listen = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_port(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        socket.listen(1024)?;
        std::io::Result::Ok(TcpListener::from(socket))
    };
    listen().expect("a listener")
}

/// Puts a load on a server in this process, from another one. `begin` is called when it is warm.
pub fn measure(setup: &Setup, addr: SocketAddr, load: &Load, begin: impl FnOnce()) -> Served {
    let unloaded = allocated();
    let mut session = Session::start(addr, load, setup.budget);
    session.await_begin();
    begin();
    let memory = allocated().saturating_sub(unloaded);
    let before = cpu_time();
    let answers = session.await_end();
    let cpu = cpu_time() - before;
    Served {
        cpu: cpu.as_secs_f64() * 1e6 / answers.count as f64,
        rate: answers.count as f64 / setup.budget.as_secs_f64() / 1e3,
        p50: answers.p50,
        p99: answers.p99,
        max: answers.max,
        memory: memory as f64 / load.connections as f64,
    }
}
