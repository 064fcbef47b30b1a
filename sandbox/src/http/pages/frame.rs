//! The parts that all pages have in common: the response with a template, amounts, and messages.

use askama::Template;
use axum::{
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use url::Url;

use crate::{resources::card::Card, store::work::text};

/// The style sheet, which is part of every page.
pub(crate) const STYLE: &str = include_str!("style.css");

/// Renders a template into a response.
pub(crate) fn respond(status: StatusCode, template: &impl Template) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    match template.render() {
        Ok(html) => (status, headers, html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page with a message.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
    link: Option<(String, &'static str)>,
}

/// Renders a page with a heading, a sentence and an optional link.
pub(crate) fn message(status: StatusCode, title: &str, text: &str, link: Option<(String, &'static str)>) -> Response {
    respond(status, &Message { title, text, link })
}

/// Renders the page for an object that does not exist.
pub(crate) fn missing(title: &str) -> Response {
    message(StatusCode::NOT_FOUND, title, "The link may be mistyped, or belong to another sandbox.", None)
}

/// The page on which a customer passes, or fails, 3-D Secure.
#[derive(Template)]
#[template(path = "challenge.html")]
struct Challenge<'a> {
    number: &'a str,
    last4: &'a str,
    fields: &'a [(&'a str, &'a str)],
}

/// Renders the 3-D Secure page of a card that requires one. `None` once `authentication` reports the customer's choice.
/// `fields` are the other fields of the form, which the page sends again.
pub(crate) fn challenge(number: &str, authentication: &str, fields: &[(&str, &str)]) -> Option<Response> {
    let card = Card::find(number).filter(|card| card.asks_for_authentication() && authentication.is_empty())?;
    Some(respond(StatusCode::OK, &Challenge { number: card.number, last4: card.last4(), fields }))
}

/// A line of a table: a description and an amount.
pub(crate) struct Line {
    pub(crate) description: String,
    pub(crate) amount: String,
}

/// Formats an amount of an object in its currency.
pub(crate) fn amount(object: &Value, field: &str) -> String {
    money(object[field].as_i64().unwrap_or_default(), &text(object, "currency"))
}

/// Formats an amount in minor units, such as `$14.05`.
pub(crate) fn money(minor_units: i64, currency: &str) -> String {
    let sign = if minor_units < 0 { "-" } else { "" };
    let (whole, cents) = (minor_units.abs() / 100, minor_units.abs() % 100);
    match currency {
        "usd" => format!("{sign}${whole}.{cents:02}"),
        other => format!("{sign}{whole}.{cents:02} {}", other.to_uppercase()),
    }
}

/// Returns a URL if a page may link to it: only `http` and `https` are allowed, and not `javascript:`, for example.
pub(crate) fn web_url(url: &Value) -> Option<String> {
    let url = url.as_str()?;
    let is_web = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    is_web.then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_have_two_digits() {
        assert_eq!(money(1405, "usd"), "$14.05");
        assert_eq!(money(-1405, "usd"), "-$14.05");
        assert_eq!(money(500, "eur"), "5.00 EUR");
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(web_url(&"https://shop.example/".into()).as_deref(), Some("https://shop.example/"));
        assert_eq!(web_url(&"javascript:alert(1)".into()), None);
        assert_eq!(web_url(&Value::Null), None);
    }
}
