//! What Stripe's objects have in common on the wire: ids plain or expanded, Unix seconds, lists.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A Stripe object or event that lacks what we must know, or holds it in a form no API version has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable: {what}")]
pub struct Unreadable {
    /// The object and the field, as in `subscription.customer is missing`.
    pub what: String,
}

impl Unreadable {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }

    /// What a field answers when it is neither there nor in any of the places older API versions keep it.
    pub(super) fn missing(field: &str) -> Self {
        Self::new(format!("{field} is missing"))
    }
}

/// A reference to another object: its id, or the whole object where the request or the endpoint expands it.
/// Stripe documentation: "Expanding responses".
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    Plain(String),
    Expanded { id: String },
}

impl Id {
    pub(super) fn into_string(self) -> String {
        match self {
            Self::Plain(id) | Self::Expanded { id } => id,
        }
    }
}

/// The id of an object, or of a reference to one, plain or expanded.
#[must_use]
pub fn id_of(value: &Value) -> Option<String> {
    value.as_str().or_else(|| value["id"].as_str()).map(ToOwned::to_owned)
}

/// The payment intent that an object names itself, or else by its expanded charge.
#[must_use]
pub fn payment_of(value: &Value) -> Option<String> {
    id_of(&value["payment_intent"]).or_else(|| id_of(&value["charge"]["payment_intent"]))
}

/// A list inside an object. Stripe puts at most ten entries there. Stripe documentation: "Pagination".
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

impl<T> List<T> {
    pub(super) fn empty() -> Self {
        Self { data: Vec::new(), has_more: false }
    }
}

/// Reads one object of the kind `noun`, which names it in the error.
pub(super) fn read<T: DeserializeOwned>(noun: &str, value: &Value) -> Result<T, Unreadable> {
    if !value.is_object() {
        return Err(Unreadable::new(format!("{noun} is not an object")));
    }
    T::deserialize(value).map_err(|error| Unreadable::new(format!("{noun}: {error}")))
}

/// The id in an optional reference.
pub(super) fn id(reference: Option<Id>) -> Option<String> {
    reference.map(Id::into_string)
}

/// A required field, named in the error when it is missing.
pub(super) fn required<T>(field: &str, value: Option<T>) -> Result<T, Unreadable> {
    value.ok_or_else(|| Unreadable::missing(field))
}

/// The most of any currency's smallest units in one object. Stripe takes twelve digits at most. Stripe documentation:
/// "Minimum and maximum charge amounts".
const MOST: i64 = 1_000_000_000_000;

/// An amount that cannot be negative, small enough to be added to others.
pub(super) fn amount(field: &str, amount: Option<i64>) -> Result<i64, Unreadable> {
    signed_amount(field, amount)
        .and_then(|amount| if amount < 0 { Err(out_of_range(field, amount)) } else { Ok(amount) })
}

/// As [`amount`], for what may be given or taken.
pub(super) fn signed_amount(field: &str, amount: Option<i64>) -> Result<i64, Unreadable> {
    let amount = required(field, amount)?;
    if (-MOST..=MOST).contains(&amount) { Ok(amount) } else { Err(out_of_range(field, amount)) }
}

fn out_of_range(field: &str, amount: i64) -> Unreadable {
    Unreadable::new(format!("{field} is out of range: {amount}"))
}

/// Unix seconds at which the year 9999 begins: every time before it has a year of four digits, some days later too.
const LATEST: i64 = 253_370_764_800;

/// A point in time from Unix seconds.
pub(super) fn time(field: &str, seconds: i64) -> Result<DateTime<Utc>, Unreadable> {
    Some(seconds)
        .filter(|seconds| (0..LATEST).contains(seconds))
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| Unreadable::new(format!("{field} is out of range: {seconds} seconds")))
}

/// A point in time that has to be there.
pub(super) fn required_time(field: &str, seconds: Option<i64>) -> Result<DateTime<Utc>, Unreadable> {
    time(field, required(field, seconds)?)
}

/// A point in time that may be missing.
pub(super) fn optional_time(field: &str, seconds: Option<i64>) -> Result<Option<DateTime<Utc>>, Unreadable> {
    seconds.map(|seconds| time(field, seconds)).transpose()
}
