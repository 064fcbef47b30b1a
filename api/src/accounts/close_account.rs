//! Closing an account. The user's row stays, since the ledger, payments and invoices belong to it, but it holds neither an email
//! nor a name, password or subject any longer. Alerts and their settings are deleted. All tokens end. The queue then ends at Stripe what the user could still pay for.
//! A sign-up with the same email creates another user.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    user::{self, Role},
    work::Kind,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use sha2::{Digest, Sha256};

use super::{local_user, revocation};
use crate::{
    alert,
    app::App,
    auth::Viewer,
    clock,
    error::{Error, Rule},
    ledger,
    throttle::Address,
    work,
};

/// The longest time since the login of a user without a password.
const RECENT: TimeDelta = TimeDelta::minutes(10);

const NOT_RECENT: Error = Error::Forbidden("Log in again at your issuer, then close the account within ten minutes.");

/// A request to close the viewer's account.
#[derive(Clone)]
pub struct CloseAccount {
    /// The current password; `None` for users of another issuer, who have none here.
    pub password: Option<String>,
    /// The address that the request comes from.
    pub address: Address,
}

/// Closes the viewer's account, and returns when that was, in wall time. A user of another issuer needs a token that was issued
/// a short time ago.
///
/// # Errors
/// [`Error::BadInput`] when the password is missing or wrong; [`Error::RateLimited`]; [`Error::Forbidden`] for admins and
/// services, and for a token of another issuer that is not recent.
pub async fn close_account(app: &App, viewer: Viewer, close: CloseAccount) -> Result<DateTime<Utc>, Error> {
    let user = super::by_ids(app.database.read(), &[viewer.user_id]).await?.remove(&viewer.user_id);
    let user = user.ok_or(Error::NotFound("user"))?;
    if user.role != Role::User || viewer.is_privileged() {
        return Err(Error::Forbidden("Accounts of admins and services cannot be closed. Revoke their role first."));
    }
    if let Some(local) = local_user::find(app, viewer).await? {
        let missing = || Error::bad_field("currentPassword", Rule::Required, "currentPassword must not be empty.");
        local.prove(app, "currentPassword", close.password.ok_or_else(missing)?, close.address).await?;
    } else if viewer.issued_at.is_none_or(|at| at + RECENT < app.clock.wall()) {
        return Err(NOT_RECENT);
    }
    let now = app.clock.wall();
    let turn = app.database.turn_of(user.id).await?;
    let tx = app.database.begin().await?;
    // Operations at Stripe begin under the same lock, so none begins once the account is closed.
    ledger::lock(&tx, user.id).await?;
    if !store(&tx, &user, now).await? {
        return Err(Error::Unauthenticated("The account was changed by another request. Log in again."));
    }
    alert::forget(&tx, user.id).await?;
    work::due(&tx, &app.clock, Kind::Customer, &user.id.to_string()).await?;
    tx.commit().await?;
    drop(turn);
    let committed_at = app.clock.wall();
    if committed_at >= revocation::next_second(now) {
        // The transaction has waited, and a login may have read the old row meanwhile.
        revocation::end_tokens(app.database.write(), user.id, committed_at).await?;
    }
    app.identities.revoked(user.id, |_| false).await;
    app.work.wake();
    Ok(now)
}

/// Removes the user's data from the row. Returns `false` if the account is closed already, or its password was changed.
async fn store(tx: &DatabaseTransaction, user: &user::Model, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let subject = user.auth_subject.as_deref().map(closed_subject);
    if let Some(subject) = &subject {
        forget_earlier(tx, subject).await?;
    }
    // Random, so that nobody can take the name before.
    let name = format!("closed-{}", clock::random_id());
    let closed = user::ActiveModel {
        email: Set(format!("{name}@closed.invalid")),
        username: Set(name),
        display_name: Set(None),
        password_hash: Set(None),
        auth_subject: Set(subject),
        email_verified_at: Set(None),
        tokens_valid_from: Set(Some(revocation::next_second(now))),
        closed_at: Set(Some(now)),
        ..Default::default()
    };
    let same_password = match &user.password_hash {
        Some(hash) => user::Column::PasswordHash.eq(hash),
        None => user::Column::PasswordHash.is_null(),
    };
    let open = user::Entity::update_many()
        .set(closed)
        .filter(user::Column::Id.eq(user.id))
        .filter(user::Column::ClosedAt.is_null())
        .filter(same_password);
    Ok(open.exec(tx).await?.rows_affected == 1)
}

/// The stored form of a closed user's subject: a digest, by which tokens that were issued before the closing are refused. A
/// subject has one newline, so no other looks like it.
pub(super) fn closed_subject(subject: &str) -> String {
    format!("closed\n\n{}", hex::encode(Sha256::digest(subject)))
}

/// A subject is unique. Of several users with it that were closed one after the other, the last one counts.
async fn forget_earlier(tx: &DatabaseTransaction, subject: &str) -> Result<(), DbErr> {
    user::Entity::update_many()
        .col_expr(user::Column::AuthSubject, Expr::value(None::<String>))
        .filter(user::Column::AuthSubject.eq(subject))
        .exec(tx)
        .await?;
    Ok(())
}
