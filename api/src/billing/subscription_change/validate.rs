//! Conditions for a change of plan, checked before a preview shows a price and before a change charges one.

use chrono::{DateTime, TimeDelta, Utc};
use entity::subscription::Status;

use crate::{
    app::App,
    stripe::{Failure, Invoice, InvoiceStatus, Subscription, SubscriptionState, is_delayed},
    sync,
};

/// Time from the start of a period until Stripe charges the renewal.
const RENEWAL: TimeDelta = TimeDelta::hours(1);

/// The reason why a change of plan is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanChangeRefusal {
    /// A payment is due first, or another payment method is needed.
    PaymentFailed(PaymentFailed),
    /// The change is not possible in the current period.
    Unavailable(PlanChangeUnavailable),
}

/// A payment that prevents the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFailed {
    /// The kind of failure.
    pub reason: PaymentFailureReason,
    /// The issuer's reason for declining the card. Stripe documentation: "Decline codes".
    pub decline_code: Option<String>,
    /// The page where it can be paid.
    pub invoice_url: Option<String>,
}

/// Kinds of failed payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentFailureReason {
    /// The payment for the change was declined.
    Declined,
    /// An earlier payment is still due.
    PastDue,
    /// The payment method does not support immediate payment.
    PaymentMethod,
}

/// A change that is not possible in the current period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanChangeUnavailable {
    /// The reason.
    pub reason: UnavailableReason,
    /// When the change becomes possible.
    pub available_at: DateTime<Utc>,
}

/// Reasons why a plan cannot be changed in the current period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnavailableReason {
    /// The renewal is about to be charged.
    Renewing,
    /// The current period was not paid.
    Unpaid,
    /// A payment for the current period was refunded or disputed.
    Refunded,
}

impl PlanChangeRefusal {
    fn failed(reason: PaymentFailureReason, decline_code: Option<String>, invoice_url: Option<String>) -> Self {
        Self::PaymentFailed(PaymentFailed { reason, decline_code, invoice_url })
    }

    pub(super) fn declined(decline_code: Option<String>, invoice_url: Option<String>) -> Self {
        Self::failed(PaymentFailureReason::Declined, decline_code, invoice_url)
    }

    pub(super) fn payment_method() -> Self {
        Self::failed(PaymentFailureReason::PaymentMethod, None, None)
    }

    /// A sentence for the user: what happened, then what to do.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        match self {
            Self::PaymentFailed(failed) => match failed.reason {
                PaymentFailureReason::Declined => "The payment was declined. Nothing has changed.",
                PaymentFailureReason::PastDue => "An earlier payment is past due. Pay its open invoice first.",
                PaymentFailureReason::PaymentMethod => {
                    "Your payment method does not support immediate payment. Choose a card in the billing portal."
                }
            },
            Self::Unavailable(unavailable) => match unavailable.reason {
                UnavailableReason::Renewing => "Your subscription is being renewed. Retry in an hour.",
                UnavailableReason::Unpaid => "The current period was not paid. You can change plans after it ends.",
                UnavailableReason::Refunded => {
                    "A payment for the current period was refunded. You can change plans after it ends."
                }
            },
        }
    }
}

/// Decides whether a subscription may get another plan, which costs money at once where `charges`. An upgrade needs a current
/// period that is paid and not refunded: its credits and its price are the difference from that.
///
/// # Errors
/// [`Failure`].
pub(in crate::billing) async fn refusal(
    app: &App,
    state: &SubscriptionState,
    charges: bool,
) -> Result<Option<PlanChangeRefusal>, Failure> {
    let now = &state.subscription;
    let unavailable =
        |reason, available_at| PlanChangeRefusal::Unavailable(PlanChangeUnavailable { reason, available_at });
    match now.status {
        Status::Active if charges => {}
        Status::Active | Status::Trialing => return Ok(None),
        Status::PastDue if !charges => return Ok(None),
        _ => {}
    }
    let stripe = &app.payments().map_err(|error| Failure::Settings(error.to_string()))?.stripe;
    let invoices = stripe.invoices(&now.id).await?;
    let latest = state.latest_invoice.as_ref().and_then(|invoice| invoice.id.as_deref());
    let pending = if now.pending_update { latest } else { None };
    let in_status = |status: InvoiceStatus| {
        let found = invoices.iter().filter(move |invoice| invoice.status == Some(status));
        found.filter(|invoice| invoice.id.as_deref() != pending).collect::<Vec<_>>()
    };
    let paid =
        now.status == Status::Active && in_status(InvoiceStatus::Paid).iter().any(|invoice| pays_for(invoice, now));
    if !paid {
        return Ok(Some(if let Some(open) = in_status(InvoiceStatus::Open).first() {
            PlanChangeRefusal::failed(PaymentFailureReason::PastDue, None, open.hosted_url.clone())
        } else if in_status(InvoiceStatus::Draft).is_empty() {
            unavailable(UnavailableReason::Unpaid, now.period.end)
        } else {
            unavailable(UnavailableReason::Renewing, now.period.start + RENEWAL)
        }));
    }
    // At Stripe an invoice stays paid, whatever was refunded of it.
    if was_refunded(app, now).await? {
        return Ok(Some(unavailable(UnavailableReason::Refunded, now.period.end)));
    }
    let kind = match &state.payment_method_type {
        Some(kind) => Some(kind.clone()),
        None => stripe.default_payment_method_type(&now.customer).await?,
    };
    Ok(kind.is_some_and(|kind| is_delayed(&kind)).then(PlanChangeRefusal::payment_method))
}

async fn was_refunded(app: &App, now: &Subscription) -> Result<bool, Failure> {
    let refunded = sync::was_refunded(app, &now.id, now.period.end).await;
    // The database failed and not Stripe, but the outcome is unknown too.
    refunded.map_err(|error| Failure::unknown(error.to_string()))
}

/// True where an invoice pays for the current period at the current price, of which a discount may have left nothing.
fn pays_for(invoice: &Invoice, now: &Subscription) -> bool {
    invoice.lines.data.iter().any(|line| {
        let price = line.price.as_ref().is_some_and(|price| now.sells(price));
        let bills = line.amount > 0 || line.proration && !line.is_credit();
        price && bills && line.period.end == now.period.end
    })
}
