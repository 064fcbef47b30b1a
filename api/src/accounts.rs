//! Users who may hold credits: sign-up, login, and users of another issuer's tokens.

mod account_export;
mod alert_mail;
mod change_email;
mod change_name;
mod change_password;
mod close_account;
mod directory;
mod identity;
mod local_user;
mod log_in;
mod mail_link;
mod queued_mail;
mod revocation;
mod sign_up;
mod top_up_notice;

use chrono::{DateTime, Utc};
use entity::user;

use crate::{app::App, error::Error};

pub use account_export::{ExportCursor, ExportPage, ExportRecord, export_account};
pub use change_email::{ChangeEmail, confirm_email, request_email_change};
pub use change_name::{ChangeName, change_name};
pub use change_password::{ChangePassword, change_password};
pub use close_account::{CloseAccount, close_account};
pub use directory::{Search, by_ids, page};
pub use identity::{check, ensure};
pub use log_in::{LogIn, TokenRequest, log_in, token};
pub use mail_link::{request_email_verification, request_password_reset, reset_password, verify_email};
pub use queued_mail::send_mail;
pub use revocation::{log_out, log_out_everywhere, notice, prune, revoke};
pub use sign_up::{SignUp, demo, operator, sign_up};

/// A user who has just logged in, with a token.
#[derive(Clone, Debug)]
pub struct Session {
    /// The token, for `Authorization: Bearer ...`.
    pub token: String,
    /// When the token ends, in wall time.
    pub expires_at: DateTime<Utc>,
    /// The user.
    pub user: user::Model,
}

impl Session {
    /// Issues a token for a user whose right to it is proved. `read_at` (wall time) is before the user's row was read, so that
    /// whatever has revoked tokens since then ends this one as well.
    fn begin(app: &App, user: user::Model, read_at: DateTime<Utc>) -> Result<Self, Error> {
        let (token, expires_at) = app.tokens.issue(&user, user.role, read_at, None)?;
        Ok(Self { token, expires_at, user })
    }
}
