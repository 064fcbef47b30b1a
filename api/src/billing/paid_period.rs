//! The paid periods behind entries of the ledger, with the invoices that paid for them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{Tier, invoice, invoice_period, period, subscription};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::ledger::source;

/// A paid period of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidPeriod {
    /// The highest tier that was paid in it.
    pub tier: Tier,
    /// The period's end.
    pub end: DateTime<Utc>,
    /// The amount that all its invoices paid for it, in the smallest unit of the currency (cents).
    pub paid: i64,
    /// The part of that amount that was returned.
    pub returned: i64,
    /// The currency of both amounts, three lower-case letters; `None` where it was not recorded.
    pub currency: Option<String>,
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

/// The name in the ledger of the current period of a subscription.
#[must_use]
pub fn reference(subscription: &subscription::Model) -> String {
    source::period(&subscription.stripe_subscription_id, subscription.current_period_end)
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
    let mut currencies = HashMap::new();
    for (line, invoice) in lines {
        let Some(invoice) = invoice else { continue };
        currencies.extend(invoice.currency.map(|currency| (line.period_id, currency)));
        let paid = PaidInvoice { id: invoice.stripe_invoice_id, tier: line.tier, prorated: line.prorated };
        invoices.entry(line.period_id).or_default().push(paid);
    }
    let found = periods.into_iter().map(|period| {
        let paid = PaidPeriod {
            tier: period.tier,
            end: period.period_end,
            paid: period.paid,
            returned: period.returned,
            currency: currencies.remove(&period.id),
            invoices: invoices.remove(&period.id).unwrap_or_default(),
        };
        (period.reference, paid)
    });
    Ok(found.collect())
}
