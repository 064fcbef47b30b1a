//! Events are read in the format of every API version, with plain or expanded ids.

use serde_json::{Value, json};

use super::{
    accepts, entries_of, grant, known_user,
    payloads::{CORE, Pack, Plan, Version, later},
    purchase, stored,
};
use crate::harness::{TestApp, facts};

/// Each version in each form.
fn forms() -> impl Iterator<Item = (Version, bool)> {
    Version::ALL.into_iter().flat_map(|version| [(version, false), (version, true)])
}

facts! {
    async fn a_subscriptions_life_ends_alike_in_every_shape(app: TestApp) {
        for (number, (version, expanded)) in forms().enumerate() {
            let (ada, customer) = known_user(&app, &format!("ada{number}")).await;
            let plan = Plan { version, expanded, ..Plan::new(&customer, CORE) };
            let created = plan.created("active");
            accepts(&app, [&created, &plan.paid("subscription_create")]).await;
            assert_eq!(stored(&app, &created).await.unwrap().api_version.as_deref(), Some(version.name()));
            let next = plan.renewed();
            let rolled = next.updated("active", json!({ "latest_invoice": "in_0" }));
            accepts(&app, [&next.paid("subscription_cycle"), &rolled]).await;
            assert_eq!(entries_of(&ada).await, [grant(25), grant(25)], "{version:?} {expanded}");
            let end = ada.subscription().await["currentPeriodEnd"].as_str().unwrap().to_owned();
            let end = chrono::DateTime::parse_from_rfc3339(&end).unwrap();
            assert_eq!((end.timestamp(), ada.tier().await.as_str()), (next.end, "CORE"), "{version:?} {expanded}");
            let upgrade = next.paid_for("subscription_update", &[(CORE.0, -499), ("price_pro", 1499)]);
            accepts(&app, [&upgrade, &later(next.deleted(), 5)]).await;
            assert_eq!((ada.credits().await, ada.tier().await.as_str()), (125, "FREE"), "{version:?} {expanded}");
        }
    }

    async fn a_packs_checkout_ends_alike_in_every_shape(app: TestApp) {
        for (number, (version, expanded)) in forms().enumerate() {
            let (ada, customer) = known_user(&app, &format!("ada{number}")).await;
            let pack = Pack { version, expanded, ..Pack::new(&customer) };
            accepts(&app, [&pack.completed("unpaid"), &pack.arrived()]).await;
            assert_eq!(entries_of(&ada).await, [purchase(25)], "{version:?} {expanded}");
        }
    }

    async fn one_subscription_may_be_reported_in_several_shapes(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        for (version, expanded) in forms() {
            let plan = Plan { version, expanded, ..plan.clone() };
            let mut paid = plan.paid("subscription_create");
            paid["data"]["object"]["id"] = "in_told_several_times".into();
            accepts(&app, [&plan.created("active"), &paid, &plan.checked_out()]).await;
        }
        app.settles().await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
        assert_eq!(ada.subscription().await["version"], 1);
    }

    async fn a_pack_that_cost_nothing_is_posted_by_its_session(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let pack = Pack { amount: 0, ..Pack::new(&customer) };
        let mut free = pack.completed("no_payment_required");
        free["data"]["object"]["payment_intent"] = Value::Null;
        accepts(&app, [&free, &free]).await;
        assert_eq!(entries_of(&ada).await, [purchase(25)]);
        let document = "{ ledger { nodes { reference payment { status amount { amount } } } } }";
        let ledger = ada.gets(document, json!({})).await;
        assert_eq!(ledger["nodes"], json!([{
            "reference": pack.session,
            "payment": { "status": "SUCCEEDED", "amount": { "amount": 0 } },
        }]));
    }
}
