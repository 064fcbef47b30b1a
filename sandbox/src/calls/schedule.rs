//! Calls on subscription schedules (`docs.stripe.com/api/subscription_schedules`).

use serde_json::{Value, json};

use crate::{
    api::{call::Call, form::Params, metadata},
    billing::cancellation,
    calls::{cancellation::read_settlement, subscription},
    resources::{
        event,
        schedule::{self, phase_item},
        subscription::{has_ended, period_end, period_start},
    },
    store::{
        calendar::{self, Period},
        kind::Kind,
        problem::{Answer, Problem},
        timers::Timer,
        work::{Work, text},
    },
};

const MAX_PHASES: usize = 10;

/// `POST /v1/subscription_schedules`: creates a schedule, from a subscription only.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let subscription = call.params.text("from_subscription")?.ok_or_else(|| {
        let message = "The sandbox creates schedules from subscriptions only: pass `from_subscription`.";
        Problem::invalid_parameter("from_subscription", message)
    })?;
    let metadata = metadata::of_new(&mut call.params)?;
    call.params.finish()?;
    let work = &mut call.work;
    let subscription = work.state.named_in("from_subscription", Kind::Subscription, &subscription)?;
    if has_ended(&subscription) {
        let message = "You cannot migrate a subscription that is canceled.";
        return Err(Problem::invalid_parameter("from_subscription", message));
    }
    if !subscription["schedule"].is_null() {
        let known = text(&subscription, "schedule");
        let message = format!("You cannot migrate a subscription that is already attached to a schedule: `{known}`.");
        return Err(Problem::invalid_parameter("from_subscription", message));
    }
    let mut schedule = render(work, &subscription);
    schedule["metadata"] = metadata.into();
    let id = work.put(Kind::Schedule, schedule.clone());
    work.state.timers.add(period_end(&subscription), Timer::PhaseEnd(id.clone()));
    event::emit(work, "subscription_schedule.created", &schedule);
    schedule::attach(work, &text(&subscription, "id"), id.into());
    Ok(schedule)
}

fn render(work: &Work<'_>, subscription: &Value) -> Value {
    let (start, end) = (period_start(subscription), period_end(subscription));
    let items = subscription["items"]["data"].as_array().into_iter().flatten();
    let items: Vec<Value> =
        items.map(|item| phase_item(&text(&item["price"], "id"), item["quantity"].as_i64().unwrap_or(1))).collect();
    let ends = !subscription["cancel_at"].is_null();
    let mut first = phase(&subscription["currency"], &items, Period { start, end });
    let discounts = subscription["discounts"].as_array().into_iter().flatten();
    first["discounts"] = discounts.filter_map(Value::as_str).map(schedule::phase_discount).collect();
    json!({
        "id": work.new_id(Kind::Schedule),
        "object": "subscription_schedule",
        "application": null,
        "billing_mode": subscription["billing_mode"],
        "canceled_at": null,
        "completed_at": null,
        "created": work.now,
        "current_phase": { "end_date": end, "start_date": start },
        "customer": subscription["customer"],
        "customer_account": null,
        "default_settings": {
            "application_fee_percent": null,
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": null,
            "collection_method": "charge_automatically",
            "default_payment_method": subscription["default_payment_method"],
            "default_source": null,
            "description": null,
            "invoice_settings": { "account_tax_ids": null, "days_until_due": null, "issuer": { "type": "self" } },
            "on_behalf_of": null,
            "transfer_data": null,
        },
        "end_behavior": if ends { "cancel" } else { "release" },
        "livemode": false,
        "metadata": {},
        "phases": [first],
        "released_at": null,
        "released_subscription": null,
        "renewal_interval": null,
        "status": "active",
        "subscription": subscription["id"],
        "test_clock": null,
    })
}

fn phase(currency: &Value, items: &[Value], Period { start, end }: Period) -> Value {
    json!({
        "add_invoice_items": [],
        "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": null,
        "billing_thresholds": null,
        "collection_method": "charge_automatically",
        "currency": currency,
        "default_payment_method": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "end_date": end,
        "invoice_settings": null,
        "items": items,
        "metadata": {},
        "on_behalf_of": null,
        "proration_behavior": "create_prorations",
        "start_date": start,
        "transfer_data": null,
        "trial_end": null,
    })
}

/// `POST /v1/subscription_schedules/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let (id, schedule) = active(call)?;
    let subscription = call.work.get(Kind::Subscription, &text(&schedule, "subscription"));
    let end_behavior = call.params.text("end_behavior")?;
    if end_behavior.as_deref().is_some_and(|end| !["release", "cancel"].contains(&end)) {
        let message = "Invalid end_behavior: must be `release` or `cancel`.";
        return Err(Problem::invalid_parameter("end_behavior", message));
    }
    let metadata = metadata::read(&mut call.params)?;
    let given = call.params.children("phases")?;
    let phases = phases(&call.work, given, &schedule, &subscription)?;
    call.params.ignore(&["proration_behavior", "default_settings"]);
    call.params.finish()?;
    let work = &mut call.work;
    for phase in &phases {
        let end = phase["end_date"].as_i64().unwrap_or_default();
        work.state.timers.add(end, Timer::PhaseEnd(id.clone()));
    }
    let change = work.change(Kind::Schedule, &id, |schedule| {
        if let Some(first) = phases.first() {
            schedule["current_phase"] = json!({ "end_date": first["end_date"], "start_date": first["start_date"] });
            schedule["phases"] = phases.into();
        }
        if let Some(end_behavior) = end_behavior {
            schedule["end_behavior"] = end_behavior.into();
        }
        metadata::apply_to(schedule, metadata);
    });
    if change.before != change.after {
        schedule::apply_discounts(work, &change.after);
        event::emit_change(work, "subscription_schedule.updated", &change);
    }
    Ok(change.after)
}

/// Returns the schedule that the path names, which must be active.
fn active(call: &Call<'_>) -> Result<(String, Value), Problem> {
    let id = call.id();
    let schedule = call.work.state.named(Kind::Schedule, &id)?;
    if schedule["status"] == "active" {
        return Ok((id, schedule));
    }
    let status = text(&schedule, "status");
    let message = format!("You cannot update a subscription schedule that is currently in the `{status}` status.");
    Err(Problem::not_now(message))
}

/// Reads the phases from the current one on. Each begins where the previous one ends.
fn phases(work: &Work<'_>, given: Vec<Params>, schedule: &Value, subscription: &Value) -> Result<Vec<Value>, Problem> {
    if given.len() > MAX_PHASES {
        return Err(Problem::invalid_parameter("phases", format!("At most {MAX_PHASES} phases are allowed.")));
    }
    let mut start = schedule["current_phase"]["start_date"].as_i64().unwrap_or_default();
    let mut phases = Vec::new();
    for mut params in given {
        let name = params.name_of("start_date");
        if params.integer("start_date")?.unwrap_or(start) != start {
            let message =
                "A phase must begin where the one before it ends, and the first at the current phase's start.";
            return Err(Problem::invalid_parameter(&name, message));
        }
        let items = phase_items(work, &mut params, subscription)?;
        if phases.is_empty() && !same_items(&items, subscription) {
            let message =
                "The sandbox does not change the items of the current phase. Update the subscription instead.";
            return Err(Problem::invalid_parameter(&params.name_of("items"), message));
        }
        let end = phase_end(&mut params, start, subscription)?;
        if end <= start.max(work.now) {
            let message = "A phase must end after it begins, and must not end in the past.";
            return Err(Problem::invalid_parameter(&params.name_of("end_date"), message));
        }
        let behavior = params.text("proration_behavior")?;
        let discounts = phase_discounts(&mut params, subscription)?;
        params.ignore(&[
            "billing_cycle_anchor",
            "collection_method",
            "currency",
            "default_payment_method",
            "description",
            "invoice_settings",
            "metadata",
            "automatic_tax",
        ]);
        params.finish()?;
        let mut phase = phase(&subscription["currency"], &items, Period { start, end });
        phase["discounts"] = discounts.into();
        if let Some(behavior) = behavior {
            phase["proration_behavior"] = behavior.into();
        }
        phases.push(phase);
        start = end;
    }
    Ok(phases)
}

fn phase_items(work: &Work<'_>, params: &mut Params, subscription: &Value) -> Result<Vec<Value>, Problem> {
    let mut items = Vec::new();
    for mut item in params.children("items")? {
        let name = item.name_of("price");
        let price = item.required_text("price")?;
        subscription::named_price(work, &name, &price, &subscription["items"]["data"][0]["price"])?;
        items.push(phase_item(&price, item.integer("quantity")?.unwrap_or(1)));
        item.ignore(&["metadata", "tax_rates", "billing_thresholds"]);
        item.finish()?;
    }
    if items.is_empty() {
        return Err(Problem::missing_parameter(&params.name_of("items")));
    }
    Ok(items)
}

/// Takes the discounts that a phase keeps; others are removed.
fn phase_discounts(params: &mut Params, subscription: &Value) -> Result<Vec<Value>, Problem> {
    let mut discounts = Vec::new();
    for mut given in params.children("discounts")? {
        let (name, id) = (given.name_of("discount"), given.required_text("discount")?);
        given.finish()?;
        if !subscription["discounts"].as_array().is_some_and(|own| own.contains(&id.as_str().into())) {
            return Err(Problem::invalid_parameter(&name, format!("No such discount: '{id}'")));
        }
        discounts.push(schedule::phase_discount(&id));
    }
    Ok(discounts)
}

fn same_items(items: &[Value], subscription: &Value) -> bool {
    let own = subscription["items"]["data"].as_array().map_or(&[][..], Vec::as_slice);
    let same =
        |(item, own): (&Value, &Value)| item["price"] == own["price"]["id"] && item["quantity"] == own["quantity"];
    items.len() == own.len() && items.iter().zip(own).all(same)
}

/// Takes the end of a phase: by `duration`, by `end_date`, or by `iterations` of the price's interval, of which one is
/// the default.
fn phase_end(params: &mut Params, start: i64, subscription: &Value) -> Result<i64, Problem> {
    let end = params.integer("end_date")?;
    let iterations = params.integer("iterations")?;
    let Some(mut duration) = params.child("duration")? else {
        let recurring = &subscription["items"]["data"][0]["price"]["recurring"];
        let anchor = subscription["billing_cycle_anchor"].as_i64().unwrap_or(start);
        let after =
            (0..iterations.unwrap_or(1).clamp(1, 100)).fold(start, |end, _| calendar::next_end(anchor, recurring, end));
        return Ok(end.unwrap_or(after));
    };
    let interval = duration.required_text("interval")?;
    let count = duration.integer("interval_count")?.unwrap_or(1);
    duration.finish()?;
    Ok(calendar::end_of(start, &json!({ "interval": interval, "interval_count": count }), 1))
}

/// `POST /v1/subscription_schedules/{id}/release`.
pub(crate) fn release(call: &mut Call<'_>) -> Answer {
    let (id, _) = active(call)?;
    call.params.ignore(&["preserve_cancel_date"]);
    call.params.finish()?;
    Ok(schedule::release(&mut call.work, &id))
}

/// `POST /v1/subscription_schedules/{id}/cancel`: the subscription ends with the schedule.
pub(crate) fn cancel(call: &mut Call<'_>) -> Answer {
    let (id, schedule) = active(call)?;
    read_settlement(&mut call.params)?;
    call.params.finish()?;
    cancellation::end(&mut call.work, &text(&schedule, "subscription"), "cancellation_requested");
    Ok(call.work.get(Kind::Schedule, &id))
}
