//! Requests that Stripe refuses are refused with its errors.

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::shop::{Shop, checkout_of_core, settings, text};

const CARD: &str = "4242424242424242";

async fn sandbox() -> Sandbox {
    Sandbox::start(settings(Vec::new(), None)).await.unwrap()
}

#[tokio::test]
async fn objects_of_another_account_are_not_found() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let customer = text(&sandbox.object(&id).unwrap(), "customer");
    sandbox.disown(&customer).unwrap();
    let missing = shop.get(&format!("/v1/customers/{customer}")).await;
    assert_eq!(missing["error"]["code"], "resource_missing");
    assert_eq!(missing["error"]["message"], format!("No such customer: '{customer}'"));
    assert_eq!(shop.get(&format!("/v1/subscriptions/{id}")).await["error"]["code"], "resource_missing");
    assert_eq!(shop.get("/v1/invoices").await["data"], Value::Array(Vec::new()));
    let (status, body) = shop.answer("/v1/checkout/sessions", &checkout_of_core(&customer)).await;
    assert_eq!((status, &body["error"]["param"]), (400, &json!("customer")));
    assert!(sandbox.disown("cus_nobody").is_err());
}

#[tokio::test]
async fn an_address_that_cannot_get_mail_is_refused() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let (status, body) = shop.answer("/v1/customers", &[("email", "ada@localhost")]).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("email_invalid")));
    assert_eq!(body["error"]["param"], "email");
}

#[tokio::test]
async fn one_customer_is_billed_in_one_currency() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let customer = text(&sandbox.object(&id).unwrap(), "customer");
    let price =
        [("product", "prod_core"), ("currency", "eur"), ("unit_amount", "499"), ("recurring[interval]", "month")];
    let price = text(&shop.done("/v1/prices", &price).await, "id");
    let form = [
        ("mode", "subscription"),
        ("customer", customer.as_str()),
        ("line_items[0][price]", &price),
        ("line_items[0][quantity]", "1"),
        ("success_url", "http://127.0.0.1:1/thanks"),
    ];
    let (status, body) = shop.answer("/v1/checkout/sessions", &form).await;
    assert_eq!(status, 400);
    assert!(text(&body["error"], "message").contains("cannot combine currencies"));
    let request = shop.client.delete(shop.url(&format!("/v1/subscriptions/{id}"))).bearer_auth("sk_test_shop");
    assert_eq!(request.send().await.unwrap().status(), 200);
    shop.done("/v1/checkout/sessions", &form).await;
}

#[tokio::test]
async fn requests_beyond_the_limit_learn_when_to_retry() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let limit = shop.client.post(shop.url("/sandbox/rate_limit")).json(&json!({ "per_second": 1 }));
    assert_eq!(limit.send().await.unwrap().status(), 204);
    let get = async || {
        let request = shop.client.get(shop.url(&format!("/v1/customers/{customer}"))).bearer_auth("sk_test_shop");
        request.send().await.unwrap()
    };
    let answers = [get().await, get().await, get().await];
    let refused = answers.into_iter().find(|answer| answer.status() == 429).unwrap();
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "rate_limit");
    sandbox.set_rate_limit(0);
    assert_eq!(get().await.status(), 200);
}

#[tokio::test]
async fn quantities_have_limits_and_intervals_are_not_mixed() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[("line_items[1][price]", "price_pro"), ("line_items[1][quantity]", "2")]).await;
    let subscription = sandbox.object(&id).unwrap();
    assert_eq!(subscription["items"]["total_count"], 2);
    assert_eq!(sandbox.object(&text(&subscription, "latest_invoice")).unwrap()["total"], 499 + 2 * 1499);
    let item = text(&subscription["items"]["data"][1], "id");
    let path = format!("/v1/subscriptions/{id}");
    let (status, body) = shop.answer(&path, &[("items[0][id]", &item), ("items[0][quantity]", "-1")]).await;
    assert_eq!((status, &body["error"]["param"]), (400, &json!("items[0][quantity]")));
    let more = [("items[0][id]", item.as_str()), ("items[0][quantity]", "3"), ("proration_behavior", "none")];
    assert_eq!(shop.done(&path, &more).await["items"]["data"][1]["quantity"], 3);
    let renewed = sandbox.renew(&id).await.unwrap();
    assert_eq!(sandbox.object(&text(&renewed, "latest_invoice")).unwrap()["total"], 499 + 3 * 1499);

    let yearly =
        [("product", "prod_core"), ("currency", "usd"), ("unit_amount", "4999"), ("recurring[interval]", "year")];
    let yearly = text(&shop.done("/v1/prices", &yearly).await, "id");
    let form = [
        ("mode", "subscription"),
        ("line_items[0][price]", "price_core"),
        ("line_items[0][quantity]", "1"),
        ("line_items[1][price]", &yearly),
        ("line_items[1][quantity]", "1"),
        ("success_url", "http://127.0.0.1:1/thanks"),
    ];
    assert_eq!(shop.answer("/v1/checkout/sessions", &form).await.0, 400);
}
