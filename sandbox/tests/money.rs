//! Refunds and disputes move money, and events report them as Stripe does.

use sandbox::{Outcome, Sandbox, Stage};
use serde_json::{Value, json};

use crate::shop::{CREDITS, Shop, settings, text};

/// Pays for credits of 600 cents, and returns the payment intent.
async fn bought(shop: &Shop<'_>) -> String {
    let session = shop.done("/v1/checkout/sessions", &CREDITS).await;
    let paid = shop.sandbox.pay(&text(&session, "id"), "4242424242424242").unwrap();
    text(&paid, "payment_intent")
}

#[tokio::test]
async fn refunds_add_up_and_end_where_the_money_does() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let payment = bought(&shop).await;
    let refund =
        async |amount: &str| shop.answer("/v1/refunds", &[("payment_intent", &payment), ("amount", amount)]).await;
    assert_eq!(refund("200").await.0, 200);
    let event = sandbox.events().pop().unwrap();
    assert_eq!(event["type"], "charge.refunded");
    assert_eq!(event["data"]["previous_attributes"], json!({ "amount_refunded": 0 }));
    assert_eq!(event["data"]["object"]["amount_refunded"], 200);
    let (status, body) = refund("500").await;
    assert_eq!((status, &body["error"]["param"]), (400, &json!("amount")));
    assert_eq!(refund("400").await.1["status"], "succeeded");
    let event = sandbox.events().pop().unwrap();
    let previous = json!({ "amount_refunded": 200, "refunded": false });
    assert_eq!(event["data"]["previous_attributes"], previous);
    assert_eq!(refund("1").await.1["error"]["code"], "charge_already_refunded");
    let list = shop.get(&format!("/v1/refunds?payment_intent={payment}&created[gte]=1")).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_refund_may_stay_pending_and_fail() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let payment = bought(&shop).await;
    sandbox.hold_refunds(1);
    let refund = sandbox.refund(&payment, None).unwrap();
    assert_eq!(refund["status"], "pending");
    let before = sandbox.events().len();
    let failed = sandbox.settle_refund(&text(&refund, "id"), false).unwrap();
    assert_eq!(failed["failure_reason"], "expired_or_canceled_card");
    assert_eq!(shop.types_since(before), ["refund.updated", "refund.failed"]);
    assert!(sandbox.settle_refund(&text(&refund, "id"), true).is_err());
}

#[tokio::test]
async fn a_chargeback_takes_the_money_and_brings_it_back_when_it_is_won() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let payment = bought(&shop).await;
    let before = sandbox.events().len();
    let dispute = sandbox.dispute(&payment, Stage::Chargeback, None).unwrap();
    assert_eq!(dispute["balance_transactions"][0]["amount"], -600);
    assert!(sandbox.refund(&payment, None).is_err());
    let id = text(&dispute, "id");
    let evidence = [("evidence[uncategorized_text]", "They used it."), ("submit", "true")];
    let reviewed = shop.done(&format!("/v1/disputes/{id}"), &evidence).await;
    assert_eq!(reviewed["status"], "under_review");
    let won = sandbox.proceed_dispute(&id, Outcome::Won).unwrap();
    assert_eq!(won["balance_transactions"].as_array().map(Vec::len), Some(2));
    let expected = ["created", "funds_withdrawn", "updated", "closed", "funds_reinstated"];
    assert_eq!(shop.types_since(before), expected.map(|name| format!("charge.dispute.{name}")));
}

#[tokio::test]
async fn an_inquiry_moves_no_money_until_it_becomes_a_chargeback() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let (quiet, loud) = (bought(&shop).await, bought(&shop).await);
    let before = sandbox.events().len();
    let dispute = sandbox.dispute(&quiet, Stage::Inquiry, None).unwrap();
    assert_eq!(dispute["status"], "warning_needs_response");
    let closed = sandbox.proceed_dispute(&text(&dispute, "id"), Outcome::WarningClosed).unwrap();
    assert_eq!(closed["balance_transactions"], Value::Array(Vec::new()));
    let dispute = sandbox.dispute(&loud, Stage::Inquiry, Some(100)).unwrap();
    sandbox.proceed_dispute(&text(&dispute, "id"), Outcome::Escalated).unwrap();
    let lost = sandbox.proceed_dispute(&text(&dispute, "id"), Outcome::Lost).unwrap();
    assert_eq!((&lost["status"], &lost["amount"]), (&json!("lost"), &json!(100)));
    let expected = ["created", "closed", "created", "updated", "funds_withdrawn", "closed"];
    assert_eq!(shop.types_since(before), expected.map(|name| format!("charge.dispute.{name}")));
    let found = shop.get(&format!("/v1/disputes?payment_intent={loud}")).await;
    assert_eq!(found["data"][0]["id"], dispute["id"]);
}

#[tokio::test]
async fn a_purchase_gets_an_invoice_where_the_session_asks_for_one() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let invoice = [
        ("customer_email", "ada@example.com"),
        ("invoice_creation[enabled]", "true"),
        ("invoice_creation[invoice_data][metadata][order]", "7"),
    ];
    let form = [CREDITS.as_slice(), &invoice].concat();
    let session = text(&shop.done("/v1/checkout/sessions", &form).await, "id");
    sandbox.pay(&session, "4242424242424242").unwrap();
    let path = format!("/v1/checkout/sessions/{session}?expand[]=invoice.payments");
    let paid = shop.get(&path).await;
    let invoice = &paid["invoice"];
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("paid"), &json!(600)));
    assert_eq!((&invoice["billing_reason"], &invoice["metadata"]["order"]), (&json!("manual"), &json!("7")));
    assert_eq!(invoice["lines"]["data"][0]["quantity"], 30);
    assert_eq!(invoice["payments"]["data"][0]["payment"]["payment_intent"], paid["payment_intent"]);
    assert_eq!(sandbox.object(&text(&paid, "customer")).unwrap()["email"], "ada@example.com");

    let session = text(&shop.done("/v1/checkout/sessions", &form).await, "id");
    assert_eq!(sandbox.pay(&session, "000123456789").unwrap()["invoice"], Value::Null);
    sandbox.settle_delayed(&session, true).unwrap();
    assert!(sandbox.object(&session).unwrap()["invoice"].is_string());
}
