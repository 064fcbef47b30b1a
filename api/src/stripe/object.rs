//! Common parts of Stripe's objects: references plain or expanded, Unix seconds, amounts and lists.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error, de::IgnoredAny};
use serde_json::{Map, Value};

/// A Stripe object or event that lacks a required field, or holds it in a form that no API version has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable: {what}")]
pub struct Unreadable {
    /// The object, the field and the fault.
    pub what: String,
}

impl Unreadable {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }

    /// A field that is missing.
    pub(super) fn missing(field: &str) -> Self {
        Self::new(format!("{field} is missing"))
    }
}

/// A reference to another object: its id, or the whole object where the request or the endpoint expands it.
/// Stripe documentation: "Expanding responses".
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Id {
    Plain(String),
    Expanded { id: String },
}

impl Id {
    fn into_string(self) -> String {
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

/// The customer that an object names, or is.
#[must_use]
pub fn customer_in(object: &Value) -> Option<String> {
    if object["object"] == "customer" { id_of(object) } else { id_of(&object["customer"]) }
}

/// A list inside an object, of at most ten entries. Stripe documentation: "Pagination".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct List<T> {
    /// The entries.
    pub data: Vec<T>,
    /// True where there are more entries than Stripe included.
    #[serde(default)]
    pub has_more: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { data: Vec::new(), has_more: false }
    }
}

/// A period of a subscription, or of a line of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Period {
    /// When the period begins.
    #[serde(alias = "current_period_start", deserialize_with = "time")]
    pub start: DateTime<Utc>,
    /// When the period ends.
    #[serde(alias = "current_period_end", deserialize_with = "time")]
    pub end: DateTime<Utc>,
}

/// The entries of a list inside an object; none where there is no list.
pub(super) fn entries<'a>(object: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let entries = object.get_mut(list).and_then(|list| if list.is_array() { Some(list) } else { list.get_mut("data") });
    entries.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Fills a field that is missing or null with the value that an API version has in another place.
pub(super) fn fill(object: &mut Map<String, Value>, field: &str, other: &Value) {
    if !other.is_null() && object.get(field).is_none_or(Value::is_null) {
        object.insert(field.to_owned(), other.clone());
    }
}

/// Reads one object of the kind `noun`, which names it in the error.
pub(super) fn read<T: DeserializeOwned>(noun: &str, value: &Value) -> Result<T, Unreadable> {
    if !value.is_object() {
        return Err(Unreadable::new(format!("{noun} is not an object")));
    }
    serde_path_to_error::deserialize(value).map_err(|error| Unreadable::new(format!("{noun}: {error}")))
}

/// Deserializes a reference as its id.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Id::deserialize(deserializer).map(Id::into_string)
}

/// Deserializes a reference that may be missing as its id.
pub(super) fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map(Id::into_string))
}

/// Deserializes a list as its entries.
pub(super) fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(List::deserialize(deserializer)?.data)
}

/// Deserializes anything as true, and null as false.
pub(super) fn is_some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(deserializer)?.is_some())
}

/// Deserializes null as the default.
pub(super) fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The largest amount in one object, in the smallest unit of a currency. Stripe accepts twelve digits at most. Stripe
/// documentation: "Minimum and maximum charge amounts".
pub(super) const MOST: i64 = 1_000_000_000_000;

/// Deserializes an amount that cannot be negative, small enough to be added to others.
pub(super) fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let amount = signed_amount(deserializer)?;
    if amount < 0 { Err(out_of_range(amount)) } else { Ok(amount) }
}

/// As [`amount`], for what may be charged or credited.
pub(super) fn signed_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let amount = i64::deserialize(deserializer)?;
    if (-MOST..=MOST).contains(&amount) { Ok(amount) } else { Err(out_of_range(amount)) }
}

/// Deserializes an amount that may be missing.
pub(super) fn optional_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(amount) = Option::<i64>::deserialize(deserializer)? else { return Ok(None) };
    if (0..=MOST).contains(&amount) { Ok(Some(amount)) } else { Err(out_of_range(amount)) }
}

/// Unix seconds at which the year 9999 begins: every time before it has a year of four digits, some days later too.
const LATEST: i64 = 253_370_764_800;

/// Deserializes a point in time from Unix seconds.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    in_range(i64::deserialize(deserializer)?)
}

/// Deserializes a point in time that may be missing.
pub(super) fn optional_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Option::deserialize(deserializer)?.map(in_range).transpose()
}

fn in_range<E: Error>(seconds: i64) -> Result<DateTime<Utc>, E> {
    let known = (0..LATEST).contains(&seconds).then(|| DateTime::from_timestamp(seconds, 0)).flatten();
    known.ok_or_else(|| out_of_range(seconds))
}

fn out_of_range<E: Error>(number: i64) -> E {
    E::custom(format!("{number} is out of range"))
}
