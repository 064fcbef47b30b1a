//! Sources: the unique names of the facts that entries record. All are built here, so that no two kinds collide.

use chrono::{DateTime, Utc};

/// An export that is charged or reserved, by the user and the idempotency key.
#[must_use]
pub fn export(user_id: i64, key: &str) -> String {
    format!("export:{user_id}:{key}")
}

/// The refund of a failed export, by the charge's entry.
#[must_use]
pub fn export_refund(charge_id: i64) -> String {
    format!("export-refund:{charge_id}")
}

/// The charge of a reserved export, by its hold.
#[must_use]
pub fn capture(hold_id: i64) -> String {
    format!("capture:{hold_id}")
}

/// The release of a hold, by the hold.
#[must_use]
pub fn release(hold_id: i64) -> String {
    format!("release:{hold_id}")
}

/// The expiry of a hold, by the hold.
#[must_use]
pub fn expired(hold_id: i64) -> String {
    format!("expired:{hold_id}")
}

/// An extension of a hold. `version` is the account's before it.
#[must_use]
pub fn extension(hold_id: i64, version: i64) -> String {
    format!("extension:{hold_id}:{version}")
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

/// A start of unlimited exports, or another end of them, that no grant records. `version` is the account's before it.
#[must_use]
pub fn unlimited(subscription: &str, version: i64) -> String {
    format!("unlimited:{subscription}:{version}")
}

/// The end of unlimited exports. `version` is the account's before it.
#[must_use]
pub fn unlimited_end(subscription: &str, version: i64) -> String {
    format!("unlimited-end:{subscription}:{version}")
}

/// Credits that an operator or the referral program granted, by their own key.
#[must_use]
pub fn manual(user_id: i64, key: &str) -> String {
    format!("manual:{user_id}:{key}")
}

/// The fact that a source names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// An export that was charged or reserved.
    Export,
    /// The charge of a reserved export, by its hold.
    Capture(i64),
    /// The release of a hold.
    Release(i64),
    /// The expiry of a hold.
    Expired(i64),
    /// An extension of a hold.
    Extension(i64),
    /// The refund of a failed export, by the charge's entry.
    ExportRefund(i64),
    /// A paid credit pack.
    Payment,
    /// The credits that an invoice grants to a period.
    Grant {
        /// The invoice, `in_...`.
        invoice: &'a str,
        /// The name of the period.
        period: &'a str,
    },
    /// A reversal of credits, or the return of reversed ones.
    Reversal,
    /// A start of unlimited exports, or another end of them.
    Unlimited,
    /// The end of unlimited exports.
    UnlimitedEnd,
    /// An entry that was made by hand.
    Manual,
    /// Another fact: of the application whose database was adopted, or one that only a newer program posts.
    Other,
}

impl<'a> Source<'a> {
    /// Reads a source.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let (kind, name) = text.split_once(':').unwrap_or_default();
        match kind {
            "export" => Self::Export,
            "capture" => name.parse().map_or(Self::Other, Self::Capture),
            "release" => name.parse().map_or(Self::Other, Self::Release),
            "expired" => name.parse().map_or(Self::Other, Self::Expired),
            "extension" => {
                let hold = name.split_once(':').and_then(|(hold, _)| hold.parse().ok());
                hold.map_or(Self::Other, Self::Extension)
            }
            "export-refund" => name.parse().map_or(Self::Other, Self::ExportRefund),
            "payment" => Self::Payment,
            "grant" => name.split_once(':').map_or(Self::Other, |(invoice, period)| Self::Grant { invoice, period }),
            "reversal" => Self::Reversal,
            "unlimited" => Self::Unlimited,
            "unlimited-end" => Self::UnlimitedEnd,
            "manual" => Self::Manual,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_read_back() {
        let end = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let name = period("sub_1", end);
        assert_eq!(Source::parse(&export(1, "a:key")), Source::Export);
        assert_eq!(Source::parse(&capture(7)), Source::Capture(7));
        assert_eq!(Source::parse(&release(7)), Source::Release(7));
        assert_eq!(Source::parse(&expired(7)), Source::Expired(7));
        assert_eq!(Source::parse(&extension(7, 3)), Source::Extension(7));
        assert_eq!(Source::parse(&export_refund(7)), Source::ExportRefund(7));
        assert_eq!(Source::parse(&payment("pi_1")), Source::Payment);
        assert_eq!(Source::parse(&grant("in_1", &name)), Source::Grant { invoice: "in_1", period: &name });
        assert_eq!(Source::parse(&reversal(&name, 3)), Source::Reversal);
        assert_eq!(Source::parse(&unlimited("sub_1", 3)), Source::Unlimited);
        assert_eq!(Source::parse(&unlimited_end("sub_1", 3)), Source::UnlimitedEnd);
        assert_eq!(Source::parse(&manual(1, "key")), Source::Manual);

        for other in
            ["", "export", "legacy:1", "moon:1", "export-refund:one", "capture:one", "extension:7", "grant:in_1"]
        {
            assert_eq!(Source::parse(other), Source::Other, "{other:?}");
        }
    }
}
