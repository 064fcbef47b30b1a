//! Reading invoices.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{
    InvoiceLine, InvoicePayment,
    create::AUTO_TOP_UP,
    invoice_line,
    object::{self, List, Unreadable},
};

/// An invoice. Stripe documentation: "The Invoice object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Invoice {
    /// The id, `in_...`; a preview has none.
    pub id: Option<String>,
    /// The customer who pays.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub customer: Option<String>,
    /// The subscription it bills, if it bills one.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub subscription: Option<String>,
    /// The status; a preview may have none.
    pub status: Option<InvoiceStatus>,
    /// The total to be paid, in the smallest unit of the currency (cents).
    #[serde(default, deserialize_with = "object::or_default")]
    pub amount_due: i64,
    /// The part of it that is still to be paid, in the smallest unit of the currency (cents).
    #[serde(default, deserialize_with = "object::or_default")]
    pub amount_remaining: i64,
    /// When it was created; a preview is dated ahead.
    #[serde(default, deserialize_with = "object::optional_time")]
    pub created: Option<DateTime<Utc>>,
    /// When it has to be paid, where the customer pays manually.
    #[serde(default, deserialize_with = "object::optional_time")]
    pub due_date: Option<DateTime<Utc>>,
    /// When its payment is attempted next, where that is planned.
    #[serde(default, deserialize_with = "object::optional_time")]
    pub next_payment_attempt: Option<DateTime<Utc>>,
    /// The amount that was paid, in the smallest unit of the currency (cents).
    #[serde(deserialize_with = "object::amount")]
    pub amount_paid: i64,
    /// The currency, three lower-case letters.
    pub currency: String,
    /// The page where the customer can pay it, once it is final.
    #[serde(rename = "hosted_invoice_url")]
    pub hosted_url: Option<String>,
    /// The payments that paid it, where the invoice has them: API versions before 2025-03-31 do, later ones only when
    /// `payments` is expanded.
    #[serde(rename = "payments", default, deserialize_with = "successful")]
    pub payment_intents: Vec<String>,
    /// True once a payment was attempted.
    #[serde(default, deserialize_with = "object::or_default")]
    pub attempted: bool,
    /// The amount that credit notes have credited after the payment, refunds included, in the smallest unit of the currency
    /// (cents).
    #[serde(rename = "post_payment_credit_notes_amount", default, deserialize_with = "object::or_default")]
    pub credited: i64,
    /// The items it bills.
    #[serde(default, deserialize_with = "object::or_default")]
    pub lines: List<InvoiceLine>,
    /// The metadata that its creator set.
    #[serde(default, deserialize_with = "object::or_default")]
    pub metadata: BTreeMap<String, String>,
}

/// The status of an invoice. Stripe documentation: "Status transitions and finalization".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStatus {
    /// It can still be changed, and not yet be paid.
    Draft,
    /// It can be paid.
    Open,
    /// It was paid. Final.
    Paid,
    /// It was given up as a mistake. Final.
    Void,
    /// It is no longer expected to be paid.
    Uncollectible,
    /// A status that Stripe has added since.
    #[serde(other)]
    Other,
}

impl Invoice {
    /// Reads an invoice in any shape since API version 2020-03-02.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read("invoice", &in_one_shape(value.clone()))
    }

    /// True once its money has arrived.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.status == Some(InvoiceStatus::Paid)
    }

    /// True for the invoice of a credit pack, whose credits follow from its checkout alone.
    #[must_use]
    pub fn is_of_pack(&self) -> bool {
        self.subscription.is_none() && self.metadata.get("purchase_type").is_some_and(|kind| kind == "one_time")
    }

    /// The number of the automatic top-up that the invoice charges; `None` for other invoices.
    #[must_use]
    pub fn top_up(&self) -> Option<i64> {
        let kind = self.metadata.get("purchase_type").filter(|kind| *kind == AUTO_TOP_UP);
        kind.filter(|_| self.subscription.is_none()).and_then(|_| self.metadata.get("top_up")?.parse().ok())
    }

    /// True where nothing was due for its lines. A balance of the customer may have paid one that was due.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.amount_paid == 0 && !self.lines.has_more && self.lines.data.iter().all(|line| line.net_amount() == 0)
    }

    /// True while it can be paid.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == Some(InvoiceStatus::Open)
    }
}

/// Deserializes a list of payments as the payment intents that succeeded.
fn successful<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let payments = Option::<List<InvoicePayment>>::deserialize(deserializer)?.unwrap_or_default().data;
    Ok(payments.into_iter().filter(InvoicePayment::is_paid).filter_map(InvoicePayment::into_payment_intent).collect())
}

/// Moves fields from `parent`, where they are since 2025-03-31, to their earlier places, and adds the earlier
/// `payment_intent` to `payments`. Stripe documentation: "Adds new parent field to invoicing objects".
fn in_one_shape(mut invoice: Value) -> Value {
    object::entries(&mut invoice, "lines").for_each(invoice_line::in_one_shape);
    let of_line = object::entries(&mut invoice, "lines")
        .find_map(|line| line.get("subscription").filter(|id| !id.is_null()).cloned());
    let of_parent = invoice["parent"]["subscription_details"]["subscription"].clone();
    let (id, payment_intent) = (invoice["id"].clone(), invoice["payment_intent"].clone());
    object::entries(&mut invoice, "payments").for_each(|payment| object::fill(payment, "invoice", &id));
    let Some(fields) = invoice.as_object_mut() else { return invoice };
    if !of_parent.is_null() {
        fields.insert("subscription".to_owned(), of_parent);
    }
    object::fill(fields, "subscription", &of_line.unwrap_or_default());
    if !payment_intent.is_null() {
        let payment = json!({ "invoice": id, "status": "paid", "payment": { "payment_intent": payment_intent } });
        fields.insert("payments".to_owned(), json!({ "data": [payment] }));
    }
    invoice
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
        let unit_amount = &mut basil.lines.data[0].unit_amount;
        assert_eq!((invoice.lines.data[0].unit_amount, unit_amount.replace(499)), (Some(499), None));
        assert_eq!(basil, invoice);
        assert_eq!(invoice.subscription.as_deref(), Some("sub_1"));
        assert_eq!(invoice.payment_intents, ["pi_1"]);
        assert_eq!((invoice.amount_paid, invoice.currency.as_str()), (499, "usd"));
        let [line] = invoice.lines.data.as_slice() else { panic!("one line") };
        assert_eq!((line.amount, line.quantity, line.proration), (499, Some(1), false));
        assert_eq!(line.price.as_deref(), Some("price_core"));
        assert_eq!(line.subscription.as_deref(), Some("sub_1"));
        assert_eq!(line.period.end.timestamp(), 1_792_592_000);
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
            let line = Invoice::from_value(&value).unwrap().lines.data.remove(0);
            assert!(line.proration);
            assert_eq!(line.subscription.as_deref(), Some("sub_1"));
        }
    }

    #[test]
    fn a_credit_without_an_amount_is_known_by_what_it_credits() {
        let credited = json!({"credited_items": {"invoice": "in_0", "invoice_line_items": ["il_0"]}});
        let read = |value: &Value| Invoice::from_value(value).unwrap().lines.data.remove(0);
        let mut old = of_2020();
        old["lines"]["data"][0]["amount"] = json!(0);
        assert!(!read(&old).is_credit());
        old["lines"]["data"][0]["proration_details"] = credited.clone();
        assert!(read(&old).is_credit());
        let mut basil = of_basil();
        basil["lines"]["data"][0]["amount"] = json!(0);
        let item = ["parent", "subscription_item_details", "proration_details"];
        basil["lines"]["data"][0][item[0]][item[1]][item[2]] = json!({"credited_items": null});
        assert!(!read(&basil).is_credit());
        basil["lines"]["data"][0][item[0]][item[1]][item[2]] = credited;
        assert!(read(&basil).is_credit());
        basil["lines"]["data"][0]["amount"] = json!(499);
        assert!(!read(&basil).is_credit());
    }

    #[test]
    fn itemized_discounts_lower_the_amount() {
        let net = |amount: i64, discounts: Value| {
            let mut value = of_basil();
            value["lines"]["data"][0]["amount"] = json!(amount);
            value["lines"]["data"][0]["discount_amounts"] = discounts;
            Invoice::from_value(&value).unwrap().lines.data[0].net_amount()
        };
        assert_eq!(net(499, Value::Null), 499);
        assert_eq!(net(499, json!([{"amount": 100, "discount": "di_1"}, {"amount": 99, "discount": "di_2"}])), 300);
        assert_eq!(net(-499, json!([{"amount": -100, "discount": "di_1"}])), -399);
        assert_eq!(net(399, json!([{"amount": 0, "discount": "di_1"}])), 399);
    }

    #[test]
    fn a_plan_stands_in_for_a_missing_price() {
        let mut value = of_2020();
        value["lines"]["data"][0]["price"] = Value::Null;
        assert_eq!(Invoice::from_value(&value).unwrap().lines.data[0].price.as_deref(), Some("price_core"));
    }

    #[test]
    fn an_invoice_for_something_else_has_no_subscription() {
        let invoice = Invoice::from_value(&json!({
            "object": "invoice", "amount_paid": 0, "currency": "usd", "lines": {"data": [], "has_more": true},
        }))
        .unwrap();
        assert_eq!((invoice.id, invoice.customer, invoice.subscription), (None, None, None));
        assert!(invoice.lines.has_more);
    }

    #[test]
    fn a_missing_field_is_named() {
        for field in ["amount_paid", "currency"] {
            let mut value = of_basil();
            value.as_object_mut().unwrap().remove(field);
            assert_eq!(Invoice::from_value(&value).unwrap_err().what, format!("invoice: missing field `{field}`"));
        }
        for field in ["amount", "period"] {
            let mut value = of_basil();
            value["lines"]["data"][0][field] = Value::Null;
            let what = Invoice::from_value(&value).unwrap_err().what;
            assert!(what.starts_with(&format!("invoice: lines.data[0].{field}: ")), "{what}");
        }
    }
}
