//! The text, before it is parsed: how long it is, how many tokens it has, how deep its brackets are.
//!
//! A parser that counts would be a second parser, with a tree of its own to throw away. What is asked here is less: where
//! tokens begin and end, which one pass over the bytes tells. Where the text is no GraphQL it may be told wrong, and the
//! parser refuses it.

use super::Rejection;
use crate::config::DocumentLimits;

/// Counts, and stops where a limit is passed.
///
/// # Errors
/// The limit that is passed.
pub(super) fn check(text: &str, limits: &DocumentLimits) -> Result<(), Rejection> {
    if text.len() > limits.bytes {
        return Err(Rejection::Bytes(limits.bytes));
    }
    let (mut tokens, mut depth) = (0_usize, 0_usize);
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = match first {
            b' ' | b',' | b'\t' | b'\n' | b'\r' => {
                rest = after;
                continue;
            }
            b'#' => {
                rest = after_comment(after);
                continue;
            }
            b'"' => after_string(after),
            b'.' => after.strip_prefix(b"..").unwrap_or(after),
            b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => after_word(first, after),
            _ => after,
        };
        tokens += 1;
        depth = match first {
            b'{' | b'(' | b'[' => depth + 1,
            b'}' | b')' | b']' => depth.saturating_sub(1),
            _ => depth,
        };
        if tokens > limits.tokens {
            return Err(Rejection::Tokens(limits.tokens));
        }
        if depth > limits.depth {
            return Err(Rejection::Depth(limits.depth));
        }
    }
    Ok(())
}

fn after_comment(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(&[], |end| &text[end..])
}

/// What follows a string whose first quote was read.
fn after_string(text: &[u8]) -> &[u8] {
    if let Some(mut block) = text.strip_prefix(b"\"\"") {
        while let Some((_, after)) = block.split_first() {
            if let Some(after) = block.strip_prefix(b"\"\"\"") {
                return after;
            }
            block = block.strip_prefix(b"\\\"\"\"").unwrap_or(after);
        }
        return &[];
    }
    let mut line = text;
    while let Some((&first, after)) = line.split_first() {
        match first {
            b'"' => return after,
            // Such a string does not end, and the parser says so.
            b'\n' | b'\r' => return line,
            b'\\' => line = after.split_first().map_or(&[], |(_, after)| after),
            _ => line = after,
        }
    }
    &[]
}

/// What follows a name or a number that begins with `first`.
fn after_word(first: u8, text: &[u8]) -> &[u8] {
    let number = first == b'-' || first.is_ascii_digit();
    let mut before = first;
    let part = |byte: &u8| {
        let part = match byte {
            b'.' => number && before.is_ascii_digit(),
            b'+' | b'-' => number && matches!(before, b'e' | b'E'),
            _ => byte.is_ascii_alphanumeric() || *byte == b'_',
        };
        before = *byte;
        part
    };
    let length = text.iter().take_while({
        let mut part = part;
        move |byte| part(byte)
    });
    &text[length.count()..]
}
