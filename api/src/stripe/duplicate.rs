//! Undoing a subscription that was sold twice: it is ended at once, and its payments are refunded.

use std::collections::HashMap;

use serde_json::json;
use stripe::StripeRequest;
use stripe_billing::subscription::{CancelSubscription, CancelSubscriptionCancellationDetails};
use stripe_core::refund::{CreateRefund, CreateRefundReason};

use super::{Failure, Invoice, Stripe, create::OPERATION, known_id, refund::Refund};

/// The state of a refund. Stripe documentation: "The Refund object".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefundState {
    /// No refund exists.
    Nothing,
    /// The refund failed, or was canceled.
    Failed,
    /// The refund has arrived, or is on its way.
    Sent,
}

/// The paid invoices of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidInvoices {
    /// The payment intents that have paid them.
    pub payments: Vec<String>,
    /// True where all of them cost nothing, because of a discount or a trial.
    pub are_free: bool,
}

impl Stripe {
    /// Ends a subscription at once. Its invoices are no longer collected, and nothing is refunded. `comment` is shown on
    /// Stripe's dashboard. Stripe documentation: "Cancel subscriptions".
    ///
    /// # Errors
    /// [`Failure`]; one that has ended already is [`Failure::Refused`] with status 404. So it needs no idempotency key,
    /// which Stripe would ignore here.
    pub async fn end_subscription(&self, id: &str, comment: &str) -> Result<(), Failure> {
        let mut details = CancelSubscriptionCancellationDetails::new();
        details.comment = Some(comment.to_owned());
        let request = CancelSubscription::new(known_id(id)?).cancellation_details(details);
        self.read("cancel subscription", request.build()).await.map(drop)
    }

    /// The paid invoices of a subscription.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn paid_invoices(&self, subscription: &str) -> Result<PaidInvoices, Failure> {
        let query = json!({ "subscription": known_id(subscription)?, "status": "paid", "expand": ["data.payments"] });
        let invoices = self.list_all("list invoices", "/invoices", &query).await?;
        let invoices = invoices.iter().map(Invoice::from_value).collect::<Result<Vec<_>, _>>()?;
        let are_free = invoices.iter().all(Invoice::is_free);
        let payments = invoices.into_iter().flat_map(|invoice| invoice.payment_intents).collect();
        Ok(PaidInvoices { payments, are_free })
    }

    /// Refunds the rest of a payment for something that was sold twice. Stripe documentation: "Create a refund".
    ///
    /// # Errors
    /// [`Failure`]. A payment is never refunded more than once: when nothing is left to refund, this is
    /// [`Failure::Refused`] with the code `charge_already_refunded`.
    pub async fn refund_duplicate(&self, key: &str, payment_intent: &str, operation: &str) -> Result<(), Failure> {
        let request = CreateRefund::new()
            .payment_intent(payment_intent)
            .reason(CreateRefundReason::Duplicate)
            .metadata(HashMap::from([(OPERATION.to_owned(), operation.to_owned())]));
        self.write("create refund", key, request.build()).await.map(|_| ())
    }

    /// The state of an operation's refund of a payment.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn refunded_by(&self, payment_intent: &str, operation: &str) -> Result<RefundState, Failure> {
        let refunds = self.refunds(payment_intent).await?;
        let ours = refunds.iter().filter(|refund| refund.metadata.get(OPERATION).is_some_and(|made| made == operation));
        let found = ours.map(|refund| if refund.has_failed() { RefundState::Failed } else { RefundState::Sent });
        Ok(found.max().unwrap_or(RefundState::Nothing))
    }

    /// All refunds of a payment.
    pub(super) async fn refunds(&self, payment_intent: &str) -> Result<Vec<Refund>, Failure> {
        let query = json!({ "payment_intent": known_id(payment_intent)? });
        let refunds = self.list_all("list refunds", "/refunds", &query).await?;
        Ok(refunds.iter().map(Refund::from_value).collect::<Result<_, _>>()?)
    }
}
