//! Log-in.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::user::{self, Role};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Func},
};

use super::{Session, password};
use crate::{app::App, auth::Tokens, error::Error, throttle::Address};

/// Says the same whichever of the two is wrong.
const WRONG: Error = Error::Unauthenticated("the email or the password is wrong");

/// What somebody logs in with.
#[derive(Clone)]
pub struct LogIn {
    /// Compared without case.
    pub email: String,
    /// As it was given at sign-up.
    pub password: String,
    /// Where it is asked from.
    pub address: Address,
}

/// Logs in. An unknown email and a wrong password answer alike, and take as long.
///
/// # Errors
/// [`Error::Unauthenticated`]; [`Error::RateLimited`]; [`Error::Forbidden`] where users come from another issuer.
pub async fn log_in(app: &App, asked: LogIn) -> Result<Session, Error> {
    if !app.tokens.local() {
        return Err(Error::Forbidden("users of another issuer log in there"));
    }
    app.throttle.log_in(asked.address, &asked.email)?;
    let user = by_email(app.database.read(), &asked.email).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let right = password::matches(asked.password, hash, app.config.password_cost).await?;
    let user = user.filter(|_| right).ok_or(WRONG)?;
    Session::begin(app, user)
}

/// Makes a token for somebody, for an operator at the command line.
///
/// # Errors
/// [`Error::NotFound`], or there is no secret to sign with.
pub async fn token(
    db: &impl ConnectionTrait,
    tokens: &Tokens,
    email: &str,
    (role, ttl, now): (Role, Option<Duration>, DateTime<Utc>),
) -> Result<String, Error> {
    let user = by_email(db, email).await?.ok_or(Error::NotFound("user"))?;
    Ok(tokens.issue(&user, role, now, ttl)?.0)
}

pub(super) async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<user::Model>, DbErr> {
    if email.contains('\0') {
        return Ok(None);
    }
    let folded = Func::lower(Expr::col(user::Column::Email));
    user::Entity::find().filter(Expr::expr(folded).eq(email.trim().to_lowercase())).one(db).await
}
