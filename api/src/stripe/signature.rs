//! Checks that a webhook's body comes from Stripe.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The largest difference between a signature's time and ours, in seconds, before or after: the tolerance of Stripe's own
/// libraries. Stripe documentation: "Receive Stripe events in your webhook endpoint", "Preventing replay attacks".
pub const TOLERANCE: u64 = 300;

/// The longest header looked at, in bytes. Stripe's own has about 80 for each secret in use.
pub const HEADER_LIMIT: usize = 4096;

/// The most signatures looked at. Stripe sends one for each secret of the endpoint that has not expired.
pub const SIGNATURES_LIMIT: usize = 16;

const SHA256_LENGTH: usize = 32;

/// The reason why a body is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not a list of one `t` and at least one `v1`, or exceeds a limit.
    #[error("the signature header is malformed")]
    Malformed,
    /// No signature in the header was made over this body with one of our secrets.
    #[error("no signature matches the body")]
    NoMatch,
    /// A signature matches, but its time is too far from ours: a replay, or a wrong clock.
    #[error("the signature is too old, or from the future")]
    Stale,
}

/// Checks the `Stripe-Signature` header against the raw bytes of the body and every secret in use.
///
/// # Errors
/// [`SignatureError`] unless some `v1` matches under some secret and its time is within [`TOLERANCE`] of `now`, which
/// has to be wall time.
pub fn verify(body: &[u8], header: &str, secrets: &[String], now: DateTime<Utc>) -> Result<(), SignatureError> {
    let header = Header::parse(header)?;
    // Anybody can sign with an empty secret.
    let authentic = secrets.iter().filter(|secret| !secret.is_empty()).any(|secret| header.matches(body, secret));
    if !authentic {
        return Err(SignatureError::NoMatch);
    }
    // Checked second, so that `Stale` implies that the body is authentic.
    if now.timestamp().abs_diff(header.seconds) > TOLERANCE {
        return Err(SignatureError::Stale);
    }
    Ok(())
}

/// Checks that a header could be Stripe's, before there is a body to check it against.
///
/// # Errors
/// [`SignatureError::Malformed`].
pub fn check_form(header: &str) -> Result<(), SignatureError> {
    if Header::parse(header)?.signatures.is_empty() { Err(SignatureError::Malformed) } else { Ok(()) }
}

/// The parts of a header that count. Stripe documentation: "Verify webhook signatures manually".
struct Header<'a> {
    /// The time as it was signed: spelling and all.
    time: &'a str,
    seconds: i64,
    signatures: Vec<[u8; SHA256_LENGTH]>,
}

impl<'a> Header<'a> {
    fn parse(header: &'a str) -> Result<Self, SignatureError> {
        if header.len() > HEADER_LIMIT {
            return Err(SignatureError::Malformed);
        }
        let (mut times, mut signatures) = (Vec::new(), Vec::new());
        for (scheme, value) in header.split(',').filter_map(|part| part.split_once('=')) {
            match scheme.trim() {
                "t" => times.push(value.trim()),
                "v1" => signatures.push(value.trim()),
                // `v0` is a fake for test events, and others may be added. Only `v1` proves anything.
                _ => {}
            }
        }
        let &[time] = times.as_slice() else {
            return Err(SignatureError::Malformed);
        };
        if signatures.is_empty() || signatures.len() > SIGNATURES_LIMIT {
            return Err(SignatureError::Malformed);
        }
        let seconds = time.parse().map_err(|_| SignatureError::Malformed)?;
        Ok(Self { time, seconds, signatures: signatures.into_iter().filter_map(decode).collect() })
    }

    fn matches(&self, body: &[u8], secret: &str) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
            return false;
        };
        mac.update(self.time.as_bytes());
        mac.update(b".");
        mac.update(body);
        self.signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    }
}

/// A signature that is not 32 bytes in hex matches nothing; a good one beside it still counts.
fn decode(signature: &str) -> Option<[u8; SHA256_LENGTH]> {
    let mut bytes = [0; SHA256_LENGTH];
    hex::decode_to_slice(signature, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const SIGNED_AT: i64 = 1_790_000_000;

    fn sign(body: &[u8], time: &str, secret: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    }

    fn header(body: &[u8], secret: &str) -> String {
        format!("t={SIGNED_AT},v1={}", sign(body, &SIGNED_AT.to_string(), secret))
    }

    /// The result of checking `header`, `late` seconds after it was made, where the secrets are `old` and `new`.
    fn outcome(body: &[u8], header: &str, late: i64) -> Result<(), SignatureError> {
        let now = DateTime::from_timestamp(SIGNED_AT + late, 0).unwrap();
        verify(body, header, &["old".to_owned(), "new".to_owned()], now)
    }

    #[test]
    fn a_body_signed_with_either_secret_is_accepted() {
        assert_eq!(outcome(BODY, &header(BODY, "old"), 0), Ok(()));
        assert_eq!(outcome(BODY, &header(BODY, "new"), 0), Ok(()));
    }

    #[test]
    fn the_known_answer_of_another_implementation_is_accepted() {
        let header = "t=1492774577,v1=0d0602f6611bd2252dd4b74b58a4528355a7380639a15e6cc21e3059d56d5b8b";
        let now = DateTime::from_timestamp(1_492_774_577, 0).unwrap();
        assert_eq!(verify(b"{}", header, &["whsec_test".to_owned()], now), Ok(()));
    }

    #[test]
    fn one_matching_signature_among_several_is_enough() {
        let good = sign(BODY, &SIGNED_AT.to_string(), "new");
        let other = sign(BODY, &SIGNED_AT.to_string(), "somebody else's");
        for signatures in [format!("v1={other},v1={good}"), format!("v1={good},v1={other},v0={other}")] {
            assert_eq!(outcome(BODY, &format!("t={SIGNED_AT},{signatures}"), 0), Ok(()));
        }
    }

    #[test]
    fn spaces_and_unknown_schemes_are_tolerated() {
        let good = sign(BODY, &SIGNED_AT.to_string(), "new");
        assert_eq!(outcome(BODY, &format!(" v9=x, t = {SIGNED_AT} , v1 = {good} , junk,,"), 0), Ok(()));
    }

    #[test]
    fn a_signature_is_good_for_five_minutes_both_ways() {
        let header = header(BODY, "new");
        for (late, expected) in
            [(300, Ok(())), (-300, Ok(())), (301, Err(SignatureError::Stale)), (-301, Err(SignatureError::Stale))]
        {
            assert_eq!(outcome(BODY, &header, late), expected, "{late} s late");
        }
    }

    #[test]
    fn a_forged_old_signature_is_a_forgery_before_it_is_old() {
        assert_eq!(outcome(BODY, &header(BODY, "forged"), 9_999), Err(SignatureError::NoMatch));
    }

    #[test]
    fn a_tampered_body_is_refused() {
        assert_eq!(outcome(br#"{"id":"evt_2"}"#, &header(BODY, "new"), 0), Err(SignatureError::NoMatch));
    }

    #[test]
    fn a_time_that_was_not_signed_is_refused() {
        let header = header(BODY, "new").replace(&SIGNED_AT.to_string(), &(SIGNED_AT + 1).to_string());
        assert_eq!(outcome(BODY, &header, 0), Err(SignatureError::NoMatch));
    }

    #[test]
    fn truncated_and_odd_hex_match_nothing() {
        let whole = header(BODY, "new");
        for cut in 1..40 {
            assert_eq!(outcome(BODY, &whole[..whole.len() - cut], 0), Err(SignatureError::NoMatch));
        }
        assert_eq!(outcome(BODY, &format!("{whole}00"), 0), Err(SignatureError::NoMatch));
        assert_eq!(outcome(BODY, &format!("t={SIGNED_AT},v1=žluťoučký"), 0), Err(SignatureError::NoMatch));
    }

    #[test]
    fn headers_without_their_parts_are_malformed() {
        let good = sign(BODY, &SIGNED_AT.to_string(), "new");
        for header in [
            String::new(),
            ",,,===".to_owned(),
            format!("t={SIGNED_AT}"),
            format!("t={SIGNED_AT},v0={good}"),
            format!("v1={good}"),
            format!("t=,v1={good}"),
            format!("t=yesterday,v1={good}"),
            format!("t=99999999999999999999,v1={good}"),
            format!("t={SIGNED_AT},t={SIGNED_AT},v1={good}"),
        ] {
            assert_eq!(outcome(BODY, &header, 0), Err(SignatureError::Malformed), "{header}");
        }
    }

    #[test]
    fn a_header_without_a_whole_signature_is_refused_without_a_body() {
        for header in ["", "t=1,v1=", "t=1,v1=00", "t=1,v0=0011", "v1=00"] {
            assert_eq!(check_form(header), Err(SignatureError::Malformed), "{header}");
        }
        assert_eq!(check_form(&header(BODY, "forged")), Ok(()));
        assert_eq!(check_form(&format!("{},v1=00", header(BODY, "forged"))), Ok(()));
    }

    #[test]
    fn extreme_times_are_stale_and_not_an_overflow() {
        for time in [i64::MIN.to_string(), i64::MAX.to_string()] {
            let header = format!("t={time},v1={}", sign(BODY, &time, "new"));
            assert_eq!(outcome(BODY, &header, 0), Err(SignatureError::Stale));
        }
    }

    #[test]
    fn huge_headers_are_malformed_however_good_their_signature() {
        let good = header(BODY, "new");
        let many = format!("{good}{}", ",v1=00".repeat(SIGNATURES_LIMIT));
        assert_eq!(outcome(BODY, &many, 0), Err(SignatureError::Malformed));
        let long = format!("{good},x={}", "x".repeat(HEADER_LIMIT));
        assert_eq!(outcome(BODY, &long, 0), Err(SignatureError::Malformed));
    }

    #[test]
    fn a_body_need_not_be_text() {
        let body = [0xff, 0xfe, 0x00, b'{'];
        assert_eq!(outcome(&body, &header(&body, "new"), 0), Ok(()));
    }

    #[test]
    fn an_empty_secret_accepts_nothing() {
        let now = DateTime::from_timestamp(SIGNED_AT, 0).unwrap();
        assert_eq!(verify(BODY, &header(BODY, ""), &[String::new()], now), Err(SignatureError::NoMatch));
        assert_eq!(verify(BODY, &header(BODY, ""), &[], now), Err(SignatureError::NoMatch));
    }

    /// The same bytes with another one at some place.
    fn changed(bytes: &[u8], at: Index, byte: u8) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let at = at.index(bytes.len());
        bytes[at] = if bytes[at] == byte { byte ^ 1 } else { byte };
        bytes
    }

    proptest! {
        #[test]
        fn a_signature_is_good_for_its_body_and_secret_and_for_no_other_byte_of_them(
            body in vec(any::<u8>(), 1..200), secret in "[!-~]{1,80}", at in any::<Index>(), byte in b'!'..=b'~',
        ) {
            let header = header(&body, &secret);
            let now = DateTime::from_timestamp(SIGNED_AT, 0).unwrap();
            let outcome = |body: &[u8], secret: &str| verify(body, &header, &[secret.to_owned()], now);
            prop_assert_eq!(outcome(&body, &secret), Ok(()));
            prop_assert_eq!(outcome(&changed(&body, at, byte), &secret), Err(SignatureError::NoMatch));
            let other = String::from_utf8(changed(secret.as_bytes(), at, byte)).unwrap();
            prop_assert_eq!(outcome(&body, &other), Err(SignatureError::NoMatch));
        }

        #[test]
        fn a_header_with_another_byte_is_refused_where_it_says_something_else(at in any::<Index>(), byte in b' '..=b'~') {
            let good = header(BODY, "new");
            let other = String::from_utf8(changed(good.as_bytes(), at, byte)).unwrap();
            // Hexadecimal digits mean the same in either case.
            prop_assert!(other.eq_ignore_ascii_case(&good) || outcome(BODY, &other, 0).is_err(), "{other}");
        }

        #[test]
        fn any_other_header_is_refused(text in "(?s).{0,200}", pieces in "(t|v1|=|,| |[0-9a-f]{1,64}){0,20}") {
            prop_assert!(outcome(BODY, &text, 0).is_err());
            prop_assert!(outcome(BODY, &pieces, 0).is_err());
        }
    }
}
