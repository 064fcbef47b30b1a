//! Exports that commit together neither pay for another's fault nor wait for another's account.

use std::time::Duration;

use futures_util::future::join_all;
use patch_hive::{
    config::Config,
    ledger::{self, Charge, Error, Spend},
};
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::json;

use crate::harness::{Backend, TestApp, app::run_with, facts};

/// A trigger that refuses one source, for each database.
const UNLUCKY: [(DbBackend, &str); 2] = [
    (
        DbBackend::Sqlite,
        "CREATE TRIGGER unlucky BEFORE INSERT ON credits_ledger WHEN NEW.source = 'unlucky' \
         BEGIN SELECT RAISE(ABORT, 'unlucky'); END",
    ),
    (
        DbBackend::Postgres,
        "CREATE FUNCTION unlucky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'unlucky'; END $$; \
         CREATE TRIGGER unlucky BEFORE INSERT ON credits_ledger FOR EACH ROW WHEN (NEW.source = 'unlucky') \
         EXECUTE FUNCTION unlucky()",
    ),
];

facts! {
    async fn a_charge_that_the_database_refuses_fails_alone(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(100).await;
        let (inside, user_id) = (app.inside().await, ada.row().await);
        let backend = inside.database.backend();
        let (_, trigger) = UNLUCKY.into_iter().find(|(of, _)| *of == backend).unwrap();
        inside.database.write().execute_unprepared(trigger).await.unwrap();

        let charges = (0..20).map(|number| {
            let source = if number == 7 { "unlucky".to_owned() } else { format!("lucky {number}") };
            let spend = Spend { user_id, cost: 3, source, run: "run".to_owned(), now: inside.clock.now() };
            inside.charges.charge(spend)
        });
        let outcomes = join_all(charges).await;

        let applied = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Charge::Applied { .. }))).count();
        assert_eq!(applied, 19);
        assert!(matches!(outcomes[7], Err(Error::Database(_))), "{:?}", outcomes[7]);
        assert_eq!(ada.credits().await, 100 - 19 * 3);
    }

    async fn a_charge_of_an_unknown_user_is_refused(app: TestApp) {
        let inside = app.inside().await;
        let spend =
            Spend { user_id: 404, cost: 3, source: "s".to_owned(), run: "run".to_owned(), now: inside.clock.now() };
        assert!(matches!(inside.charges.charge(spend).await, Err(Error::UnknownAccount)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn charges_of_a_locked_account_wait_and_hold_up_nobody_else() {
    // So long that a slow machine does not run into it.
    let patience = |config: &mut Config| config.database.lock_timeout = Duration::from_secs(14);
    run_with(Backend::Postgres, patience, async |app: TestApp| {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        ada.buys(100).await;
        bob.buys(100).await;
        let before = ada.exports("run", "before").await;
        let inside = app.inside().await;
        let holder = inside.database.background().begin().await.unwrap();
        ledger::lock(&holder, ada.row().await).await.unwrap();

        let waiting: Vec<_> = (0..40)
            .map(|number| {
                let ada = ada.clone();
                tokio::spawn(async move { ada.exports("run", &format!("key {number}")).await })
            })
            .collect();
        for number in 0..30 {
            assert_eq!(bob.exports("run", &format!("key {number}")).await["__typename"], "ExportCharge");
        }
        assert_eq!(
            bob.gets("{ ledger(first: 1) { nodes { creditsDelta } } }", json!({})).await["nodes"][0]["creditsDelta"],
            -3
        );
        let again = ada.exports("run", "before").await;
        assert_eq!((&again["id"], &again["replayed"]), (&before["id"], &json!(true)), "no lock is needed to say so");
        assert!(waiting.iter().all(|export| !export.is_finished()));

        holder.rollback().await.unwrap();
        let mut charged = 0;
        for export in waiting {
            charged += usize::from(export.await.unwrap()["__typename"] == "ExportCharge");
        }
        assert_eq!((charged, ada.credits().await), (32, 1), "97 credits suffice for 32 exports");
    })
    .await;
}
