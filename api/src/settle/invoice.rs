//! Paid invoices: the money of a subscription's period.

use entity::Tier;

use super::{Context, Outcome, Trouble, entitlement, news, owner, period, unknown_price};
use crate::{
    ledger,
    stripe::{Invoice, InvoiceLine},
};

/// Why an invoice is about a subscription's period. (A manual invoice, or a quote, is not.)
const REASONS: [&str; 3] = ["subscription_create", "subscription_cycle", "subscription_update"];

pub(super) async fn settle(context: &Context<'_>, invoice: Invoice) -> Result<Outcome, Trouble> {
    let Some(customer) = owner(context.tx, invoice.customer.as_deref()).await? else {
        return Ok(Outcome::Ignored("the customer is not ours"));
    };
    let periodic = invoice.billing_reason.as_deref().is_some_and(|reason| REASONS.contains(&reason));
    let Some(subscription) = invoice.subscription.as_deref().filter(|_| periodic) else {
        return Ok(Outcome::Ignored("not an invoice of a subscription's period"));
    };
    if invoice.has_more_lines {
        return Err(Trouble::Odd("the invoice has more lines than the event carries".to_owned()));
    }
    let paid = paid_lines(context, &invoice)?;
    let user_id = customer.user_id;
    ledger::lock(context.tx, user_id).await?;
    for (line, tier) in paid {
        let subscription = line.subscription.as_deref().unwrap_or(subscription).to_owned();
        period::grant(context, period::Paid { user_id, subscription, tier, end: line.period_end }).await?;
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
