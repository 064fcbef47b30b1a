//! An object that cannot be read or applied is counted, and the run goes on. A run that broke off leaves the stored times
//! where they were.

use std::time::Duration;

use entity::work::Kind;
use patch_hive::sync;
use sandbox::{DeliveryEffect, DeliveryFault, Effect, Fault};

use super::{buys, found, loses_webhooks, reconciles};
use crate::{
    checkout::{credits_invoice, on_both, opened_elsewhere},
    harness::{TestApp, actor::GOOD_CARD, facts},
    subscription::newest,
    webhook::{known_user, unsettled},
};

fn refuses(app: &TestApp, path: &str, status: u16) {
    let effect = Effect::Refuse { status };
    app.sandbox().inject(Fault { method: "GET".to_owned(), path: path.to_owned(), times: u32::MAX, effect });
}

facts! {
    async fn an_object_that_stripe_cannot_serve_is_passed_and_looked_at_later(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        loses_webhooks(&app);
        ada.subscribes("CORE").await;
        bob.subscribes("CORE").await;
        // The newest is listed first.
        let broken = newest(&app).await["id"].as_str().unwrap().to_owned();
        refuses(&app, "/v1/events", 503);
        refuses(&app, &format!("/v1/subscriptions/{broken}"), 500);
        let report = reconciles(&app, 35).await;
        let line = report.lines().iter().find(|line| line.noun == "subscriptions").unwrap();
        assert_eq!((line.failed, &line.broken_off), (1, &None), "{report}");
        assert_eq!((ada.tier().await.as_str(), bob.tier().await.as_str()), ("CORE", "FREE"));
        app.sandbox().clear_faults();
        app.works_off(Kind::Look).await;
        assert_eq!(bob.tier().await, "CORE");
    }

    async fn a_run_that_broke_off_moves_no_mark(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let inside = app.inside().await;
        assert!(sync::reconcile_due(&inside).await.unwrap().clean());
        loses_webhooks(&app);
        buys(&app, &ada, 50).await;
        // Longer than two runs overlap, and not yet the time to compare objects.
        app.sandbox().advance(Duration::from_hours(2)).await;
        refuses(&app, "/v1/events", 503);
        assert!(!sync::reconcile_due(&inside).await.unwrap().whole());
        app.sandbox().advance(Duration::from_hours(2)).await;
        app.sandbox().clear_faults();
        assert!(sync::reconcile_due(&inside).await.unwrap().repaired() > 0);
        assert_eq!(ada.credits().await, 50);
    }

    async fn a_second_credit_note_without_an_event_is_applied(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let paid = app.sandbox().events().into_iter().find(|event| event["type"] == "invoice.paid").unwrap();
        let invoice = paid["data"]["object"]["id"].as_str().unwrap().to_owned();
        credits_invoice(&app, &invoice, "300").await;
        app.settles().await;
        assert_eq!(ada.credits().await, 80);
        let event = "credit_note.created".to_owned();
        app.sandbox().inject_delivery(DeliveryFault { event, times: u32::MAX, delivery: DeliveryEffect::Never });
        credits_invoice(&app, &invoice, "450").await;
        app.settles().await;
        assert_eq!(ada.credits().await, 80);
        // Stripe forgets its events.
        app.sandbox().advance(Duration::from_hours(40 * 24)).await;
        app.settles().await;
        let before = ada.credits().await;
        reconciles(&app, 60).await;
        assert_eq!(before - ada.credits().await, 30);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_cannot_be_applied_does_not_hold_up_the_others() {
    on_both(unsettled::without_the_price, async |app| {
        let (ada, customer) = known_user(&app, "ada").await;
        let bob = app.signs_up("bob").await;
        loses_webhooks(&app);
        ada.pays(&opened_elsewhere(&app, &customer, "price_core").await, GOOD_CARD).await;
        bob.subscribes("PRO").await;
        let report = reconciles(&app, 35).await;
        assert!(report.lines().iter().all(|line| line.broken_off.is_none()), "{report}");
        assert!(found(&report, "subscriptions")[3] >= 1, "{report}");
        assert_eq!((bob.tier().await.as_str(), bob.credits().await), ("PRO", 100));
        assert_eq!(ada.tier().await, "FREE");
        app.restarts_with(unsettled::with_the_price).await;
        app.works_off(Kind::Event).await;
        app.works_off(Kind::Look).await;
    })
    .await;
}
