//! The next thing to do about a wish.

use serde::Serialize;

use super::{Seen, Wish, plan_of};
use crate::{
    config::Prices,
    stripe::{Phase, PhaseItem, PriceChange, Schedule},
};

/// A call that changes something at Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Step {
    /// Gives up a change that waits for the payment of an invoice.
    Void { invoice: String },
    /// Ends a schedule; the subscription goes on as it is.
    Release { schedule: String },
    /// Lets the subscription end with its period, or go on.
    End(bool),
    /// Takes back the date on which the subscription was to end.
    Lift,
    /// Changes the price at once.
    Change(PriceChange),
    /// Puts the subscription under a schedule.
    Schedule,
    /// Tells the schedule what is sold from the next period on.
    PlanAhead { schedule: String, current: Phase, next: Vec<PhaseItem> },
}

impl Step {
    /// Whether it costs money at once.
    pub(super) const fn charges(&self) -> bool {
        matches!(self, Self::Change(PriceChange { charged_from: Some(_), .. }))
    }
}

/// What to do next; `None` when all is as wished, or cannot be brought further. `changed` tells that the price was changed a
/// moment ago: should it not show, somebody has changed it again.
pub(super) fn next(seen: &Seen, wish: Wish<'_>, prices: &Prices, changed: bool) -> Option<Step> {
    let now = &seen.subscription;
    if now.ended_at.is_some() || matches!(now.status.as_str(), "canceled" | "incomplete_expired") {
        return None;
    }
    match wish {
        Wish::GoOn => go_on(seen),
        Wish::End => {
            void(seen).or_else(|| release(seen)).or_else(|| (!now.ends_with_period()).then_some(Step::End(true)))
        }
        Wish::Plan(price) => {
            let (item, tier) = plan_of(now, prices)?;
            let wished = prices.tier(price)?;
            if wished == tier {
                return if changed { go_on(seen) } else { void(seen).or_else(|| go_on(seen)) };
            }
            let trial = now.status == "trialing";
            if wished > tier || trial {
                let start = now.current_period_start.timestamp();
                let charged_from = (wished > tier).then_some(start);
                let change = PriceChange { item: item.id.clone(), price: price.to_owned(), charged_from };
                return (!changed).then_some(Step::Change(change));
            }
            void(seen).or_else(|| down(seen, &item.price, price))
        }
    }
}

/// Lifts whatever was scheduled.
fn go_on(seen: &Seen) -> Option<Step> {
    let ahead = |schedule: &Schedule| schedule.cancels || schedule.coming().next().is_some();
    if steering(seen).is_some_and(ahead) {
        return release(seen);
    }
    lift(seen)
}

/// Schedules another price for the next period.
fn down(seen: &Seen, present: &str, wished: &str) -> Option<Step> {
    let now = &seen.subscription;
    let Some(schedule) = steering(seen) else {
        return Some(lift(seen).unwrap_or(Step::Schedule));
    };
    let Some(current) = schedule.current() else { return release(seen) };
    let next = current.items.iter().cloned().map(|item| PhaseItem {
        price: if item.price == present { wished.to_owned() } else { item.price },
        quantity: item.quantity,
    });
    let next: Vec<_> = next.collect();
    let end = now.current_period_end.timestamp();
    let planned = schedule.coming().next().is_some_and(|coming| coming.items == next && coming.start == end);
    if planned && !schedule.cancels {
        return None;
    }
    let current = Phase { end, ..current.clone() };
    Some(Step::PlanAhead { schedule: schedule.id.clone(), current, next })
}

fn void(seen: &Seen) -> Option<Step> {
    let invoice = seen.invoice.as_ref().filter(|invoice| invoice.status.as_deref() == Some("open"));
    let invoice = invoice.and_then(|invoice| invoice.id.clone()).filter(|_| seen.subscription.pending_update);
    invoice.map(|invoice| Step::Void { invoice })
}

fn release(seen: &Seen) -> Option<Step> {
    steering(seen).map(|schedule| Step::Release { schedule: schedule.id.clone() })
}

/// The schedule, while it steers.
fn steering(seen: &Seen) -> Option<&Schedule> {
    seen.schedule.as_ref().filter(|schedule| schedule.active())
}

/// Takes back an end, which stands as a mark with a date, or as a date alone.
fn lift(seen: &Seen) -> Option<Step> {
    let now = &seen.subscription;
    if now.cancel_at_period_end {
        return Some(Step::End(false));
    }
    now.cancel_at.map(|_| Step::Lift)
}
