//! The portal and the dashboard work in a browser, and a set-up script can create the catalogue and test clocks.

use std::time::Duration;

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::shop::{PATIENCE, Shop, settings, text};

const CARD: &str = "4242424242424242";

async fn sandbox() -> Sandbox {
    Sandbox::start(settings(Vec::new(), None)).await.unwrap()
}

impl Shop<'_> {
    /// Sends a form of a page; answers with the status and the page that comes back.
    async fn submit(&self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let response = self.client.post(self.url(path)).form(form).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn page(&self, path: &str) -> String {
        self.client.get(self.url(path)).send().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test]
async fn the_portal_offers_what_its_configuration_enables() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let customer = text(&sandbox.object(&id).unwrap(), "customer");
    let (status, _) = shop.answer("/v1/billing_portal/sessions", &[("customer", &customer)]).await;
    assert_eq!(status, 400);
    let features = [
        ("features[subscription_cancel][enabled]", "true"),
        ("features[subscription_cancel][mode]", "at_period_end"),
        ("business_profile[headline]", "Patch-Hive"),
    ];
    let configuration = shop.done("/v1/billing_portal/configurations", &features).await;
    assert_eq!(configuration["is_default"], true);
    let session = shop.done("/v1/billing_portal/sessions", &[("customer", &customer)]).await;
    let path = format!("/portal/{}", text(&session, "id"));
    assert!(text(&session, "url").ends_with(&path));

    let page = shop.page(&path).await;
    assert!(page.contains("Cancel at the end of the period") && !page.contains("Change the card"));
    let act = async |action: &str| {
        shop.submit(&path, &[("subscription", &id), ("action", action), ("card_number", CARD)]).await
    };
    assert_eq!(act("cancel").await.0, 303);
    let ending = sandbox.object(&id).unwrap();
    assert_eq!(ending["cancel_at"], ending["items"]["data"][0]["current_period_end"]);
    assert_eq!(ending["cancel_at_period_end"], false, "flexible billing mode sets only the date");
    assert_eq!(act("keep").await.0, 303);
    assert_eq!(sandbox.object(&id).unwrap()["cancel_at"], Value::Null);
    let (status, page) = act("card").await;
    assert!(status == 409 && page.contains("does not offer that"));
    assert_eq!(sandbox.events().pop().unwrap()["data"]["previous_attributes"]["cancel_at"], ending["cancel_at"]);
}

#[tokio::test]
async fn the_dashboard_shows_what_there_is_and_its_buttons_work() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    shop.done("/v1/customers", &[("email", "<b>eve@example.com")]).await;
    let id = shop.subscribe(CARD, &[]).await;
    let page = shop.page("/").await;
    assert!(page.contains("&#60;b&#62;eve@example.com") && !page.contains("<b>eve"));
    assert!(page.contains(&id) && page.contains("invoice.paid"));

    let press = async |action: &str, id: &str| shop.submit("/", &[("action", action), ("id", id)]).await;
    assert_eq!(press("fail", &id).await.0, 303);
    assert_eq!(press("renew", &id).await.0, 303);
    assert_eq!(sandbox.object(&id).unwrap()["status"], "past_due");
    assert_eq!(press("retry", &id).await.0, 303);
    assert_eq!(sandbox.object(&id).unwrap()["status"], "active");
    let charge = text(&shop.get("/v1/charges").await["data"][0], "id");
    assert_eq!(press("refund_half", &charge).await.0, 303);
    assert_eq!(sandbox.object(&charge).unwrap()["amount_refunded"], 249);
    assert_eq!(press("chargeback", &charge).await.0, 303);
    let dispute = text(&shop.get("/v1/disputes").await["data"][0], "id");
    assert_eq!(press("won", &dispute).await.0, 303);
    let (status, page) = press("won", &dispute).await;
    assert!(status == 409 && page.contains("This dispute is won."));
    let before = sandbox.now();
    assert_eq!(press("advance", "month").await.0, 303);
    assert!(sandbox.now() >= before + 28 * 24 * 3600);
}

#[tokio::test]
async fn a_set_up_finds_by_lookup_key_what_it_made() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let product = shop.done("/v1/products", &[("name", "Gold"), ("metadata[tier]", "GOLD")]).await;
    let product = text(&product, "id");
    let form = [
        ("product", product.as_str()),
        ("currency", "usd"),
        ("unit_amount", "4999"),
        ("recurring[interval]", "year"),
        ("lookup_key", "gold"),
    ];
    let price = shop.done("/v1/prices", &form).await;
    let found = shop.get("/v1/prices?lookup_keys[]=gold&active=true").await;
    assert_eq!(found["data"][0]["id"], price["id"]);
    assert_eq!(shop.answer("/v1/prices", &form).await.0, 400);
    let mut moved = form.to_vec();
    moved.push(("transfer_lookup_key", "true"));
    let newer = shop.done("/v1/prices", &moved).await;
    assert_eq!(sandbox.object(&text(&price, "id")).unwrap()["lookup_key"], Value::Null);
    let path = format!("/v1/prices/{}", text(&newer, "id"));
    assert_eq!(shop.done(&path, &[("active", "false")]).await["active"], false);
    assert_eq!(shop.done(&format!("/v1/products/{product}"), &[("name", "Or")]).await["name"], "Or");
}

#[tokio::test]
async fn a_test_clock_takes_the_whole_sandbox_along() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let now = sandbox.now();
    let clock = shop.done("/v1/test_helpers/test_clocks", &[("frozen_time", &now.to_string())]).await;
    let path = format!("/v1/test_helpers/test_clocks/{}", text(&clock, "id"));
    let later = now + 40 * 24 * 3600;
    let id = shop.subscribe(CARD, &[]).await;
    let advanced = shop.done(&format!("{path}/advance"), &[("frozen_time", &later.to_string())]).await;
    assert_eq!(advanced["status"], "advancing");
    let ready = async {
        while shop.get(&path).await["status"] != "ready" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.unwrap();
    assert_eq!(shop.get(&path).await["frozen_time"], json!(later));
    let invoices = shop.get(&format!("/v1/invoices?subscription={id}&status=paid")).await;
    assert_eq!(invoices["data"].as_array().map(Vec::len), Some(2));
    let back = shop.answer(&format!("{path}/advance"), &[("frozen_time", &now.to_string())]).await;
    assert_eq!(back.0, 400);
}

#[tokio::test]
async fn the_dashboard_finds_objects_turns_pages_and_leads_back_to_the_row() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    for number in 1..=25 {
        shop.done("/v1/customers", &[("email", &format!("guest{number:02}@example.com"))]).await;
    }
    let first = shop.page("/").await;
    assert!(first.contains("guest25@") && !first.contains("<strong>guest05@"));
    assert!(first.contains("href=\"/?customers=1#customers\">Older"));
    let second = shop.page("/?customers=1").await;
    assert!(second.contains("<strong>guest05@") && !second.contains("<strong>guest25@"));
    assert!(second.contains("href=\"/#customers\">Newer"));
    let found = shop.page("/?q=Guest07").await;
    assert!(found.contains("<strong>guest07@") && !found.contains("<strong>guest25@"));

    let id = shop.subscribe(CARD, &[]).await;
    let back = format!("?q=ada#subscriptions-{id}");
    let form = [("action", "fail"), ("id", id.as_str()), ("back", back.as_str())];
    let response = shop.client.post(shop.url("/")).form(&form).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["location"].to_str().unwrap()),
        (303, format!("/{back}").as_str())
    );
    let elsewhere = [("action", "fail"), ("id", id.as_str()), ("back", "/evil.example")];
    let response = shop.client.post(shop.url("/")).form(&elsewhere).send().await.unwrap();
    assert_eq!(response.headers()["location"], "/");
}

#[tokio::test]
async fn a_card_asks_for_authentication_and_the_payment_waits_for_it() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let session = shop.checkout(&shop.customer().await).await;
    let path = format!("/pay/{session}");
    let card = ("card_number", "4000 0027 6000 3184");
    let (status, page) = shop.submit(&path, &[card]).await;
    assert!(status == 200 && page.contains("3-D Secure") && page.contains("3184"));
    let (status, page) = shop.submit(&path, &[card, ("authentication", "fail")]).await;
    assert!(status == 402 && page.contains("unable to authenticate"));
    assert_eq!(shop.submit(&path, &[card, ("authentication", "complete")]).await.0, 303);
    let id = text(&sandbox.object(&session).unwrap(), "subscription");
    let before = sandbox.events().len();
    assert_eq!(sandbox.renew(&id).await.unwrap()["status"], "past_due");
    assert!(shop.types_since(before).contains(&"invoice.payment_action_required".to_owned()));

    let invoice = text(&sandbox.object(&id).unwrap(), "latest_invoice");
    let path = format!("/invoice/{invoice}");
    assert_eq!(shop.submit(&path, &[card]).await.0, 200);
    assert_eq!(shop.submit(&path, &[card, ("authentication", "complete")]).await.0, 303);
    assert_eq!(sandbox.object(&invoice).unwrap()["status"], "paid");
}

#[tokio::test]
async fn the_portal_shows_the_card_and_leads_to_the_invoices_and_back() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let subscription = sandbox.object(&id).unwrap();
    shop.done("/v1/billing_portal/configurations", &[("features[invoice_history][enabled]", "true")]).await;
    let customer = text(&subscription, "customer");
    let session = shop.done("/v1/billing_portal/sessions", &[("customer", &customer)]).await;
    let path = format!("/portal/{}", text(&session, "id"));
    let portal = shop.page(&path).await;
    let invoice = text(&subscription, "latest_invoice");
    let link = format!("/invoice/{invoice}?back={path}");
    assert!(portal.contains("visa ending in 4242, expires 12/2040") && portal.contains(&link));
    let page = shop.page(&link).await;
    assert!(page.contains("Paid on ") && page.contains(&format!("href=\"{path}\">Go back")));
    assert!(!shop.page(&format!("/invoice/{invoice}?back=//evil.example")).await.contains("Go back"));

    let invoice = sandbox.object(&invoice).unwrap();
    let pdf = shop.client.get(text(&invoice, "invoice_pdf")).send().await.unwrap();
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    assert!(pdf.text().await.unwrap().contains(&text(&invoice, "number")));
    assert_eq!(shop.client.get(shop.url("/invoice/in_none/pdf")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_portal_session_with_a_flow_is_for_one_action_and_leads_back() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let customer = text(&sandbox.object(&id).unwrap(), "customer");
    let features =
        [("features[subscription_cancel][enabled]", "true"), ("features[payment_method_update][enabled]", "true")];
    shop.done("/v1/billing_portal/configurations", &features).await;
    let flow = [
        ("customer", customer.as_str()),
        ("flow_data[type]", "payment_method_update"),
        ("flow_data[after_completion][type]", "redirect"),
        ("flow_data[after_completion][redirect][return_url]", "http://127.0.0.1:1/account"),
    ];
    let session = shop.done("/v1/billing_portal/sessions", &flow).await;
    let path = format!("/portal/{}", text(&session, "id"));
    let page = shop.page(&path).await;
    assert!(page.contains("Change the card") && !page.contains("Cancel at the end"));
    let form = [("subscription", id.as_str()), ("action", "card"), ("card_number", CARD)];
    let response = shop.client.post(shop.url(&path)).form(&form).send().await.unwrap();
    assert_eq!(response.headers()["location"], "http://127.0.0.1:1/account");
    for bad in ["subscription_update", "subscription_cancel"] {
        let form = [("customer", customer.as_str()), ("flow_data[type]", bad)];
        assert_eq!(shop.answer("/v1/billing_portal/sessions", &form).await.1["error"]["param"], "flow_data[type]");
    }
}
