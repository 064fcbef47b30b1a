//! A subscription, and the money of one of its periods.

use serde_json::{Value, json};

use super::{Version, event, fresh, full, is_share, reference};
use crate::harness::signature::now;

/// A price's id and its cents a month.
pub(crate) type Price = (&'static str, i64);

pub(crate) const CORE: Price = ("price_core", 499);
pub(crate) const PRO: Price = ("price_pro", 1499);
pub(crate) const STUDIO: Price = ("price_studio", 2999);

const MONTH: i64 = 30 * 24 * 60 * 60;

/// A subscription in one of its periods.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) version: Version,
    /// `true` to expand references.
    pub(crate) expanded: bool,
    pub(crate) customer: String,
    pub(crate) id: String,
    pub(crate) price: Price,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) collection_method: &'static str,
}

impl Plan {
    /// A subscription of the customer whose first period begins now.
    pub(crate) fn new(customer: &str, price: Price) -> Self {
        let start = now();
        Self {
            version: Version::Endive,
            expanded: false,
            customer: customer.to_owned(),
            id: format!("sub_test{}", fresh()),
            price,
            start,
            end: start + MONTH,
            collection_method: "charge_automatically",
        }
    }

    /// Another subscription, of another customer, with the same periods.
    pub(crate) fn of(&self, customer: &str) -> Self {
        Self { customer: customer.to_owned(), id: format!("sub_test{}", fresh()), ..self.clone() }
    }

    /// The same subscription in its next period.
    pub(crate) fn renewed(&self) -> Self {
        Self { start: self.end, end: self.end + MONTH, ..self.clone() }
    }

    /// The same subscription at another price.
    pub(crate) fn at(&self, price: Price) -> Self {
        Self { price, ..self.clone() }
    }

    pub(crate) fn created(&self, status: &str) -> Value {
        event(self.version, "customer.subscription.created", self.start, self.version.subscription(self, status))
    }

    pub(crate) fn updated(&self, status: &str, previous: Value) -> Value {
        let object = self.version.subscription(self, status);
        let mut event = event(self.version, "customer.subscription.updated", self.start, object);
        event["data"]["previous_attributes"] = previous;
        event
    }

    pub(crate) fn deleted(&self) -> Value {
        let mut object = self.version.subscription(self, "canceled");
        object["canceled_at"] = (self.start + 1).into();
        object["ended_at"] = (self.start + 1).into();
        event(self.version, "customer.subscription.deleted", self.start + 1, object)
    }

    /// The invoice of the period is paid.
    pub(crate) fn paid(&self, reason: &str) -> Value {
        self.paid_for(reason, &[self.price])
    }

    /// An invoice with these lines is paid.
    pub(crate) fn paid_for(&self, reason: &str, lines: &[Price]) -> Value {
        event(self.version, "invoice.paid", self.start, self.version.invoice(self, reason, lines))
    }

    /// The checkout that the subscription came from is complete.
    pub(crate) fn checked_out(&self) -> Value {
        let common = json!({
            "id": format!("cs_test_{}", fresh()),
            "object": "checkout.session",
            "amount_total": self.price.1,
            "created": self.start,
            "currency": "usd",
            "customer": reference(self.expanded, "customer", &self.customer),
            "expires_at": self.start + 24 * 60 * 60,
            "livemode": false,
            "metadata": { "tier": "CORE" },
            "mode": "subscription",
            "payment_intent": null,
            "payment_status": "paid",
            "status": "complete",
            "subscription": reference(self.expanded, "subscription", &self.id),
            "url": null,
        });
        event(self.version, "checkout.session.completed", self.start, self.version.session(common))
    }

    /// The fields of a subscription that all versions share.
    pub(super) fn subscription(&self, status: &str) -> Value {
        json!({
            "id": self.id,
            "object": "subscription",
            "billing_cycle_anchor": self.start,
            "cancel_at": null,
            "cancel_at_period_end": false,
            "canceled_at": null,
            "collection_method": self.collection_method,
            "created": self.start,
            "customer": reference(self.expanded, "customer", &self.customer),
            "ended_at": null,
            "latest_invoice": reference(self.expanded, "invoice", "in_test"),
            "livemode": false,
            "metadata": { "tier": "CORE" },
            "start_date": self.start,
            "status": status,
        })
    }

    /// The fields of an invoice that all versions share.
    pub(super) fn invoice(&self, reason: &str, lines: &[Price]) -> Value {
        let paid = lines.iter().map(|(_, amount)| amount).sum::<i64>().max(0);
        json!({
            "id": format!("in_test{}", fresh()),
            "object": "invoice",
            "amount_due": paid,
            "amount_paid": paid,
            "amount_remaining": 0,
            "billing_reason": reason,
            "collection_method": self.collection_method,
            "created": self.start,
            "currency": "usd",
            "customer": reference(self.expanded, "customer", &self.customer),
            "livemode": false,
            // An invoice's own period is not that of what it bills.
            "period_end": self.start,
            "period_start": self.start,
            "status": "paid",
            "total": paid,
        })
    }

    /// The fields of an invoice line that all versions share. A share of a period begins within it.
    pub(super) fn line(&self, line: Price) -> Value {
        let (amount, length) = (line.1, self.end - self.start);
        let start = if is_share(line) { self.end - length * amount.abs() / full(line) } else { self.start };
        json!({
            "id": format!("il_test{}", fresh()),
            "object": "line_item",
            "amount": amount,
            "currency": "usd",
            "livemode": false,
            "metadata": {},
            "period": { "start": start, "end": self.end },
            "quantity": 1,
        })
    }

    pub(super) fn price_object(&self, (price, amount): Price) -> Value {
        json!({
            "id": price,
            "object": "price",
            "active": true,
            "currency": "usd",
            "product": reference(self.expanded, "product", "prod_test"),
            "recurring": { "interval": "month", "interval_count": 1 },
            "type": "recurring",
            "unit_amount": amount,
        })
    }
}
