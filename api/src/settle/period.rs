//! The credits of paid periods.
//!
//! A period is named by its end, which the full and the proration lines of all its invoices share. What is due is what
//! the tier grants less what the period granted so far, so that several events for one payment, and an upgrade in the
//! midst of a period, never grant more than the highest tier that was paid.

use chrono::{DateTime, Utc};
use entity::{Tier, ledger_entry::ChangeType, period};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, QueryFilter,
};

use super::{Context, Trouble, entitlement};
use crate::{
    ledger::{self, Posting, Unlimited, source},
    plan::plan,
};

/// A period that was paid for at a tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paid {
    pub(super) user_id: i64,
    pub(super) subscription: String,
    pub(super) tier: Tier,
    pub(super) end: DateTime<Utc>,
}

/// Books what is due for a paid period, and returns the period. The account is locked already.
pub(super) async fn grant(context: &Context<'_>, paid: Paid) -> Result<period::Model, Trouble> {
    let reference = source::period(&paid.subscription, paid.end);
    let known = period::Entity::find().filter(period::Column::Reference.eq(&reference)).one(context.tx).await?;
    let before = known.as_ref().map(|period| (period.tier, period.credits_granted));
    let due = due(paid.tier, before);
    let source = source::grant(&paid.subscription, paid.end, paid.tier);
    if let Some(known) = &known
        // Granted at this tier when the plan offered less: what a period grants was settled then.
        && (due.is_none() || ledger::booked(context.tx, &source).await?)
    {
        return Ok(known.clone());
    }
    let due = due.unwrap_or_default();
    let now = context.clock.now();
    let period = if let Some(period) = known {
        let update = period::ActiveModel {
            id: Unchanged(period.id),
            tier: Set(period.tier.max(paid.tier)),
            credits_granted: Set(period.credits_granted + due),
            ..Default::default()
        };
        update.update(context.tx).await?
    } else {
        let row = period::ActiveModel {
            user_id: Set(paid.user_id),
            stripe_subscription_id: Set(paid.subscription.clone()),
            period_end: Set(paid.end),
            reference: Set(reference.clone()),
            tier: Set(paid.tier),
            credits_granted: Set(due),
            credits_reversed: Set(0),
            studio_refunded: Set(false),
            created_at: Set(now),
            ..Default::default()
        };
        row.insert(context.tx).await?
    };
    let until = entitlement::unlimited_until(context.tx, paid.user_id, now).await?;
    entitlement::end_later(context.tx, context.clock, paid.user_id, until).await?;
    let posting = Posting {
        user_id: paid.user_id,
        change_type: ChangeType::Grant,
        delta: due,
        unlimited: Unlimited::Until(until),
        source,
        reference: Some(reference),
        notes: Some(format!("{} until {}", plan(paid.tier).name, paid.end.format("%Y-%m-%d"))),
        now,
    };
    ledger::post(context.tx, posting).await?;
    Ok(period)
}

/// What a period at `tier` still grants, when it was paid at a highest tier and granted credits before; `None` when there
/// is nothing to book. A period grants the most that one of its paid tiers grants, in whatever order they are told; STUDIO
/// adds no credits, and is marked once.
fn due(tier: Tier, before: Option<(Tier, i64)>) -> Option<i64> {
    let (highest, granted) = before.unwrap_or((Tier::Free, 0));
    match plan(tier).monthly_credits {
        None => Some(0).filter(|_| highest < tier),
        Some(credits) => Some(credits - granted).filter(|due| *due > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_grants_its_credits_once() {
        assert_eq!(due(Tier::Core, None), Some(25));
        assert_eq!(due(Tier::Core, Some((Tier::Core, 25))), None);
    }

    #[test]
    fn an_upgrade_grants_the_difference_and_a_downgrade_nothing() {
        assert_eq!(due(Tier::Pro, Some((Tier::Core, 25))), Some(75));
        assert_eq!(due(Tier::Core, Some((Tier::Pro, 100))), None);
    }

    #[test]
    fn a_studio_period_is_marked_once_and_takes_nothing_from_the_others() {
        assert_eq!(due(Tier::Studio, Some((Tier::Core, 25))), Some(0));
        assert_eq!(due(Tier::Studio, Some((Tier::Studio, 25))), None);
        assert_eq!(due(Tier::Core, Some((Tier::Studio, 0))), Some(25));
    }

    #[test]
    fn free_grants_nothing() {
        assert_eq!(due(Tier::Free, None), None);
    }
}
