//! Tokens: claims in, [`Bearer`] out. No database: whether the bearer has a user row is for `accounts` to say.

pub mod password;
mod ticket;

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::user::{self, Role};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{config, error::Error};

pub use self::{password::PasswordCost, ticket::Tickets};

/// The issuer of the gateway's own tokens.
const ISSUER: &str = "patch-hive";

/// Bytes of an issuer or a subject. Both together are a unique key, and no index takes more than 2704.
const MAX_CLAIM_BYTES: usize = 1024;

const INVALID: Error = Error::Unauthenticated("the token is invalid or has expired: log in again");

/// Who calls, and what they may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Their user row.
    pub user_id: i64,
    /// What the token allows.
    pub role: Role,
    /// When the token ends, in wall time.
    pub expires_at: DateTime<Utc>,
}

/// What a valid token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// Who carries it.
    pub identity: Identity,
    /// What it allows.
    pub role: Role,
    /// When it ends, in wall time.
    pub expires_at: DateTime<Utc>,
}

/// Who carries a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A user who signed up here.
    Local {
        /// The user row.
        user_id: i64,
        /// The `email` claim, which has to be that row's: a database that was begun anew gives numbers anew.
        email: Option<String>,
    },
    /// A user of another issuer. The email is for the row only: it is never what identifies.
    Foreign {
        /// Issuer and subject.
        subject: String,
        /// The `email` claim.
        email: Option<String>,
        /// The `name` claim, or another of that kind.
        name: Option<String>,
    },
}

/// Makes and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    own: Option<Key>,
    foreign: Option<Key>,
    signing: Option<EncodingKey>,
    settings: config::Tokens,
    /// Makes export tickets.
    pub tickets: Tickets,
}

/// A key and the one algorithm that goes with it: what a token's header says of its algorithm decides nothing.
#[derive(Clone)]
struct Key {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing)]
    preferred_username: Option<String>,
    /// Another issuer may have another idea of what a role is: what is no text is no role, and no reason to refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Value>,
    #[serde(skip_deserializing)]
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct Issued<'a> {
    #[serde(flatten)]
    claims: Claims,
    aud: &'a str,
}

impl Tokens {
    /// Reads the keys.
    ///
    /// # Errors
    /// A sentence that says what to set, when the public key is none.
    pub fn new(settings: &config::Tokens) -> Result<Self, String> {
        let own = settings.secret.as_ref().map(|secret| Key {
            key: DecodingKey::from_secret(secret.expose_secret().as_bytes()),
            validation: validation(Algorithm::HS256, &settings.audience),
        });
        let foreign = settings.public_key.as_deref().map(|pem| foreign_key(pem, settings)).transpose()?;
        Ok(Self {
            own,
            foreign,
            signing: settings.secret.as_ref().map(|secret| EncodingKey::from_secret(secret.expose_secret().as_bytes())),
            tickets: Tickets::new(settings)?,
            settings: settings.clone(),
        })
    }

    /// Whether users sign up and log in here, rather than at another issuer.
    #[must_use]
    pub const fn local(&self) -> bool {
        self.foreign.is_none()
    }

    /// Makes a token for a user, valid from `now` (wall time) for `ttl`, or as long as is configured.
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
        let key = self.signing.as_ref().ok_or_else(|| Error::bad_input("set JWT_SECRET to make tokens"))?;
        let exp = (now + ttl.unwrap_or(self.settings.ttl)).timestamp();
        let claims = Claims {
            sub: user.id.to_string(),
            iss: Some(ISSUER.to_owned()),
            email: Some(user.email.clone()),
            name: Some(user.username.clone()),
            preferred_username: None,
            role: Some(spell(role).into()),
            iat: now.timestamp(),
            exp,
        };
        let issued = Issued { claims, aud: &self.settings.audience };
        let token = encode(&Header::default(), &issued, key).map_err(|error| Error::Internal(error.to_string()))?;
        Ok((token, DateTime::from_timestamp(exp, 0).unwrap_or(now)))
    }

    /// Checks a token at `now` (wall time). There is no leeway: a socket that was closed at its token's end must not be
    /// let in again with the same token.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], whatever is wrong with it.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Bearer, Error> {
        if let Some(claims) = self.foreign.as_ref().and_then(|key| key.read(token)) {
            return self.foreign_bearer(claims, now);
        }
        let claims = self.own.as_ref().and_then(|key| key.read(token)).ok_or(INVALID)?;
        let user_id = claims.sub.parse().map_err(|_| INVALID)?;
        Ok(Bearer {
            identity: Identity::Local { user_id, email: claims.email.clone() },
            role: role(claims.role.as_ref()),
            expires_at: claims.expiry(now)?,
        })
    }

    fn foreign_bearer(&self, claims: Claims, now: DateTime<Utc>) -> Result<Bearer, Error> {
        let expires_at = claims.expiry(now)?;
        let issuer = claims.iss.unwrap_or_default();
        let storable = |text: &str| text.len() <= MAX_CLAIM_BYTES && !text.contains(char::is_control);
        if claims.sub.is_empty() || !storable(&claims.sub) || !storable(&issuer) {
            return Err(INVALID);
        }
        Ok(Bearer {
            role: if self.settings.trust_roles { role(claims.role.as_ref()) } else { Role::User },
            expires_at,
            identity: Identity::Foreign {
                // A newline stands in neither of the two, so no two pairs look alike.
                subject: format!("{issuer}\n{}", claims.sub),
                email: claims.email,
                name: claims.name.or(claims.preferred_username),
            },
        })
    }
}

impl Key {
    fn read(&self, token: &str) -> Option<Claims> {
        decode(token, &self.key, &self.validation).ok().map(|data| data.claims)
    }
}

impl Claims {
    fn expiry(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
        DateTime::from_timestamp(self.exp, 0).filter(|expiry| *expiry > now).ok_or(INVALID)
    }
}

/// Takes the token out of `Bearer <token>`, as it stands in the header and in the payload of `connection_init`.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is of another form.
pub fn bearer(text: &str) -> Result<&str, Error> {
    let (scheme, token) = text.trim().split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() { Ok(token.trim()) } else { Err(INVALID) }
}

fn foreign_key(pem: &str, settings: &config::Tokens) -> Result<Key, String> {
    // A PEM in a variable often has its line breaks written as \n.
    let pem = pem.replace("\\n", "\n");
    let pem = pem.as_bytes();
    let (key, algorithm) = DecodingKey::from_rsa_pem(pem)
        .map(|key| (key, Algorithm::RS256))
        .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (key, Algorithm::ES256)))
        .or_else(|_| DecodingKey::from_ed_pem(pem).map(|key| (key, Algorithm::EdDSA)))
        .map_err(|_| "set JWT_PUBLIC_KEY to a public key in PEM: RSA, P-256 or Ed25519")?;
    let mut validation = validation(algorithm, &settings.audience);
    if let Some(issuer) = &settings.issuer {
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss"]);
    }
    Ok(Key { key, validation })
}

fn validation(algorithm: Algorithm, audience: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[audience]);
    // Expiry is checked here, by our own clock; that the claim is there is checked by the library.
    validation.validate_exp = false;
    validation
}

fn role(claim: Option<&Value>) -> Role {
    match claim.and_then(Value::as_str) {
        Some("service") => Role::Service,
        Some("admin") => Role::Admin,
        _ => Role::User,
    }
}

const fn spell(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Service => "service",
        Role::Admin => "admin",
    }
}
