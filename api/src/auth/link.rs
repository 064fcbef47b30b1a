//! Tokens in mailed links: they prove that the user reads the mail of an address. A token is signed together with its
//! purpose, and with values that must not change until it is used. A link to reset a password is therefore void once the
//! password was changed, without a row of its own.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

use crate::{
    config,
    error::{Error, Rule},
};

/// Separates the derived key from everything else that `JWT_SECRET` signs.
const LABEL: &[u8] = b"patch-hive mail link 1";

/// The purpose of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To choose a new password.
    ResetPassword,
    /// To confirm an email.
    VerifyEmail,
    /// To change to another email.
    ChangeEmail,
}

impl LinkPurpose {
    const fn label(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset-password",
            Self::VerifyEmail => "verify-email",
            Self::ChangeEmail => "change-email",
        }
    }
}

/// Issues and verifies tokens for links.
#[derive(Clone)]
pub struct LinkTokens {
    /// `None` where no secret is configured; then there are no passwords either.
    key: Option<Vec<u8>>,
}

impl LinkTokens {
    pub(super) fn new(settings: &config::Tokens) -> Self {
        let derive = |secret: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
            mac.update(LABEL);
            Some(mac.finalize().into_bytes().to_vec())
        };
        Self { key: settings.secret.as_ref().and_then(|secret| derive(secret.expose_secret())) }
    }

    /// Issues the token of a link. `unchanged` is the text that must be the same when the link is used.
    ///
    /// # Errors
    /// There is no secret to sign with.
    pub fn issue(
        &self,
        purpose: LinkPurpose,
        user_id: i64,
        expires_at: DateTime<Utc>,
        unchanged: &str,
    ) -> Result<String, Error> {
        let expiry = expires_at.timestamp();
        let mac = self
            .mac(purpose, user_id, expiry, unchanged)
            .ok_or_else(|| Error::bad_input(Rule::Required, "set JWT_SECRET"))?;
        Ok(format!("{user_id}.{expiry}.{}", hex::encode(mac.finalize().into_bytes())))
    }

    /// Returns the user named in a link's token, without verifying it.
    #[must_use]
    pub fn claimed_user(token: &str) -> Option<i64> {
        token.split('.').next()?.parse().ok()
    }

    /// Verifies a token at `now` (wall time).
    #[must_use]
    pub fn verify(&self, purpose: LinkPurpose, token: &str, now: DateTime<Utc>, unchanged: &str) -> bool {
        let mut parts = token.splitn(3, '.');
        let (Some(user), Some(expiry), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        let (Ok(user_id), Ok(expiry), Ok(signature)) = (user.parse(), expiry.parse::<i64>(), hex::decode(signature))
        else {
            return false;
        };
        let mac = self.mac(purpose, user_id, expiry, unchanged);
        expiry > now.timestamp() && mac.is_some_and(|mac| mac.verify_slice(&signature).is_ok())
    }

    fn mac(&self, purpose: LinkPurpose, user_id: i64, expiry: i64, unchanged: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_deref()?).ok()?;
        // Only the last part is free text, so no two inputs look alike.
        mac.update(format!("{}\n{user_id}\n{expiry}\n{unchanged}", purpose.label()).as_bytes());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_purpose_its_user_and_its_time() {
        let config = config::Config::development("127.0.0.1:0".parse().unwrap(), String::new(), String::new()).unwrap();
        let links = LinkTokens::new(&config.tokens);
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let token = links.issue(LinkPurpose::ResetPassword, 7, at(1000), "hash").unwrap();
        let good = |token: &str, seconds, unchanged: &str| {
            links.verify(LinkPurpose::ResetPassword, token, at(seconds), unchanged)
        };
        assert_eq!(LinkTokens::claimed_user(&token), Some(7));
        assert!(good(&token, 999, "hash"));
        assert!(!good(&token, 1000, "hash") && !good(&token, 999, "another hash"));
        assert!(!links.verify(LinkPurpose::VerifyEmail, &token, at(999), "hash"));
        for odd in
            [token.replacen('7', "8", 1), token.replace(".1000.", ".2000."), String::new(), "7.1000.zz".to_owned()]
        {
            assert!(!good(&odd, 999, "hash"), "{odd}");
        }
    }
}
