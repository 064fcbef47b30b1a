//! The sandbox from outside: over HTTP, and by the methods of `Sandbox`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod authentication;
mod bank;
mod checkout;
mod credit;
mod dashboard;
mod money;
mod page;
mod plan;
mod promotion;
mod readme;
mod refusal;
mod renewal;
mod saved_card;
mod shop;
mod webhook;
