//! Events: the durable log of all changes (docs.stripe.com/api/events).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    resources::{api_version::API_VERSION, endpoint},
    store::{
        clock, event_type,
        kind::Kind,
        outbox::Posting,
        work::{Change, Work, text},
    },
};

/// Records an event of an object, and queues it for every subscribed webhook endpoint.
pub(crate) fn emit(work: &mut Work<'_>, kind: &str, object: &Value) {
    log(work, kind, &json!({ "object": object }));
}

/// Does the same as [`emit`], with the previous values of the changed fields.
pub(crate) fn emit_change(work: &mut Work<'_>, kind: &str, Change { before, after }: &Change) {
    log(work, kind, &json!({ "object": after, "previous_attributes": previous_attributes(before, after) }));
}

fn log(work: &mut Work<'_>, kind: &str, data: &Value) {
    debug_assert!(event_type::ALL.contains(&kind), "{kind} is not in the list of event types");
    let mut event = json!({
        "id": work.new_id(Kind::Event),
        "object": "event",
        "api_version": API_VERSION,
        "created": work.now,
        "data": data,
        "livemode": false,
        "pending_webhooks": 0,
        "request": { "id": work.cause.request, "idempotency_key": work.cause.idempotency_key },
        "type": kind,
    });
    event["pending_webhooks"] = post(work, &event).into();
    work.put(Kind::Event, event);
}

/// Queues an event for every endpoint that is subscribed to it, and returns their count.
pub(crate) fn post(work: &mut Work<'_>, event: &Value) -> usize {
    let (id, kind) = (text(event, "id"), text(event, "type"));
    let mut endpoints = endpoint::all(work.state);
    endpoints.retain(|endpoint| endpoint.takes(&kind));
    for endpoint in &endpoints {
        let posting = Posting {
            event: &id,
            endpoint: &endpoint.key,
            effect: work.state.webhooks.delivery_faults.take(&kind),
            now_ms: clock::wall_millis(),
            rank: work.state.rng.below(usize::MAX),
        };
        work.state.outbox.post(posting);
    }
    endpoints.len()
}

/// Decrements the number of endpoints that wait for the event.
pub(crate) fn delivered(work: &mut Work<'_>, id: &str) {
    work.change(Kind::Event, id, |event| {
        let waiting = event["pending_webhooks"].as_i64().unwrap_or_default();
        event["pending_webhooks"] = (waiting - 1).max(0).into();
    });
}

/// Returns the fields of `before` that differ in `after`: hashes field by field, arrays as a whole.
fn previous_attributes(before: &Value, after: &Value) -> Value {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        return before.clone();
    };
    let mut changed = Map::new();
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (was, is) = (&before[key.as_str()], &after[key.as_str()]);
        if was != is {
            changed.insert(key.clone(), previous_attributes(was, is));
        }
    }
    Value::Object(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previous_attributes_name_only_what_changed() {
        let before = json!({ "a": 1, "b": { "c": null, "d": 2 }, "e": [1], "f": 0 });
        let after = json!({ "a": 1, "b": { "c": "x", "d": 2 }, "e": [1, 2], "f": 0, "g": 5 });
        let expected = json!({ "b": { "c": null }, "e": [1], "g": null });
        assert_eq!(previous_attributes(&before, &after), expected);
    }
}
