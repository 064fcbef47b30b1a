//! The text, before it is parsed: how long it is, how many tokens it has, how deep its brackets are.
//!
//! A parser that counts would be a second parser, with a tree of its own to throw away. What is asked here is less: where
//! tokens begin and end, which one pass over the bytes tells. Where the text is no GraphQL it may be told wrong, and the
//! parser refuses it. What the parser takes although it is none is told as the parser takes it.

use super::Rejection;
use crate::config::DocumentLimits;

/// What the parser ends a value behind, whatever follows.
const VALUES: [&[u8]; 3] = [b"true", b"false", b"null"];

/// Counts, and stops where a limit is passed.
///
/// # Errors
/// The limit that is passed, or a block string without an end.
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
            // The mark of byte order.
            0xEF if after.starts_with(&[0xBB, 0xBF]) => {
                rest = &after[2..];
                continue;
            }
            b'"' => after_string(after)?,
            b'.' => after.strip_prefix(b"..").unwrap_or(after),
            b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => after_word(rest),
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
///
/// # Errors
/// A block string does not end. The parser would take it for an empty string and another, and read on.
fn after_string(text: &[u8]) -> Result<&[u8], Rejection> {
    if let Some(mut block) = text.strip_prefix(b"\"\"") {
        while let Some((_, after)) = block.split_first() {
            if let Some(after) = block.strip_prefix(b"\"\"\"") {
                return Ok(after);
            }
            block = block.strip_prefix(b"\\\"\"\"").unwrap_or(after);
        }
        return Err(Rejection::Syntax(None));
    }
    let mut line = text;
    while let Some((&first, after)) = line.split_first() {
        match first {
            b'"' => return Ok(after),
            // Such a string does not end, and the parser says so.
            b'\n' | b'\r' => return Ok(line),
            b'\\' => line = after.split_first().map_or(&[], |(_, after)| after),
            _ => line = after,
        }
    }
    Ok(&[])
}

/// What follows the name or the number that a text begins with.
fn after_word(text: &[u8]) -> &[u8] {
    // In a list `nulltrue` are two values. A name that begins so counts twice.
    if let Some(after) = VALUES.iter().find_map(|value| text.strip_prefix(*value)) {
        return after;
    }
    // `00` are two numbers.
    if let [b'0', after @ ..] = text.strip_prefix(b"-").unwrap_or(text)
        && after.first().is_some_and(u8::is_ascii_digit)
    {
        return after;
    }
    let number = text.first().is_some_and(|first| *first == b'-' || first.is_ascii_digit());
    let mut before = b' ';
    let length = text.iter().enumerate().take_while(|(at, byte)| {
        let part = match **byte {
            b'.' => number && before.is_ascii_digit(),
            b'+' | b'-' => number && (*at == 0 || matches!(before, b'e' | b'E')),
            byte => byte.is_ascii_alphanumeric() || byte == b'_',
        };
        before = **byte;
        part
    });
    &text[length.count()..]
}
