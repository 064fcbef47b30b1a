//! The rows of the gateway's database, a file a table, and the words that are stored in them.
//!
//! This crate contains nothing else of the project: no rule, no query, no GraphQL. A word that is stored (a tier, a status)
//! stands beside the row that it is stored in.

pub mod credit_account;
pub mod customer;
pub mod event;
pub mod former_customer;
pub mod invoice;
pub mod invoice_period;
pub mod ledger_entry;
pub mod manual_entry;
pub mod mark;
pub mod operation;
pub mod payment;
pub mod payment_intent;
pub mod period;
pub mod revoked_token;
pub mod subscription;
mod tier;
pub mod user;
pub mod work;

pub use tier::Tier;
