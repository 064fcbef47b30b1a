//! Other services receive signed events about accounts: each at least once, and those of an account in order.

mod alert;
mod late;
mod receiver;
mod removed;
mod repeated;
mod stream;
mod target;

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use entity::{event_delivery, user::Role, work::Kind};
use futures_util::future::join_all;
use sandbox::Stage;
use sea_orm::{EntityTrait, sea_query::Expr};
use serde_json::{Value, json};
use tokio::time::timeout;

pub(crate) use self::receiver::{Answer, Receiver};
use crate::{
    harness::{Actor, TestApp, facts},
    hold::{CAPTURE, RELEASE, RESERVE, of, reservation},
    subscription::duplicate::newest_payment,
};

/// A bank account, whose money arrives days later, or not.
const BANK: &str = "000123456789";

pub(crate) const CREATE: &str = "mutation ($input: CreateEventEndpointInput!) { createEventEndpoint(input: $input) { \
    secret endpoint { id url types description disabledAt } } }";
pub(crate) const UPDATE: &str = "mutation ($input: UpdateEventEndpointInput!) { updateEventEndpoint(input: $input) { \
    id url types description disabledAt disabledReason } }";
pub(crate) const DELETE: &str =
    "mutation ($input: DeleteEventEndpointInput!) { deleteEventEndpoint(input: $input) { id } }";
pub(crate) const REDELIVER: &str =
    "mutation ($input: RedeliverEventInput!) { redeliverEvent(input: $input) { status } }";
pub(crate) const ENDPOINTS: &str = "{ eventEndpoints { id url types disabledAt disabledReason } }";
pub(crate) const EVENTS: &str = "query ($first: Int, $after: String, $types: [EventType!]) { events(first: $first, \
    after: $after, types: $types) { nodes { id type userId payload } pageInfo { hasNextPage endCursor } } }";
pub(crate) const DELIVERIES: &str = "query ($first: Int, $after: String, $status: EventDeliveryStatus, $endpoint: ID) { \
    eventDeliveries(first: $first, after: $after, status: $status, endpoint: $endpoint) { nodes { event { id type } \
    endpointId status attempts responseStatus error dueAt } pageInfo { endCursor } } }";
pub(crate) const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { version } }";

const ALL: [&str; 12] = [
    "BALANCE_CHANGED",
    "EXPORT_CHARGED",
    "HOLD_CREATED",
    "HOLD_CAPTURED",
    "HOLD_RELEASED",
    "HOLD_EXPIRED",
    "SUBSCRIPTION_CHANGED",
    "PAYMENT_PAID",
    "PAYMENT_FAILED",
    "PAYMENT_REFUNDED",
    "PAYMENT_DISPUTED",
    "ALERT_RAISED",
];

/// Registers a receiver for some types, and returns the id of its endpoint.
pub(crate) async fn registers(admin: &Actor, receiver: &Receiver, types: &[&str]) -> Value {
    let created = admin.gets(CREATE, json!({ "input": { "url": receiver.url(), "types": types } })).await;
    receiver.verifies_with(&created["secret"]);
    created["endpoint"]["id"].clone()
}

pub(crate) async fn grants(admin: &Actor, user: &Actor, credits: i64, key: &str) {
    let id = user.row().await.to_string();
    let input = json!({ "userId": id, "credits": credits, "reason": "a gift", "idempotencyKey": key });
    admin.gets(GRANT, json!({ "input": input })).await;
}

/// Lets the pause after a failed attempt be over.
pub(crate) async fn pauses_end(app: &TestApp) {
    let inside = app.inside().await;
    let due = inside.clock.wall() - TimeDelta::seconds(1);
    let update = event_delivery::Entity::update_many().col_expr(event_delivery::Column::DueAt, Expr::value(due));
    update.exec(inside.database.write()).await.unwrap();
    app.works_off(Kind::Delivery).await;
}

/// The versions that were received of each user's balance, in the order of their arrival and each once.
fn versions(receiver: &Receiver) -> BTreeMap<String, Vec<i64>> {
    let mut versions = BTreeMap::<_, Vec<_>>::new();
    for event in receiver.accepted().iter().filter(|event| event.kind() == "balance.changed") {
        let of_user = versions.entry(event.user()).or_default();
        if of_user.last() != Some(&event.version()) {
            of_user.push(event.version());
        }
    }
    versions
}

facts! {
    async fn each_step_of_an_account_is_an_event_in_the_order_of_its_versions(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        let ada = app.signs_up("ada").await;
        registers(&admin, &receiver, &ALL).await;
        grants(&admin, &ada, 20, "gift").await;
        ada.exports("run-1", "one").await;
        let captured = ada.gets(RESERVE, reservation("run-2", "two")).await;
        ada.gets(CAPTURE, of(&captured)).await;
        let released = ada.gets(RESERVE, reservation("run-3", "three")).await;
        ada.gets(RELEASE, of(&released)).await;
        let events = receiver.accepts(12).await;
        let kinds: Vec<_> = events.iter().map(|event| (event.kind(), event.version())).collect();
        assert_eq!(kinds, [
            ("balance.changed", 1),
            ("balance.changed", 2), ("export.charged", 2),
            ("balance.changed", 3), ("hold.created", 3),
            ("balance.changed", 4), ("export.charged", 4), ("hold.captured", 4),
            ("balance.changed", 5), ("hold.created", 5),
            ("balance.changed", 6), ("hold.released", 6),
        ]);
        let ledger = ada.gets("{ ledger { nodes { id version kind balanceAfter creditsDelta heldDelta runId holdId createdAt } } }",
            json!({})).await;
        let mut entries = ledger["nodes"].as_array().unwrap().clone();
        entries.reverse();
        for event in &events {
            let (data, entry) = (&event.body["data"], &entries[usize::try_from(event.version()).unwrap() - 1]);
            assert_eq!(data["entryId"], entry["id"]);
            assert_eq!(data["balance"], entry["balanceAfter"]);
            for field in ["version", "kind", "creditsDelta", "heldDelta", "runId", "holdId", "createdAt"] {
                assert_eq!(data[field], entry[field], "{field} of {event:?}");
            }
            assert!(event.body["timestamp"].is_string() && data["accountId"].as_str().unwrap().starts_with("balance_"));
        }
        let pulled = admin.gets(EVENTS, json!({ "first": 100 })).await;
        let bodies: Vec<Value> = pulled["nodes"].as_array().unwrap().iter()
            .map(|event| serde_json::from_str(event["payload"].as_str().unwrap()).unwrap()).collect();
        assert_eq!(bodies, events.iter().map(|event| event.body.clone()).collect::<Vec<_>>());
        let charged = admin.gets(EVENTS, json!({ "first": 1, "types": ["HOLD_CAPTURED", "EXPORT_CHARGED"] })).await;
        assert_eq!(charged["nodes"][0]["id"], events[2].id.as_str());
        let next = json!({ "after": charged["pageInfo"]["endCursor"], "types": ["HOLD_CAPTURED", "EXPORT_CHARGED"] });
        let ids: Vec<_> = admin.gets(EVENTS, next).await["nodes"].as_array().unwrap().iter()
            .map(|event| event["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids, [events[6].id.clone(), events[7].id.clone()]);
    }

    async fn subscriptions_and_payments_have_events(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        let types = ["SUBSCRIPTION_CHANGED", "PAYMENT_PAID", "PAYMENT_FAILED", "PAYMENT_REFUNDED", "PAYMENT_DISPUTED"];
        registers(&admin, &receiver, &types).await;
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        ada.buys(25).await;
        let events = app.sandbox().events();
        let paid = events.iter().rev().find(|event| event["type"] == "payment_intent.succeeded").unwrap();
        app.sandbox().refund(paid["data"]["object"]["id"].as_str().unwrap(), Some(200)).unwrap();
        app.settles().await;
        ada.buys(26).await;
        app.sandbox().dispute(&newest_payment(&app).await, Stage::Chargeback, None).unwrap();
        app.settles().await;
        let debit = ada.opens_purchase(27).await;
        ada.pays(&debit, BANK).await;
        app.settles().await;
        app.sandbox().settle_delayed(debit["id"].as_str().unwrap(), false).unwrap();
        app.settles().await;
        let kinds = ["subscription.changed", "payment.refunded", "payment.disputed", "payment.failed"];
        let has_all = async {
            loop {
                let accepted = receiver.accepted();
                if kinds.iter().all(|kind| accepted.iter().any(|event| event.kind() == *kind)) {
                    return accepted;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let accepted = timeout(Duration::from_secs(20), has_all).await.expect("events of payments");
        let of = |kind: &str| accepted.iter().filter(|event| event.kind() == kind).collect::<Vec<_>>();
        let products: Vec<_> = of("payment.paid").iter().map(|event| event.body["data"]["product"].clone()).collect();
        assert_eq!(products, ["PLAN", "PACK", "PACK"]);
        let paid = &of("payment.paid")[1].body["data"];
        assert_eq!((&paid["amount"], &paid["currency"], &paid["credits"]), (&json!(500), &json!("USD"), &json!(25)));
        assert_eq!(of("payment.refunded")[0].body["data"]["amountRefunded"], 200);
        assert_eq!(of("payment.disputed")[0].body["data"]["amountDisputed"], 520);
        assert_eq!((of("payment.failed").len(), &of("payment.failed")[0].body["data"]["credits"]), (1, &json!(27)));
        let last = of("subscription.changed").last().unwrap().body["data"].clone();
        assert_eq!((&last["tier"], &last["status"]), (&json!("CORE"), &json!("ACTIVE")));
        let stored = ada.subscription().await;
        for field in ["currentPeriodStart", "currentPeriodEnd", "cancelAtPeriodEnd", "cancelAt", "scheduledTier"] {
            assert_eq!(last[field], stored[field], "{field}");
        }
    }

    async fn concurrent_charges_arrive_in_order_from_any_replica(app: TestApp) {
        let replicas = app.replicas().await;
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        let mut users = Vec::new();
        for name in ["ada", "bob", "eve"] {
            let user = app.signs_up(name).await;
            grants(&admin, &user, 300, name).await;
            users.push(user);
        }
        let runs: Vec<_> = (0..20).map(|run| format!("run-{run}")).collect();
        join_all(users.iter().flat_map(|user| runs.iter().map(|run| user.exports(run, run)))).await;
        receiver.accepts(63).await;
        let versions = versions(&receiver);
        assert_eq!(versions.len(), 3);
        for (user, versions) in versions {
            assert_eq!(versions, (1..=21).collect::<Vec<_>>(), "{user}");
        }
        for replica in replicas {
            replica.stop().await;
        }
    }

    async fn a_slow_endpoint_holds_up_neither_another_one_nor_charges(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let (slow, quick) = (Receiver::start().await, Receiver::start().await);
        // Longer than the time limit of an attempt.
        slow.answers(Answer::After(Duration::from_secs(20)));
        registers(&admin, &slow, &["BALANCE_CHANGED"]).await;
        registers(&admin, &quick, &["BALANCE_CHANGED"]).await;
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 30, "gift").await;
        slow.is_tried(1).await;
        let charges = async {
            for run in 0..5 {
                ada.exports(&run.to_string(), &run.to_string()).await;
            }
            quick.accepts(6).await;
        };
        timeout(Duration::from_secs(4), charges).await.expect("the slow endpoint held up others");
        assert!(slow.accepted().is_empty());
    }

    async fn a_restart_loses_nothing(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("admin", Role::Admin).await, Receiver::start().await);
        registers(&admin, &receiver, &["BALANCE_CHANGED"]).await;
        let ada = app.signs_up("ada").await;
        grants(&admin, &ada, 60, "gift").await;
        for run in 0..12 {
            ada.exports(&run.to_string(), &run.to_string()).await;
            if run % 4 == 3 {
                app.restarts().await;
            }
        }
        receiver.accepts_different(13).await;
        assert_eq!(versions(&receiver).into_values().collect::<Vec<_>>(), [(1..=13).collect::<Vec<_>>()]);
    }
}
