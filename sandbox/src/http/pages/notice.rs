//! Custom texts of a merchant, in which `[label](url)` is a link.

use super::frame::web_url;

/// A part of a text: plain, or a link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) url: Option<String>,
}

/// Splits a text into its parts.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, label, url, after)) = next_link(rest) {
        push(&mut pieces, before, None);
        push(&mut pieces, label, web_url(&url.into()));
        rest = after;
    }
    push(&mut pieces, rest, None);
    pieces
}

fn push(pieces: &mut Vec<Piece>, text: &str, url: Option<String>) {
    if !text.is_empty() {
        pieces.push(Piece { text: text.to_owned(), url });
    }
}

/// Returns the text before the next link, its label and URL, and the text after it.
fn next_link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (head, rest) = text.split_once("](")?;
    let (before, label) = head.rsplit_once('[')?;
    let (url, after) = rest.split_once(')')?;
    Some((before, label, url, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_and_only_web_addresses_are_linked() {
        let piece = |text: &str, url: Option<&str>| Piece { text: text.to_owned(), url: url.map(str::to_owned) };
        let text = "Our [terms](https://hive.example/t) and [more](javascript:alert\u{28}1\u{29}.";
        assert_eq!(
            pieces(text)[..3],
            [piece("Our ", None), piece("terms", Some("https://hive.example/t")), piece(" and ", None)]
        );
        assert!(pieces(text)[3..].iter().all(|piece| piece.url.is_none()));
        assert_eq!(pieces("a ]( b"), [piece("a ]( b", None)]);
        assert_eq!(pieces(""), []);
    }
}
