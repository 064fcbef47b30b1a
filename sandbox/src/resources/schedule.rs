//! Subscription schedules: changes at a later date (docs.stripe.com/billing/subscriptions/subscription-schedules).

use serde_json::{Value, json};

use crate::{
    resources::{event, price, subscription},
    store::{
        kind::Kind,
        work::{Change, Work, text},
    },
};

/// The change that a schedule requires at a moment.
pub(crate) enum DuePlan {
    /// The items stay.
    Keep,
    /// A phase begins, with these items.
    Items(Value),
    /// The last phase is over: the subscription continues without the schedule.
    Release,
    /// The last phase is over, and so is the subscription.
    Cancel,
}

/// Returns the change that the schedule of a subscription requires now.
pub(crate) fn due_plan(work: &Work<'_>, subscription: &Value) -> DuePlan {
    plan_at(work, subscription, work.now)
}

/// Returns the change that the schedule of a subscription requires at a moment.
pub(crate) fn plan_at(work: &Work<'_>, subscription: &Value, moment: i64) -> DuePlan {
    let schedule = work.get(Kind::Schedule, &text(subscription, "schedule"));
    if schedule["status"] != "active" {
        return DuePlan::Keep;
    }
    match phase_at(&schedule, moment) {
        None if schedule["end_behavior"] == "cancel" => DuePlan::Cancel,
        None => DuePlan::Release,
        Some(phase) if phase["start_date"] == schedule["current_phase"]["start_date"] => DuePlan::Keep,
        Some(phase) => DuePlan::Items(items_of(work, phase, subscription)),
    }
}

fn phase_at(schedule: &Value, now: i64) -> Option<&Value> {
    let mut phases = schedule["phases"].as_array().into_iter().flatten();
    phases.find(|phase| phase["end_date"].as_i64().is_some_and(|end| end > now))
}

/// Returns the subscription's items with the prices and quantities of a phase. Existing items keep their ids.
fn items_of(work: &Work<'_>, phase: &Value, subscription: &Value) -> Value {
    let wanted = phase["items"].as_array().into_iter().flatten();
    let items = wanted.enumerate().map(|(place, wanted)| {
        let price = work.get(Kind::Price, &text(wanted, "price"));
        let mut item = match &subscription["items"]["data"][place] {
            Value::Null => {
                let line = json!({ "price": price, "quantity": wanted["quantity"] });
                subscription::item(work, &text(subscription, "id"), &line)
            }
            known => known.clone(),
        };
        item["plan"] = price::plan(&price);
        item["price"] = price;
        item["quantity"] = wanted["quantity"].clone();
        item
    });
    items.collect()
}

/// Updates a schedule after its subscription was changed accordingly.
pub(crate) fn follow(work: &mut Work<'_>, subscription: &str, plan: &DuePlan) {
    let id = text(&work.get(Kind::Subscription, subscription), "schedule");
    match plan {
        DuePlan::Keep | DuePlan::Cancel => {}
        DuePlan::Items(_) => {
            let now = work.now;
            let change = work.change(Kind::Schedule, &id, |schedule| {
                schedule["current_phase"] = phase_at(schedule, now)
                    .map(|phase| json!({ "end_date": phase["end_date"], "start_date": phase["start_date"] }))
                    .unwrap_or_default();
            });
            apply_discounts(work, &change.after);
            event::emit_change(work, "subscription_schedule.updated", &change);
        }
        DuePlan::Release => drop(release(work, &id)),
    }
}

/// Copies the items of a changed subscription to the current phase of its schedule.
pub(crate) fn mirror(work: &mut Work<'_>, subscription: &Value) {
    let id = text(subscription, "schedule");
    let items: Vec<Value> = subscription["items"]["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| phase_item(&text(&item["price"], "id"), item["quantity"].as_i64().unwrap_or(1)))
        .collect();
    let now = work.now;
    let change = work.change(Kind::Schedule, &id, |schedule| {
        let mut phases = schedule["phases"].as_array_mut().into_iter().flatten();
        if let Some(phase) = phases.find(|phase| phase["end_date"].as_i64().is_some_and(|end| end > now)) {
            phase["items"] = items.into();
        }
    });
    if change.before != change.after {
        event::emit_change(work, "subscription_schedule.updated", &change);
    }
}

/// Renders an item of a phase.
pub(crate) fn phase_item(price: &str, quantity: i64) -> Value {
    json!({
        "billing_thresholds": null,
        "discounts": [],
        "metadata": {},
        "plan": price,
        "price": price,
        "quantity": quantity,
        "tax_rates": [],
    })
}

/// Renders a discount of a phase.
pub(crate) fn phase_discount(id: &str) -> Value {
    json!({ "coupon": null, "discount": id, "promotion_code": null })
}

/// Sets the subscription's discounts to those of the current phase.
pub(crate) fn apply_discounts(work: &mut Work<'_>, schedule: &Value) {
    let phases = schedule["phases"].as_array().into_iter().flatten();
    let current = phases.into_iter().find(|phase| phase["start_date"] == schedule["current_phase"]["start_date"]);
    let Some(discounts) = current.and_then(|phase| phase["discounts"].as_array()) else {
        return;
    };
    let ids: Vec<Value> = discounts.iter().map(|discount| discount["discount"].clone()).collect();
    let change = work.change(Kind::Subscription, &text(schedule, "subscription"), |subscription| {
        subscription["discounts"] = ids.into();
    });
    if change.before != change.after {
        event::emit_change(work, "customer.subscription.updated", &change);
    }
}

/// Ends a schedule as released. The subscription continues without it.
pub(crate) fn release(work: &mut Work<'_>, id: &str) -> Value {
    let now = work.now;
    let Change { before, after: schedule } = work.change(Kind::Schedule, id, |schedule| {
        schedule["status"] = "released".into();
        schedule["released_at"] = now.into();
        schedule["released_subscription"] = schedule["subscription"].clone();
        schedule["subscription"] = Value::Null;
        schedule["current_phase"] = Value::Null;
    });
    event::emit(work, "subscription_schedule.released", &schedule);
    attach(work, &text(&before, "subscription"), Value::Null);
    schedule
}

/// Marks the schedule of a subscription as completed: its last phase is over, and the subscription ends.
pub(crate) fn complete(work: &mut Work<'_>, subscription: &Value) {
    let now = work.now;
    let Change { after: schedule, .. } = work.change(Kind::Schedule, &text(subscription, "schedule"), |schedule| {
        schedule["status"] = "completed".into();
        schedule["completed_at"] = now.into();
        schedule["current_phase"] = Value::Null;
    });
    event::emit(work, "subscription_schedule.completed", &schedule);
}

/// Ends the active schedule of a subscription that ends, and returns it. `None` if there is no active schedule.
pub(crate) fn detach(work: &mut Work<'_>, subscription: &str, status: &str) -> Option<Value> {
    let id = text(&work.get(Kind::Subscription, subscription), "schedule");
    if work.get(Kind::Schedule, &id)["status"] != "active" {
        return None;
    }
    let now = work.now;
    let Change { after: schedule, .. } = work.change(Kind::Schedule, &id, |schedule| {
        schedule["status"] = status.into();
        schedule["canceled_at"] = now.into();
        schedule["current_phase"] = Value::Null;
    });
    Some(schedule)
}

/// Sets the schedule of a subscription, or removes it.
pub(crate) fn attach(work: &mut Work<'_>, subscription: &str, schedule: Value) {
    let change = work.change(Kind::Subscription, subscription, |subscription| {
        subscription["schedule"] = schedule;
    });
    event::emit_change(work, "customer.subscription.updated", &change);
}
