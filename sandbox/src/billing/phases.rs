//! Transitions between the phases of subscription schedules.

use crate::{
    billing::{
        cancellation,
        plan_change::{self, IfDeclined, PlanChange, ProrationBehavior},
        renewal,
    },
    resources::{
        schedule::{self, DuePlan},
        subscription::period_end,
    },
    store::{
        kind::Kind,
        work::{Work, text},
    },
};

/// Applies the end of a schedule's phase. At the end of a period, the renewal does this instead.
pub(crate) fn advance(work: &mut Work<'_>, id: &str) {
    let schedule = work.get(Kind::Schedule, id);
    let subscription = work.get(Kind::Subscription, &text(&schedule, "subscription"));
    if schedule["status"] != "active" || subscription.is_null() {
        return;
    }
    let subscription_id = text(&subscription, "id");
    if period_end(&subscription) <= work.now {
        renewal::period_ended(work, &subscription_id);
        return;
    }
    let plan = schedule::due_plan(work, &subscription);
    match &plan {
        DuePlan::Cancel => {
            schedule::complete(work, &subscription);
            cancellation::end(work, &subscription_id, "cancellation_requested");
        }
        DuePlan::Items(items) => {
            let change = PlanChange {
                items: items.as_array().cloned().unwrap_or_default(),
                proration: ProrationBehavior::CreateProrations,
                if_declined: IfDeclined::PastDue,
                at: work.now,
            };
            // These prorations wait for the next invoice, so no payment can fail.
            drop(plan_change::run(work, &subscription_id, &change, |_| {}));
        }
        DuePlan::Keep | DuePlan::Release => {}
    }
    schedule::follow(work, &subscription_id, &plan);
}
