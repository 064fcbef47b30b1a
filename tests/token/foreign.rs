//! Tokens of another issuer are accepted if its key signed them, and their users are kept apart.

use std::time::Duration;

use entity::user::{self, Role};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use patch_hive::config::Config;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{asks_who, is_kept_out, is_let_in, secret, signed, soon};
use crate::harness::{Backend, TestApp, app::run_with, signature};

pub(super) const ED25519: &str = include_str!("../keys/ed25519.pem");
pub(super) const ED25519_PUBLIC: &str = include_str!("../keys/ed25519.public.pem");
const P256: &str = include_str!("../keys/p256.pem");
const P256_PUBLIC: &str = include_str!("../keys/p256.public.pem");
pub(super) const P384: &str = include_str!("../keys/p384.pem");
pub(super) const P384_PUBLIC: &str = include_str!("../keys/p384.public.pem");
pub(super) const RSA: &str = include_str!("../keys/rsa.pem");
pub(super) const RSA_PUBLIC: &str = include_str!("../keys/rsa.public.pem");
pub(super) const STRANGER: &str = include_str!("../keys/stranger.pem");

const ISSUER: &str = "https://login.example";

/// The other issuer's claims about Ada.
pub(super) fn ada() -> Value {
    json!({ "iss": ISSUER, "sub": "auth|ada", "email": "Ada@patchhive.example", "name": "Ada Lovelace", "exp": soon() })
}

pub(super) fn ada_with(claim: &str, value: Value) -> Value {
    let mut claims = ada();
    claims[claim] = value;
    claims
}

pub(super) fn issued(claims: &Value) -> String {
    issued_with(ED25519, claims)
}

pub(super) fn issued_with(key: &str, claims: &Value) -> String {
    let key = EncodingKey::from_ed_pem(key.as_bytes()).unwrap();
    encode(&Header::new(Algorithm::EdDSA), claims, &key).unwrap()
}

/// Runs a fact about a gateway that accepts tokens of the Ed25519 key, on both databases.
pub(super) async fn behind_an_issuer<F: Future<Output = ()>>(
    change: impl Fn(&mut Config),
    fact: impl Fn(TestApp) -> F,
) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let settings = |config: &mut Config| {
            config.tokens.public_key = Some(ED25519_PUBLIC.to_owned());
            change(config);
        };
        run_with(backend, settings, &fact).await;
    }
}

async fn users(app: &TestApp) -> u64 {
    user::Entity::find().count(app.inside().await.database.read()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_key_lets_its_users_in() {
    let rsa = EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap();
    let p256 = EncodingKey::from_ec_pem(P256.as_bytes()).unwrap();
    let p384 = EncodingKey::from_ec_pem(P384.as_bytes()).unwrap();
    let ed25519 = EncodingKey::from_ed_pem(ED25519.as_bytes()).unwrap();
    for (public, algorithm, key) in [
        (RSA_PUBLIC, Algorithm::RS256, rsa),
        (P256_PUBLIC, Algorithm::ES256, p256),
        (P384_PUBLIC, Algorithm::ES384, p384),
        (ED25519_PUBLIC, Algorithm::EdDSA, ed25519),
    ] {
        let token = encode(&Header::new(algorithm), &ada(), &key).unwrap();
        for pem in [public.to_owned(), public.replace('\n', "\\n")] {
            let settings = |config: &mut Config| config.tokens.public_key = Some(pem);
            run_with(Backend::Sqlite, settings, async |app| is_let_in(&app, &token, "1").await).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_at_first_sight_and_known_from_then_on() {
    behind_an_issuer(
        |_| {},
        async |app| {
            let ada = app.bearer(&issued(&ada()));
            let document = "{ viewer { id email username displayName tier balance { credits version } } }";
            let first = ada.gets(document, json!({})).await;
            let expected = json!({ "id": "user_1", "email": "ada@patchhive.example", "username": "Ada Lovelace",
                "displayName": null,
            "tier": "FREE", "balance": { "credits": 0, "version": 0 } });
            assert_eq!(first, expected);
            assert_eq!(ada.gets(document, json!({})).await, first);
            assert_eq!(users(&app).await, 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_a_name_is_named_by_the_email() {
    behind_an_issuer(
        |_| {},
        async |app| {
            let ada = app.bearer(&issued(&ada_with("name", Value::Null)));
            assert_eq!(ada.gets("{ viewer { username } }", json!({})).await["username"], "Ada");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn additional_claims_keep_nobody_out() {
    behind_an_issuer(
        |_| {},
        async |app| {
            for (claim, value) in [
                ("preferred_username", json!("countess")),
                ("role", json!(["admin"])),
                ("role", json!({ "patch-hive": "admin" })),
                ("iat", json!(1_700_000_000.5)),
                ("name", json!("x".repeat(101))),
                ("name", json!("two\nlines")),
                ("groups", json!(["engineering"])),
            ] {
                let mut claims = ada_with("sub", json!(format!("auth|{claim} {}", value.to_string().len())));
                claims["email"] = json!(format!("{claim}{}@patchhive.example", value.to_string().len()));
                claims[claim] = value;
                let (status, seen) = asks_who(&app, &format!("Bearer {}", issued(&claims))).await;
                assert_eq!(status, 200, "{seen} {claims}");
            }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_first_requests_at_once_one_makes_the_user() {
    behind_an_issuer(
        |_| {},
        async |app| {
            let requests = (0..8).map(|_| {
                let app = app.clone();
                tokio::spawn(async move { is_let_in(&app, &issued(&ada()), "1").await })
            });
            for request in requests.collect::<Vec<_>>() {
                request.await.unwrap();
            }
            assert_eq!(users(&app).await, 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subject_identifies_a_user_and_the_email_does_not() {
    behind_an_issuer(
        |_| {},
        async |app| {
            is_let_in(&app, &issued(&ada()), "1").await;
            is_let_in(&app, &issued(&ada_with("email", json!("countess@patchhive.example"))), "1").await;
            is_let_in(&app, &issued(&ada_with("email", Value::Null)), "1").await;
            assert_eq!(users(&app).await, 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_that_is_taken_is_refused_and_nothing_is_merged() {
    behind_an_issuer(
        |_| {},
        async |app| {
            is_let_in(&app, &issued(&ada()), "1").await;
            local_user(&app, "bob@patchhive.example").await;
            for claims in [
                ada_with("sub", json!("auth|somebody else")),
                ada_with("iss", json!("https://elsewhere.example")),
                ada_with("sub", json!("1")),
                json!({ "iss": ISSUER, "sub": "auth|bob", "email": "BOB@patchhive.example", "exp": soon() }),
            ] {
                for _ in 0..2 {
                    let seen = asks_who(&app, &format!("Bearer {}", issued(&claims))).await;
                    assert_eq!(seen, (409, "ALREADY_EXISTS".to_owned()), "{claims}");
                }
            }
            assert_eq!(users(&app).await, 2);
        },
    )
    .await;
}

/// A user who signed up before the other issuer came.
async fn local_user(app: &TestApp, email: &str) {
    let inside = app.inside().await;
    let now = inside.clock.now();
    let row = user::ActiveModel {
        email: Set(email.to_owned()),
        username: Set("bob".to_owned()),
        role: Set(Role::User),
        created_at: Set(now),
        ..Default::default()
    };
    let user = row.insert(inside.database.write()).await.unwrap();
    patch_hive::ledger::open(inside.database.write(), user.id, now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_a_subject_creates_nobody() {
    behind_an_issuer(
        |_| {},
        async |app| {
            for claims in [ada_with("email", Value::Null), ada_with("sub", json!("")), ada_with("sub", Value::Null)] {
                is_kept_out(&app, &issued(&claims)).await;
            }
            assert_eq!(users(&app).await, 0);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_cannot_be_stored_creates_nobody() {
    behind_an_issuer(
        |_| {},
        async |app| {
            for claims in [
                ada_with("email", json!("nonsense")),
                ada_with("email", json!("ada\u{0}@patchhive.example")),
                ada_with("sub", json!("auth|a\u{0}da")),
                ada_with("sub", json!("auth|a\nda")),
                ada_with("iss", json!(format!("{ISSUER}\nauth"))),
                ada_with("sub", json!("x".repeat(5000))),
            ] {
                let (status, code) = asks_who(&app, &format!("Bearer {}", issued(&claims))).await;
                assert!((400..500).contains(&status), "{status} {code} {claims}");
            }
            assert_eq!(users(&app).await, 0);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_and_login_are_disabled() {
    behind_an_issuer(|_| {}, async |app| {
        for document in [
            r#"mutation { signUp(input: { email: "a@b.example", username: "a", password: "12345678" }) { token } }"#,
            r#"mutation { logIn(input: { email: "a@b.example", password: "12345678" }) { token } }"#,
        ] {
            assert_eq!(app.visitor().is_refused(document, json!({})).await, "FORBIDDEN", "{document}");
        }
        assert_eq!(users(&app).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_key_signs_nothing() {
    behind_an_issuer(
        |_| {},
        async |app| {
            is_let_in(&app, &issued(&ada()), "1").await;
            for key in [ED25519_PUBLIC, ED25519_PUBLIC.trim_end()] {
                is_kept_out(&app, &signed(key, &ada())).await;
                is_kept_out(&app, &signed(key, &ada_with("sub", json!("1")))).await;
            }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_key_lets_nobody_in() {
    behind_an_issuer(
        |_| {},
        async |app| {
            is_kept_out(&app, &issued_with(STRANGER, &ada())).await;
            assert_eq!(users(&app).await, 0);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_or_one_for_another_audience_creates_nobody() {
    behind_an_issuer(
        |_| {},
        async |app| {
            is_kept_out(&app, &issued(&ada_with("exp", json!(soon() - 3601)))).await;
            is_kept_out(&app, &issued(&ada_with("exp", Value::Null))).await;
            is_kept_out(&app, &issued(&ada_with("aud", json!("another")))).await;
            assert_eq!(users(&app).await, 0);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_counts_only_where_the_issuer_is_trusted_with_it() {
    let admin = ada_with("role", json!("admin"));
    for (trusted, users) in [(false, Err("FORBIDDEN")), (true, Ok(1))] {
        let settings = |config: &mut Config| config.tokens.trust_roles = trusted;
        behind_an_issuer(settings, async |app| {
            let admin = app.bearer(&issued(&admin));
            match users {
                Ok(count) => {
                    let page = admin.gets("{ users { nodes { id } } }", json!({})).await;
                    assert_eq!(page["nodes"].as_array().unwrap().len(), count);
                }
                Err(code) => assert_eq!(admin.is_refused("{ users { nodes { id } } }", json!({})).await, code),
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_issuer_is_the_only_one_accepted() {
    let settings = |config: &mut Config| config.tokens.issuer = Some(ISSUER.to_owned());
    behind_an_issuer(settings, async |app| {
        is_let_in(&app, &issued(&ada()), "1").await;
        for issuer in [json!("https://elsewhere.example"), json!(""), Value::Null] {
            is_kept_out(&app, &issued(&ada_with("iss", issuer))).await;
        }
        assert_eq!(users(&app).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_own_tokens_stay_good_beside_an_issuer() {
    behind_an_issuer(
        |_| {},
        async |app| {
            local_user(&app, "bob@patchhive.example").await;
            is_let_in(&app, &signed(secret(), &super::claims()), "1").await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_another_issuer_closes_the_account_soon_after_the_login() {
    const CLOSE: &str = "mutation { closeAccount(input: {}) { closedAt } }";
    const CHANGE_EMAIL: &str =
        r#"mutation { changeEmail(input: { email: "new@patchhive.example", currentPassword: "x" }) { email } }"#;
    behind_an_issuer(
        |_| {},
        async |app| {
            let issued_at = |ago: i64| issued(&ada_with("iat", json!(signature::now() - ago)));
            let (recent, older, undated) = (issued_at(2), issued_at(660), issued(&ada()));
            for token in [&older, &undated] {
                assert_eq!(app.bearer(token).is_refused(CLOSE, json!({})).await, "FORBIDDEN");
            }
            assert_eq!(app.bearer(&recent).is_refused(CHANGE_EMAIL, json!({})).await, "FORBIDDEN");
            let first = app.bearer(&recent).row().await;
            app.bearer(&recent).gets(CLOSE, json!({})).await;
            for forgotten in [false, true] {
                if forgotten {
                    // As another process, which must not create another user for an earlier token.
                    app.inside().await.identities.forget(&format!("{ISSUER}\nauth|ada"));
                }
                for token in [&recent, &older, &undated] {
                    is_kept_out(&app, token).await;
                }
            }
            assert_eq!(users(&app).await, 1);
            // Tokens of the second of the closing are refused too.
            sleep(Duration::from_millis(1200)).await;
            let again = app.bearer(&issued_at(0));
            assert_ne!(again.row().await, first);
            again.gets(CLOSE, json!({})).await;
            assert_eq!(users(&app).await, 2);
        },
    )
    .await;
}
