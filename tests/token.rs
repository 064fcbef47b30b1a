//! Valid tokens are accepted, and all others are refused.

mod foreign;
mod key_set;
mod revoked;
mod rfc;

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::harness::{TestApp, facts, signature};

/// An hour from now.
fn soon() -> i64 {
    signature::now() + 3600
}

fn secret() -> &'static str {
    "development only: this secret is in the source code"
}

fn signed(secret: &str, claims: &Value) -> String {
    encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// The claims of a valid token of Ada, the first user.
fn claims() -> Value {
    json!({ "sub": "1", "aud": "patch-hive", "iat": signature::now(), "exp": soon() })
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// Requests the viewer with an `Authorization` header. Returns the status, and the viewer's id or the error's code.
async fn asks_who(app: &TestApp, authorization: &str) -> (u16, String) {
    let request = app.http().post(app.url("/graphql")).header("Authorization", authorization);
    let response = request.json(&json!({ "query": "{ viewer { id } }" })).send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    let seen = body["errors"][0]["extensions"]["code"].as_str().or_else(|| body["data"]["viewer"]["id"].as_str());
    (status, seen.unwrap_or_else(|| panic!("{body}")).to_owned())
}

async fn is_let_in(app: &TestApp, token: &str, row: &str) {
    assert_eq!(asks_who(app, &format!("Bearer {token}")).await, (200, format!("user_{row}")));
}

async fn is_kept_out(app: &TestApp, token: &str) {
    let seen = asks_who(app, &format!("Bearer {token}")).await;
    assert_eq!(seen, (401, "UNAUTHENTICATED".to_owned()), "{token}");
}

facts! {
    async fn a_token_lets_its_user_in(app: TestApp) {
        app.signs_up("ada").await;
        is_let_in(&app, &signed(secret(), &claims()), "1").await;
    }

    async fn the_scheme_is_read_in_any_case(app: TestApp) {
        app.signs_up("ada").await;
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let seen = asks_who(&app, &format!("{scheme} {}", signed(secret(), &claims()))).await;
            assert_eq!(seen, (200, "user_1".to_owned()), "{scheme}");
        }
    }

    async fn an_expired_token_keeps_its_user_out_at_once(app: TestApp) {
        app.signs_up("ada").await;
        for late in [0, 1, 59, 3600] {
            is_kept_out(&app, &signed(secret(), &claims_with("exp", json!(signature::now() - late)))).await;
        }
    }

    async fn a_token_without_a_usable_end_keeps_its_user_out(app: TestApp) {
        app.signs_up("ada").await;
        let mut endless = claims();
        endless.as_object_mut().unwrap().remove("exp");
        is_kept_out(&app, &signed(secret(), &endless)).await;
        for odd in [Value::Null, json!("soon"), json!(i64::MAX), json!(-1), json!(1e300)] {
            is_kept_out(&app, &signed(secret(), &claims_with("exp", odd))).await;
        }
    }

    async fn a_token_signed_with_another_secret_keeps_its_user_out(app: TestApp) {
        app.signs_up("ada").await;
        for other in ["another secret of more than thirty-two bytes", "", "secret"] {
            is_kept_out(&app, &signed(other, &claims())).await;
        }
    }

    async fn an_unsigned_token_keeps_its_user_out(app: TestApp) {
        app.signs_up("ada").await;
        let good = signed(secret(), &claims());
        let (payload, signature) = good.split_once('.').unwrap().1.split_once('.').unwrap();
        // {"typ":"JWT","alg":"none"}, and None
        for header in ["eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0", "eyJ0eXAiOiJKV1QiLCJhbGciOiJOb25lIn0"] {
            is_kept_out(&app, &format!("{header}.{payload}.")).await;
            is_kept_out(&app, &format!("{header}.{payload}.{signature}")).await;
        }
        is_kept_out(&app, good.trim_end_matches(|c| c != '.')).await;
    }

    async fn another_algorithm_with_the_same_secret_keeps_its_user_out(app: TestApp) {
        app.signs_up("ada").await;
        for algorithm in [jsonwebtoken::Algorithm::HS384, jsonwebtoken::Algorithm::HS512] {
            let key = EncodingKey::from_secret(secret().as_bytes());
            is_kept_out(&app, &encode(&Header::new(algorithm), &claims(), &key).unwrap()).await;
        }
    }

    async fn a_changed_token_keeps_its_user_out(app: TestApp) {
        app.signs_up("ada").await;
        app.signs_up("bob").await;
        let ada = signed(secret(), &claims());
        let bob = signed(secret(), &claims_with("sub", json!("2")));
        let (header, rest) = ada.split_once('.').unwrap();
        let payload = bob.split('.').nth(1).unwrap();
        let signature = rest.split_once('.').unwrap().1;
        is_kept_out(&app, &format!("{header}.{payload}.{signature}")).await;
    }

    async fn an_odd_header_is_not_taken_for_no_header(app: TestApp) {
        app.signs_up("ada").await;
        let token = signed(secret(), &claims());
        for header in ["Bearer", "Bearer ", &token, &format!("Basic {token}"), &format!("Bearer{token}"),
            &format!("Bearer {token} {token}"), "Bearer a.b.c", "Bearer ...", "Bearer null", "Bearer \u{e9}"] {
            assert_eq!(asks_who(&app, header).await, (401, "UNAUTHENTICATED".to_owned()), "{header:?}");
        }
    }

    async fn a_token_for_another_audience_keeps_its_user_out(app: TestApp) {
        app.signs_up("ada").await;
        for audience in [json!("another"), json!(["another"]), json!("patchbook-export")] {
            is_kept_out(&app, &signed(secret(), &claims_with("aud", audience))).await;
        }
        for audience in [json!("patch-hive"), json!(["another", "patch-hive"])] {
            is_let_in(&app, &signed(secret(), &claims_with("aud", audience)), "1").await;
        }
    }

    async fn an_export_ticket_is_no_log_in(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        let charge = ada.exports("run-1", "key-1").await;
        is_kept_out(&app, charge["ticket"].as_str().unwrap()).await;
    }

    async fn a_token_of_an_unknown_user_is_refused(app: TestApp) {
        for subject in [json!("999"), json!("0"), json!("-1"), json!("ada"), json!(""), json!(1), Value::Null] {
            is_kept_out(&app, &signed(secret(), &claims_with("sub", subject))).await;
        }
    }

    async fn a_token_from_before_the_database_was_recreated_belongs_to_nobody_else(app: TestApp) {
        app.signs_up("ada").await;
        let of_the_first_user = claims_with("email", json!("somebody.before@patchhive.example"));
        is_kept_out(&app, &signed(secret(), &of_the_first_user)).await;
        assert_eq!(asks_who(&app, &format!("Bearer {}", signed(secret(), &claims_with("email", json!("Ada@PatchHive.example"))))).await.0, 200);
    }

    async fn an_unknown_role_is_a_users(app: TestApp) {
        app.signs_up("ada").await;
        for role in [json!("root"), json!("ADMIN"), json!("")] {
            let actor = app.bearer(&signed(secret(), &claims_with("role", role.clone())));
            assert_eq!(actor.is_refused("{ users { nodes { id } } }", json!({})).await, "FORBIDDEN", "{role}");
        }
    }

    async fn a_token_that_has_ended_does_not_keep_its_user_from_logging_in(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let mail = |mail: &str, password: &str| json!({ "input": { "email": mail, "password": password } });
        let right = mail("ada@patchhive.example", "ada's password");
        let log_in = "mutation ($input: LogInInput!) { logIn(input: $input) { token } }";
        let log_out = "mutation { logOut { revokedAt } }";
        ada.gets(log_out, json!({})).await;
        let expired = app.bearer(&signed(secret(), &claims_with("exp", json!(signature::now() - 1))));
        for stale in [&ada, &expired, &app.bearer("nonsense")] {
            let spread = "mutation ($input: LogInInput!) { ...F } fragment F on Mutation { logIn(input: $input) { token } }";
            for document in [log_in, spread] {
                let session = stale.gets(document, right.clone()).await;
                let fresh = app.bearer(session["token"].as_str().unwrap());
                assert_eq!(fresh.gets("{ viewer { id } }", json!({})).await["id"], "user_1");
            }
            let wrong = mail("ada@patchhive.example", "another password");
            assert_eq!(stale.is_refused(log_in, wrong).await, "WRONG_CREDENTIALS");
            let request = "mutation { requestPasswordReset(input: { email: \"ada@patchhive.example\" }) { __typename } }";
            assert_ne!(stale.asks(request).await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
            for document in [log_out, "{ plans { tier } }", "mutation { __typename }", "{ tier", "{ nonsense }"] {
                assert_eq!(stale.is_refused(document, json!({})).await, "UNAUTHENTICATED", "{document}");
            }
        }
        let new = json!({ "input": { "email": "bob@patchhive.example", "username": "bob", "password": "bob's password" } });
        let sign_up = "mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } } }";
        assert_eq!(ada.gets(sign_up, new).await["user"]["id"], "user_2");
    }

    async fn a_bad_token_is_refused_even_where_none_is_needed(app: TestApp) {
        let plans = app.bearer("nonsense").asks("{ plans { tier } }").await;
        assert_eq!(plans["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        let get = app.http().get(app.url("/graphql?query={plans{tier}}")).bearer_auth("nonsense").send().await.unwrap();
        assert_eq!(get.status(), 401);
    }
}
