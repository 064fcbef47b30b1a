//! Every line of an invoice counts, however many pages its lines fill, and whichever look reads it.

use entity::work::Kind;
use patch_hive::sync::{self, Object};
use serde_json::Value;

use super::accepts;
use crate::{
    checkout::posts_to_stripe,
    harness::{Actor, TestApp, facts},
    reconcile::loses_webhooks,
    subscription::newest,
};

/// Lines that come before the plan's: with it more than a page.
const OTHERS: usize = 12;

/// Bills a customer for other things with the next invoice.
async fn buys_along(app: &TestApp, customer: &str) {
    for amount in 1..=OTHERS {
        let form = [("customer", customer), ("amount", &amount.to_string()), ("currency", "usd")];
        posts_to_stripe(app, "/v1/invoiceitems", &form).await;
    }
}

/// Renews the plan of a user whose webhooks are lost, and returns the subscription.
async fn renews_unheard(app: &TestApp, name: &str) -> (Actor, String) {
    let user = app.signs_up(name).await;
    user.subscribes("CORE").await;
    let subscription = newest(app).await;
    buys_along(app, subscription["customer"].as_str().unwrap()).await;
    loses_webhooks(app);
    let id = subscription["id"].as_str().unwrap().to_owned();
    app.sandbox().renew(&id).await.unwrap();
    app.sandbox().clear_faults();
    (user, id)
}

fn newest_event(app: &TestApp, kind: &str) -> Value {
    app.sandbox().events().into_iter().rev().find(|event| event["type"] == kind).unwrap()
}

facts! {
    async fn a_plan_on_the_second_page_of_an_invoices_lines_is_granted(app: TestApp) {
        let (ada, _) = renews_unheard(&app, "ada").await;
        let paid = newest_event(&app, "invoice.paid");
        assert_eq!(paid["data"]["object"]["lines"]["has_more"], true);
        accepts(&app, [&paid]).await;
        assert_eq!(ada.credits().await, 50);

        let (bob, subscription) = renews_unheard(&app, "bob").await;
        sync::look(&app.inside().await, &Object::Subscription(subscription)).await.unwrap();
        assert_eq!(bob.credits().await, 50);

        let (eve, subscription) = renews_unheard(&app, "eve").await;
        sync::look_at_subscription(&app.inside().await, &subscription).await.unwrap();
        assert_eq!(eve.credits().await, 50);
        app.works_off(Kind::Look).await;
    }
}
