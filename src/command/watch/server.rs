//! HTTP for probes and metrics: three documents, for whoever can reach the address.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::ready;
use std::net::TcpListener;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::health::Shared;
use super::metrics;
use crate::config::Listen;
use crate::error::Error;

/// Connections at once. The oldest makes way for another: were that one to wait, whoever opens connections and says
/// nothing would keep the kubelet from its answer, which has the container killed.
const MOST_CONNECTIONS: usize = 64;
/// Of the request line and all headers, in bytes; hyper takes no less.
const LONGEST_HEAD: usize = 8192;
const MOST_HEADERS: usize = 64;
/// How long a client may take to send them.
const HEAD_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection may last in all.
const TIMEOUT: Duration = Duration::from_secs(5);
const TEXT: &str = "text/plain; charset=utf-8";

/// Answers from now on, in the runtime of this thread.
///
/// # Errors
/// [`Error::Listen`].
pub(super) fn start(listen: &Listen, health: &Shared) -> Result<(), Error> {
    let failed = |source| Error::Listen { address: listen.to_string(), source };
    let listener = TcpListener::bind(listen.0.as_slice()).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
    tracing::info!("listening on {address}");
    tokio::spawn(accept(listener, health.clone()));
    Ok(())
}

async fn accept(listener: tokio::net::TcpListener, health: Shared) {
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                open.retain(|connection| !connection.is_finished());
                if open.len() == MOST_CONNECTIONS
                    && let Some(oldest) = open.pop_front()
                {
                    oldest.abort();
                }
                let health = health.clone();
                let talk = tokio::spawn(async move {
                    // what goes wrong is the client's affair
                    let _ = tokio::time::timeout(TIMEOUT, converse(stream, &health)).await;
                });
                open.push_back(talk.abort_handle());
                // a request that is there already is answered before the next connection is taken
                tokio::task::yield_now().await;
            }
            // too many open files, or a client that is gone already
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn converse(stream: TcpStream, health: &Shared) -> hyper::Result<()> {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(LONGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .keep_alive(false)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(|request: Request<Incoming>| {
                ready(Ok::<_, Infallible>(answer(request.method(), request.uri().path(), health)))
            }),
        )
        .await
}

fn answer(method: &Method, path: &str, health: &Shared) -> Response<Full<Bytes>> {
    let (status, media_type, text) = match path {
        "/livez" => (StatusCode::OK, TEXT, "ok\n".to_owned()),
        "/readyz" => {
            let (ready, detail) = health.with(|health| (health.is_ready(), health.detail()));
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            (status, TEXT, detail.join("\n") + "\n")
        }
        "/metrics" => {
            (StatusCode::OK, metrics::MEDIA_TYPE, health.with(|health| metrics::render(health, resident())))
        }
        _ => (StatusCode::NOT_FOUND, TEXT, "there are /livez, /readyz and /metrics\n".to_owned()),
    };
    let refused = !matches!(*method, Method::GET | Method::HEAD);
    let (status, media_type, text) = match refused {
        true => (StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD are answered\n".to_owned()),
        false => (status, media_type, text),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if refused {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

/// Bytes of memory that this process has, by proc_pid_statm(5).
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
