//! Ids are globally unique, `node` finds an object by its id, and inputs take the ids that outputs give.

use std::collections::BTreeSet;

use entity::user::Role;
use serde_json::{Value, json};

use crate::{
    harness::{
        Actor, TestApp,
        actor::{EXPORT, export, row},
        facts,
    },
    hold::{CAPTURE, RESERVE, of, reservation},
};

const OWN: &str =
    "{ viewer { id balance { id } subscription { id } ledger { nodes { id } } payments { nodes { id } } } }";

const NODE: &str = "query ($id: ID!) { node(id: $id) { __typename id } }";

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id balanceAfter } }";

const REFUND: &str = "mutation ($input: RefundExportInput!) { refundExport(input: $input) { id } }";

/// A user who owns one object of each type.
async fn owner(app: &TestApp, name: &str) -> Actor {
    let user = app.signs_up(name).await;
    user.subscribes("CORE").await;
    user.buys(25).await;
    user
}

/// The ids of a user's objects, each with its type.
async fn own(user: &Actor) -> Vec<(&'static str, Value)> {
    let viewer = user.gets(OWN, json!({})).await;
    let nodes = |list: &str| viewer[list]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone());
    let mut ids = vec![
        ("User", viewer["id"].clone()),
        ("Balance", viewer["balance"]["id"].clone()),
        ("PlanSubscription", viewer["subscription"]["id"].clone()),
    ];
    ids.extend(nodes("ledger").map(|id| ("LedgerEntry", id)));
    ids.extend(nodes("payments").map(|id| ("Payment", id)));
    ids
}

fn gift(user: &Value, key: &str) -> Value {
    json!({ "input": { "userId": user, "credits": 5, "reason": "a gift", "idempotencyKey": key } })
}

facts! {
    async fn no_two_objects_share_an_id(app: TestApp) {
        let ada = owner(&app, "ada").await;
        let mut ids: Vec<_> = own(&ada).await.into_iter().map(|(_, id)| id.to_string()).collect();
        ids.push(ada.exports("run", "key").await["id"].to_string());
        ids.push(ada.opens_purchase(1).await["id"].to_string());
        assert_eq!(ids.len(), 8, "each type of the schema that has an id, and two entries: {ids:?}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    }

    async fn every_object_is_found_by_its_id(app: TestApp) {
        let ada = owner(&app, "ada").await;
        for (kind, id) in own(&ada).await {
            let found = ada.gets(NODE, json!({ "id": id })).await;
            assert_eq!(found, json!({ "__typename": kind, "id": id }));
        }
    }

    async fn a_charge_is_found_by_its_id_and_by_its_key(app: TestApp) {
        let (ada, bob) = (owner(&app, "ada").await, app.signs_up("bob").await);
        let service = app.signs_up_as("exporter", Role::Service).await;
        let fields = "__typename id runId credits replayed refunded balance { credits }";
        let by_id = format!("query ($id: ID!) {{ node(id: $id) {{ ... on ExportCharge {{ {fields} ticket }} }} }}");
        let by_key = format!("query ($key: String!) {{ exportCharge(idempotencyKey: $key) {{ {fields} ticket }} }}");
        let charge = ada.exports("run-1", "one").await;
        let mut found = ada.gets(&by_id, json!({ "id": charge["id"] })).await;
        let claims: Value = jsonwebtoken::dangerous::insecure_decode_claims(found["ticket"].as_str().unwrap()).unwrap();
        assert_eq!((&claims["run"], &claims["sub"]), (&json!("run-1"), &json!(ada.row().await.to_string())));
        found["ticket"].take();
        let mut same = ada.gets(&by_key, json!({ "key": "one" })).await;
        assert!(same["ticket"].take().is_string());
        assert_eq!(found, same);
        assert_eq!(found, json!({ "__typename": "ExportCharge", "id": charge["id"], "runId": "run-1", "credits": 3,
            "replayed": true, "refunded": false, "ticket": null, "balance": { "credits": 47 } }));

        let refund = json!({ "input": { "chargeId": charge["id"], "reason": "it failed" } });
        service.gets(REFUND, refund).await;
        let refunded = ada.gets(&by_key, json!({ "key": "one" })).await;
        assert_eq!((&refunded["refunded"], &refunded["ticket"]), (&json!(true), &Value::Null));

        let hold = ada.gets(RESERVE, reservation("run-2", "two")).await;
        assert_eq!(ada.gets(&by_key, json!({ "key": "two" })).await, Value::Null, "nothing is charged yet");
        let captured = ada.gets(CAPTURE, of(&hold)).await;
        let found = ada.gets(&by_key, json!({ "key": "two" })).await;
        assert_eq!((&found["id"], &found["credits"], &found["ticket"]), (&captured["id"], &json!(3), &Value::Null));
        assert_eq!(found, ada.gets(&by_id, json!({ "id": captured["id"] })).await);

        let admin = app.signs_up_as("admin", Role::Admin).await;
        assert_eq!(admin.gets(&by_id, json!({ "id": charge["id"] })).await["runId"], "run-1");
        let grant = charge["id"].as_str().unwrap().replace(&row(&charge["id"]).to_string(), "1");
        for (user, id) in [(&bob, charge["id"].clone()), (&ada, json!(grant)), (&ada, json!("charge_999"))] {
            assert_eq!(user.gets(&by_id, json!({ "id": id })).await, Value::Null, "{id}");
        }
        assert_eq!(bob.gets(&by_key, json!({ "key": "one" })).await, Value::Null);
        assert_eq!(bob.is_refused(&by_key, json!({ "key": "" })).await, "BAD_USER_INPUT");
        let visitor = app.visitor().asks_with(&by_key, json!({ "key": "one" })).await;
        assert_eq!(visitor["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }

    async fn a_node_has_the_fields_of_its_type(app: TestApp) {
        let ada = owner(&app, "ada").await;
        let document = "query ($id: ID!) { node(id: $id) { ... on User { username balance { credits } ledger(first: 1) { \
            nodes { ... on Node { id } } } } ... on Balance { credits } } }";
        let own = own(&ada).await;
        let user = ada.gets(document, json!({ "id": own[0].1 })).await;
        assert_eq!((&user["username"], &user["balance"]["credits"]), (&json!("ada"), &json!(50)));
        assert_eq!(user["ledger"]["nodes"][0]["id"], own[3].1, "the newest entry");
        assert_eq!(ada.gets(document, json!({ "id": own[1].1 })).await, json!({ "credits": 50 }));
    }

    async fn objects_of_others_are_as_missing_as_those_that_do_not_exist(app: TestApp) {
        let (ada, bob) = (owner(&app, "ada").await, app.signs_up("bob").await);
        let service = app.signs_up_as("exporter", Role::Service).await;
        let charge = ada.exports("run", "key").await["id"].clone();
        let ids = own(&ada).await.into_iter().map(|(_, id)| id).chain([charge]);
        let odd = ["", "1", "user", "user_0", "user_-1", "user_999", "balance_999", "entry_999", "subscription_999",
            "payment_999", "User_1", "user_01", "user_9223372036854775808", "evt_1", "a\u{0}b"].map(Value::from);
        for id in ids.chain(odd) {
            for user in [&bob, &service] {
                assert_eq!(user.gets(NODE, json!({ "id": id })).await, Value::Null, "{id}");
            }
        }
        let visitor = app.visitor().asks_with(NODE, json!({ "id": "user_1" })).await;
        assert_eq!((&visitor["data"]["node"], &visitor["errors"][0]["extensions"]["code"]),
            (&Value::Null, &json!("UNAUTHENTICATED")));
    }

    async fn an_admin_finds_the_objects_of_all_users_and_events(app: TestApp) {
        let (ada, admin) = (owner(&app, "ada").await, app.signs_up_as("admin", Role::Admin).await);
        let events = admin.gets("{ webhookEvents(first: 1) { nodes { id } } }", json!({})).await;
        let event = ("WebhookEvent", events["nodes"][0]["id"].clone());
        for (kind, id) in own(&ada).await.into_iter().chain([event.clone()]) {
            let found = admin.gets(NODE, json!({ "id": id })).await;
            assert_eq!(found, json!({ "__typename": kind, "id": id }));
        }
        assert_eq!(ada.gets(NODE, json!({ "id": event.1 })).await, Value::Null);
        for id in ["evt_none", "user_999", "balance_999", "a\u{0}b", &"e".repeat(300)] {
            assert_eq!(admin.gets(NODE, json!({ "id": id })).await, Value::Null, "{id}");
        }
        let document = "query ($id: ID!) { user(id: $id) { username ledger { nodes { balanceAfter } } payments { nodes { \
            credits } } } }";
        let user = admin.gets(document, json!({ "id": own(&ada).await[0].1 })).await;
        assert_eq!(user, json!({ "username": "ada", "ledger": { "nodes": [{ "balanceAfter": 50 }, { "balanceAfter": 25 }] },
            "payments": { "nodes": [{ "credits": 25 }] } }));
    }

    async fn inputs_take_the_ids_that_outputs_give(app: TestApp) {
        let (ada, admin) = (owner(&app, "ada").await, app.signs_up_as("admin", Role::Admin).await);
        let service = app.signs_up_as("exporter", Role::Service).await;
        let own = own(&ada).await;
        let (user, balance) = (&own[0].1, &own[1].1);
        assert_eq!(admin.gets(GRANT, gift(user, "one")).await["balanceAfter"], 55);
        assert_eq!(admin.is_refused(GRANT, gift(balance, "two")).await, "NOT_FOUND", "a balance is no user");
        // A charge may be named by its own id, by that of its entry, and by the number in its ticket.
        let charge = ada.gets(EXPORT, export("run", "key")).await;
        let spent = ada.gets("{ ledger(first: 1) { nodes { id } } }", json!({})).await["nodes"][0]["id"].clone();
        let claims: Value = jsonwebtoken::dangerous::insecure_decode_claims(charge["ticket"].as_str().unwrap()).unwrap();
        let refund = async |id: &Value| {
            service.gets(REFUND, json!({ "input": { "chargeId": id, "reason": "it failed" } })).await
        };
        let first = refund(&charge["id"]).await;
        for id in [&spent, &claims["jti"]] {
            assert_eq!(refund(id).await, first, "{id}");
        }
        let other = json!({ "input": { "chargeId": user, "reason": "it failed" } });
        assert_eq!(service.is_refused(REFUND, other).await, "NOT_FOUND");
    }
}
