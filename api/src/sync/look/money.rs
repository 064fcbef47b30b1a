//! The money of a subscription: the price of its plan, and the invoice that waits for its payment.

use entity::subscription::Status::{PastDue, Unpaid};

use crate::{
    app::App,
    error::Error,
    stripe::{AUTHENTICATION_REQUIRED, Invoice, PlanPrice, Stripe, Subscription, SubscriptionState},
    sync::subscription::plan_of,
};

/// The price of a period of the plan. An item carries its price in one currency, and may be paid in another.
pub(super) async fn plan_price(
    app: &App,
    stripe: &Stripe,
    subscription: &Subscription,
) -> Result<Option<PlanPrice>, Error> {
    let Some((item, _)) = plan_of(&app.payments()?.prices, subscription) else { return Ok(None) };
    let Some(currency) = subscription.currency.clone().or_else(|| item.currency.clone()) else { return Ok(None) };
    let unit = match item.unit_amount {
        Some(amount) if item.currency.as_ref() == Some(&currency) => Some(amount),
        _ => stripe.unit_amount(&item.price, &currency).await?,
    };
    Ok(unit.map(|unit| PlanPrice { amount: unit.saturating_mul(item.quantity.unwrap_or(1)), currency }))
}

/// The invoice to be paid; `None` while its payment is processing. The invoice of a declined upgrade is not owed, and does not
/// count. The newest invoices of an unpaid subscription are drafts, so its open invoice is an earlier one.
pub(super) async fn unpaid_invoice(stripe: &Stripe, state: &SubscriptionState) -> Result<Option<Invoice>, Error> {
    if state.payment_is_processing() || state.subscription.pending_update {
        return Ok(None);
    }
    Ok(match state.open_invoice() {
        Some(open) => Some(open.clone()),
        None if matches!(state.subscription.status, PastDue | Unpaid) => {
            stripe.open_invoice_of(&state.subscription.id).await?
        }
        None => None,
    })
}

/// True where the payment of the unpaid invoice waits for the customer to confirm it at their bank, and has not failed.
pub(super) async fn is_unconfirmed(stripe: &Stripe, unpaid: Option<&Invoice>) -> Result<bool, Error> {
    let Some(id) = unpaid.and_then(|invoice| invoice.id.as_deref()) else { return Ok(false) };
    Ok(stripe.decline(id).await?.is_some_and(|code| code == AUTHENTICATION_REQUIRED))
}
