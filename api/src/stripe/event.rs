//! The envelope of an event. Its object stays raw JSON: an endpoint may render any API version since 2020, so
//! each noun reads its own object.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::object::{self, Unreadable};

/// One event, as delivered to a webhook or listed by the API. Stripe documentation: "The Event object".
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Event {
    /// The id, `evt_...`; the same for every delivery of this event.
    pub id: String,
    /// The `type`, as in `invoice.paid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When Stripe created the event, in Unix seconds. Several events of one change often share a second.
    pub created: i64,
    /// True for real money.
    pub livemode: bool,
    /// The API version that `object` is rendered in.
    pub api_version: Option<String>,
    /// The object that the event is about, as it was when the event was created.
    #[serde(rename = "data", deserialize_with = "object_of")]
    pub object: Value,
}

impl Event {
    /// Reads the envelope of a webhook's body.
    ///
    /// # Errors
    /// [`Unreadable`] where the body is not JSON, or JSON but not an event that carries its object.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let value: Value =
            serde_json::from_slice(body).map_err(|error| Unreadable::new(format!("event is not JSON: {error}")))?;
        Self::from_value(&value)
    }

    /// Reads the envelope from JSON.
    ///
    /// # Errors
    /// [`Unreadable`] where it is not an event that carries its object.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        match value.get("object").and_then(Value::as_str) {
            Some("event") => object::read("event", value),
            Some("v2.core.event") => Err(Unreadable::new(
                "event is a thin event, which carries no object: configure the endpoint for snapshot events",
            )),
            _ => Err(Unreadable::new("event.object is not \"event\"")),
        }
    }
}

/// Deserializes the data of an event as its object.
fn object_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    #[derive(Deserialize)]
    struct Data {
        object: Map<String, Value>,
    }
    Ok(Data::deserialize(deserializer)?.object.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "id": "evt_1", "object": "event", "api_version": "2026-09-30.endive", "created": 1_790_000_000,
            "type": "customer.subscription.updated", "livemode": false, "pending_webhooks": 1, "request": null,
            "data": {"object": {"id": "sub_1"}, "previous_attributes": {"status": "incomplete"}},
        })
    }

    fn unreadable(value: &Value) -> String {
        Event::from_value(value).unwrap_err().what
    }

    #[test]
    fn the_envelope_is_read_from_bytes() {
        let body = event().to_string();
        let event = Event::parse(body.as_bytes()).unwrap();
        assert_eq!((event.id.as_str(), event.kind.as_str()), ("evt_1", "customer.subscription.updated"));
        assert_eq!((event.created, event.livemode), (1_790_000_000, false));
        assert_eq!(event.api_version.as_deref(), Some("2026-09-30.endive"));
        assert_eq!(event.object, json!({"id": "sub_1"}));
    }

    #[test]
    fn a_missing_field_of_the_envelope_is_named() {
        for field in ["id", "type", "created", "livemode", "data"] {
            let mut value = event();
            value.as_object_mut().unwrap().remove(field);
            assert_eq!(unreadable(&value), format!("event: missing field `{field}`"));
        }
    }

    #[test]
    fn other_objects_and_bytes_are_unreadable() {
        assert!(Event::parse(b"\xff\xfe").is_err());
        assert!(Event::parse(b"").is_err());
        assert_eq!(unreadable(&json!([1])), "event.object is not \"event\"");
        assert_eq!(unreadable(&json!({"object": "invoice"})), "event.object is not \"event\"");
        let mut nothing = event();
        nothing["data"]["object"] = json!("sub_1");
        assert!(unreadable(&nothing).starts_with("event: data.object: invalid type: string"));
    }

    #[test]
    fn a_thin_event_is_refused_with_its_own_reason() {
        assert!(unreadable(&json!({"object": "v2.core.event", "id": "evt_1"})).contains("thin"));
    }
}
