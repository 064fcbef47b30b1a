//! Users with a password, who prove that they know it before the account is changed: a token alone may be stolen.

use entity::user;

use crate::{
    app::App,
    auth::{Viewer, password},
    error::{Error, Rule},
    throttle::Address,
};

/// A user who signed up here.
pub(super) struct LocalUser {
    /// The user's row.
    pub(super) user: user::Model,
    /// The stored hash of the password.
    pub(super) hash: String,
}

/// Reads the viewer's row. Returns `None` for a user of another issuer.
pub(super) async fn find(app: &App, viewer: Viewer) -> Result<Option<LocalUser>, Error> {
    let user = super::by_ids(app.database.read(), &[viewer.user_id]).await?.remove(&viewer.user_id);
    let user = user.ok_or(Error::NotFound("user"))?;
    Ok(if app.tokens.local() { LocalUser::with_password(user) } else { None })
}

impl LocalUser {
    /// Takes a user's row. Returns `None` for a user without a password.
    pub(super) fn with_password(user: user::Model) -> Option<Self> {
        let hash = user.password_hash.clone().filter(|hash| !hash.is_empty())?;
        Some(Self { user, hash })
    }

    /// Checks the current password, which the request has in `field`. Attempts count like logins.
    pub(super) async fn prove(&self, app: &App, field: &str, current: String, address: Address) -> Result<(), Error> {
        app.throttle.log_in(address, &self.user.email)?;
        let turn = app.throttle.password_turn(address).await?;
        app.throttle.begin_attempt(address, &self.user.email)?;
        let check = password::verify(turn, current, Some(self.hash.clone()), &app.password_cost).await?;
        if !check.right {
            return Err(Error::bad_field(field, Rule::WrongPassword, format!("{field} is wrong.")));
        }
        app.throttle.logged_in(address, &self.user.email);
        Ok(())
    }
}
