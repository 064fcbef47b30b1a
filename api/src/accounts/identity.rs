//! Finds the user of a valid token, unless the token was revoked.

use std::sync::Arc;

use entity::{revoked_token, user, user::Role};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tokio::{time::Instant, try_join};

use super::{close_account::closed_subject, sign_up};
use crate::{
    app::App,
    auth::{Bearer, Identity, TokenId, UserAccess, Viewer},
    error::Error,
};

const UNKNOWN: Error = Error::Unauthenticated("The token's user does not exist. Log in again.");

const REVOKED: Error = Error::Unauthenticated("The token was revoked. Log in again.");

/// Finds the user of a token. A user of another issuer gets a row at the first request, from the token's claims.
///
/// # Errors
/// [`Error::Unauthenticated`] when the token was revoked, or there is no such user and no way to create one;
/// [`Error::AlreadyExists`] when the email is another user's: two identities are never merged.
pub async fn ensure(app: &App, bearer: Bearer) -> Result<Viewer, Error> {
    let name = match &bearer.identity {
        Identity::Local { user_id, email } => format!("{user_id} {}", email.as_deref().unwrap_or_default()),
        Identity::Foreign { subject, .. } => subject.clone(),
    };
    if let Some(user_id) = app.identities.user(&name) {
        let viewer = viewer(&bearer, user_id);
        let access = access(app, &viewer).await?;
        if !access.closed {
            return allowed(&access, viewer);
        }
        // The identity may belong to another user now.
        app.identities.forget(&name);
    }
    let user_id = find(app, &bearer).await?;
    app.identities.remember(name, user_id);
    check(app, viewer(&bearer, user_id)).await
}

fn viewer(bearer: &Bearer, user_id: i64) -> Viewer {
    Viewer {
        user_id,
        role: bearer.role,
        expires_at: bearer.expires_at,
        issued_at: bearer.issued_at,
        token: bearer.token,
        role_is_foreign: matches!(bearer.identity, Identity::Foreign { .. }),
    }
}

/// Checks that a viewer's token is still valid, and lowers the role to what the user's row allows. Connections that stay
/// open check again when a token of their user was revoked.
///
/// # Errors
/// [`Error::Unauthenticated`] when the token was revoked.
pub async fn check(app: &App, viewer: Viewer) -> Result<Viewer, Error> {
    allowed(&*access(app, &viewer).await?, viewer)
}

async fn access(app: &App, viewer: &Viewer) -> Result<Arc<UserAccess>, Error> {
    app.identities.access(viewer, || read_access(app, viewer.user_id)).await
}

fn allowed(access: &UserAccess, viewer: Viewer) -> Result<Viewer, Error> {
    if !access.allows(&viewer) {
        return Err(REVOKED);
    }
    let role = if viewer.role_is_foreign { viewer.role } else { lesser(viewer.role, access.role) };
    Ok(Viewer { role, ..viewer })
}

async fn read_access(app: &App, user_id: i64) -> Result<UserAccess, Error> {
    let db = app.database.read();
    let read_at = Instant::now();
    let user = user::Entity::find_by_id(user_id).one(db);
    let revoked = revoked_token::Entity::find()
        .select_only()
        .column(revoked_token::Column::Token)
        .filter(revoked_token::Column::UserId.eq(user_id))
        .into_tuple::<String>()
        .all(db);
    let (user, revoked) = try_join!(user, revoked)?;
    let user = user.ok_or(UNKNOWN)?;
    Ok(UserAccess {
        role: user.role,
        tokens_valid_from: user.tokens_valid_from,
        closed: user.closed_at.is_some(),
        revoked: revoked.iter().filter_map(|token| TokenId::from_hex(token)).collect(),
        read_at,
    })
}

/// The role that both roles allow. Neither of the two privileged roles contains the other, but an admin may do both.
fn lesser(token: Role, row: Role) -> Role {
    match (token, row) {
        (Role::Admin, row) => row,
        (token, Role::Admin) => token,
        (token, row) if token == row => token,
        _ => Role::User,
    }
}

async fn find(app: &App, bearer: &Bearer) -> Result<i64, Error> {
    let (subject, email, name) = match &bearer.identity {
        Identity::Local { user_id, email } => {
            let user = user::Entity::find_by_id(*user_id).one(app.database.read()).await?;
            let same = |user: &user::Model| {
                email.as_ref().is_none_or(|email| email.to_lowercase() == user.email.to_lowercase())
            };
            return user.filter(same).map(|user| user.id).ok_or(UNKNOWN);
        }
        Identity::Foreign { subject, email, name } => (subject, email, name),
    };
    if let Some(user) = by_subject(app, subject).await? {
        return Ok(user.id);
    }
    if let Some(closed) = by_subject(app, &closed_subject(subject)).await?
        && bearer.issued_at.is_none_or(|at| closed.tokens_valid_from.is_some_and(|from| at < from))
    {
        return Err(REVOKED);
    }
    let email = email.as_deref().ok_or(Error::Unauthenticated("The token lacks an email claim."))?;
    let local_part = email.split('@').next().unwrap_or(email);
    let name = name.as_deref().filter(|name| sign_up::usable(name)).unwrap_or(local_part);
    let mut row = sign_up::named(email, name, None)?;
    row.auth_subject = Set(Some(subject.clone()));
    match sign_up::insert(app, row).await {
        Ok(user) => Ok(user.id),
        // Another request of the same user may have been faster.
        Err(taken @ Error::AlreadyExists(_)) => by_subject(app, subject).await?.map(|user| user.id).ok_or(taken),
        Err(error) => Err(error),
    }
}

async fn by_subject(app: &App, subject: &str) -> Result<Option<user::Model>, Error> {
    let found = user::Entity::find().filter(user::Column::AuthSubject.eq(subject)).one(app.database.read()).await?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_what_both_the_token_and_the_row_allow() {
        use Role::{Admin, Service, User};
        for (token, row, allowed) in [
            (Admin, Admin, Admin),
            (Admin, Service, Service),
            (Admin, User, User),
            (Service, Admin, Service),
            (Service, Service, Service),
            (Service, User, User),
            (User, Admin, User),
            (User, User, User),
        ] {
            assert_eq!(lesser(token, row), allowed, "{token:?} {row:?}");
        }
    }
}
