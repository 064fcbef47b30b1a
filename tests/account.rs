//! Users sign up and log in, and wrong credentials, taken emails and odd names are refused.

mod closing;
mod directory;
pub(crate) mod mail;
mod names;
mod support;

use std::time::{Duration, Instant};

use entity::user;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::harness::{TestApp, facts};

const SIGN_UP: &str = "mutation ($input: SignUpInput!) { signUp(input: $input) { token expiresAt user { id email \
    username displayName createdAt tier subscription { id } balance { id credits unlimited unlimitedUntil exportsLeft \
    version updatedAt } } } }";

const LOG_IN: &str = "mutation ($input: LogInInput!) { logIn(input: $input) { token user { id } } }";

fn ada() -> Value {
    json!({ "email": "ada@patchhive.example", "username": "ada", "password": "correct horse" })
}

/// The sign-up of Ada with one field changed.
fn ada_with(field: &str, value: &str) -> Value {
    let mut input = ada();
    input[field] = value.into();
    json!({ "input": input })
}

fn credentials(email: &str, password: &str) -> Value {
    json!({ "input": { "email": email, "password": password } })
}

async fn users(app: &TestApp) -> u64 {
    user::Entity::find().count(app.inside().await.database.read()).await.unwrap()
}

facts! {
    async fn signing_up_answers_with_a_token_and_an_empty_balance(app: TestApp) {
        let mut input = ada();
        input["email"] = "Ada@PatchHive.example".into();
        input["displayName"] = "Ada Lovelace".into();

        let session = app.visitor().gets(SIGN_UP, json!({ "input": input })).await;

        insta::assert_json_snapshot!("sign_up", session, {
            ".token" => "[token]",
            ".expiresAt" => "[time]",
            ".user.createdAt" => "[time]",
            ".user.balance.updatedAt" => "[time]",
        });
        let viewer = app.bearer(session["token"].as_str().unwrap()).gets("{ viewer { id } }", json!({})).await;
        assert_eq!(viewer["id"], session["user"]["id"]);
    }

    async fn a_document_holds_one_password(app: TestApp) {
        app.visitor().gets(SIGN_UP, json!({ "input": ada() })).await;
        let input = r#"(input: { email: "ada@patchhive.example", password: "wrong" }) { token }"#;
        let many = (0..10).map(|n| format!("a{n}: logIn{input}")).collect::<Vec<_>>().join(" ");
        let answer = app.visitor().asks(&format!("mutation {{ {many} }}")).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "TOO_MANY_ROOT_FIELDS", "{answer}");
        assert!(answer.get("data").is_none(), "{answer}");
    }

    async fn all_problems_of_a_form_are_reported_at_once(app: TestApp) {
        let input = json!({ "email": "ada", "username": " ", "displayName": "Ada\nLovelace", "password": "short" });
        let answer = app.visitor().asks_with(SIGN_UP, json!({ "input": input })).await;
        insta::assert_json_snapshot!("all_problems_of_a_form", answer["errors"][0], { ".locations" => "[locations]" });
        let one = app.visitor().asks_with(SIGN_UP, ada_with("password", "short")).await;
        let extensions = &one["errors"][0]["extensions"];
        assert_eq!((&extensions["code"], &extensions["field"]), (&json!("BAD_USER_INPUT"), &json!("input.password")));
    }

    async fn a_login_lasts_a_day(app: TestApp) {
        let session = app.visitor().gets(SIGN_UP, json!({ "input": ada() })).await;
        let expiry: chrono::DateTime<chrono::Utc> = session["expiresAt"].as_str().unwrap().parse().unwrap();
        let left = expiry - app.inside().await.clock.wall();
        assert!((1435..=1440).contains(&left.num_minutes()), "{left}");
    }

    async fn an_email_is_taken_in_any_case_and_with_spaces_around_it(app: TestApp) {
        app.visitor().gets(SIGN_UP, json!({ "input": ada() })).await;
        for email in ["ada@patchhive.example", "ADA@patchhive.EXAMPLE", "  ada@patchhive.example "] {
            let code = app.visitor().is_refused(SIGN_UP, ada_with("email", email)).await;
            assert_eq!(code, "ALREADY_EXISTS", "{email:?}");
        }
        assert_eq!(users(&app).await, 1);
    }

    async fn of_many_who_sign_up_with_one_email_at_once_one_succeeds(app: TestApp) {
        let answers = (0..6).map(|_| {
            let visitor = app.visitor();
            tokio::spawn(async move { visitor.asks_with(SIGN_UP, json!({ "input": ada() })).await })
        });
        let mut welcome = 0;
        for answer in answers.collect::<Vec<_>>() {
            let answer = answer.await.unwrap();
            match &answer["errors"][0]["extensions"]["code"] {
                Value::Null => welcome += 1,
                code => assert_eq!(code, "ALREADY_EXISTS", "{answer}"),
            }
        }
        assert_eq!(welcome, 1);
        assert_eq!(users(&app).await, 1);
    }

    async fn an_invalid_email_creates_no_user(app: TestApp) {
        let long = format!("{}@patchhive.example", "a".repeat(240));
        for email in ["", "  ", "ada", "@patchhive.example", "ada@", "a da@patchhive.example",
            "ada\n@patchhive.example", "ada\0@patchhive.example", &long] {
            let code = app.visitor().is_refused(SIGN_UP, ada_with("email", email)).await;
            assert_eq!(code, "BAD_USER_INPUT", "{email:?}");
        }
        assert_eq!(users(&app).await, 0);
    }

    async fn a_password_of_fewer_than_8_or_more_than_72_bytes_creates_no_user(app: TestApp) {
        for password in ["", "1234567", &"x".repeat(73), &"€".repeat(25), "12345678\0"] {
            let code = app.visitor().is_refused(SIGN_UP, ada_with("password", password)).await;
            assert_eq!(code, "BAD_USER_INPUT", "{password:?}");
        }
        assert_eq!(users(&app).await, 0);
    }

    async fn a_password_of_8_or_of_72_bytes_will_do(app: TestApp) {
        for (name, password) in [("eight", "12345678".to_owned()), ("seventy-two", "€".repeat(24))] {
            let email = format!("{name}@patchhive.example");
            let input = json!({ "email": email, "username": name, "password": password });
            app.visitor().gets(SIGN_UP, json!({ "input": input })).await;
            app.visitor().gets(LOG_IN, credentials(&email, &password)).await;
        }
    }

    async fn an_invalid_name_creates_no_user(app: TestApp) {
        for field in ["username", "displayName"] {
            for name in ["", "   ", "two\nlines", "zero\0", &"x".repeat(101)] {
                let code = app.visitor().is_refused(SIGN_UP, ada_with(field, name)).await;
                assert_eq!(code, "BAD_USER_INPUT", "{field} {name:?}");
            }
        }
        assert_eq!(users(&app).await, 0);
    }

    async fn a_name_may_hold_any_script(app: TestApp) {
        let session = app.visitor().gets(SIGN_UP, ada_with("username", "Åsa 🎛 李'; DROP TABLE users --")).await;
        assert_eq!(session["user"]["username"], "Åsa 🎛 李'; DROP TABLE users --");
    }

    async fn a_user_logs_in_by_email_in_any_case(app: TestApp) {
        let session = app.visitor().gets(SIGN_UP, json!({ "input": ada() })).await;
        for email in ["ada@patchhive.example", "ADA@patchhive.EXAMPLE", " ada@patchhive.example "] {
            let again = app.visitor().gets(LOG_IN, credentials(email, "correct horse")).await;
            assert_eq!(again["user"]["id"], session["user"]["id"], "{email:?}");
        }
    }

    async fn an_unknown_email_and_a_wrong_password_answer_alike(app: TestApp) {
        app.visitor().gets(SIGN_UP, json!({ "input": ada() })).await;
        let wrong = app.visitor().asks_with(LOG_IN, credentials("ada@patchhive.example", "wrong horse")).await;
        assert_eq!(wrong["errors"][0]["extensions"]["code"], "WRONG_CREDENTIALS");
        for email in ["bob@patchhive.example", "nonsense", "", "ada\0@patchhive.example", "%@patchhive.example"] {
            let unknown = app.visitor().asks_with(LOG_IN, credentials(email, "wrong horse")).await;
            assert_eq!(unknown, wrong, "{email:?}");
        }
    }

    async fn a_password_must_be_whole(app: TestApp) {
        let password = "x".repeat(72);
        app.visitor().gets(SIGN_UP, ada_with("password", &password)).await;
        for wrong in ["", &password[..71], &format!("{password}x"), &format!("{password}\0"), &"x".repeat(10_000)] {
            let code = app.visitor().is_refused(LOG_IN, credentials("ada@patchhive.example", wrong)).await;
            assert_eq!(code, "WRONG_CREDENTIALS", "{} bytes", wrong.len());
        }
    }

    async fn a_right_password_renews_a_hash_of_another_cost(app: TestApp) {
        app.visitor().gets(SIGN_UP, json!({ "input": ada() })).await;
        let inside = app.inside().await;
        let db = inside.database.write();
        for cost in [5, 6] {
            let hash = bcrypt::hash("correct horse", cost).unwrap();
            user::Entity::update_many().col_expr(user::Column::PasswordHash, hash.clone().into()).exec(db).await.unwrap();
            let stored = async || user::Entity::find().one(db).await.unwrap().unwrap().password_hash.unwrap();
            let code = app.visitor().is_refused(LOG_IN, credentials("ada@patchhive.example", "wrong horse")).await;
            assert_eq!((code.as_str(), stored().await), ("WRONG_CREDENTIALS", hash));
            app.visitor().gets(LOG_IN, credentials("ada@patchhive.example", "correct horse")).await;
            let renewed: bcrypt::HashParts = stored().await.parse().unwrap();
            assert_eq!(renewed.get_cost(), inside.config.password_cost);
            app.visitor().gets(LOG_IN, credentials("ada@patchhive.example", "correct horse")).await;
        }
    }

    async fn a_wrong_password_takes_as_long_for_every_email_whatever_the_stored_costs_are(app: TestApp) {
        for name in ["ada", "bob", "eve"] {
            app.signs_up(name).await;
        }
        let inside = app.inside().await;
        // Eve's hash is never checked: it would take hours.
        for (name, hash) in [("ada", bcrypt::hash("correct horse", 11).unwrap()), ("eve", format!("$2b$31${:.<53}", ""))] {
            let update = user::Entity::update_many().col_expr(user::Column::PasswordHash, hash.into());
            let update = update.filter(user::Column::Username.eq(name));
            assert_eq!(update.exec(inside.database.write()).await.unwrap().rows_affected, 1);
        }
        drop(inside);
        // The costs are looked up once in the life of a process.
        app.restarts().await;
        let least = async |name: &str| {
            let mut least = Duration::MAX;
            for _ in 0..3 {
                let start = Instant::now();
                let wrong = credentials(&format!("{name}@patchhive.example"), "wrong horse");
                assert_eq!(app.visitor().is_refused(LOG_IN, wrong).await, "WRONG_CREDENTIALS");
                least = least.min(start.elapsed());
            }
            least
        };
        let (unknown, known) = (least("nobody").await, least("ada").await);
        for (name, taken) in [("nobody", unknown), ("bob", least("bob").await), ("eve", least("eve").await)] {
            // A hash of the configured cost takes a hundredth.
            assert!(taken * 4 > known, "{name}: {taken:?}, ada: {known:?}");
        }
    }

    async fn a_visitor_has_no_viewer(app: TestApp) {
        let answer = app.visitor().asks("{ viewer { id } }").await;
        assert_eq!(answer, json!({ "data": { "viewer": null } }));
    }

    async fn a_visitor_is_unauthenticated_wherever_a_user_is_needed(app: TestApp) {
        for document in [
            "{ balance { credits } }",
            "{ tier }",
            "{ subscription { id } }",
            "{ ledger { nodes { id } } }",
            "{ payments { nodes { id } } }",
            "{ user(id: 1) { id } }",
            "{ users { nodes { id } } }",
            r#"mutation { createCheckout(input: { tier: CORE, successUrl: "", cancelUrl: "" }) { __typename } }"#,
            r#"mutation { purchaseCredits(input: { credits: 1, successUrl: "", cancelUrl: "" }) { id } }"#,
            "mutation { cancelSubscription { __typename } }",
            r#"mutation { chargeExport(input: { runId: "run", idempotencyKey: "key" }) { __typename } }"#,
            r#"mutation { refundExport(input: { chargeId: 1, reason: "it failed" }) { id } }"#,
            r#"mutation { grantCredits(input: { userId: 1, credits: 1, reason: "why", idempotencyKey: "k" }) { id } }"#,
        ] {
            assert_eq!(app.visitor().is_refused(document, json!({})).await, "UNAUTHENTICATED", "{document}");
        }
    }
}
