//! Tokens of another issuer are read as the RFCs require: several keys, times and extensions.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use patch_hive::config::Config;
use serde_json::json;

use super::{
    foreign::{
        ED25519, ED25519_PUBLIC, P384, P384_PUBLIC, RSA, RSA_PUBLIC, STRANGER, ada, ada_with, behind_an_issuer, issued,
        issued_with,
    },
    is_kept_out, is_let_in, secret, soon,
};
use crate::harness::{Backend, app::run_with};

const P521_PUBLIC: &str = include_str!("../keys/p521.public.pem");

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_may_have_several_keys() {
    let settings =
        |config: &mut Config| config.tokens.public_key = Some(format!("{P384_PUBLIC}\n{RSA_PUBLIC}{ED25519_PUBLIC}"));
    run_with(Backend::Sqlite, settings, async |app| {
        is_let_in(&app, &issued(&ada()), "1").await;
        let rsa = EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap();
        is_let_in(&app, &encode(&Header::new(Algorithm::RS256), &ada(), &rsa).unwrap(), "1").await;
        let p384 = EncodingKey::from_ec_pem(P384.as_bytes()).unwrap();
        is_let_in(&app, &encode(&Header::new(Algorithm::ES384), &ada(), &p384).unwrap(), "1").await;
        is_kept_out(&app, &issued_with(STRANGER, &ada())).await;
    })
    .await;
}

#[test]
fn a_key_that_cannot_check_tokens_is_refused_at_the_start() {
    for key in [P521_PUBLIC, "nonsense", "-----BEGIN PUBLIC KEY-----", &format!("{RSA_PUBLIC}\n{P521_PUBLIC}")] {
        let mut settings =
            Config::development("127.0.0.1:0".parse().unwrap(), String::new(), String::new()).unwrap().tokens;
        settings.public_key = Some(key.to_owned());
        let error = patch_hive::auth::Tokens::new(&settings).err().expect("the key is taken");
        assert!(error.contains("JWT_PUBLIC_KEY"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_times_of_a_token_are_read_as_the_rfc_has_them() {
    behind_an_issuer(
        |_| {},
        async |app| {
            let now = super::signature::now();
            for (claim, value) in [("nbf", json!(now - 10)), ("nbf", json!(now - 1)), ("exp", json!(1e9 * 4.0 + 0.25))]
            {
                is_let_in(&app, &issued(&ada_with(claim, value)), "1").await;
            }
            for (claim, value) in [
                ("nbf", json!(now + 3600)),
                ("iat", json!(now + 3600)),
                ("nbf", json!("tomorrow")),
                ("exp", json!(f64::from(u32::try_from(now).unwrap()) - 1.5)),
            ] {
                is_kept_out(&app, &issued(&ada_with(claim, value))).await;
            }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_requires_an_extension_is_refused() {
    behind_an_issuer(
        |_| {},
        async |app| {
            let mut header = Header::new(Algorithm::EdDSA);
            header.crit = Some(vec!["exp".to_owned()]);
            let key = EncodingKey::from_ed_pem(ED25519.as_bytes()).unwrap();
            is_kept_out(&app, &encode(&header, &ada(), &key).unwrap()).await;
            let own = EncodingKey::from_secret(secret().as_bytes());
            let header = Header { crit: Some(Vec::new()), ..Header::default() };
            is_kept_out(&app, &encode(&header, &super::claims(), &own).unwrap()).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_token_can_be_logged_out_too() {
    behind_an_issuer(
        |_| {},
        async |app| {
            let token = issued(&ada());
            app.bearer(&token).gets("mutation { logOut { revokedAt } }", json!({})).await;
            is_kept_out(&app, &token).await;
            let change = "mutation { changePassword(input: { currentPassword: \"x\", newPassword: \"y\" }) { token } }";
            let again = issued(&ada_with("exp", json!(soon() + 1)));
            assert_eq!(app.bearer(&again).is_refused(change, json!({})).await, "FORBIDDEN");
        },
    )
    .await;
}
