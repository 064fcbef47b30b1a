//! Holds while the account changes: unlimited exports begin and end, money is returned, credits are taken, the account closes.

use std::time::Duration;

use entity::{credit_account, user::Role, work::Kind};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{CAPTURE, HOLD, RELEASE, RESERVE, balance, capture, expires, of, reservation, reserves, with_credits};
use crate::harness::{Actor, TestApp, facts};

/// Buys 25 credits, and returns the payment's id at Stripe.
async fn buys(app: &TestApp, user: &Actor) -> String {
    user.buys(25).await;
    let events = app.sandbox().events();
    let paid = events.iter().rev().find(|event| event["type"] == "payment_intent.succeeded").unwrap();
    paid["data"]["object"]["id"].as_str().unwrap().to_owned()
}

facts! {
    async fn a_hold_of_an_unlimited_account_holds_nothing(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        let hold = reserves(&sue, "run", "key").await;
        assert_eq!((&hold["credits"], &hold["balance"]["held"]), (&json!(0), &json!(0)));
        assert_eq!(hold["balance"]["exportsLeft"], Value::Null);
        assert!(hold["ticket"].is_string());
        assert_eq!(sue.is_refused(CAPTURE, capture(&hold, 1)).await, "BAD_USER_INPUT", "nothing is held");
        let charge = sue.gets(CAPTURE, of(&hold)).await;
        assert_eq!((&charge["credits"], &charge["balance"]["credits"]), (&json!(0), &json!(0)));
    }

    async fn a_hold_from_before_unlimited_exports_keeps_its_price(app: TestApp) {
        let sue = with_credits(&app, "sue", 10).await;
        let hold = reserves(&sue, "run", "before").await;
        sue.subscribes("STUDIO").await;
        assert_eq!(reserves(&sue, "run", "during").await["credits"], 0);
        assert_eq!(balance(&sue).await["held"], 3);
        let charge = sue.gets(CAPTURE, of(&hold)).await;
        assert_eq!((&charge["credits"], &charge["balance"]["credits"]), (&json!(3), &json!(7)));
    }

    async fn a_free_hold_stays_free_when_unlimited_exports_end(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        let hold = reserves(&sue, "run", "key").await;
        sue.cancels().await;
        app.sandbox().advance(Duration::from_hours(40 * 24)).await;
        app.settles().await;
        app.works_off(Kind::Unlimited).await;
        assert_eq!(sue.balance().await["unlimited"], false);
        assert_eq!(reserves(&sue, "run", "after").await["__typename"], "InsufficientCredits");
        assert_eq!(sue.gets(CAPTURE, of(&hold)).await["credits"], 0);
    }

    async fn a_refunded_payment_leaves_what_was_promised(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let paid = buys(&app, &ada).await;
        let (one, other) = (reserves(&ada, "run", "one").await, reserves(&ada, "run", "other").await);
        app.sandbox().refund(&paid, None).unwrap();
        app.settles().await;
        assert_eq!(balance(&ada).await, json!({ "credits": 0, "held": 6, "available": -6, "exportsLeft": 0, "version": 4 }));
        let refused = reserves(&ada, "run", "third").await;
        assert_eq!((&refused["available"], &refused["shortfall"]), (&json!(-6), &json!(9)));
        let charge = ada.gets(CAPTURE, of(&one)).await;
        assert_eq!(charge["balance"], json!({ "credits": -3, "held": 3, "available": -6, "version": 5 }));
        ada.gets(RELEASE, of(&other)).await;
        assert_eq!(balance(&ada).await["available"], -3);
    }

    async fn an_operator_never_takes_credits_that_are_held(app: TestApp) {
        let ada = with_credits(&app, "ada", 5).await;
        let hold = reserves(&ada, "run", "key").await;
        let admin = app.signs_up_as("root", Role::Admin).await;
        let document = "mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { balanceAfter } }";
        let user = ada.row().await.to_string();
        let taking = |credits: i64| json!({ "input": {
            "userId": user, "credits": credits, "reason": "a mistake", "idempotencyKey": credits.to_string(),
        } });
        for (credits, advice) in [(-5, "At most 2 can be taken."), (-3, "At most 2 can be taken.")] {
            let refused = admin.asks_with(document, taking(credits)).await["errors"][0].clone();
            assert_eq!(refused["extensions"]["code"], "BAD_USER_INPUT");
            assert_eq!(refused["extensions"]["field"], "input.credits");
            assert_eq!(refused["message"], format!("The balance is 5 credits, of which 3 are held. {advice}"));
        }
        assert_eq!(admin.gets(document, taking(-2)).await["balanceAfter"], 3);
        let refused = admin.asks_with(document, taking(-1)).await["errors"][0]["message"].clone();
        assert_eq!(refused, "The balance is 3 credits, of which 3 are held. None can be taken.");
        assert_eq!(ada.gets(CAPTURE, of(&hold)).await["balance"]["credits"], 0);
    }

    async fn an_export_in_progress_is_charged_after_its_account_was_closed(app: TestApp) {
        let (ada, service) = (with_credits(&app, "ada", 9).await, app.signs_up_as("exporter", Role::Service).await);
        let (one, other) = (reserves(&ada, "run", "one").await, reserves(&ada, "run", "other").await);
        let id = ada.row().await;
        let input = json!({ "input": { "currentPassword": "ada's password" } });
        ada.gets("mutation ($input: CloseAccountInput!) { closeAccount(input: $input) { closedAt } }", input).await;
        assert_eq!(ada.is_refused(RESERVE, reservation("run", "third")).await, "UNAUTHENTICATED");
        assert_eq!(service.gets(CAPTURE, of(&one)).await["credits"], 3);
        expires(&app, &other).await;
        assert_eq!(service.gets(HOLD, json!({ "id": other["id"] })).await["state"], "EXPIRED");
        let account = credit_account::Entity::find_by_id(id).one(app.inside().await.database.read()).await.unwrap();
        let account = account.unwrap();
        assert_eq!((account.balance, account.held), (6, 0));
    }

    async fn the_clock_of_the_sandbox_ends_no_hold(app: TestApp) {
        let ada = with_credits(&app, "ada", 9).await;
        let hold = reserves(&ada, "run", "one").await;
        app.sandbox().advance(Duration::from_hours(40 * 24)).await;
        app.settles().await;
        let later = ada.gets(HOLD, json!({ "id": hold["id"] })).await;
        assert_eq!((&later["state"], &later["expiresAt"]), (&json!("OPEN"), &hold["expiresAt"]));
        assert_eq!(ada.gets(CAPTURE, of(&hold)).await["__typename"], "ExportCharge");
        let next = reserves(&ada, "run", "two").await;
        // Times in UTC with milliseconds sort as texts.
        let (created, expires) = (next["createdAt"].as_str().unwrap(), next["expiresAt"].as_str().unwrap());
        assert!(created > expires, "{next}");
    }
}
