//! A stateful stand-in for Stripe that speaks its wire format on loopback.
//!
//! The sandbox keeps customers, products and prices, checkout sessions and portal sessions with their hosted pages,
//! subscriptions with plan changes and schedules, invoices, payments, refunds, disputes and events, and delivers signed
//! webhooks. It speaks API version 2026-09-30.endive, so a client of Stripe needs nothing but another base URL. It shares no
//! code with the gateway it stands in front of, since what they shared they could get wrong together.
//!
//! Its clock can be advanced: subscriptions renew, drafts are charged an hour later, failed payments are tried again, and
//! event times move with it. A dashboard at `/` shows what there is. Tests in the same process ask [`Sandbox`] for what Stripe
//! would not do on request (a renewal, a dispute, a lost delivery); other processes send JSON to `/sandbox/...`, whose map is
//! in `http`.
//!
//! ```text
//! http (api, pages, control) -> routes -> a noun's handler -> Work (state, now, cause) -> event -> outbox -> delivery
//! passing (the clock)        -> timetable ----------------------^
//! ```
//!
//! Objects are kept as the JSON they are shown as. Every change is a unit of `work` under one lock: a request is seen whole or
//! not at all. `checkout` says what a payment on the hosted page sets off; the files named after Stripe's nouns hold the
//! objects and their handlers.

// Invoices and charges have more fields than `json!` unfolds by default.
#![recursion_limit = "512"]

mod calendar;
mod call;
mod cancellation;
mod card;
mod charge;
mod checkout;
mod checkout_session;
mod clock;
mod coupon;
mod credit_note;
mod credit_note_request;
mod customer;
mod delayed_payment;
mod delivery;
mod discount;
mod dispute;
mod dunning;
mod endpoint;
mod error;
mod event;
mod expand;
mod fault;
mod form;
mod http;
mod idempotency;
mod invoice;
mod invoice_item;
mod invoice_line;
mod invoice_payment;
mod invoice_preview;
mod invoice_request;
mod kind;
mod line_item;
mod list;
mod metadata;
mod mishap;
mod on_request;
mod outbox;
mod passing;
mod payment_intent;
mod payment_method_configuration;
mod payment_method_type;
mod plan_change;
mod portal;
mod price;
mod price_request;
mod problem;
mod product;
mod proration;
mod rate_limit;
mod refund;
mod rendition;
mod renewal;
mod request_log;
mod routes;
mod sandbox;
mod schedule;
mod schedule_request;
mod shelf;
mod signature;
mod state;
mod state_file;
mod store;
#[cfg(test)]
mod story;
mod subscription;
mod subscription_update;
mod test_clock;
mod timetable;
mod work;

pub use dispute::{Outcome, Stage};
pub use dunning::AfterRetries;
pub use error::Error;
pub use fault::{Effect, Fault};
pub use mishap::{DeliveryFault, Mishap};
pub use sandbox::{Sandbox, Settings};
