//! The next call on the way to the requested state.

use entity::subscription::Status;
use serde::Serialize;

use super::target::Target;
use crate::{
    config::PriceIds,
    stripe::{Phase, PhaseItem, PriceChange, Schedule, SubscriptionState},
    sync::plan_of,
};

/// A call that changes something at Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Step {
    /// Gives up a change that waits for the payment of an invoice.
    Void { invoice: String },
    /// Ends a schedule; the subscription continues as it is.
    Release { schedule: String },
    /// Makes the subscription end with its period, or continue.
    CancelAtPeriodEnd(bool),
    /// Removes the date on which the subscription was to end.
    ClearCancelAt,
    /// Changes the price at once.
    Change(PriceChange),
    /// Puts the subscription under a schedule.
    CreateSchedule,
    /// Sets what the schedule sells from the next period on.
    SchedulePhases { schedule: String, current: Phase, next: Vec<PhaseItem> },
}

impl Step {
    /// True where it costs money at once.
    pub(super) const fn charges(&self) -> bool {
        matches!(self, Self::Change(PriceChange { charged_from: Some(_), .. }))
    }
}

/// The next step; `None` when the subscription is in the requested state, or cannot be brought further. `changed` is true if
/// the price was changed a moment ago: if Stripe shows another, it was changed again elsewhere.
pub(super) fn next(seen: &SubscriptionState, target: &Target, prices: &PriceIds, changed: bool) -> Option<Step> {
    let now = &seen.subscription;
    if now.ended_at.is_some() || now.status.ended() {
        return None;
    }
    match target {
        Target::Keep => keep(seen),
        Target::CancelAtPeriodEnd => {
            let cancel = || (!now.ends_with_period()).then_some(Step::CancelAtPeriodEnd(true));
            void(seen).or_else(|| release(seen)).or_else(cancel)
        }
        Target::Price(price) => {
            let (item, tier) = plan_of(prices, now)?;
            let wanted = prices.tier(price)?;
            if wanted == tier {
                return if changed { keep(seen) } else { void(seen).or_else(|| keep(seen)) };
            }
            let trial = now.status == Status::Trialing;
            if wanted > tier || trial {
                let start = now.period.start.timestamp();
                let charged_from = (wanted > tier).then_some(start);
                let change = PriceChange { item: item.id.clone(), price: price.clone(), charged_from };
                return (!changed).then_some(Step::Change(change));
            }
            void(seen).or_else(|| downgrade(seen, &item.price, price))
        }
    }
}

/// Removes whatever was scheduled.
fn keep(seen: &SubscriptionState) -> Option<Step> {
    let ahead = |schedule: &Schedule| schedule.cancels() || schedule.future().next().is_some();
    if seen.active_schedule().is_some_and(ahead) {
        return release(seen);
    }
    uncancel(seen)
}

/// Schedules another price for the next period.
fn downgrade(seen: &SubscriptionState, present: &str, wanted: &str) -> Option<Step> {
    let now = &seen.subscription;
    let Some(schedule) = seen.active_schedule() else {
        return Some(uncancel(seen).unwrap_or(Step::CreateSchedule));
    };
    let Some(current) = schedule.current() else { return release(seen) };
    let next = current.items.iter().cloned().map(|item| PhaseItem {
        price: if item.price == present { wanted.to_owned() } else { item.price },
        quantity: item.quantity,
    });
    let next: Vec<_> = next.collect();
    let end = now.period.end.timestamp();
    let planned = schedule.future().next().is_some_and(|phase| phase.items == next && phase.start_date == end);
    if planned && !schedule.cancels() {
        return None;
    }
    let current = Phase { end_date: end, ..current.clone() };
    Some(Step::SchedulePhases { schedule: schedule.id.clone(), current, next })
}

fn void(seen: &SubscriptionState) -> Option<Step> {
    if !seen.subscription.pending_update {
        return None;
    }
    Some(Step::Void { invoice: seen.open_invoice()?.id.clone()? })
}

fn release(seen: &SubscriptionState) -> Option<Step> {
    seen.active_schedule().map(|schedule| Step::Release { schedule: schedule.id.clone() })
}

/// Removes a scheduled end, which is stored as a flag with a date, or as a date alone.
fn uncancel(seen: &SubscriptionState) -> Option<Step> {
    let now = &seen.subscription;
    if now.cancel_at_period_end {
        return Some(Step::CancelAtPeriodEnd(false));
    }
    now.cancel_at.map(|_| Step::ClearCancelAt)
}
