//! Events: the durable log of what happened (docs.stripe.com/api/events).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call},
    clock, endpoint,
    kind::Kind,
    list::Query,
    problem::Problem,
    work::{Work, text},
};

/// The API version that objects and events are rendered in.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

const MAX_TYPES: usize = 20;
/// Stripe forgets an event after 30 days.
const MEMORY_SECONDS: i64 = 30 * 24 * 60 * 60;

/// Logs that something happened to an object, and posts it to every webhook endpoint.
pub(crate) fn emit(work: &mut Work<'_>, kind: &str, object: &Value) {
    log(work, kind, &json!({ "object": object }));
}

/// As [`emit`], with what the changed fields were before.
pub(crate) fn emit_change(work: &mut Work<'_>, kind: &str, change: &(Value, Value)) {
    let (before, after) = change;
    log(work, kind, &json!({ "object": after, "previous_attributes": previous_attributes(before, after) }));
}

fn log(work: &mut Work<'_>, kind: &str, data: &Value) {
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

/// Puts an event up for delivery to every endpoint that takes it; answers how many those are.
pub(crate) fn post(work: &mut Work<'_>, event: &Value) -> usize {
    let (id, kind) = (text(event, "id"), text(event, "type"));
    let mut endpoints = endpoint::all(work.state);
    endpoints.retain(|endpoint| endpoint.takes(&kind));
    for endpoint in &endpoints {
        let mishap = work.state.configured.mishaps.take(&kind);
        let rank = work.state.dice.below(usize::MAX);
        let moment = (clock::wall_millis(), rank);
        work.state.outbox.post((&id, &endpoint.key), mishap, moment);
    }
    endpoints.len()
}

/// One endpoint fewer waits for the event.
pub(crate) fn delivered(work: &mut Work<'_>, id: &str) {
    work.change(Kind::Event, id, |event| {
        let waiting = event["pending_webhooks"].as_i64().unwrap_or_default();
        event["pending_webhooks"] = (waiting - 1).max(0).into();
    });
}

/// The fields of `before` that differ in `after`: hashes by their own fields, arrays whole.
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

/// `GET /v1/events`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let one = params.text("type")?;
    let many = params.texts("types")?;
    if many.len() > MAX_TYPES || (one.is_some() && !many.is_empty()) {
        let message = format!("Pass either `type` or at most {MAX_TYPES} `types`.");
        return Err(Problem::invalid_parameter("types", message));
    }
    let delivered = params.boolean("delivery_success")?;
    let query = Query::read(params, &[])?;
    params.finish()?;
    let wanted: Vec<String> = one.into_iter().chain(many).collect();
    let now = call.work.now;
    query.answer(call.work.state, Kind::Event, |event| {
        let kind = event["type"].as_str().unwrap_or_default();
        let of_type = wanted.is_empty() || wanted.iter().any(|pattern| matches(pattern, kind));
        of_type
            && is_remembered(event, now)
            && delivered.is_none_or(|delivered| (event["pending_webhooks"] == 0) == delivered)
    })
}

/// `GET /v1/events/{id}`.
pub(crate) fn retrieve(call: &mut Call<'_>) -> Answer {
    call.params.finish()?;
    let (id, now) = (call.id(), call.work.now);
    let event = call.work.state.named(Kind::Event, &id)?;
    if is_remembered(&event, now) { Ok(event) } else { Err(Problem::no_such(Kind::Event, &id)) }
}

fn is_remembered(event: &Value, now: i64) -> bool {
    event["created"].as_i64().is_some_and(|created| created >= now - MEMORY_SECONDS)
}

/// `invoice.*` stands for every type that begins with `invoice.`.
pub(crate) fn matches(pattern: &str, kind: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == kind, |start| kind.starts_with(start))
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

    #[test]
    fn a_star_matches_a_family_of_types() {
        assert!(matches("invoice.*", "invoice.paid"));
        assert!(!matches("invoice.paid", "invoice.payment_succeeded"));
    }
}
