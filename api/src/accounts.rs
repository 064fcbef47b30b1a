//! Who may hold credits: sign-up, log-in, and users who are known by another issuer's token.

mod directory;
mod known;
mod log_in;
mod sign_up;

use chrono::{DateTime, Utc};
use entity::user;

use crate::{app::App, error::Error};

pub use directory::{by_ids, page};
pub use known::{Known, ensure};
pub use log_in::{LogIn, log_in, token};
pub use sign_up::{SignUp, demo, sign_up};

/// Somebody who has just logged in.
#[derive(Clone, Debug)]
pub struct Session {
    /// For `Authorization: Bearer ...`.
    pub token: String,
    /// When the token ends, in wall time.
    pub expires_at: DateTime<Utc>,
    /// Who it is.
    pub user: user::Model,
}

impl Session {
    /// Logs a user in whose right to it is proved.
    fn begin(app: &App, user: user::Model) -> Result<Self, Error> {
        let (token, expires_at) = app.tokens.issue(&user, user.role, app.clock.wall(), None)?;
        Ok(Self { token, expires_at, user })
    }
}
