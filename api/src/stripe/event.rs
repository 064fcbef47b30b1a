//! The envelope of an event. What it carries stays raw JSON: an endpoint may render any API version since 2020, so
//! each noun reads its own object.

use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Unreadable, required};

/// One event, as delivered to a webhook or listed by the API. Stripe documentation: "The Event object".
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The id, `evt_...`; the same for every delivery of this event.
    pub id: String,
    /// The `type`, as in `invoice.paid`.
    pub kind: String,
    /// When Stripe made the event, in Unix seconds. Several events of one change often share a second.
    pub created: i64,
    /// Whether it happened with real money.
    pub livemode: bool,
    /// The API version that `object` is rendered in.
    pub api_version: Option<String>,
    /// The object that the event is about, as it was when the event was made.
    pub object: Value,
    /// What the changed fields held before, in `*.updated` events.
    pub previous_attributes: Option<Value>,
    /// The idempotency key of the request that caused the event, if a request did.
    pub idempotency_key: Option<String>,
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
            Some("event") => object::read::<Wire>("event", value)?.into_event(),
            Some("v2.core.event") => Err(Unreadable::new(
                "event is a thin one, which carries no object: configure the endpoint for snapshot events",
            )),
            _ => Err(Unreadable::new("event.object is not \"event\"")),
        }
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    created: Option<i64>,
    livemode: Option<bool>,
    api_version: Option<String>,
    data: Option<WireData>,
    /// What caused the event: before API version 2017-05-25 a request's id, since then an object.
    request: Option<Value>,
}

#[derive(Deserialize)]
struct WireData {
    object: Option<Value>,
    previous_attributes: Option<Value>,
}

impl Wire {
    fn into_event(self) -> Result<Event, Unreadable> {
        let data = required("event.data", self.data)?;
        let object = required("event.data.object", data.object)?;
        if !object.is_object() {
            return Err(Unreadable::new("event.data.object is not an object"));
        }
        Ok(Event {
            id: required("event.id", self.id)?,
            kind: required("event.type", self.kind)?,
            created: required("event.created", self.created)?,
            livemode: required("event.livemode", self.livemode)?,
            api_version: self.api_version,
            object,
            previous_attributes: data.previous_attributes,
            idempotency_key: self
                .request
                .and_then(|request| Some(request.get("idempotency_key")?.as_str()?.to_owned())),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(request: &Value) -> Value {
        json!({
            "id": "evt_1", "object": "event", "api_version": "2026-09-30.endive", "created": 1_790_000_000,
            "type": "customer.subscription.updated", "livemode": false, "pending_webhooks": 1, "request": request,
            "data": {"object": {"id": "sub_1"}, "previous_attributes": {"status": "incomplete"}},
        })
    }

    fn unreadable(value: &Value) -> String {
        Event::from_value(value).unwrap_err().what
    }

    #[test]
    fn the_envelope_is_read_from_bytes() {
        let body = event(&json!({"id": "req_1", "idempotency_key": "key-1"})).to_string();
        let event = Event::parse(body.as_bytes()).unwrap();
        assert_eq!((event.id.as_str(), event.kind.as_str()), ("evt_1", "customer.subscription.updated"));
        assert_eq!((event.created, event.livemode), (1_790_000_000, false));
        assert_eq!(event.api_version.as_deref(), Some("2026-09-30.endive"));
        assert_eq!(event.object, json!({"id": "sub_1"}));
        assert_eq!(event.previous_attributes, Some(json!({"status": "incomplete"})));
        assert_eq!(event.idempotency_key.as_deref(), Some("key-1"));
    }

    #[test]
    fn the_request_may_be_a_string_an_object_or_nothing() {
        for request in [json!(null), json!("req_1"), json!({"id": null, "idempotency_key": null}), json!({})] {
            assert_eq!(Event::from_value(&event(&request)).unwrap().idempotency_key, None, "{request}");
        }
    }

    #[test]
    fn what_the_envelope_lacks_is_named() {
        for field in ["id", "type", "created", "livemode", "data"] {
            let mut value = event(&json!(null));
            value.as_object_mut().unwrap().remove(field);
            assert_eq!(unreadable(&value), format!("event.{field} is missing"));
        }
    }

    #[test]
    fn what_is_not_an_event_is_unreadable() {
        assert!(Event::parse(b"\xff\xfe").is_err());
        assert!(Event::parse(b"").is_err());
        assert_eq!(unreadable(&json!([1])), "event.object is not \"event\"");
        assert_eq!(unreadable(&json!({"object": "invoice"})), "event.object is not \"event\"");
        assert_eq!(
            unreadable(&json!({"object": "event", "data": {"object": "sub_1"}})),
            "event.data.object is not an object"
        );
    }

    #[test]
    fn a_thin_event_is_refused_with_its_own_reason() {
        assert!(unreadable(&json!({"object": "v2.core.event", "id": "evt_1"})).contains("thin"));
    }
}
