//! Events that are written in the transaction of their change.

use chrono::{DateTime, Utc};
use entity::{
    account_event::Type,
    event_endpoint,
    pending_event::{ActiveModel, Entity},
};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, EntityTrait, QuerySelect};
use serde_json::{Map, Value};

use super::body::{account, payload};
use crate::ledger;

/// Writes an event with `facts` for the relay, if there is any endpoint. The account is locked, so that the events of an account
/// have the order of its changes.
///
/// # Errors
/// The database's.
pub async fn record(
    tx: &DatabaseTransaction,
    user_id: i64,
    kind: Type,
    facts: Value,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let endpoint = event_endpoint::Entity::find().select_only().column(event_endpoint::Column::Id).into_tuple::<i64>();
    if endpoint.one(tx).await?.is_none() {
        return Ok(());
    }
    let (version, balance) =
        ledger::account(tx, user_id).await?.map_or((0, 0), |account| (account.version, account.balance));
    let mut data: Map<String, Value> = account(user_id, version, balance);
    if let Value::Object(facts) = facts {
        data.extend(facts);
    }
    let event = ActiveModel {
        user_id: Set(user_id),
        kind: Set(kind),
        version: Set(version),
        payload: Set(payload(kind, at, &Value::Object(data))),
        ..Default::default()
    };
    Entity::insert(event).exec_without_returning(tx).await?;
    Ok(())
}
