//! A payment that has to be confirmed, declined payments, refunds and disputes pause automatic top-ups until the user resumes.

use std::time::Duration;

use entity::work::Kind;
use sandbox::{Outcome, Stage};
use serde_json::{Value, json};

use super::{
    DISABLE, RESUME, attempts, comes_to, enables, invoices, looks, pause, saves_card, state, states, top_ups, with_card,
};
use crate::{
    account::mail::{VERIFY, with_mail},
    checkout::{at_stripe, credits_invoice},
    harness::{Actor, TestApp, actor::GOOD_CARD, facts},
};

const DECLINES_LATER: &str = "4000000000000341";
const ASKS_ALWAYS: &str = "4000002760003184";
const PROCESSES_LATER: &str = "4000003560000008";

/// The time after which a declined payment is followed by another attempt.
const RETRY: Duration = Duration::from_hours(6);

async fn resumes(user: &Actor) {
    let resumed = user.gets(RESUME, json!({})).await;
    assert_eq!(resumed, json!({ "__typename": "AutoTopUp", "enabled": true, "pause": null }));
}

/// The payment intent of the newest invoice at Stripe.
async fn intent(app: &TestApp) -> String {
    let invoice = invoices(app).await[0]["id"].as_str().unwrap().to_owned();
    let payments = at_stripe(app, &format!("/v1/invoice_payments?invoice={invoice}")).await;
    payments["data"][0]["payment"]["payment_intent"].as_str().unwrap().to_owned()
}

/// Confirms the payment of the newest invoice on the page of the bank, or fails to.
async fn authenticates(app: &TestApp, choice: &str) {
    let page = format!("http://{}/authenticate/{}", app.sandbox().address(), intent(app).await);
    let response = app.http().post(page).form(&[("authentication", choice)]).send().await.unwrap();
    assert_eq!(response.status(), 303);
    app.settles().await;
}

/// A user whose first top-up is paid.
async fn topped_up(app: &TestApp) -> Actor {
    let ada = with_card(app, "ada", GOOD_CARD, 0).await;
    enables(&ada, 1, 25, 5000).await;
    comes_to(app, &ada, 1, "PAID").await;
    ada
}

facts! {
    async fn three_declined_payments_in_a_row_pause(app: TestApp) {
        let ada = with_card(&app, "ada", DECLINES_LATER, 0).await;
        enables(&ada, 1, 25, 5000).await;
        for number in 1..=3 {
            let declined = comes_to(&app, &ada, number, "FAILED").await;
            assert_eq!(declined["declineCode"], "card_declined");
            let now = state(&ada).await;
            assert_eq!((&now["declines"], &now["chargedThisMonth"]["amount"]), (&json!(number), &json!(0)));
            assert!(now["notBefore"].is_string());
            looks(&app).await;
            assert_eq!(top_ups(&ada).await.len(), number, "the next attempt waits");
            app.sandbox().advance(RETRY).await;
            if number < 3 {
                looks(&app).await;
            }
        }
        looks(&app).await;
        assert_eq!((pause(&ada).await, attempts(&app)), (json!("DECLINED"), 3));
        let voided = invoices(&app).await.iter().all(|invoice| invoice["status"] == "void");
        assert!(voided, "no invoice of a failed top-up can be paid any longer");
        saves_card(&app, &ada, GOOD_CARD).await;
        resumes(&ada).await;
        comes_to(&app, &ada, 4, "PAID").await;
        assert_eq!((&state(&ada).await["declines"], ada.credits().await), (&json!(0), 25));
    }

    async fn a_payment_that_succeeds_starts_the_count_again(app: TestApp) {
        let ada = with_card(&app, "ada", DECLINES_LATER, 0).await;
        enables(&ada, 1, 1, 5000).await;
        comes_to(&app, &ada, 1, "FAILED").await;
        saves_card(&app, &ada, GOOD_CARD).await;
        app.sandbox().advance(RETRY).await;
        looks(&app).await;
        comes_to(&app, &ada, 2, "PAID").await;
        let now = state(&ada).await;
        assert_eq!((&now["declines"], &now["notBefore"], &now["pause"]), (&json!(0), &Value::Null, &Value::Null));
    }

    async fn a_payment_that_has_to_be_confirmed_waits_for_the_user(app: TestApp) {
        let ada = with_card(&app, "ada", ASKS_ALWAYS, 0).await;
        enables(&ada, 1, 25, 5000).await;
        let waiting = comes_to(&app, &ada, 1, "ACTION_REQUIRED").await;
        assert_eq!(pause(&ada).await, "ACTION_REQUIRED");
        assert!(waiting["invoiceUrl"].as_str().unwrap().contains("/invoice/in_"), "{waiting}");
        assert_eq!(state(&ada).await["chargedThisMonth"]["amount"], 500, "it is reserved");
        looks(&app).await;
        assert_eq!((states(&ada).await, attempts(&app)), (vec!["ACTION_REQUIRED".to_owned()], 1));
        authenticates(&app, "complete").await;
        comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!((ada.credits().await, pause(&ada).await), (25, Value::Null));
    }

    async fn resuming_cancels_a_payment_that_was_not_confirmed(app: TestApp) {
        let ada = with_card(&app, "ada", ASKS_ALWAYS, 0).await;
        enables(&ada, 1, 25, 5000).await;
        comes_to(&app, &ada, 1, "ACTION_REQUIRED").await;
        saves_card(&app, &ada, GOOD_CARD).await;
        resumes(&ada).await;
        app.works_off(Kind::TopUp).await;
        assert_eq!(states(&ada).await, ["FAILED"]);
        assert_eq!(invoices(&app).await[0]["status"], "void");
        app.sandbox().advance(Duration::from_mins(10)).await;
        looks(&app).await;
        comes_to(&app, &ada, 2, "PAID").await;
        assert_eq!(state(&ada).await["chargedThisMonth"]["amount"], 500);
    }

    async fn a_user_who_fails_to_confirm_is_declined(app: TestApp) {
        let ada = with_card(&app, "ada", ASKS_ALWAYS, 0).await;
        enables(&ada, 1, 25, 5000).await;
        comes_to(&app, &ada, 1, "ACTION_REQUIRED").await;
        authenticates(&app, "fail").await;
        app.works_off(Kind::TopUp).await;
        let failed = comes_to(&app, &ada, 1, "FAILED").await;
        assert_eq!(failed["declineCode"], "payment_intent_authentication_failure");
        let now = state(&ada).await;
        assert_eq!((&now["declines"], &now["pause"], &invoices(&app).await[0]["status"]), (&json!(1), &Value::Null, &json!("void")));
        resumes(&ada).await;
        assert_eq!(state(&ada).await["notBefore"], now["notBefore"], "resuming what is not paused ends no wait");
    }

    async fn a_payment_in_processing_keeps_its_place(app: TestApp) {
        let ada = with_card(&app, "ada", PROCESSES_LATER, 0).await;
        enables(&ada, 1, 25, 1000).await;
        comes_to(&app, &ada, 1, "PROCESSING").await;
        looks(&app).await;
        assert_eq!((states(&ada).await.len(), attempts(&app), ada.credits().await), (1, 1, 0));
        app.sandbox().settle_payment(&intent(&app).await, true).unwrap();
        app.settles().await;
        comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!(ada.credits().await, 25);
    }

    async fn a_payment_in_processing_may_fail(app: TestApp) {
        let ada = with_card(&app, "ada", PROCESSES_LATER, 0).await;
        enables(&ada, 1, 25, 500).await;
        comes_to(&app, &ada, 1, "PROCESSING").await;
        app.sandbox().settle_payment(&intent(&app).await, false).unwrap();
        app.settles().await;
        app.works_off(Kind::TopUp).await;
        comes_to(&app, &ada, 1, "FAILED").await;
        let now = state(&ada).await;
        assert_eq!((&now["declines"], &now["chargedThisMonth"]["amount"]), (&json!(1), &json!(0)), "the cap is free again");
        assert_eq!(invoices(&app).await[0]["status"], "void");
    }

    async fn a_refund_reverses_the_credits_and_pauses(app: TestApp) {
        let ada = topped_up(&app).await;
        app.sandbox().refund(&intent(&app).await, Some(250)).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, pause(&ada).await), (12, json!("REFUNDED")));
        app.sandbox().refund(&intent(&app).await, None).unwrap();
        app.settles().await;
        looks(&app).await;
        assert_eq!((ada.credits().await, top_ups(&ada).await.len()), (0, 1));
        assert_eq!(state(&ada).await["chargedThisMonth"]["amount"], 500, "a refund does not lower it");
        let payments = ada.gets("{ payments { nodes { status creditsReversed } } }", json!({})).await;
        assert_eq!(payments["nodes"], json!([{ "status": "REFUNDED", "creditsReversed": 25 }]));
        resumes(&ada).await;
        comes_to(&app, &ada, 2, "PAID").await;
        assert_eq!(pause(&ada).await, Value::Null);
    }

    async fn a_dispute_reverses_the_credits_and_pauses(app: TestApp) {
        let ada = topped_up(&app).await;
        let dispute = app.sandbox().dispute(&intent(&app).await, Stage::Chargeback, None).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, pause(&ada).await), (0, json!("DISPUTED")));
        app.sandbox().proceed_dispute(dispute["id"].as_str().unwrap(), Outcome::Won).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, pause(&ada).await), (25, json!("DISPUTED")), "the user resumes");
    }

    async fn a_credit_note_reverses_the_credits_too(app: TestApp) {
        let ada = topped_up(&app).await;
        credits_invoice(&app, invoices(&app).await[0]["id"].as_str().unwrap(), "500").await;
        app.settles().await;
        assert_eq!((ada.credits().await, pause(&ada).await), (0, json!("REFUNDED")));
    }

    async fn a_refunded_or_disputed_payment_of_another_kind_pauses_too(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        ada.buys(25).await;
        let payment = ada.gets("{ ledger { nodes { reference } } }", json!({})).await["nodes"][0]["reference"].clone();
        enables(&ada, 1, 25, 5000).await;
        app.sandbox().refund(payment.as_str().unwrap(), Some(100)).unwrap();
        app.settles().await;
        assert_eq!(pause(&ada).await, "REFUNDED");
        resumes(&ada).await;
        app.sandbox().dispute(payment.as_str().unwrap(), Stage::Chargeback, Some(400)).unwrap();
        app.settles().await;
        looks(&app).await;
        assert_eq!((pause(&ada).await, attempts(&app)), (json!("DISPUTED"), 0));
        let bob = with_card(&app, "bob", GOOD_CARD, 0).await;
        bob.subscribes("CORE").await;
        enables(&bob, 1, 25, 5000).await;
        app.sandbox().refund(&intent(&app).await, None).unwrap();
        app.settles().await;
        looks(&app).await;
        assert_eq!((pause(&bob).await, attempts(&app)), (json!("REFUNDED"), 0));
    }

    async fn nothing_pauses_what_is_disabled(app: TestApp) {
        let ada = topped_up(&app).await;
        ada.gets(DISABLE, json!({})).await;
        app.sandbox().refund(&intent(&app).await, None).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, pause(&ada).await), (0, Value::Null));
        enables(&ada, 1, 25, 5000).await;
        comes_to(&app, &ada, 2, "PAID").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_is_mailed_once_to_a_verified_email() {
    with_mail(async |app, mut server| {
        let ada = with_card(&app, "ada", ASKS_ALWAYS, 0).await;
        ada.gets("mutation { requestEmailVerification { email } }", json!({})).await;
        let (_, token) = server.next_link().await;
        app.visitor().gets(VERIFY, json!({ "input": { "token": token } })).await;
        enables(&ada, 1, 25, 5000).await;
        comes_to(&app, &ada, 1, "ACTION_REQUIRED").await;
        let mail = server.next_to("ada@patchhive.example").await;
        assert!(mail.contains("Your Patch-Hive automatic top-up is paused"), "{mail}");
        assert!(mail.contains("Your bank requires you to confirm the payment"), "{mail}");
        assert!(mail.contains("https://pages.example/account"), "{mail}");
        looks(&app).await;
        app.works_off(Kind::Mail).await;
        resumes(&ada).await;
        app.works_off(Kind::TopUp).await;
        app.sandbox().advance(Duration::from_mins(10)).await;
        looks(&app).await;
        comes_to(&app, &ada, 2, "ACTION_REQUIRED").await;
        let next = server.next_to("ada@patchhive.example").await;
        assert!(next.contains("Your bank requires you to confirm the payment"), "of the second pause: {next}");
    })
    .await;
}
