//! Saved payment methods: they are set up at a checkout, and pay invoices without the customer.

use std::time::Duration;

use sandbox::{Sandbox, Tax};
use serde_json::{Value, json};

use crate::shop::{CREDITS, Shop, settings, text};

const CARD: &str = "4242424242424242";
const DECLINED: &str = "4000000000000002";
const DECLINES_LATER: &str = "4000000000000341";
const ASKS_ALWAYS: &str = "4000002760003184";
const PROCESSES_LATER: &str = "4000003560000008";

async fn sandbox() -> Sandbox {
    Sandbox::start(settings(Vec::new(), None)).await.unwrap()
}

impl Shop<'_> {
    /// A checkout session that saves a payment method of a customer.
    async fn setup(&self, customer: &str) -> Value {
        let form = [
            ("mode", "setup"),
            ("currency", "usd"),
            ("customer", customer),
            ("setup_intent_data[metadata][user]", "7"),
            ("success_url", "http://127.0.0.1:1/thanks"),
        ];
        self.done("/v1/checkout/sessions", &form).await
    }

    /// Saves a card of a customer, and answers with its payment method.
    async fn save(&self, customer: &str, number: &str) -> String {
        let session = self.setup(customer).await;
        let completed = self.sandbox.pay(&text(&session, "id"), number).unwrap();
        text(&self.get(&format!("/v1/setup_intents/{}", text(&completed, "setup_intent"))).await, "payment_method")
    }

    /// A final invoice of five dollars, to be paid by a payment method; answers with its path.
    async fn bill(&self, customer: &str, method: &str) -> String {
        let form = [
            ("customer", customer),
            ("currency", "usd"),
            ("auto_advance", "false"),
            ("pending_invoice_items_behavior", "exclude"),
            ("default_payment_method", method),
        ];
        let invoice = text(&self.done("/v1/invoices", &form).await, "id");
        let item = [
            ("customer", customer),
            ("invoice", invoice.as_str()),
            ("amount", "500"),
            ("currency", "usd"),
            ("description", "25 credits"),
        ];
        let item = self.done("/v1/invoiceitems", &item).await;
        assert_eq!(item["invoice"], invoice.as_str());
        let path = format!("/v1/invoices/{invoice}");
        let finalized = self.done(&format!("{path}/finalize"), &[("auto_advance", "false")]).await;
        assert_eq!((&finalized["status"], &finalized["amount_due"]), (&json!("open"), &json!(500)));
        assert_eq!(finalized["lines"]["data"][0]["description"], "25 credits");
        path
    }
}

#[tokio::test]
async fn a_setup_session_saves_a_card_without_a_charge() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let session = shop.setup(&customer).await;
    let (id, intent) = (text(&session, "id"), text(&session, "setup_intent"));
    assert_eq!((&session["payment_status"], &session["amount_total"]), (&json!("no_payment_required"), &Value::Null));
    assert_eq!((&session["payment_intent"], &session["currency"]), (&Value::Null, &json!("usd")));
    let page = shop.client.get(shop.url(&format!("/pay/{id}"))).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Save a payment method") && !page.contains("Total due"), "{page}");

    assert_eq!(shop.pay(&id, DECLINED).await.status(), 402);
    let declined = shop.get(&format!("/v1/setup_intents/{intent}")).await;
    assert_eq!(declined["last_setup_error"]["code"], "card_declined");
    let before = sandbox.events().len();
    assert_eq!(shop.pay(&id, CARD).await.status(), 303);
    let expected = ["payment_method.attached", "setup_intent.succeeded", "checkout.session.completed"];
    assert_eq!(shop.types_since(before), expected);
    let page = shop.pay(&id, CARD).await.text().await.unwrap();
    assert!(page.contains("already saved"), "{page}");

    let path = format!("/v1/checkout/sessions/{id}?expand[]=setup_intent.payment_method");
    let session = shop.get(&path).await;
    let saved = &session["setup_intent"];
    assert_eq!((&saved["status"], &saved["metadata"]["user"]), (&json!("succeeded"), &json!("7")));
    assert_eq!((&saved["payment_method"]["customer"], &saved["usage"]), (&json!(customer), &json!("off_session")));
    assert_eq!(
        shop.get(&format!("/v1/customers/{customer}/payment_methods")).await["data"],
        json!([saved["payment_method"]])
    );
    assert_eq!(shop.get(&format!("/v1/setup_intents?customer={customer}")).await["data"][0]["id"], intent);
    assert_eq!(shop.get("/v1/charges").await["data"], json!([]));
    let page = shop.client.get(shop.url("/")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Saved payment methods") && page.contains("visa 4242"), "{page}");
}

#[tokio::test]
async fn a_setup_session_that_expires_cancels_its_intent() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let session = shop.setup(&shop.customer().await).await;
    shop.done(&format!("/v1/checkout/sessions/{}/expire", text(&session, "id")), &[]).await;
    let intent = sandbox.object(&text(&session, "setup_intent")).unwrap();
    assert_eq!((&intent["status"], &intent["cancellation_reason"]), (&json!("canceled"), &json!("abandoned")));
}

#[tokio::test]
async fn a_purchase_saves_its_card_only_on_request() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let mut form = CREDITS.to_vec();
    form.push(("customer", customer.as_str()));
    let session = text(&shop.done("/v1/checkout/sessions", &form).await, "id");
    sandbox.pay(&session, CARD).unwrap();
    let methods = format!("/v1/payment_methods?customer={customer}");
    assert_eq!(shop.get(&methods).await["data"], json!([]));

    form.push(("payment_intent_data[setup_future_usage]", "off_session"));
    let session = text(&shop.done("/v1/checkout/sessions", &form).await, "id");
    let page = shop.client.get(shop.url(&format!("/pay/{session}"))).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("payment method is saved"), "{page}");
    let paid = sandbox.pay(&session, CARD).unwrap();
    let intent = sandbox.object(&text(&paid, "payment_intent")).unwrap();
    assert_eq!(intent["setup_future_usage"], "off_session");
    assert_eq!(shop.get(&methods).await["data"][0]["id"], intent["payment_method"]);
}

#[tokio::test]
async fn an_invoice_is_paid_by_a_saved_card_without_the_customer() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let method = shop.save(&customer, CARD).await;
    let path = shop.bill(&customer, &method).await;
    let before = sandbox.events().len();
    let paid = shop.done(&format!("{path}/pay?expand[]=payments"), &[("off_session", "true")]).await;
    assert_eq!((&paid["status"], &paid["amount_paid"]), (&json!("paid"), &json!(500)));
    let expected = [
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
    ];
    assert_eq!(shop.types_since(before), expected);
    let intent = sandbox.object(&text(&paid["payments"]["data"][0]["payment"], "payment_intent")).unwrap();
    assert_eq!((&intent["payment_method"], &intent["customer"]), (&json!(method), &json!(customer)));
}

#[tokio::test]
async fn a_declined_invoice_stays_open_and_is_not_tried_again() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let method = shop.save(&customer, DECLINES_LATER).await;
    let path = shop.bill(&customer, &method).await;
    let before = sandbox.events().len();
    let (status, body) = shop.answer(&format!("{path}/pay"), &[]).await;
    assert_eq!((status, &body["error"]["code"]), (402, &json!("card_declined")));
    assert_eq!(shop.types_since(before), ["charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"]);
    sandbox.advance(Duration::from_hours(24 * 30)).await;
    let invoice = shop.get(&path).await;
    assert_eq!((&invoice["status"], &invoice["attempt_count"]), (&json!("open"), &json!(1)));
    assert_eq!(invoice["next_payment_attempt"], Value::Null);
    assert_eq!(shop.done(&format!("{path}/void"), &[]).await["status"], "void");
    assert_eq!(shop.answer(&format!("{path}/pay"), &[]).await.0, 400);
}

#[tokio::test]
async fn an_invoice_waits_for_the_customer_whose_bank_requires_it() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let method = shop.save(&customer, ASKS_ALWAYS).await;
    let path = shop.bill(&customer, &method).await;
    let before = sandbox.events().len();
    let (status, body) = shop.answer(&format!("{path}/pay"), &[]).await;
    assert_eq!((status, &body["error"]["code"]), (402, &json!("invoice_payment_intent_requires_action")));
    let expected = ["payment_intent.requires_action", "invoice.payment_failed", "invoice.payment_action_required"];
    assert_eq!(shop.types_since(before), expected);
    let invoice = shop.get(&format!("{path}?expand[]=payments.data.payment.payment_intent")).await;
    let intent = &invoice["payments"]["data"][0]["payment"]["payment_intent"];
    assert_eq!(intent["status"], "requires_action");
    let page = shop.url(&format!("/authenticate/{}", text(intent, "id")));
    shop.client.post(page).form(&[("authentication", "complete")]).send().await.unwrap();
    assert_eq!(shop.get(&path).await["status"], "paid");
}

#[tokio::test]
async fn a_charge_may_be_in_processing_before_it_succeeds_or_fails() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let method = shop.save(&customer, PROCESSES_LATER).await;
    for (succeeds, status) in [(true, "paid"), (false, "open")] {
        let path = shop.bill(&customer, &method).await;
        let invoice = shop.done(&format!("{path}/pay?expand[]=payments"), &[]).await;
        let intent = text(&invoice["payments"]["data"][0]["payment"], "payment_intent");
        assert_eq!((&invoice["status"], &invoice["attempted"]), (&json!("open"), &json!(true)));
        assert_eq!(sandbox.object(&intent).unwrap()["status"], "processing");
        assert_eq!(shop.answer(&format!("{path}/void"), &[]).await.0, 400);
        sandbox.settle_payment(&intent, succeeds).unwrap();
        let invoice = shop.get(&path).await;
        assert_eq!((&invoice["status"], &invoice["next_payment_attempt"]), (&json!(status), &Value::Null));
    }
}

#[tokio::test]
async fn a_detached_card_is_not_charged() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let method = shop.save(&customer, CARD).await;
    let owner = format!("/v1/customers/{customer}");
    let form = [("invoice_settings[default_payment_method]", method.as_str())];
    assert_eq!(shop.done(&owner, &form).await["invoice_settings"]["default_payment_method"], method.as_str());
    let path = shop.bill(&customer, &method).await;
    let before = sandbox.events().len();
    assert_eq!(shop.done(&format!("/v1/payment_methods/{method}/detach"), &[]).await["customer"], Value::Null);
    assert_eq!(shop.types_since(before), ["payment_method.detached", "customer.updated"]);
    assert_eq!(shop.get(&owner).await["invoice_settings"]["default_payment_method"], Value::Null);
    assert_eq!(shop.answer(&format!("/v1/payment_methods/{method}/detach"), &[]).await.0, 400);
    let (status, _) = shop.answer(&format!("{path}/pay"), &[]).await;
    assert_eq!((status, &shop.get(&path).await["status"]), (402, &json!("open")));

    let attach = format!("/v1/payment_methods/{method}/attach");
    assert_eq!(shop.done(&attach, &[("customer", &customer)]).await["customer"], customer.as_str());
    let other = text(&shop.done("/v1/customers", &[]).await, "id");
    assert_eq!(shop.answer(&attach, &[("customer", &other)]).await.0, 400);
    assert_eq!(shop.done(&format!("{path}/pay"), &[]).await["status"], "paid");
}

#[tokio::test]
async fn a_price_that_includes_its_tax_is_the_total() {
    let sandbox = sandbox().await;
    sandbox.set_tax(Tax { percent: 20, inclusive: false, set_up: true });
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let draft = [("customer", customer.as_str()), ("currency", "usd"), ("automatic_tax[enabled]", "true")];
    for (behavior, total) in [("inclusive", 600), ("exclusive", 720)] {
        let invoice = text(&shop.done("/v1/invoices", &draft).await, "id");
        let item = [
            ("customer", customer.as_str()),
            ("invoice", invoice.as_str()),
            ("amount", "600"),
            ("currency", "usd"),
            ("tax_behavior", behavior),
        ];
        shop.done("/v1/invoiceitems", &item).await;
        let invoice = shop.get(&format!("/v1/invoices/{invoice}")).await;
        assert_eq!((&invoice["total"], &invoice["total_excluding_tax"]), (&json!(total), &json!(total - total / 6)));
    }
}

#[tokio::test]
async fn a_form_that_makes_no_sense_is_refused() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let other = text(&shop.done("/v1/customers", &[]).await, "id");
    let method = shop.save(&other, CARD).await;
    let invoice = text(&shop.done("/v1/invoices", &[("customer", &customer)]).await, "id");
    let setup = [("mode", "setup"), ("success_url", "http://127.0.0.1:1/")];
    let with_lines = [&setup[..], &[("currency", "usd"), ("line_items[0][price]", "price_core")]].concat();
    let odd_usage = [&CREDITS[..], &[("payment_intent_data[setup_future_usage]", "sometimes")]].concat();
    let item = |customer| [("customer", customer), ("amount", "500"), ("currency", "usd"), ("invoice", &invoice)];
    let odd_tax = [&item(customer.as_str())[..], &[("tax_behavior", "odd")]].concat();
    for (path, form) in [
        ("/v1/checkout/sessions", &setup[..]),
        ("/v1/checkout/sessions", &with_lines),
        ("/v1/checkout/sessions", &odd_usage),
        ("/v1/invoices", &[("customer", &customer), ("default_payment_method", &method)]),
        ("/v1/invoiceitems", &item(&other)),
        ("/v1/invoiceitems", &odd_tax),
        ("/v1/payment_methods/pm_none/attach", &[("customer", &customer)]),
        (&format!("/v1/payment_methods/{method}/attach"), &[("customer", "cus_none")]),
    ] {
        let (status, body) = shop.answer(path, form).await;
        assert!(matches!(status, 400 | 404), "{path} {form:?}: {status} {body}");
    }
}
