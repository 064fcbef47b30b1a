//! Sources: the unique names of the facts that entries record. All are built here, so that no two kinds collide.

use chrono::{DateTime, Utc};

/// An export, by the user and the idempotency key.
#[must_use]
pub fn export(user_id: i64, key: &str) -> String {
    format!("export:{user_id}:{key}")
}

/// The refund of a failed export, by the charge's entry.
#[must_use]
pub fn export_refund(charge_id: i64) -> String {
    format!("export-refund:{charge_id}")
}

/// A paid credit pack, by its payment intent, or by its session if nothing had to be paid.
#[must_use]
pub fn payment(reference: &str) -> String {
    format!("payment:{reference}")
}

/// The credits that an invoice grants to a period.
#[must_use]
pub fn grant(invoice: &str, period: &str) -> String {
    format!("grant:{invoice}:{period}")
}

/// The name of a subscription's period, which is also the reference of its entries.
#[must_use]
pub fn period(subscription: &str, period_end: DateTime<Utc>) -> String {
    format!("{subscription}:{}", period_end.timestamp())
}

/// A reversal of credits whose money was refunded or disputed, or the return of such credits, by the payment or period.
/// `version` is the account's version before it.
#[must_use]
pub fn reversal(reference: &str, version: i64) -> String {
    format!("reversal:{reference}:{version}")
}

/// A switch of unlimited, on or off, that no grant records. `version` is the account's before it.
#[must_use]
pub fn unlimited(subscription: &str, version: i64) -> String {
    format!("unlimited:{subscription}:{version}")
}

/// Credits that an operator or the referral program granted, by their own key.
#[must_use]
pub fn manual(user_id: i64, key: &str) -> String {
    format!("manual:{user_id}:{key}")
}
