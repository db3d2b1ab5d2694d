//! What the server has to say.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use std::hint::spin_loop;
use std::time::{Duration, Instant};

/// No request may take longer.
const LONGEST: Duration = Duration::from_secs(60);

pub async fn answer(request: Request<Incoming>) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    match request.uri().path() {
        "/" => text(StatusCode::OK, "Hello from Pintle!\n"),
        "/worker" => text(StatusCode::OK, format!("{}\n", whereabouts())),
        "/slow" => match milliseconds(&request) {
            Ok(time) => {
                pintle::time::sleep(time).await;
                text(StatusCode::OK, format!("slept {time:?}\n"))
            }
            Err(message) => text(StatusCode::BAD_REQUEST, message),
        },
        "/hog" => match milliseconds(&request) {
            Ok(time) => {
                burn(time);
                text(
                    StatusCode::OK,
                    format!("burned {time:?} on {}\n", whereabouts()),
                )
            }
            Err(message) => text(StatusCode::BAD_REQUEST, message),
        },
        _ => text(
            StatusCode::NOT_FOUND,
            "there is /, /worker, /slow?ms=N and /hog?ms=N\n",
        ),
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}

/// The `ms` in `/slow?ms=20`.
fn milliseconds(request: &Request<Incoming>) -> Result<Duration, &'static str> {
    let query = request.uri().query().unwrap_or_default();
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("ms="))
        .and_then(|number| number.parse().ok())
        .map(Duration::from_millis)
        .filter(|time| *time <= LONGEST)
        .ok_or("say how long: ?ms=20, at most 60000\n")
}

fn whereabouts() -> String {
    match pintle::worker::current() {
        Some(worker) => format!("worker {worker} of {}", pintle::worker::count()),
        None => "no worker".to_owned(),
    }
}

/// What no task should do: keeps its worker from doing anything else.
fn burn(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        spin_loop();
    }
}
