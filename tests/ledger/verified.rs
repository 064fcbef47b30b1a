//! `verify` finds every corruption of the books by the fact that it contradicts, and tells an operator what to look at.

use chrono::TimeDelta;
use entity::{user::Role, work::Kind};
use patch_hive::{
    database::Database,
    ledger::{self, Report},
    work,
};
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::json;

use crate::{
    checkout::at_stripe,
    harness::{TestApp, facts},
};

/// The fact that each change contradicts, the change, and the change that undoes it.
const CORRUPTIONS: [(&str, &str, &str); 19] = [
    (
        "each account's balance and version",
        "UPDATE credit_accounts SET balance = balance + 1",
        "UPDATE credit_accounts SET balance = balance - 1",
    ),
    (
        "each balance follows",
        "UPDATE credits_ledger SET credits_delta = -4 WHERE version = 2",
        "UPDATE credits_ledger SET credits_delta = -3 WHERE version = 2",
    ),
    (
        "each account's versions are",
        "UPDATE credits_ledger SET version = 99 WHERE version = 2",
        "UPDATE credits_ledger SET version = 2 WHERE version = 99",
    ),
    (
        "no spend added credits",
        "UPDATE credits_ledger SET credits_delta = 3 WHERE version = 2",
        "UPDATE credits_ledger SET credits_delta = -3 WHERE version = 2",
    ),
    (
        "each line of each paid invoice",
        "UPDATE stripe_invoice_periods SET credits = 24",
        "UPDATE stripe_invoice_periods SET credits = 25",
    ),
    (
        "each line of each paid invoice",
        "UPDATE credits_ledger SET source = 'grant:x' || source WHERE version = 1",
        "UPDATE credits_ledger SET source = substr(source, 8) WHERE version = 1",
    ),
    (
        "each period's sums",
        "UPDATE stripe_periods SET credits_granted = 26",
        "UPDATE stripe_periods SET credits_granted = 25",
    ),
    ("each period's sums", "UPDATE stripe_periods SET paid = 498", "UPDATE stripe_periods SET paid = 499"),
    (
        "for each period, the share",
        "UPDATE stripe_payment_intents SET amount_refunded = 100 WHERE invoice_id IS NOT NULL",
        "UPDATE stripe_payment_intents SET amount_refunded = 0 WHERE invoice_id IS NOT NULL",
    ),
    (
        "for each period, the share",
        "UPDATE stripe_invoices SET amount_credited = 499",
        "UPDATE stripe_invoices SET amount_credited = 0",
    ),
    (
        "for each pack, the share",
        "UPDATE stripe_payment_intents SET amount_disputed = 100 WHERE invoice_id IS NULL",
        "UPDATE stripe_payment_intents SET amount_disputed = 0 WHERE invoice_id IS NULL",
    ),
    (
        "for each pack, the share",
        "UPDATE stripe_payments SET amount_credited = 200",
        "UPDATE stripe_payments SET amount_credited = 0",
    ),
    (
        "each paid pack has one PURCHASE",
        "UPDATE stripe_payments SET status = 'pending'",
        "UPDATE stripe_payments SET status = 'partially_refunded'",
    ),
    (
        "each paid pack has one PURCHASE",
        "UPDATE credits_ledger SET source = 'x' || source WHERE source LIKE 'payment:%'",
        "UPDATE credits_ledger SET source = substr(source, 2) WHERE source LIKE 'xpayment:%'",
    ),
    (
        "the credits reversed for each pack and period",
        "UPDATE stripe_payments SET credits_reversed = 9",
        "UPDATE stripe_payments SET credits_reversed = 10",
    ),
    (
        "the credits reversed for each pack and period",
        "UPDATE credits_ledger SET source = 'x' || source WHERE source LIKE 'reversal:%'",
        "UPDATE credits_ledger SET source = substr(source, 2) WHERE source LIKE 'xreversal:%'",
    ),
    (
        "each refunded export",
        "UPDATE credits_ledger SET credits_delta = 2 WHERE source LIKE 'export-refund:%'",
        "UPDATE credits_ledger SET credits_delta = 3 WHERE source LIKE 'export-refund:%'",
    ),
    (
        "unlimited exports last",
        "UPDATE stripe_periods SET tier = 'STUDIO'; UPDATE stripe_subscriptions SET tier = 'STUDIO'",
        "UPDATE stripe_periods SET tier = 'CORE'; UPDATE stripe_subscriptions SET tier = 'CORE'",
    ),
    (
        "unlimited exports last",
        "UPDATE credit_accounts SET unlimited_until = '2030-01-01 00:00:00+00:00'",
        "UPDATE credit_accounts SET unlimited_until = NULL",
    ),
];

/// A user with entries of every kind: a grant, exports of which one failed, and a pack of which a part was refunded.
async fn lives(app: &TestApp) {
    let ada = app.signs_up("ada").await;
    ada.subscribes("CORE").await;
    ada.exports("run-1", "key-1").await;
    let failed = ada.exports("run-2", "key-2").await;
    let service = app.signs_up_as("exporter", Role::Service).await;
    let input = json!({ "chargeId": failed["id"], "reason": "it failed" });
    let refund = "mutation ($input: RefundExportInput!) { refundExport(input: $input) { id } }";
    service.gets(refund, json!({ "input": input })).await;
    ada.buys(25).await;
    let payment = at_stripe(app, "/v1/payment_intents?limit=1").await["data"][0]["id"].clone();
    app.sandbox().refund(payment.as_str().unwrap(), Some(200)).unwrap();
    app.settles().await;
    assert_eq!(ada.credits().await, 25 - 3 - 3 + 3 + 25 - 10);
}

async fn verify(app: &TestApp, database: &Database) -> Report {
    ledger::verify(database, app.inside().await.clock.wall()).await.unwrap()
}

fn noticed(report: &Report) -> Vec<usize> {
    report.notices.iter().map(|notice| notice.count).collect()
}

facts! {
    async fn verify_finds_every_corruption(app: TestApp) {
        lives(&app).await;
        let database = app.inside().await.database.clone();
        let report = verify(&app, &database).await;
        assert!(report.holds(), "{report}");
        assert_eq!((report.entries, report.accounts), (6, 2));

        let disarm = match database.backend() {
            DbBackend::Postgres => "ALTER TABLE credits_ledger DISABLE TRIGGER ALL",
            _ => "DROP TRIGGER credits_ledger_no_update",
        };
        database.write().execute_unprepared(disarm).await.unwrap();
        for (fact, tampering, mending) in CORRUPTIONS {
            database.write().execute_unprepared(tampering).await.unwrap();
            let report = verify(&app, &database).await;
            let found = report.checks.iter().find(|check| check.fact.starts_with(fact)).unwrap();
            assert!(found.count > 0, "not found: {tampering}\n{report}");
            assert_eq!(found.offenders.len(), found.count, "{tampering}");
            database.write().execute_unprepared(mending).await.unwrap();
        }
        let report = verify(&app, &database).await;
        assert!(report.holds(), "{report}");
    }

    async fn verify_describes_what_it_found_in_arithmetic_that_is_true(app: TestApp) {
        lives(&app).await;
        let database = app.inside().await.database.clone();
        database.write().execute_unprepared("UPDATE credit_accounts SET balance = balance + 1 WHERE version > 0").await.unwrap();
        let report = verify(&app, &database).await;
        let found: Vec<_> = report.checks.iter().filter(|check| check.count > 0).collect();
        assert_eq!(found.len(), 1, "{report}");
        assert_eq!(found[0].offenders, ["user 1: balance 38 at version 6, the ledger says 37 at 6"]);
        database.write().execute_unprepared("UPDATE credit_accounts SET balance = balance - 1 WHERE version > 0").await.unwrap();
    }

    async fn verify_notices_what_an_operator_should_look_at(app: TestApp) {
        lives(&app).await;
        let inside = app.inside().await;
        assert_eq!(noticed(&verify(&app, &inside.database).await), [0, 0, 0]);
        let db = inside.database.write();
        let long_ago = inside.clock.wall() - TimeDelta::days(2);
        work::due_at(db, &inside.clock, Kind::Reconcile, "of another version", long_ago).await.unwrap();
        let (begun, ends) = (inside.clock.wall() - TimeDelta::days(5), inside.clock.wall() + TimeDelta::days(25));
        let months = format!(
            "UPDATE stripe_subscriptions SET current_period_start = '{}', current_period_end = '{}'",
            begun.format("%F %T+00:00"),
            ends.format("%F %T+00:00")
        );
        let refused = "UPDATE stripe_operations SET state = 'refused' WHERE id = (SELECT MIN(id) FROM stripe_operations)";
        for change in [&months, refused] {
            db.execute_unprepared(change).await.unwrap();
        }
        let report = verify(&app, &inside.database).await;
        assert_eq!(noticed(&report), [1, 1, 1], "{report}");
        assert!(report.holds(), "{report}");
        assert!(report.to_string().contains("never tried"), "{report}");
        work::cancel(db, Kind::Reconcile, "of another version").await.unwrap();
    }
}
