//! What undoes a subscription that was sold twice: it ends at once, and its money goes back.

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

/// What has become of money that was given back. Stripe documentation: "The Refund object".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refunded {
    /// There is no refund.
    Nothing,
    /// It came back: the refund failed, or was canceled.
    Failed,
    /// It has arrived, or is on its way.
    Sent,
}

impl Stripe {
    /// Ends a subscription at once. Its invoices are collected no more, and nothing is given back by it. `comment` is for
    /// whoever looks at it on Stripe's dashboard. Stripe documentation: "Cancel subscriptions".
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
    /// [`Failure`] where Stripe does not tell.
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

    /// Gives back what is left of a payment of something that was sold twice. Stripe documentation: "Create a refund".
    ///
    /// # Errors
    /// [`Failure`]. A payment never gives back more than it brought: once all of it is given back, this is
    /// [`Failure::Refused`] with the code `charge_already_refunded`.
    pub async fn refund_duplicate(&self, key: &str, payment_intent: &str, operation: &str) -> Result<(), Failure> {
        let request = CreateRefund::new()
            .payment_intent(payment_intent)
            .reason(CreateRefundReason::Duplicate)
            .metadata(HashMap::from([(OPERATION.to_owned(), operation.to_owned())]));
        self.write("create refund", key, request.build()).await.map(|_| ())
    }

    /// What has become of a payment that an operation gave back.
    ///
    /// # Errors
    /// [`Failure`] where Stripe does not tell.
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
