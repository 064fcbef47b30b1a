//! Ends tokens before their time.
//!
//! All tokens of a user end by a moment in the user's row: those issued before it are invalid. A single token ends by a row
//! of its own, kept until the token would have expired. Other replicas learn of both within a second from
//! [`notice`], which asks for recent revocations only.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::{revoked_token, user, user::Role};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::Expr,
};

use super::log_in::by_email;
use crate::{
    app::App,
    auth::{TokenId, Viewer},
    database::Old,
    error::Error,
};

/// Seconds before the last time that revocations were read, from which on they are read again: longer than a transaction
/// takes, and than clocks differ.
const OVERLAP: i64 = 60;

/// Ends the viewer's token. Returns when it ended, in wall time.
///
/// # Errors
/// A failed statement.
pub async fn log_out(app: &App, viewer: Viewer) -> Result<DateTime<Utc>, Error> {
    let now = app.clock.wall();
    let row = revoked_token::ActiveModel {
        token: Set(viewer.token.to_hex()),
        user_id: Set(viewer.user_id),
        revoked_at: Set(now),
        expires_at: Set(viewer.expires_at),
    };
    revoked_token::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(app.database.write()).await?;
    app.identities.revoked(viewer.user_id, |_| false).await;
    Ok(now)
}

/// Ends all tokens of a user. Returns when they ended, in wall time.
///
/// # Errors
/// A failed statement.
pub async fn log_out_everywhere(app: &App, user_id: i64) -> Result<DateTime<Utc>, Error> {
    let now = app.clock.wall();
    end_tokens(app.database.write(), user_id, now).await?;
    app.identities.revoked(user_id, |_| false).await;
    Ok(now)
}

/// Ends all tokens of the user with an email and revokes privileged roles, for an operator at the command line.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn revoke(db: &impl ConnectionTrait, email: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let user = by_email(db, email).await?.ok_or(Error::NotFound("user"))?;
    let demoted = user::ActiveModel {
        id: Set(user.id),
        role: Set(Role::User),
        tokens_valid_from: Set(Some(next_second(now))),
        ..Default::default()
    };
    demoted.update(db).await?;
    Ok(())
}

/// Marks the tokens issued up to `now` (wall time) as invalid.
pub(super) async fn end_tokens(db: &impl ConnectionTrait, user_id: i64, now: DateTime<Utc>) -> Result<(), DbErr> {
    user::Entity::update_many()
        .col_expr(user::Column::TokensValidFrom, Expr::value(next_second(now)))
        .filter(user::Column::Id.eq(user_id))
        .exec(db)
        .await?;
    Ok(())
}

/// Tokens contain whole seconds, so one issued in this second may be older than this moment.
pub(super) fn next_second(now: DateTime<Utc>) -> DateTime<Utc> {
    now.trunc_subsecs(0) + TimeDelta::seconds(1)
}

/// Notices what other processes have revoked since the last success, which was `since` (wall time): a process that cannot
/// reach the database for a while misses none.
///
/// # Errors
/// A failed statement.
pub async fn notice(app: &App, since: DateTime<Utc>) -> Result<(), DbErr> {
    let (db, since) = (app.database.read(), since - TimeDelta::seconds(OVERLAP));
    let users: Vec<(i64, DateTime<Utc>)> = user::Entity::find()
        .select_only()
        .columns([user::Column::Id, user::Column::TokensValidFrom])
        .filter(user::Column::TokensValidFrom.gt(since))
        .into_tuple()
        .all(db)
        .await?;
    for (user_id, from) in users {
        app.identities.revoked(user_id, |access| access.tokens_valid_from.is_some_and(|known| known >= from)).await;
    }
    let tokens: Vec<(i64, String)> = revoked_token::Entity::find()
        .select_only()
        .columns([revoked_token::Column::UserId, revoked_token::Column::Token])
        .filter(revoked_token::Column::RevokedAt.gt(since))
        .into_tuple()
        .all(db)
        .await?;
    for (user_id, token) in tokens {
        let token = TokenId::from_hex(&token);
        app.identities.revoked(user_id, |access| token.is_none_or(|token| access.revoked.contains(&token))).await;
    }
    Ok(())
}

/// Deletes the rows of tokens that have expired.
///
/// # Errors
/// A failed statement.
pub async fn prune(app: &App) -> Result<u64, DbErr> {
    const EXPIRED: Old = Old { table: "revoked_tokens", key: "token", time: "expires_at", condition: "TRUE" };
    EXPIRED.delete(&app.database, app.clock.wall()).await
}
