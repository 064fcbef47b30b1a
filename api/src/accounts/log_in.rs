//! Login.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::user::{self, Role};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, Func},
};

use super::Session;
use crate::{
    app::App,
    auth::{Tokens, password},
    error::Error,
    throttle::Address,
};

/// Credentials.
#[derive(Clone)]
pub struct LogIn {
    /// Compared without case.
    pub email: String,
    /// The password as it was given at sign-up.
    pub password: String,
    /// The address that the request comes from.
    pub address: Address,
}

/// Logs in. An unknown email and a wrong password get the same answer, and take the same time. A right password renews a
/// hash whose cost is not the configured one.
///
/// # Errors
/// [`Error::WrongCredentials`]; [`Error::RateLimited`]; [`Error::Forbidden`] where users come from another issuer.
pub async fn log_in(app: &App, LogIn { email, password, address }: LogIn) -> Result<Session, Error> {
    if !app.tokens.local() {
        return Err(Error::Forbidden("Users of another issuer log in there."));
    }
    app.throttle.log_in(address, &email)?;
    let read_at = app.clock.wall();
    let user = by_email(app.database.read(), &email).await?;
    look_up_highest_cost(app).await?;
    let turn = app.throttle.password_turn(address).await?;
    app.throttle.begin_attempt(address, &email)?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let check = password::verify(turn, password, hash.clone(), &app.password_cost).await?;
    let Some(user) = user else { return Err(Error::WrongCredentials) };
    if !check.right {
        return Err(Error::WrongCredentials);
    }
    app.throttle.logged_in(address, &email);
    if let (Some(old), Some(new)) = (hash, check.renewed) {
        renew(app, user.id, old, new).await?;
    }
    Session::begin(app, user, read_at)
}

/// Stores a renewed hash, unless the password was changed meanwhile.
async fn renew(app: &App, user_id: i64, old: String, new: String) -> Result<(), Error> {
    user::Entity::update_many()
        .col_expr(user::Column::PasswordHash, Expr::value(new))
        .filter(user::Column::Id.eq(user_id))
        .filter(user::Column::PasswordHash.eq(old))
        .exec(app.database.write())
        .await?;
    Ok(())
}

/// Looks up the highest cost of all stored bcrypt hashes that are checked, once in the life of the process. An adopted database
/// may hold hashes of any cost.
async fn look_up_highest_cost(app: &App) -> Result<(), Error> {
    if app.password_cost.is_unknown() {
        // `$2b$12$...`: two digits from the fifth character on, so texts compare like numbers.
        let cost = Func::cust("substr").arg(Expr::col(user::Column::PasswordHash)).arg(5).arg(2);
        let highest: Option<Option<String>> = user::Entity::find()
            .select_only()
            .expr(Expr::expr(cost.clone()).max())
            .filter(user::Column::PasswordHash.like("$2_$__$%"))
            .filter(Expr::expr(cost).lte(password::MAX_COST.to_string()))
            .into_tuple()
            .one(app.database.read())
            .await?;
        app.password_cost.observe(highest.flatten().and_then(|cost| cost.parse().ok()).unwrap_or_default());
    }
    Ok(())
}

/// A token to be issued at the command line.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest {
    /// The role of the token.
    pub role: Role,
    /// The lifetime of the token; `None`: that of a login.
    pub ttl: Option<Duration>,
    /// Wall time.
    pub now: DateTime<Utc>,
}

/// Issues a token for a user, for an operator at the command line. The user is given the token's role, since a token allows
/// no more than its user's row.
///
/// # Errors
/// [`Error::NotFound`], or there is no secret to sign with.
pub async fn token(
    db: &impl ConnectionTrait,
    tokens: &Tokens,
    email: &str,
    TokenRequest { role, ttl, now }: TokenRequest,
) -> Result<String, Error> {
    let user = by_email(db, email).await?.ok_or(Error::NotFound("user"))?;
    if role != Role::User && user.role != Role::Admin && user.role != role {
        let promoted = user::ActiveModel { id: Set(user.id), role: Set(role), ..Default::default() };
        promoted.update(db).await?;
    }
    Ok(tokens.issue(&user, role, now, ttl)?.0)
}

pub(super) async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<user::Model>, DbErr> {
    if email.contains('\0') {
        return Ok(None);
    }
    let folded = Func::lower(Expr::col(user::Column::Email));
    user::Entity::find().filter(Expr::expr(folded).eq(email.trim().to_lowercase())).one(db).await
}
