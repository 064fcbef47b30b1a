//! `DELETE /v1/subscriptions/{id}`, and the parameters of other calls that end a subscription.

use serde_json::Value;

use crate::{
    api::{call::Call, form::Params},
    billing::cancellation::{self, Ending},
    resources::subscription::{has_ended, period_end},
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::text,
    },
};

/// Takes `cancel_at_period_end` and `cancel_at` from a request.
pub(crate) fn read_ending(params: &mut Params, subscription: &Value, now: i64) -> Result<Option<Ending>, Problem> {
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

/// `DELETE /v1/subscriptions/{id}`: ends a subscription immediately, without a refund.
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
        // This request replaces an end that was scheduled earlier, and its `canceled_at`.
        subscription["canceled_at"] = Value::Null;
        for (field, value) in details {
            subscription["cancellation_details"][field] = value;
        }
    });
    Ok(cancellation::end(&mut call.work, &id, "cancellation_requested"))
}

/// Refuses `invoice_now` and `prorate`, which the sandbox does not support: they would change amounts.
pub(crate) fn read_settlement(params: &mut Params) -> Result<(), Problem> {
    for name in ["invoice_now", "prorate"] {
        if params.boolean(name)? == Some(true) {
            return Err(Problem::invalid_parameter(
                name,
                "The sandbox does not support this parameter: it neither invoices nor prorates when a subscription is canceled.",
            ));
        }
    }
    Ok(())
}
