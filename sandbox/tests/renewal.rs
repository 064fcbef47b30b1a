//! Subscriptions renew, are retried after a declined payment, and end, as time advances.

use std::time::Duration;

use chrono::{DateTime, Months};
use sandbox::{AfterRetries, Sandbox, Settings};
use serde_json::{Value, json};

use crate::shop::{Shop, settings, text};

const CARD: &str = "4242424242424242";
const DECLINES_LATER: &str = "4000000000000341";
const DAY: Duration = Duration::from_hours(24);

async fn sandbox() -> Sandbox {
    Sandbox::start(settings(Vec::new(), None)).await.unwrap()
}

fn status(sandbox: &Sandbox, id: &str) -> String {
    text(&sandbox.object(id).unwrap(), "status")
}

fn period_end(subscription: &Value) -> i64 {
    subscription["items"]["data"][0]["current_period_end"].as_i64().unwrap()
}

#[tokio::test]
async fn the_period_rolls_before_the_money_and_the_draft_is_charged_an_hour_later() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let first = sandbox.object(&id).unwrap();
    let before = sandbox.events().len();

    let to_the_end = u64::try_from(period_end(&first) - sandbox.now()).unwrap();
    sandbox.advance(Duration::from_secs(to_the_end)).await;
    assert_eq!(shop.types_since(before), ["customer.subscription.updated", "invoice.created"]);
    let events = sandbox.events();
    let data = &events[before]["data"];
    assert_eq!(events[before]["created"], period_end(&first));
    assert_eq!(data["previous_attributes"]["items"]["data"], first["items"]["data"]);
    assert_eq!(data["previous_attributes"].as_object().unwrap().len(), 1);
    assert_eq!(data["object"]["latest_invoice"], first["latest_invoice"]);
    let draft = &events[before + 1]["data"]["object"];
    assert_eq!((&draft["status"], &draft["billing_reason"]), (&json!("draft"), &json!("subscription_cycle")));
    assert_eq!(sandbox.object(&id).unwrap()["latest_invoice"], draft["id"]);

    sandbox.advance(Duration::from_hours(1)).await;
    let expected = [
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
    ];
    assert_eq!(shop.types_since(before + 2), expected);
    let invoice = sandbox.object(&text(draft, "id")).unwrap();
    let line = &invoice["lines"]["data"][0];
    assert_eq!(line["period"]["start"], period_end(&first));
    assert_eq!(line["period"]["end"], period_end(&sandbox.object(&id).unwrap()));
}

#[tokio::test]
async fn a_year_has_twelve_renewals_on_the_day_of_the_first() {
    let sandbox = sandbox().await;
    let id = Shop::at(&sandbox).subscribe(CARD, &[]).await;
    let anchor = sandbox.object(&id).unwrap()["billing_cycle_anchor"].as_i64().unwrap();
    for month in 2..14 {
        let renewed = sandbox.renew(&id).await.unwrap();
        let expected = DateTime::from_timestamp(anchor, 0).unwrap().checked_add_months(Months::new(month)).unwrap();
        assert_eq!((period_end(&renewed), &renewed["status"]), (expected.timestamp(), &json!("active")));
    }
    let invoices = Shop::at(&sandbox).get(&format!("/v1/invoices?subscription={id}&status=paid&limit=20")).await;
    assert_eq!(invoices["data"].as_array().unwrap().len(), 13);
}

#[tokio::test]
async fn a_card_that_declines_is_tried_again_and_then_the_subscription_ends() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(DECLINES_LATER, &[]).await;
    let behind = sandbox.renew(&id).await.unwrap();
    assert_eq!(behind["status"], "past_due");
    let invoice = sandbox.object(&text(&behind, "latest_invoice")).unwrap();
    assert_eq!(invoice["attempt_count"], 1);
    assert_eq!(invoice["next_payment_attempt"], sandbox.now() + 3 * 24 * 3600);
    let before = sandbox.events().len();
    sandbox.advance(15 * DAY).await;
    let again = ["charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"];
    let expected = [&again[..], &again, &again, &["customer.subscription.deleted"]].concat();
    assert_eq!(shop.types_since(before), expected);
    let ended = sandbox.object(&id).unwrap();
    assert_eq!(ended["cancellation_details"]["reason"], "payment_failed");
}

#[tokio::test]
async fn the_account_decides_what_follows_the_last_retry() {
    for (setting, expected) in [(AfterRetries::Unpaid, "unpaid"), (AfterRetries::PastDue, "past_due")] {
        let sandbox = sandbox().await;
        sandbox.set_after_retries(setting);
        let id = Shop::at(&sandbox).subscribe(DECLINES_LATER, &[]).await;
        sandbox.renew(&id).await.unwrap();
        sandbox.advance(16 * DAY).await;
        assert_eq!(status(&sandbox, &id), expected);
        sandbox.change_card(&id, CARD).unwrap();
        assert_eq!(sandbox.retry_payment(&id).unwrap()["status"], "paid");
        assert_eq!(status(&sandbox, &id), "active");
    }
}

#[tokio::test]
async fn one_payment_fails_on_request_and_its_retry_succeeds() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    sandbox.fail_next_payments(&id, 1).unwrap();
    assert_eq!(sandbox.renew(&id).await.unwrap()["status"], "past_due");
    let before = sandbox.events().len();
    sandbox.advance(3 * DAY).await;
    assert_eq!(status(&sandbox, &id), "active");
    let types = shop.types_since(before);
    let place = |kind: &str| types.iter().position(|is| is == kind).unwrap();
    assert!(place("invoice.paid") < place("customer.subscription.updated"));
    assert_eq!(sandbox.renew(&id).await.unwrap()["status"], "active");
}

#[tokio::test]
async fn an_announced_end_comes_and_a_withdrawn_one_does_not() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let path = format!("/v1/subscriptions/{id}");
    shop.done(&path, &[("cancel_at_period_end", "true")]).await;
    shop.done(&path, &[("cancel_at_period_end", "false")]).await;
    assert_eq!(sandbox.renew(&id).await.unwrap()["status"], "active");
    let announced = shop.done(&path, &[("cancel_at_period_end", "true")]).await;
    sandbox.renew(&id).await.unwrap();
    let ended = sandbox.object(&id).unwrap();
    assert_eq!((&ended["status"], &ended["ended_at"]), (&json!("canceled"), &announced["cancel_at"]));
    assert_eq!(sandbox.events().pop().unwrap()["type"], "customer.subscription.deleted");

    let other = shop.subscribe(CARD, &[]).await;
    let at = (sandbox.now() + 5 * 24 * 3600).to_string();
    shop.done(&format!("/v1/subscriptions/{other}"), &[("cancel_at", &at)]).await;
    sandbox.advance(6 * DAY).await;
    assert_eq!(sandbox.object(&other).unwrap()["ended_at"].to_string(), at);
}

#[tokio::test]
async fn a_trial_is_free_until_it_ends() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[("subscription_data[trial_period_days]", "7")]).await;
    let trial = sandbox.object(&id).unwrap();
    assert_eq!(trial["status"], "trialing");
    assert_eq!(period_end(&trial), sandbox.now() + 7 * 24 * 3600);
    let invoice = sandbox.object(&text(&trial, "latest_invoice")).unwrap();
    assert_eq!((&invoice["status"], &invoice["total"]), (&json!("paid"), &json!(0)));
    sandbox.advance(5 * DAY).await;
    assert!(shop.types_since(0).contains(&"customer.subscription.trial_will_end".to_owned()));
    let active = sandbox.renew(&id).await.unwrap();
    assert_eq!(active["status"], "active");
    let invoice = sandbox.object(&text(&active, "latest_invoice")).unwrap();
    assert_eq!((&invoice["status"], &invoice["total"]), (&json!("paid"), &json!(499)));
}

#[tokio::test]
async fn a_coupon_for_everything_leaves_the_price_on_the_line() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    shop.done("/v1/coupons", &[("id", "FRIEND"), ("percent_off", "100"), ("duration", "once")]).await;
    let id = shop.subscribe(CARD, &[("discounts[0][coupon]", "FRIEND")]).await;
    let subscription = sandbox.object(&id).unwrap();
    let invoice = sandbox.object(&text(&subscription, "latest_invoice")).unwrap();
    let line = &invoice["lines"]["data"][0];
    assert_eq!((&invoice["total"], &invoice["status"]), (&json!(0), &json!("paid")));
    assert_eq!((&line["amount"], &line["discount_amounts"][0]["amount"]), (&json!(499), &json!(499)));
    let session = shop.get("/v1/checkout/sessions").await["data"][0].clone();
    assert_eq!(session["payment_status"], "no_payment_required");
    let renewed = sandbox.renew(&id).await.unwrap();
    assert_eq!(sandbox.object(&text(&renewed, "latest_invoice")).unwrap()["total"], 499);
}

#[tokio::test]
async fn a_seed_makes_two_runs_alike() {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let seeded = Settings { seed: Some(11), ..settings(Vec::new(), None) };
        let sandbox = Sandbox::start(seeded).await.unwrap();
        let id = Shop::at(&sandbox).subscribe(CARD, &[]).await;
        sandbox.renew(&id).await.unwrap();
        ids.push(sandbox.events().iter().map(|event| text(event, "id")).collect::<Vec<_>>());
    }
    assert_eq!(ids[0], ids[1]);
}
