//! Calls on events (docs.stripe.com/api/events).

use serde_json::Value;

use crate::{
    api::{call::Call, list::Query},
    store::{
        event_type,
        kind::Kind,
        problem::{Answer, Problem},
    },
};

const MAX_TYPES: usize = 20;

/// Seconds for which an event can be retrieved: 30 days, as at Stripe.
const MEMORY_SECONDS: i64 = 30 * 24 * 60 * 60;

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
        let of_type = wanted.is_empty() || wanted.iter().any(|pattern| event_type::matches(pattern, kind));
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
