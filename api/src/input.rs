//! What may be written into a field.

use crate::error::Error;

/// Bytes of a key or a name of a run: what Stripe allows for its idempotency keys, so that both follow one rule.
pub const MAX_KEY_BYTES: usize = 255;

/// Bytes of a reason that the user reads in the ledger.
pub const MAX_REASON_BYTES: usize = 500;

/// Checks a line of text: not blank, at most `max_bytes`, without control characters.
///
/// # Errors
/// [`Error::BadInput`], naming the field.
pub fn line<'a>(field: &str, text: &'a str, max_bytes: usize) -> Result<&'a str, Error> {
    if text.trim().is_empty() {
        return Err(Error::bad_field(field, format!("{field} must not be empty.")));
    }
    if text.len() > max_bytes {
        return Err(Error::bad_field(field, format!("{field} must not be longer than {max_bytes} bytes.")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::bad_field(field, format!("{field} must not contain control characters.")));
    }
    Ok(text)
}

/// Reads an id of ours. What is no number cannot be one, and so answers like a missing row.
///
/// # Errors
/// [`Error::NotFound`], naming the noun.
pub fn id(noun: &'static str, text: &str) -> Result<i64, Error> {
    text.parse().map_err(|_| Error::NotFound(noun))
}
