//! For people: a page that leads on, and GraphiQL with the story's operations at hand.

use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};
use serde_json::json;

use super::{Gateway, refusal};

const HOME: &str = include_str!("pages/home.html");
const GRAPHIQL: &str = include_str!("pages/graphiql.html");

/// The story, an operation a paragraph: see the plans, subscribe, spend, top up, cancel, and watch the balance all along.
const STORY: &str = include_str!("pages/story.graphql");

/// What the pages show.
#[derive(Clone, Default)]
pub struct Pages {
    /// Whether `/graphiql` is there.
    pub graphiql: bool,
    /// A token that GraphiQL sends along.
    pub token: Option<String>,
}

/// Leads a person on.
pub(super) async fn home(State(gateway): State<Gateway>) -> Html<String> {
    let graphiql = r#"<li><a href="/graphiql">/graphiql</a>: try it in the browser</li>"#;
    Html(HOME.replace("{{graphiql}}", if gateway.pages.graphiql { graphiql } else { "" }))
}

/// GraphiQL, where it is switched on.
pub(super) async fn graphiql(State(gateway): State<Gateway>) -> Response {
    if !gateway.pages.graphiql {
        return refusal::nothing_here().await.into_response();
    }
    // The token is of today: an old page must not come from the browser's cache.
    ([(header::CACHE_CONTROL, "no-store")], Html(with_settings(&gateway.pages))).into_response()
}

fn with_settings(pages: &Pages) -> String {
    let story: Vec<_> = STORY.trim().split("\n\n").collect();
    let headers =
        pages.token.as_ref().map_or_else(|| json!({}), |token| json!({ "Authorization": format!("Bearer {token}") }));
    // Inside a script element only "<" could end it early.
    let settings = json!({ "story": story, "headers": headers }).to_string().replace('<', "\\u003c");
    GRAPHIQL.replace("{{settings}}", &settings)
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
        let page = with_settings(&Pages { graphiql: true, token: Some("</script><script>".to_owned()) });
        assert!(page.contains("Bearer \\u003c/script>\\u003cscript>"));
    }
}
