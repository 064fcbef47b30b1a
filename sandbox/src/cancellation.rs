//! The end of subscriptions: announced, withdrawn, and come (docs.stripe.com, "Cancel subscriptions").

use serde_json::Value;

use crate::{
    call::{Answer, Call},
    event,
    form::Params,
    invoice,
    kind::Kind,
    problem::Problem,
    schedule,
    subscription::{has_ended, period_end},
    work::{Work, text},
};

/// When a subscription is to end.
#[derive(Debug, PartialEq)]
pub(crate) enum Ending {
    Never,
    AtPeriodEnd,
    At(i64),
}

/// Takes `cancel_at_period_end` and `cancel_at` from a request.
pub(crate) fn read(params: &mut Params, subscription: &Value, now: i64) -> Result<Option<Ending>, Problem> {
    let at_period_end = params.boolean("cancel_at_period_end")?;
    let at = params.unsettable("cancel_at")?;
    if (at_period_end.is_some() || at.is_some()) && !subscription["schedule"].is_null() {
        let message = format!(
            "The subscription is managed by the subscription schedule `{}`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.",
            text(subscription, "schedule")
        );
        return Err(Problem::not_now(message));
    }
    match (at_period_end, at.as_deref()) {
        (None, None) => Ok(None),
        (Some(true), Some(_)) => {
            let message = "You cannot set both `cancel_at` and `cancel_at_period_end`.";
            Err(Problem::invalid_parameter("cancel_at", message))
        }
        (Some(true), None) => Ok(Some(Ending::AtPeriodEnd)),
        (Some(false), None) | (_, Some("")) => Ok(Some(Ending::Never)),
        (_, Some("min_period_end" | "max_period_end")) => Ok(Some(Ending::At(period_end(subscription)))),
        (_, Some(moment)) => match moment.parse::<i64>() {
            Ok(at) if at > now => Ok(Some(Ending::At(at))),
            Ok(_) => Err(Problem::invalid_parameter("cancel_at", "`cancel_at` must be in the future.")),
            Err(_) => Err(Problem::invalid_parameter("cancel_at", format!("Invalid timestamp: {moment}"))),
        },
    }
}

/// Takes `cancellation_details` from a request.
pub(crate) fn read_details(params: &mut Params) -> Result<Vec<(&'static str, Value)>, Problem> {
    let Some(mut details) = params.child("cancellation_details")? else {
        return Ok(Vec::new());
    };
    let mut fields = Vec::new();
    for field in ["comment", "feedback"] {
        if let Some(value) = details.unsettable(field)? {
            fields.push((field, if value.is_empty() { Value::Null } else { value.into() }));
        }
    }
    details.finish()?;
    Ok(fields)
}

/// Writes an announced end, or its withdrawal, into the subscription. Announcing the same again keeps the first moment.
pub(crate) fn announce(subscription: &mut Value, ending: &Ending, now: i64) {
    let (at_period_end, cancel_at) = match ending {
        Ending::Never => (false, Value::Null),
        Ending::AtPeriodEnd => (true, period_end(subscription).into()),
        Ending::At(at) => (false, (*at).into()),
    };
    let announced = !cancel_at.is_null();
    subscription["cancel_at_period_end"] = at_period_end.into();
    subscription["cancel_at"] = cancel_at;
    if !announced {
        subscription["canceled_at"] = Value::Null;
    } else if subscription["canceled_at"].is_null() {
        subscription["canceled_at"] = now.into();
    }
    subscription["cancellation_details"]["reason"] =
        if announced { "cancellation_requested".into() } else { Value::Null };
}

/// Whether an announced end has come.
pub(crate) fn is_due(subscription: &Value, now: i64) -> bool {
    subscription["cancel_at"].as_i64().is_some_and(|at| at <= now)
}

/// The moment of `cancel_at` has come, unless it was moved.
pub(crate) fn end_if_due(work: &mut Work<'_>, id: &str) {
    let subscription = work.get(Kind::Subscription, id);
    if !has_ended(&subscription) && is_due(&subscription, work.now) {
        end(work, id, "cancellation_requested");
    }
}

/// `DELETE /v1/subscriptions/{id}`: ends it at once, without money back.
pub(crate) fn cancel(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let subscription = call.work.state.named(Kind::Subscription, &id)?;
    let details = read_details(&mut call.params)?;
    read_settlement(&mut call.params)?;
    call.params.finish()?;
    if has_ended(&subscription) {
        return Err(Problem::no_such(Kind::Subscription, &id));
    }
    call.work.change(Kind::Subscription, &id, |subscription| {
        // An earlier announcement gives way to this request, and so does its time.
        subscription["canceled_at"] = Value::Null;
        for (field, value) in details {
            subscription["cancellation_details"][field] = value;
        }
    });
    Ok(end(&mut call.work, &id, "cancellation_requested"))
}

/// Takes `invoice_now` and `prorate`, which the sandbox does not play: they would change money.
pub(crate) fn read_settlement(params: &mut Params) -> Result<(), Problem> {
    for name in ["invoice_now", "prorate"] {
        if params.boolean(name)? == Some(true) {
            return Err(Problem::invalid_parameter(
                name,
                "The sandbox settles nothing when a subscription is canceled.",
            ));
        }
    }
    Ok(())
}

/// Ends a subscription now, for one of Stripe's reasons. Nobody tries to collect its invoices any more.
pub(crate) fn end(work: &mut Work<'_>, id: &str, reason: &str) -> Value {
    let now = work.now;
    let schedule = schedule::detach(work, id, "canceled");
    let (_, subscription) = work.change(Kind::Subscription, id, |subscription| {
        subscription["status"] = "canceled".into();
        subscription["ended_at"] = now.into();
        if subscription["canceled_at"].is_null() {
            subscription["canceled_at"] = now.into();
        }
        subscription["cancellation_details"]["reason"] = reason.into();
        subscription["pending_update"] = Value::Null;
        subscription["schedule"] = Value::Null;
    });
    let unpaid: Vec<String> = work
        .state
        .all(Kind::Invoice)
        .filter(|invoice| invoice::subscription_of(invoice) == id && invoice["auto_advance"] == true)
        .map(|invoice| text(invoice, "id"))
        .collect();
    for invoice in unpaid {
        work.change(Kind::Invoice, &invoice, |invoice| {
            invoice["auto_advance"] = false.into();
            invoice["next_payment_attempt"] = Value::Null;
        });
    }
    event::emit(work, "customer.subscription.deleted", &subscription);
    if let Some(schedule) = schedule {
        event::emit(work, "subscription_schedule.canceled", &schedule);
    }
    subscription
}

/// Ends all subscriptions of a customer.
pub(crate) fn end_all_of(work: &mut Work<'_>, customer: &str) {
    let alive = |subscription: &&Value| subscription["customer"] == customer && !has_ended(subscription);
    let ids: Vec<String> =
        work.state.all(Kind::Subscription).filter(alive).map(|subscription| text(subscription, "id")).collect();
    for id in ids {
        end(work, &id, "cancellation_requested");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_announced_end_can_be_withdrawn() {
        let mut subscription = json!({
            "cancel_at": null,
            "canceled_at": null,
            "cancellation_details": { "reason": null },
            "items": { "data": [{ "current_period_end": 500 }] },
        });
        announce(&mut subscription, &Ending::AtPeriodEnd, 100);
        assert_eq!((&subscription["cancel_at"], &subscription["canceled_at"]), (&json!(500), &json!(100)));
        announce(&mut subscription, &Ending::AtPeriodEnd, 200);
        assert_eq!(subscription["canceled_at"], 100);
        announce(&mut subscription, &Ending::Never, 300);
        assert_eq!((&subscription["cancel_at"], &subscription["canceled_at"]), (&Value::Null, &Value::Null));
    }
}
