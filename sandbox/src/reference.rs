//! The reference of the sandbox as data: its routes, events, controls and test numbers. A test compares `README.md` with it.

use crate::{http::routes, resources::card, store::event_type};

/// The requests below `/sandbox`, for the reference.
const CONTROLS: [Control; 22] = [
    control("GET", "/sandbox/now", "", "answers with business time"),
    control("POST", "/sandbox/advance", r#"{"seconds": 3600}"#, "moves business time forward"),
    control("GET", "/sandbox/requests", "", "counts the API requests by route"),
    control(
        "POST",
        "/sandbox/faults",
        r#"{"path": "/v1/customers", "times": 1, "effect": {"kind": "refuse", "status": 503}}"#,
        "the next matching calls go wrong: `refuse`, `spoil`, `fail`, `drop`, `garble`, `delay` or `lag`",
    ),
    control(
        "POST",
        "/sandbox/faults",
        r#"{"event": "invoice.*", "times": 1, "delivery": {"kind": "twice"}}"#,
        "the next matching deliveries go wrong: `twice`, `late`, `shuffled`, `never`, `old_timestamp`, `rotated_secret`, `wrong_secret`, `truncated` or `other_livemode`",
    ),
    control("DELETE", "/sandbox/faults", "", "withdraws the faults that are still to come"),
    control(
        "POST",
        "/sandbox/rate_limit",
        r#"{"per_second": 25}"#,
        "answers requests beyond that rate with 429 and `Retry-After`; 0 for no limit",
    ),
    control(
        "POST",
        "/sandbox/retries",
        r#"{"then": "cancel"}"#,
        "the fate of a subscription after the last retry: `cancel`, `unpaid` or `past_due`",
    ),
    control(
        "POST",
        "/sandbox/tax",
        r#"{"percent": 20, "inclusive": false, "set_up": true}"#,
        "sets the rate of Stripe Tax, whether prices include it, and whether it is set up",
    ),
    control(
        "POST",
        "/sandbox/sessions/{id}/settle",
        r#"{"arrived": true}"#,
        "decides the delayed payment of a checkout session",
    ),
    control(
        "POST",
        "/sandbox/payments/{id}/settle",
        r#"{"arrived": true}"#,
        "decides a delayed payment, by its payment intent or invoice",
    ),
    control("POST", "/sandbox/subscriptions/{id}/renew", "", "moves time past the next renewal"),
    control(
        "POST",
        "/sandbox/subscriptions/{id}/card",
        r#"{"number": "4242424242424242"}"#,
        "changes the card or bank account",
    ),
    control(
        "POST",
        "/sandbox/subscriptions/{id}/fail_next_payments",
        r#"{"times": 1}"#,
        "declines the next payments, whatever the card",
    ),
    control("POST", "/sandbox/subscriptions/{id}/retry_payment", "", "collects the latest invoice now"),
    control("POST", "/sandbox/refunds", r#"{"payment": "pi_1", "amount": 100}"#, "refunds a payment, or a part of it"),
    control("POST", "/sandbox/refunds/hold", r#"{"times": 1}"#, "the next refunds stay pending"),
    control("POST", "/sandbox/refunds/{id}/settle", r#"{"arrived": false}"#, "a refund arrives, or fails"),
    control(
        "POST",
        "/sandbox/disputes",
        r#"{"payment": "pi_1", "stage": "inquiry"}"#,
        "opens a dispute: `inquiry` or `chargeback`, with an `amount` if not over all",
    ),
    control(
        "POST",
        "/sandbox/disputes/{id}",
        r#"{"outcome": "won"}"#,
        "continues a dispute: `won`, `lost`, `under_review`, `escalated` or `warning_closed`",
    ),
    control(
        "POST",
        "/sandbox/objects/{id}/disown",
        "",
        "moves an object to another account, with all that belongs to it if it is a customer",
    ),
    control("POST", "/sandbox/events/{id}/deliver", "", "delivers an event to every endpoint once more"),
];

const fn control(method: &'static str, path: &'static str, body: &'static str, effect: &'static str) -> Control {
    Control { method, path, body, effect }
}

/// A route of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// The path, with `{id}` for an id.
    pub path: &'static str,
}

/// A request of the control interface, for other processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// The path, with `{id}` for an id.
    pub path: &'static str,
    /// An example of the JSON body; empty when there is none.
    pub body: &'static str,
    /// The effect, in a few words.
    pub effect: &'static str,
}

/// A test number for the hosted pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestNumber {
    /// The number of a card or bank account.
    pub number: &'static str,
    /// The outcome of a payment with the number.
    pub note: &'static str,
}

/// Returns all routes of the API, in the order in which they are tried.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes::ROUTES.iter().map(|route| Route { method: route.method, path: route.template }).collect()
}

/// Returns all types of events that the sandbox sends, in alphabetical order.
#[must_use]
pub fn event_types() -> &'static [&'static str] {
    &event_type::ALL
}

/// Returns all requests of the control interface.
#[must_use]
pub fn controls() -> &'static [Control] {
    &CONTROLS
}

/// Returns all test numbers of the hosted pages.
#[must_use]
pub fn test_numbers() -> Vec<TestNumber> {
    card::CARDS.iter().map(|card| TestNumber { number: card.number, note: card.note }).collect()
}

/// Returns names of payment methods for requests, each with its test number.
#[must_use]
pub fn payment_methods() -> &'static [(&'static str, &'static str)] {
    &card::TOKENS
}
