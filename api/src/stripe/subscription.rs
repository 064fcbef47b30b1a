//! A subscription as Stripe tells it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::object::{self, Id, List, Unreadable, optional_time, required, required_time};

/// A subscription. Stripe documentation: "The Subscription object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The id, `sub_...`.
    pub id: String,
    /// The customer who pays.
    pub customer: String,
    /// The state, in Stripe's spelling: `active`, `past_due`, `canceled` and so on.
    pub status: String,
    /// The price of the first item, or the plan where an old subscription has no price.
    pub price: Option<String>,
    /// The prices of all items, in Stripe's order.
    pub prices: Vec<String>,
    /// The current periods of those items, beginning and end, in the same order. An item may be billed in another interval
    /// than the first one. Stripe documentation: "Mixed interval subscriptions".
    pub periods: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// The items that have an id and a price, in Stripe's order.
    pub items: Vec<SubscriptionItem>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When the first item's current period began.
    pub current_period_start: DateTime<Utc>,
    /// When the first item's current period ends.
    pub current_period_end: DateTime<Utc>,
    /// Whether it ends with the current period.
    pub cancel_at_period_end: bool,
    /// When it is going to end, if it is.
    pub cancel_at: Option<DateTime<Utc>>,
    /// When the end was asked for; the end itself may be later.
    pub canceled_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// `charge_automatically` or `send_invoice`.
    pub collection_method: Option<String>,
    /// The newest invoice.
    pub latest_invoice: Option<String>,
    /// Whether a change waits for its payment. Stripe documentation: "Pending updates".
    pub pending_update: bool,
    /// The schedule that steers it, if one does.
    pub schedule: Option<String>,
    /// Whether it is about real money.
    pub livemode: bool,
    /// What the maker of the subscription wrote on it.
    pub metadata: BTreeMap<String, String>,
}

/// What a subscription is for. Stripe documentation: "The Subscription Item object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionItem {
    /// The id, `si_...`.
    pub id: String,
    /// The price, `price_...`.
    pub price: String,
    /// How many; `None` where it is metered.
    pub quantity: Option<u64>,
}

impl Subscription {
    /// Whether it ends with its period at the latest. In flexible billing mode Stripe's portal writes the date alone, and
    /// leaves `cancel_at_period_end` false. Stripe documentation: "Cancel subscriptions".
    #[must_use]
    pub fn ends_with_period(&self) -> bool {
        self.cancel_at_period_end || self.cancel_at.is_some_and(|at| at <= self.current_period_end)
    }

    /// Reads a subscription in any shape since API version 2020-03-02. Before 2025-03-31 the period is on the
    /// subscription, since then on its items. Stripe documentation: "Deprecates subscription current period start
    /// and end".
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or odd.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read::<Wire>("subscription", value)?.into_subscription()
    }

    /// When the current period of the item with the price at `position` of `prices` began, and when it ends.
    #[must_use]
    pub fn period_of(&self, position: usize) -> (DateTime<Utc>, DateTime<Utc>) {
        self.periods.get(position).copied().unwrap_or((self.current_period_start, self.current_period_end))
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    customer: Option<Id>,
    status: Option<String>,
    items: Option<List<WireItem>>,
    plan: Option<Id>,
    created: Option<i64>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
    cancel_at_period_end: Option<bool>,
    cancel_at: Option<i64>,
    canceled_at: Option<i64>,
    ended_at: Option<i64>,
    collection_method: Option<String>,
    latest_invoice: Option<Id>,
    pending_update: Option<Value>,
    schedule: Option<Id>,
    livemode: Option<bool>,
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct WireItem {
    id: Option<String>,
    price: Option<Id>,
    plan: Option<Id>,
    quantity: Option<u64>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
}

/// What the items say, in one place.
#[derive(Default)]
struct Items {
    prices: Vec<String>,
    named: Vec<SubscriptionItem>,
    /// Beginning and end of those items that have a price.
    periods: Vec<(Option<i64>, Option<i64>)>,
    /// Of the first item.
    period_start: Option<i64>,
    /// Of the first item.
    period_end: Option<i64>,
}

impl Items {
    fn read(items: Option<List<WireItem>>) -> Self {
        let mut read = Self::default();
        for (position, item) in items.into_iter().flat_map(|items| items.data).enumerate() {
            if position == 0 {
                read.period_start = item.current_period_start;
                read.period_end = item.current_period_end;
            }
            let Some(price) = object::id(item.price.or(item.plan)) else { continue };
            read.prices.push(price.clone());
            read.periods.push((item.current_period_start, item.current_period_end));
            read.named.extend(item.id.map(|id| SubscriptionItem { id, price, quantity: item.quantity }));
        }
        read
    }
}

impl Wire {
    fn into_subscription(self) -> Result<Subscription, Unreadable> {
        let mut items = Items::read(self.items);
        if items.prices.is_empty() {
            items.prices.extend(object::id(self.plan));
        }
        let period_start = items.period_start.or(self.current_period_start);
        let period_end = items.period_end.or(self.current_period_end);
        let (start, end) = ("subscription.current_period_start", "subscription.current_period_end");
        let periods = items.periods.iter().map(|(from, to)| {
            Ok((required_time(start, from.or(period_start))?, required_time(end, to.or(period_end))?))
        });
        let periods = periods.collect::<Result<_, Unreadable>>()?;
        Ok(Subscription {
            id: required("subscription.id", self.id)?,
            customer: required("subscription.customer", self.customer)?.into_string(),
            status: required("subscription.status", self.status)?,
            price: items.prices.first().cloned(),
            prices: items.prices,
            periods,
            items: items.named,
            created: required_time("subscription.created", self.created)?,
            current_period_start: required_time(start, period_start)?,
            current_period_end: required_time(end, period_end)?,
            cancel_at_period_end: required("subscription.cancel_at_period_end", self.cancel_at_period_end)?,
            cancel_at: optional_time("subscription.cancel_at", self.cancel_at)?,
            canceled_at: optional_time("subscription.canceled_at", self.canceled_at)?,
            ended_at: optional_time("subscription.ended_at", self.ended_at)?,
            collection_method: self.collection_method,
            latest_invoice: object::id(self.latest_invoice),
            pending_update: self.pending_update.is_some(),
            schedule: object::id(self.schedule),
            livemode: required("subscription.livemode", self.livemode)?,
            metadata: self.metadata.unwrap_or_default(),
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
        assert_eq!(subscription.price.as_deref(), Some("price_core"));
        assert_eq!(subscription.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["si_1"]);
        assert_eq!(subscription.current_period_start.timestamp(), 1_790_000_000);
        assert_eq!(subscription.current_period_end.timestamp(), 1_792_592_000);
        assert_eq!(subscription.latest_invoice.as_deref(), Some("in_1"));
        assert_eq!(subscription.metadata["tier"], "CORE");
    }

    #[test]
    fn an_announced_end_is_read() {
        let mut value = of_basil();
        value["cancel_at_period_end"] = json!(true);
        value["cancel_at"] = json!(1_792_592_000);
        value["canceled_at"] = json!(1_790_000_100);
        let subscription = Subscription::from_value(&value).unwrap();
        assert!(subscription.cancel_at_period_end);
        assert_eq!(subscription.cancel_at, Some(subscription.current_period_end));
        assert_eq!(subscription.canceled_at.map(|at| at.timestamp()), Some(1_790_000_100));
        assert_eq!(subscription.ended_at, None);
    }

    #[test]
    fn references_may_be_expanded() {
        let mut value = of_basil();
        value["customer"] = json!({"id": "cus_1", "object": "customer"});
        value["latest_invoice"] = json!({"id": "in_1", "object": "invoice"});
        assert_eq!(Subscription::from_value(&value), Subscription::from_value(&of_basil()));
    }

    #[test]
    fn the_first_item_gives_price_and_period_and_all_items_give_prices() {
        let mut value = of_basil();
        let mut second = value["items"]["data"][0].clone();
        second["id"] = json!("si_2");
        second["price"] = json!("price_extra");
        second["current_period_end"] = json!(1_800_000_000);
        value["items"]["data"].as_array_mut().unwrap().push(second);
        let subscription = Subscription::from_value(&value).unwrap();
        assert_eq!(subscription.prices, ["price_core", "price_extra"]);
        assert_eq!(subscription.price.as_deref(), Some("price_core"));
        let items = subscription.items.iter().map(|item| (item.id.as_str(), item.price.as_str()));
        assert_eq!(items.collect::<Vec<_>>(), [("si_1", "price_core"), ("si_2", "price_extra")]);
        assert_eq!(subscription.current_period_end.timestamp(), 1_792_592_000);
        let ends = [0, 1, 2].map(|position| subscription.period_of(position).1.timestamp());
        assert_eq!(ends, [1_792_592_000, 1_800_000_000, 1_792_592_000]);
    }

    #[test]
    fn a_plan_stands_in_for_a_missing_price() {
        let mut on_item = of_2020();
        on_item["items"]["data"][0]["price"] = Value::Null;
        assert_eq!(Subscription::from_value(&on_item).unwrap().price.as_deref(), Some("price_core"));
        let mut on_subscription = of_2020();
        on_subscription["items"] = Value::Null;
        let subscription = Subscription::from_value(&on_subscription).unwrap();
        assert_eq!(subscription.prices, ["price_core"]);
        assert!(subscription.items.is_empty());
    }

    #[test]
    fn what_a_subscription_must_have_is_named_when_it_is_missing() {
        let fields = ["id", "customer", "status", "created", "cancel_at_period_end", "livemode"];
        for field in fields.into_iter().chain(["current_period_start", "current_period_end"]) {
            let mut value = of_2020();
            value.as_object_mut().unwrap().remove(field);
            let what = Subscription::from_value(&value).unwrap_err().what;
            assert_eq!(what, format!("subscription.{field} is missing"));
        }
    }

    #[test]
    fn a_time_out_of_range_is_unreadable() {
        let mut value = of_basil();
        value["items"]["data"][0]["current_period_end"] = json!(i64::MIN);
        let what = Subscription::from_value(&value).unwrap_err().what;
        assert!(what.starts_with("subscription.current_period_end is out of range"), "{what}");
    }
}
