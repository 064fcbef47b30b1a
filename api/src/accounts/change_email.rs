//! Changes of emails. A request with the current password queues two mails, whether or not the new address is another user's, so
//! that its response does not show that: one to the new address, with a link unless the address is taken, and one to the
//! current address. The change takes effect when the link is followed.
//!
//! A link holds the new address and is signed together with the row's email, password hash and the end of earlier tokens. It is
//! void once one of these has changed: after its use, after a change of the password, and after a logout everywhere.

use chrono::TimeDelta;
use entity::{user, work::Kind};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use sha2::{Digest, Sha256};

use super::{
    Session,
    local_user::{self, LocalUser},
    log_in::by_email,
    mail_link::{by_id, link},
    revocation, sign_up,
};
use crate::{
    app::App,
    auth::{LinkPurpose, LinkTokens, Viewer},
    error::{DatabaseFault, Error, Rule, classify},
    mail::Message,
    throttle::Address,
    work,
};

/// Lifetime of a link to change an email.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Prefixes of the keys of queued mails.
const LINK: &str = "change-email:";
const NOTICE: &str = "email-change-requested:";
const CHANGED: &str = "email-changed:";

const VOID: &str = "The link is invalid, has expired or was used. Request another one.";

/// A new email for the viewer.
#[derive(Clone)]
pub struct ChangeEmail {
    /// The new email.
    pub email: String,
    /// The current password.
    pub password: String,
    /// The address that the request comes from.
    pub address: Address,
}

/// Queues the mails of a change of email. Returns the new email as it will be stored.
///
/// # Errors
/// [`Error::BadInput`], also when the password is wrong; [`Error::MailDisabled`]; [`Error::RateLimited`];
/// [`Error::Forbidden`] for users of another issuer.
pub async fn request_email_change(app: &App, viewer: Viewer, change: ChangeEmail) -> Result<String, Error> {
    let user = local_user::find(app, viewer).await?;
    let user = user.ok_or(Error::Forbidden("Users of another issuer change their email there."))?;
    app.mailer.as_ref().ok_or(Error::MailDisabled)?;
    let email = sign_up::checked_email(&change.email)?;
    if email == user.user.email {
        return Err(Error::bad_field("email", Rule::Unchanged, "This is already your email."));
    }
    user.prove(app, "currentPassword", change.password, change.address).await?;
    app.throttle.mail(change.address, &email)?;
    let request = format!("{}:{}:{email}", user.user.id, state(&user));
    let tx = app.database.begin().await?;
    for kind in [LINK, NOTICE] {
        work::due(&tx, &app.clock, Kind::Mail, &format!("{kind}{request}")).await?;
    }
    tx.commit().await?;
    app.work.wake();
    Ok(email)
}

/// A digest of everything that has to be the same from the request until its mails are sent.
fn state(user: &LocalUser) -> String {
    hex::encode(&Sha256::digest(unchanged(user, ""))[..16])
}

/// The values that must be the same until the link is used.
fn unchanged(LocalUser { user, hash }: &LocalUser, email: &str) -> String {
    let from = user.tokens_valid_from.map(|from| from.timestamp()).unwrap_or_default();
    format!("{}\n{hash}\n{from}\n{email}", user.email)
}

/// The mail of a queued key, if it is about a change of email and still has a purpose.
pub(super) async fn message(app: &App, key: &str) -> Result<Option<Message>, Error> {
    if let Some(request) = key.strip_prefix(LINK) {
        let Some(Requested { user, email }) = requested(app, request).await? else { return Ok(None) };
        let taken = by_email(app.database.read(), &email).await?.is_some();
        return if taken { Ok(Some(taken_message(email))) } else { link_message(app, &user, email).map(Some) };
    }
    if let Some(request) = key.strip_prefix(NOTICE) {
        return Ok(requested(app, request).await?.map(notice_message));
    }
    Ok(key.strip_prefix(CHANGED).map(changed_message))
}

/// A change that was requested and can still be made.
struct Requested {
    user: LocalUser,
    email: String,
}

async fn requested(app: &App, request: &str) -> Result<Option<Requested>, Error> {
    let mut parts = request.splitn(3, ':');
    let (Some(id), Some(digest), Some(email)) = (parts.next(), parts.next(), parts.next()) else { return Ok(None) };
    let Ok(id) = id.parse() else { return Ok(None) };
    let user = by_id(app, id).await?.and_then(LocalUser::with_password).filter(|user| state(user) == digest);
    Ok(user.map(|user| Requested { user, email: email.to_owned() }))
}

fn link_message(app: &App, user: &LocalUser, email: String) -> Result<Message, Error> {
    let expires_at = app.clock.wall() + LIFETIME;
    let unchanged = unchanged(user, &email);
    let token = app.tokens.links.issue(LinkPurpose::ChangeEmail, user.user.id, expires_at, &unchanged)?;
    let token = format!("{token}.{}", hex::encode(&email));
    Ok(Message {
        text: format!(
            "Confirm within an hour that this is the new email of your Patch-Hive account:\n\n{}\n\nIf you did not request \
             it, ignore this mail: nothing changes.\n",
            link(app, "confirm-email", &token)
        ),
        to: email,
        subject: "Confirm your new Patch-Hive email",
    })
}

fn taken_message(email: String) -> Message {
    let text = "You, or someone using your email address, requested to use it for another Patch-Hive account. This address \
                has an account already, so nothing was changed. If it was not you, ignore this mail.\n";
    Message { to: email, subject: "Your Patch-Hive email", text: text.to_owned() }
}

fn notice_message(Requested { user, email }: Requested) -> Message {
    Message {
        to: user.user.email,
        subject: "A change of your Patch-Hive email was requested",
        text: format!(
            "Someone requested to change the email of your Patch-Hive account to {email}. Your email changes when the link that \
             was sent there is followed, and this address can no longer be used to log in then.\n\nIf it was not you, change \
             your password: that makes the link invalid.\n"
        ),
    }
}

fn changed_message(old: &str) -> Message {
    let text = "The email of your Patch-Hive account was changed, and this address can no longer be used to log in. If it \
                was not you, contact support at once.\n";
    Message { to: old.to_owned(), subject: "Your Patch-Hive email was changed", text: text.to_owned() }
}

/// Changes an email by the link that was sent to it, ends all earlier tokens, and logs in. It also verifies the email.
///
/// # Errors
/// [`Error::BadInput`] when the link is void; [`Error::AlreadyExists`] when the email was taken since the link was sent;
/// [`Error::RateLimited`].
pub async fn confirm_email(app: &App, token: &str, address: Address) -> Result<Session, Error> {
    app.throttle.sign_up(address)?;
    let void = || Error::bad_field("token", Rule::InvalidLink, VOID);
    let Confirmed { user, email } = proved(app, token).await?.ok_or_else(void)?;
    let (id, ended_at) = (user.user.id, revocation::next_second(app.clock.wall()));
    let tx = app.database.begin().await?;
    match store(app, &tx, &user, &email).await {
        Ok(true) => tx.commit().await?,
        // Of two requests with one link, one finds the email changed.
        Ok(false) => return Err(void()),
        Err(error) if classify(&error) == DatabaseFault::Duplicate => return Err(sign_up::email_taken()),
        Err(error) => return Err(error.into()),
    }
    let now = app.clock.wall();
    if now >= ended_at {
        // The statement has waited, and a login may have read the old row meanwhile.
        revocation::end_tokens(app.database.write(), id, now).await?;
    }
    app.identities.revoked(id, |_| false).await;
    app.work.wake();
    let read_at = app.clock.wall();
    let user = by_id(app, id).await?.ok_or(Error::NotFound("user"))?;
    Session::begin(app, user, read_at)
}

/// A change that was confirmed by its link.
struct Confirmed {
    user: LocalUser,
    email: String,
}

async fn proved(app: &App, token: &str) -> Result<Option<Confirmed>, Error> {
    let Some((token, email)) = token.rsplit_once('.') else { return Ok(None) };
    let email = hex::decode(email).ok().and_then(|email| String::from_utf8(email).ok());
    let (Some(id), Some(email)) = (LinkTokens::claimed_user(token), email) else { return Ok(None) };
    let Some(user) = by_id(app, id).await?.and_then(LocalUser::with_password) else { return Ok(None) };
    let (links, now) = (&app.tokens.links, app.clock.wall());
    let proved = links.verify(LinkPurpose::ChangeEmail, token, now, &unchanged(&user, &email));
    Ok(proved.then_some(Confirmed { user, email }))
}

/// Writes the email and ends all earlier tokens. Returns `false` if the link has become void meanwhile.
async fn store(app: &App, tx: &DatabaseTransaction, old: &LocalUser, email: &str) -> Result<bool, DbErr> {
    let now = app.clock.wall();
    let since = user::Column::TokensValidFrom;
    let same_end = old.user.tokens_valid_from.map_or_else(|| since.is_null(), |from| since.eq(from));
    let updated = user::Entity::update_many()
        .col_expr(user::Column::Email, Expr::value(email))
        .col_expr(user::Column::EmailVerifiedAt, Expr::value(now))
        .col_expr(user::Column::TokensValidFrom, Expr::value(revocation::next_second(now)))
        .filter(user::Column::Id.eq(old.user.id))
        .filter(user::Column::Email.eq(&old.user.email).and(user::Column::PasswordHash.eq(&old.hash)))
        .filter(same_end)
        .exec(tx)
        .await?;
    if updated.rows_affected == 0 {
        return Ok(false);
    }
    work::due(tx, &app.clock, Kind::Mail, &format!("{CHANGED}{}", old.user.email)).await?;
    work::due(tx, &app.clock, Kind::Customer, &old.user.id.to_string()).await?;
    Ok(true)
}
