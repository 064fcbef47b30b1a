//! The event of a changed subscription for other services.

use entity::{Tier, account_event::Type, subscription::Model};
use sea_orm::ActiveEnum;
use serde_json::json;

use super::context::{ApplyError, Context};
use crate::{
    events::{self, time},
    global_id::Noun,
};

/// A subscription began, changed or ended.
pub(super) async fn changed(context: &Context<'_>, user_id: i64, row: &Model) -> Result<(), ApplyError> {
    let facts = json!({
        "subscriptionId": Noun::Subscription.id(row.id).to_string(), "subscriptionVersion": row.version,
        "stripeSubscriptionId": row.stripe_subscription_id, "tier": row.tier.as_str(),
        "scheduledTier": row.scheduled_tier.map(Tier::as_str), "status": row.status.to_value().to_uppercase(),
        "currentPeriodStart": time(row.current_period_start), "currentPeriodEnd": time(row.current_period_end),
        "cancelAtPeriodEnd": row.cancel_at_period_end, "cancelAt": row.cancel_at.map(time),
    });
    Ok(events::record(context.tx, user_id, Type::SubscriptionChanged, facts, context.clock.now()).await?)
}
