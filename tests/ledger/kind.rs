//! Each entry names the fact behind it, with the rows and objects that show it.

use entity::user::Role;
use sandbox::{Outcome, Stage};
use serde_json::{Value, json};

use crate::{
    checkout::credits_invoice,
    harness::{Actor, TestApp, facts},
    subscription::{newest, stripe_ends_it},
    webhook::{
        accepts, known_user,
        payloads::{CORE, PRO, Plan},
    },
};

const LEDGER: &str = "{ ledger(first: 100) { nodes { kind creditsDelta runId tier periodEnd invoiceId reason notes \
    reversalCause reversalAmount { amount currency } payment { credits } } } }";

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
        "reason": null, "notes": null, "reversalCause": null, "reversalAmount": null, "payment": null,
    });
    for (name, fact) in facts.as_object().unwrap() {
        entry[name] = fact.clone();
    }
    entry
}

/// The entry of a reversal of a pack of 40 credits, or of its return.
fn moved(kind: &str, delta: i64, cause: &str, cents: i64) -> Value {
    entry(kind, delta, &json!({ "payment": { "credits": 40 }, "reversalCause": cause, "reversalAmount": usd(cents) }))
}

fn usd(cents: i64) -> Value {
    json!({ "amount": cents, "currency": "USD" })
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
        let mut refunded = of_period("CORE", &first);
        refunded["reversalCause"] = "REFUND".into();
        refunded["reversalAmount"] = usd(499);
        assert_eq!(entries[2..], [
            entry("REVERSAL", -reversed, &refunded),
            entry("RESTORATION", reversed, &refunded),
        ]);
    }

    async fn a_change_of_plan_is_one_whichever_invoice_arrives_first(app: TestApp) {
        for (name, change_first) in [("ada", false), ("bob", true)] {
            let (user, customer) = known_user(&app, name).await;
            let plan = Plan::new(&customer, CORE);
            let begun = plan.paid("subscription_create");
            let changed = plan.at(PRO).paid_for("subscription_update", &[(CORE.0, -499), (PRO.0, 1499)]);
            let mut invoices = [&begun, &changed];
            if change_first {
                invoices.reverse();
            }
            accepts(&app, invoices).await;
            let mut stated: Vec<_> = entries(&user).await.into_iter().map(|entry| {
                (entry["kind"].as_str().unwrap().to_owned(), entry["tier"].clone(), entry["creditsDelta"].clone())
            }).collect();
            if change_first {
                stated.reverse();
            }
            assert_eq!(stated, [
                ("PLAN_PERIOD".to_owned(), json!("CORE"), json!(25)),
                ("PLAN_CHANGE".to_owned(), json!("PRO"), json!(75)),
            ], "{name}");
        }
    }

    async fn a_dispute_is_recorded_as_a_dispute_and_so_is_its_end(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(40).await;
        let payment = newest_payment(&app);
        refunds(&app, &payment, Some(200)).await;
        let dispute = app.sandbox().dispute(&payment, Stage::Chargeback, Some(400)).unwrap();
        app.settles().await;
        app.sandbox().proceed_dispute(dispute["id"].as_str().unwrap(), Outcome::Won).unwrap();
        app.settles().await;
        assert_eq!(entries(&ada).await[1..], [
            moved("REVERSAL", -10, "REFUND", 200),
            moved("REVERSAL", -20, "DISPUTE", 400),
            moved("RESTORATION", 20, "DISPUTE", 400),
        ]);
    }

    async fn a_credit_note_is_recorded_as_one(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(40).await;
        let invoices = ada.gets("{ invoices(first: 1) { nodes { id } } }", json!({})).await;
        credits_invoice(&app, invoices["nodes"][0]["id"].as_str().unwrap(), "400").await;
        app.settles().await;
        assert_eq!(entries(&ada).await[1..], [moved("REVERSAL", -20, "CREDIT_NOTE", 400)]);

        let bob = app.signs_up("bob").await;
        bob.subscribes("CORE").await;
        let invoice = newest(&app).await["latest_invoice"].clone();
        credits_invoice(&app, invoice.as_str().unwrap(), "499").await;
        app.settles().await;
        let end = bob.subscription().await["currentPeriodEnd"].clone();
        assert_eq!(entries(&bob).await[1..], [entry("REVERSAL", -25, &json!({
            "tier": "CORE", "periodEnd": end, "invoiceId": invoice, "reversalCause": "CREDIT_NOTE",
            "reversalAmount": usd(499),
        }))]);
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
            entry("UNLIMITED_ENDED", 0, &json!({
                "tier": "STUDIO", "periodEnd": end, "reversalCause": "REFUND", "reversalAmount": usd(2999),
            })),
            entry("UNLIMITED", 0, &json!({})),
        ]);
    }

    async fn the_end_of_unlimited_exports_names_all_money_of_the_period_that_was_returned(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        let end = sue.subscription().await["currentPeriodEnd"].clone();
        let payment = newest_payment(&app);
        let returned = async || {
            let money = "{ subscription { periodMoney { paid { amount currency } returned { amount currency } } } }";
            sue.gets(money, json!({})).await["periodMoney"].clone()
        };
        assert_eq!(returned().await, json!({ "paid": usd(2999), "returned": usd(0) }));
        refunds(&app, &payment, Some(900)).await;
        assert_eq!(entries(&sue).await.len(), 1, "less than a third leaves them");
        let dispute = app.sandbox().dispute(&payment, Stage::Chargeback, Some(200)).unwrap();
        app.settles().await;
        assert_eq!(returned().await, json!({ "paid": usd(2999), "returned": usd(1100) }));
        assert_eq!(entries(&sue).await[1..], [entry("UNLIMITED_ENDED", 0, &json!({
            "tier": "STUDIO", "periodEnd": end, "reversalCause": "REFUND", "reversalAmount": usd(1100),
        }))]);
        app.sandbox().proceed_dispute(dispute["id"].as_str().unwrap(), Outcome::Won).unwrap();
        app.settles().await;
        assert_eq!(entries(&sue).await[2..], [entry("UNLIMITED", 0, &json!({}))]);
        // An end that no returned money caused names none.
        stripe_ends_it(&app).await;
        assert_eq!(entries(&sue).await[3..], [entry("UNLIMITED_ENDED", 0, &json!({}))]);
        let free = app.signs_up("ada").await;
        assert_eq!(free.gets("{ subscription { periodMoney { paid { amount } } } }", json!({})).await, Value::Null);
    }

    async fn a_reversal_names_the_money_of_all_payments_for_its_period(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let payment = newest_payment(&app);
        ada.changes_plan("PRO").await;
        app.settles().await;
        refunds(&app, &payment, None).await;
        ada.buys(40).await;
        let ledger = "{ ledger(first: 100) { nodes { kind periodPaid { amount currency } } } }";
        let nodes = ada.gets(ledger, json!({})).await["nodes"].clone();
        let of = |kind: &str, paid: Value| json!({ "kind": kind, "periodPaid": paid });
        assert_eq!(nodes, json!([
            of("PACK", Value::Null),
            of("REVERSAL", usd(1499)),
            of("PLAN_CHANGE", usd(1499)),
            of("PLAN_PERIOD", usd(1499)),
        ]));
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
            moved("REVERSAL", -20, "REFUND", 400),
            moved("RESTORATION", 20, "REFUND", 400),
            entry("EXPORT", -3, &json!({ "runId": "run-1" })),
            entry("EXPORT", -3, &json!({ "runId": "run-2" })),
            entry("EXPORT_REFUND", 3, &json!({ "runId": "run-1", "reason": "it crashed", "notes": "it crashed" })),
            entry("MANUAL", 9, &json!({ "reason": "sorry", "notes": "sorry" })),
            entry("MANUAL", -2, &json!({ "reason": "too much", "notes": "too much" })),
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
