//! Webhooks of the tests' own making: reduced to what the gateway may read, in the shapes of four API versions.
//!
//! The parts that all versions share are in this file; the parts of one version are in the file of that version.

mod basil;
mod clover;
mod endive;
mod march_2020;
mod money;
mod pack;
mod plan;

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

pub(crate) use money::Money;
pub(crate) use pack::Pack;
pub(crate) use plan::{CORE, PRO, Plan, Price, STUDIO};

/// The API version that an endpoint renders its events in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    March2020,
    Basil,
    Clover,
    Endive,
}

impl Version {
    pub(crate) const ALL: [Self; 4] = [Self::March2020, Self::Basil, Self::Clover, Self::Endive];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::March2020 => "2020-03-02",
            Self::Basil => "2025-04-30.basil",
            Self::Clover => "2025-12-15.clover",
            Self::Endive => "2026-09-30.endive",
        }
    }

    fn subscription(self, plan: &Plan, status: &str) -> Value {
        match self {
            Self::March2020 => march_2020::subscription(plan, status),
            Self::Basil => basil::subscription(plan, status),
            Self::Clover => clover::subscription(plan, status),
            Self::Endive => endive::subscription(plan, status),
        }
    }

    fn invoice(self, plan: &Plan, reason: &str, lines: &[Price]) -> Value {
        match self {
            Self::March2020 => march_2020::invoice(plan, reason, lines),
            Self::Basil => basil::invoice(plan, reason, lines),
            Self::Clover => clover::invoice(plan, reason, lines),
            Self::Endive => endive::invoice(plan, reason, lines),
        }
    }

    fn session(self, common: Value) -> Value {
        match self {
            Self::March2020 => march_2020::session(common),
            Self::Basil => common,
            Self::Clover => clover::session(common),
            Self::Endive => endive::session(common),
        }
    }
}

/// A number that no other payload has.
pub(crate) fn fresh() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// An event about an object, made in a second of Stripe's clock.
pub(crate) fn event(version: Version, kind: &str, created: i64, object: Value) -> Value {
    let mut event = json!({
        "id": format!("evt_test_{}", fresh()),
        "object": "event",
        "api_version": version.name(),
        "created": created,
        "data": {},
        "livemode": false,
        "pending_webhooks": 1,
        "request": { "id": null, "idempotency_key": null },
        "type": kind,
    });
    event["data"]["object"] = object;
    event
}

/// The same object in another event.
pub(crate) fn retold(event: &Value, kind: &str) -> Value {
    let mut event = event.clone();
    event["id"] = format!("evt_test_{}", fresh()).into();
    event["type"] = kind.into();
    event
}

/// The event, made some seconds later.
pub(crate) fn later(mut event: Value, seconds: i64) -> Value {
    event["created"] = (event["created"].as_i64().unwrap() + seconds).into();
    event
}

/// A reference to another object: its id, or a part of the object where the endpoint's version expands it.
fn reference(expanded: bool, object: &str, id: &str) -> Value {
    if expanded { json!({ "id": id, "object": object, "livemode": false }) } else { id.into() }
}

fn list(data: &[Value]) -> Value {
    json!({ "object": "list", "data": data, "has_more": false, "total_count": data.len(), "url": "/v1/somewhere" })
}

/// A month's price of what a line bills; its amount where that is nothing of ours.
fn full((price, amount): Price) -> i64 {
    [CORE, PRO, STUDIO].into_iter().find(|(id, _)| *id == price).map_or(amount, |(_, full)| full)
}

/// Returns whether a line bills or credits a share of a month.
fn is_share(line: Price) -> bool {
    line.1 < 0 || line.1 % full(line).max(1) != 0
}
