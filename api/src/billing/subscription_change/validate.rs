//! Conditions for a change of plan, checked before a preview shows a price and before a change charges one.

use super::snapshot::Snapshot;
use crate::{
    app::App,
    stripe::{Decline, Failure, Invoice, Subscription, is_delayed},
    sync,
};

/// Reasons why a subscription does not get another plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::billing) enum Refusal {
    /// The payment was declined just now.
    Declined(Decline),
    /// An earlier payment is still due.
    PastDue(Decline),
    /// The payment method does not support immediate payment.
    PaymentMethod,
    /// The renewal is about to be charged.
    Renewing,
    /// The present period was never paid, and its invoice is not collected any more.
    Unpaid,
    /// A payment for the present period was refunded.
    Refunded,
}

/// Decides whether a subscription may get another plan, which costs money at once where `charges`. An upgrade needs a present
/// period that is paid, and stays so: what it grants and what it costs is the difference to that.
///
/// # Errors
/// [`Failure`].
pub(in crate::billing) async fn refusal(
    app: &App,
    snapshot: &Snapshot,
    charges: bool,
) -> Result<Option<Refusal>, Failure> {
    let now = &snapshot.subscription;
    match now.status.as_str() {
        "active" if charges => {}
        "active" | "trialing" => return Ok(None),
        "past_due" if !charges => return Ok(None),
        _ => {}
    }
    let stripe = &app.payments().map_err(|error| Failure::Settings(error.to_string()))?.stripe;
    let invoices = stripe.invoices(&now.id).await?;
    let pending = snapshot.invoice.as_ref().filter(|_| now.pending_update).and_then(|invoice| invoice.id.as_deref());
    let in_status = |status: &'static str| {
        let found = invoices.iter().filter(move |invoice| invoice.status.as_deref() == Some(status));
        found.filter(|invoice| invoice.id.as_deref() != pending).collect::<Vec<_>>()
    };
    let paid = now.status == "active" && in_status("paid").iter().any(|invoice| pays_for(invoice, now));
    if !paid {
        return Ok(Some(if let Some(open) = in_status("open").first() {
            Refusal::PastDue(Decline { code: None, hosted_url: open.hosted_url.clone() })
        } else if in_status("draft").is_empty() {
            Refusal::Unpaid
        } else {
            Refusal::Renewing
        }));
    }
    // An invoice stays paid to Stripe whatever was refunded of it.
    if was_refunded(app, now).await? {
        return Ok(Some(Refusal::Refunded));
    }
    let kind = match &snapshot.payment_method_type {
        Some(kind) => Some(kind.clone()),
        None => stripe.default_payment_method_type(&now.customer).await?,
    };
    Ok(kind.is_some_and(|kind| is_delayed(&kind)).then_some(Refusal::PaymentMethod))
}

async fn was_refunded(app: &App, now: &Subscription) -> Result<bool, Failure> {
    let refunded = sync::was_refunded(app, &now.id, now.current_period_end).await;
    // The database's fault and not Stripe's, but the outcome is as unknown.
    refunded.map_err(|error| Failure::unknown(error.to_string()))
}

/// True where an invoice pays for the present period at the present price.
fn pays_for(invoice: &Invoice, now: &Subscription) -> bool {
    invoice.lines.iter().any(|line| {
        let price = line.price.as_ref().is_some_and(|price| now.prices.contains(price));
        price && line.amount > 0 && line.period_end == now.current_period_end
    })
}
