//! Reads and opens accounts.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::credit_account;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

/// Opens the account of a new user if necessary: no credits, version 0.
///
/// # Errors
/// A failed statement.
pub async fn open(db: &impl ConnectionTrait, user_id: i64, now: DateTime<Utc>) -> Result<(), DbErr> {
    let account = credit_account::ActiveModel {
        user_id: Set(user_id),
        balance: Set(0),
        held: Set(0),
        version: Set(0),
        unlimited_until: Set(None),
        updated_at: Set(now),
    };
    credit_account::Entity::insert(account).on_conflict_do_nothing().exec_without_returning(db).await?;
    Ok(())
}

/// Reads one account.
///
/// # Errors
/// A failed statement.
pub async fn account(db: &impl ConnectionTrait, user_id: i64) -> Result<Option<credit_account::Model>, DbErr> {
    credit_account::Entity::find_by_id(user_id).one(db).await
}

/// Reads several accounts at once, by user.
///
/// # Errors
/// A failed statement.
pub async fn accounts(
    db: &impl ConnectionTrait,
    user_ids: &[i64],
) -> Result<HashMap<i64, credit_account::Model>, DbErr> {
    let accounts = credit_account::Entity::find()
        .filter(credit_account::Column::UserId.is_in(user_ids.iter().copied()))
        .all(db)
        .await?;
    Ok(accounts.into_iter().map(|account| (account.user_id, account)).collect())
}
