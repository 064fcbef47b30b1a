//! The gateway from outside: HTTP, websocket and webhooks, on SQLite and on PostgreSQL, with the sandbox in Stripe's place.
//!
//! A test's name is a fact, and each test that touches money ends by proving the books.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop where it stands")]
#![expect(clippy::print_stderr, reason = "skipped tests are reported")]

mod account;
mod account_event;
mod admin_action;
mod adoption;
mod alert;
mod balance;
mod checkout;
mod concurrency;
mod configuration;
mod crash;
mod database;
mod date_time;
mod delivery;
mod entitlement;
mod event;
mod export;
mod farming;
mod harness;
mod hold;
mod house;
mod invoice;
mod ledger;
mod legal_links;
mod live;
mod migration;
mod model;
mod node;
mod payment;
mod plan;
mod plan_change;
mod portal;
mod promotion_code;
mod queue;
mod readme;
mod reconcile;
mod refused_operation;
mod renewals;
mod scale;
mod schema;
mod setup;
mod story;
mod subscription;
mod task;
mod tax;
mod telemetry;
mod token;
mod top_up;
mod usage;
mod viewer;
mod webhook;
mod wire;
