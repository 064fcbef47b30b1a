//! Paid invoices. Each is applied once, by its id.

use entity::{auto_top_up::Pause, invoice};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
};

use super::{
    auto_top_up::pause_top_ups,
    change::change,
    context::{ApplyError, Context, NO_PAYMENT, NOT_OURS, Outcome, unknown_price},
    credits::{plan_lines, shares},
    customer::owner_locked,
    entitlement,
    object::Object,
    payment, payment_event, period, refund, reversal, top_up,
};
use crate::{
    config::PriceIds,
    ledger,
    stripe::{Invoice, InvoicePayment},
};

/// Reason recorded for events about the invoice of a pack.
const OF_PACK: &str = "the credits of a pack follow from its checkout";

/// Applies an invoice from an event or a reply. Where it is not paid in full, or lacks something that decides about credits,
/// a look follows.
pub(super) async fn apply(context: &Context<'_>, invoice: Invoice) -> Result<Outcome, ApplyError> {
    let Some(id) = invoice.id.clone() else { return Ok(Outcome::Ignored("a preview")) };
    if owner_locked(context, invoice.customer.as_deref()).await?.is_none() {
        return Ok(Outcome::Ignored(NOT_OURS));
    }
    if invoice.is_of_pack() {
        return Ok(Outcome::Ignored(OF_PACK));
    }
    if invoice.top_up().is_some() {
        return top_up::apply_paid(context, &invoice).await;
    }
    let is_complete = invoice.is_paid() && is_complete(&invoice, &context.payments.prices);
    if !is_complete && find(context.tx, &id).await?.is_none() {
        return Ok(Outcome::Look(Object::Invoice(id)));
    }
    apply_complete(context, &invoice).await
}

/// True where an invoice carries all of its lines, and no share of a period, whose whole only a look reads.
pub(super) fn is_complete(invoice: &Invoice, prices: &PriceIds) -> bool {
    !invoice.lines.has_more && plan_lines(invoice, |price| prices.tier(price)).all(|(line, ..)| !line.is_share())
}

/// As [`apply`], for an invoice that carries everything that Stripe has.
pub(super) async fn apply_complete(context: &Context<'_>, invoice: &Invoice) -> Result<Outcome, ApplyError> {
    let Some(id) = &invoice.id else { return Ok(Outcome::Ignored("a preview")) };
    if invoice.top_up().is_some() {
        return top_up::grant(context, invoice).await;
    }
    let Some(owner) = owner_locked(context, invoice.customer.as_deref()).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    let user_id = owner.row.user_id;
    let tier = |price: &str| context.payments.prices.tier(price);
    let row = if let Some(row) = find(context.tx, id).await? {
        row
    } else {
        if plan_lines(invoice, tier).next().is_none() {
            let unknown = invoice
                .lines
                .data
                .iter()
                .find(|line| line.amount > 0 && (line.subscription.is_some() || invoice.subscription.is_some()));
            return match unknown {
                Some(line) => Err(unknown_price(line.price.as_deref())),
                None => Ok(Outcome::Ignored("the invoice bills no plan")),
            };
        }
        let row = insert(context, user_id, id, invoice).await?;
        for share in shares(invoice, tier) {
            period::grant(context, &row, share).await?;
        }
        payment_event::paid_invoice(context, user_id, id, invoice).await?;
        row
    };
    for payment in &invoice.payment_intents {
        refund::record(context, user_id, payment, Some(row.id)).await?;
    }
    reversal::of_invoice(context, &row).await?;
    entitlement::apply(context.tx, context.clock, user_id).await?;
    Ok(Outcome::Applied(Some(change(context.tx, user_id).await?)))
}

pub(super) async fn find(tx: &impl ConnectionTrait, id: &str) -> Result<Option<invoice::Model>, DbErr> {
    invoice::Entity::find().filter(invoice::Column::StripeInvoiceId.eq(id)).one(tx).await
}

async fn insert(
    context: &Context<'_>,
    user_id: i64,
    id: &str,
    invoice: &Invoice,
) -> Result<invoice::Model, ApplyError> {
    let row = invoice::ActiveModel {
        user_id: Set(user_id),
        stripe_invoice_id: Set(id.to_owned()),
        currency: Set(Some(invoice.currency.clone())),
        amount_paid: Set(invoice.amount_paid),
        amount_credited: Set(0),
        fence: Set(0),
        created_at: Set(context.clock.now()),
        ..Default::default()
    };
    Ok(row.insert(context.tx).await?)
}

/// Records which payment paid an invoice. The event names no customer, so an invoice that is not stored is looked at.
pub(super) async fn apply_payment(context: &Context<'_>, paid: InvoicePayment) -> Result<Outcome, ApplyError> {
    if !paid.is_paid() {
        return Ok(Outcome::Ignored(NO_PAYMENT));
    }
    let id = paid.invoice.clone();
    let Some(payment) = paid.into_payment_intent() else { return Ok(Outcome::Ignored(NO_PAYMENT)) };
    let Some(invoice) = find(context.tx, &id).await? else {
        let is_of_pack = refund::find(context.tx, &payment).await?.is_some_and(|stored| stored.invoice_id.is_none());
        if !is_of_pack {
            return Ok(Outcome::Look(Object::Invoice(id)));
        }
        payment::record_invoice(context, &payment, &id).await?;
        return Ok(Outcome::Ignored(OF_PACK));
    };
    ledger::lock(context.tx, invoice.user_id).await?;
    refund::record(context, invoice.user_id, &payment, Some(invoice.id)).await?;
    reversal::of_invoice(context, &invoice).await?;
    Ok(Outcome::Applied(None))
}

/// Writes the amount that was credited for an invoice after its payment, other than by a refund.
pub(super) async fn apply_credit(context: &Context<'_>, id: &str, credited: i64, fence: i64) -> Result<(), ApplyError> {
    let Some(row) = find(context.tx, id).await? else { return Ok(()) };
    if row.fence > fence {
        return Ok(());
    }
    if credited > row.amount_credited {
        pause_top_ups(context.tx, context.clock, row.user_id, Pause::Refunded).await?;
    }
    let update = invoice::ActiveModel {
        id: Unchanged(row.id),
        amount_credited: Set(credited),
        fence: Set(fence),
        ..Default::default()
    };
    let row = update.update(context.tx).await?;
    reversal::of_invoice(context, &row).await
}
