//! An invoice in a reply to a call of ours, which async-stripe has parsed: read by the same rules as an event's object.

use super::{
    Invoice, Wire, WireLine, WireLineParent, WireOrigin, WirePaid, WireParent, WirePayment, WirePeriod, WirePrice,
    WirePricing, WireSubscription,
};
use crate::stripe::object::{Id, List, Unreadable};

impl TryFrom<stripe_shared::Invoice> for Invoice {
    type Error = Unreadable;

    fn try_from(reply: stripe_shared::Invoice) -> Result<Self, Unreadable> {
        let details = reply.parent.and_then(|parent| parent.subscription_details);
        let wire = Wire {
            id: reply.id.map(|id| id.to_string()),
            customer: reply.customer.map(Id::from),
            parent: Some(WireParent {
                subscription_details: details
                    .map(|details| WireSubscription { subscription: Some(details.subscription.into()) }),
            }),
            subscription: reply.subscription.map(Id::from),
            billing_reason: reply.billing_reason.map(|reason| reason.to_string()),
            status: reply.status.map(|status| status.to_string()),
            amount_due: Some(reply.amount_due),
            amount_paid: Some(reply.amount_paid),
            hosted_invoice_url: reply.hosted_invoice_url,
            currency: Some(reply.currency.to_string()),
            created: Some(reply.created),
            livemode: Some(reply.livemode),
            payment_intent: None,
            payments: reply.payments.map(|payments| List {
                data: payments.data.into_iter().map(WirePayment::from).collect(),
                has_more: payments.has_more,
            }),
            lines: Some(List {
                data: reply.lines.data.into_iter().map(WireLine::from).collect(),
                has_more: reply.lines.has_more,
            }),
        };
        wire.into_invoice()
    }
}

impl From<stripe_shared::InvoicePayment> for WirePayment {
    fn from(payment: stripe_shared::InvoicePayment) -> Self {
        let paid = WirePaid { payment_intent: payment.payment.payment_intent.map(Id::from) };
        Self { status: Some(payment.status), payment: Some(paid) }
    }
}

impl From<stripe_shared::InvoiceLineItem> for WireLine {
    fn from(line: stripe_shared::InvoiceLineItem) -> Self {
        let price = line.pricing.and_then(|pricing| pricing.price_details).map(|details| details.price.into());
        let parent = line.parent.map(|parent| WireLineParent {
            subscription_item_details: parent.subscription_item_details.map(|details| WireOrigin {
                proration: Some(details.proration),
                subscription: details.subscription.map(Id::Plain),
            }),
            invoice_item_details: parent.invoice_item_details.map(|details| WireOrigin {
                proration: Some(details.proration),
                subscription: details.subscription.map(Id::Plain),
            }),
        });
        Self {
            amount: Some(line.amount),
            quantity: line.quantity.and_then(|quantity| quantity.try_into().ok()),
            period: Some(WirePeriod { start: Some(line.period.start), end: Some(line.period.end) }),
            pricing: Some(WirePricing { price_details: Some(WirePrice { price }) }),
            price: None,
            plan: None,
            parent,
            proration: None,
            subscription: line.subscription.map(Id::from),
        }
    }
}
