//! Balances are correct, and operators grant credits once per idempotency key.

use entity::{ledger_entry::ChangeType, user::Role};
use patch_hive::ledger::{self, MAX_BALANCE, Posting, Unlimited, source};
use serde_json::{Value, json};

use crate::harness::{Actor, TestApp, facts};

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id version changeType \
    creditsDelta balanceAfter reference notes createdAt payment { id } } }";

const ADJUSTMENT: &str = "mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { id version changeType \
    creditsDelta balanceAfter reference notes actorId } }";

/// An adjustment of the first user's balance.
fn adjustment(credits: i64, key: &str) -> Value {
    json!({ "input": { "userId": "1", "credits": credits, "reason": "granted twice", "idempotencyKey": key } })
}

/// A grant of 10 credits to the first user.
fn grant() -> Value {
    grant_with("credits", json!(10))
}

fn grant_with(field: &str, value: Value) -> Value {
    let mut input =
        json!({ "userId": "1", "credits": 10, "reason": "a friend joined", "idempotencyKey": "referral-1" });
    input[field] = value;
    json!({ "input": input })
}

/// Ada, who is the first user, and an operator.
async fn ada_and_admin(app: &TestApp) -> (Actor, Actor) {
    (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await)
}

facts! {
    async fn a_new_balance_is_empty_and_has_no_version(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let expected = json!({ "credits": 0, "unlimited": false, "exportsLeft": 0, "version": 0 });
        assert_eq!(ada.balance().await, expected);
    }

    async fn a_user_has_one_balance_wherever_it_is_read(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let answer = ada.asks("{ viewer { balance { id unlimitedUntil } } balance { id unlimitedUntil } }").await;
        assert_eq!(answer["data"]["balance"], answer["data"]["viewer"]["balance"]);
        assert_eq!(answer["data"]["balance"]["unlimitedUntil"], Value::Null);
    }

    async fn a_visitor_has_no_balance(app: TestApp) {
        let answer = app.visitor().asks("{ balance { credits } }").await;
        assert_eq!(answer["data"], Value::Null);
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(answer["errors"][0]["path"], json!(["balance"]));
    }

    async fn a_grant_is_posted(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;

        let entry = admin.gets(GRANT, grant()).await;

        insta::assert_json_snapshot!("grant", entry, { ".createdAt" => "[time]" });
        let expected = json!({ "credits": 10, "unlimited": false, "exportsLeft": 3, "version": 1 });
        assert_eq!(ada.balance().await, expected);
        assert_eq!(admin.credits().await, 0);
    }

    async fn a_grant_is_posted_once_for_its_key(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        let entry = admin.gets(GRANT, grant()).await;
        assert_eq!(admin.gets(GRANT, grant()).await, entry);
        assert_eq!(admin.gets(GRANT, grant_with("reason", json!("in other words"))).await, entry);
        assert_eq!(ada.credits().await, 10);
    }

    async fn an_operator_takes_credits_but_never_more_than_the_balance(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        admin.gets(GRANT, grant()).await;
        insta::assert_json_snapshot!("adjustment", admin.gets(ADJUSTMENT, adjustment(-7, "correction-1")).await);
        assert_eq!(ada.balance().await, json!({ "credits": 3, "unlimited": false, "exportsLeft": 1, "version": 2 }));
        let answer = admin.asks_with(ADJUSTMENT, adjustment(-4, "correction-2")).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(answer["errors"][0]["message"], "The balance is 3 credits. No more can be taken.");
        assert_eq!(admin.gets(ADJUSTMENT, adjustment(-3, "correction-2")).await["balanceAfter"], 0);
        // A retry of the first finds its entry, although the balance would not allow it any more.
        assert_eq!(admin.gets(ADJUSTMENT, adjustment(-7, "correction-1")).await["version"], 2);
        assert_eq!(admin.is_refused(ADJUSTMENT, adjustment(-6, "correction-1")).await, "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(admin.gets(ADJUSTMENT, adjustment(5, "correction-3")).await["balanceAfter"], 5);
        assert_eq!(ada.balance().await["version"], 4);
    }

    async fn adjustments_at_once_never_leave_a_debt(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        admin.gets(GRANT, grant()).await;
        let corrections = (0..6).map(|number| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.asks_with(ADJUSTMENT, adjustment(-4, &number.to_string())).await })
        });
        let mut taken = 0;
        for correction in corrections.collect::<Vec<_>>() {
            taken += i64::from(correction.await.unwrap()["errors"].is_null());
        }
        assert_eq!((taken, ada.credits().await), (2, 2));
    }

    async fn an_adjustment_is_for_operators_and_of_a_sensible_size(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        let service = app.signs_up_as("service", Role::Service).await;
        for user in [&ada, &service] {
            assert_eq!(user.is_refused(ADJUSTMENT, adjustment(5, "mine")).await, "FORBIDDEN");
        }
        for credits in [0, 100_001, -100_001] {
            assert_eq!(admin.is_refused(ADJUSTMENT, adjustment(credits, "odd")).await, "BAD_USER_INPUT", "{credits}");
        }
        assert_eq!(ada.balance().await["version"], 0);
    }

    async fn the_actor_of_a_manual_entry_is_shown_to_operators_only(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        let id = admin.gets("{ viewer { id } }", json!({})).await["id"].clone();
        let own = json!({ "input": { "userId": id, "credits": 5, "reason": "a test", "idempotencyKey": "own" } });
        assert_eq!(admin.gets(ADJUSTMENT, adjustment(5, "one")).await["actorId"], id);
        assert_eq!(admin.gets(ADJUSTMENT, own).await["actorId"], id);
        let ledger = "{ ledger { nodes { creditsDelta actorId } } }";
        let entry = |actor: &Value| json!({ "nodes": [{ "creditsDelta": 5, "actorId": actor }] });
        assert_eq!(ada.gets(ledger, json!({})).await, entry(&Value::Null));
        assert_eq!(admin.gets(ledger, json!({})).await, entry(&id));
    }

    async fn concurrent_grants_with_one_key_post_one_entry(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        let grants: Vec<_> = (0..8).map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.gets(GRANT, grant()).await["id"].clone() })
        }).collect();
        let mut ids = Vec::new();
        for grant in grants {
            ids.push(grant.await.unwrap());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
        assert_eq!(ada.balance().await["version"], 1);
    }

    async fn a_key_stands_for_one_amount(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        admin.gets(GRANT, grant()).await;
        assert_eq!(admin.is_refused(GRANT, grant_with("credits", json!(11))).await, "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(ada.credits().await, 10);
    }

    async fn each_user_has_keys_of_their_own(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        let bob = app.signs_up("bob").await;
        let id = bob.gets("{ viewer { id } }", json!({})).await["id"].clone();
        admin.gets(GRANT, grant()).await;
        admin.gets(GRANT, grant_with("userId", id)).await;
        assert_eq!((ada.credits().await, bob.credits().await), (10, 10));
    }

    async fn only_an_admin_grants(app: TestApp) {
        let (ada, _) = ada_and_admin(&app).await;
        let service = app.signs_up_as("exporter", Role::Service).await;
        assert_eq!(ada.is_refused(GRANT, grant()).await, "FORBIDDEN");
        assert_eq!(service.is_refused(GRANT, grant()).await, "FORBIDDEN");
        assert_eq!(app.visitor().is_refused(GRANT, grant()).await, "UNAUTHENTICATED");
        assert_eq!(ada.balance().await["version"], 0);
    }

    async fn an_invalid_grant_posts_nothing(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        for (field, values) in [
            ("credits", vec![json!(0), json!(-1), json!(100_001), json!(i32::MAX), json!(i32::MIN)]),
            ("idempotencyKey", vec![json!(""), json!("  "), json!("k".repeat(256)), json!("a\u{0}b"), json!("a\nb")]),
            ("reason", vec![json!(""), json!(" \t"), json!("r".repeat(501)), json!("a\u{0}b")]),
        ] {
            for value in values {
                let code = admin.is_refused(GRANT, grant_with(field, value.clone())).await;
                assert_eq!(code, "BAD_USER_INPUT", "{field} {value}");
            }
        }
        assert_eq!(ada.balance().await["version"], 0);
    }

    async fn a_number_that_is_no_int_posts_nothing(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        for credits in [json!(2_147_483_648_i64), json!(1.5), json!("10"), Value::Null] {
            let answer = admin.asks_with(GRANT, grant_with("credits", credits.clone())).await;
            let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer}"));
            assert!(code.starts_with("BAD_"), "{credits} {answer}");
        }
        assert_eq!(ada.balance().await["version"], 0);
    }

    async fn the_longest_key_and_the_largest_grant_will_do(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        admin.gets(GRANT, grant_with("idempotencyKey", json!("k".repeat(255)))).await;
        admin.gets(GRANT, grant_with("credits", json!(100_000))).await;
        assert_eq!(ada.credits().await, 100_010);
    }

    async fn an_unknown_user_is_granted_nothing(app: TestApp) {
        let (_, admin) = ada_and_admin(&app).await;
        for id in ["999", "0", "-1", "ada", "", "9223372036854775808"] {
            assert_eq!(admin.is_refused(GRANT, grant_with("userId", json!(id))).await, "NOT_FOUND", "{id:?}");
        }
    }

    async fn no_balance_passes_what_a_client_can_read(app: TestApp) {
        let (ada, admin) = ada_and_admin(&app).await;
        books(&app, MAX_BALANCE - 10).await;

        assert_eq!(admin.is_refused(GRANT, grant_with("credits", json!(11))).await, "BAD_USER_INPUT");
        assert_eq!(ada.credits().await, MAX_BALANCE - 10);
        admin.gets(GRANT, grant()).await;
        assert_eq!(ada.credits().await, 2_147_483_647);
        let purchase = ada.is_refused(crate::harness::actor::PURCHASE, crate::harness::actor::purchase(1)).await;
        assert_eq!(purchase, "BAD_USER_INPUT");
    }
}

/// Posts more than any mutation could, for the first user.
async fn books(app: &TestApp, credits: i64) {
    let inside = app.inside().await;
    let posting = Posting {
        user_id: 1,
        change_type: ChangeType::Grant,
        delta: credits,
        unlimited: Unlimited::Keep,
        source: source::manual(1, "a fortune"),
        reference: None,
        notes: None,
        now: inside.clock.now(),
    };
    let tx = inside.database.begin().await.unwrap();
    ledger::post(&tx, posting).await.unwrap();
    tx.commit().await.unwrap();
}
