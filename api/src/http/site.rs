//! The pages as `npm --prefix web run build` left them in `web/dist`: part of the program in a release build, read from
//! their folder while a debug build runs.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

/// Scripts, styles and calls of its own only, and nothing inline: what gets into a page cannot act.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The endings of compressed files' names, by their coding; the best one first.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The response to a client that reads none of a file's forms.
const ONLY_COMPRESSED: (StatusCode, &str) = (StatusCode::NOT_ACCEPTABLE, "Send Accept-Encoding: gzip.\n");

/// A file whose name has a hash of its content never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Bytes of a file's hash that tell its versions apart.
const TAG_BYTES: usize = 16;

#[derive(Embed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct WebBuild;

/// Files by their path, with their headers.
#[derive(Clone, Copy, Debug)]
pub struct Site(fn(&str) -> Option<EmbeddedFile>);

impl Default for Site {
    /// Without pages.
    fn default() -> Self {
        Self(|_| None)
    }
}

impl Site {
    /// The pages of this build.
    #[must_use]
    pub fn embedded() -> Self {
        Self::of::<WebBuild>()
    }

    /// Pages in another folder.
    #[must_use]
    pub fn of<Files: Embed>() -> Self {
        Self(Files::get)
    }

    /// Returns true if there are pages.
    #[must_use]
    pub fn is_there(self) -> bool {
        (self.0)("index.html").is_some()
    }

    /// The file at a path: `/` and `/pricing` are pages, which lie in `index.html` and `pricing.html`. Other names of
    /// theirs, and compressed forms, are no addresses. A large file may be there in a compressed form only, which all browsers
    /// read.
    pub(super) fn answer(self, path: &str, headers: &HeaderMap) -> Option<Response> {
        let hashed = path.contains("/assets/");
        let path = path.strip_prefix('/')?;
        let name = match path.rsplit_once('.') {
            None if path.is_empty() => "index.html".to_owned(),
            None => format!("{path}.html"),
            Some((_, "html" | "br" | "gz")) => return None,
            Some(_) => path.to_owned(),
        };
        let packed: Vec<_> = CODINGS.into_iter().filter_map(|coding| self.packed(&name, coding)).collect();
        let (coding, file) = match packed.iter().position(|(coding, _)| accepts(headers, coding)) {
            Some(best) => packed.into_iter().nth(best).map(|(coding, file)| (Some(coding), file))?,
            None => match (self.0)(&name) {
                Some(file) => (None, file),
                None if packed.is_empty() => return None,
                None => return Some(ONLY_COMPRESSED.into_response()),
            },
        };
        let media_type = with_charset(mime_guess::from_path(&name).first_or_octet_stream().essence_str());
        let mut response = whole_or_unchanged(file, headers);
        let answered = response.headers_mut();
        answered.insert(header::CONTENT_TYPE, HeaderValue::from_str(&media_type).ok()?);
        answered.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(coding) = coding {
            answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        let cached = if hashed { FOR_EVER } else { HeaderValue::from_static("no-cache") };
        answered.insert(header::CACHE_CONTROL, cached);
        Some(guarded(response, POLICY))
    }

    /// A compressed form of a file.
    fn packed(self, name: &str, (coding, end): (&'static str, &str)) -> Option<(&'static str, EmbeddedFile)> {
        Some((coding, (self.0)(&format!("{name}{end}"))?))
    }

    /// The page for links that lead nowhere.
    pub(super) fn lost(self) -> Option<Response> {
        let page = (StatusCode::NOT_FOUND, Html(self.page("index.html")?)).into_response();
        Some(guarded(page, POLICY))
    }

    /// A page that is filled in before it is sent.
    pub(super) fn page(self, name: &str) -> Option<String> {
        String::from_utf8((self.0)(name)?.data.into_owned()).ok()
    }
}

/// Sets the content security policy of a page.
pub(super) fn guarded(mut response: Response, policy: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn whole_or_unchanged(file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..TAG_BYTES]));
    let known = listed(headers, &header::IF_NONE_MATCH).any(|one| one.trim_start_matches("W/") == tag || one == "*");
    let response = if known { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(file.data).into_response() };
    ([(header::ETAG, tag)], response).into_response()
}

/// Returns true if the client named a coding and did not rule it out with `q=0`.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    listed(headers, &header::ACCEPT_ENCODING).any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let refused = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

/// The items of a header's comma-separated list.
fn listed<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',').map(str::trim))
}

fn with_charset(media_type: &str) -> String {
    if media_type.starts_with("text/") { format!("{media_type}; charset=utf-8") } else { media_type.to_owned() }
}
