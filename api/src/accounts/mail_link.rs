//! Links sent by mail: to reset a password, and to verify an email. A request only queues the mail, whether or not the
//! email is known, so that neither its response nor its time shows which emails are known. The queue creates the link when
//! the mail is sent.

use chrono::TimeDelta;
use entity::{user, work::Kind};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::{
    Session,
    change_password::{PasswordChange, set_password},
    log_in::by_email,
    sign_up,
};
use crate::{
    app::App,
    auth::{LinkPurpose, LinkTokens, Viewer, password},
    error::{Error, Rule, both},
    mail::Message,
    throttle::Address,
    work,
};

/// Lifetime of a link to reset a password.
const RESET_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Lifetime of a link to verify an email.
const VERIFY_LIFETIME: TimeDelta = TimeDelta::days(3);

/// Prefixes of the keys of queued mails.
const RESET: &str = "reset-password:";
const VERIFY: &str = "verify-email:";

/// Queues a mail with a link to choose a new password, if a user has the email. Returns the email as it is stored.
///
/// # Errors
/// [`Error::MailDisabled`]; [`Error::RateLimited`]; [`Error::BadInput`]; [`Error::Forbidden`] where users come from another
/// issuer.
pub async fn request_password_reset(app: &App, email: &str, address: Address) -> Result<String, Error> {
    if !app.tokens.local() {
        return Err(Error::Forbidden("Users of another issuer reset their password there."));
    }
    app.mailer.as_ref().ok_or(Error::MailDisabled)?;
    let email = sign_up::checked_email(email)?;
    app.throttle.mail(address, &email)?;
    queue(app, &format!("{RESET}{email}")).await?;
    Ok(email)
}

/// Queues a mail with a link by which the viewer verifies their email, which is returned.
///
/// # Errors
/// [`Error::MailDisabled`]; [`Error::RateLimited`].
pub async fn request_email_verification(app: &App, viewer: Viewer, address: Address) -> Result<String, Error> {
    app.mailer.as_ref().ok_or(Error::MailDisabled)?;
    let user = by_id(app, viewer.user_id).await?.ok_or(Error::NotFound("user"))?;
    app.throttle.mail(address, &user.email)?;
    queue(app, &format!("{VERIFY}{}", user.id)).await?;
    Ok(user.email)
}

pub(super) async fn queue(app: &App, key: &str) -> Result<(), Error> {
    work::due(app.database.write(), &app.clock, Kind::Mail, key).await?;
    app.work.wake();
    Ok(())
}

/// The mail for a queued key. `None` if the key is of another kind of mail, or if nobody needs the mail.
pub(super) async fn message(app: &App, key: &str) -> Result<Option<Message>, Error> {
    if let Some(email) = key.strip_prefix(RESET) {
        let user = by_email(app.database.read(), email).await?;
        Ok(user.map(|user| reset_message(app, &user)).transpose()?.flatten())
    } else if let Some(id) = key.strip_prefix(VERIFY).and_then(|id| id.parse().ok()) {
        by_id(app, id).await?.map(|user| verify_message(app, &user)).transpose()
    } else {
        Ok(None)
    }
}

/// Returns `None` for a user without a password, who has nothing to reset.
fn reset_message(app: &App, user: &user::Model) -> Result<Option<Message>, Error> {
    let Some(hash) = user.password_hash.as_deref() else { return Ok(None) };
    let expires_at = app.clock.wall() + RESET_LIFETIME;
    let token = app.tokens.links.issue(LinkPurpose::ResetPassword, user.id, expires_at, &unchanged(user, hash))?;
    Ok(Some(Message {
        to: user.email.clone(),
        subject: "Reset your Patch-Hive password",
        text: format!(
            "You, or someone using your email address, requested to reset the password of this account. Choose a new \
             password within an hour:\n\n{}\n\nIf it was not you, ignore this mail: your password stays as it is.\n",
            link(app, "reset-password", &token)
        ),
    }))
}

fn verify_message(app: &App, user: &user::Model) -> Result<Message, Error> {
    let expires_at = app.clock.wall() + VERIFY_LIFETIME;
    let token = app.tokens.links.issue(LinkPurpose::VerifyEmail, user.id, expires_at, &user.email)?;
    Ok(Message {
        to: user.email.clone(),
        subject: "Verify your Patch-Hive email",
        text: format!("Verify that this is your email:\n\n{}\n", link(app, "verify-email", &token)),
    })
}

/// The token follows the `#`, which browsers do not send to servers.
pub(super) fn link(app: &App, page: &str, token: &str) -> String {
    format!("{}/{page}#token={token}", app.config.public_url.trim_end_matches('/'))
}

/// The values that must be the same until a link to reset a password is used.
fn unchanged(user: &user::Model, hash: &str) -> String {
    format!("{}\n{hash}", user.email)
}

/// Sets a new password by a mailed link, ends all earlier tokens, and logs in. It also verifies the email.
///
/// # Errors
/// [`Error::BadInput`] when the link is void or the password too short or long; [`Error::RateLimited`].
pub async fn reset_password(app: &App, token: &str, new: String, address: Address) -> Result<Session, Error> {
    const VOID: &str = "The link is invalid, has expired or was used. Request another one.";
    app.throttle.sign_up(address)?;
    let claimed = match LinkTokens::claimed_user(token) {
        Some(id) => by_id(app, id).await?,
        None => None,
    };
    let (links, now) = (&app.tokens.links, app.clock.wall());
    let proved = claimed.and_then(|user| {
        let hash = user.password_hash.clone().filter(|hash| !hash.is_empty())?;
        let proved = links.verify(LinkPurpose::ResetPassword, token, now, &unchanged(&user, &hash));
        proved.then_some((user, hash))
    });
    let proved = proved.ok_or_else(|| Error::bad_field("token", Rule::InvalidLink, VOID));
    let ((user, hash), ()) = both(proved, password::check("newPassword", &new))?;
    let turn = app.throttle.password_turn(address).await?;
    let new = password::hash(turn, new, &app.password_cost).await?;
    // Of two requests with one link, one finds the password unchanged.
    let change = PasswordChange { user_id: user.id, old: &hash, new };
    if !set_password(app, change).await? {
        return Err(Error::bad_field("token", Rule::InvalidLink, VOID));
    }
    mark_verified(app, &user).await?;
    let read_at = app.clock.wall();
    let user = by_id(app, user.id).await?.ok_or(Error::NotFound("user"))?;
    Session::begin(app, user, read_at)
}

/// Verifies an email by a link that was sent to it.
///
/// # Errors
/// [`Error::BadInput`] when the link is invalid or has expired.
pub async fn verify_email(app: &App, token: &str, address: Address) -> Result<user::Model, Error> {
    const VOID: &str = "The link is invalid or has expired. Request another one.";
    app.throttle.sign_up(address)?;
    let user = match LinkTokens::claimed_user(token) {
        Some(id) => by_id(app, id).await?,
        None => None,
    };
    let user = user.ok_or_else(|| Error::bad_field("token", Rule::InvalidLink, VOID))?;
    if !app.tokens.links.verify(LinkPurpose::VerifyEmail, token, app.clock.wall(), &user.email) {
        return Err(Error::bad_field("token", Rule::InvalidLink, VOID));
    }
    mark_verified(app, &user).await?;
    by_id(app, user.id).await?.ok_or(Error::NotFound("user"))
}

async fn mark_verified(app: &App, user: &user::Model) -> Result<(), Error> {
    user::Entity::update_many()
        .col_expr(user::Column::EmailVerifiedAt, Expr::value(app.clock.wall()))
        .filter(user::Column::Id.eq(user.id))
        .filter(user::Column::EmailVerifiedAt.is_null())
        .exec(app.database.write())
        .await?;
    Ok(())
}

pub(super) async fn by_id(app: &App, id: i64) -> Result<Option<user::Model>, Error> {
    Ok(user::Entity::find_by_id(id).one(app.database.read()).await?)
}
