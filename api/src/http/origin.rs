//! Whose pages may open a socket. Browsers ask no leave for that, so the server has to look.

use axum::http::{HeaderMap, header};
use url::Url;

use crate::config::{Config, is_loopback};

/// Whether the page that opens a socket may: a page of ours, or of a configured origin. While none is configured and the
/// gateway listens on loopback, pages on loopback may too: that is a developer's own machine. Programs send no origin.
pub(super) fn allowed(config: &Config, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Some(origin) = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok()) else {
        return false;
    };
    let configured = &config.cors_origins;
    configured.contains(&origin.origin().ascii_serialization())
        || is_host(&origin, headers)
        || (configured.is_empty() && config.bind.ip().is_loopback() && is_loopback(&origin))
}

/// Whether the page comes from the host that it calls.
fn is_host(origin: &Url, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    Url::parse(&format!("{}://{host}", origin.scheme()))
        .is_ok_and(|url| url.origin().is_tuple() && url.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(bind: &str, cors: &[&str]) -> Config {
        let mut config = Config::development(bind.parse().unwrap(), String::new(), String::new()).unwrap();
        config.cors_origins = cors.iter().map(ToString::to_string).collect();
        config
    }

    fn page(config: &Config, origin: &str, host: &str) -> bool {
        let headers = [(header::ORIGIN, origin.parse().unwrap()), (header::HOST, host.parse().unwrap())];
        allowed(config, &HeaderMap::from_iter(headers))
    }

    #[test]
    fn programs_and_pages_of_ours_may() {
        let config = config("0.0.0.0:80", &[]);
        assert!(allowed(&config, &HeaderMap::new()));
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
    fn a_developers_own_pages_may_unless_origins_are_configured() {
        for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:5173"] {
            assert!(page(&config("127.0.0.1:8000", &[]), origin, "127.0.0.1:8000"));
            assert!(!page(&config("127.0.0.1:8000", &["https://app.example"]), origin, "127.0.0.1:8000"));
            assert!(!page(&config("0.0.0.0:8000", &[]), origin, "hive.example"));
        }
        assert!(!page(&config("127.0.0.1:8000", &[]), "http://localhost.evil.example", "127.0.0.1:8000"));
    }
}
