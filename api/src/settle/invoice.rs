//! Paid invoices: the money of a subscription's period.

use entity::{Tier, invoice, invoice_period, period as period_row};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{
    Context, NO_PAYMENT, NOT_OURS, Outcome, Trouble, entitlement, news, owner, payment_intent, period, reversal,
    unknown_price,
};
use crate::{
    ledger,
    plan::plan,
    stripe::{Invoice, InvoiceLine, InvoicePayment},
};

/// Why an invoice is about a subscription's period. (A manual invoice, or a quote, is not.)
const REASONS: [&str; 3] = ["subscription_create", "subscription_cycle", "subscription_update"];

pub(super) async fn settle(context: &Context<'_>, invoice: Invoice) -> Result<Outcome, Trouble> {
    let Some(customer) = owner(context.tx, invoice.customer.as_deref()).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    let periodic = invoice.billing_reason.as_deref().is_some_and(|reason| REASONS.contains(&reason));
    let Some(subscription) = invoice.subscription.as_deref().filter(|_| periodic) else {
        return Ok(Outcome::Ignored("not an invoice of a subscription's period"));
    };
    if invoice.has_more_lines {
        return Err(Trouble::Odd("the invoice has more lines than the event carries".to_owned()));
    }
    let paid = paid_lines(context, &invoice)?;
    let user_id = customer.row.user_id;
    ledger::lock(context.tx, user_id).await?;
    let row = record(context, user_id, &invoice).await?;
    for (line, tier) in paid {
        let subscription = line.subscription.as_deref().unwrap_or(subscription).to_owned();
        let paid = period::Paid { user_id, subscription, tier, end: line.period_end };
        let period = period::grant(context, paid).await?;
        if let Some(row) = &row {
            pays_for(context, row, &period, tier).await?;
        }
    }
    if let Some(row) = row {
        if let Some(payment) = &invoice.payment_intent {
            payment_intent::know(context, user_id, payment, Some(row.id)).await?;
        }
        reversal::of_invoice(context, row.id).await?;
    }
    entitlement::settle(context, user_id).await?;
    Ok(Outcome::Applied(Some(news(context.tx, user_id, false).await?)))
}

/// The lines that pay for a tier. A credit for unused time is negative and takes nothing back; a trial's line is zero and
/// grants nothing; a coupon does not show, since it lowers the invoice and not the line. Whatever else was sold along with
/// the plan is none of our business, unless nothing is.
fn paid_lines<'a>(context: &Context<'_>, invoice: &'a Invoice) -> Result<Vec<(&'a InvoiceLine, Tier)>, Trouble> {
    let positive: Vec<_> = invoice.lines.iter().filter(|line| line.amount > 0).collect();
    let tier = |line: &&'a InvoiceLine| Some((*line, context.payments.prices.tier(line.price.as_deref()?)?));
    let paid: Vec<_> = positive.iter().filter_map(tier).collect();
    match positive.first() {
        Some(odd) if paid.is_empty() => Err(unknown_price(odd.price.as_deref())),
        _ => Ok(paid),
    }
}

async fn find(tx: &impl ConnectionTrait, id: &str) -> Result<Option<invoice::Model>, DbErr> {
    invoice::Entity::find().filter(invoice::Column::StripeInvoiceId.eq(id)).one(tx).await
}

/// Writes the invoice's row. (Only a preview has no id, and no preview is paid.)
async fn record(context: &Context<'_>, user_id: i64, invoice: &Invoice) -> Result<Option<invoice::Model>, Trouble> {
    let Some(id) = &invoice.id else { return Ok(None) };
    if let Some(known) = find(context.tx, id).await? {
        return Ok(Some(known));
    }
    let row = invoice::ActiveModel {
        user_id: Set(user_id),
        stripe_invoice_id: Set(id.clone()),
        amount_paid: Set(invoice.amount_paid),
        created_at: Set(context.clock.now()),
        ..Default::default()
    };
    Ok(Some(row.insert(context.tx).await?))
}

/// Remembers for what an invoice has paid.
async fn pays_for(
    context: &Context<'_>,
    invoice: &invoice::Model,
    period: &period_row::Model,
    tier: Tier,
) -> Result<(), Trouble> {
    let row = invoice_period::ActiveModel {
        invoice_id: Set(invoice.id),
        period_id: Set(period.id),
        tier: Set(tier),
        credits: Set(plan(tier).monthly_credits.unwrap_or_default()),
        ..Default::default()
    };
    // Several events tell of one payment.
    let once = [invoice_period::Column::InvoiceId, invoice_period::Column::PeriodId, invoice_period::Column::Tier];
    invoice_period::Entity::insert(row).on_conflict_do_nothing_on(once).exec_without_returning(context.tx).await?;
    Ok(())
}

/// Links an invoice with its payment, if the invoice is known.
pub(super) async fn link(context: &Context<'_>, invoice: &str, payment: &str) -> Result<bool, Trouble> {
    let Some(invoice) = find(context.tx, invoice).await? else { return Ok(false) };
    ledger::lock(context.tx, invoice.user_id).await?;
    payment_intent::know(context, invoice.user_id, payment, Some(invoice.id)).await?;
    Ok(true)
}

/// Which payment an invoice had. It tells no customer: an invoice that is not known yet is waited for.
pub(super) async fn settle_payment(context: &Context<'_>, paid: InvoicePayment) -> Result<Outcome, Trouble> {
    let Some(payment) = paid.payment_intent.filter(|_| paid.paid) else { return Ok(Outcome::Ignored(NO_PAYMENT)) };
    if link(context, &paid.invoice, &payment).await? {
        Ok(Outcome::Applied(None))
    } else {
        Ok(Outcome::Waits(paid.invoice))
    }
}
