//! Signatures by the Standard Webhooks specification: HMAC-SHA256 over the id, the time and the body.

use base64::{Engine, prelude::BASE64_STANDARD};
use standardwebhooks::Webhook;

use crate::clock;

/// A new secret.
#[must_use]
pub fn new_secret() -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(clock::random_key()))
}

/// Signs a message. `None` for a secret that [`new_secret`] has not made.
pub(super) fn sign(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    Webhook::new(secret).ok()?.sign(id, timestamp, body.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn secrets_differ_and_can_sign() {
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one, other);
        assert!(sign(&one, "event_1", 1, "{}").is_some() && sign("secret", "event_1", 1, "{}").is_none());
    }
}
