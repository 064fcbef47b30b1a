//! Credit packs cost what the quote says, and their credits are posted once, when the payment succeeds.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    checkout::at_stripe,
    harness::{
        Actor, TestApp,
        actor::{GOOD_CARD, PURCHASE, purchase},
        facts,
    },
};

/// A bank account: its money arrives, or fails to, days later.
const BANK: &str = "000123456789";

const PAYMENTS: &str = "query ($first: Int, $after: String, $last: Int, $before: String) { \
    payments(first: $first, after: $after, last: $last, before: $before) { \
    nodes { credits } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

const LEDGER: &str = "query ($first: Int) { ledger(first: $first) { nodes { version changeType creditsDelta \
    balanceAfter reference notes payment { amount { amount currency } refunded { amount currency } credits \
    creditsReversed status } } } }";

const QUOTE: &str = "query ($credits: Int!) { creditQuote(credits: $credits) { amount { amount } } }";

fn credits(page: &Value) -> Vec<i64> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["credits"].as_i64().unwrap()).collect()
}

async fn status(user: &Actor) -> String {
    let payments = user.gets("{ payments(first: 1) { nodes { status } } }", json!({})).await;
    payments["nodes"][0]["status"].as_str().unwrap_or_default().to_owned()
}

fn id(checkout: &Value) -> &str {
    checkout["id"].as_str().unwrap()
}

facts! {
    async fn a_credit_costs_twenty_cents_and_a_pack_five_dollars_at_least(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for (credits, cents) in [(1, 500), (25, 500), (26, 520), (1000, 20_000)] {
            let checkout = ada.opens_purchase(credits).await;
            assert_eq!(checkout["amount"], json!({ "amount": cents, "currency": "USD" }), "{credits}");
            let quote = ada.gets(QUOTE, json!({ "credits": credits })).await;
            assert_eq!(quote["amount"]["amount"], cents, "the quote and the checkout agree");
        }
    }

    async fn each_purchase_opens_a_checkout_of_its_own_and_each_can_be_paid(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let (one, two) = (ada.opens_purchase(25).await, ada.opens_purchase(25).await);
        assert_ne!(id(&one), id(&two));
        for checkout in [&one, &two] {
            ada.pays(checkout, GOOD_CARD).await;
        }
        app.settles().await;
        assert_eq!(ada.credits().await, 50);
    }

    async fn a_pack_that_is_not_sold_is_refused_without_a_call_to_stripe(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for credits in [0, 1001, -5, i64::from(i32::MAX), i64::from(i32::MIN)] {
            assert_eq!(ada.is_refused(PURCHASE, purchase(credits)).await, "BAD_USER_INPUT", "{credits}");
        }
        for (odd, code) in [
            (json!(2_147_483_648_i64), "BAD_REQUEST"),
            (json!(1.5), "BAD_REQUEST"),
            (json!("25"), "BAD_REQUEST"),
            (Value::Null, "BAD_REQUEST"),
        ] {
            let mut variables = purchase(25);
            variables["input"]["credits"] = odd.clone();
            assert_eq!(ada.is_refused(PURCHASE, variables).await, code, "{odd}");
        }
        assert!(app.sandbox().requests().is_empty());
    }

    async fn a_payment_posts_the_credits_once_and_both_lists_show_it(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(40).await;
        assert_eq!(ada.balance().await, json!({ "credits": 40, "unlimited": false, "exportsLeft": 13, "version": 1 }));
        let payments = ada.gets(
            "{ payments { nodes { id amount { amount currency } refunded { amount currency } credits creditsReversed \
             status createdAt } pageInfo { hasNextPage hasPreviousPage } } }",
            json!({}),
        ).await;
        insta::assert_json_snapshot!("payment_payments", payments, { ".nodes[].createdAt" => "[time]" });
        insta::assert_json_snapshot!("payment_ledger", ada.gets(LEDGER, json!({})).await, {
            ".nodes[].reference" => "[payment intent]",
        });
    }

    async fn stripe_learns_who_buys_how_much(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let user = json!(ada.row().await.to_string());
        let checkout = ada.opens_purchase(40).await;
        let path = format!("/v1/checkout/sessions/{}", id(&checkout));
        ada.pays(&checkout, GOOD_CARD).await;
        app.settles().await;
        let session = at_stripe(&app, &path).await;
        let metadata = json!({ "user_id": user, "credits": "40", "purchase_type": "one_time" });
        assert_eq!((&session["mode"], &session["client_reference_id"]), (&json!("payment"), &user));
        for (name, value) in metadata.as_object().unwrap() {
            assert_eq!(&session["metadata"][name], value);
        }
        let intent = format!("/v1/payment_intents/{}", session["payment_intent"].as_str().unwrap());
        let intent = at_stripe(&app, &intent).await;
        assert_eq!((&intent["amount"], &intent["metadata"]), (&json!(800), &metadata));
        let ledger = ada.gets(LEDGER, json!({})).await;
        assert_eq!(ledger["nodes"][0]["reference"], intent["id"], "the ledger names the payment");
    }

    async fn an_open_checkout_is_no_payment(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let checkout = ada.opens_purchase(25).await;
        assert_eq!(ada.submits_card(&checkout, "4000000000009995").await.status(), 402);
        app.settles().await;
        assert_eq!(ada.gets(PAYMENTS, json!({})).await["nodes"], json!([]));
        assert_eq!(ada.balance().await["version"], 0);
    }

    async fn delayed_payments_are_posted_when_they_arrive(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let checkout = ada.opens_purchase(25).await;
        ada.pays(&checkout, BANK).await;
        app.settles().await;
        assert_eq!((status(&ada).await.as_str(), ada.credits().await), ("PENDING", 0));
        app.sandbox().settle_delayed(id(&checkout), true).unwrap();
        app.settles().await;
        assert_eq!((status(&ada).await.as_str(), ada.credits().await), ("SUCCEEDED", 25));
    }

    async fn money_that_never_arrives_posts_nothing(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let checkout = ada.opens_purchase(25).await;
        ada.pays(&checkout, BANK).await;
        app.settles().await;
        app.sandbox().settle_delayed(id(&checkout), false).unwrap();
        app.settles().await;
        assert_eq!((status(&ada).await.as_str(), ada.balance().await["version"].as_i64()), ("FAILED", Some(0)));
    }

    async fn payments_are_read_newest_first_page_by_page(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for credits in 1..=5 {
            ada.buys(credits).await;
        }
        assert_eq!(credits(&ada.gets(PAYMENTS, json!({})).await), [5, 4, 3, 2, 1]);
        let first = ada.gets(PAYMENTS, json!({ "first": 2 })).await;
        assert_eq!(credits(&first), [5, 4]);
        let page = &first["pageInfo"];
        assert_eq!((&page["hasNextPage"], &page["hasPreviousPage"]), (&json!(true), &json!(false)));
        // What is bought meanwhile moves no page.
        ada.buys(6).await;
        let second = ada.gets(PAYMENTS, json!({ "first": 2, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!(credits(&second), [3, 2]);
        let last = ada.gets(PAYMENTS, json!({ "first": 2, "after": second["pageInfo"]["endCursor"] })).await;
        assert_eq!((credits(&last), &last["pageInfo"]["hasNextPage"]), (vec![1], &json!(false)));
        let before = ada.gets(PAYMENTS, json!({ "last": 2, "before": last["pageInfo"]["startCursor"] })).await;
        assert_eq!((credits(&before), &before["pageInfo"]["hasPreviousPage"]), (vec![3, 2], &json!(true)));
        assert_eq!(credits(&ada.gets(PAYMENTS, json!({ "last": 1 })).await), [1]);
        assert_eq!(credits(&ada.gets(PAYMENTS, json!({ "first": 0 })).await), Vec::<i64>::new());
    }

    async fn an_invalid_page_of_payments_is_refused(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for odd in [
            json!({ "first": 101 }), json!({ "first": -1 }), json!({ "last": 101 }), json!({ "first": 1, "last": 1 }),
            json!({ "after": "nonsense" }), json!({ "before": "" }),
        ] {
            assert_eq!(ada.is_refused(PAYMENTS, odd.clone()).await, "BAD_USER_INPUT", "{odd}");
        }
        assert_eq!(app.visitor().is_refused(PAYMENTS, json!({})).await, "UNAUTHENTICATED");
    }

    async fn another_users_payments_are_not_shown(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        ada.buys(30).await;
        bob.buys(10).await;
        assert_eq!(credits(&ada.gets(PAYMENTS, json!({})).await), [30]);
        let theirs = bob.gets(PAYMENTS, json!({})).await;
        assert_eq!(credits(&theirs), [10]);
        // A cursor of another user's list shows nothing of that list.
        let through = ada.gets(PAYMENTS, json!({ "after": theirs["pageInfo"]["startCursor"] })).await;
        assert_eq!(credits(&through), [30]);
        assert_eq!(ada.gets(LEDGER, json!({})).await["nodes"].as_array().unwrap().len(), 1);
    }

    async fn a_page_of_the_ledger_with_its_payments_costs_as_much_as_one_entry(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for credits in 1..=6 {
            ada.buys(credits).await;
        }
        let database = app.inside().await.database.clone();
        let cost = async |first: i64| {
            let before = database.statements();
            let page = ada.gets(LEDGER, json!({ "first": first })).await;
            let paid = |entry: &Value| entry["payment"]["credits"] == entry["creditsDelta"];
            assert!(page["nodes"].as_array().unwrap().iter().all(paid));
            database.statements() - before
        };
        cost(6).await;
        assert_eq!(cost(6).await, cost(1).await);
    }

    async fn a_balance_never_passes_its_limit(app: TestApp) {
        let admin = app.signs_up_as("admin", entity::user::Role::Admin).await;
        let ada = app.signs_up("ada").await;
        let user = ada.row().await;
        let inside = app.inside().await;
        let has = async |credits: i64| {
            let sql = format!("UPDATE credit_accounts SET balance = {credits} WHERE user_id = {user}");
            inside.database.write().execute_unprepared(&sql).await.unwrap();
        };
        has(2_147_483_600).await;
        assert_eq!(ada.is_refused(PURCHASE, purchase(100)).await, "BAD_USER_INPUT");
        let grant = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id } }";
        let input = json!({ "input": { "userId": user, "credits": 100, "reason": "too much", "idempotencyKey": "k" } });
        assert_eq!(admin.is_refused(grant, input).await, "BAD_USER_INPUT");
        has(0).await;
    }
}
