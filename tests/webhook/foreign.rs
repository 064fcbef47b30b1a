//! Events that do not concern this installation are stored and change nothing.

use entity::event::{self, Status};
use serde_json::{Value, json};

use super::{
    accepts, inbox, known_user,
    payloads::{CORE, Pack, Plan, Version, event as envelope, retold},
    stored,
};
use crate::harness::{Actor, TestApp, facts};

/// Sends an event that is to be ignored, and returns its stored row.
async fn is_ignored(app: &TestApp, event: &Value) -> event::Model {
    accepts(app, [event]).await;
    let stored = stored(app, event).await.unwrap();
    assert_eq!(stored.status, Status::Ignored, "{event}");
    assert_eq!(stored.payload, event.to_string(), "kept as it was signed");
    stored
}

async fn has_nothing(user: &Actor) {
    assert_eq!(user.balance().await["version"], 0);
    assert_eq!(user.tier().await, "FREE");
    let payments = user.gets("{ payments { nodes { id } } }", json!({})).await;
    assert_eq!(payments["nodes"], json!([]));
}

facts! {
    async fn an_unknown_type_is_stored_as_ignored(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let pack = Pack::new(&customer).completed("paid");
        for kind in ["charge.succeeded", "invoice.overpaid", "something.new", "žluť"] {
            let stored = is_ignored(&app, &retold(&pack, kind)).await;
            assert_eq!((stored.kind.as_str(), stored.livemode), (kind, false));
        }
        let of_a_future_api = envelope(Version::Endive, "moon.landed", 1, json!({ "object": "moon", "phase": [1, 2] }));
        is_ignored(&app, &of_a_future_api).await;
        has_nothing(&ada).await;
    }

    async fn an_event_of_real_money_is_ignored_where_money_is_not_real(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        for mut event in [Pack::new(&customer).completed("paid"), Plan::new(&customer, CORE).created("active")] {
            event["livemode"] = true.into();
            assert!(is_ignored(&app, &event).await.livemode);
        }
        has_nothing(&ada).await;
    }

    async fn another_installations_customer_is_ignored_whatever_the_metadata_say(app: TestApp) {
        let (ada, _) = known_user(&app, "ada").await;
        let user = json!(ada.row().await.to_string());
        let foreign = "cus_of_another_installation";
        let plan = Plan::new(foreign, CORE);
        for mut event in [
            Pack::new(foreign).completed("paid"),
            Pack::new(foreign).failed(),
            plan.created("active"),
            plan.updated("active", json!({ "status": "incomplete" })),
            plan.paid("subscription_create"),
            plan.deleted(),
        ] {
            event["data"]["object"]["metadata"]["user_id"] = user.clone();
            event["data"]["object"]["client_reference_id"] = user.clone();
            is_ignored(&app, &event).await;
        }
        has_nothing(&ada).await;
    }

    async fn an_event_without_a_customer_grants_nothing(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let (pack, plan) = (Pack::new(&customer), Plan::new(&customer, CORE));
        for mut event in [pack.completed("paid"), plan.paid("subscription_create")] {
            event["data"]["object"]["customer"] = Value::Null;
            is_ignored(&app, &event).await;
        }
        has_nothing(&ada).await;
    }

    async fn a_checkout_that_sold_something_else_is_ignored(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let mut gift = Pack::new(&customer).completed("paid");
        gift["data"]["object"]["metadata"] = json!({ "gift": "yes", "credits": "25" });
        is_ignored(&app, &gift).await;
        let mut setup = Pack::new(&customer).completed("no_payment_required");
        setup["data"]["object"]["mode"] = "setup".into();
        is_ignored(&app, &setup).await;
        has_nothing(&ada).await;
    }

    async fn an_invoice_that_bills_no_subscription_is_ignored(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let mut invoice = Plan::new(&customer, CORE).paid("manual");
        let object = &mut invoice["data"]["object"];
        object["parent"] = Value::Null;
        object["lines"]["data"][0]["parent"] = Value::Null;
        is_ignored(&app, &invoice).await;
        has_nothing(&ada).await;
        assert_eq!(inbox(&app).await.len(), 1);
    }
}
