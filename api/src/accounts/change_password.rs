//! Changes of passwords.

use entity::user;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};

use super::{
    Session,
    local_user::{self, LocalUser},
    revocation,
};
use crate::{
    app::App,
    auth::{Viewer, password},
    error::Error,
    throttle::Address,
};

/// A new password for the viewer.
#[derive(Clone)]
pub struct ChangePassword {
    /// The current password.
    pub current: String,
    /// 8 to 72 bytes.
    pub new: String,
    /// The address that the request comes from.
    pub address: Address,
}

/// Changes the viewer's password and ends all earlier tokens, the viewer's own among them. Returns a new session.
///
/// # Errors
/// [`Error::BadInput`], also when the current password is wrong; [`Error::RateLimited`];
/// [`Error::Forbidden`] for users of another issuer.
pub async fn change_password(app: &App, viewer: Viewer, change: ChangePassword) -> Result<Session, Error> {
    let user = local_user::find(app, viewer).await?;
    let user = user.ok_or(Error::Forbidden("Users of another issuer change their password there."))?;
    password::check("newPassword", &change.new)?;
    user.prove(app, "currentPassword", change.current, change.address).await?;
    let LocalUser { user, hash } = user;
    let turn = app.throttle.password_turn(change.address).await?;
    let new = password::hash(turn, change.new, &app.password_cost).await?;
    let change = PasswordChange { user_id: user.id, old: &hash, new };
    if !set_password(app, change).await? {
        return Err(Error::Unauthenticated("The password was changed by another request. Log in again."));
    }
    let read_at = app.clock.wall();
    let user = super::by_ids(app.database.read(), &[user.id]).await?.remove(&user.id).ok_or(Error::NotFound("user"))?;
    Session::begin(app, user, read_at)
}

/// A change of a user's stored password hash.
pub(super) struct PasswordChange<'a> {
    pub(super) user_id: i64,
    /// The hash that is replaced.
    pub(super) old: &'a str,
    /// The hash that takes its place.
    pub(super) new: String,
}

/// Replaces a user's stored hash and ends all earlier tokens, in one statement. Returns `false` if the stored hash is no longer
/// the old one.
pub(super) async fn set_password(
    app: &App,
    PasswordChange { user_id, old, new }: PasswordChange<'_>,
) -> Result<bool, DbErr> {
    let (db, ended_at) = (app.database.write(), revocation::next_second(app.clock.wall()));
    let updated = user::Entity::update_many()
        .col_expr(user::Column::PasswordHash, Expr::value(new))
        .col_expr(user::Column::TokensValidFrom, Expr::value(ended_at))
        .filter(user::Column::Id.eq(user_id))
        .filter(user::Column::PasswordHash.eq(old))
        .exec(db)
        .await?;
    if updated.rows_affected == 0 {
        return Ok(false);
    }
    let now = app.clock.wall();
    if now >= ended_at {
        // The statement has waited, and a login may have read the old hash meanwhile.
        revocation::end_tokens(db, user_id, now).await?;
    }
    app.identities.revoked(user_id, |_| false).await;
    Ok(true)
}
