//! Pages for browsers: those of this build, or one that links to the API, and GraphiQL with the story's operations.

use axum::{
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use serde_json::json;
use url::Url;

use super::{
    accept::prefers_page,
    gateway::{Gateway, Pages},
    refusal,
    site::guarded,
};
use crate::config::is_loopback;

const HOME: &str = include_str!("pages/home.html");

/// Shown in a build without pages at the addresses of pages: how to build them.
const UNBUILT: &str = include_str!("pages/unbuilt.html");

/// The content security policy of GraphiQL. Its editor writes inline styles; since the page may load nothing from other
/// origins, an injected style could not send anywhere what it sees.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The story, a tab a paragraph: see the plans, subscribe, spend, reserve, top up, cancel, and watch the balance all along.
const STORY: &str = include_str!("pages/story.graphql");

/// Any page, with its parts.
pub(super) async fn file(State(gateway): State<Gateway>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let site = gateway.pages.site;
    let hidden = !gateway.pages.graphiql && uri.path().starts_with("/graphiql/");
    let found = if [Method::GET, Method::HEAD].contains(&method) && !hidden {
        let lost = || if prefers_page(&headers) { Some(site.lost().unwrap_or_else(unbuilt)) } else { None };
        site.answer(uri.path(), &headers).or_else(lost)
    } else {
        None
    };
    found.unwrap_or_else(|| refusal::nothing_here().into_response())
}

/// The start page. Without a build it links to the API.
pub(super) async fn home(State(gateway): State<Gateway>, headers: HeaderMap) -> Response {
    gateway.pages.site.answer("/", &headers).unwrap_or_else(|| leads_on(&gateway.pages).into_response())
}

fn unbuilt() -> Response {
    (StatusCode::NOT_FOUND, Html(UNBUILT)).into_response()
}

fn leads_on(pages: &Pages) -> Html<String> {
    let graphiql = r#"<li><a href="/graphiql">/graphiql</a>: try it in the browser</li>"#;
    Html(HOME.replace("{{graphiql}}", if pages.graphiql { graphiql } else { "" }))
}

/// GraphiQL, if it is enabled.
pub(super) async fn graphiql(State(gateway): State<Gateway>, headers: HeaderMap) -> Response {
    if !gateway.pages.graphiql {
        return refusal::nothing_here().into_response();
    }
    let token = if is_called_by_loopback_name(&headers) { gateway.pages.token.as_deref() } else { None };
    // The page holds a token: a browser must not answer with a stored copy.
    let fresh = |page: String| ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response();
    match gateway.pages.site.page("graphiql/index.html") {
        Some(page) => guarded(fresh(with_settings(&page, token)), GRAPHIQL_POLICY),
        None => fresh(UNBUILT.to_owned()),
    }
}

/// Returns true if the page was called by the name of this machine. Another name may have been made to lead here (DNS
/// rebinding), and its page must not read the token.
fn is_called_by_loopback_name(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url))
}

fn with_settings(page: &str, token: Option<&str>) -> String {
    let story: Vec<_> = STORY.trim().split("\n\n").collect();
    let headers = token.map_or_else(|| json!({}), |token| json!({ "Authorization": format!("Bearer {token}") }));
    // Inside a script element only "<" could end it early.
    let settings = json!({ "story": story, "headers": headers }).to_string().replace('<', "\\u003c");
    page.replace("{{settings}}", &settings)
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn every_paragraph_of_the_story_has_operations_with_names() {
        for paragraph in STORY.trim().split("\n\n") {
            let document = parse_query(paragraph).unwrap();
            let mut names = document.operations.iter().map(|(name, _)| name);
            assert!(names.all(|name| name.is_some()), "{paragraph}");
        }
    }

    #[test]
    fn a_token_cannot_end_the_script() {
        let page = with_settings("{{settings}}", Some("</script><script>"));
        assert!(page.contains("Bearer \\u003c/script>\\u003cscript>"));
    }
}
