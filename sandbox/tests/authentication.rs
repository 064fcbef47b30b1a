//! Cards that ask for 3-D Secure, wherever a customer may have to pass it.

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::shop::{Shop, WAITING, settings, text};

const CARD: &str = "4242424242424242";
const ASKS_ONCE: &str = "4000002500003155";
const ASKS_ALWAYS: &str = "4000002760003184";
const ASKS_IN_VAIN: &str = "4000008260003178";

async fn sandbox() -> Sandbox {
    Sandbox::start(settings(Vec::new(), None)).await.unwrap()
}

impl Shop<'_> {
    /// Sends the form of a page; answers with the status, where it leads, and the page.
    async fn posts(&self, path: &str, form: &[(&str, &str)]) -> (u16, String, String) {
        let response = self.client.post(self.url(path)).form(form).send().await.unwrap();
        let location = response.headers().get("location").map(|url| url.to_str().unwrap().to_owned());
        (response.status().as_u16(), location.unwrap_or_default(), response.text().await.unwrap())
    }

    async fn reads(&self, path: &str) -> String {
        self.client.get(self.url(path)).send().await.unwrap().text().await.unwrap()
    }
}

/// The payment intent of an invoice.
async fn intent(shop: &Shop<'_>, invoice: &str) -> Value {
    let payments = shop.get(&format!("/v1/invoice_payments?invoice={invoice}")).await;
    let id = text(&payments["data"][0]["payment"], "payment_intent");
    shop.get(&format!("/v1/payment_intents/{id}")).await
}

#[tokio::test]
async fn a_renewal_waits_until_the_customer_confirms_it() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(ASKS_ALWAYS, &[]).await;
    let before = sandbox.events().len();
    let renewed = sandbox.renew(&id).await.unwrap();
    assert_eq!(renewed["status"], "past_due");
    let types = shop.types_since(before);
    for kind in ["payment_intent.requires_action", "invoice.payment_action_required", "invoice.payment_failed"] {
        assert!(types.contains(&kind.to_owned()), "{kind}: {types:?}");
    }
    assert!(!types.contains(&"charge.failed".to_owned()), "nothing was charged: {types:?}");
    let invoice = text(&renewed, "latest_invoice");
    let waiting = intent(&shop, &invoice).await;
    assert_eq!((&waiting["status"], &waiting["last_payment_error"]), (&json!("requires_action"), &Value::Null));
    assert_eq!(sandbox.object(&invoice).unwrap()["status"], "open");

    let page = shop.reads(&format!("/invoice/{invoice}?back=/")).await;
    let confirmation = format!("/authenticate/{}?back=/", text(&waiting, "id"));
    assert!(page.contains(&format!("href=\"{confirmation}\"")) && page.contains("ends in 3184"), "{page}");
    let page = shop.reads(&confirmation).await;
    assert!(page.contains("Complete authentication") && page.contains("Fail authentication"));
    let (status, location, _) = shop.posts(&confirmation, &[("authentication", "complete")]).await;
    assert_eq!((status, location), (303, format!("/invoice/{invoice}?back=/")));
    assert_eq!(sandbox.object(&invoice).unwrap()["status"], "paid");
    assert_eq!(sandbox.object(&id).unwrap()["status"], "active");
    assert!(shop.reads(&confirmation).await.contains("There is nothing to confirm"));
    assert_eq!(shop.client.get(shop.url("/authenticate/pi_none")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_customer_who_does_not_pass_still_owes_and_may_use_another_card() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(ASKS_ALWAYS, &[]).await;
    let invoice = text(&sandbox.renew(&id).await.unwrap(), "latest_invoice");
    let waiting = text(&intent(&shop, &invoice).await, "id");
    shop.posts(&format!("/authenticate/{waiting}"), &[("authentication", "fail")]).await;
    let failed = intent(&shop, &invoice).await;
    let code = "payment_intent_authentication_failure";
    assert_eq!(
        (&failed["status"], &failed["last_payment_error"]["code"]),
        (&json!("requires_payment_method"), &json!(code))
    );
    assert_eq!(sandbox.object(&invoice).unwrap()["status"], "open");
    let page = format!("/invoice/{invoice}");
    assert!(!shop.reads(&page).await.contains("Confirm the payment"));
    assert_eq!(shop.posts(&page, &[("card_number", CARD)]).await.0, 303);
    assert_eq!(sandbox.object(&id).unwrap()["status"], "active");
}

#[tokio::test]
async fn a_card_may_ask_and_then_be_declined() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let session = shop.checkout(&shop.customer().await).await;
    let path = format!("/pay/{session}");
    let (status, _, page) = shop.posts(&path, &[("card_number", ASKS_IN_VAIN)]).await;
    assert!(status == 200 && page.contains("3-D Secure"));
    let passed = [("card_number", ASKS_IN_VAIN), ("authentication", "complete")];
    let (status, _, page) = shop.posts(&path, &passed).await;
    assert!(status == 402 && page.contains("insufficient funds"), "{page}");
    let id = text(&sandbox.pay(&session, CARD).unwrap(), "subscription");

    sandbox.change_card(&id, ASKS_IN_VAIN).unwrap();
    let invoice = text(&sandbox.renew(&id).await.unwrap(), "latest_invoice");
    let waiting = intent(&shop, &invoice).await;
    assert_eq!(waiting["status"], "requires_action");
    shop.posts(&format!("/authenticate/{}", text(&waiting, "id")), &[("authentication", "complete")]).await;
    let declined = intent(&shop, &invoice).await;
    assert_eq!(declined["last_payment_error"]["decline_code"], "insufficient_funds");
    assert_eq!(sandbox.object(&id).unwrap()["status"], "past_due");
}

#[tokio::test]
async fn a_card_that_asks_once_renews_without_the_customer() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(ASKS_ONCE, &[]).await;
    assert_eq!(sandbox.renew(&id).await.unwrap()["status"], "active");
}

#[tokio::test]
async fn an_upgrade_waits_as_a_pending_update() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(ASKS_ALWAYS, &[]).await;
    let (_, changed) = shop.change_to_pro(&id, &[WAITING]).await;
    assert!(changed["pending_update"].is_object() && changed["status"] == "active");
    let invoice = text(&changed, "latest_invoice");
    let (status, body) = shop.answer(&format!("/v1/invoices/{invoice}/pay"), &[]).await;
    assert_eq!((status, &body["error"]["code"]), (402, &json!("invoice_payment_intent_requires_action")));
    let waiting = text(&intent(&shop, &invoice).await, "id");
    shop.posts(&format!("/authenticate/{waiting}"), &[("authentication", "complete")]).await;
    let upgraded = sandbox.object(&id).unwrap();
    assert_eq!(
        (&upgraded["items"]["data"][0]["price"]["id"], &upgraded["pending_update"]),
        (&json!("price_pro"), &Value::Null)
    );
}

#[tokio::test]
async fn the_portal_asks_before_it_saves_a_card() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let customer = text(&sandbox.object(&id).unwrap(), "customer");
    shop.done("/v1/billing_portal/configurations", &[("features[payment_method_update][enabled]", "true")]).await;
    let session = shop.done("/v1/billing_portal/sessions", &[("customer", &customer)]).await;
    let path = format!("/portal/{}", text(&session, "id"));
    let form = [("action", "card"), ("subscription", id.as_str()), ("card_number", ASKS_ONCE)];
    let (status, _, page) = shop.posts(&path, &form).await;
    assert!(status == 200 && page.contains("3-D Secure") && page.contains(&format!("value=\"{id}\"")), "{page}");
    let (status, _, page) = shop.posts(&path, &[&form[..], &[("authentication", "fail")]].concat()).await;
    assert!(status == 409 && page.contains("unable to authenticate"));
    assert!(shop.reads(&path).await.contains("ending in 4242"));
    assert_eq!(shop.posts(&path, &[&form[..], &[("authentication", "complete")]].concat()).await.0, 303);
    assert!(shop.reads(&path).await.contains("ending in 3155"));
}
