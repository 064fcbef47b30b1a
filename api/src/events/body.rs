//! The body of an event.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::account_event::Type;
use sea_orm::ActiveEnum;
use serde_json::{Map, Value, json};

use crate::global_id::Noun;

/// The body of an event as it is sent: its type, the time at which it happened, and its data.
pub(super) fn payload(kind: Type, at: DateTime<Utc>, data: &Value) -> String {
    json!({ "type": kind.to_value(), "timestamp": time(at), "data": data }).to_string()
}

/// A time as events spell it, which is that of the GraphQL API.
#[must_use]
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The data that every event has: the account with its version and balance.
pub(super) fn account(user_id: i64, version: i64, balance: i64) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("accountId".to_owned(), Noun::Balance.id(user_id).to_string().into());
    data.insert("userId".to_owned(), Noun::User.id(user_id).to_string().into());
    data.insert("version".to_owned(), version.into());
    data.insert("balance".to_owned(), balance.into());
    data
}
