//! What users ask for, a file a noun. A use case loads, decides, asks Stripe and writes, in that order; no call to Stripe
//! is made while a transaction is open.

pub mod balance;
pub mod checkout;
mod customer;
pub mod duplicate;
pub mod event;
pub mod export;
pub mod grant;
pub mod operation;
pub mod payment;
pub mod plan_change;
pub mod plan_preview;
pub mod portal;
mod redirect;
mod steering;
pub mod subscription;
