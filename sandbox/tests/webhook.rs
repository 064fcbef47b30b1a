//! Webhook endpoints receive signed events, and deliveries go wrong where a test orders it.

use sandbox::{DeliveryEffect, DeliveryFault, Sandbox, Settings};
use serde_json::Value;

use crate::shop::{Inbox, PATIENCE, SECRET, Shop, settings, signature, text};

async fn listening(inbox: &Inbox) -> Sandbox {
    Sandbox::start(settings(vec![inbox.open().await], None)).await.unwrap()
}

fn fault(event: &str, delivery: DeliveryEffect) -> DeliveryFault {
    DeliveryFault { event: event.to_owned(), times: 1, delivery }
}

async fn settled(sandbox: &Sandbox) {
    tokio::time::timeout(PATIENCE, sandbox.settled()).await.unwrap();
}

#[tokio::test]
async fn an_endpoint_receives_its_events_in_its_api_version() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let (shop, inbox) = (Shop::at(&sandbox), Inbox::default());
    let url = inbox.open().await;
    let form = [
        ("url", url.as_str()),
        ("enabled_events[0]", "invoice.paid"),
        ("enabled_events[1]", "invoice_payment.paid"),
        ("enabled_events[2]", "customer.subscription.created"),
        ("api_version", "2024-09-30.acacia"),
    ];
    let endpoint = shop.done("/v1/webhook_endpoints", &form).await;
    let id = shop.subscribe("4242424242424242", &[]).await;
    settled(&sandbox).await;
    let deliveries = inbox.deliveries.lock().unwrap().clone();
    assert_eq!(deliveries.len(), 2);
    let (created, invoice) = (&deliveries[0], &deliveries[1]);
    let secret = text(&endpoint, "secret");
    let time = created.0[2..].split(',').next().unwrap().parse().unwrap();
    assert_eq!(created.0, signature(&[&secret], time, &created.1));
    let created: Value = serde_json::from_slice(&created.1).unwrap();
    let end = &sandbox.object(&id).unwrap()["items"]["data"][0]["current_period_end"];
    assert_eq!(&created["data"]["object"]["current_period_end"], end);
    let invoice: Value = serde_json::from_slice(&invoice.1).unwrap();
    assert_eq!(invoice["data"]["object"]["subscription"], id.as_str());
    assert_eq!(invoice["data"]["object"]["lines"]["data"][0]["price"]["id"], "price_core");

    let path = format!("/v1/webhook_endpoints/{}", text(&endpoint, "id"));
    assert_eq!(shop.get(&path).await.get("secret"), None);
    let request = shop.client.delete(shop.url(&path)).bearer_auth("sk_test_shop");
    assert_eq!(request.send().await.unwrap().status(), 200);
    sandbox.renew(&id).await.unwrap();
    assert_eq!(inbox.deliveries.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn deliveries_are_doubled_and_lost_on_order() {
    let inbox = Inbox::default();
    let sandbox = listening(&inbox).await;
    sandbox.inject_delivery(fault("customer.created", DeliveryEffect::Twice));
    sandbox.inject_delivery(fault("charge.*", DeliveryEffect::Never));
    sandbox.inject_delivery(fault("invoice.created", DeliveryEffect::Late { millis: 1_000 }));
    let shop = Shop::at(&sandbox);
    shop.subscribe("4242424242424242", &[]).await;
    settled(&sandbox).await;
    let types = inbox.types();
    assert_eq!(types[..2], ["customer.created", "customer.created"]);
    assert_eq!(types.last().unwrap(), "invoice.created");
    assert!(!types.contains(&"charge.succeeded".to_owned()));
    let lost = shop.get("/v1/events?delivery_success=false").await;
    assert_eq!(lost["data"][0]["type"], "charge.succeeded");
    sandbox.deliver_again(&text(&lost["data"][0], "id")).unwrap();
    settled(&sandbox).await;
    assert_eq!(inbox.types().last().unwrap(), "charge.succeeded");
    let lost = shop.get("/v1/events?delivery_success=false").await;
    assert_eq!(lost["data"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn shuffled_deliveries_all_come_and_in_another_order() {
    let inbox = Inbox::default();
    let seeded = Settings { seed: Some(3), ..settings(vec![inbox.open().await], None) };
    let sandbox = Sandbox::start(seeded).await.unwrap();
    sandbox.inject_delivery(DeliveryFault { times: 10, ..fault("", DeliveryEffect::Shuffled) });
    let shop = Shop::at(&sandbox);
    shop.subscribe("4242424242424242", &[]).await;
    settled(&sandbox).await;
    let (mut came, mut happened) = (inbox.types(), shop.types_since(0));
    assert_ne!(came, happened);
    came.sort();
    happened.sort();
    assert_eq!(came, happened);
}

#[tokio::test]
async fn signatures_are_spoilt_on_order() {
    let inbox = Inbox::default();
    let sandbox = listening(&inbox).await;
    sandbox.inject_delivery(fault("", DeliveryEffect::OldTimestamp { seconds: 400 }));
    sandbox.inject_delivery(fault("", DeliveryEffect::RotatedSecret));
    sandbox.inject_delivery(fault("", DeliveryEffect::WrongSecret));
    sandbox.inject_delivery(fault("", DeliveryEffect::Truncated));
    sandbox.inject_delivery(fault("", DeliveryEffect::OtherLivemode));
    let shop = Shop::at(&sandbox);
    for key in ["1", "2", "3", "4", "5"] {
        shop.post("/v1/customers", key, &[]).await.unwrap();
    }
    settled(&sandbox).await;
    let deliveries = inbox.deliveries.lock().unwrap().clone();
    let sent: Vec<(i64, Vec<String>, String)> = deliveries
        .iter()
        .map(|(header, body)| {
            let mut parts = header.split(',');
            let time = parts.next().unwrap()[2..].parse().unwrap();
            let right = signature(&[SECRET], time, body);
            let right = right.split(',').nth(1).unwrap().to_owned();
            (time, parts.map(str::to_owned).collect(), right)
        })
        .collect();
    assert!(sent[0].0 <= sent[1].0 - 400);
    assert_eq!(sent[0].1, std::slice::from_ref(&sent[0].2));
    assert!(sent[1].1.len() == 2 && sent[1].1[1] == sent[1].2);
    assert!(sent[2].1.len() == 1 && sent[2].1[0] != sent[2].2);
    let read = |place: usize| serde_json::from_slice::<Value>(&deliveries[place].1);
    assert!(sent[3].1[0] != sent[3].2 && read(3).is_err());
    assert_eq!(read(4).unwrap()["livemode"], true);
}

#[tokio::test]
async fn other_names_and_origins_are_kept_out() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let rebound = shop.client.get(shop.url("/sandbox/now")).header("Host", "evil.example");
    assert_eq!(rebound.send().await.unwrap().status(), 403);
    let foreign = shop.client.delete(shop.url("/sandbox/faults")).header("Origin", "http://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let fault = serde_json::json!({ "event": "invoice.*", "times": 2, "delivery": { "kind": "shuffled" } });
    let program = shop.client.post(shop.url("/sandbox/faults")).json(&fault);
    assert_eq!(program.send().await.unwrap().status(), 204);
}
