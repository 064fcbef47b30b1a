//! The paid periods behind entries of the ledger, with the invoices that paid for them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{Tier, invoice, invoice_period, period};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

/// A paid period of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidPeriod {
    /// The highest tier that was paid in it.
    pub tier: Tier,
    /// The period's end.
    pub end: DateTime<Utc>,
    /// The invoices that paid for it.
    pub invoices: Vec<PaidInvoice>,
}

/// The part of an invoice that paid for a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidInvoice {
    /// `in_...`.
    pub id: String,
    /// The highest tier that the invoice billed for the period.
    pub tier: Tier,
    /// True where it billed or credited shares of the period, for a change of the plan within it.
    pub prorated: bool,
}

impl PaidPeriod {
    /// True for an invoice that bills a change of the plan within the period, whichever invoice was recorded first.
    #[must_use]
    pub fn is_changed_by(&self, invoice: &str) -> bool {
        self.paid_by(invoice).is_some_and(|paid| paid.prorated)
    }

    /// The tier that an invoice billed for the period.
    #[must_use]
    pub fn tier_of(&self, invoice: &str) -> Tier {
        self.paid_by(invoice).map_or(self.tier, |paid| paid.tier)
    }

    fn paid_by(&self, invoice: &str) -> Option<&PaidInvoice> {
        self.invoices.iter().find(|paid| paid.id == invoice)
    }
}

/// Finds several periods at once, by their references in the ledger.
///
/// # Errors
/// The database's.
pub async fn by_references(
    db: &impl ConnectionTrait,
    references: &[String],
) -> Result<HashMap<String, PaidPeriod>, DbErr> {
    let periods = period::Entity::find().filter(period::Column::Reference.is_in(references)).all(db).await?;
    let lines = invoice_period::Entity::find()
        .filter(invoice_period::Column::PeriodId.is_in(periods.iter().map(|period| period.id)))
        .find_also_related(invoice::Entity)
        .all(db)
        .await?;
    let mut invoices = HashMap::<_, Vec<_>>::new();
    for (line, invoice) in lines {
        let paid = invoice.map(|invoice| PaidInvoice {
            id: invoice.stripe_invoice_id,
            tier: line.tier,
            prorated: line.prorated,
        });
        invoices.entry(line.period_id).or_default().extend(paid);
    }
    let found = periods.into_iter().map(|period| {
        let invoices = invoices.remove(&period.id).unwrap_or_default();
        (period.reference, PaidPeriod { tier: period.tier, end: period.period_end, invoices })
    });
    Ok(found.collect())
}
