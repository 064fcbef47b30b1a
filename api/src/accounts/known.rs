//! From a valid token to a user row.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use entity::user;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::sign_up;
use crate::{
    app::App,
    auth::{Bearer, Identity, Viewer},
    error::Error,
};

/// How many identities are remembered before all are forgotten.
const REMEMBERED: usize = 10_000;

const UNKNOWN: Error = Error::Unauthenticated("the token is of a user who is not here: log in again");

/// Identities whose row was seen. Users are never deleted, so what was once true stays so.
#[derive(Debug, Default)]
pub struct Known(Mutex<HashMap<String, i64>>);

impl Known {
    fn get(&self, identity: &str) -> Option<i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(identity).copied()
    }

    fn remember(&self, identity: String, user_id: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(identity, user_id);
    }
}

/// Finds the user of a token. A user of another issuer gets a row at the first sight, from the token's claims.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is no such user and no way to make one; [`Error::AlreadyExists`] when the email is
/// another user's: two identities are never merged.
pub async fn ensure(app: &App, bearer: Bearer) -> Result<Viewer, Error> {
    let name = match &bearer.identity {
        Identity::Local { user_id, email } => format!("{user_id} {}", email.as_deref().unwrap_or_default()),
        Identity::Foreign { subject, .. } => subject.clone(),
    };
    let user_id = match app.known.get(&name) {
        Some(user_id) => user_id,
        None => find(app, &bearer.identity).await?,
    };
    app.known.remember(name, user_id);
    Ok(Viewer { user_id, role: bearer.role, expires_at: bearer.expires_at })
}

async fn find(app: &App, identity: &Identity) -> Result<i64, Error> {
    let (subject, email, name) = match identity {
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
    let email = email.as_deref().ok_or(Error::Unauthenticated("the token lacks an email claim"))?;
    let local_part = email.split('@').next().unwrap_or(email);
    let name = name.as_deref().filter(|name| sign_up::usable(name)).unwrap_or(local_part);
    let mut row = sign_up::named(email, name, None)?;
    row.auth_subject = Set(Some(subject.clone()));
    match sign_up::insert(app, row).await {
        Ok(user) => Ok(user.id),
        // Another request of the same user may have come first.
        Err(taken @ Error::AlreadyExists(_)) => by_subject(app, subject).await?.map(|user| user.id).ok_or(taken),
        Err(error) => Err(error),
    }
}

async fn by_subject(app: &App, subject: &str) -> Result<Option<user::Model>, Error> {
    let found = user::Entity::find().filter(user::Column::AuthSubject.eq(subject)).one(app.database.read()).await?;
    Ok(found)
}
