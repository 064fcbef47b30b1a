//! The workloads: the kinds of requests that are measured.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    Failure,
    caller::{Call, bearer, now},
    secret::WEBHOOK_SECRET,
};

const READ: &str = "{ balance { credits } tier subscription { tier status currentPeriodEnd cancelAtPeriodEnd } }";

const CHARGE: &str = "mutation ($key: String!) { chargeExport(input: { runId: \"bench\", idempotencyKey: $key }) \
    { ... on ExportCharge { credits replayed balance { credits } } } }";

const RESERVE: &str = "mutation ($key: String!) { reserveExport(input: { runId: \"bench\", idempotencyKey: $key }) \
    { ... on Hold { id ticket balance { available } } } }";

const CAPTURE: &str = "mutation ($hold: ID!) { captureHold(input: { holdId: $hold }) \
    { ... on ExportCharge { credits replayed balance { credits } } } }";

/// The user whom every caller charges in the workload `charge, one user`.
const HOT: i64 = 1;

/// Builds a request from its number, which is never used twice.
type Make = Arc<dyn Fn(u64) -> Result<Call, Failure> + Send + Sync>;

/// Builds a second request from the first one's `Authorization` and response.
type Follow = fn(&str, &Value) -> Result<Call, Failure>;

/// A workload: one kind of request.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) name: &'static str,
    /// `true` if a single caller runs the workload, which shows the latency of a request without concurrency.
    pub(crate) alone: bool,
    pub(crate) make: Make,
    /// The second request, if the workload has one. Both count as one.
    pub(crate) then: Option<Follow>,
    /// Returns `true` if a response is the expected one.
    pub(crate) check: fn(&Value) -> bool,
}

/// Returns all workloads in the order in which they run.
pub(crate) fn all(users: i64) -> Vec<Work> {
    let tokens: Arc<[String]> = (1..=users).filter_map(|user| bearer(user).ok()).collect();
    // Successive requests are for users whose rows are far apart in the tables.
    let of = move |number: u64| ((number.wrapping_mul(7919)) % users.unsigned_abs()) + 1;
    let token = move |user: u64| -> Result<String, Failure> {
        let place = usize::try_from(user - 1)?;
        tokens.get(place).cloned().ok_or_else(|| "no such user".into())
    };
    let read = {
        let token = token.clone();
        Arc::new(move |number| Ok(graphql(token(of(number))?, READ, &json!({})))) as Make
    };
    let charge = {
        let token = token.clone();
        Arc::new(move |number| Ok(graphql(token(of(number))?, CHARGE, &json!({ "key": number.to_string() })))) as Make
    };
    let reserve = {
        let token = token.clone();
        Arc::new(move |number| Ok(graphql(token(of(number))?, RESERVE, &json!({ "key": format!("reserve{number}") }))))
            as Make
    };
    let hot = Arc::new(move |number: u64| {
        Ok(graphql(token(HOT.unsigned_abs())?, CHARGE, &json!({ "key": format!("hot{number}") })))
    }) as Make;
    let webhook = Arc::new(move |number| webhook(of(number), number)) as Make;
    let work = |name, alone, make, check| Work { name, alone, make, then: None, check };
    let export = |name, alone, make| Work { then: Some(capture), ..work(name, alone, make, is_capture) };
    vec![
        work("read, one caller", true, read.clone(), is_standing),
        work("read", false, read, is_standing),
        work("charge, one caller", true, charge.clone(), is_charge),
        work("charge", false, charge, is_charge),
        work("charge, one user", false, hot, is_charge),
        export("reserve and capture, one caller", true, reserve.clone()),
        export("reserve and capture", false, reserve),
        work("webhook", false, webhook, is_applied),
    ]
}

fn graphql(token: String, query: &str, variables: &Value) -> Call {
    let body = json!({ "query": query, "variables": variables }).to_string();
    Call { path: "/graphql", header: ("authorization", token), body }
}

fn is_standing(answer: &Value) -> bool {
    answer["data"]["balance"]["credits"].is_i64() && answer["data"]["tier"] == "FREE"
}

fn is_charge(answer: &Value) -> bool {
    let charge = &answer["data"]["chargeExport"];
    charge["credits"] == 3 && charge["replayed"] == false && charge["balance"]["credits"].is_i64()
}

/// The capture of the hold in a response.
fn capture(token: &str, answer: &Value) -> Result<Call, Failure> {
    let hold = answer["data"]["reserveExport"]["id"].as_str().ok_or_else(|| format!("no hold: {answer}"))?;
    Ok(graphql(token.to_owned(), CAPTURE, &json!({ "hold": hold })))
}

fn is_capture(answer: &Value) -> bool {
    let charge = &answer["data"]["captureHold"];
    charge["credits"] == 3 && charge["replayed"] == false && charge["balance"]["credits"].is_i64()
}

fn is_applied(answer: &Value) -> bool {
    answer["outcome"] == "applied"
}

/// Number of seconds in a billing period.
const MONTH: i64 = 30 * 86_400;

/// Builds the event that Stripe sends for the paid invoice of a new subscription. It grants the credits of a period.
fn webhook(user: u64, number: u64) -> Result<Call, Failure> {
    let now = now();
    let subscription = format!("sub_bench{number}");
    let line = json!({
        "id": format!("il_bench{number}"),
        "object": "line_item",
        "amount": 1000,
        "currency": "usd",
        "quantity": 1,
        "period": { "start": now, "end": now + MONTH },
        "pricing": { "type": "price_details", "price_details": { "price": "price_core", "product": "prod_bench" } },
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": { "proration": false, "subscription": subscription },
        },
    });
    let invoice = json!({
        "id": format!("in_bench{number}"),
        "object": "invoice",
        "amount_due": 1000,
        "amount_paid": 1000,
        "attempted": true,
        "billing_reason": "subscription_create",
        "created": now,
        "currency": "usd",
        "customer": format!("cus_bench{user}"),
        "lines": { "object": "list", "data": [line], "has_more": false },
        "livemode": false,
        "parent": {
            "type": "subscription_details",
            "subscription_details": { "subscription": subscription, "metadata": {} },
        },
        "status": "paid",
    });
    let body = json!({
        "id": format!("evt_bench{number}"),
        "object": "event",
        "api_version": "2025-09-30.clover",
        "type": "invoice.paid",
        "created": now,
        "livemode": false,
        "pending_webhooks": 1,
        "request": { "id": null, "idempotency_key": null },
        "data": { "object": invoice },
    })
    .to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes())?;
    mac.update(format!("{now}.{body}").as_bytes());
    let signature = format!("t={now},v1={}", hex::encode(mac.finalize().into_bytes()));
    Ok(Call { path: "/api/payments/webhook", header: ("stripe-signature", signature), body })
}
