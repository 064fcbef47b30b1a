//! The use cases of billing, a file for each noun. A use case loads, decides, calls Stripe and writes, in that order; no call
//! to Stripe is made while a transaction is open.

pub mod account_event;
pub mod adjustment;
pub mod admin_action;
pub mod alert;
pub mod balance;
pub mod checkout;
mod closing;
pub mod customer;
pub mod customer_update;
pub mod duplicate;
pub mod entitlement;
pub mod event;
pub mod event_delivery;
pub mod event_endpoint;
pub mod export;
pub mod hold;
pub mod invoice;
pub mod next_charge;
pub mod open_invoice;
pub mod operation;
pub mod paid_period;
pub mod payment;
pub mod payment_method;
pub mod plan_change;
pub mod plan_preview;
pub mod portal;
mod redirect;
pub mod refused_operation;
pub mod reversal;
pub mod subscription;
mod subscription_change;
pub mod task;
pub mod task_owner;
pub mod tax;
pub mod unfinished;
pub mod usage;
