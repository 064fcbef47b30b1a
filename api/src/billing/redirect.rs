//! Checks of the URLs that Stripe redirects to.

use url::Url;

use crate::{
    config::is_loopback,
    error::{Error, Rule},
};

/// Maximum length of a URL in bytes.
const MAX_URL_BYTES: usize = 2048;

/// Checks a URL that a client wants its user redirected to: https, or http on loopback, and with an origin of `allowed` unless
/// that is empty. Without the check, anyone could make our checkout redirect to their own page.
pub(super) fn check(field: &str, text: &str, allowed: &[String]) -> Result<(), Error> {
    let refused = |rule: Rule, why: &str| Error::bad_field(field, rule, format!("{field} {why}."));
    let malformed = |why: &str| refused(Rule::Format("URL"), why);
    if text.len() > MAX_URL_BYTES {
        let rule = Rule::Length { min: 1, max: MAX_URL_BYTES };
        return Err(refused(rule, &format!("must be a URL of at most {MAX_URL_BYTES} bytes")));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(malformed("must be a URL without white space, control characters or backslashes"));
    }
    let url = Url::parse(text).map_err(|_| malformed("must be an absolute URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(malformed("must not contain a user name or a password"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(malformed("must start with https:// (or http:// on loopback)")),
    }
    let origin = url.origin().ascii_serialization();
    if !allowed.is_empty() && !allowed.contains(&origin) {
        return Err(refused(Rule::NotAllowed, "has an origin that is not allowed on this server"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(url: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        check("successUrl", url, &allowed).is_ok()
    }

    #[test]
    fn any_https_and_http_on_loopback_will_do_without_a_list() {
        assert!(accepted("https://patchhive.example/account?payment=success&id={CHECKOUT_SESSION_ID}", &[]));
        for url in ["http://localhost:5173/", "http://127.0.0.1/", "http://[::1]:8000/ok"] {
            assert!(accepted(url, &[]), "{url}");
        }
    }

    #[test]
    fn nothing_else_will_do() {
        for url in [
            "http://patchhive.example/",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
            "javascript:alert(1)",
            "//evil.example",
            "/account",
            "",
            "https://user:password@patchhive.example/",
            "https://patchhive.example@evil.example/",
            "https://evil.example\\@patchhive.example/",
            "ht\ntps://evil.example/",
        ] {
            assert!(!accepted(url, &[]), "{url:?}");
        }
        assert!(!accepted(&format!("https://patchhive.example/{}", "a".repeat(MAX_URL_BYTES)), &[]));
    }

    #[test]
    fn a_list_is_the_whole_truth() {
        let list = ["https://patchhive.example", "http://localhost:5173"];
        assert!(accepted("https://patchhive.example/account", &list));
        assert!(accepted("http://localhost:5173/account", &list));
        for url in ["https://patchhive.example.evil.example/", "https://evil.example/", "http://localhost:5174/"] {
            assert!(!accepted(url, &list), "{url}");
        }
    }
}
