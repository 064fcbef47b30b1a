//! Connections: taken as they come, as many as may be open, and ended in order.

use std::{net::SocketAddr, pin::pin, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
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
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::{io::InspectReader, sync::CancellationToken, task::TaskTracker};

use crate::config::Limits;

/// Serves until `stop` is cancelled, and then for as long as requests are open, but no longer than they have. It speaks
/// HTTP/1.1: what else there is, a proxy may speak.
pub async fn serve(mut listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    let seats = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let connections = TaskTracker::new();
    let service = TowerToHyperService::new(router);
    while let Some((stream, peer, seat)) = stop.run_until_cancelled(next(&mut listener, &seats)).await {
        let service = service.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            service.call(request)
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(limits.header);
        let stop = stop.clone();
        connections.spawn(async move {
            let mut connection = pin!(http.serve_connection(io(stream, seat), service).with_upgrades());
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
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!("stopped before every request was answered");
    }
}

/// Waits for a seat, and then for somebody to take it.
async fn next(
    listener: &mut TcpListener,
    seats: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The seats are never closed, so there is always one to be had.
    let seat = seats.clone().acquire_owned().await.ok();
    let (stream, peer) = Listener::accept(listener).await;
    // A pushed balance is one small packet that nothing follows: it must not wait to be filled up.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    (stream, peer, seat)
}

/// The connection keeps its seat for as long as it is open, also as a websocket.
fn io(
    stream: TcpStream,
    seat: Option<OwnedSemaphorePermit>,
) -> TokioIo<InspectReader<TcpStream, impl FnMut(&[u8]) + Send + 'static>> {
    TokioIo::new(InspectReader::new(stream, move |_| {
        let _ = &seat;
    }))
}
