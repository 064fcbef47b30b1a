//! The Patch-Hive Gateway: sells credits over GraphQL and Stripe, and pushes balances live.
//!
//! Data flows one way:
//!
//! ```text
//! query, mutation:  http -> auth -> graphql -> billing -> ledger, entity                       -> response
//!                                            -> stripe (call) -> sync::apply(tx) --+
//! webhook:          http -> stripe::signature -> sync::receive -> inbox, apply(tx) +-> ledger::post(tx) -> commit
//!                                                                       -> feed hint -> socket re-reads -> push
//! ```
//!
//! Mutations call Stripe; [`sync`] decides what the result means. A reply to our own call and a webhook take the same
//! idempotent path: the first to arrive does the work, the other finds nothing to do.

pub mod accounts;
pub mod alert;
pub mod app;
pub mod auth;
pub mod batch;
pub mod billing;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod error;
pub mod events;
pub mod feed;
pub mod global_id;
pub mod graphql;
pub mod http;
pub mod input;
pub mod jobs;
pub mod ledger;
pub mod mail;
pub mod page;
pub mod plan;
pub mod retry;
pub mod server;
pub mod setup;
pub mod standing;
pub mod stripe;
pub mod sync;
pub mod telemetry;
pub mod throttle;
pub mod work;
