//! The addresses of callers, and their rate limits.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    Extension,
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};

use super::{gateway::Gateway, refusal::Refusal};
use crate::{graphql::RequestId, throttle::Address};

/// The header in which a proxy names its client.
const FORWARDED: &str = "x-forwarded-for";

/// The sender of a request, before a token is read.
#[derive(Clone)]
pub(super) struct Caller {
    /// The id of the request.
    pub(super) id: RequestId,
    /// The address that counts for limits.
    pub(super) address: Address,
    /// The host that the client called, where a trusted proxy reports it.
    pub(super) forwarded_host: Option<String>,
}

/// Adds the [`Caller`] to a request, and refuses callers that send requests too often. It runs before the body is read.
pub(super) async fn admit(
    State(gateway): State<Gateway>,
    Extension(id): Extension<RequestId>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let caller = caller(&gateway, &request, id);
    gateway.app.throttle.address(caller.address).map_err(|error| Refusal::of(&error, &caller.id))?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// As [`admit`], by the limit of webhooks.
pub(super) async fn admit_webhook(
    State(gateway): State<Gateway>,
    Extension(id): Extension<RequestId>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let caller = caller(&gateway, &request, id);
    gateway.app.throttle.webhook(caller.address).map_err(|error| Refusal::of(&error, &caller.id))?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn caller(gateway: &Gateway, request: &Request, id: RequestId) -> Caller {
    let (peer, proxies) = (peer(request), &gateway.app.config.proxies);
    // A value that cannot be read ends the search, since anybody can have written the values before it.
    let forwarded = request.headers().get_all(FORWARDED).iter().map(|value| value.to_str().unwrap_or_default());
    let forwarded_host = if proxies.trust(peer) { last(request.headers(), "x-forwarded-host") } else { None };
    Caller {
        id,
        address: Address::from(proxies.client(peer, forwarded)),
        forwarded_host: forwarded_host.map(ToOwned::to_owned),
    }
}

/// Returns true if a trusted proxy reports that the client uses https.
pub(super) fn is_https(gateway: &Gateway, request: &Request) -> bool {
    gateway.app.config.proxies.trust(peer(request)) && last(request.headers(), "x-forwarded-proto") == Some("https")
}

/// The address at the other end of the connection.
fn peer(request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
}

fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(name).iter().next_back()?.to_str().ok()?.rsplit(',').next().map(str::trim)
}
