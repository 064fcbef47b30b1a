//! Changes of what a subscription is for, with their prorations and payment (docs.stripe.com, "Modify subscriptions" and
//! "Pending updates").

use serde_json::{Value, json};

use crate::{
    call::Answer,
    card::{self, Card},
    dunning, event,
    invoice::{self, Attempt, Draft},
    kind::Kind,
    payment_intent::Progress,
    problem::Problem,
    proration, schedule,
    subscription::{period_end, set_items},
    timetable::Due,
    work::{Work, text},
};

/// How long a payment may be made up for, unless the period ends before that.
const PENDING_SECONDS: i64 = 23 * 60 * 60;

/// When prorations are charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProrationBehavior {
    AlwaysInvoice,
    CreateProrations,
    None,
}

/// What a payment that fails does to the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfDeclined {
    /// The change stays, the subscription becomes past due.
    PastDue,
    /// Nothing changes, and the request is answered with 402.
    Refuse,
    /// The change waits for the payment.
    Wait,
}

/// A change of plan.
pub(crate) struct PlanChange {
    /// All items of the subscription as they are to be.
    pub(crate) items: Vec<Value>,
    pub(crate) proration: ProrationBehavior,
    pub(crate) if_declined: IfDeclined,
    /// The moment from which the change is charged.
    pub(crate) at: i64,
}

/// Makes the change, together with `others` on the same request.
pub(crate) fn run(work: &mut Work<'_>, id: &str, plan: &PlanChange, others: impl FnOnce(&mut Value)) -> Answer {
    let subscription = work.get(Kind::Subscription, id);
    let lines = prorations(work, &subscription, plan);
    let billed_now = plan.proration == ProrationBehavior::AlwaysInvoice && !lines.is_empty();
    if billed_now && plan.if_declined == IfDeclined::Refuse {
        let costs = lines.iter().filter_map(|line| line["amount"].as_i64()).sum::<i64>() > 0;
        if costs && !would_pay(work, &subscription) {
            return Err(Problem::declined(card::GENERIC));
        }
    }
    drop_pending(work, id);
    if billed_now && plan.if_declined == IfDeclined::Wait {
        return Ok(after_payment(work, &subscription, plan, lines));
    }
    let invoice = work.new_id(Kind::Invoice);
    let change = work.change(Kind::Subscription, id, |subscription| {
        set_items(subscription, &Value::Array(plan.items.clone()));
        if billed_now {
            subscription["latest_invoice"] = invoice.as_str().into();
        }
        others(subscription);
    });
    event::emit_change(work, "customer.subscription.updated", &change);
    schedule::mirror(work, &change.1);
    if billed_now {
        bill(work, &change.1, &invoice, lines);
        dunning::attempt(work, &invoice, false);
    } else if !lines.is_empty() {
        proration::keep(work, &subscription, lines);
    }
    Ok(work.get(Kind::Subscription, id))
}

/// A trial is free, so that there is nothing to give credit for.
pub(crate) fn prorations(work: &Work<'_>, subscription: &Value, plan: &PlanChange) -> Vec<Value> {
    if plan.proration == ProrationBehavior::None || subscription["status"] == "trialing" {
        return Vec::new();
    }
    proration::lines(work, subscription, &plan.items, plan.at)
}

fn bill(work: &mut Work<'_>, subscription: &Value, id: &str, lines: Vec<Value>) {
    let mut all = invoice::take_waiting(work, subscription, id);
    all.extend(lines);
    let draft = Draft {
        id: id.to_owned(),
        subscription,
        reason: "subscription_update",
        period: (work.now, work.now),
        lines: all,
    };
    invoice::draft(work, draft, |_| {});
    invoice::finalize(work, id, &text(subscription, "default_payment_method"));
}

/// Whether a charge would go through now.
fn would_pay(work: &Work<'_>, subscription: &Value) -> bool {
    let told_to_fail = work.state.failing.get(&text(subscription, "id")).is_some_and(|times| *times > 0);
    let card = Card::behind(work, &text(subscription, "default_payment_method"));
    !told_to_fail && card.is_some_and(|card| card.charge(false).is_ok())
}

/// Bills first. Should the payment fail, the change waits for it as `pending_update`.
fn after_payment(work: &mut Work<'_>, subscription: &Value, plan: &PlanChange, lines: Vec<Value>) -> Value {
    let (id, invoice) = (text(subscription, "id"), work.new_id(Kind::Invoice));
    bill(work, subscription, &invoice, lines);
    let attempt =
        Attempt { present: false, payment_method: text(subscription, "default_payment_method"), next_at: None };
    let paid = invoice::collect(work, &invoice, &attempt) == Progress::Paid;
    let expires_at = (work.now + PENDING_SECONDS).min(period_end(subscription));
    let change = work.change(Kind::Subscription, &id, |subscription| {
        subscription["latest_invoice"] = invoice.as_str().into();
        if paid {
            set_items(subscription, &Value::Array(plan.items.clone()));
        } else {
            subscription["pending_update"] = json!({
                "billing_cycle_anchor": null,
                "cancel_at_period_end": null,
                "discounts": null,
                "expires_at": expires_at,
                "metadata": null,
                "subscription_items": plan.items,
                "trial_end": null,
                "trial_from_plan": null,
            });
        }
    });
    if !paid {
        work.change(Kind::Invoice, &invoice, |invoice| {
            invoice["auto_advance"] = false.into();
        });
        work.state.timetable.add(expires_at, Due::PendingUpdateExpiry(id));
    }
    event::emit_change(work, "customer.subscription.updated", &change);
    schedule::mirror(work, &change.1);
    change.1
}

/// The invoice of a pending update was paid after all.
pub(crate) fn apply_pending(work: &mut Work<'_>, id: &str) {
    let change = work.change(Kind::Subscription, id, |subscription| {
        let items = subscription["pending_update"]["subscription_items"].clone();
        set_items(subscription, &items);
        subscription["pending_update"] = Value::Null;
    });
    event::emit_change(work, "customer.subscription.updated", &change);
    event::emit(work, "customer.subscription.pending_update_applied", &change.1);
    schedule::mirror(work, &change.1);
}

/// A pending update was not paid in time.
pub(crate) fn expire_pending(work: &mut Work<'_>, id: &str) {
    let subscription = work.get(Kind::Subscription, id);
    let expires_at = subscription["pending_update"]["expires_at"].as_i64();
    if expires_at.is_some_and(|at| at <= work.now) {
        drop_pending(work, id);
    }
}

/// Gives up a pending update, should there be one: its invoice is voided, the subscription stays as it is.
pub(crate) fn drop_pending(work: &mut Work<'_>, id: &str) {
    let subscription = work.get(Kind::Subscription, id);
    if subscription["pending_update"].is_null() {
        return;
    }
    let change = work.change(Kind::Subscription, id, |subscription| {
        subscription["pending_update"] = Value::Null;
    });
    invoice::give_up(work, &text(&subscription, "latest_invoice"), "void");
    event::emit_change(work, "customer.subscription.updated", &change);
    event::emit(work, "customer.subscription.pending_update_expired", &change.1);
}
