//! Each entry names the fact behind it, with the rows and objects that show it.

use entity::user::Role;
use serde_json::{Value, json};

use crate::{
    harness::{Actor, TestApp, facts},
    subscription::newest,
};

const LEDGER: &str = "{ ledger(first: 100) { nodes { kind creditsDelta runId tier periodEnd invoiceId reason \
    payment { credits } } } }";

/// A user's entries, oldest first.
async fn entries(user: &Actor) -> Vec<Value> {
    let mut entries = user.gets(LEDGER, json!({})).await["nodes"].as_array().unwrap().clone();
    entries.reverse();
    entries
}

/// An entry of a kind, with the facts that it names. All others are null.
fn entry(kind: &str, delta: i64, facts: &Value) -> Value {
    let mut entry = json!({
        "kind": kind, "creditsDelta": delta, "runId": null, "tier": null, "periodEnd": null, "invoiceId": null,
        "reason": null, "payment": null,
    });
    for (name, fact) in facts.as_object().unwrap() {
        entry[name] = fact.clone();
    }
    entry
}

/// The payment intent of the newest payment.
fn newest_payment(app: &TestApp) -> String {
    let events = app.sandbox().events();
    let paid = events.iter().rev().find(|event| event["type"] == "payment_intent.succeeded").unwrap();
    paid["data"]["object"]["id"].as_str().unwrap().to_owned()
}

/// Refunds a payment, all of it or some, and returns the refund's id.
async fn refunds(app: &TestApp, payment: &str, cents: Option<i64>) -> String {
    let refund = app.sandbox().refund(payment, cents).unwrap();
    app.settles().await;
    refund["id"].as_str().unwrap().to_owned()
}

/// Makes a refund fail, so that its money stays.
async fn refund_fails(app: &TestApp, refund: &str) {
    app.sandbox().settle_refund(refund, false).unwrap();
    app.settles().await;
}

facts! {
    async fn credits_of_a_plan_name_its_tier_period_and_invoice(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let first = newest(&app).await["latest_invoice"].clone();
        let payment = newest_payment(&app);
        ada.changes_plan("PRO").await;
        app.settles().await;
        let second = newest(&app).await["latest_invoice"].clone();
        assert_ne!(first, second);
        let refund = refunds(&app, &payment, None).await;
        refund_fails(&app, &refund).await;

        let end = ada.subscription().await["currentPeriodEnd"].clone();
        let of_period = |tier: &str, invoice: &Value| json!({ "tier": tier, "periodEnd": end, "invoiceId": invoice });
        let entries = entries(&ada).await;
        assert_eq!(entries[..2], [
            entry("PLAN_PERIOD", 25, &of_period("CORE", &first)),
            entry("PLAN_CHANGE", 75, &of_period("PRO", &second)),
        ]);
        let reversed = -entries[2]["creditsDelta"].as_i64().unwrap();
        assert_eq!(entries[2..], [
            entry("REVERSAL", -reversed, &of_period("PRO", &Value::Null)),
            entry("RESTORATION", reversed, &of_period("PRO", &Value::Null)),
        ]);
    }

    async fn unlimited_exports_begin_and_end_with_an_entry(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("STUDIO").await;
        let invoice = newest(&app).await["latest_invoice"].clone();
        let end = ada.subscription().await["currentPeriodEnd"].clone();
        ada.exports("run-1", "first").await;
        let payment = newest_payment(&app);
        let refund = refunds(&app, &payment, None).await;
        refund_fails(&app, &refund).await;
        assert_eq!(entries(&ada).await, [
            entry("PLAN_PERIOD", 0, &json!({ "tier": "STUDIO", "periodEnd": end, "invoiceId": invoice })),
            entry("EXPORT", 0, &json!({ "runId": "run-1" })),
            entry("UNLIMITED_ENDED", 0, &json!({})),
            entry("UNLIMITED", 0, &json!({})),
        ]);
    }

    async fn packs_exports_and_manual_changes_name_their_payment_run_and_reason(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        let service = app.signs_up_as("exporter", Role::Service).await;
        ada.buys(40).await;
        let refund = refunds(&app, &newest_payment(&app), Some(400)).await;
        refund_fails(&app, &refund).await;
        let charge = ada.exports("run-1", "first").await["id"].clone();
        ada.exports("run-2", "second").await;
        let document = "mutation ($input: RefundExportInput!) { refundExport(input: $input) { id } }";
        service.gets(document, json!({ "input": { "chargeId": charge, "reason": "it crashed" } })).await;
        let document = "mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { id } }";
        let id = ada.gets("{ viewer { id } }", json!({})).await["id"].clone();
        for (credits, reason) in [(9, "sorry"), (-2, "too much")] {
            let input = json!({ "userId": id, "credits": credits, "reason": reason, "idempotencyKey": reason });
            admin.gets(document, json!({ "input": input })).await;
        }
        let of_pack = json!({ "payment": { "credits": 40 } });
        assert_eq!(entries(&ada).await, [
            entry("PACK", 40, &of_pack),
            entry("REVERSAL", -20, &of_pack),
            entry("RESTORATION", 20, &of_pack),
            entry("EXPORT", -3, &json!({ "runId": "run-1" })),
            entry("EXPORT", -3, &json!({ "runId": "run-2" })),
            entry("EXPORT_REFUND", 3, &json!({ "runId": "run-1", "reason": "it crashed" })),
            entry("MANUAL", 9, &json!({ "reason": "sorry" })),
            entry("MANUAL", -2, &json!({ "reason": "too much" })),
        ]);
    }

    async fn the_kind_comes_with_each_pushed_change(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let mut socket = ada.connects().await;
        let watch = "subscription { balanceChanged(afterVersion: 0) { entry { kind tier runId } } }";
        socket.subscribes("balance", watch, json!({})).await;
        let of_plan = json!({ "kind": "PLAN_PERIOD", "tier": "CORE", "runId": null });
        assert_eq!(socket.pushed().await["entry"], of_plan);
        ada.exports("run-1", "first").await;
        let of_export = json!({ "kind": "EXPORT", "tier": null, "runId": "run-1" });
        assert_eq!(socket.pushed().await["entry"], of_export);
    }
}
