//! Export tickets: proof for the export service that an export is paid, or that credits are held for it.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{EncodingKey, Header, encode};
use secrecy::ExposeSecret;
use serde::Serialize;
use sha2::Sha256;

use crate::{config, error::Error};

/// The audience of a ticket. It differs from that of every login token, so that a ticket is never taken for one.
const AUDIENCE: &str = "patchbook-export";

/// Separates the derived key from everything else that `JWT_SECRET` signs.
const LABEL: &[u8] = b"patch-hive export ticket 1";

/// Issues export tickets.
#[derive(Clone)]
pub struct Tickets {
    key: EncodingKey,
    ttl: std::time::Duration,
}

/// An export that is paid, or for which credits are held.
#[derive(Clone, Debug)]
pub struct TicketedExport<'a> {
    /// The number of the charge or of the hold.
    pub number: i64,
    /// The user who pays.
    pub user_id: i64,
    /// The run to export.
    pub run: &'a str,
    /// The id of the hold, if the export is reserved.
    pub hold: Option<String>,
    /// When the hold expires, in wall time: the ticket does not outlive it.
    pub until: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'static str,
    /// The charge or the hold. The export service runs one export for each, however many tickets it receives.
    jti: String,
    sub: String,
    run: &'a str,
    /// The hold to capture or to release once the export has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<&'a str>,
    iat: i64,
    exp: i64,
}

impl Tickets {
    /// Takes the ticket secret, or derives one from the secret of the tokens.
    ///
    /// # Errors
    /// A sentence that says what to set, when there is neither.
    pub(super) fn new(settings: &config::Tokens) -> Result<Self, String> {
        let key = match (&settings.ticket_secret, &settings.secret) {
            (Some(secret), _) => EncodingKey::from_secret(secret.expose_secret().as_bytes()),
            (None, Some(secret)) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
                    .map_err(|_| "set JWT_SECRET to another value: no key can be made of this one")?;
                mac.update(LABEL);
                // In hexadecimal, so that a service in another language can be handed the same key as a string.
                EncodingKey::from_secret(hex::encode(mac.finalize().into_bytes()).as_bytes())
            }
            (None, None) => return Err("set EXPORT_TICKET_SECRET or JWT_SECRET".to_owned()),
        };
        Ok(Self { key, ttl: settings.ticket_ttl })
    }

    /// Issues the ticket of an export, valid from `now` (wall time).
    ///
    /// # Errors
    /// None in practice: the claims are plain.
    pub fn issue(&self, export: &TicketedExport<'_>, now: DateTime<Utc>) -> Result<String, Error> {
        let end = now + self.ttl;
        let claims = Claims {
            aud: AUDIENCE,
            jti: export.number.to_string(),
            sub: export.user_id.to_string(),
            run: export.run,
            hold: export.hold.as_deref(),
            iat: now.timestamp(),
            exp: export.until.map_or(end, |until| end.min(until)).timestamp(),
        };
        encode(&Header::default(), &claims, &self.key).map_err(|error| Error::Internal(error.to_string()))
    }
}
