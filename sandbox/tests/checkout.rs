//! Checkout sessions are paid or lapse, and a restart or a lost reply loses neither idempotency keys nor events.

use std::{net::SocketAddr, time::Duration};

use sandbox::{Effect, Error, Fault, Sandbox, Settings};
use serde_json::Value;

use crate::shop::{CREDITS, Inbox, PATIENCE, Shop, settings, text};

const PURCHASE: [&str; 10] = [
    "customer.created",
    "customer.subscription.created",
    "invoice.created",
    "invoice.finalized",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
    "checkout.session.completed",
];

#[tokio::test]
async fn a_subscription_is_bought_and_its_events_arrive_signed_and_in_order() {
    let inbox = Inbox::default();
    let sandbox = Sandbox::start(settings(vec![inbox.open().await], None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let session = shop.checkout(&shop.customer().await).await;

    assert_eq!(shop.pay(&session, "4000000000000002").await.status(), 402);
    let paid = shop.pay(&session, "4242 4242 4242 4242").await;
    assert_eq!(paid.status(), 303);
    assert_eq!(paid.headers()["location"], format!("http://127.0.0.1:1/thanks?session={session}"));
    assert_eq!(shop.pay(&session, "4242424242424242").await.status(), 409);

    tokio::time::timeout(PATIENCE, sandbox.settled()).await.unwrap();
    assert_eq!(inbox.types(), PURCHASE);
    let session = shop.get(&format!("/v1/checkout/sessions/{session}?expand[]=subscription&expand[]=invoice")).await;
    assert_eq!(session["url"], Value::Null);
    assert_eq!(session["subscription"]["status"], "active");
    let line = &session["invoice"]["lines"]["data"][0];
    assert_eq!(line["pricing"]["price_details"]["price"], "price_core");
    assert_eq!(line["period"]["end"], session["subscription"]["items"]["data"][0]["current_period_end"]);
    assert_eq!(session["invoice"]["parent"]["subscription_details"]["metadata"]["tier"], "CORE");
    assert_eq!(shop.get("/v1/events?delivery_success=false").await["data"], Value::Array(Vec::new()));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_restart_forgets_neither_keys_nor_events_that_were_not_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.json");
    let nobody = "http://127.0.0.1:1/hook".to_owned();
    let first = Sandbox::start(settings(vec![nobody], Some(&file))).await.unwrap();
    let shop = Shop::at(&first);
    let customer = shop.customer().await;
    let session = shop.checkout(&customer).await;
    first.advance(Duration::from_hours(1)).await;
    first.pay(&session, "4242424242424242").unwrap();
    first.stop().await;

    let inbox = Inbox::default();
    let second = Sandbox::start(settings(vec![inbox.open().await], Some(&file))).await.unwrap();
    tokio::time::timeout(PATIENCE, second.settled()).await.unwrap();
    assert_eq!(inbox.types(), PURCHASE);
    assert_eq!(Shop::at(&second).customer().await, customer);
    assert!(second.clock_offset().load(std::sync::atomic::Ordering::SeqCst) >= 3600);
    second.stop().await;
}

#[tokio::test]
async fn a_reply_that_is_lost_was_done_and_its_key_brings_it_back() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let fault = |effect| Fault { method: "POST".to_owned(), path: "/v1/customers".to_owned(), times: 1, effect };
    sandbox.inject(fault(Effect::Drop));
    assert!(shop.post("/v1/customers", "key", &[("name", "Ada")]).await.is_err());
    let again = shop.post("/v1/customers", "key", &[("name", "Ada")]).await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");

    sandbox.inject(fault(Effect::Fail { status: 500 }));
    for _ in 0..2 {
        assert_eq!(shop.post("/v1/customers", "other", &[]).await.unwrap().status(), 500);
    }
    sandbox.inject(fault(Effect::Refuse { status: 503 }));
    assert_eq!(shop.post("/v1/customers", "third", &[]).await.unwrap().status(), 503);
    assert_eq!(shop.get("/v1/customers").await["data"].as_array().unwrap().len(), 2);
    assert_eq!(sandbox.requests()["POST /v1/customers"], 5);
}

#[tokio::test]
async fn a_session_lapses_by_the_sandbox_clock() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let session = shop.checkout(&shop.customer().await).await;
    sandbox.advance(Duration::from_secs(24 * 3600 + 1)).await;
    assert_eq!(shop.pay(&session, "4242424242424242").await.status(), 410);
    assert!(matches!(sandbox.pay(&session, "4242424242424242"), Err(Error::NotOpen(_))));
    let event = sandbox.events().pop().unwrap();
    assert_eq!(event["type"], "checkout.session.expired");
    assert_eq!(event["created"], event["data"]["object"]["expires_at"]);
}

#[tokio::test]
async fn the_money_of_a_bank_account_comes_later() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let answer = shop.post("/v1/checkout/sessions", "buy", &CREDITS).await.unwrap();
    let session = text(&answer.json().await.unwrap(), "id");
    assert_eq!(sandbox.pay(&session, "000123456789").unwrap()["payment_status"], "unpaid");
    assert_eq!(sandbox.settle_delayed(&session, true).unwrap()["payment_status"], "paid");
    assert!(sandbox.settle_delayed(&session, true).is_err());
    assert_eq!(sandbox.events().pop().unwrap()["type"], "checkout.session.async_payment_succeeded");
}

#[tokio::test]
async fn only_loopback_addresses_are_bound() {
    let open = Settings { bind: SocketAddr::from(([0, 0, 0, 0], 0)), ..settings(Vec::new(), None) };
    assert!(matches!(Sandbox::start(open).await, Err(Error::NotLoopback(_))));
}
