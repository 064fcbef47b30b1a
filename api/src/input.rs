//! Checks of input fields.

use crate::{
    error::{Error, Rule},
    global_id::{GlobalId, Noun},
};

/// Maximum length of an idempotency key or run id in bytes: as long as Stripe allows for its idempotency keys.
pub const MAX_KEY_BYTES: usize = 255;

/// Maximum length of a reason in the ledger, in bytes.
pub const MAX_REASON_BYTES: usize = 500;

/// Checks a line of text: not blank, at most `max_bytes`, without control characters.
///
/// # Errors
/// [`Error::BadInput`], naming the field.
pub fn line<'a>(field: &str, text: &'a str, max_bytes: usize) -> Result<&'a str, Error> {
    if text.trim().is_empty() {
        return Err(Error::bad_field(field, Rule::Required, format!("{field} must not be empty.")));
    }
    if text.len() > max_bytes {
        let rule = Rule::Length { min: 1, max: max_bytes };
        return Err(Error::bad_field(field, rule, format!("{field} must not be longer than {max_bytes} bytes.")));
    }
    if text.chars().any(char::is_control) {
        let message = format!("{field} must not contain control characters.");
        return Err(Error::bad_field(field, Rule::Characters, message));
    }
    Ok(text)
}

/// Reads the id of an object's row: from the object's id, or from the number alone, as tokens and tickets contain it. Any
/// other text is treated like the id of a missing row.
///
/// # Errors
/// [`Error::NotFound`], naming the noun.
pub fn id(noun: Noun, text: &str) -> Result<i64, Error> {
    let row = match GlobalId::parse(text) {
        Some(id) => (id.noun == noun).then_some(id.row),
        None => text.parse().ok(),
    };
    row.ok_or(Error::NotFound(noun.name()))
}
