//! For people: the pages of this build, or one that leads on, and GraphiQL with the story's operations at hand.

use axum::{
    extract::State,
    http::{HeaderMap, Method, Uri, header},
    response::{Html, IntoResponse, Response},
};
use serde_json::json;

use super::{Gateway, Site, accept::prefers_page, refusal, site::guarded};

const HOME: &str = include_str!("pages/home.html");

/// GraphiQL where it is not built: it comes from a CDN.
const GRAPHIQL: &str = include_str!("pages/graphiql.html");

/// What the built GraphiQL may do. Its editor writes styles into the page; since nothing foreign may be loaded, a style that
/// somebody else got in could tell nobody what it sees.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The story, an operation a paragraph: see the plans, subscribe, spend, top up, cancel, and watch the balance all along.
const STORY: &str = include_str!("pages/story.graphql");

/// What the pages show.
#[derive(Clone, Default)]
pub struct Pages {
    /// Whether `/graphiql` is there.
    pub graphiql: bool,
    /// A token that GraphiQL sends along.
    pub token: Option<String>,
    /// The pages of this build.
    pub site: Site,
}

/// Any page, and what it is made of.
pub(super) async fn file(State(gateway): State<Gateway>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let site = gateway.pages.site;
    let found = if [Method::GET, Method::HEAD].contains(&method) {
        site.answer(uri.path(), &headers).or_else(|| site.lost().filter(|_| prefers_page(&headers)))
    } else {
        None
    };
    found.unwrap_or_else(|| refusal::nothing_here().into_response())
}

/// The first page. Without a build it leads on.
pub(super) async fn home(State(gateway): State<Gateway>, headers: HeaderMap) -> Response {
    gateway.pages.site.answer("/", &headers).unwrap_or_else(|| leads_on(&gateway.pages).into_response())
}

fn leads_on(pages: &Pages) -> Html<String> {
    let graphiql = r#"<li><a href="/graphiql">/graphiql</a>: try it in the browser</li>"#;
    Html(HOME.replace("{{graphiql}}", if pages.graphiql { graphiql } else { "" }))
}

/// GraphiQL, where it is switched on.
pub(super) async fn graphiql(State(gateway): State<Gateway>) -> Response {
    if !gateway.pages.graphiql {
        return refusal::nothing_here().into_response();
    }
    // The token is of today: an old page must not come from the browser's cache.
    let fresh =
        |page: &str| ([(header::CACHE_CONTROL, "no-store")], Html(with_settings(page, &gateway.pages))).into_response();
    match gateway.pages.site.page("graphiql/index.html") {
        Some(page) => guarded(fresh(&page), GRAPHIQL_POLICY),
        None => fresh(GRAPHIQL),
    }
}

fn with_settings(page: &str, pages: &Pages) -> String {
    let story: Vec<_> = STORY.trim().split("\n\n").collect();
    let headers =
        pages.token.as_ref().map_or_else(|| json!({}), |token| json!({ "Authorization": format!("Bearer {token}") }));
    // Inside a script element only "<" could end it early.
    let settings = json!({ "story": story, "headers": headers }).to_string().replace('<', "\\u003c");
    page.replace("{{settings}}", &settings)
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn every_paragraph_of_the_story_is_one_operation() {
        for paragraph in STORY.trim().split("\n\n") {
            let document = parse_query(paragraph).unwrap();
            assert_eq!(document.operations.iter().count(), 1, "{paragraph}");
        }
    }

    #[test]
    fn a_token_cannot_end_the_script() {
        let page = with_settings(
            GRAPHIQL,
            &Pages { graphiql: true, token: Some("</script><script>".to_owned()), ..Pages::default() },
        );
        assert!(page.contains("Bearer \\u003c/script>\\u003cscript>"));
    }
}
