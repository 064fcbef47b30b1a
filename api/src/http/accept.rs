//! The media types that a client accepts, by weight.

use axum::http::{HeaderMap, header};

/// The form of a GraphQL response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`, where the status is always 200.
    Json,
    /// `application/graphql-response+json`, whose status shows a refused request.
    Graphql,
}

impl MediaType {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Graphql => "application/graphql-response+json",
        }
    }

    /// The media type that a client prefers: the newer one if it names both alike, the older one if it names neither.
    /// `None` for clients that accept neither.
    pub(super) fn preferred(headers: &HeaderMap) -> Option<Self> {
        let accept = accept(headers);
        let (json, graphql) = (preference(&accept, Self::Json.as_str()), preference(&accept, Self::Graphql.as_str()));
        match (json.quality, graphql.quality) {
            (0, 0) => None,
            (0, _) => Some(Self::Graphql),
            _ if graphql > json || (graphql == json && graphql.specific == NAMED) => Some(Self::Graphql),
            _ => Some(Self::Json),
        }
    }
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// All of it at once.
    Document(MediaType),
    /// One result after the other.
    Stream(StreamForm),
}

/// The form of an answer that has several results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamForm {
    /// A stream of events, by the protocol of graphql-sse.
    Events,
    /// The parts of one body, by Apollo's protocol.
    Multipart,
}

impl StreamForm {
    /// The form that a client names among what it accepts.
    pub(super) fn named(headers: &HeaderMap) -> Option<Self> {
        let accept = accept(headers);
        let named = |media_type: &str| {
            let preference = preference(&accept, media_type);
            preference.quality > 0 && preference.specific == NAMED
        };
        if named("text/event-stream") {
            Some(Self::Events)
        } else if named("multipart/mixed") && accept.contains("subscriptionSpec") {
            Some(Self::Multipart)
        } else {
            None
        }
    }
}

impl Form {
    /// The form that a client prefers for operations with one result. Clients that list a stream among other forms get no
    /// stream. `None` for clients that accept no form at all.
    pub(super) fn preferred(headers: &HeaderMap) -> Option<Self> {
        let document = MediaType::preferred(headers).map(Self::Document);
        document.or_else(|| StreamForm::named(headers).map(Self::Stream))
    }
}

/// Returns true if a client prefers a page to JSON, as a browser's address bar does.
pub(super) fn prefers_page(headers: &HeaderMap) -> bool {
    let accept = accept(headers);
    preference(&accept, "text/html").quality > preference(&accept, MediaType::Json.as_str()).quality
}

/// The media types that the client accepts; all if it names none.
fn accept(headers: &HeaderMap) -> String {
    let named: Vec<_> = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok()).collect();
    if named.iter().all(|accept| accept.trim().is_empty()) { "*/*".to_owned() } else { named.join(",") }
}

/// The client's preference for a media type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    /// In thousandths.
    quality: u32,
    /// Precision of the range that decides: [`NAMED`], or less.
    specific: u8,
}

/// The precision of a range that names the media type, opposed to `*/*` (1) and its kind (2).
const NAMED: u8 = 3;

/// The most specific range that covers a media type decides.
fn preference(accept: &str, media_type: &str) -> Preference {
    let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let specific = match parts.next()? {
            "*/*" => 1,
            name if name.eq_ignore_ascii_case(media_type) => NAMED,
            name if name.strip_suffix("/*").is_some_and(|name| name.eq_ignore_ascii_case(kind)) => 2,
            _ => return None,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some(Preference { quality: quality.map_or(Some(1000), thousandths).unwrap_or(0), specific })
    });
    ranges.max_by_key(|preference| (preference.specific, preference.quality)).unwrap_or_default()
}

/// Reads `1`, `0.5` or `0.333`.
fn thousandths(quality: &str) -> Option<u32> {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let fraction: u32 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(whole.parse::<u32>().ok()?.checked_mul(1000)?.saturating_add(fraction).min(1000))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(accept: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())])
    }

    fn quality(accept: &str, media_type: &str) -> u32 {
        preference(accept, media_type).quality
    }

    #[test]
    fn the_newer_type_is_sent_to_those_who_name_it() {
        for newer in [
            "application/graphql-response+json",
            "application/graphql-response+json, application/json",
            "application/json, application/graphql-response+json",
            "application/graphql-response+json;q=0.5, */*;q=0.1",
            "application/graphql-response+json; charset=utf-8",
            "application/json;q=0, */*",
        ] {
            assert_eq!(MediaType::preferred(&headers(newer)).unwrap(), MediaType::Graphql, "{newer}");
        }
    }

    #[test]
    fn the_older_type_is_sent_to_all_others() {
        assert_eq!(MediaType::preferred(&HeaderMap::new()).unwrap(), MediaType::Json);
        for older in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "application/graphql-response+json;q=0.9, application/json",
            "application/JSON, */*;q=0.1",
        ] {
            assert_eq!(MediaType::preferred(&headers(older)).unwrap(), MediaType::Json, "{older}");
        }
    }

    #[test]
    fn a_client_that_accepts_neither_gets_neither() {
        for neither in ["text/html", "image/*", "application/json;q=0", "*/*;q=0", "application/jsonp", "*"] {
            assert_eq!(MediaType::preferred(&headers(neither)), None, "{neither}");
        }
    }

    #[test]
    fn a_stream_is_for_clients_that_name_its_form() {
        for (accept, form) in [
            ("text/event-stream", Some(StreamForm::Events)),
            ("application/json, text/event-stream, multipart/mixed", Some(StreamForm::Events)),
            ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", Some(StreamForm::Multipart)),
            ("multipart/mixed; subscriptionSpec=\"1.0\"", Some(StreamForm::Multipart)),
            ("multipart/mixed", None),
            ("multipart/mixed;deferSpec=20220824,application/json", None),
            ("text/event-stream;q=0, */*", None),
            ("*/*", None),
        ] {
            assert_eq!(StreamForm::named(&headers(accept)), form, "{accept}");
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        let mut headers = headers("text/html");
        headers.append(header::ACCEPT, HeaderValue::from_static("application/graphql-response+json"));
        assert_eq!(MediaType::preferred(&headers).unwrap(), MediaType::Graphql);
    }

    #[test]
    fn odd_weights_are_read_as_far_as_they_go() {
        assert_eq!(quality("text/html;q=0.8", "text/html"), 800);
        assert_eq!(quality("text/html;level=1;q=0.3333", "text/html"), 333);
        assert_eq!(quality("text/html;q=7", "text/html"), 1000);
        assert_eq!(quality("text/html;q=4294967295.9", "text/html"), 0);
        assert_eq!(quality("text/html;q=žluť", "text/html"), 0);
        assert_eq!(quality(";;,,/", "text/html"), 0);
        assert_eq!(quality("text/html;q=0, */*", "text/html"), 0);
    }

    #[test]
    fn an_address_bar_prefers_a_page() {
        assert!(prefers_page(&headers("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")));
        assert!(!prefers_page(&headers("*/*")));
        assert!(!prefers_page(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn any_text_has_a_weight_of_at_most_one(accept in "(?s).{0,200}", pieces in "[atexhml/*;,q=0-9. \"-]{0,80}") {
            prop_assert!(quality(&accept, "text/html") <= 1000);
            prop_assert!(quality(&pieces, "text/html") <= 1000);
        }

        #[test]
        fn a_weight_is_read_as_it_was_written(thousandths in 0_u32..=1000) {
            let written = format!("text/html;q={}.{:03}", thousandths / 1000, thousandths % 1000);
            prop_assert_eq!(quality(&written, "text/html"), thousandths);
        }
    }
}
