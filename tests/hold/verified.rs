//! `verify` finds every corruption of holds by the fact that it contradicts.

use patch_hive::ledger;
use sea_orm::{ConnectionTrait, DbBackend};

use super::{CAPTURE, RELEASE, capture, expires, of, reserves, with_credits};
use crate::harness::{TestApp, facts};

/// The fact that each change contradicts, the change, and the change that undoes it.
const CORRUPTIONS: [(&str, &str, &str); 10] = [
    (
        "each account's held credits",
        "UPDATE credit_accounts SET held = held + 1 WHERE held > 0",
        "UPDATE credit_accounts SET held = held - 1 WHERE held > 0",
    ),
    ("each account's held credits", "UPDATE credit_holds SET credits = 2", "UPDATE credit_holds SET credits = 3"),
    ("each hold is open", "UPDATE credit_holds SET run = 'x' || run", "UPDATE credit_holds SET run = substr(run, 2)"),
    ("each hold is open", "UPDATE credit_holds SET id = -id", "UPDATE credit_holds SET id = -id"),
    (
        "each hold is open",
        "UPDATE work SET key = 'x' || key WHERE kind = 'hold'",
        "UPDATE work SET key = substr(key, 2) WHERE kind = 'hold'",
    ),
    (
        "each hold is open",
        "UPDATE credits_ledger SET source = 'x' || source WHERE source LIKE 'release:%'",
        "UPDATE credits_ledger SET source = substr(source, 2) WHERE source LIKE 'xrelease:%'",
    ),
    (
        "each hold is open",
        "UPDATE credits_ledger SET credits_delta = -4 WHERE source LIKE 'capture:%'",
        "UPDATE credits_ledger SET credits_delta = -2 WHERE source LIKE 'capture:%'",
    ),
    (
        "only holds, captures and releases",
        "UPDATE credits_ledger SET credits_delta = -1 WHERE source LIKE 'expired:%'",
        "UPDATE credits_ledger SET credits_delta = 0 WHERE source LIKE 'expired:%'",
    ),
    (
        "no hold took more",
        "UPDATE credits_ledger SET held_delta = 30 WHERE source LIKE 'export:%:open'",
        "UPDATE credits_ledger SET held_delta = 3 WHERE source LIKE 'export:%:open'",
    ),
    (
        "no spend added credits",
        "UPDATE credits_ledger SET held_delta = 18 WHERE source LIKE 'export:%:open'",
        "UPDATE credits_ledger SET held_delta = 3 WHERE source LIKE 'export:%:open'",
    ),
];

facts! {
    async fn verify_finds_every_corruption_of_holds(app: TestApp) {
        let ada = with_credits(&app, "ada", 20).await;
        let mut holds = Vec::new();
        for key in ["open", "captured", "released", "expired"] {
            holds.push(reserves(&ada, "run", key).await);
        }
        ada.gets(CAPTURE, capture(&holds[1], 2)).await;
        ada.gets(RELEASE, of(&holds[2])).await;
        expires(&app, &holds[3]).await;
        ada.exports("run", "charged").await;
        let inside = app.inside().await;
        let disarm = match inside.database.backend() {
            DbBackend::Postgres => "ALTER TABLE credits_ledger DISABLE TRIGGER ALL",
            _ => "DROP TRIGGER credits_ledger_no_update",
        };
        let db = inside.database.write();
        db.execute_unprepared(disarm).await.unwrap();
        for (fact, tampering, repair) in CORRUPTIONS {
            db.execute_unprepared(tampering).await.unwrap();
            let report = ledger::verify(&inside.database, inside.clock.wall()).await.unwrap();
            let found = report.checks.iter().find(|check| check.fact.starts_with(fact)).unwrap();
            assert!(found.count > 0, "not found: {tampering}\n{report}");
            db.execute_unprepared(repair).await.unwrap();
        }
    }
}
