//! Stripe's webhook signature, implemented from its documentation, without code of the gateway or the sandbox.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Signs a body as of a Unix time.
pub(crate) fn sign(body: &[u8], secret: &str, time: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// Wall time, in seconds.
#[expect(clippy::disallowed_methods, reason = "Stripe's clock is not the gateway's")]
pub(crate) fn now() -> i64 {
    chrono::Utc::now().timestamp()
}
