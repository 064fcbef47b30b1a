//! Takes credits back when their money is returned, and restores them when the money stays after all.
//!
//! The amount to reverse is computed from sums and never added up from events: it is the share of the granted credits whose
//! money is no longer ours, because of refunds, disputes or credit notes. The difference from what was reversed so far is
//! posted. So the same facts lead to the same result in any order, however often they are repeated.
//!
//! A pack has one payment, which covers all of its credits. A period may have several invoices, each with payments of
//! its own; an invoice that paid for several periods returns the same share of each. An invoice that cost nothing
//! covers nothing; but a subscription that cost nothing may be undone, and then loses all of its credits.
//!
//! The invoices of a period pay for it together, so the share is that of their sum, and not of the invoice that was returned. An
//! upgrade costs only the difference because it credits what the first invoice has paid for: from then on, the money of both
//! pays for the higher plan. If each invoice took its own grant back, an upgraded user whose first payment of $4.99 is
//! returned would keep 75 credits for $10.00, which no plan sells that cheaply.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    Tier, invoice, invoice_period,
    ledger_entry::ChangeType,
    payment::{self, Status},
    payment_intent, period,
    reversal::{self, Cause},
    subscription,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};

use super::{
    context::{ApplyError, Context},
    credits::part,
    entitlement,
};
use crate::{
    app::App,
    error::Error,
    ledger::{self, PostOutcome, Posting, Unlimited, source},
};

/// The amounts of a pack or a period that were returned, in minor units, by their causes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Returned {
    refunded: i64,
    disputed: i64,
    credited: i64,
}

impl Returned {
    const fn total(self) -> i64 {
        self.refunded + self.disputed + self.credited
    }

    const fn by_cause(self) -> [(Cause, i64); 3] {
        [(Cause::CreditNote, self.credited), (Cause::Dispute, self.disputed), (Cause::Refund, self.refunded)]
    }

    /// The largest movement of money since `earlier` in the direction of the credits. Without one, only the granted credits
    /// have changed: the largest cause so far, and no amount.
    fn movement_since(self, earlier: Self, credits_delta: i64) -> (Cause, Option<i64>) {
        let direction = -credits_delta.signum();
        let moved = Self {
            refunded: (self.refunded - earlier.refunded) * direction,
            disputed: (self.disputed - earlier.disputed) * direction,
            credited: (self.credited - earlier.credited) * direction,
        };
        match moved.largest() {
            (cause, amount) if amount > 0 => (cause, Some(amount)),
            _ => (self.largest().0, None),
        }
    }

    /// The largest amount with its cause.
    fn largest(self) -> (Cause, i64) {
        let largest = self.by_cause().into_iter().max_by_key(|(_, amount)| *amount);
        largest.unwrap_or((Cause::Refund, self.refunded))
    }
}

/// Applies the returned money of a payment. The account is locked already.
pub(super) async fn apply(context: &Context<'_>, payment: &payment_intent::Model) -> Result<(), ApplyError> {
    let Some(invoice) = payment.invoice_id else { return of_pack(context, payment).await };
    match invoice::Entity::find_by_id(invoice).one(context.tx).await? {
        Some(invoice) => of_invoice(context, &invoice).await,
        None => Ok(()),
    }
}

/// Applies the returned money of a pack, once its credits are posted.
async fn of_pack(context: &Context<'_>, paid: &payment_intent::Model) -> Result<(), ApplyError> {
    let pack = payment::Entity::find()
        .filter(payment::Column::StripePaymentIntentId.eq(&paid.stripe_payment_intent_id))
        .one(context.tx)
        .await?;
    let Some(pack) = pack.filter(|pack| !matches!(pack.status, Status::Pending | Status::Failed)) else {
        return Ok(());
    };
    let returned =
        Returned { refunded: paid.amount_refunded, disputed: paid.amount_disputed, credited: pack.amount_credited };
    let reversed = part(pack.credits_granted, returned.total(), pack.amount);
    let posted = Reversal {
        user_id: pack.user_id,
        reference: pack.reference().to_owned(),
        so_far: pack.credits_reversed,
        returned,
        currency: Some(pack.currency.clone()),
        invoice: None,
    };
    let row = payment::ActiveModel {
        id: Unchanged(pack.id),
        status: Set(status(&pack, paid)),
        amount_refunded: Set(paid.amount_refunded.min(pack.amount)),
        amount_refund_pending: Set(paid.amount_refund_pending.min(pack.amount)),
        credits_reversed: Set(reversed),
        ..Default::default()
    };
    row.update(context.tx).await?;
    posted.change_to(context, reversed).await
}

fn status(pack: &payment::Model, paid: &payment_intent::Model) -> Status {
    match (paid.amount_refunded, paid.amount_disputed) {
        (_, 1..) => Status::Disputed,
        (0, _) => Status::Succeeded,
        (refunded, _) if refunded < pack.amount => Status::PartiallyRefunded,
        _ => Status::Refunded,
    }
}

/// Applies the returned money of an invoice to every period that it has paid for.
pub(super) async fn of_invoice(context: &Context<'_>, invoice: &invoice::Model) -> Result<(), ApplyError> {
    let periods = invoice_period::Entity::find()
        .filter(invoice_period::Column::InvoiceId.eq(invoice.id))
        .find_also_related(period::Entity)
        .order_by_asc(invoice_period::Column::PeriodId)
        .all(context.tx)
        .await?;
    for period in periods.into_iter().filter_map(|(_, period)| period) {
        of_period(context, invoice, period).await?;
    }
    Ok(())
}

/// Takes the credits of a subscription back that cost nothing and was undone: no money can go back for them.
pub(super) async fn of_undone(context: &Context<'_>, subscription: &str) -> Result<(), ApplyError> {
    let invoices = invoice_period::Entity::find()
        .inner_join(period::Entity)
        .filter(period::Column::StripeSubscriptionId.eq(subscription))
        .find_also_related(invoice::Entity)
        .order_by_asc(invoice_period::Column::Id)
        .all(context.tx)
        .await?;
    for invoice in invoices.into_iter().filter_map(|(_, invoice)| invoice) {
        of_invoice(context, &invoice).await?;
    }
    Ok(())
}

async fn was_undone(tx: &impl ConnectionTrait, subscription: &str) -> Result<bool, DbErr> {
    let stored = subscription::Entity::find().filter(subscription::Column::StripeSubscriptionId.eq(subscription));
    Ok(stored.one(tx).await?.is_some_and(|row| row.undone))
}

async fn of_period(context: &Context<'_>, invoice: &invoice::Model, period: period::Model) -> Result<(), ApplyError> {
    let returned = returned_of(context.tx, &period).await?;
    let granted = period.credits_granted.max(0);
    let reversed = match period.paid {
        0 if was_undone(context.tx, &period.stripe_subscription_id).await? => granted,
        paid => part(granted, returned.total(), paid),
    };
    if (period.returned, period.credits_reversed) == (returned.total(), reversed) {
        return Ok(());
    }
    let row = period::ActiveModel {
        id: Unchanged(period.id),
        returned: Set(returned.total()),
        credits_reversed: Set(reversed),
        ..Default::default()
    };
    row.update(context.tx).await?;
    let user_id = period.user_id;
    let posted = Reversal {
        user_id,
        reference: period.reference.clone(),
        so_far: period.credits_reversed,
        returned,
        currency: invoice.currency.clone(),
        invoice: Some(invoice.stripe_invoice_id.clone()),
    };
    let ends_unlimited = period.tier == Tier::Studio && entitlement::ends_unlimited(returned.total(), period.paid);
    let end = Reversal { invoice: None, ..posted.clone() };
    posted.change_to(context, reversed).await?;
    if let Some(entry_id) = entitlement::apply(context.tx, context.clock, user_id).await?
        && ends_unlimited
    {
        end.record_end(context.tx, entry_id).await?;
    }
    Ok(())
}

/// The money that paid for a period and was returned. An invoice cannot return more than it was paid.
async fn returned_of(tx: &impl ConnectionTrait, period: &period::Model) -> Result<Returned, DbErr> {
    let lines = invoice_period::Entity::find()
        .filter(invoice_period::Column::PeriodId.eq(period.id))
        .find_also_related(invoice::Entity)
        .all(tx)
        .await?;
    let invoices = lines.iter().map(|(line, _)| line.invoice_id).collect::<Vec<_>>();
    let payments =
        payment_intent::Entity::find().filter(payment_intent::Column::InvoiceId.is_in(invoices)).all(tx).await?;
    let mut of_payments = HashMap::<_, Returned>::new();
    for payment in payments {
        let sum = of_payments.entry(payment.invoice_id).or_default();
        sum.refunded += payment.amount_refunded;
        sum.disputed += payment.amount_disputed;
    }
    let mut sum = Returned::default();
    for (line, invoice) in lines {
        let Some(invoice) = invoice else { continue };
        let of_invoice = of_payments.get(&Some(invoice.id)).copied().unwrap_or_default();
        let up_to = |amount| part(line.paid, amount, invoice.amount_paid);
        let (refunded, disputed) = (of_invoice.refunded, of_invoice.refunded + of_invoice.disputed);
        sum.refunded += up_to(refunded);
        sum.disputed += up_to(disputed) - up_to(refunded);
        sum.credited += up_to(disputed + invoice.amount_credited) - up_to(disputed);
    }
    Ok(sum)
}

/// True where money that was paid for a period was returned, all or some of it.
///
/// # Errors
/// The database's.
pub async fn was_refunded(app: &App, subscription: &str, end: DateTime<Utc>) -> Result<bool, Error> {
    let reference = source::period(subscription, end);
    let period =
        period::Entity::find().filter(period::Column::Reference.eq(reference)).one(app.database.read()).await?;
    Ok(period.is_some_and(|period| period.returned > 0))
}

/// The credits of a pack or a period that were reversed so far, and the money that was returned by now.
#[derive(Clone)]
struct Reversal {
    user_id: i64,
    reference: String,
    so_far: i64,
    returned: Returned,
    currency: Option<String>,
    /// The invoice whose payment was returned, `in_...`.
    invoice: Option<String>,
}

impl Reversal {
    /// Posts the difference, with the money behind it.
    async fn change_to(self, context: &Context<'_>, reversed: i64) -> Result<(), ApplyError> {
        let delta = self.so_far - reversed;
        if delta == 0 {
            return Ok(());
        }
        let account = ledger::lock(context.tx, self.user_id).await?;
        let posting = Posting {
            user_id: self.user_id,
            change_type: ChangeType::Refund,
            delta,
            unlimited: Unlimited::Keep,
            source: source::reversal(&self.reference, account.version),
            reference: Some(self.reference.clone()),
            notes: None,
            now: context.clock.now(),
        };
        if let PostOutcome::Applied(entry) = ledger::post(context.tx, posting).await? {
            self.record(context.tx, entry.id, delta).await?;
        }
        Ok(())
    }

    /// Records the money behind an entry: the movement since the last entry about the same pack or period.
    async fn record(self, tx: &impl ConnectionTrait, entry_id: i64, delta: i64) -> Result<(), DbErr> {
        let last = reversal::Entity::find()
            .filter(reversal::Column::Reference.eq(&self.reference))
            .order_by_desc(reversal::Column::EntryId)
            .one(tx)
            .await?;
        let earlier = last.map_or_else(Returned::default, |last| Returned {
            refunded: last.refunded,
            disputed: last.disputed,
            credited: last.credited,
        });
        let (cause, amount) = self.returned.movement_since(earlier, delta);
        self.insert(tx, entry_id, cause, amount).await
    }

    /// Records the money behind the end of unlimited exports: all that was returned for the period, since all of it counts.
    async fn record_end(self, tx: &impl ConnectionTrait, entry_id: i64) -> Result<(), DbErr> {
        let (cause, total) = (self.returned.largest().0, self.returned.total());
        self.insert(tx, entry_id, cause, Some(total)).await
    }

    async fn insert(
        self,
        tx: &impl ConnectionTrait,
        entry_id: i64,
        cause: Cause,
        amount: Option<i64>,
    ) -> Result<(), DbErr> {
        let row = reversal::ActiveModel {
            entry_id: Set(entry_id),
            reference: Set(self.reference),
            cause: Set(cause),
            amount: Set(amount),
            currency: Set(self.currency.filter(|_| amount.is_some())),
            stripe_invoice_id: Set(self.invoice.filter(|_| amount.is_some())),
            refunded: Set(self.returned.refunded),
            disputed: Set(self.returned.disputed),
            credited: Set(self.returned.credited),
        };
        row.insert(tx).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn returned(refunded: i64, disputed: i64, credited: i64) -> Returned {
        Returned { refunded, disputed, credited }
    }

    #[test]
    fn the_movement_of_money_explains_the_credits() {
        let nothing = Returned::default();
        assert_eq!(returned(400, 0, 0).movement_since(nothing, -20), (Cause::Refund, Some(400)));
        assert_eq!(returned(400, 800, 0).movement_since(returned(400, 0, 0), -20), (Cause::Dispute, Some(800)));
        assert_eq!(returned(400, 0, 0).movement_since(returned(400, 800, 0), 20), (Cause::Dispute, Some(800)));
        assert_eq!(nothing.movement_since(returned(0, 0, 200), 10), (Cause::CreditNote, Some(200)));
    }

    #[test]
    fn of_movements_at_once_the_largest_in_the_direction_of_the_credits_counts() {
        assert_eq!(returned(100, 800, 0).movement_since(Returned::default(), -40), (Cause::Dispute, Some(800)));
        assert_eq!(returned(0, 800, 0).movement_since(returned(100, 0, 0), -35), (Cause::Dispute, Some(800)));
    }

    #[test]
    fn credits_that_change_without_money_have_the_cause_so_far_and_no_amount() {
        let disputed = returned(100, 399, 0);
        assert_eq!(disputed.movement_since(disputed, -8), (Cause::Dispute, None));
        assert_eq!(Returned::default().movement_since(Returned::default(), 3), (Cause::Refund, None));
    }
}
