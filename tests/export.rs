//! Exports are charged once, refused if the balance is insufficient, and refunded if they fail.

mod group;

use entity::user::Role;
use serde_json::{Value, json};

use crate::harness::{
    Actor, TestApp,
    actor::{EXPORT, export, row},
    facts,
};

const REFUND: &str = "mutation ($input: RefundExportInput!) { refundExport(input: $input) { version changeType \
    creditsDelta balanceAfter notes } }";

fn refund(charge: &Value, reason: &str) -> Value {
    json!({ "input": { "chargeId": charge, "reason": reason } })
}

/// The claims of a token, without a check of its signature.
fn claims(token: &Value) -> Value {
    jsonwebtoken::dangerous::insecure_decode_claims(token.as_str().unwrap()).unwrap()
}

facts! {
    async fn a_refusal_lists_packs_and_plans_that_would_suffice(app: TestApp) {
        let ada = app.signs_up("ada").await;
        insta::assert_json_snapshot!("insufficient_credits", ada.exports("run", "key").await);
        assert_eq!(ada.balance().await["version"], 0, "a refusal books nothing");
    }

    async fn sixty_four_exports_at_once_spend_no_more_than_there_is(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let exports: Vec<_> = (0..64).map(|number| {
            let ada = ada.clone();
            tokio::spawn(async move { ada.exports(&format!("run-{number}"), &format!("key-{number}")).await })
        }).collect();
        let mut charged = 0;
        for export in exports {
            let answer = export.await.unwrap();
            if answer["__typename"] == "ExportCharge" {
                charged += 1;
            } else {
                assert!(answer["available"].as_i64().unwrap() < 3, "refused with enough: {answer}");
            }
        }
        assert_eq!(charged, 8, "25 credits suffice for 8 exports");
        assert_eq!(ada.credits().await, 1);
    }

    async fn the_same_key_sixteen_times_at_once_is_one_charge(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let exports: Vec<_> = (0..16).map(|_| {
            let ada = ada.clone();
            tokio::spawn(async move { ada.exports("run", "key").await })
        }).collect();
        let mut fresh = 0;
        for export in exports {
            let answer = export.await.unwrap();
            assert_eq!(answer["__typename"], "ExportCharge");
            fresh += i32::from(answer["replayed"] == false);
        }
        assert_eq!(fresh, 1);
        assert_eq!(ada.balance().await["version"], 2);
    }

    async fn two_users_may_use_the_same_key(app: TestApp) {
        for name in ["ada", "bob"] {
            let user = app.signs_up(name).await;
            user.subscribes("CORE").await;
            assert_eq!(user.exports("run", "key").await["replayed"], false);
        }
    }

    async fn an_invalid_run_or_key_is_refused_and_nothing_is_posted(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let long = "k".repeat(256);
        for (run, key) in [("", "key"), ("run", ""), ("run", " "), ("run", &long), (&long, "key"), ("run", "a\u{0}b")] {
            assert_eq!(ada.is_refused(EXPORT, export(run, key)).await, "BAD_USER_INPUT", "{run:?} {key:?}");
        }
        let longest = "k".repeat(255);
        assert_eq!(ada.exports("run", &longest).await["replayed"], false);
        assert_eq!(ada.balance().await["version"], 2);
    }

    async fn a_visitor_cannot_export(app: TestApp) {
        assert_eq!(app.visitor().is_refused(EXPORT, export("run", "key")).await, "UNAUTHENTICATED");
    }

    async fn a_ticket_is_for_the_export_service_and_for_one_charge(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let charge = ada.exports("run-1", "key-1").await;
        let ticket = claims(&charge["ticket"]);
        assert_eq!(ticket["aud"], "patchbook-export");
        assert_eq!(ticket["jti"], row(&charge["id"]).to_string());
        assert_eq!(ticket["run"], "run-1");
        assert_eq!(ticket["exp"].as_i64().unwrap() - ticket["iat"].as_i64().unwrap(), 300);

        let again = ada.exports("run-1", "key-1").await;
        assert_eq!(claims(&again["ticket"])["jti"], ticket["jti"]);
    }

    async fn a_failed_export_is_refunded_once_and_has_no_ticket_anymore(app: TestApp) {
        let (ada, service) = (app.signs_up("ada").await, app.signs_up_as("exporter", Role::Service).await);
        ada.subscribes("CORE").await;
        let charge = ada.exports("run", "key").await;
        let entry = service.gets(REFUND, refund(&charge["id"], "the renderer crashed")).await;
        assert_eq!(entry, json!({
            "version": 3, "changeType": "REFUND", "creditsDelta": 3, "balanceAfter": 25, "notes": "the renderer crashed",
        }));
        assert_eq!(service.gets(REFUND, refund(&charge["id"], "once more")).await, entry);
        assert_eq!(ada.credits().await, 25);
        let again = ada.exports("run", "key").await;
        assert_eq!((&again["replayed"], &again["refunded"]), (&json!(true), &json!(true)));
        assert_eq!((&charge["refunded"], &again["ticket"]), (&json!(false), &Value::Null));
    }

    async fn only_the_export_service_refunds_and_only_charges(app: TestApp) {
        let (ada, service) = (app.signs_up("ada").await, app.signs_up_as("exporter", Role::Service).await);
        ada.subscribes("CORE").await;
        let charge = ada.exports("run", "key").await["id"].clone();
        assert_eq!(app.visitor().is_refused(REFUND, refund(&charge, "why")).await, "UNAUTHENTICATED");
        assert_eq!(ada.is_refused(REFUND, refund(&charge, "why")).await, "FORBIDDEN");
        assert_eq!(service.is_refused(REFUND, refund(&charge, " ")).await, "BAD_USER_INPUT");
        let grant = json!("1");
        for missing in [grant, json!("999"), json!("none"), json!("-1"), json!("99999999999999999999")] {
            assert_eq!(service.is_refused(REFUND, refund(&missing, "why")).await, "NOT_FOUND", "{missing}");
        }
        assert_eq!(ada.credits().await, 22);
    }

    async fn a_refund_of_a_free_export_returns_no_credits(app: TestApp) {
        let (sue, service) = (app.signs_up("sue").await, app.signs_up_as("exporter", Role::Service).await);
        sue.subscribes("STUDIO").await;
        let charge = sue.exports("run", "key").await;
        let entry = service.gets(REFUND, refund(&charge["id"], "the renderer crashed")).await;
        assert_eq!((&entry["creditsDelta"], &entry["version"]), (&json!(0), &json!(3)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_costs_what_is_configured() {
    use crate::harness::{Backend, app::run_with};

    let fact = |app: TestApp| async move {
        let ada: Actor = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let charge = ada.exports("run", "key").await;
        assert_eq!((&charge["credits"], &charge["balance"]["credits"]), (&json!(10), &json!(15)));
        assert_eq!(ada.balance().await["exportsLeft"], 1);
    };
    run_with(Backend::Sqlite, |config| config.export_cost = 10, fact).await;
}
