//! The tables of the gateway's database, one file for each, and the enumerations that are stored in them.
//!
//! This crate contains no rules, no queries and no GraphQL. An enumeration (a tier, a status) is defined beside the row
//! that stores it.

pub mod account_event;
pub mod admin_action;
pub mod alert;
pub mod alert_setting;
pub mod auto_top_up;
pub mod checkout;
pub mod credit_account;
pub mod credit_hold;
pub mod customer;
pub mod event;
pub mod event_cursor;
pub mod event_delivery;
pub mod event_endpoint;
pub mod event_relay;
pub mod former_customer;
pub mod invoice;
pub mod invoice_period;
pub mod ledger_entry;
pub mod manual_entry;
pub mod mark;
pub mod operation;
pub mod payment;
pub mod payment_intent;
pub mod pending_event;
pub mod period;
pub mod reversal;
pub mod revoked_token;
pub mod subscription;
mod tier;
pub mod top_up;
pub mod user;
pub mod work;

pub use tier::Tier;
