//! Signed deliveries to webhook endpoints.

pub(crate) mod delivery;
pub(crate) mod signature;
