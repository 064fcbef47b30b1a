//! HTML of the hosted pages: one frame, one style sheet, no scripts, nothing loaded from elsewhere.

use axum::{
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};

use url::Url;

const STYLE: &str = include_str!("style.css");

/// A text as it may stand between tags and in quoted attributes.
pub(in crate::http) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// An amount in minor units as people write it.
pub(in crate::http) fn money(minor_units: i64, currency: &str) -> String {
    let (whole, cents) = (minor_units / 100, minor_units % 100);
    match currency {
        "usd" => format!("${whole}.{cents:02}"),
        other => format!("{whole}.{cents:02} {}", escape(&other.to_uppercase())),
    }
}

/// Other schemes, `javascript:` above all, have no place in a link.
pub(super) fn is_web(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// A whole page around `main`, which is HTML already.
pub(super) fn page(status: StatusCode, title: &str, main: &str) -> Response {
    framed(status, title, ("", main))
}

/// As [`page`], for tables of many things.
pub(super) fn wide_page(status: StatusCode, title: &str, main: &str) -> Response {
    framed(status, title, ("wide", main))
}

fn framed(status: StatusCode, title: &str, (class, main): (&str, &str)) -> Response {
    let title = escape(title);
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body class="{class}">
<header><span class="brand">Patch-Hive</span> <span class="badge">Sandbox: no real money</span></header>
<main>
{main}
</main>
</body>
</html>
"#
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_texts_stays_text() {
        assert_eq!(escape(r#"<a href="x">'&'"#), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;");
    }

    #[test]
    fn cents_have_two_digits() {
        assert_eq!(money(1405, "usd"), "$14.05");
        assert_eq!(money(500, "eur"), "5.00 EUR");
    }
}
