//! Limits of the text, applied before it is parsed: bytes, tokens, nested brackets and the length of names.

use super::Rejection;
use crate::{
    config::DocumentLimits,
    graphql::lexer::{Kind, Lexeme, Lexer},
};

/// Bytes of a name. Clients generate names of some 60 bytes; error messages repeat names, some of them once for every other
/// part of the document.
pub(super) const MAX_NAME_BYTES: usize = 128;

/// Checks the text, and stops at the first limit that is exceeded.
///
/// # Errors
/// The limit that is exceeded, or a syntax error for a block string that is not closed: the parser would read it as an empty
/// string followed by another one.
pub(super) fn check(text: &str, limits: &DocumentLimits) -> Result<(), Rejection> {
    if text.len() > limits.bytes {
        return Err(Rejection::Bytes(limits.bytes));
    }
    let (mut tokens, mut depth) = (0_usize, 0_usize);
    for lexeme in Lexer::new(text).filter(Lexeme::is_token) {
        tokens += 1;
        match lexeme.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Name if lexeme.text.len() > MAX_NAME_BYTES => return Err(Rejection::NameLength(MAX_NAME_BYTES)),
            Kind::BlockString { closed: false } => return Err(Rejection::OpenBlockString),
            _ => {}
        }
        if tokens > limits.tokens {
            return Err(Rejection::Tokens(limits.tokens));
        }
        if depth > limits.depth {
            return Err(Rejection::Depth(limits.depth));
        }
    }
    Ok(())
}
