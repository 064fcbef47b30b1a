//! Reading subscription schedules: future changes of a subscription.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::object::{self, Unreadable};

/// A schedule. Stripe documentation: "The Subscription Schedule object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Schedule {
    /// The id, `sub_sched_...`.
    pub id: String,
    /// The status.
    pub status: ScheduleStatus,
    /// The start of the current phase; none runs before the first and after the last.
    current_phase: Option<CurrentPhase>,
    /// The end or the continuation of the subscription after the last phase.
    end_behavior: Option<EndBehavior>,
    /// Its phases, one after the other.
    pub phases: Vec<Phase>,
}

/// The status of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleStatus {
    /// Its subscription has not begun.
    NotStarted,
    /// It controls its subscription.
    Active,
    /// It ended, and its subscription with it.
    Completed,
    /// It ended, and its subscription continues without it.
    Released,
    /// It was canceled, and its subscription with it.
    Canceled,
    /// A status that Stripe has added since.
    #[serde(other)]
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct CurrentPhase {
    start_date: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EndBehavior {
    Cancel,
    #[serde(other)]
    Other,
}

/// A phase of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// When the phase begins, in Unix time.
    pub start_date: i64,
    /// When the phase ends, in Unix time.
    pub end_date: i64,
    /// The items that are sold.
    #[serde(default, deserialize_with = "object::or_default")]
    pub items: Vec<PhaseItem>,
    /// Discounts, coupons and promotion codes that apply.
    #[serde(default, deserialize_with = "object::or_default")]
    pub discounts: Vec<Discount>,
    /// The payment method to charge, where it is not the schedule's.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub default_payment_method: Option<String>,
}

/// A price that a phase sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseItem {
    /// The price, `price_...`.
    #[serde(deserialize_with = "object::id")]
    pub price: String,
    /// The quantity; `None` where it is metered.
    pub quantity: Option<u64>,
}

/// A discount of a phase, named in one of three ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// One that the subscription has already, `di_...`.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub discount: Option<String>,
    /// A coupon.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub coupon: Option<String>,
    /// A promotion code, `promo_...`.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub promotion_code: Option<String>,
}

impl Schedule {
    /// Reads a schedule in any shape since API version 2020-03-02.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read("subscription_schedule", &in_one_shape(value.clone()))
    }

    /// True while it controls a subscription, or will.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.status, ScheduleStatus::Active | ScheduleStatus::NotStarted)
    }

    /// True where the subscription ends with the last phase instead of continuing.
    #[must_use]
    pub fn cancels(&self) -> bool {
        self.end_behavior == Some(EndBehavior::Cancel)
    }

    /// The phases after the current one.
    pub fn future(&self) -> impl Iterator<Item = &Phase> {
        let current = self.current_phase.map_or(i64::MIN, |phase| phase.start_date);
        self.phases.iter().filter(move |phase| phase.start_date > current)
    }

    /// The prices of the first phase that begins at `end` or later; none where the schedule no longer controls anything.
    pub fn prices_from(&self, end: DateTime<Utc>) -> impl Iterator<Item = &str> {
        let phases = if self.is_active() { self.phases.as_slice() } else { &[] };
        let later = phases.iter().filter(move |phase| phase.start_date >= end.timestamp());
        let next = later.min_by_key(|phase| phase.start_date);
        next.into_iter().flat_map(|phase| &phase.items).map(|item| item.price.as_str())
    }

    /// The current phase.
    #[must_use]
    pub fn current(&self) -> Option<&Phase> {
        let start = self.current_phase?.start_date;
        self.phases.iter().find(|phase| phase.start_date == start)
    }
}

/// Converts plans into prices. Until 2020-08-27 phases had `plans` instead of items.
fn in_one_shape(mut schedule: Value) -> Value {
    for phase in object::entries(&mut schedule, "phases") {
        let plans = phase.get("plans").cloned().unwrap_or_default();
        object::fill(phase, "items", &plans);
        for item in phase.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
            let plan = item["plan"].clone();
            if let Some(item) = item.as_object_mut() {
                object::fill(item, "price", &plan);
            }
        }
    }
    schedule
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
        assert_eq!((schedule.id.as_str(), schedule.status), ("sub_sched_1", ScheduleStatus::Active));
        assert!(schedule.is_active() && !schedule.cancels());
        assert_eq!(prices(schedule.current().into_iter()), ["price_pro"]);
        assert_eq!(prices(schedule.future()), ["price_core"]);
        assert_eq!(schedule.phases[0].discounts[0].discount.as_deref(), Some("di_1"));
        assert_eq!(schedule.phases[0].default_payment_method.as_deref(), Some("pm_1"));
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
    fn a_released_schedule_controls_nothing() {
        let mut value = scheduled();
        value["status"] = json!("released");
        value["current_phase"] = Value::Null;
        let schedule = Schedule::from_value(&value).unwrap();
        assert!(!schedule.is_active() && schedule.current().is_none());
    }

    #[test]
    fn a_missing_field_is_named() {
        for field in ["id", "status", "phases"] {
            let mut value = scheduled();
            value.as_object_mut().unwrap().remove(field);
            let what = Schedule::from_value(&value).unwrap_err().what;
            assert_eq!(what, format!("subscription_schedule: missing field `{field}`"));
        }
    }
}
