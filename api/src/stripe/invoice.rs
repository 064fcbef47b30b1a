//! An invoice as Stripe tells it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Id, List, Unreadable, required, required_time};

/// An invoice. Stripe documentation: "The Invoice object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// The id, `in_...`; a preview has none.
    pub id: Option<String>,
    /// The customer who pays.
    pub customer: Option<String>,
    /// The subscription it bills, if it bills one.
    pub subscription: Option<String>,
    /// Why it was made: `subscription_create`, `subscription_cycle`, `subscription_update`, `manual` and so on.
    pub billing_reason: Option<String>,
    /// `draft`, `open`, `paid`, `void` or `uncollectible`.
    pub status: Option<String>,
    /// What is to be paid in all, in the smallest unit of the currency (cents).
    pub amount_due: i64,
    /// What was paid, in the smallest unit of the currency (cents).
    pub amount_paid: i64,
    /// The currency, three lower-case letters.
    pub currency: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Whether it is about real money.
    pub livemode: bool,
    /// The page where the customer can pay it, once it is final.
    pub hosted_url: Option<String>,
    /// The payments that paid it, where the invoice tells them: API versions before 2025-03-31 do, later ones only when
    /// `payments` is expanded.
    pub payment_intents: Vec<String>,
    /// Whether a payment was attempted.
    pub attempted: bool,
    /// What credit notes have credited after the payment, refunds included, in the smallest unit of the currency (cents).
    pub credited: i64,
    /// What it bills.
    pub lines: Vec<InvoiceLine>,
    /// Whether the invoice has more lines than Stripe put into it.
    pub has_more_lines: bool,
}

/// One line of an invoice. Stripe documentation: "The Invoice Line Item object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceLine {
    /// The amount in the smallest unit of the currency (cents); negative where something unused is given back.
    pub amount: i64,
    /// The price, or the plan where an old line has no price.
    pub price: Option<String>,
    /// What the price costs, where the line carries the price itself: API versions before 2025-03-31 do.
    pub unit_amount: Option<i64>,
    /// How many.
    pub quantity: Option<i64>,
    /// Whether it is a share of a period, billed for a change in its midst.
    pub proration: bool,
    /// When the service it bills begins. (The invoice's own period is another one.)
    pub period_start: DateTime<Utc>,
    /// When the service it bills ends.
    pub period_end: DateTime<Utc>,
    /// The subscription it belongs to.
    pub subscription: Option<String>,
}

impl Invoice {
    /// Reads an invoice in any shape since API version 2020-03-02. Since 2025-03-31 the links to the subscription
    /// hang below `parent`. Stripe documentation: "Adds new parent field to invoicing objects".
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or odd.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read::<Wire>("invoice", value)?.into_invoice()
    }

    /// Whether its money is there.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.status.as_deref() == Some("paid")
    }
}

impl InvoiceLine {
    /// Reads a line of a list of its own.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read::<WireLine>("invoice.lines", value)?.into_line()
    }

    /// Whether it bills a share of a period, or gives one back.
    #[must_use]
    pub const fn is_share(&self) -> bool {
        self.proration || self.amount < 0
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    customer: Option<Id>,
    parent: Option<WireParent>,
    subscription: Option<Id>,
    billing_reason: Option<String>,
    status: Option<String>,
    amount_due: Option<i64>,
    amount_paid: Option<i64>,
    hosted_invoice_url: Option<String>,
    currency: Option<String>,
    created: Option<i64>,
    livemode: Option<bool>,
    payment_intent: Option<Id>,
    attempted: Option<bool>,
    post_payment_credit_notes_amount: Option<i64>,
    payments: Option<List<WirePayment>>,
    lines: Option<List<WireLine>>,
}

#[derive(Deserialize)]
struct WireParent {
    subscription_details: Option<WireSubscription>,
}

#[derive(Deserialize)]
struct WireSubscription {
    subscription: Option<Id>,
}

/// One attempt to pay an invoice. Stripe documentation: "The Invoice Payment object".
#[derive(Deserialize)]
struct WirePayment {
    status: Option<String>,
    payment: Option<WirePaid>,
}

#[derive(Deserialize)]
struct WirePaid {
    payment_intent: Option<Id>,
}

#[derive(Deserialize)]
struct WireLine {
    amount: Option<i64>,
    quantity: Option<i64>,
    period: Option<WirePeriod>,
    pricing: Option<WirePricing>,
    price: Option<WirePriced>,
    plan: Option<WirePriced>,
    parent: Option<WireLineParent>,
    proration: Option<bool>,
    subscription: Option<Id>,
}

/// A price or a plan, plain or expanded.
#[derive(Deserialize)]
#[serde(untagged)]
enum WirePriced {
    Plain(String),
    Expanded {
        id: String,
        unit_amount: Option<i64>,
        /// A plan's.
        amount: Option<i64>,
    },
}

impl WirePriced {
    fn into_parts(self) -> (String, Option<i64>) {
        match self {
            Self::Plain(id) => (id, None),
            Self::Expanded { id, unit_amount, amount } => (id, unit_amount.or(amount)),
        }
    }
}

#[derive(Deserialize)]
struct WirePeriod {
    start: Option<i64>,
    end: Option<i64>,
}

#[derive(Deserialize)]
struct WirePricing {
    price_details: Option<WirePrice>,
}

#[derive(Deserialize)]
struct WirePrice {
    price: Option<Id>,
}

#[derive(Deserialize)]
struct WireLineParent {
    subscription_item_details: Option<WireOrigin>,
    invoice_item_details: Option<WireOrigin>,
}

#[derive(Deserialize)]
struct WireOrigin {
    proration: Option<bool>,
    subscription: Option<Id>,
}

impl Wire {
    fn into_invoice(self) -> Result<Invoice, Unreadable> {
        let lines = self.lines.unwrap_or_else(List::empty);
        let has_more_lines = lines.has_more;
        let lines = lines.data.into_iter().map(WireLine::into_line).collect::<Result<Vec<_>, _>>()?;
        let parent = self.parent.and_then(|parent| parent.subscription_details);
        let subscription = parent
            .and_then(|details| object::id(details.subscription))
            .or_else(|| object::id(self.subscription))
            .or_else(|| lines.iter().find_map(|line| line.subscription.clone()));
        Ok(Invoice {
            id: self.id,
            customer: object::id(self.customer),
            subscription,
            billing_reason: self.billing_reason,
            status: self.status,
            amount_due: self.amount_due.unwrap_or_default(),
            amount_paid: object::amount("invoice.amount_paid", self.amount_paid)?,
            hosted_url: self.hosted_invoice_url,
            currency: required("invoice.currency", self.currency)?,
            created: required_time("invoice.created", self.created)?,
            livemode: required("invoice.livemode", self.livemode)?,
            payment_intents: successful(self.payment_intent, self.payments),
            attempted: self.attempted.unwrap_or_default(),
            credited: self.post_payment_credit_notes_amount.unwrap_or_default(),
            lines,
            has_more_lines,
        })
    }
}

/// The payments that paid.
fn successful(own: Option<Id>, payments: Option<List<WirePayment>>) -> Vec<String> {
    let payments = payments.map(|payments| payments.data).unwrap_or_default();
    let paid = payments.into_iter().filter(|payment| payment.status.as_deref() == Some("paid"));
    let paid = paid.filter_map(|payment| object::id(payment.payment?.payment_intent));
    object::id(own).into_iter().chain(paid).collect()
}

impl WireLine {
    fn into_line(self) -> Result<InvoiceLine, Unreadable> {
        let period = required("invoice.lines.period", self.period)?;
        let priced = self.pricing.and_then(|pricing| pricing.price_details).and_then(|details| details.price);
        let (price, unit_amount) = match priced {
            Some(price) => (Some(price.into_string()), None),
            None => self
                .price
                .or(self.plan)
                .map(WirePriced::into_parts)
                .map_or((None, None), |(id, amount)| (Some(id), amount)),
        };
        let origin = self.parent.and_then(|parent| parent.subscription_item_details.or(parent.invoice_item_details));
        let (proration, subscription) = origin.map_or((None, None), |origin| (origin.proration, origin.subscription));
        Ok(InvoiceLine {
            amount: object::signed_amount("invoice.lines.amount", self.amount)?,
            price,
            unit_amount,
            quantity: self.quantity,
            proration: proration.or(self.proration).unwrap_or_default(),
            period_start: required_time("invoice.lines.period.start", period.start)?,
            period_end: required_time("invoice.lines.period.end", period.end)?,
            subscription: object::id(subscription.or(self.subscription)),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As rendered in API version 2020-03-02.
    fn of_2020() -> Value {
        json!({
            "id": "in_1", "object": "invoice", "customer": "cus_1", "subscription": "sub_1",
            "billing_reason": "subscription_cycle", "status": "paid", "amount_paid": 499, "currency": "usd",
            "created": 1_790_000_000, "livemode": false, "payment_intent": "pi_1",
            "lines": {"object": "list", "has_more": false, "data": [{
                "id": "il_1", "amount": 499, "quantity": 1, "proration": false, "subscription": "sub_1",
                "period": {"start": 1_790_000_000, "end": 1_792_592_000},
                "price": {"id": "price_core", "object": "price", "unit_amount": 499}, "plan": {"id": "price_core", "object": "plan"},
            }]},
        })
    }

    /// As rendered since 2025-03-31.basil, with `payments` expanded; clover, dahlia and endive read alike.
    fn of_basil() -> Value {
        json!({
            "id": "in_1", "object": "invoice", "customer": "cus_1", "billing_reason": "subscription_cycle",
            "status": "paid", "amount_paid": 499, "currency": "usd", "created": 1_790_000_000, "livemode": false,
            "parent": {"type": "subscription_details", "quote_details": null,
                "subscription_details": {"subscription": "sub_1", "metadata": {"tier": "CORE"}}},
            "payments": {"object": "list", "has_more": false, "data": [
                {"status": "canceled", "payment": {"type": "payment_intent", "payment_intent": "pi_0"}},
                {"status": "paid", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}},
            ]},
            "lines": {"object": "list", "has_more": false, "data": [{
                "id": "il_1", "amount": 499, "quantity": 1, "period": {"start": 1_790_000_000, "end": 1_792_592_000},
                "parent": {"type": "subscription_item_details", "invoice_item_details": null,
                    "subscription_item_details": {"subscription": "sub_1", "proration": false}},
                "pricing": {"type": "price_details", "price_details": {"price": "price_core", "product": "prod_1"}},
            }]},
        })
    }

    #[test]
    fn old_and_new_shapes_read_alike() {
        let invoice = Invoice::from_value(&of_2020()).unwrap();
        let mut basil = Invoice::from_value(&of_basil()).unwrap();
        // Only old lines carry what their price costs.
        assert_eq!((invoice.lines[0].unit_amount, basil.lines[0].unit_amount), (Some(499), None));
        basil.lines[0].unit_amount = Some(499);
        assert_eq!(basil, invoice);
        assert_eq!(invoice.subscription.as_deref(), Some("sub_1"));
        assert_eq!(invoice.payment_intents, ["pi_1"]);
        assert_eq!((invoice.amount_paid, invoice.currency.as_str()), (499, "usd"));
        let [line] = invoice.lines.as_slice() else { panic!("one line") };
        assert_eq!((line.amount, line.quantity, line.proration), (499, Some(1), false));
        assert_eq!(line.price.as_deref(), Some("price_core"));
        assert_eq!(line.subscription.as_deref(), Some("sub_1"));
        assert_eq!(line.period_end.timestamp(), 1_792_592_000);
    }

    #[test]
    fn references_may_be_expanded() {
        let mut value = of_basil();
        value["customer"] = json!({"id": "cus_1", "object": "customer"});
        value["parent"]["subscription_details"]["subscription"] = json!({"id": "sub_1", "object": "subscription"});
        value["payments"]["data"][1]["payment"]["payment_intent"] = json!({"id": "pi_1", "object": "payment_intent"});
        value["lines"]["data"][0]["pricing"]["price_details"]["price"] = json!({"id": "price_core", "object": "price"});
        assert_eq!(Invoice::from_value(&value), Invoice::from_value(&of_basil()));
    }

    #[test]
    fn the_lines_tell_the_subscription_where_the_invoice_does_not() {
        for mut value in [of_2020(), of_basil()] {
            value["subscription"] = Value::Null;
            value["parent"] = Value::Null;
            assert_eq!(Invoice::from_value(&value).unwrap().subscription.as_deref(), Some("sub_1"));
        }
    }

    #[test]
    fn a_proration_is_known_in_every_shape() {
        let mut old = of_2020();
        old["lines"]["data"][0]["proration"] = json!(true);
        let mut of_item = of_basil();
        of_item["lines"]["data"][0]["parent"]["subscription_item_details"]["proration"] = json!(true);
        let mut of_invoice_item = of_basil();
        of_invoice_item["lines"]["data"][0]["parent"] = json!({"type": "invoice_item_details",
            "subscription_item_details": null,
            "invoice_item_details": {"invoice_item": "ii_1", "proration": true, "subscription": "sub_1"}});
        for value in [old, of_item, of_invoice_item] {
            let line = Invoice::from_value(&value).unwrap().lines.remove(0);
            assert!(line.proration);
            assert_eq!(line.subscription.as_deref(), Some("sub_1"));
        }
    }

    #[test]
    fn a_plan_stands_in_for_a_missing_price() {
        let mut value = of_2020();
        value["lines"]["data"][0]["price"] = Value::Null;
        assert_eq!(Invoice::from_value(&value).unwrap().lines[0].price.as_deref(), Some("price_core"));
    }

    #[test]
    fn an_invoice_for_something_else_has_no_subscription() {
        let invoice = Invoice::from_value(&json!({
            "object": "invoice", "amount_paid": 0, "currency": "usd", "created": 1_790_000_000, "livemode": false,
            "lines": {"data": [], "has_more": true},
        }))
        .unwrap();
        assert_eq!((invoice.id, invoice.customer, invoice.subscription), (None, None, None));
        assert!(invoice.has_more_lines);
    }

    #[test]
    fn what_an_invoice_must_have_is_named_when_it_is_missing() {
        for field in ["amount_paid", "currency", "created", "livemode"] {
            let mut value = of_basil();
            value.as_object_mut().unwrap().remove(field);
            assert_eq!(Invoice::from_value(&value).unwrap_err().what, format!("invoice.{field} is missing"));
        }
        for field in ["amount", "period"] {
            let mut value = of_basil();
            value["lines"]["data"][0][field] = Value::Null;
            assert_eq!(Invoice::from_value(&value).unwrap_err().what, format!("invoice.lines.{field} is missing"));
        }
    }
}
