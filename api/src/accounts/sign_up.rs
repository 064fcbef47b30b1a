//! Sign-up.

use chrono::{DateTime, Utc};
use entity::user::{self, Role};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use super::{Session, log_in};
use crate::{
    app::App,
    auth::password,
    config::Demo,
    error::{DatabaseFault, Error, InputProblem, Rule, both, classify},
    input, ledger,
    throttle::Address,
};

/// Bytes of an email (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const MAX_EMAIL_BYTES: usize = 254;

/// Bytes of a name.
const MAX_NAME_BYTES: usize = 100;

/// A new user, as requested.
#[derive(Clone)]
pub struct SignUp {
    /// Unique; compared without case.
    pub email: String,
    /// The name that others see.
    pub username: String,
    /// A longer name.
    pub display_name: Option<String>,
    /// 8 to 72 bytes.
    pub password: String,
    /// The address that the request comes from.
    pub address: Address,
}

/// Creates a user with an empty account, and logs in.
///
/// # Errors
/// [`Error::Forbidden`] where users come from another issuer, [`Error::BadInput`], [`Error::AlreadyExists`] when the email
/// is taken, [`Error::RateLimited`].
pub async fn sign_up(app: &App, new: SignUp) -> Result<Session, Error> {
    if !app.tokens.local() {
        return Err(Error::Forbidden("Users of another issuer sign up there."));
    }
    let row = named(&new.email, &new.username, new.display_name.as_deref());
    let (mut row, ()) = both(row, password::check("password", &new.password))?;
    let turn = app.throttle.password_turn(new.address).await?;
    row.password_hash = Set(Some(password::hash(turn, new.password, &app.password_cost).await?));
    let read_at = app.clock.wall();
    let user = insert(app, row).await?;
    Session::begin(app, user, read_at)
}

/// Creates the demo user of `patch-hive dev` if necessary, and logs in.
///
/// # Errors
/// As [`sign_up`].
pub async fn demo(app: &App, demo: Demo) -> Result<Session, Error> {
    let read_at = app.clock.wall();
    let known = user::Entity::find().filter(user::Column::Email.eq(demo.email)).one(app.database.read()).await?;
    if let Some(user) = known {
        return Session::begin(app, user, read_at);
    }
    let new = SignUp {
        email: demo.email.to_owned(),
        username: demo.username.to_owned(),
        display_name: Some("Demo User".to_owned()),
        password: demo.password.to_owned(),
        address: Address::default(),
    };
    sign_up(app, new).await
}

/// Creates the operator of `patch-hive dev` if necessary: an admin who can log in. One without a password, whom an earlier
/// version created, gets it.
///
/// # Errors
/// As [`sign_up`].
pub async fn operator(app: &App, demo: Demo) -> Result<user::Model, Error> {
    let known = log_in::by_email(app.database.read(), demo.operator).await?;
    if let Some(user) = known.as_ref().filter(|user| user.password_hash.is_some()) {
        return Ok(user.clone());
    }
    let turn = app.throttle.password_turn(Address::default()).await?;
    let hash = password::hash(turn, demo.operator_password.to_owned(), &app.password_cost).await?;
    if let Some(user) = known {
        let row = user::ActiveModel { id: Set(user.id), password_hash: Set(Some(hash)), ..Default::default() };
        return Ok(row.update(app.database.write()).await?);
    }
    let mut row = named(demo.operator, "admin", None)?;
    row.role = Set(Role::Admin);
    row.password_hash = Set(Some(hash));
    insert(app, row).await
}

/// A row with a checked email and checked names. Emails are stored folded, so that both databases compare them alike.
pub(super) fn named(email: &str, username: &str, display_name: Option<&str>) -> Result<user::ActiveModel, Error> {
    let (email, names) = both(checked_email(email), names(username, display_name))?;
    Ok(user::ActiveModel {
        email: Set(email),
        password_hash: Set(None),
        auth_subject: Set(None),
        role: Set(Role::User),
        ..names
    })
}

/// The columns of checked names.
pub(super) fn names(username: &str, display_name: Option<&str>) -> Result<user::ActiveModel, Error> {
    let display_name = display_name.map(|name| input::line("displayName", name, MAX_NAME_BYTES)).transpose();
    let (username, display_name) = both(input::line("username", username, MAX_NAME_BYTES), display_name)?;
    Ok(user::ActiveModel {
        username: Set(username.to_owned()),
        display_name: Set(display_name.map(ToOwned::to_owned)),
        ..Default::default()
    })
}

/// Returns an email address in lower case. Only its form is checked, since only a mail can prove more.
pub(super) fn checked_email(email: &str) -> Result<String, Error> {
    let email = input::line("email", email.trim(), MAX_EMAIL_BYTES)?;
    let complete = email.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
    if !complete || email.contains(char::is_whitespace) {
        return Err(Error::bad_field("email", Rule::Format("EMAIL"), "email must be an email address."));
    }
    Ok(email.to_lowercase())
}

/// Checks whether a name may be stored.
pub(super) fn usable(name: &str) -> bool {
    input::line("name", name, MAX_NAME_BYTES).is_ok()
}

fn taken(field: &str, message: &str) -> Error {
    Error::AlreadyExists(InputProblem { field: Some(field.to_owned()), rule: Rule::Taken, message: message.to_owned() })
}

/// The error for an email that is another user's.
pub(super) fn email_taken() -> Error {
    taken("email", "This email is already registered. Log in instead.")
}

/// The error for a username that is another user's. In an adopted database, usernames may be unique as well.
pub(super) fn username_taken() -> Error {
    taken("username", "This username is already taken. Choose another one.")
}

/// Creates the user and the account, or neither.
pub(super) async fn insert(app: &App, row: user::ActiveModel) -> Result<user::Model, Error> {
    let email = row.email.clone().take();
    let tx = app.database.begin().await?;
    match insert_both(&tx, row, app.clock.now()).await {
        Ok(user) => {
            tx.commit().await?;
            Ok(user)
        }
        Err(error) if classify(&error) == DatabaseFault::Duplicate => {
            tx.rollback().await?;
            let known = log_in::by_email(app.database.read(), &email.unwrap_or_default()).await?;
            Err(if known.is_some() { email_taken() } else { username_taken() })
        }
        Err(error) => Err(error.into()),
    }
}

async fn insert_both(
    tx: &DatabaseTransaction,
    mut row: user::ActiveModel,
    now: DateTime<Utc>,
) -> Result<user::Model, DbErr> {
    row.created_at = Set(now);
    let user = row.insert(tx).await?;
    ledger::open(tx, user.id, now).await?;
    Ok(user)
}
