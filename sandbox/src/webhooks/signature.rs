//! Signatures of webhook deliveries (docs.stripe.com/webhooks, "Verify webhook signatures manually").

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Returns the value of `Stripe-Signature` for a body sent at `timestamp` (seconds of wall time), with one signature
/// for each valid secret. There are two while a secret is rolled.
pub(crate) fn header(secrets: &[&str], timestamp: i64, body: &[u8]) -> String {
    let mut header = format!("t={timestamp}");
    for secret in secrets {
        header.push_str(",v1=");
        header.push_str(&sign(secret, timestamp, body));
    }
    header
}

fn sign(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let signed = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mac| {
        let mac = mac.chain_update(timestamp.to_string()).chain_update(b".").chain_update(body);
        hex::encode(mac.finalize().into_bytes())
    });
    // An HMAC takes a key of any length, so there is always a signature.
    signed.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_covers_time_and_body() {
        // Made with: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
        let expected = "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789";
        assert_eq!(header(&["whsec_test"], 1_700_000_000, br#"{"a":1}"#), expected);
    }

    #[test]
    fn two_secrets_make_two_signatures() {
        let header = header(&["whsec_new", "whsec_test"], 1_700_000_000, br#"{"a":1}"#);
        assert_eq!(header.matches("v1=").count(), 2);
        assert!(header.ends_with("cf4ca4d3789"));
    }
}
