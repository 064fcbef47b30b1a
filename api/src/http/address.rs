//! Where requests come from, and how often they may.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    Extension,
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};

use super::{Gateway, refusal::Refusal};
use crate::{graphql::RequestId, throttle::Address};

/// Says on whose behalf a proxy asks.
const FORWARDED: &str = "x-forwarded-for";

/// Who sends a request, before it is known who that is.
#[derive(Clone)]
pub(super) struct Caller {
    /// Names the request.
    pub(super) id: RequestId,
    /// Where it comes from.
    pub(super) address: Address,
}

/// Turns those away who ask too often. It comes before anything is read of what they ask.
pub(super) async fn admit(
    State(gateway): State<Gateway>,
    Extension(id): Extension<RequestId>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let peer = peer(&request);
    // A value that cannot be read names nobody, and ends the walk: what stands before it, anybody can have written.
    let forwarded = request.headers().get_all(FORWARDED).iter().map(|value| value.to_str().unwrap_or_default());
    let address = Address::from(gateway.app.config.proxies.client(peer, forwarded));
    gateway.app.throttle.address(address).map_err(|error| Refusal::of(&error, &id))?;
    request.extensions_mut().insert(Caller { id, address });
    Ok(next.run(request).await)
}

/// Whether the client is known to have come by https: a trusted proxy says so.
pub(super) fn is_https(gateway: &Gateway, request: &Request) -> bool {
    gateway.app.config.proxies.trust(peer(request)) && last(request.headers(), "x-forwarded-proto") == Some("https")
}

/// Who holds the other end of the connection.
fn peer(request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
}

fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(name).iter().next_back()?.to_str().ok()?.rsplit(',').next().map(str::trim)
}
