//! The claims of a token, as they are read and written (RFC 7519).

use chrono::{DateTime, TimeDelta, Utc};
use entity::user::Role;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The claims that the gateway reads.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) iss: Option<String>,
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) preferred_username: Option<String>,
    /// Other issuers use this claim in their own ways. A value that is not text is ignored rather than refused.
    pub(super) role: Option<Value>,
    #[serde(default)]
    iat: Value,
    #[serde(default)]
    nbf: Value,
    exp: NumericDate,
}

/// The claims that the gateway writes.
#[derive(Serialize)]
pub(super) struct IssuedClaims<'a> {
    pub(super) iss: &'a str,
    pub(super) aud: &'a str,
    pub(super) sub: String,
    pub(super) email: &'a str,
    pub(super) name: &'a str,
    pub(super) role: &'a str,
    /// Makes two tokens of the same second different, so that one can be revoked without the other.
    pub(super) jti: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

/// Seconds since 1970, which need not be whole (RFC 7519, section 2).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(transparent)]
struct NumericDate(f64);

/// The largest number of seconds that a date is made of: the end of the year 9999.
const MAX_SECONDS: f64 = 253_402_300_799.0;

impl NumericDate {
    /// The whole second before it.
    fn floor(self) -> Option<DateTime<Utc>> {
        if !(0.0..=MAX_SECONDS).contains(&self.0) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked, and a fraction is cut off")]
        DateTime::from_timestamp(self.0 as i64, 0)
    }

    /// The whole second after it.
    fn ceil(self) -> Option<DateTime<Utc>> {
        Self(self.0.ceil()).floor()
    }

    fn read(claim: &Value) -> Result<Option<Self>, InvalidClaims> {
        match claim {
            Value::Null => Ok(None),
            Value::Number(number) => Ok(number.as_f64().map(Self)),
            _ => Err(InvalidClaims),
        }
    }
}

/// A time of a token cannot be read, or the token is not valid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InvalidClaims;

/// Seconds by which the issuer's clock may be ahead of ours.
const CLOCK_LEEWAY: i64 = 5;

impl Claims {
    /// When the token ends, if it is valid at `now`. There is no leeway: a socket that was closed at its token's end must
    /// not be let in again with the same token.
    pub(super) fn expiry(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, InvalidClaims> {
        let latest = now + TimeDelta::seconds(CLOCK_LEEWAY);
        if let Some(not_before) = NumericDate::read(&self.nbf)? {
            let not_before = not_before.floor().ok_or(InvalidClaims)?;
            if not_before.timestamp() > latest.timestamp() {
                return Err(InvalidClaims);
            }
        }
        // A token from the future would outlive the revocations until then.
        if self.issued_at().is_some_and(|issued_at| issued_at > latest) {
            return Err(InvalidClaims);
        }
        self.exp.floor().filter(|expiry| *expiry > now).ok_or(InvalidClaims)
    }

    /// When the token was issued, if it contains that. A fraction is rounded up, since the age of a token is compared with
    /// a revocation by whole seconds.
    pub(super) fn issued_at(&self) -> Option<DateTime<Utc>> {
        NumericDate::read(&self.iat).ok().flatten().and_then(NumericDate::ceil)
    }
}

/// Reads the `role` claim. Any value but the gateway's roles is a user.
pub(super) fn read_role(claim: Option<&Value>) -> Role {
    match claim.and_then(Value::as_str) {
        Some("service") => Role::Service,
        Some("admin") => Role::Admin,
        _ => Role::User,
    }
}

/// Writes the `role` claim.
pub(super) const fn role_claim(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Service => "service",
        Role::Admin => "admin",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(times: &Value) -> Claims {
        let mut claims = json!({ "sub": "1" });
        claims.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        serde_json::from_value(claims).unwrap()
    }

    fn expiry(times: &Value) -> Option<i64> {
        claims(times).expiry(DateTime::from_timestamp(1000, 0).unwrap()).ok().map(|expiry| expiry.timestamp())
    }

    #[test]
    fn dates_may_have_a_fraction() {
        assert_eq!(expiry(&json!({ "exp": 1001.75, "nbf": 999.5 })), Some(1001));
        assert_eq!(expiry(&json!({ "exp": 1000.5 })), None, "the whole second is over");
        assert_eq!(claims(&json!({ "exp": 1, "iat": 999.25 })).issued_at().unwrap().timestamp(), 1000);
        assert_eq!(claims(&json!({ "exp": 1, "iat": "yesterday" })).issued_at(), None);
    }

    #[test]
    fn a_token_is_not_valid_before_its_time() {
        assert_eq!(expiry(&json!({ "exp": 2000, "nbf": 1005 })), Some(2000));
        for nbf in [json!(1006), json!("1"), json!([]), json!(-1), json!(1e300)] {
            assert_eq!(expiry(&json!({ "exp": 2000, "nbf": nbf })), None, "{nbf}");
        }
    }

    #[test]
    fn a_token_from_the_future_is_invalid() {
        for (iat, valid) in [(json!(1005), true), (json!(1005.5), false), (json!(1006), false), (json!(1e300), true)] {
            let expected = valid.then_some(2000);
            assert_eq!(expiry(&json!({ "exp": 2000, "iat": iat })), expected, "{iat}");
        }
    }

    #[test]
    fn dates_out_of_range_are_invalid() {
        for exp in [json!(-1), json!(1e300), json!(i64::MAX)] {
            assert_eq!(expiry(&json!({ "exp": exp })), None, "{exp}");
        }
    }
}
