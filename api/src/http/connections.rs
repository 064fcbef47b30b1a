//! Accepts connections, limits how many are open, and ends them in order.
//!
//! axum's own server sets no timeout for headers and no limit on connections, so this module drives hyper itself.

mod admission;
mod descriptors;
mod stream;

use std::{convert::Infallible, net::SocketAddr, pin::pin, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    response::{IntoResponse, Response},
    serve::Listener,
};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use descriptors::fit_to_descriptors;
pub(super) use stream::Meter;

use self::{
    admission::{Admission, ConnectionPermit},
    stream::ConnectionStream,
};
use super::{
    accept::MediaType,
    protection,
    refusal::{self, Refusal},
};
use crate::{app::App, config::Limits, telemetry};

/// Bytes that hyper buffers of one connection: the limit for a request's line and headers together. Ten thousand headers that
/// never end take less than 300 MB.
const BUFFER_BYTES: usize = 12 * 1024;

/// Time limit for the header of a connection beyond the limit.
const RESERVED_HEADER_TIME: Duration = Duration::from_secs(2);

/// Paths that are served while the server is full.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Sent to a client whose address has too many connections open, before the connection is closed.
const TOO_MANY_CONNECTIONS: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nRetry-After: 5\r\n\
    X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n\
    Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\
    Content-Type: text/plain\r\nContent-Length: 52\r\n\r\nToo many connections from this address. Close some.\n";

/// Serves HTTP/1.1 until `stop` is cancelled, and then until open requests are answered, at most for the configured time.
pub async fn serve(mut listener: TcpListener, router: Router, app: App, stop: CancellationToken) {
    let admission = Admission::new(&app.config);
    let connections = TaskTracker::new();
    let service = TowerToHyperService::new(router);
    while let Some(client) = stop.run_until_cancelled(accept(&mut listener, &admission)).await {
        let limits = &app.config.limits;
        connections.spawn(serve_connection(client, service.clone(), connection_builder(limits), stop.clone()));
    }
    drop(listener);
    connections.close();
    if timeout(app.config.limits.drain, connections.wait()).await.is_err() {
        tracing::warn!("stopped before every request was answered");
    }
}

/// An accepted connection.
struct Client {
    stream: TcpStream,
    peer: SocketAddr,
    permit: ConnectionPermit,
}

/// Waits for the next client that may connect. Clients whose address has too many connections are refused.
async fn accept(listener: &mut TcpListener, admission: &Admission) -> Client {
    loop {
        let (stream, peer) = Listener::accept(listener).await;
        let Some(permit) = admission.admit(peer.ip()).await else {
            telemetry::rejected("connections_per_address");
            // The connection is closed either way; the answer is a courtesy to clients that read it.
            stream.try_write(TOO_MANY_CONNECTIONS).ok();
            continue;
        };
        // A pushed balance is one small packet that nothing follows. It must not wait to be filled up.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        return Client { stream, peer, permit };
    }
}

fn connection_builder(limits: &Limits) -> impl Fn(bool) -> http1::Builder + use<> {
    let header_time = limits.header;
    move |reserved| {
        let mut builder = http1::Builder::new();
        let header_time = if reserved { header_time.min(RESERVED_HEADER_TIME) } else { header_time };
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(header_time)
            .max_buf_size(BUFFER_BYTES)
            .keep_alive(!reserved);
        builder
    }
}

/// The response to whatever is not a probe while the server is full. It passes no middleware.
fn server_full(media_type: Option<MediaType>) -> Response {
    let mut response = Refusal::server_full().into_response();
    refusal::negotiate(&mut response, media_type);
    protection::add(response.headers_mut());
    response
}

async fn serve_connection(
    Client { stream, peer, permit }: Client,
    service: TowerToHyperService<Router>,
    builder: impl Fn(bool) -> http1::Builder,
    stop: CancellationToken,
) {
    let reserved = permit.is_reserved();
    let (stream, meter) = ConnectionStream::new(stream, permit);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let refused = reserved && !PROBES.contains(&request.uri().path());
        let media_type = MediaType::preferred(request.headers());
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(meter.clone());
        let answer = (!refused).then(|| service.call(request));
        async move {
            match answer {
                Some(answer) => answer.await,
                None => Ok::<Response, Infallible>(server_full(media_type)),
            }
        }
    });
    let mut connection = pin!(builder(reserved).serve_connection(TokioIo::new(stream), service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
