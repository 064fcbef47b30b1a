//! The settings of tokens.

use jsonwebtoken::DecodingKey;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::config::{Problems, TokenVariables, Tokens, development, is_loopback};

/// Minimum length of a secret: a shorter one could be guessed.
const MIN_SECRET_BYTES: usize = 32;

/// Minimum number of different bytes in a secret; random ones practically always have more.
const MIN_DIFFERENT_BYTES: usize = 8;

/// Longest block whose repetition does not make a secret.
const MAX_BLOCK_BYTES: usize = 12;

/// Words of examples, in lower case and without punctuation.
const PLACEHOLDERS: [&str; 6] = ["changeme", "replaceme", "placeholder", "yoursecret", "secrethere", "examplesecret"];

impl TokenVariables {
    /// Checks the settings of tokens, and adds their problems.
    pub fn take(self, problems: &mut Problems) -> Tokens {
        let secret = self.jwt_secret.take_if(problems, |secret| secret.as_ref().map_or(Ok(()), strong));
        let ticket_secret =
            self.export_ticket_secret.take_if(problems, |secret| secret.as_ref().map_or(Ok(()), strong));
        let public_key = self.jwt_public_key.take_if(problems, |key| key.as_deref().map_or(Ok(()), check_public_keys));
        let jwks_url = self.jwt_jwks_url.take_if(problems, |url| url.as_deref().map_or(Ok(()), check_jwks_url));
        let foreign = public_key.is_some() || jwks_url.is_some();
        let same = |a: &SecretString, b: &SecretString| a.expose_secret() == b.expose_secret();
        match (&secret, &ticket_secret) {
            (None, _) if !foreign && !problems.concern("JWT_PUBLIC_KEY") && !problems.concern("JWT_JWKS_URL") => {
                problems
                    .add("JWT_SECRET", &format!("must be set to {ADVICE}, or JWT_PUBLIC_KEY to another issuer's key"));
            }
            (None, None) if !problems.concern("JWT_SECRET") => {
                let problem = format!("must be set to {ADVICE}: without JWT_SECRET, it cannot be derived");
                problems.add("EXPORT_TICKET_SECRET", &problem);
            }
            (Some(secret), Some(ticket)) if same(secret, ticket) => {
                let problem = "must differ from JWT_SECRET: the service that verifies tickets could issue tokens";
                problems.add("EXPORT_TICKET_SECRET", problem);
            }
            _ => {}
        }
        Tokens {
            secret,
            public_key,
            jwks_url,
            issuer: self.jwt_issuer.take(problems),
            audience: self.jwt_audience.take(problems),
            trust_roles: self.jwt_trust_roles.take(problems),
            ttl: self.jwt_ttl.take(problems),
            ticket_secret,
            ticket_ttl: self.export_ticket_ttl.take(problems),
        }
    }
}

/// The advice how to make a secret.
const ADVICE: &str = "at least 32 random bytes (openssl rand -hex 32)";

/// Refuses secrets that can be guessed or that are public.
fn strong(secret: &SecretString) -> Result<(), String> {
    let text = secret.expose_secret();
    let refuse = |why: &str| Err(format!("must be {ADVICE}: this one {why}"));
    if text.len() < MIN_SECRET_BYTES {
        return refuse("is too short");
    }
    if text == development::JWT_SECRET {
        return refuse("is public, as it is part of the source code");
    }
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if PLACEHOLDERS.iter().any(|word| plain.contains(word)) || text.contains("...") || text.contains('<') {
        return refuse("is a placeholder");
    }
    let bytes = text.as_bytes();
    let different = (0..=u8::MAX).filter(|byte| bytes.contains(byte)).count();
    let repeats = (1..=MAX_BLOCK_BYTES).any(|block| bytes.iter().zip(&bytes[block..]).all(|(one, next)| one == next));
    if different < MIN_DIFFERENT_BYTES || repeats {
        return refuse("repeats itself");
    }
    Ok(())
}

/// Bytes of a point on P-256 and on P-384, uncompressed. The library reads keys on other curves as well.
const POINT_BYTES: [usize; 2] = [65, 97];

/// Checks that public keys, one after the other, are readable. `auth` chooses their algorithms.
fn check_public_keys(pem: &str) -> Result<(), String> {
    // In a variable, the line breaks of a PEM are often written as \n.
    let pem = pem.replace("\\n", "\n");
    let mut blocks = pem.split_inclusive("-----END PUBLIC KEY-----").map(str::trim).filter(|block| !block.is_empty());
    let readable = |block: &str| {
        let block = block.as_bytes();
        let of_curve = |key: DecodingKey| key.try_get_as_bytes().is_ok_and(|point| POINT_BYTES.contains(&point.len()));
        DecodingKey::from_rsa_pem(block).is_ok()
            || DecodingKey::from_ec_pem(block).is_ok_and(of_curve)
            || DecodingKey::from_ed_pem(block).is_ok()
    };
    if blocks.all(readable) {
        Ok(())
    } else {
        Err("must be a public key in PEM (RSA, P-256, P-384 or Ed25519), or several, one after the other".to_owned())
    }
}

fn check_jwks_url(url: &str) -> Result<(), String> {
    let good = Url::parse(url).is_ok_and(|url| url.scheme() == "https" || is_loopback(&url));
    if good { Ok(()) } else { Err("must be an https URL, or http on loopback".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(secret: &str) -> String {
        strong(&secret.into()).unwrap_err()
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused() {
        assert!(refused("0123456789abcdef0123456789abcde").contains("too short"));
        assert!(refused(development::JWT_SECRET).contains("public"));
        for secret in ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "0123456789012345678901234567890123456789"] {
            assert!(refused(secret).contains("repeats"), "{secret}");
        }
        for secret in [
            "changemechangemechangemechangeme",
            "your-secret-your-secret-0123456789",
            "<32 random bytes from openssl rand>",
        ] {
            assert!(refused(secret).contains("placeholder"), "{secret}");
        }
    }

    #[test]
    fn a_random_secret_is_accepted() {
        for secret in [
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "correct horse battery staple, twice over",
        ] {
            assert_eq!(strong(&secret.into()), Ok(()));
        }
    }
}
