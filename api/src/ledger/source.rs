//! Sources: the names of the facts that entries record. All of them are made here, so that no two kinds can collide.

use chrono::{DateTime, Utc};

/// An export that a user asked for with a key of their own.
#[must_use]
pub fn export(user_id: i64, key: &str) -> String {
    format!("export:{user_id}:{key}")
}

/// The credits of a failed export, given back.
#[must_use]
pub fn export_refund(charge_id: i64) -> String {
    format!("export-refund:{charge_id}")
}

/// A paid credit pack, by its payment intent, or by its session where nothing had to be paid.
#[must_use]
pub fn payment(reference: &str) -> String {
    format!("payment:{reference}")
}

/// What an invoice grants to a period.
#[must_use]
pub fn grant(invoice: &str, period: &str) -> String {
    format!("grant:{invoice}:{period}")
}

/// The name of a subscription's period, which is also the reference of its entries.
#[must_use]
pub fn period(subscription: &str, period_end: DateTime<Utc>) -> String {
    format!("{subscription}:{}", period_end.timestamp())
}

/// Credits taken back for money that went back, or given back for money that stayed, by what they were paid for: a payment
/// or a period. `version` is the account's before it.
#[must_use]
pub fn reversal(reference: &str, version: i64) -> String {
    format!("reversal:{reference}:{version}")
}

/// A switch of unlimited, on or off, that no grant records. `version` is the account's before it.
#[must_use]
pub fn unlimited(subscription: &str, version: i64) -> String {
    format!("unlimited:{subscription}:{version}")
}

/// Credits that an operator or the referral programme granted with a key of their own.
#[must_use]
pub fn manual(user_id: i64, key: &str) -> String {
    format!("manual:{user_id}:{key}")
}
