//! One public key of another issuer, read from PEM or from a JWKS.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};

/// A key and its only algorithm: the algorithm in a token's header never decides how the token is checked.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) decoding: DecodingKey,
    pub(super) algorithm: Algorithm,
}

impl Key {
    /// Reads a key of a JWKS; `None` if it is not for signatures, or of a kind that is not accepted.
    pub(super) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
            return None;
        }
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => rsa_algorithm(jwk.common.key_algorithm)?,
            AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
                EllipticCurve::P256 => Algorithm::ES256,
                EllipticCurve::P384 => Algorithm::ES384,
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
            _ => return None,
        };
        Some(Self { id: jwk.common.key_id.clone(), decoding: DecodingKey::from_jwk(jwk).ok()?, algorithm })
    }
}

/// The algorithm of an RSA key in a JWKS, which may name another than the usual one.
const fn rsa_algorithm(named: Option<KeyAlgorithm>) -> Option<Algorithm> {
    Some(match named {
        None | Some(KeyAlgorithm::RS256) => Algorithm::RS256,
        Some(KeyAlgorithm::RS384) => Algorithm::RS384,
        Some(KeyAlgorithm::RS512) => Algorithm::RS512,
        Some(KeyAlgorithm::PS256) => Algorithm::PS256,
        Some(KeyAlgorithm::PS384) => Algorithm::PS384,
        Some(KeyAlgorithm::PS512) => Algorithm::PS512,
        Some(_) => return None,
    })
}

/// Reads one or more public keys, one PEM after the other.
pub(super) fn read_pem(text: &str) -> Result<Vec<Key>, String> {
    // A PEM in a variable often has its line breaks written as \n.
    let text = text.replace("\\n", "\n");
    let (mut keys, mut block) = (Vec::new(), String::new());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        block.push_str(line.trim());
        block.push('\n');
        if line.trim_start().starts_with("-----END ") {
            keys.push(read_key(std::mem::take(&mut block).as_bytes()).ok_or(WRONG_KEY)?);
        }
    }
    if keys.is_empty() || !block.is_empty() { Err(WRONG_KEY.to_owned()) } else { Ok(keys) }
}

const WRONG_KEY: &str =
    "set JWT_PUBLIC_KEY to a public key in PEM (RSA, P-256, P-384 or Ed25519), or to several, one after the other";

fn read_key(pem: &[u8]) -> Option<Key> {
    let (key, algorithm) = if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
        (key, Algorithm::RS256)
    } else if let Ok(key) = DecodingKey::from_ec_pem(pem) {
        let algorithm = curve_algorithm(&key)?;
        (key, algorithm)
    } else {
        (DecodingKey::from_ed_pem(pem).ok()?, Algorithm::EdDSA)
    };
    Some(Key { id: None, decoding: key, algorithm })
}

/// The algorithm of an elliptic curve's key. The library reads keys of any curve; their points differ in length.
fn curve_algorithm(key: &DecodingKey) -> Option<Algorithm> {
    match key.try_get_as_bytes().ok()?.len() {
        // Uncompressed: one byte, and two coordinates.
        65 => Some(Algorithm::ES256),
        97 => Some(Algorithm::ES384),
        _ => None,
    }
}
