//! Reading subscriptions.

use chrono::{DateTime, Datelike, Months, Utc};
use entity::subscription::Status;
use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Period, Unreadable};

/// A subscription. Stripe documentation: "The Subscription object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Subscription {
    /// The id, `sub_...`.
    pub id: String,
    /// The customer who pays.
    #[serde(deserialize_with = "object::id")]
    pub customer: String,
    /// The status.
    pub status: Status,
    /// The items, in Stripe's order.
    #[serde(deserialize_with = "object::list")]
    pub items: Vec<SubscriptionItem>,
    /// When the subscription was created.
    #[serde(deserialize_with = "object::time")]
    pub created: DateTime<Utc>,
    /// The current period of the first item.
    #[serde(flatten)]
    pub period: Period,
    /// The time from which its periods are counted.
    #[serde(rename = "billing_cycle_anchor", default, deserialize_with = "object::optional_time")]
    pub anchor: Option<DateTime<Utc>>,
    /// When its trial ends or ended, if it has one.
    #[serde(default, deserialize_with = "object::optional_time")]
    pub trial_end: Option<DateTime<Utc>>,
    /// True where it ends with the current period.
    pub cancel_at_period_end: bool,
    /// When the subscription is going to end, if an end is scheduled.
    #[serde(default, deserialize_with = "object::optional_time")]
    pub cancel_at: Option<DateTime<Utc>>,
    /// When the subscription ended.
    #[serde(default, deserialize_with = "object::optional_time")]
    pub ended_at: Option<DateTime<Utc>>,
    /// The currency, three lower-case letters; old API versions do not have it.
    pub currency: Option<String>,
    /// The way in which its invoices are paid.
    pub collection_method: Option<CollectionMethod>,
    /// True while a change waits for its payment. Stripe documentation: "Pending updates".
    #[serde(default, deserialize_with = "object::is_some")]
    pub pending_update: bool,
    /// The schedule that controls it, if one does.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub schedule: Option<String>,
}

/// An item of a subscription. Stripe documentation: "The Subscription Item object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SubscriptionItem {
    /// The id, `si_...`.
    pub id: String,
    /// The price, `price_...`.
    #[serde(deserialize_with = "object::id")]
    pub price: String,
    /// The price of one unit in its own currency, where the item carries the price itself.
    #[serde(default, deserialize_with = "object::optional_amount")]
    pub unit_amount: Option<i64>,
    /// The currency of that amount.
    pub currency: Option<String>,
    /// The quantity; `None` where it is metered.
    #[serde(default, deserialize_with = "object::optional_amount")]
    pub quantity: Option<i64>,
    /// The current period. An item may be billed in another interval than the first one. Stripe documentation: "Mixed
    /// interval subscriptions".
    #[serde(flatten)]
    pub period: Period,
}

/// The ways in which a subscription's invoices are paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionMethod {
    /// The payment method is charged.
    ChargeAutomatically,
    /// The customer pays each invoice manually.
    SendInvoice,
    /// A way that Stripe has added since.
    #[serde(other)]
    Other,
}

impl Subscription {
    /// True where it ends with its period at the latest. In flexible billing mode Stripe's portal sets the date alone, and
    /// leaves `cancel_at_period_end` false. Stripe documentation: "Cancel subscriptions".
    #[must_use]
    pub fn ends_with_period(&self) -> bool {
        self.cancel_at_period_end || self.cancel_at.is_some_and(|at| at <= self.period.end)
    }

    /// The month that ends at this time, counted from the anchor: the day of the anchor, or the last one of a month that is
    /// shorter. `None` where no month ends then. Stripe documentation: "Set the subscription billing renewal date".
    #[must_use]
    pub fn month_until(&self, end: DateTime<Utc>) -> Option<Period> {
        let anchor = self.anchor?;
        let months = 12 * (end.year() - anchor.year()) + end.month().cast_signed() - anchor.month().cast_signed();
        if months_after(anchor, months)? != end {
            return None;
        }
        Some(Period { start: months_after(anchor, months - 1)?, end })
    }

    /// True where an item has this price.
    #[must_use]
    pub fn sells(&self, price: &str) -> bool {
        self.items.iter().any(|item| item.price == price)
    }

    /// Reads a subscription in any shape since API version 2020-03-02.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read("subscription", &in_one_shape(value.clone()))
    }
}

fn months_after(time: DateTime<Utc>, months: i32) -> Option<DateTime<Utc>> {
    let distance = Months::new(months.unsigned_abs());
    if months < 0 { time.checked_sub_months(distance) } else { time.checked_add_months(distance) }
}

/// Copies the period to the subscription and to each of its items. Before 2025-03-31 the subscription alone has it, and
/// since then the items. Stripe documentation: "Deprecates subscription current period start and end".
fn in_one_shape(mut subscription: Value) -> Value {
    const PERIOD: [&str; 2] = ["current_period_start", "current_period_end"];
    let first = object::entries(&mut subscription, "items").next().map(|item| item.clone());
    let Some(fields) = subscription.as_object_mut() else { return subscription };
    for field in PERIOD {
        if let Some(time) = first.as_ref().and_then(|item| item.get(field)).filter(|time| !time.is_null()) {
            fields.insert(field.to_owned(), time.clone());
        }
    }
    let period = PERIOD.map(|field| fields.get(field).cloned().unwrap_or_default());
    for item in object::entries(&mut subscription, "items") {
        let plan = item.get("plan").cloned().unwrap_or_default();
        object::fill(item, "price", &plan);
        let own = item.get("price").cloned().unwrap_or_default();
        object::fill(item, "unit_amount", own.get("unit_amount").or_else(|| own.get("amount")).unwrap_or(&Value::Null));
        object::fill(item, "currency", own.get("currency").unwrap_or(&Value::Null));
        for (field, time) in PERIOD.iter().zip(&period) {
            object::fill(item, field, time);
        }
    }
    subscription
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As rendered in API version 2020-03-02.
    fn of_2020() -> Value {
        json!({
            "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active",
            "created": 1_790_000_000, "current_period_start": 1_790_000_000, "current_period_end": 1_792_592_000,
            "items": {"object": "list", "has_more": false, "data": [
                {"id": "si_1", "price": {"id": "price_core", "object": "price"}, "plan": {"id": "price_core"}},
            ]},
            "plan": {"id": "price_core", "object": "plan"}, "cancel_at_period_end": false, "cancel_at": null,
            "canceled_at": null, "ended_at": null, "collection_method": "charge_automatically",
            "latest_invoice": "in_1", "schedule": null, "livemode": false,
            "metadata": {"user_id": "7", "tier": "CORE"},
        })
    }

    /// As rendered since 2025-03-31.basil; clover, dahlia and endive read alike.
    fn of_basil() -> Value {
        let mut value = of_2020();
        let fields = value.as_object_mut().unwrap();
        let start = fields.remove("current_period_start").unwrap();
        let end = fields.remove("current_period_end").unwrap();
        fields.remove("plan");
        value["items"]["data"][0]["current_period_start"] = start;
        value["items"]["data"][0]["current_period_end"] = end;
        value["billing_mode"] = json!({"type": "flexible"});
        value
    }

    #[test]
    fn old_and_new_shapes_read_alike() {
        let subscription = Subscription::from_value(&of_2020()).unwrap();
        assert_eq!(Subscription::from_value(&of_basil()).unwrap(), subscription);
        assert_eq!((subscription.id.as_str(), subscription.customer.as_str()), ("sub_1", "cus_1"));
        let [item] = subscription.items.as_slice() else { panic!("one item") };
        assert_eq!((item.id.as_str(), item.price.as_str(), item.period), ("si_1", "price_core", subscription.period));
        assert_eq!(subscription.period.start.timestamp(), 1_790_000_000);
        assert_eq!(subscription.period.end.timestamp(), 1_792_592_000);
    }

    #[test]
    fn months_are_counted_from_the_anchor() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let mut subscription = Subscription::from_value(&of_basil()).unwrap();
        let month = |subscription: &Subscription, end: &str| {
            subscription.month_until(time(end)).map(|month| (month.start, month.end))
        };
        assert_eq!(month(&subscription, "2026-02-28T10:00:00Z"), None, "without an anchor");
        subscription.anchor = Some(time("2025-12-31T10:00:00Z"));
        for (start, end) in [
            ("2025-12-31T10:00:00Z", "2026-01-31T10:00:00Z"),
            ("2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"),
            ("2026-02-28T10:00:00Z", "2026-03-31T10:00:00Z"),
            ("2025-11-30T10:00:00Z", "2025-12-31T10:00:00Z"),
        ] {
            assert_eq!(month(&subscription, end), Some((time(start), time(end))));
        }
        assert_eq!(month(&subscription, "2026-03-30T10:00:00Z"), None);
        assert_eq!(month(&subscription, "2026-03-31T10:00:01Z"), None);
    }

    #[test]
    fn an_announced_end_is_read() {
        let mut value = of_basil();
        value["cancel_at_period_end"] = json!(true);
        value["cancel_at"] = json!(1_792_592_000);
        let subscription = Subscription::from_value(&value).unwrap();
        assert!(subscription.cancel_at_period_end);
        assert_eq!(subscription.cancel_at, Some(subscription.period.end));
        assert_eq!(subscription.ended_at, None);
    }

    #[test]
    fn references_may_be_expanded() {
        let mut value = of_basil();
        value["customer"] = json!({"id": "cus_1", "object": "customer"});
        value["items"]["data"][0]["price"] = json!("price_core");
        assert_eq!(Subscription::from_value(&value), Subscription::from_value(&of_basil()));
    }

    #[test]
    fn each_item_has_its_period_and_the_subscription_that_of_the_first() {
        let mut value = of_basil();
        let mut second = value["items"]["data"][0].clone();
        second["id"] = json!("si_2");
        second["price"] = json!("price_extra");
        second["current_period_end"] = json!(1_800_000_000);
        value["items"]["data"].as_array_mut().unwrap().push(second);
        let subscription = Subscription::from_value(&value).unwrap();
        let items = subscription.items.iter().map(|item| (item.id.as_str(), item.price.as_str()));
        assert_eq!(items.collect::<Vec<_>>(), [("si_1", "price_core"), ("si_2", "price_extra")]);
        assert_eq!(subscription.period.end.timestamp(), 1_792_592_000);
        assert_eq!([0, 1].map(|item| subscription.items[item].period.end.timestamp()), [1_792_592_000, 1_800_000_000]);
    }

    #[test]
    fn a_plan_stands_in_for_a_missing_price() {
        let mut on_item = of_2020();
        on_item["items"]["data"][0]["price"] = Value::Null;
        assert!(Subscription::from_value(&on_item).unwrap().sells("price_core"));
    }

    #[test]
    fn the_price_of_an_item_is_read_where_the_item_carries_it() {
        let mut of_price = of_basil();
        of_price["items"]["data"][0]["quantity"] = json!(2);
        let price = json!({"id": "price_core", "object": "price", "unit_amount": 499, "currency": "usd"});
        of_price["items"]["data"][0]["price"] = price;
        let mut of_plan = of_price.clone();
        of_plan["items"]["data"][0]["price"] = Value::Null;
        of_plan["items"]["data"][0]["plan"] = json!({"id": "price_core", "amount": 499, "currency": "usd"});
        for value in [of_price, of_plan] {
            let item = Subscription::from_value(&value).unwrap().items.remove(0);
            assert_eq!((item.unit_amount, item.currency.as_deref(), item.quantity), (Some(499), Some("usd"), Some(2)));
        }
    }

    #[test]
    fn a_missing_field_is_named() {
        let fields = ["id", "customer", "status", "created", "cancel_at_period_end", "items"];
        for field in fields.into_iter().chain(["current_period_start", "current_period_end"]) {
            let mut value = of_2020();
            value.as_object_mut().unwrap().remove(field);
            let what = Subscription::from_value(&value).unwrap_err().what;
            assert!(
                what.starts_with("subscription: ") && what.contains(field.trim_start_matches("current_period_")),
                "{what}"
            );
        }
    }

    #[test]
    fn a_time_out_of_range_is_unreadable() {
        let mut value = of_basil();
        value["items"]["data"][0]["current_period_end"] = json!(i64::MIN);
        let what = Subscription::from_value(&value).unwrap_err().what;
        assert!(what.starts_with("subscription: ") && what.ends_with("is out of range"), "{what}");
    }
}
