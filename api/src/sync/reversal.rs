//! Takes credits back when their money is returned, and restores them when the money stays after all.
//!
//! The amount to reverse is computed from sums and never added up from events: it is the share of the granted credits whose
//! money is no longer ours, because of refunds, disputes or credit notes. The difference from what was reversed so far is
//! posted. So the same facts lead to the same result in any order, however often they are repeated.
//!
//! A pack has one payment, which covers all of its credits. A period may have several invoices, each with payments of
//! its own; an invoice that paid for several periods returns the same share of each. An invoice that cost nothing
//! covers nothing.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    invoice, invoice_period,
    ledger_entry::ChangeType,
    payment::{self, Status},
    payment_intent, period,
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
    ledger::{self, Posting, Unlimited, source},
};

/// Applies the returned money of a payment. The account is locked already.
pub(super) async fn apply(context: &Context<'_>, payment: &payment_intent::Model) -> Result<(), ApplyError> {
    match payment.invoice_id {
        Some(invoice) => of_invoice(context, invoice).await,
        None => of_pack(context, payment).await,
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
    let returned = paid.amount_refunded + paid.amount_disputed + pack.amount_credited;
    let reversed = part(pack.credits_granted, returned, pack.amount);
    let posted =
        Reversal { user_id: pack.user_id, reference: pack.reference().to_owned(), so_far: pack.credits_reversed };
    let row = payment::ActiveModel {
        id: Unchanged(pack.id),
        status: Set(status(&pack, paid)),
        amount_refunded: Set(paid.amount_refunded.min(pack.amount)),
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
pub(super) async fn of_invoice(context: &Context<'_>, invoice: i64) -> Result<(), ApplyError> {
    let periods = invoice_period::Entity::find()
        .filter(invoice_period::Column::InvoiceId.eq(invoice))
        .find_also_related(period::Entity)
        .order_by_asc(invoice_period::Column::PeriodId)
        .all(context.tx)
        .await?;
    for period in periods.into_iter().filter_map(|(_, period)| period) {
        of_period(context, period).await?;
    }
    Ok(())
}

async fn of_period(context: &Context<'_>, period: period::Model) -> Result<(), ApplyError> {
    let returned = returned_of(context.tx, &period).await?;
    let reversed = part(period.credits_granted.max(0), returned, period.paid);
    if (period.returned, period.credits_reversed) == (returned, reversed) {
        return Ok(());
    }
    let row = period::ActiveModel {
        id: Unchanged(period.id),
        returned: Set(returned),
        credits_reversed: Set(reversed),
        ..Default::default()
    };
    row.update(context.tx).await?;
    let user_id = period.user_id;
    let posted = Reversal { user_id, reference: period.reference, so_far: period.credits_reversed };
    posted.change_to(context, reversed).await?;
    entitlement::apply(context.tx, context.clock, user_id).await
}

/// The amount of money that paid for a period and was returned.
async fn returned_of(tx: &impl ConnectionTrait, period: &period::Model) -> Result<i64, DbErr> {
    let lines = invoice_period::Entity::find()
        .filter(invoice_period::Column::PeriodId.eq(period.id))
        .find_also_related(invoice::Entity)
        .all(tx)
        .await?;
    let invoices = lines.iter().map(|(line, _)| line.invoice_id).collect::<Vec<_>>();
    let payments =
        payment_intent::Entity::find().filter(payment_intent::Column::InvoiceId.is_in(invoices)).all(tx).await?;
    let mut of_payments = HashMap::<_, i64>::new();
    for payment in payments {
        *of_payments.entry(payment.invoice_id).or_default() += payment.amount_refunded + payment.amount_disputed;
    }
    let returned = lines.iter().map(|(line, invoice)| {
        let Some(invoice) = invoice else { return 0 };
        let back = of_payments.get(&Some(invoice.id)).copied().unwrap_or_default() + invoice.amount_credited;
        part(line.paid, back, invoice.amount_paid)
    });
    Ok(returned.sum())
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

/// The credits of a pack or a period that were reversed so far.
struct Reversal {
    user_id: i64,
    reference: String,
    so_far: i64,
}

impl Reversal {
    /// Posts the difference.
    async fn change_to(self, context: &Context<'_>, reversed: i64) -> Result<(), ApplyError> {
        let delta = self.so_far - reversed;
        if delta == 0 {
            return Ok(());
        }
        let account = ledger::lock(context.tx, self.user_id).await?;
        let notes = if delta < 0 {
            "reversed: a payment was refunded or disputed"
        } else {
            "restored: a refund failed or a dispute was won"
        };
        let posting = Posting {
            user_id: self.user_id,
            change_type: ChangeType::Refund,
            delta,
            unlimited: Unlimited::Keep,
            source: source::reversal(&self.reference, account.version),
            reference: Some(self.reference),
            notes: Some(notes.to_owned()),
            now: context.clock.now(),
        };
        ledger::post(context.tx, posting).await?;
        Ok(())
    }
}
