//! Undoing a subscription that was sold twice: it is ended at once, and its payments are refunded.

use std::collections::HashMap;

use stripe::StripeRequest;
use stripe_billing::{
    invoice::ListInvoice,
    invoice_payment::{ListInvoicePayment, ListInvoicePaymentStatus},
    subscription::{CancelSubscription, CancelSubscriptionCancellationDetails},
};
use stripe_core::refund::{CreateRefund, CreateRefundReason, ListRefund};
use stripe_shared::InvoiceStatus;

use super::{Failure, Stripe, Subscription, create::OPERATION, id_of, known_id};

/// As many as Stripe puts on one page. No duplicate has more invoices, no invoice more payments, no payment more refunds.
const PAGE: i64 = 100;

/// The state of a refund. Stripe documentation: "The Refund object".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refunded {
    /// No refund exists.
    Nothing,
    /// The refund failed, or was canceled.
    Failed,
    /// The refund has arrived, or is on its way.
    Sent,
}

impl Stripe {
    /// Ends a subscription at once. Its invoices are no longer collected, and nothing is refunded. `comment` is shown on
    /// Stripe's dashboard. Stripe documentation: "Cancel subscriptions".
    ///
    /// # Errors
    /// [`Failure`]; one that has ended already is [`Failure::Refused`] with status 404. So it needs no idempotency key,
    /// which Stripe would not heed here.
    pub async fn end_subscription(&self, id: &str, comment: &str) -> Result<Subscription, Failure> {
        let mut details = CancelSubscriptionCancellationDetails::new();
        details.comment = Some(comment.to_owned());
        let request = CancelSubscription::new(known_id(id)?).cancellation_details(details);
        Ok(Subscription::from_value(&self.read("cancel subscription", request.build()).await?)?)
    }

    /// The payment intents that have paid a subscription's invoices.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn payments_of(&self, subscription: &str) -> Result<Vec<String>, Failure> {
        let id = known_id(subscription)?;
        let request = ListInvoice::new().subscription(id).status(InvoiceStatus::Paid).limit(PAGE);
        let invoices = self.read_page("list invoices", request.build()).await?.objects;
        let mut payments = Vec::new();
        for invoice in invoices.iter().filter_map(|invoice| invoice["id"].as_str()) {
            let request = ListInvoicePayment::new().invoice(invoice).status(ListInvoicePaymentStatus::Paid).limit(PAGE);
            let links = self.read_page("list invoice payments", request.build()).await?.objects;
            payments.extend(links.iter().filter_map(|link| id_of(&link["payment"]["payment_intent"])));
        }
        Ok(payments)
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
    pub async fn refunded_by(&self, payment_intent: &str, operation: &str) -> Result<Refunded, Failure> {
        let request = ListRefund::new().payment_intent(payment_intent).limit(PAGE);
        let refunds = self.read_page("list refunds", request.build()).await?.objects;
        let ours = refunds.iter().filter(|refund| refund["metadata"][OPERATION] == operation);
        let found = ours.map(|refund| match refund["status"].as_str() {
            Some("failed" | "canceled") => Refunded::Failed,
            _ => Refunded::Sent,
        });
        Ok(found.max().unwrap_or(Refunded::Nothing))
    }
}
