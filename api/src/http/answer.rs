//! How a GraphQL response travels: its content type and its status, by the GraphQL over HTTP specification.

use async_graphql::{Response as GraphqlResponse, ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

const JSON: &str = "application/json";
const GRAPHQL_JSON: &str = "application/graphql-response+json";

/// A response to a request that was refused before anything ran: it has no data, not even null.
#[derive(Serialize)]
pub(super) struct Errors {
    /// Why.
    pub(super) errors: Vec<ServerError>,
}

/// Whether the request was refused before anything ran: its document does not parse, validate or fit the limits.
pub(super) fn refused(response: &GraphqlResponse) -> bool {
    response.is_err() && response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty())
}

/// Puts a response into the form that the client prefers. With `application/json` the status is always 200; the newer
/// type lets it tell a refused request.
pub(super) fn answer(response: GraphqlResponse, headers: &HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("*/*");
    let content_type = if weight(accept, JSON) > weight(accept, GRAPHQL_JSON) { JSON } else { GRAPHQL_JSON };
    let mut answer = if refused(&response) {
        let status = if content_type == JSON { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        (status, Json(Errors { errors: response.errors })).into_response()
    } else {
        GraphQLResponse::from(response).into_response()
    };
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// Whether a client would rather have a page than JSON: a browser's address bar.
pub(super) fn prefers_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("*/*");
    weight(accept, "text/html") > weight(accept, JSON)
}

/// How much an `Accept` header wants a media type, in thousandths: the most specific range that covers it decides.
fn weight(accept: &str, media_type: &str) -> u32 {
    let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let specific = match parts.next()? {
            "*/*" => 1,
            name if name.eq_ignore_ascii_case(media_type) => 3,
            name if name.strip_suffix("/*").is_some_and(|name| name.eq_ignore_ascii_case(kind)) => 2,
            _ => return None,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1000), thousandths);
        Some((specific, quality.unwrap_or(0)))
    });
    ranges.max().map_or(0, |(_, quality)| quality)
}

/// Reads `1`, `0.5` or `0.333`.
fn thousandths(quality: &str) -> Option<u32> {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let fraction: u32 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some((whole.parse::<u32>().ok()? * 1000 + fraction).min(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content_type(accept: Option<&'static str>) -> String {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        }
        let answer = answer(GraphqlResponse::new(Value::Null), &headers);
        answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_newer_type_is_sent_unless_the_client_prefers_the_older() {
        for newer in
            [None, Some("*/*"), Some("application/*"), Some("application/graphql-response+json, application/json")]
        {
            assert_eq!(content_type(newer), GRAPHQL_JSON, "{newer:?}");
        }
        for older in [
            "application/json",
            "application/graphql-response+json;q=0.9, application/json",
            "application/JSON, */*;q=0.1",
        ] {
            assert_eq!(content_type(Some(older)), JSON, "{older}");
        }
    }

    #[test]
    fn odd_weights_are_read_as_far_as_they_go() {
        assert_eq!(weight("text/html;q=0.8", "text/html"), 800);
        assert_eq!(weight("text/html;level=1;q=0.3333", "text/html"), 333);
        assert_eq!(weight("text/html;q=7", "text/html"), 1000);
        assert_eq!(weight("text/html;q=žluť", "text/html"), 0);
        assert_eq!(weight(";;,,/", "text/html"), 0);
        assert_eq!(weight("text/html;q=0, */*", "text/html"), 0);
    }

    #[test]
    fn an_address_bar_prefers_a_page() {
        let headers = |accept| HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        assert!(prefers_page(&headers("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")));
        assert!(!prefers_page(&headers("*/*")));
        assert!(!prefers_page(&HeaderMap::new()));
    }
}
