//! `POST /v1/invoices/create_preview`: an invoice that is not stored
//! (`docs.stripe.com/api/invoices/create_preview`).

use serde_json::Value;

use crate::{
    api::call::Call,
    billing::{
        cancellation::Ending,
        plan_change::{self, PlanChange, ProrationBehavior},
        renewal::DRAFT_SECONDS,
    },
    calls::{cancellation, subscription},
    resources::{
        invoice::{self, Draft},
        invoice_item,
        schedule::{self, DuePlan},
        subscription::{has_ended, period_end, period_start, set_items},
    },
    store::{
        calendar::{self, Period},
        kind::Kind,
        problem::{Answer, Problem},
        work::{Work, text},
    },
};

/// `POST /v1/invoices/create_preview`, for a subscription: previews its next invoice, or the invoice that a change
/// creates immediately. For a schedule: previews the next invoice of its subscription, with what is scheduled.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    if let Some(schedule) = params.text("schedule")? {
        return create_scheduled(call, &schedule);
    }
    let subscription = params.text("subscription")?.ok_or_else(|| {
        let message = "The sandbox previews invoices of subscriptions: pass `subscription` or `schedule`.";
        Problem::invalid_parameter("subscription", message)
    })?;
    let subscription = call.work.state.named_in("subscription", Kind::Subscription, &subscription)?;
    if let Some(customer) = params.text("customer")?
        && subscription["customer"] != customer.as_str()
    {
        return Err(Problem::no_such_in("subscription", Kind::Subscription, &text(&subscription, "id")));
    }
    let mut plan = None;
    let mut ends = !subscription["cancel_at"].is_null();
    if let Some(mut details) = params.child("subscription_details")? {
        plan = subscription::read_plan(&call.work, &mut details, &subscription)?;
        let now = call.work.now;
        ends =
            cancellation::read_ending(&mut details, &subscription, now)?.map_or(ends, |ending| ending != Ending::Never);
        details.finish()?;
    }
    params.ignore(&["preview_mode"]);
    params.finish()?;
    let at_once = plan.as_ref().is_some_and(|plan| plan.proration == ProrationBehavior::AlwaysInvoice);
    if has_ended(&subscription) || ends && !at_once {
        return Err(none_upcoming(&subscription));
    }
    let items = plan.as_ref().map(|plan| Value::Array(plan.items.clone()));
    Ok(render(&call.work, &subscription, plan.as_ref(), items))
}

/// Stripe accepts a schedule only without a subscription and its details.
fn create_scheduled(call: &mut Call<'_>, schedule: &str) -> Answer {
    let schedule = call.work.state.named_in("schedule", Kind::Schedule, schedule)?;
    if call.params.text("subscription")?.is_some() || call.params.child("subscription_details")?.is_some() {
        let message = "You may only specify one of these parameters: schedule, subscription.";
        return Err(Problem::invalid_parameter("schedule", message));
    }
    call.params.ignore(&["preview_mode"]);
    call.params.finish()?;
    let subscription = call.work.get(Kind::Subscription, &text(&schedule, "subscription"));
    if subscription.is_null() || has_ended(&subscription) {
        return Err(none_upcoming(&schedule));
    }
    let items = match schedule::plan_at(&call.work, &subscription, period_end(&subscription)) {
        DuePlan::Cancel => return Err(none_upcoming(&subscription)),
        DuePlan::Items(items) => Some(items),
        DuePlan::Keep | DuePlan::Release => None,
    };
    Ok(render(&call.work, &subscription, None, items))
}

fn none_upcoming(object: &Value) -> Problem {
    let message = format!("No upcoming invoices for subscription: {}", text(object, "id"));
    Problem::not_now_with_code("invoice_upcoming_none", message)
}

/// Renders the invoice of a subscription that has these items from then on.
fn render(work: &Work<'_>, subscription: &Value, plan: Option<&PlanChange>, items: Option<Value>) -> Value {
    let prorations = plan.map(|plan| plan_change::prorations(work, subscription, plan)).unwrap_or_default();
    let at_once = plan.is_some_and(|plan| plan.proration == ProrationBehavior::AlwaysInvoice);
    let waiting = work.state.pending_lines.get(&text(subscription, "id"));
    let mut lines = waiting.cloned().unwrap_or_default();
    lines.extend(invoice_item::waiting(work, &subscription["customer"], &subscription["id"]));
    lines.extend(prorations);
    let mut next = subscription.clone();
    if let Some(items) = items {
        set_items(&mut next, &items);
    }
    if !at_once {
        begin_next_period(&mut next);
        lines.extend(invoice::period_lines(work, &next));
    }
    let end = period_end(subscription);
    let draft = Draft {
        id: work.random("upcoming_in_", 24),
        subscription: &next,
        reason: if at_once { "subscription_update" } else { "upcoming" },
        period: if at_once { Period::moment(work.now) } else { Period { start: period_start(subscription), end } },
        lines,
    };
    let mut invoice = invoice::render(work, draft);
    if !at_once {
        invoice["created"] = end.into();
        invoice["next_payment_attempt"] = (end + DRAFT_SECONDS).into();
    }
    invoice
}

/// Moves a subscription to its next period, as its next renewal does.
fn begin_next_period(subscription: &mut Value) {
    let anchor = subscription["billing_cycle_anchor"].as_i64().unwrap_or_default();
    subscription["status"] = "active".into();
    for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
        let end = item["current_period_end"].as_i64().unwrap_or_default();
        item["current_period_start"] = end.into();
        item["current_period_end"] = calendar::next_end(anchor, &item["price"]["recurring"], end).into();
    }
}
