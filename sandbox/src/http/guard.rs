//! Keeps other websites out: the pages need no key and the API accepts any test key, so only pages of the sandbox and
//! programs on this machine may send requests to it.

use axum::{
    extract::Request,
    http::{
        HeaderMap, StatusCode, Uri,
        header::{HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// Refuses requests to host names other than loopback, which a page would use in a DNS rebinding attack, and forms of
/// other origins.
pub(crate) async fn local_only(request: Request, next: Next) -> Response {
    let host = host(request.headers(), request.uri());
    if !host.as_deref().is_some_and(is_loopback) {
        return (StatusCode::FORBIDDEN, "The sandbox serves loopback host names only.\n").into_response();
    }
    let origin = request.headers().get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    if !request.method().is_safe() && origin.is_some_and(|origin| !is_same(origin, host.as_deref())) {
        return (StatusCode::FORBIDDEN, "The sandbox does not accept forms of other origins.\n").into_response();
    }
    next.run(request).await
}

fn host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = headers.get(HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| uri.authority().map(axum::http::uri::Authority::as_str)).map(str::to_ascii_lowercase)
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|char| char.is_ascii_digit()) => name,
        _ => host,
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name == "[::1]"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn is_same(origin: &str, host: Option<&str>) -> bool {
    origin.strip_prefix("http://").map(str::to_ascii_lowercase).as_deref() == host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_pass() {
        for good in ["127.0.0.1:8420", "localhost", "localhost:80", "shop.localhost:1", "[::1]:1", "[::1]"] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", ""] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }

    #[test]
    fn a_form_comes_from_the_page_itself() {
        assert!(is_same("http://localhost:80", Some("localhost:80")));
        assert!(!is_same("http://localhost:81", Some("localhost:80")));
        assert!(!is_same("null", Some("localhost:80")));
    }
}
