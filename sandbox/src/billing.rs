//! Billing: renewals, retries, prorations, plan changes, and the effects of timers.

pub(crate) mod cancellation;
pub(crate) mod catalogue;
pub(crate) mod checkout;
pub(crate) mod credit_note;
pub(crate) mod delayed_payment;
pub(crate) mod due;
pub(crate) mod dunning;
pub(crate) mod pending_update;
pub(crate) mod phases;
pub(crate) mod plan_change;
pub(crate) mod promotion;
pub(crate) mod proration;
pub(crate) mod renewal;
pub(crate) mod time;
