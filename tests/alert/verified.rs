//! `verify` finds alerts without a crossing, and crossings without an alert.

use patch_hive::ledger;
use sea_orm::ConnectionTrait;

use super::Customer;
use crate::harness::{TestApp, facts};

const UNFOUNDED: &str = "each alert of low credits is about an entry";
const MISSING: &str = "each crossing of a threshold was alerted";

/// The fact that each change contradicts, the change, and the change that undoes it.
const CORRUPTIONS: [(&str, &str, &str); 8] = [
    (UNFOUNDED, "UPDATE alerts SET available = available - 1", "UPDATE alerts SET available = available + 1"),
    (UNFOUNDED, "UPDATE alerts SET below = 9 WHERE version = 2", "UPDATE alerts SET below = 10 WHERE version = 2"),
    (
        UNFOUNDED,
        "UPDATE alerts SET previous = 9 WHERE version = 2",
        "UPDATE alerts SET previous = 10 WHERE version = 2",
    ),
    (
        UNFOUNDED,
        "UPDATE alerts SET previous = NULL WHERE version = 2",
        "UPDATE alerts SET previous = 10 WHERE version = 2",
    ),
    (UNFOUNDED, "UPDATE alerts SET version = 3 WHERE version = 2", "UPDATE alerts SET version = 2 WHERE version = 3"),
    (UNFOUNDED, "UPDATE alerts SET version = 99 WHERE version = 2", "UPDATE alerts SET version = 2 WHERE version = 99"),
    (
        MISSING,
        "UPDATE alerts SET kind = 'x' WHERE version = 4",
        "UPDATE alerts SET kind = 'low_balance' WHERE version = 4",
    ),
    (MISSING, "UPDATE alert_settings SET below = 11", "UPDATE alert_settings SET below = 10"),
];

facts! {
    async fn verify_finds_every_corruption_of_alerts(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 10, 10).await;
        for _ in 0..2 {
            ada.adjusts(-1).await;
            ada.adjusts(1).await;
        }
        ada.adjusts(1).await;
        ada.adjusts(-1).await;
        assert_eq!(ada.crossings().await, [2, 4]);
        let inside = app.inside().await;
        let db = inside.database.write();
        for (fact, tampering, repair) in CORRUPTIONS {
            db.execute_unprepared(tampering).await.unwrap();
            let report = ledger::verify(&inside.database, inside.clock.wall()).await.unwrap();
            let found = report.checks.iter().find(|check| check.fact.starts_with(fact)).unwrap();
            assert!(found.count > 0, "not found: {tampering}\n{report}");
            db.execute_unprepared(repair).await.unwrap();
        }
    }

    async fn a_crossing_that_was_not_read_yet_contradicts_nothing(app: TestApp) {
        let ada = Customer::with_threshold(&app, "ada", 12, 10).await;
        ada.exports().await;
        app.proves_its_books().await;
        assert_eq!(ada.crossings().await, [2]);
    }
}
