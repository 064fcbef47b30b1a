//! The event of an alert for other services.

use entity::{Tier, account_event::Type, alert::Model};
use sea_orm::{ActiveEnum, DatabaseTransaction, DbErr};
use serde_json::json;

use crate::{
    events::{self, time},
    global_id::Noun,
};

/// An alert was added. Its account is locked.
pub(super) async fn raised(tx: &DatabaseTransaction, alert: &Model) -> Result<(), DbErr> {
    let facts = json!({
        "alertId": Noun::Alert.id(alert.id).to_string(), "kind": alert.kind.to_value().to_uppercase(), "below": alert.below,
        "available": alert.available, "balanceVersion": alert.version, "tier": alert.tier.map(Tier::as_str),
        "endsAt": alert.ends_at.map(time), "amount": alert.amount,
        "currency": alert.currency.as_ref().map(|currency| currency.to_uppercase()),
    });
    events::record(tx, alert.user_id, Type::AlertRaised, facts, alert.created_at).await
}
