//! Changes of plan or quantity, with their prorations and payment (docs.stripe.com, "Modify subscriptions" and
//! "Pending updates").

use serde_json::{Value, json};

use crate::{
    billing::{dunning, pending_update, proration},
    resources::{
        card::Card,
        discount::Off,
        event,
        invoice::{self, Attempt, Draft},
        payment_intent::Progress,
        schedule,
        subscription::{period_end, set_items},
    },
    store::{
        calendar::Period,
        decline,
        kind::Kind,
        problem::{Answer, Problem},
        timers::Timer,
        work::{Work, text},
    },
};

/// Seconds within which a declined upgrade can still be paid, unless the period ends earlier.
const PENDING_SECONDS: i64 = 23 * 60 * 60;

/// The time at which prorations are charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProrationBehavior {
    AlwaysInvoice,
    CreateProrations,
    None,
}

/// The effect of a failed payment on the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfDeclined {
    /// The change stays, and the subscription becomes past due.
    PastDue,
    /// Nothing changes, and the response is a 402.
    Refuse,
    /// The change waits for the payment.
    Wait,
}

/// A change of plan or quantity.
pub(crate) struct PlanChange {
    /// All items of the subscription after the change.
    pub(crate) items: Vec<Value>,
    pub(crate) proration: ProrationBehavior,
    pub(crate) if_declined: IfDeclined,
    /// The time from which the change is prorated.
    pub(crate) at: i64,
}

/// Applies a plan change, together with `others`, the other changes of the same request.
pub(crate) fn run(work: &mut Work<'_>, id: &str, plan: &PlanChange, others: impl FnOnce(&mut Value)) -> Answer {
    let subscription = work.get(Kind::Subscription, id);
    let lines = prorations(work, &subscription, plan);
    let billed_now = plan.proration == ProrationBehavior::AlwaysInvoice && !lines.is_empty();
    if billed_now && plan.if_declined == IfDeclined::Refuse {
        let off = |line: &Value| Off::of_line(line).iter().map(|off| off.amount).sum::<i64>();
        let costs = lines.iter().map(|line| line["amount"].as_i64().unwrap_or_default() - off(line)).sum::<i64>() > 0;
        if costs && !would_pay(work, &subscription) {
            return Err(Problem::declined(decline::GENERIC));
        }
    }
    pending_update::withdraw(work, id);
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
    schedule::mirror(work, &change.after);
    if billed_now {
        bill(work, &change.after, &invoice, lines);
        dunning::attempt(work, &invoice, false);
    } else if !lines.is_empty() {
        proration::keep(work, &subscription, lines);
    }
    Ok(work.get(Kind::Subscription, id))
}

/// Returns the prorations of a change. A trial is free, so it has none.
pub(crate) fn prorations(work: &Work<'_>, subscription: &Value, plan: &PlanChange) -> Vec<Value> {
    if plan.proration == ProrationBehavior::None || subscription["status"] == "trialing" {
        return Vec::new();
    }
    proration::lines(work, subscription, &plan.items, plan.at)
}

fn bill(work: &mut Work<'_>, subscription: &Value, id: &str, lines: Vec<Value>) {
    let mut all = proration::take_waiting(work, subscription, id);
    all.extend(lines);
    let draft = Draft {
        id: id.to_owned(),
        subscription,
        reason: "subscription_update",
        period: Period::moment(work.now),
        lines: all,
    };
    invoice::draft(work, draft, |_| {});
    invoice::finalize(work, id, &text(subscription, "default_payment_method"));
}

/// Returns `true` if a charge would succeed now.
fn would_pay(work: &Work<'_>, subscription: &Value) -> bool {
    let told_to_fail = work.state.failing.get(&text(subscription, "id")).is_some_and(|times| *times > 0);
    let card = Card::behind(work, &text(subscription, "default_payment_method"));
    !told_to_fail && card.is_some_and(|card| card.charge(false).is_ok())
}

/// Bills the change before it is applied. If the payment fails, the change waits as `pending_update`.
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
        work.state.timers.add(expires_at, Timer::PendingUpdateExpiry(id));
    }
    event::emit_change(work, "customer.subscription.updated", &change);
    schedule::mirror(work, &change.after);
    change.after
}
