//! Cancellation of subscriptions, immediately or later (docs.stripe.com, "Cancel subscriptions").

use serde_json::Value;

use crate::{
    resources::{
        event, invoice, schedule,
        subscription::{has_ended, period_end},
    },
    store::{
        kind::Kind,
        work::{Change, Work, text},
    },
};

/// The time at which a subscription ends.
#[derive(Debug, PartialEq)]
pub(crate) enum Ending {
    Never,
    AtPeriodEnd,
    At(i64),
}

/// Schedules the end of a subscription, or withdraws it. Scheduling an end again keeps the first `canceled_at`.
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

/// Returns `true` once the scheduled end of the subscription is reached.
pub(crate) fn is_due(subscription: &Value, now: i64) -> bool {
    subscription["cancel_at"].as_i64().is_some_and(|at| at <= now)
}

/// Ends a subscription whose `cancel_at` is reached. It may have been moved since the timer was set.
pub(crate) fn end_if_due(work: &mut Work<'_>, id: &str) {
    let subscription = work.get(Kind::Subscription, id);
    if !has_ended(&subscription) && is_due(&subscription, work.now) {
        end(work, id, "cancellation_requested");
    }
}

/// Ends a subscription now, with one of Stripe's reasons. Its invoices are no longer collected automatically.
pub(crate) fn end(work: &mut Work<'_>, id: &str, reason: &str) -> Value {
    let now = work.now;
    let schedule = schedule::detach(work, id, "canceled");
    let Change { after: subscription, .. } = work.change(Kind::Subscription, id, |subscription| {
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
