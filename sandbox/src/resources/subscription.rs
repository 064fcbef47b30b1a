//! Subscriptions (docs.stripe.com/api/subscriptions).

use serde_json::{Map, Value, json};

use crate::{
    api::list,
    resources::{discount, price},
    store::{
        calendar::{self, DAY_SECONDS},
        kind::Kind,
        order::{BillingMode, Trial},
        timers::Timer,
        work::{Work, text},
    },
};

/// Seconds between the notice of the end of a trial and that end.
const TRIAL_NOTICE_SECONDS: i64 = 3 * DAY_SECONDS;

/// Statuses that a subscription never leaves.
pub(crate) const ENDED: [&str; 2] = ["canceled", "incomplete_expired"];

/// The content of a new subscription.
pub(crate) struct Start {
    pub(crate) customer: Value,
    /// Line items of the checkout session, all with recurring prices.
    pub(crate) lines: Vec<Value>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) description: Value,
    pub(crate) payment_method: String,
    /// The id of the first invoice, which is created right afterwards.
    pub(crate) invoice: String,
    pub(crate) trial: Option<Trial>,
    pub(crate) coupon: Option<String>,
    pub(crate) promotion_code: Option<String>,
    pub(crate) automatic_tax: bool,
    pub(crate) billing_mode: BillingMode,
}

/// Adds a subscription whose first period, or trial, begins now. The caller emits its event.
pub(crate) fn start(work: &mut Work<'_>, start: &Start) -> Value {
    let id = work.new_id(Kind::Subscription);
    let mut subscription = render(work, &id, start);
    if let Some(trial_end) = start.trial.map(|trial| trial.end(work.now)) {
        subscription["billing_cycle_anchor"] = trial_end.into();
        subscription["status"] = "trialing".into();
        subscription["trial_start"] = work.now.into();
        subscription["trial_end"] = trial_end.into();
        for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
            item["current_period_end"] = trial_end.into();
        }
        let notice = (trial_end - TRIAL_NOTICE_SECONDS).max(work.now);
        work.state.timers.add(notice, Timer::TrialNotice(id.clone()));
    }
    if let Some(coupon) = &start.coupon {
        let discount = discount::add(work, coupon, start.promotion_code.as_deref(), &subscription);
        subscription["discounts"] = json!([discount]);
    }
    work.state.timers.add(period_end(&subscription), Timer::PeriodEnd(id));
    work.put(Kind::Subscription, subscription.clone());
    // The customer is billed in the currency of its subscription.
    let currency = subscription["currency"].clone();
    work.change(Kind::Customer, &text(&subscription, "customer"), |customer| customer["currency"] = currency);
    subscription
}

fn render(work: &Work<'_>, id: &str, start: &Start) -> Value {
    let items: Vec<Value> = start.lines.iter().map(|line| item(work, id, line)).collect();
    let url = format!("/v1/subscription_items?subscription={id}");
    json!({
        "id": id,
        "object": "subscription",
        "application": null,
        "application_fee_percent": null,
        "automatic_tax": {
            "disabled_reason": null,
            "enabled": start.automatic_tax,
            "liability": start.automatic_tax.then(|| json!({ "type": "self" })),
        },
        "billing_cycle_anchor": work.now,
        "billing_cycle_anchor_config": null,
        "billing_mode": start.billing_mode.render(),
        "billing_schedules": [],
        "billing_thresholds": null,
        "cancel_at": null,
        "cancel_at_period_end": false,
        "canceled_at": null,
        "cancellation_details": { "comment": null, "feedback": null, "reason": null },
        "collection_method": "charge_automatically",
        "created": work.now,
        "currency": items.first().map(|item| item["price"]["currency"].clone()),
        "customer": start.customer,
        "customer_account": null,
        "days_until_due": null,
        "default_payment_method": start.payment_method,
        "default_source": null,
        "default_tax_rates": [],
        "description": start.description,
        "discounts": [],
        "ended_at": null,
        "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
        "items": list::whole(&url, &items),
        "latest_invoice": start.invoice,
        "livemode": false,
        "metadata": start.metadata,
        "next_pending_invoice_item_invoice": null,
        "on_behalf_of": null,
        "pause_collection": null,
        "payment_settings": {
            "payment_method_options": null,
            "payment_method_types": null,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": null,
        "pending_setup_intent": null,
        "pending_update": null,
        "plan": items.first().map(|item| item["plan"].clone()),
        "quantity": items.first().map(|item| item["quantity"].clone()),
        "schedule": null,
        "start_date": work.now,
        "status": "active",
        "test_clock": work.get(Kind::Customer, start.customer.as_str().unwrap_or_default())["test_clock"],
        "transfer_data": null,
        "trial_end": null,
        "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
        "trial_start": null,
    })
}

/// Renders an item with the price of a line. Its period begins now.
pub(crate) fn item(work: &Work<'_>, subscription: &str, line: &Value) -> Value {
    json!({
        "id": work.random("si_", 14),
        "object": "subscription_item",
        "billing_thresholds": null,
        "created": work.now,
        "current_period_end": calendar::end_of(work.now, &line["price"]["recurring"], 1),
        "current_period_start": work.now,
        "discounts": [],
        "metadata": {},
        "plan": price::plan(&line["price"]),
        "price": line["price"],
        "quantity": line["quantity"],
        "subscription": subscription,
        "tax_rates": [],
    })
}

/// Returns the end of the current period: the earliest end of its items.
pub(crate) fn period_end(subscription: &Value) -> i64 {
    let items = subscription["items"]["data"].as_array().into_iter().flatten();
    items.filter_map(|item| item["current_period_end"].as_i64()).min().unwrap_or_default()
}

/// Returns the start of the current period: the earliest start of its items.
pub(crate) fn period_start(subscription: &Value) -> i64 {
    let items = subscription["items"]["data"].as_array().into_iter().flatten();
    items.filter_map(|item| item["current_period_start"].as_i64()).min().unwrap_or_default()
}

pub(crate) fn has_ended(subscription: &Value) -> bool {
    subscription.is_null() || ENDED.contains(&text(subscription, "status").as_str())
}

/// Replaces the items, and the older fields `plan` and `quantity`, which repeat the first item.
pub(crate) fn set_items(subscription: &mut Value, items: &Value) {
    subscription["items"]["data"] = items.clone();
    subscription["items"]["total_count"] = items.as_array().map_or(0, Vec::len).into();
    subscription["plan"] = items[0]["plan"].clone();
    subscription["quantity"] = items[0]["quantity"].clone();
}
