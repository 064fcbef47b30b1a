//! A subscription schedule as Stripe tells it: what is going to become of a subscription.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::object::{self, Id, Unreadable, required, required_time};

/// A schedule. Stripe documentation: "The Subscription Schedule object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The id, `sub_sched_...`.
    pub id: String,
    /// The customer who pays.
    pub customer: String,
    /// The subscription that it steers, or has steered until it was released.
    pub subscription: Option<String>,
    /// `not_started`, `active`, `completed`, `released` or `canceled`.
    pub status: String,
    /// When the current phase began; none runs before the first and after the last.
    pub current_start: Option<DateTime<Utc>>,
    /// Whether the subscription ends with the last phase, instead of going on.
    pub cancels: bool,
    /// Its phases, one after the other.
    pub phases: Vec<Phase>,
}

/// What holds for a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// When it begins. Unix time.
    pub start: i64,
    /// When it ends. Unix time.
    pub end: i64,
    /// What is sold.
    pub items: Vec<PhaseItem>,
    /// Discounts, coupons and promotion codes that apply.
    #[serde(default)]
    pub discounts: Vec<Discount>,
    /// What is charged, where it is not what the schedule says for all phases.
    #[serde(default)]
    pub payment_method: Option<String>,
}

/// A price that a phase sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseItem {
    /// The price, `price_...`.
    pub price: String,
    /// How many; `None` where it is metered.
    pub quantity: Option<u64>,
}

/// A discount of a phase, named by one of three.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discount {
    /// One that the subscription has already, `di_...`.
    Discount(String),
    /// A coupon.
    Coupon(String),
    /// A promotion code, `promo_...`.
    PromotionCode(String),
}

impl Schedule {
    /// Reads a schedule in any shape since API version 2020-03-02. Until 2020-08-27 phases had `plans` instead of items.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or odd.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read::<Wire>("subscription_schedule", value)?.into_schedule()
    }

    /// Whether it steers a subscription, now or soon.
    #[must_use]
    pub fn active(&self) -> bool {
        matches!(self.status.as_str(), "active" | "not_started")
    }

    /// The phases that are still to come.
    pub fn coming(&self) -> impl Iterator<Item = &Phase> {
        let current = self.current_start.map_or(i64::MIN, |start| start.timestamp());
        self.phases.iter().filter(move |phase| phase.start > current)
    }

    /// The prices of the first phase that begins at `end` or later; none where the schedule controls nothing any more.
    pub fn prices_from(&self, end: DateTime<Utc>) -> impl Iterator<Item = &str> {
        let later = self.phases.iter().filter(move |phase| phase.start >= end.timestamp());
        let next = later.min_by_key(|phase| phase.start).filter(|_| self.active());
        next.into_iter().flat_map(|phase| &phase.items).map(|item| item.price.as_str())
    }

    /// The phase that runs.
    #[must_use]
    pub fn current(&self) -> Option<&Phase> {
        let start = self.current_start?.timestamp();
        self.phases.iter().find(|phase| phase.start == start)
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    customer: Option<Id>,
    subscription: Option<Id>,
    released_subscription: Option<Id>,
    status: Option<String>,
    current_phase: Option<WireSpan>,
    end_behavior: Option<String>,
    phases: Option<Vec<WirePhase>>,
}

#[derive(Deserialize)]
struct WireSpan {
    start_date: Option<i64>,
}

#[derive(Deserialize)]
struct WirePhase {
    start_date: Option<i64>,
    end_date: Option<i64>,
    items: Option<Vec<WireItem>>,
    plans: Option<Vec<WireItem>>,
    discounts: Option<Vec<WireDiscount>>,
    default_payment_method: Option<Id>,
}

#[derive(Deserialize)]
struct WireItem {
    price: Option<Id>,
    plan: Option<Id>,
    quantity: Option<u64>,
}

#[derive(Deserialize)]
struct WireDiscount {
    discount: Option<Id>,
    coupon: Option<Id>,
    promotion_code: Option<Id>,
}

impl Wire {
    fn into_schedule(self) -> Result<Schedule, Unreadable> {
        let start = self.current_phase.map(|phase| phase.start_date);
        let current_start = start.map(|start| required_time("subscription_schedule.current_phase.start_date", start));
        let phases = required("subscription_schedule.phases", self.phases)?;
        Ok(Schedule {
            id: required("subscription_schedule.id", self.id)?,
            customer: required("subscription_schedule.customer", self.customer)?.into_string(),
            subscription: object::id(self.subscription.or(self.released_subscription)),
            status: required("subscription_schedule.status", self.status)?,
            current_start: current_start.transpose()?,
            cancels: self.end_behavior.as_deref() == Some("cancel"),
            phases: phases.into_iter().map(WirePhase::into_phase).collect::<Result<_, _>>()?,
        })
    }
}

impl WirePhase {
    fn into_phase(self) -> Result<Phase, Unreadable> {
        let items = self.items.or(self.plans).unwrap_or_default();
        let item = |item: WireItem| {
            let price = object::id(item.price.or(item.plan))?;
            Some(PhaseItem { price, quantity: item.quantity })
        };
        Ok(Phase {
            start: required("subscription_schedule.phases.start_date", self.start_date)?,
            end: required("subscription_schedule.phases.end_date", self.end_date)?,
            items: items.into_iter().filter_map(item).collect(),
            discounts: self.discounts.into_iter().flatten().filter_map(WireDiscount::into_discount).collect(),
            payment_method: object::id(self.default_payment_method),
        })
    }
}

impl WireDiscount {
    fn into_discount(self) -> Option<Discount> {
        let coupon = || object::id(self.coupon).map(Discount::Coupon);
        let code = || object::id(self.promotion_code).map(Discount::PromotionCode);
        object::id(self.discount).map(Discount::Discount).or_else(code).or_else(coupon)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scheduled() -> Value {
        json!({
            "id": "sub_sched_1", "object": "subscription_schedule", "customer": "cus_1", "subscription": "sub_1",
            "released_subscription": null, "status": "active", "end_behavior": "release",
            "current_phase": {"start_date": 1_790_000_000, "end_date": 1_792_592_000},
            "phases": [
                {"start_date": 1_790_000_000, "end_date": 1_792_592_000, "discounts": [{"discount": "di_1", "coupon": null}],
                 "default_payment_method": "pm_1", "items": [{"price": "price_pro", "plan": "price_pro", "quantity": 1}]},
                {"start_date": 1_792_592_000, "end_date": 1_795_184_000, "discounts": [],
                 "items": [{"price": {"id": "price_core", "object": "price"}, "quantity": 1}]},
            ],
        })
    }

    fn prices<'a>(phases: impl Iterator<Item = &'a Phase>) -> Vec<&'a str> {
        phases.flat_map(|phase| &phase.items).map(|item| item.price.as_str()).collect()
    }

    #[test]
    fn running_and_scheduled_prices_are_read() {
        let schedule = Schedule::from_value(&scheduled()).unwrap();
        assert_eq!((schedule.id.as_str(), schedule.subscription.as_deref()), ("sub_sched_1", Some("sub_1")));
        assert!(schedule.active() && !schedule.cancels);
        assert_eq!(prices(schedule.current().into_iter()), ["price_pro"]);
        assert_eq!(prices(schedule.coming()), ["price_core"]);
        assert_eq!(schedule.phases[0].discounts, [Discount::Discount("di_1".to_owned())]);
        assert_eq!(schedule.phases[0].payment_method.as_deref(), Some("pm_1"));
    }

    #[test]
    fn phases_of_2020_have_plans() {
        let mut value = scheduled();
        for phase in value["phases"].as_array_mut().unwrap() {
            let phase = phase.as_object_mut().unwrap();
            let items = phase.remove("items").unwrap();
            phase.insert("plans".to_owned(), items);
        }
        assert_eq!(Schedule::from_value(&value), Schedule::from_value(&scheduled()));
    }

    #[test]
    fn a_released_schedule_names_what_it_has_steered() {
        let mut value = scheduled();
        value["status"] = json!("released");
        value["released_subscription"] = value["subscription"].take();
        value["current_phase"] = Value::Null;
        let schedule = Schedule::from_value(&value).unwrap();
        assert_eq!(schedule.subscription.as_deref(), Some("sub_1"));
        assert!(!schedule.active() && schedule.current().is_none());
    }

    #[test]
    fn what_a_schedule_must_have_is_named_when_it_is_missing() {
        for field in ["id", "customer", "status", "phases"] {
            let mut value = scheduled();
            value.as_object_mut().unwrap().remove(field);
            let what = Schedule::from_value(&value).unwrap_err().what;
            assert_eq!(what, format!("subscription_schedule.{field} is missing"));
        }
    }
}
