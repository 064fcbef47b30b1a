//! Schedules: what is going to become of subscriptions. A subscription names the schedule that steers it, and a schedule
//! tells its phases; they are heard of in any order. So both are kept, and the tier that is to come is worked out from both
//! whenever one of them changes.

use chrono::{DateTime, Utc};
use entity::{Tier, schedule, subscription};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};

use super::{
    Context, NOT_OURS, Outcome, Said, Trouble, news, owner,
    subscription::{SKEW, Verdict},
};
use crate::{ledger, stripe::Schedule};

/// A phase as it is stored.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Phase {
    start: i64,
    prices: Vec<String>,
}

pub(super) async fn settle(context: &Context<'_>, schedule: Schedule, said: Said) -> Result<Outcome, Trouble> {
    let Some(customer) = owner(context.tx, Some(&schedule.customer)).await? else {
        return Ok(Outcome::Ignored(NOT_OURS));
    };
    ledger::lock(context.tx, customer.row.user_id).await?;
    let verdict = store(context, &schedule, &said).await?;
    let steered = subscription::Entity::find()
        .filter(subscription::Column::StripeScheduleId.eq(&schedule.id))
        .filter(subscription::Column::CustomerId.eq(customer.row.id))
        .all(context.tx)
        .await?;
    for row in steered {
        let (tier, end) = (row.tier, row.current_period_end);
        let scheduled = coming(context, row.stripe_schedule_id.as_deref(), (tier, end)).await?;
        if scheduled.tier == row.scheduled_tier {
            continue;
        }
        let update = subscription::ActiveModel {
            id: Unchanged(row.id),
            scheduled_tier: Set(scheduled.tier),
            version: Set(row.version + 1),
            updated_at: Set(context.clock.now()),
            ..Default::default()
        };
        update.update(context.tx).await?;
    }
    Ok(Outcome::Applied(Some(news(context.tx, customer.row.user_id, verdict.tied()).await?)))
}

/// What is to come of a subscription.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Coming {
    /// Its tier from the next phase on, where that is another one.
    pub(super) tier: Option<Tier>,
    /// The schedule was never heard of: Stripe has to be asked.
    pub(super) unheard: bool,
}

/// The tier that a schedule brings to a subscription of `tier` after its period ends.
pub(super) async fn coming(
    context: &Context<'_>,
    schedule: Option<&str>,
    (tier, period_end): (Tier, DateTime<Utc>),
) -> Result<Coming, DbErr> {
    let Some(id) = schedule else { return Ok(Coming::default()) };
    let Some(known) = find(context, id).await? else { return Ok(Coming { tier: None, unheard: true }) };
    if known.ended {
        return Ok(Coming::default());
    }
    let phases: Vec<Phase> = serde_json::from_value(known.phases).unwrap_or_default();
    let next = phases.iter().filter(|phase| phase.start >= period_end.timestamp()).min_by_key(|phase| phase.start);
    let prices = next.into_iter().flat_map(|phase| &phase.prices);
    let to_come = prices.into_iter().find_map(|price| context.payments.prices.tier(price));
    Ok(Coming { tier: to_come.filter(|to_come| *to_come != tier), unheard: false })
}

async fn find(context: &Context<'_>, id: &str) -> Result<Option<schedule::Model>, DbErr> {
    schedule::Entity::find().filter(schedule::Column::StripeScheduleId.eq(id)).one(context.tx).await
}

/// Stores the schedule, unless what is stored is later.
async fn store(context: &Context<'_>, told: &Schedule, said: &Said) -> Result<Verdict, Trouble> {
    let phases = told
        .phases
        .iter()
        .map(|phase| Phase { start: phase.start, prices: phase.items.iter().map(|item| item.price.clone()).collect() });
    let phases = serde_json::to_value(phases.collect::<Vec<_>>()).map_err(|error| Trouble::Odd(error.to_string()))?;
    let ended = !told.active();
    let known = find(context, &told.id).await?;
    let verdict = match &known {
        None => Verdict::Later,
        Some(known) if known.asked_at > 0 && said.is_echo(context, known.asked_at).await? => Verdict::Earlier,
        Some(known) => judge(known, ended, &phases, said),
    };
    if !verdict.later() {
        return Ok(verdict);
    }
    let (observed_at, asked_at) = known.as_ref().map_or((0, 0), |known| (known.observed_at, known.asked_at));
    let row = schedule::ActiveModel {
        stripe_schedule_id: Set(told.id.clone()),
        ended: Set(ended),
        phases: Set(phases),
        observed_at: Set(said.observed_at(observed_at)),
        asked_at: Set(said.asked_at(asked_at)),
        ..Default::default()
    };
    match known {
        Some(known) => drop(schedule::ActiveModel { id: Unchanged(known.id), ..row }.update(context.tx).await?),
        None => drop(row.insert(context.tx).await?),
    }
    Ok(verdict)
}

/// Which is the later: as for subscriptions. Within one second a schedule is made before it changes.
fn judge(known: &schedule::Model, ended: bool, phases: &serde_json::Value, said: &Said) -> Verdict {
    if known.ended {
        return Verdict::Earlier;
    }
    if ended {
        return Verdict::Later;
    }
    let same = known.phases == *phases;
    match *said {
        Said::Reply { at } if at < known.asked_at.max(known.observed_at) => Verdict::Earlier,
        Said::Reply { .. } => Verdict::Later,
        Said::Event { at, .. } if at < known.observed_at => Verdict::Earlier,
        Said::Event { at, .. } if same => {
            if at > known.observed_at {
                Verdict::Later
            } else {
                Verdict::Earlier
            }
        }
        Said::Event { at, .. } if known.asked_at > 0 && at < known.asked_at - SKEW => Verdict::Earlier,
        Said::Event { created: true, .. } => Verdict::Earlier,
        Said::Event { at, .. } if known.asked_at > 0 && at <= known.asked_at + SKEW => Verdict::TiedEarlier,
        Said::Event { at, .. } if at > known.observed_at => Verdict::Later,
        Said::Event { .. } => Verdict::TiedLater,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known(observed_at: i64, asked_at: i64) -> schedule::Model {
        let phases = json!([{ "start": 0, "prices": ["price_pro"] }]);
        schedule::Model { id: 1, stripe_schedule_id: "s".to_owned(), ended: false, phases, observed_at, asked_at }
    }

    fn event(at: i64, created: bool) -> Said {
        Said::Event { created, at, previous: None, key: None }
    }

    fn verdict(known: &schedule::Model, said: &Said) -> Verdict {
        judge(known, false, &json!([{ "start": 0, "prices": ["price_core"] }]), said)
    }

    #[test]
    fn the_later_second_wins_and_an_end_is_final() {
        assert_eq!(verdict(&known(1000, 0), &event(1001, false)), Verdict::Later);
        assert_eq!(verdict(&known(1000, 0), &event(999, false)), Verdict::Earlier);
        assert_eq!(judge(&known(1000, 0), true, &json!([]), &event(5, false)), Verdict::Later);
        let ended = schedule::Model { ended: true, ..known(5, 0) };
        assert_eq!(verdict(&ended, &event(1000, false)), Verdict::Earlier);
    }

    #[test]
    fn within_one_second_a_schedule_is_made_first_and_two_changes_are_asked_for() {
        assert_eq!(verdict(&known(1000, 0), &event(1000, true)), Verdict::Earlier);
        assert_eq!(verdict(&known(1000, 0), &event(1000, false)), Verdict::TiedLater);
    }

    #[test]
    fn what_was_asked_for_is_not_overwritten_by_what_may_be_older() {
        assert_eq!(verdict(&known(0, 1000), &event(1000 - SKEW - 1, false)), Verdict::Earlier);
        assert_eq!(verdict(&known(0, 1000), &event(1000, false)), Verdict::TiedEarlier);
        assert_eq!(verdict(&known(0, 1000), &event(1001 + SKEW, false)), Verdict::Later);
    }
}
