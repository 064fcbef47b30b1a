//! The card that automatic top-ups charge: saved on request, replaced by a later one, and gone with the account.

use entity::work::Kind;
use sandbox::Effect;
use serde_json::{Value, json};

use super::{RESUME, SETUP, attempts, comes_to, enables, looks, pause, saves_card, top_ups, urls, with_card};
use crate::{
    checkout::{at_stripe, breaks, posts_to_stripe},
    harness::{
        Actor, TestApp,
        actor::{GOOD_CARD, PURCHASE, purchase},
        facts,
    },
};

const MASTERCARD: &str = "5555555555554444";

const CARD: &str = "{ savedCard { brand last4 expiryMonth expiryYear } }";

async fn card(user: &Actor) -> Value {
    user.gets(CARD, json!({})).await["last4"].clone()
}

/// The payment methods of all customers at Stripe, newest first.
async fn methods(app: &TestApp) -> Vec<Value> {
    at_stripe(app, "/v1/payment_methods").await["data"].as_array().unwrap().clone()
}

facts! {
    async fn a_card_is_saved_without_a_charge(app: TestApp) {
        let ada = app.signs_up("ada").await;
        assert_eq!(ada.gets(CARD, json!({})).await, Value::Null);
        let setup = ada.gets(SETUP, urls()).await;
        assert_eq!(ada.submits_card(&setup, "4000000000000002").await.status(), 402);
        let leads_to = ada.pays(&setup, GOOD_CARD).await;
        assert_eq!(leads_to, "https://patchhive.example/account?card=saved");
        app.settles().await;
        let expected = json!({ "brand": "visa", "last4": "4242", "expiryMonth": 12, "expiryYear": 2040 });
        assert_eq!(ada.gets(CARD, json!({})).await, expected);
        assert_eq!(at_stripe(&app, "/v1/charges").await["data"], json!([]));
        assert_eq!(ada.balance().await["version"], 0);
    }

    async fn a_pack_saves_its_card_only_on_request(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(5).await;
        assert_eq!(card(&ada).await, Value::Null);
        let mut input = purchase(5);
        input["input"]["saveCard"] = json!(true);
        let checkout = ada.gets(PURCHASE, input).await;
        let refused = ada.submits_card(&checkout, "000123456789").await;
        assert_eq!(refused.status(), 402, "a bank account cannot be charged at once");
        ada.pays(&checkout, MASTERCARD).await;
        app.settles().await;
        assert_eq!((card(&ada).await, ada.credits().await), (json!("4444"), 10));
        enables(&ada, 11, 25, 5000).await;
        comes_to(&app, &ada, 1, "PAID").await;
    }

    async fn the_card_that_was_entered_last_is_charged(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let (first, second) = (ada.gets(SETUP, urls()).await, ada.gets(SETUP, urls()).await);
        ada.pays(&first, MASTERCARD).await;
        app.settles().await;
        app.sandbox().advance(std::time::Duration::from_mins(1)).await;
        ada.pays(&second, GOOD_CARD).await;
        app.settles().await;
        assert_eq!(card(&ada).await, "4242");
        // An event that comes again changes nothing.
        for event in app.sandbox().events().iter().filter(|event| event["type"] == "checkout.session.completed") {
            app.receives(event).await;
        }
        app.settles().await;
        assert_eq!(card(&ada).await, "4242");
        enables(&ada, 1, 25, 5000).await;
        comes_to(&app, &ada, 1, "PAID").await;
        let charge = at_stripe(&app, "/v1/charges").await["data"][0].clone();
        assert_eq!(charge["payment_method_details"]["card"]["last4"], "4242");
    }

    async fn a_card_whose_webhook_is_lost_is_found_by_reconciliation(app: TestApp) {
        let ada = app.signs_up("ada").await;
        app.sandbox().set_webhook_urls(Vec::new());
        saves_card(&app, &ada, GOOD_CARD).await;
        assert_eq!(card(&ada).await, Value::Null);
        patch_hive::sync::reconcile(&app.inside().await, chrono::TimeDelta::days(1)).await.unwrap();
        app.settles().await;
        assert_eq!(card(&ada).await, "4242");
    }

    async fn a_card_that_was_removed_at_stripe_pauses(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        let method = methods(&app).await[0]["id"].as_str().unwrap().to_owned();
        posts_to_stripe(&app, &format!("/v1/payment_methods/{method}/detach"), &[]).await;
        enables(&ada, 1, 25, 5000).await;
        comes_to(&app, &ada, 1, "FAILED").await;
        assert_eq!((pause(&ada).await, attempts(&app)), (json!("NO_CARD"), 0));
        saves_card(&app, &ada, MASTERCARD).await;
        looks(&app).await;
        assert_eq!(top_ups(&ada).await.len(), 1, "the user has not resumed");
        ada.gets(RESUME, json!({})).await;
        comes_to(&app, &ada, 2, "PAID").await;
    }

    async fn a_closed_account_has_no_card_and_is_not_charged(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 3).await;
        enables(&ada, 2, 25, 5000).await;
        looks(&app).await;
        let close = "mutation ($input: CloseAccountInput!) { closeAccount(input: $input) { closedAt } }";
        ada.gets(close, json!({ "input": { "currentPassword": "ada's password" } })).await;
        app.works_off(Kind::Customer).await;
        app.settles().await;
        assert_eq!(methods(&app).await[0]["customer"], Value::Null);
        looks(&app).await;
        assert_eq!(attempts(&app), 0);
        let inside = app.inside().await;
        let row = patch_hive::sync::top_up_settings(inside.database.read(), 1).await.unwrap().unwrap();
        assert_eq!((row.enabled, row.payment_method, row.card_last4), (false, None, None));
    }

    async fn a_charge_that_was_held_up_is_not_made_for_a_closed_account(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        breaks(&app, "/v1/invoiceitems", u32::MAX, Effect::Refuse { status: 503 });
        enables(&ada, 1, 25, 500).await;
        app.works_off(Kind::TopUp).await;
        let close = "mutation ($input: CloseAccountInput!) { closeAccount(input: $input) { closedAt } }";
        ada.gets(close, json!({ "input": { "currentPassword": "ada's password" } })).await;
        app.sandbox().clear_faults();
        app.works_off(Kind::Customer).await;
        app.works_off(Kind::TopUp).await;
        app.settles().await;
        let invoice = at_stripe(&app, "/v1/invoices").await["data"][0].clone();
        assert_eq!((&invoice["status"], attempts(&app)), (&json!("void"), 0));
        assert_eq!(methods(&app).await[0]["customer"], Value::Null);
    }
}
