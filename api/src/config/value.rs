//! The types that settings are read as, each with its form in text.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::setting::FromText;
use crate::throttle::{Proxies, Rate};

/// Days of the longest duration, which is ten years: a calendar ends, and a login that outlives it cannot be dated.
const MAX_DAYS: u64 = 3650;

/// The format of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Human-readable text.
    Pretty,
}

/// A level, or levels by module, as tracing's `EnvFilter` reads them.
#[derive(Clone, Debug)]
pub struct LogFilter(pub String);

/// An origin as browsers send it: a scheme, a host and a port that is not the scheme's own.
#[derive(Clone, Debug)]
pub struct Origin(pub String);

impl FromText for String {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FromText for SecretString {
    fn from_text(text: &str) -> Result<Self, String> {
        if text.contains(char::is_control) {
            return Err("must not contain line breaks or other control characters".to_owned());
        }
        Ok(text.into())
    }
}

impl FromText for PathBuf {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.into())
    }
}

impl FromText for bool {
    fn from_text(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "1" => Ok(true),
            "false" | "off" | "no" | "0" => Ok(false),
            _ => Err(format!("must be true or false, not {text:?}")),
        }
    }
}

impl FromText for u16 {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("must be a number from 0 to {}, not {text:?}", Self::MAX))
    }
}

/// Reads whole numbers of a type.
macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl FromText for $type {
            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!("must be a whole number, not {text:?}"))
            }
        }
    )*};
}
whole_numbers!(i64, u32, u64, usize);

/// A duration such as `90s`, `5m` or `1h 30m`: longer than nothing, and at most ten years.
impl FromText for Duration {
    fn from_text(text: &str) -> Result<Self, String> {
        let duration = humantime::parse_duration(text)
            .map_err(|_| format!("must be a duration such as 90s, 5m or 24h, not {text:?}"))?;
        if duration.is_zero() {
            return Err(format!("must be longer than {text}"));
        }
        if duration > Self::from_hours(MAX_DAYS * 24) {
            return Err(format!("must be at most {MAX_DAYS}d, not {text}"));
        }
        Ok(duration)
    }
}

impl FromText for SocketAddr {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("must be an IP address and a port, such as 127.0.0.1:8000, not {text:?}"))
    }
}

impl FromText for Rate {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("must be a number and /s, /min or /h, such as 600/min, not {text:?}"))
    }
}

impl FromText for Proxies {
    fn from_text(text: &str) -> Result<Self, String> {
        Self::read(text.split(',')).map_err(|_| {
            format!(
                "must list networks or addresses such as 10.0.0.0/8 or 192.0.2.7, separated by commas, not {text:?}"
            )
        })
    }
}

impl FromText for LogFormat {
    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "pretty" => Ok(Self::Pretty),
            _ => Err(format!("must be pretty or json, not {text:?}")),
        }
    }
}

impl FromText for LogFilter {
    fn from_text(text: &str) -> Result<Self, String> {
        EnvFilter::try_new(text)
            .map_err(|_| format!("must be a level, or levels by module such as info,patch_hive=debug, not {text:?}"))?;
        Ok(Self(text.to_owned()))
    }
}

/// Web pages have origins such as `https://patchhive.example`; pages inside of apps have ones such as
/// `capacitor://localhost`.
impl FromText for Origin {
    fn from_text(text: &str) -> Result<Self, String> {
        let wrong = || format!("must list origins such as https://patchhive.example, not {text:?}");
        let text = text.trim_end_matches('/');
        let url = Url::parse(text).map_err(|_| wrong())?;
        let origin = match url.origin() {
            origin if origin.is_tuple() => origin.ascii_serialization(),
            // The URL standard gives schemes it does not know an opaque origin; browsers inside of apps send these.
            _ => match (url.host_str(), url.port()) {
                (Some(host), Some(port)) if !host.is_empty() => format!("{}://{host}:{port}", url.scheme()),
                (Some(host), None) if !host.is_empty() => format!("{}://{host}", url.scheme()),
                _ => return Err(wrong()),
            },
        };
        if origin == text { Ok(Self(origin)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(Duration::from_text("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(Duration::from_text("24h"), Ok(Duration::from_hours(24)));
        assert_eq!(Duration::from_text("1h 30m"), Ok(Duration::from_mins(90)));
        for wrong in ["", "h", "1", "-1s", "0s", "0ms", "soon", "99999999999999999999d", "1é"] {
            assert!(Duration::from_text(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_duration_is_ten_years_at_most() {
        assert_eq!(Duration::from_text("3650d"), Ok(Duration::from_hours(3650 * 24)));
        assert_eq!(Duration::from_text("87600h"), Duration::from_text("3650d"));
        for long in ["3651d", "87601h", "315360001s", "99999999999d"] {
            assert!(Duration::from_text(long).unwrap_err().contains("3650d"), "{long:?}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for origin in ["https://a.example", "http://localhost:5173", "capacitor://localhost", "tauri://localhost:1"] {
            assert_eq!(Origin::from_text(origin).unwrap().0, origin);
        }
        assert_eq!(Origin::from_text("https://a.example/").unwrap().0, "https://a.example");
        for wrong in ["*", "null", "a.example", "https://a.example/x", "https://a.example:443", "file:///", "app:x"] {
            assert!(Origin::from_text(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_secret_has_no_line_breaks() {
        assert!(SecretString::from_text("one\ntwo").is_err());
    }
}
