//! A stateful stand-in for Stripe that speaks its wire format on loopback.
//!
//! The sandbox keeps customers, products and prices, checkout sessions and portal sessions with their hosted pages,
//! subscriptions with plan changes and schedules, invoices, payments, refunds, disputes and events, and delivers signed
//! webhooks. It speaks API version 2026-09-30.endive, so a client of Stripe needs nothing but another base URL.
//!
//! Its clock can be advanced: subscriptions renew, drafts are charged an hour later, failed payments are retried, and
//! event times move with it. A dashboard at `/` shows all objects. A test in the same process uses the methods of
//! [`Sandbox`] for what Stripe would not do on request (a renewal, a dispute, a lost delivery); other processes send
//! JSON to `/sandbox/...`. [`mod@reference`] lists all routes, events and requests.
//!
//! ```text
//! http (API, pages, control) -> calls -> billing -> resources -> api -> store
//!                                  time -> due --^      event -> outbox -> webhooks
//! ```
//!
//! | module | content |
//! |---|---|
//! | `store` | the state behind one lock, the clock, the timers, the outbox, error responses |
//! | `api` | forms, lists, metadata |
//! | `resources` | Stripe's objects |
//! | `billing` | renewals, retries, prorations, plan changes, and the effects of timers |
//! | `calls` | the handlers of the API |
//! | `webhooks` | signed deliveries |
//! | `http` | routes, authentication, pages, the control interface |
//! | `sandbox` | the methods of [`Sandbox`] |
//!
//! Objects are stored as the JSON that clients receive. Every change is a unit of work under one lock: a request is
//! applied whole or not at all.

// Invoices and charges have more fields than `json!` can expand within the default limit.
#![recursion_limit = "512"]

mod api;
mod billing;
mod calls;
mod http;
pub mod reference;
mod resources;
mod sandbox;
mod store;
mod webhooks;

pub use resources::dispute::{Outcome, Stage};
pub use sandbox::{Sandbox, Settings};
pub use store::{
    delivery_fault::{DeliveryEffect, DeliveryFault},
    error::Error,
    fault::{Effect, Fault},
    settings::{AfterRetries, Tax},
};
