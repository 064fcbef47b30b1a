//! Events and their deliveries on the dashboard.

use serde_json::Value;

use super::{MAX_ROWS, button, code, row, section as titled, tag};
use crate::{calendar, http::html::escape, kind::Kind, state::State, work::text};

pub(super) fn section(state: &State) -> String {
    let newest = state.all(Kind::Event).rev().take(MAX_ROWS);
    let rows: Vec<String> = newest
        .map(|event| {
            let id = text(event, "id");
            row(&what(event), &button("deliver", &id, "Deliver again"))
        })
        .collect();
    titled("Events", &rows, "None yet.")
}

fn what(event: &Value) -> String {
    let json = serde_json::to_string_pretty(&event["data"]).unwrap_or_default();
    let waiting = match event["pending_webhooks"].as_i64() {
        None | Some(0) => String::new(),
        Some(_) => tag("undelivered"),
    };
    format!(
        "<strong>{}</strong> {waiting}<br><span class=\"quiet\">{}</span> {}<details><summary>Data</summary><pre>{}</pre></details>",
        escape(&text(event, "type")),
        calendar::minute(event["created"].as_i64().unwrap_or_default()),
        code(&text(event, "id")),
        escape(&json)
    )
}

/// The last attempts, newest first, by wall time.
pub(super) fn deliveries(state: &State) -> String {
    let rows: Vec<String> = state
        .outbox
        .logged()
        .rev()
        .take(MAX_ROWS)
        .map(|logged| {
            let event = state.find(Kind::Event, &logged.event);
            let kind = event.map(|event| escape(&text(event, "type"))).unwrap_or_default();
            let time = calendar::minute(logged.at_ms / 1000);
            let url = escape(&logged.url);
            row(&format!("{} {kind}<br><span class=\"quiet\">{time} to {url}</span>", tag(&logged.outcome)), "")
        })
        .collect();
    titled("Deliveries", &rows, "None yet.")
}
