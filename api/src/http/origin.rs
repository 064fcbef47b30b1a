//! Checks the origins of pages that call. Browsers send no preflight request for websockets, so the server has to check
//! these itself.

use axum::http::{HeaderMap, HeaderValue, header};
use url::Url;

use crate::config::{Config, is_loopback};

/// Decides whether a page may open a socket: a page of the gateway, or of an allowed origin. Programs send no origin.
/// `forwarded_host` is the host that the page called, if a trusted proxy reports it; proxies often put another one into
/// `Host`.
pub(super) fn allowed(config: &Config, headers: &HeaderMap, forwarded_host: Option<&str>) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    if may_call(config, origin) {
        return true;
    }
    let host = forwarded_host.or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    let origin = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
    origin.is_some_and(|origin| is_host(&origin, host.unwrap_or_default()))
}

/// Decides whether pages of another origin may call: a configured origin, or any on loopback if those are allowed.
pub(super) fn may_call(config: &Config, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    config.cors_origins.iter().any(|configured| configured == origin)
        || (config.loopback_origins && Url::parse(origin).is_ok_and(|origin| is_loopback(&origin)))
}

/// Returns true if the page comes from the host that it calls.
fn is_host(origin: &Url, host: &str) -> bool {
    Url::parse(&format!("{}://{host}", origin.scheme()))
        .is_ok_and(|url| url.origin().is_tuple() && url.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(bind: &str, cors: &[&str]) -> Config {
        let mut config = Config::development(bind.parse().unwrap(), String::new(), String::new()).unwrap();
        config.cors_origins = cors.iter().map(ToString::to_string).collect();
        config.loopback_origins = false;
        config
    }

    fn page(config: &Config, origin: &str, host: &str) -> bool {
        let headers = [(header::ORIGIN, origin.parse().unwrap()), (header::HOST, host.parse().unwrap())];
        allowed(config, &HeaderMap::from_iter(headers), None)
    }

    #[test]
    fn programs_and_pages_of_ours_may() {
        let config = config("0.0.0.0:80", &[]);
        assert!(allowed(&config, &HeaderMap::new(), None));
        assert!(page(&config, "https://hive.example", "hive.example"));
        assert!(page(&config, "https://hive.example", "hive.example:443"));
        assert!(page(&config, "http://hive.example:8000", "hive.example:8000"));
    }

    #[test]
    fn other_pages_may_not() {
        let config = config("0.0.0.0:80", &["https://app.example"]);
        for origin in ["https://evil.example", "http://localhost:3000", "null", "https://hive.example:444", "file://"] {
            assert!(!page(&config, origin, "hive.example"), "{origin}");
        }
        assert!(page(&config, "https://app.example", "hive.example"));
    }

    #[test]
    fn the_host_that_a_proxy_reports_counts_instead_of_its_own() {
        let config = config("0.0.0.0:80", &[]);
        let headers = [
            (header::ORIGIN, "https://hive.example:3001".parse().unwrap()),
            (header::HOST, "10.0.0.7:8000".parse().unwrap()),
        ];
        let headers = HeaderMap::from_iter(headers);
        assert!(allowed(&config, &headers, Some("hive.example:3001")));
        for other in [None, Some("hive.example"), Some("evil.example:3001"), Some("")] {
            assert!(!allowed(&config, &headers, other), "{other:?}");
        }
    }

    #[test]
    fn pages_of_other_loopback_origins_may_where_that_is_allowed() {
        let mut config = config("127.0.0.1:8000", &["https://app.example"]);
        for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:5173"] {
            assert!(!page(&config, origin, "127.0.0.1:8000"), "{origin}");
        }
        config.loopback_origins = true;
        for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:5173", "https://app.example"] {
            assert!(page(&config, origin, "127.0.0.1:8000"), "{origin}");
        }
        for origin in ["http://localhost.evil.example", "https://evil.example", "null"] {
            assert!(!page(&config, origin, "127.0.0.1:8000"), "{origin}");
        }
    }

    #[test]
    fn pages_inside_of_apps_may_where_they_are_configured() {
        let config = config("0.0.0.0:80", &["capacitor://localhost"]);
        assert!(page(&config, "capacitor://localhost", "hive.example"));
        for origin in ["ionic://localhost", "capacitor://evil.example", "null"] {
            assert!(!page(&config, origin, "hive.example"), "{origin}");
        }
    }
}
