//! Reconciliation finds objects at Stripe that the gateway lacks, and applies them.

mod command;
mod failing;
mod lost_month;
mod queue;

use std::time::Duration;

use chrono::TimeDelta;
use entity::event;
use futures_util::future::join_all;
use patch_hive::sync::{self, Report};
use sandbox::{DeliveryEffect, DeliveryFault, Effect, Fault, Outcome, Stage};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::{
    checkout::{at_stripe, on_both},
    harness::{Actor, TestApp, actor::GOOD_CARD, facts},
    subscription::newest,
    webhook::entries_of,
};

/// Stops all webhooks.
pub(crate) fn loses_webhooks(app: &TestApp) {
    app.sandbox().inject_delivery(DeliveryFault {
        event: String::new(),
        times: u32::MAX,
        delivery: DeliveryEffect::Never,
    });
}

async fn reconciles(app: &TestApp, days: i64) -> Report {
    let report = sync::reconcile(&app.inside().await, TimeDelta::days(days)).await.unwrap();
    eprintln!("{report}");
    report
}

/// The findings of a noun: looked at, missing, applied, failed.
fn found(report: &Report, noun: &str) -> [usize; 4] {
    let line = report.lines().iter().find(|line| line.noun == noun).unwrap();
    [line.looked_at, line.missing, line.repaired, line.failed]
}

/// Buys a pack, and returns its payment intent.
async fn buys(app: &TestApp, user: &Actor, credits: i64) -> String {
    let checkout = user.opens_purchase(credits).await;
    user.pays(&checkout, GOOD_CARD).await;
    app.settles().await;
    let session = app.sandbox().object(checkout["id"].as_str().unwrap()).unwrap();
    session["payment_intent"].as_str().unwrap().to_owned()
}

async fn payments(user: &Actor) -> Vec<Value> {
    let document = "{ payments { nodes { amount { amount } refunded { amount } credits creditsReversed status } } }";
    user.gets(document, json!({})).await["nodes"].as_array().unwrap().clone()
}

/// Sells something in another product of the same account.
async fn somebody_else_buys(app: &TestApp) {
    let url = |path: &str| format!("http://{}{path}", app.sandbox().address());
    let post = async |path: &str, form: &[(&str, &str)]| -> Value {
        let request = app.http().post(url(path)).bearer_auth("sk_test_else").form(form);
        request.send().await.unwrap().json().await.unwrap()
    };
    let customer = post("/v1/customers", &[]).await["id"].as_str().unwrap().to_owned();
    let session = post(
        "/v1/checkout/sessions",
        &[
            ("mode", "subscription"),
            ("customer", &customer),
            ("line_items[0][price]", "price_core"),
            ("line_items[0][quantity]", "1"),
            ("success_url", "https://elsewhere.example/"),
        ],
    )
    .await;
    app.sandbox().pay(session["id"].as_str().unwrap(), GOOD_CARD).unwrap();
}

facts! {
    async fn nothing_is_missing_if_every_webhook_arrived(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let pack = buys(&app, &ada, 50).await;
        app.sandbox().refund(&pack, Some(300)).unwrap();
        let dispute = buys(&app, &ada, 25).await;
        app.sandbox().dispute(&dispute, Stage::Chargeback, None).unwrap();
        app.settles().await;
        let (before, events) = (entries_of(&ada).await, inbox(&app).await);
        for _ in 0..2 {
            let report = reconciles(&app, 35).await;
            assert!(report.clean(), "{report}");
            for (noun, count) in
                [("subscriptions", 1), ("checkouts", 3), ("invoices", 3), ("refunds", 1), ("disputes", 1)]
            {
                assert_eq!(found(&report, noun), [count, 0, 0, 0], "{noun}\n{report}");
            }
        }
        assert_eq!((entries_of(&ada).await, inbox(&app).await), (before, events));
    }

    async fn events_that_were_not_delivered_come_through_the_inbox(app: TestApp) {
        let ada = app.signs_up("ada").await;
        loses_webhooks(&app);
        ada.subscribes("CORE").await;
        let pack = buys(&app, &ada, 50).await;
        app.sandbox().refund(&pack, None).unwrap();
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "FREE"));

        let report = reconciles(&app, 35).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25, "CORE"));
        assert_eq!(payments(&ada).await[0]["status"], "REFUNDED");
        let stored = event::Entity::find().all(app.inside().await.database.read()).await.unwrap();
        let failed: Vec<_> = stored.iter().filter(|event| event.status == event::Status::Failed).collect();
        let failed: Vec<_> = failed.iter().map(|event| (&event.kind, &event.error)).collect();
        assert!(failed.is_empty(), "{failed:?}");
        for kind in ["customer.subscription.created", "invoice.paid", "checkout.session.completed", "refund.created"] {
            let applied = |event: &&event::Model| event.kind == kind && event.status == event::Status::Applied;
            assert!(stored.iter().any(|event| applied(&event)), "{kind}");
        }
        assert!(report.whole() && !report.clean(), "{report}");
        let again = reconciles(&app, 35).await;
        assert!(again.clean(), "{again}");
    }

    async fn sales_of_other_installations_are_ignored(app: TestApp) {
        loses_webhooks(&app);
        for _ in 0..3 {
            somebody_else_buys(&app).await;
        }
        let report = reconciles(&app, 35).await;
        assert!(report.clean(), "{report}");
        assert_eq!(found(&report, "subscriptions"), [0, 0, 0, 0]);
        // Only an invoice's payment does not tell whose it is.
        let ignored = inbox(&app).await;
        assert!(ignored.iter().all(|kind| kind == "invoice_payment.paid"), "{ignored:?}");
    }

    async fn live_webhooks_and_concurrent_runs_post_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let late = DeliveryEffect::Late { millis: 300 };
        app.sandbox().inject_delivery(DeliveryFault { event: String::new(), times: u32::MAX, delivery: late });
        let checkout = ada.opens_checkout("CORE").await;
        ada.pays(&checkout, GOOD_CARD).await;
        let pack = ada.opens_purchase(40).await;
        ada.pays(&pack, GOOD_CARD).await;
        let runs = join_all((0..4).map(|_| reconciles(&app, 35))).await;
        assert!(runs.iter().all(Report::whole), "{runs:?}");
        app.settles().await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25 + 40, "CORE"));
        assert_eq!(entries_of(&ada).await.len(), 2);
    }

    async fn a_list_that_cannot_be_read_does_not_stop_the_others(app: TestApp) {
        let ada = app.signs_up("ada").await;
        loses_webhooks(&app);
        ada.subscribes("CORE").await;
        buys(&app, &ada, 50).await;
        for (path, times) in [("/v1/events", 6), ("/v1/subscriptions", u32::MAX)] {
            let effect = Effect::Refuse { status: 503 };
            app.sandbox().inject(Fault { method: "GET".to_owned(), path: path.to_owned(), times, effect });
        }
        let report = reconciles(&app, 35).await;
        assert!(!report.whole() && report.lines()[0].broken_off.is_some(), "{report}");
        assert_eq!(found(&report, "checkouts")[2], 1, "{report}");
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25 + 50, "FREE"));
        app.sandbox().clear_faults();
        let again = reconciles(&app, 35).await;
        assert!(again.whole(), "{again}");
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25 + 50, "CORE"));
    }

    async fn a_renewal_paid_ten_days_late_whose_webhook_was_lost_is_found_by_the_next_run(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let inside = app.inside().await;
        assert!(sync::reconcile_due(&inside).await.unwrap().clean());
        let subscription = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&subscription, 2).unwrap();
        app.sandbox().renew(&subscription).await.unwrap();
        app.settles().await;
        assert!(sync::reconcile_due(&inside).await.unwrap().clean());
        loses_webhooks(&app);
        app.sandbox().advance(Duration::from_hours(10 * 24)).await;
        assert_eq!(ada.credits().await, 25);
        let report = sync::reconcile_due(&inside).await.unwrap();
        assert!(report.whole() && report.repaired() > 0, "{report}");
        app.settles().await;
        assert_eq!(ada.credits().await, 50);
        assert!(sync::reconcile_due(&inside).await.unwrap().clean());
    }

    async fn a_withdrawal_without_an_event_is_applied(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let pack = buys(&app, &ada, 50).await;
        for event in ["charge.dispute.created", "charge.dispute.funds_withdrawn"] {
            let event = event.to_owned();
            app.sandbox().inject_delivery(DeliveryFault { event, times: u32::MAX, delivery: DeliveryEffect::Never });
        }
        app.sandbox().dispute(&pack, Stage::Chargeback, None).unwrap();
        app.settles().await;
        assert_eq!(ada.credits().await, 50);
        // Stripe forgets its events.
        app.sandbox().advance(Duration::from_hours(40 * 24)).await;
        let report = reconciles(&app, 60).await;
        assert_eq!(found(&report, "disputes"), [1, 1, 1, 0], "{report}");
        assert_eq!(ada.credits().await, 0);
        let again = reconciles(&app, 35).await;
        assert!(again.clean(), "{again}");
    }

    async fn more_than_a_page_is_looked_at_in_whole(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        loses_webhooks(&app);
        for number in 0..105 {
            let user = if number < 99 { &ada } else { &bob };
            let checkout = user.opens_purchase(1).await;
            user.pays(&checkout, GOOD_CARD).await;
        }
        let report = reconciles(&app, 35).await;
        assert_eq!(found(&report, "events")[2], 105, "{report}");
        assert_eq!((ada.credits().await, bob.credits().await), (99, 6));
        let again = reconciles(&app, 35).await;
        assert_eq!(found(&again, "checkouts"), [105, 0, 0, 0]);
    }
}

/// The types of all that the inbox holds.
async fn inbox(app: &TestApp) -> Vec<String> {
    let rows = event::Entity::find().all(app.inside().await.database.read()).await.unwrap();
    let mut kinds: Vec<_> = rows.into_iter().map(|row| row.kind).collect();
    kinds.sort();
    kinds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_gateway_reconciles_on_its_own() {
    on_both(
        |config| config.reconcile_interval = Some(Duration::from_millis(200)),
        async |app| {
            let ada = app.signs_up("ada").await;
            loses_webhooks(&app);
            ada.subscribes("CORE").await;
            for _ in 0..100 {
                if ada.credits().await == 25 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("nothing was applied");
        },
    )
    .await;
}
