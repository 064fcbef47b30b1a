//! Renewals: the end of a subscription's period (docs.stripe.com, "How subscriptions work").

use serde_json::Value;

use crate::{
    billing::{cancellation, dunning, pending_update, proration},
    resources::{
        event,
        invoice::{self, Draft},
        schedule,
        subscription::{has_ended, period_end, period_start, set_items},
    },
    store::{
        calendar::{self, Period},
        kind::Kind,
        timers::Timer,
        work::{Work, text},
    },
};

/// Seconds for which the invoice of a renewal stays a draft, so that items can be added to it.
pub(crate) const DRAFT_SECONDS: i64 = 60 * 60;

/// Renews or ends a subscription whose period is over. The new period begins before any payment: its invoice is drafted
/// now, and finalized and charged an hour later.
pub(crate) fn period_ended(work: &mut Work<'_>, id: &str) {
    let subscription = work.get(Kind::Subscription, id);
    if has_ended(&subscription) || period_end(&subscription) > work.now {
        return;
    }
    if cancellation::is_due(&subscription, work.now) {
        cancellation::end(work, id, "cancellation_requested");
        return;
    }
    pending_update::withdraw(work, id);
    let subscription = work.get(Kind::Subscription, id);
    let plan = schedule::due_plan(work, &subscription);
    if let schedule::DuePlan::Cancel = plan {
        schedule::complete(work, &subscription);
        cancellation::end(work, id, "cancellation_requested");
        return;
    }
    let items = match &plan {
        schedule::DuePlan::Items(items) => items.clone(),
        _ => subscription["items"]["data"].clone(),
    };
    roll(work, &subscription, &items);
    schedule::follow(work, id, &plan);
    bill(work, id, period_start(&subscription));
}

fn roll(work: &mut Work<'_>, subscription: &Value, items: &Value) {
    let now = work.now;
    let anchor = subscription["billing_cycle_anchor"].as_i64().unwrap_or(now);
    let id = text(subscription, "id");
    let change = work.change(Kind::Subscription, &id, |subscription| {
        set_items(subscription, items);
        for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
            let end = item["current_period_end"].as_i64().unwrap_or(now);
            item["current_period_end"] = calendar::next_end(anchor, &item["price"]["recurring"], end).into();
            item["current_period_start"] = end.into();
        }
        if subscription["status"] == "trialing" {
            subscription["status"] = "active".into();
        }
    });
    event::emit_change(work, "customer.subscription.updated", &change);
    work.state.timers.add(period_end(&change.after), Timer::PeriodEnd(id));
}

/// Drafts the invoice of the period that begins.
fn bill(work: &mut Work<'_>, id: &str, since: i64) {
    let subscription = work.get(Kind::Subscription, id);
    let invoice = work.new_id(Kind::Invoice);
    let mut lines = proration::take_waiting(work, &subscription, &invoice);
    lines.extend(invoice::period_lines(work, &subscription));
    let draft = Draft {
        id: invoice.clone(),
        subscription: &subscription,
        reason: "subscription_cycle",
        period: Period { start: since, end: work.now },
        lines,
    };
    invoice::draft(work, draft, |_| {});
    // The event above still names the previous invoice; a read sees the draft.
    work.change(Kind::Subscription, id, |subscription| {
        subscription["latest_invoice"] = invoice.as_str().into();
    });
    let at = work.now + DRAFT_SECONDS;
    let collected = subscription["status"] != "unpaid";
    work.change(Kind::Invoice, &invoice, |invoice| {
        invoice["auto_advance"] = collected.into();
        invoice["automatically_finalizes_at"] = if collected { at.into() } else { Value::Null };
    });
    if collected {
        work.state.timers.add(at, Timer::Finalization(invoice));
    }
}

/// Finalizes and charges an invoice that was a draft for an hour.
pub(crate) fn finalize(work: &mut Work<'_>, id: &str) {
    let invoice = work.get(Kind::Invoice, id);
    if invoice["status"] == "draft" && invoice["auto_advance"] == true {
        let method = invoice::payment_method(work, &invoice);
        invoice::finalize(work, id, &method);
        if invoice["collection_method"] == "charge_automatically" {
            dunning::attempt(work, id, false);
        }
    }
}

/// Emits the event that a trial ends in three days.
pub(crate) fn announce_trial_end(work: &mut Work<'_>, id: &str) {
    let subscription = work.get(Kind::Subscription, id);
    if subscription["status"] == "trialing" {
        event::emit(work, "customer.subscription.trial_will_end", &subscription);
    }
}
