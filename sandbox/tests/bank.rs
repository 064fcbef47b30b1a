//! Bank debits stay in processing for days, then succeed or fail.

use std::time::Duration;

use sandbox::Sandbox;
use serde_json::json;

use crate::shop::{Shop, WAITING, settings, text};

const BANK: &str = "000123456789";
const BOUNCES: &str = "000222222227";
const DAY: Duration = Duration::from_hours(24);

async fn sandbox() -> Sandbox {
    Sandbox::start(settings(Vec::new(), None)).await.unwrap()
}

fn status(sandbox: &Sandbox, id: &str) -> String {
    text(&sandbox.object(id).unwrap(), "status")
}

#[tokio::test]
async fn a_subscription_is_active_while_its_first_payment_is_in_processing() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(BANK, &[]).await;
    let subscription = shop.get(&format!("/v1/subscriptions/{id}?expand[]=latest_invoice.payments")).await;
    let invoice = &subscription["latest_invoice"];
    assert_eq!((&subscription["status"], &invoice["status"]), (&json!("active"), &json!("open")));
    let intent = text(&invoice["payments"]["data"][0]["payment"], "payment_intent");
    assert_eq!(status(&sandbox, &intent), "processing");
    let session = shop.get("/v1/checkout/sessions").await["data"][0].clone();
    assert_eq!((&session["status"], &session["payment_status"]), (&json!("complete"), &json!("unpaid")));
    let path = format!("/v1/invoices/{}", text(invoice, "id"));
    for refused in ["pay", "void"] {
        assert_eq!(shop.answer(&format!("{path}/{refused}"), &[]).await.0, 400, "{refused}");
    }

    let before = sandbox.events().len();
    sandbox.settle_payment(&text(invoice, "id"), true).unwrap();
    let expected = [
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "checkout.session.async_payment_succeeded",
    ];
    assert_eq!(shop.types_since(before), expected);
    assert_eq!(sandbox.object(&text(&session, "id")).unwrap()["payment_status"], "paid");
    assert!(sandbox.settle_payment(&intent, true).is_err());
}

#[tokio::test]
async fn a_first_payment_that_bounces_leaves_the_subscription_past_due() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(BOUNCES, &[]).await;
    assert_eq!(status(&sandbox, &id), "active");
    let before = sandbox.events().len();
    sandbox.advance(4 * DAY).await;
    let expected = [
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "customer.subscription.updated",
        "checkout.session.async_payment_failed",
    ];
    assert_eq!(shop.types_since(before), expected);
    assert_eq!(status(&sandbox, &id), "past_due");
    let invoice = text(&sandbox.object(&id).unwrap(), "latest_invoice");
    assert_eq!(sandbox.object(&invoice).unwrap()["next_payment_attempt"], sandbox.now() + 3 * 24 * 3600);
    sandbox.change_card(&id, "4242424242424242").unwrap();
    sandbox.advance(3 * DAY).await;
    assert_eq!((status(&sandbox, &id), status(&sandbox, &invoice)), ("active".to_owned(), "paid".to_owned()));
}

#[tokio::test]
async fn a_renewal_by_bank_debit_waits_for_the_bank() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(BANK, &[]).await;
    sandbox.settle_payment(&text(&sandbox.object(&id).unwrap(), "latest_invoice"), true).unwrap();
    let renewed = sandbox.renew(&id).await.unwrap();
    let invoice = text(&renewed, "latest_invoice");
    assert_eq!((&renewed["status"], status(&sandbox, &invoice).as_str()), (&json!("active"), "open"));
    let page = shop.client.get(shop.url(&format!("/invoice/{invoice}"))).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("in processing"));
    assert!(sandbox.retry_payment(&id).is_err(), "it would be charged twice");
    let dashboard = async || shop.client.get(shop.url("/")).send().await.unwrap().text().await.unwrap();
    assert!(!dashboard().await.contains("Retry the payment"));
    sandbox.settle_payment(&invoice, false).unwrap();
    assert!(dashboard().await.contains("Retry the payment"));
    assert_eq!(status(&sandbox, &id), "past_due");
    assert!(!shop.types_since(0).contains(&"checkout.session.async_payment_failed".to_owned()));
}

#[tokio::test]
async fn a_bank_debit_cannot_pay_for_a_change_that_waits_for_its_payment() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(BANK, &[]).await;
    let (code, body) = shop.change_to_pro(&id, &[WAITING]).await;
    assert_eq!((code, &body["error"]["param"]), (400, &json!("payment_behavior")));
    let (code, changed) = shop.change_to_pro(&id, &[]).await;
    assert_eq!(code, 200);
    assert_eq!(
        (&changed["status"], &changed["items"]["data"][0]["price"]["id"]),
        (&json!("active"), &json!("price_pro"))
    );
}
