//! API keys: every test key is accepted, and no live key (docs.stripe.com/api/authentication).

use std::iter::once;

use headers::{
    Authorization, Header, HeaderValue,
    authorization::{Basic, Bearer},
};

use crate::store::problem::Problem;

const TEST_PREFIXES: [&str; 2] = ["sk_test_", "rk_test_"];

/// Checks the `Authorization` header: Bearer, or Basic with the key as user name.
pub(crate) fn check(authorization: Option<&str>) -> Result<(), Problem> {
    let key = authorization.and_then(key);
    match key {
        None => Err(Problem::unauthorized(
            "You did not provide an API key. Put it in the Authorization header, as in 'Authorization: Bearer sk_test_...'.",
        )),
        Some(key) if is_test_key(&key) => Ok(()),
        // The key itself is not repeated: it may be a live one.
        Some(_) => {
            Err(Problem::unauthorized("Invalid API Key provided. The sandbox takes keys that begin with sk_test_."))
        }
    }
}

fn key(authorization: &str) -> Option<String> {
    let value = HeaderValue::from_str(authorization).ok()?;
    if let Ok(bearer) = Authorization::<Bearer>::decode(&mut once(&value)) {
        return Some(bearer.token().to_owned());
    }
    Authorization::<Basic>::decode(&mut once(&value)).ok().map(|basic| basic.username().to_owned())
}

fn is_test_key(key: &str) -> bool {
    let secret = TEST_PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix));
    secret.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|char| char.is_ascii_alphanumeric() || char == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_keys_pass_by_both_schemes() {
        assert!(check(Some("Bearer sk_test_abc123")).is_ok());
        // sk_test_abc: as user name, without a password.
        assert!(check(Some("Basic c2tfdGVzdF9hYmM6")).is_ok());
        assert!(check(Some("bearer sk_test_abc123")).is_ok() && check(Some("BASIC c2tfdGVzdF9hYmM6")).is_ok());
    }

    #[test]
    fn live_malformed_and_missing_keys_do_not() {
        let bad =
            ["Bearer sk_live_abc", "Bearer sk_test_", "Bearer sk_test_a b", "Bearer abc", "Basic ???", "sk_test_abc"];
        for authorization in bad {
            assert_eq!(check(Some(authorization)).map_err(|problem| problem.status), Err(401), "{authorization}");
        }
        assert!(check(None).is_err());
    }
}
