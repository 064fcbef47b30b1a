//! An earlier look that was slow does not overwrite a later one: neither returned money nor credit notes, whichever replica
//! looked.

use std::time::Duration;

use patch_hive::sync::{self, Object};
use sandbox::{Effect, Fault};
use tokio::time::sleep;

use super::reversals::newest_payment;
use crate::{
    checkout::credits_invoice,
    harness::{TestApp, facts},
};

/// Calls of an endpoint so far.
fn calls(app: &TestApp, endpoint: &str) -> u64 {
    app.sandbox().requests().get(endpoint).copied().unwrap_or_default()
}

/// Lets a look read an object, whose answer to the last read takes a second. What happens meanwhile is read by a later look.
async fn is_overtaken(app: &TestApp, object: Object, path: &str, endpoint: &str, meanwhile: impl AsyncFnOnce()) {
    let (inside, replicas) = (app.inside().await, app.replicas().await);
    let slow = replicas.first().map_or_else(|| inside.clone(), |replica| replica.app().clone());
    let effect = Effect::Lag { millis: 1000 };
    app.sandbox().inject(Fault { method: "GET".to_owned(), path: path.to_owned(), times: 1, effect });
    let before = calls(app, endpoint);
    let later = async {
        while calls(app, endpoint) == before {
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_millis(50)).await;
        meanwhile().await;
        sync::look(&inside, &object).await.unwrap();
    };
    let (earlier, ()) = tokio::join!(sync::look(&slow, &object), later);
    earlier.unwrap();
    for replica in replicas {
        replica.stop().await;
    }
}

facts! {
    async fn an_earlier_look_at_a_payment_does_not_undo_a_later_one(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        app.sandbox().set_webhook_urls(Vec::new());
        let payment = newest_payment(&app);
        let object = Object::Payment(payment.clone());
        // Refunds are read before disputes.
        is_overtaken(&app, object, "/v1/disputes", "GET /v1/disputes", async || {
            app.sandbox().refund(&payment, Some(200)).unwrap();
        }).await;
        assert_eq!(ada.credits().await, 15);
    }

    async fn an_earlier_look_at_an_invoice_does_not_undo_a_later_one(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        app.sandbox().set_webhook_urls(Vec::new());
        let events = app.sandbox().events();
        let paid = events.iter().find(|event| event["type"] == "invoice.paid").unwrap();
        let invoice = paid["data"]["object"]["id"].as_str().unwrap().to_owned();
        let object = Object::Invoice(invoice.clone());
        is_overtaken(&app, object, "/v1/invoices/", "GET /v1/invoices/{id}", async || {
            credits_invoice(&app, &invoice, "750").await;
        }).await;
        assert_eq!(ada.credits().await, 50);
    }
}
