//! Tokens and passwords. This module reads no database: `accounts` finds a token's user and revocations.

mod claims;
mod foreign;
mod identity_cache;
mod jwks;
mod key;
mod link;
pub mod password;
mod ticket;

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::user::{self, Role};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use self::{
    claims::{Claims, InvalidClaims, IssuedClaims, read_role, role_claim},
    foreign::{ForeignKeys, has_no_extensions, validation},
};
use crate::{
    clock, config,
    error::{Error, Rule},
};

pub use self::{
    identity_cache::{IdentityCache, RevocationWatcher, UserAccess},
    link::{LinkPurpose, LinkTokens},
    password::PasswordCost,
    ticket::{TicketedExport, Tickets},
};

/// The issuer of the gateway's own tokens.
const ISSUER: &str = "patch-hive";

/// Bytes of an issuer or a subject. Both together are a unique key, and no index takes more than 2704.
const MAX_CLAIM_BYTES: usize = 1024;

/// Longest lifetime of an admin's token, however it is issued.
pub const MAX_ADMIN_TTL: Duration = Duration::from_hours(24);

const INVALID: Error = Error::Unauthenticated("The token is invalid or has expired. Log in again.");

/// The caller, and what the caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The user's id.
    pub user_id: i64,
    /// The role of the token.
    pub role: Role,
    /// When the token ends, in wall time.
    pub expires_at: DateTime<Utc>,
    /// When the token was issued, in wall time, if it contains that.
    pub issued_at: Option<DateTime<Utc>>,
    /// The id of the token.
    pub token: TokenId,
    /// True if the role is given by another issuer. Otherwise it is at most that of the user's row.
    pub role_is_foreign: bool,
}

impl Viewer {
    /// Returns true if the token allows more than the user's own account.
    #[must_use]
    pub fn is_privileged(&self) -> bool {
        self.role != Role::User
    }
}

/// Identifies a token by a digest of its header and claims. The signature is left out, since some kinds can be written in
/// several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenId([u8; 16]);

impl TokenId {
    /// The id of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
        let digest: [u8; 32] = Sha256::digest(signed).into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }

    /// The id in hexadecimal, as it is stored.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Reads a stored id.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id).ok().map(|()| Self(id))
    }
}

/// The contents of a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The identity of the token's user.
    pub identity: Identity,
    /// The role that the token claims.
    pub role: Role,
    /// When the token ends, in wall time.
    pub expires_at: DateTime<Utc>,
    /// When the token was issued, in wall time, if it contains that.
    pub issued_at: Option<DateTime<Utc>>,
    /// The id of the token.
    pub token: TokenId,
}

/// The identity of a token's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A user who signed up here.
    Local {
        /// The user row.
        user_id: i64,
        /// The `email` claim, which has to be that row's: a new database gives the same ids to other users.
        email: Option<String>,
    },
    /// A user of another issuer. The email is stored in the row only and never identifies the user.
    Foreign {
        /// Issuer and subject.
        subject: String,
        /// The `email` claim.
        email: Option<String>,
        /// The `name` claim, or another of that kind.
        name: Option<String>,
    },
}

/// Issues and verifies tokens.
#[derive(Clone)]
pub struct Tokens {
    own: Option<OwnKey>,
    foreign: Option<ForeignKeys>,
    signing: Option<EncodingKey>,
    settings: config::Tokens,
    /// Issues export tickets.
    pub tickets: Tickets,
    /// Issues and verifies the tokens of mailed links.
    pub links: LinkTokens,
}

/// Verifies the gateway's own tokens.
#[derive(Clone)]
struct OwnKey {
    key: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// Reads the keys.
    ///
    /// # Errors
    /// A sentence that says what to set.
    pub fn new(settings: &config::Tokens) -> Result<Self, String> {
        let secret = settings.secret.as_ref().map(|secret| secret.expose_secret().as_bytes());
        Ok(Self {
            own: secret.map(|secret| OwnKey {
                key: DecodingKey::from_secret(secret),
                validation: validation(Algorithm::HS256, &settings.audience),
            }),
            foreign: ForeignKeys::new(settings)?,
            signing: secret.map(EncodingKey::from_secret),
            tickets: Tickets::new(settings)?,
            links: LinkTokens::new(settings),
            settings: settings.clone(),
        })
    }

    /// Returns true if users sign up and log in here, rather than at another issuer.
    #[must_use]
    pub const fn local(&self) -> bool {
        self.foreign.is_none()
    }

    /// Issues a token for a user, valid from `now` (wall time) for `ttl`, or for the configured time; an admin's for
    /// [`MAX_ADMIN_TTL`] at most.
    ///
    /// # Errors
    /// There is no secret to sign with.
    pub fn issue(
        &self,
        user: &user::Model,
        role: Role,
        now: DateTime<Utc>,
        ttl: Option<Duration>,
    ) -> Result<(String, DateTime<Utc>), Error> {
        let key =
            self.signing.as_ref().ok_or_else(|| Error::bad_input(Rule::Required, "set JWT_SECRET to make tokens"))?;
        let ttl = ttl.unwrap_or(self.settings.ttl);
        let exp = (now + if role == Role::Admin { ttl.min(MAX_ADMIN_TTL) } else { ttl }).timestamp();
        // Tokens of the second in which others were revoked count as issued after it.
        let iat = user.tokens_valid_from.map_or(now, |from| from.max(now)).timestamp();
        let claims = IssuedClaims {
            iss: ISSUER,
            aud: &self.settings.audience,
            sub: user.id.to_string(),
            email: &user.email,
            name: &user.username,
            role: role_claim(role),
            jti: clock::random_id(),
            iat,
            exp,
        };
        let token = encode(&Header::default(), &claims, key).map_err(|error| Error::Internal(error.to_string()))?;
        Ok((token, DateTime::from_timestamp(exp, 0).unwrap_or(now)))
    }

    /// Verifies a token at `now` (wall time).
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], whatever is wrong with it.
    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Bearer, Error> {
        if let Some(foreign) = &self.foreign
            && let Some(claims) = foreign.read(token).await
        {
            return self.foreign_bearer(token, claims, now);
        }
        let claims = self.own.as_ref().and_then(|own| own.read(token)).ok_or(INVALID)?;
        Ok(Bearer {
            expires_at: claims.expiry(now)?,
            issued_at: claims.issued_at(),
            role: read_role(claims.role.as_ref()),
            identity: Identity::Local { user_id: claims.sub.parse().map_err(|_| INVALID)?, email: claims.email },
            token: TokenId::of(token),
        })
    }

    fn foreign_bearer(&self, token: &str, claims: Claims, now: DateTime<Utc>) -> Result<Bearer, Error> {
        let (expires_at, issued_at) = (claims.expiry(now)?, claims.issued_at());
        let issuer = claims.iss.unwrap_or_default();
        let storable = |text: &str| text.len() <= MAX_CLAIM_BYTES && !text.contains(char::is_control);
        if claims.sub.is_empty() || !storable(&claims.sub) || !storable(&issuer) {
            return Err(INVALID);
        }
        Ok(Bearer {
            role: if self.settings.trust_roles { read_role(claims.role.as_ref()) } else { Role::User },
            expires_at,
            issued_at,
            identity: Identity::Foreign {
                // Neither contains a newline, so no two pairs look alike.
                subject: format!("{issuer}\n{}", claims.sub),
                email: claims.email,
                name: claims.name.or(claims.preferred_username),
            },
            token: TokenId::of(token),
        })
    }
}

impl OwnKey {
    fn read(&self, token: &str) -> Option<Claims> {
        let data = decode(token, &self.key, &self.validation).ok()?;
        has_no_extensions(&data.header).then_some(data.claims)
    }
}

impl From<InvalidClaims> for Error {
    fn from(InvalidClaims: InvalidClaims) -> Self {
        INVALID
    }
}

/// Takes the token out of `Bearer <token>`, the form in the header and in the payload of `connection_init`.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is of another form.
pub fn bearer(text: &str) -> Result<&str, Error> {
    let (scheme, token) = text.trim().split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() { Ok(token.trim()) } else { Err(INVALID) }
}
