//! Each change that an admin makes is recorded once, with its author.

use entity::{event, user::Role};
use patch_hive::sync;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::{
    harness::{Actor, TestApp, facts},
    webhook::{
        accepts, known_user,
        payloads::{CORE, Pack, Plan, fresh},
    },
};

const ACTIONS: &str = "query ($first: Int, $after: String, $userId: ID) { adminActions(first: $first, after: $after, \
    userId: $userId) { nodes { id kind actor { username } user { username } entry { creditsDelta reason } \
    webhookEventId createdAt } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
const ADJUSTMENT: &str = "mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { id } }";
const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id } }";
const REFUND: &str = "mutation ($input: RefundExportInput!) { refundExport(input: $input) { id } }";
const REPLAY: &str = "mutation ($input: ReplayWebhookEventInput!) { replayWebhookEvent(input: $input) { status } }";

async fn id(user: &Actor) -> Value {
    user.gets("{ viewer { id } }", json!({})).await["id"].clone()
}

/// The recorded actions, newest first, without their ids and times.
async fn actions(admin: &Actor, variables: Value) -> Vec<Value> {
    let mut actions = admin.gets(ACTIONS, variables).await["nodes"].as_array().unwrap().clone();
    for action in &mut actions {
        let action = action.as_object_mut().unwrap();
        assert!(action.remove("id").unwrap().as_str().unwrap().starts_with("action_"));
        assert!(action.remove("createdAt").unwrap().is_string());
    }
    actions
}

fn action(kind: &str, actor: &str, user: &str, delta: i64, reason: &str) -> Value {
    json!({
        "kind": kind, "actor": { "username": actor }, "user": { "username": user },
        "entry": { "creditsDelta": delta, "reason": reason }, "webhookEventId": null,
    })
}

fn change(user: &Value, credits: i64, key: &str) -> Value {
    json!({ "input": { "userId": user, "credits": credits, "reason": format!("reason of {key}"), "idempotencyKey": key } })
}

facts! {
    async fn each_correction_is_recorded_once_with_its_author(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let second = app.signs_up_as("second", Role::Admin).await;
        let service = app.signs_up_as("exporter", Role::Service).await;
        let (to_ada, to_bob) = (id(&ada).await, id(&bob).await);
        for _ in 0..2 {
            admin.gets(GRANT, change(&to_ada, 9, "gift")).await;
            second.gets(ADJUSTMENT, change(&to_ada, -2, "error")).await;
            admin.gets(ADJUSTMENT, change(&to_bob, 3, "gift")).await;
        }
        assert_eq!(admin.is_refused(ADJUSTMENT, change(&to_bob, 4, "gift")).await, "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(admin.is_refused(ADJUSTMENT, change(&to_bob, -100, "too much")).await, "BAD_USER_INPUT");
        for (run, author, reason) in [("run-1", &admin, "it crashed"), ("run-2", &service, "it crashed too")] {
            let charge = ada.exports(run, run).await["id"].clone();
            for _ in 0..2 {
                author.gets(REFUND, json!({ "input": { "chargeId": charge, "reason": reason } })).await;
            }
        }
        let of_ada = [
            action("REFUND_EXPORT", "admin", "ada", 3, "it crashed"),
            action("ADJUST_CREDITS", "second", "ada", -2, "reason of error"),
            action("GRANT_CREDITS", "admin", "ada", 9, "reason of gift"),
        ];
        let of_bob = action("ADJUST_CREDITS", "admin", "bob", 3, "reason of gift");
        assert_eq!(actions(&admin, json!({ "userId": to_ada })).await, of_ada);
        assert_eq!(actions(&second, json!({ "userId": to_bob })).await, std::slice::from_ref(&of_bob));
        let [refund, error, gift] = of_ada;
        assert_eq!(actions(&admin, json!({})).await, [refund, of_bob, error, gift]);
    }

    async fn concurrent_requests_with_one_key_are_one_action(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        let user = id(&ada).await;
        let requests = (0..6).map(|_| admin.gets(GRANT, change(&user, 5, "once")));
        futures_util::future::join_all(requests).await;
        assert_eq!(actions(&admin, json!({})).await, [action("GRANT_CREDITS", "admin", "ada", 5, "reason of once")]);
    }

    async fn a_replay_is_recorded_with_the_event_and_its_user(app: TestApp) {
        let (_, customer) = known_user(&app, "ada").await;
        app.settles().await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let ours = Pack::new(&customer).completed("paid");
        let foreign = Plan::new(&format!("cus_{}", fresh()), CORE).deleted();
        accepts(&app, [&ours, &foreign]).await;
        for event in [&ours, &foreign] {
            admin.gets(REPLAY, json!({ "input": { "id": event["id"] } })).await;
        }
        assert_eq!(admin.is_refused(REPLAY, json!({ "input": { "id": "evt_none" } })).await, "NOT_FOUND");
        let replay = |event: &Value, user: Value| json!({
            "kind": "REPLAY_WEBHOOK_EVENT", "actor": { "username": "admin" }, "user": user, "entry": null,
            "webhookEventId": event["id"],
        });
        let expected = [replay(&foreign, Value::Null), replay(&ours, json!({ "username": "ada" }))];
        assert_eq!(actions(&admin, json!({})).await, expected);
    }

    async fn an_action_can_be_neither_changed_nor_deleted(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        admin.gets(GRANT, change(&id(&ada).await, 5, "gift")).await;
        let inside = app.inside().await;
        let mut tampering = vec![
            "UPDATE admin_actions SET actor_id = 1", "UPDATE admin_actions SET entry_id = NULL WHERE id = 1",
            "DELETE FROM admin_actions", "DELETE FROM admin_actions WHERE id = 1",
        ];
        if inside.database.backend() == sea_orm::DbBackend::Postgres {
            tampering.push("TRUNCATE admin_actions");
        }
        for statement in tampering {
            let error = inside.database.write().execute_unprepared(statement).await.unwrap_err();
            assert!(error.to_string().contains("admin_actions is append-only"), "{statement}: {error}");
        }
        assert_eq!(actions(&admin, json!({})).await, [action("GRANT_CREDITS", "admin", "ada", 5, "reason of gift")]);
    }

    async fn an_action_outlives_the_account_and_the_event_that_it_is_about(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        app.settles().await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let user = id(&ada).await;
        admin.gets(GRANT, change(&user, 5, "gift")).await;
        let paid = Pack::new(&customer).completed("paid");
        accepts(&app, [&paid]).await;
        admin.gets(REPLAY, json!({ "input": { "id": paid["id"] } })).await;
        let close = "mutation { closeAccount(input: { currentPassword: \"ada's password\" }) { closedAt } }";
        assert!(ada.gets(close, json!({})).await["closedAt"].is_string());
        app.settles().await;
        let inside = app.inside().await;
        let age = "UPDATE stripe_events SET received_at = '2020-01-01 00:00:00+00:00'";
        inside.database.write().execute_unprepared(age).await.unwrap();
        sync::prune(&inside).await.unwrap();
        let left = event::Entity::find_by_id(paid["id"].as_str().unwrap()).count(inside.database.read()).await.unwrap();
        assert_eq!(left, 0, "the event was deleted");
        let kept = admin.gets(ACTIONS, json!({ "userId": user })).await["nodes"].as_array().unwrap().clone();
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0]["webhookEventId"], paid["id"]);
        for action in &kept {
            let name = action["user"]["username"].as_str().unwrap();
            assert!(name.starts_with("closed-") && !action.to_string().contains("ada"), "{action}");
        }
    }

    async fn actions_come_in_pages_newest_first(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        let user = id(&ada).await;
        for credits in 1..=5 {
            admin.gets(GRANT, change(&user, credits, &credits.to_string())).await;
        }
        let (mut read, mut after) = (Vec::new(), Value::Null);
        for (size, next) in [(2, true), (2, true), (1, false)] {
            let page = admin.gets(ACTIONS, json!({ "first": 2, "after": after, "userId": user })).await;
            assert_eq!(page["nodes"].as_array().unwrap().len(), size);
            assert_eq!(page["pageInfo"]["hasNextPage"], next);
            read.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["entry"]["creditsDelta"].clone()));
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(read, [5, 4, 3, 2, 1]);
        for odd in [json!({ "first": 101 }), json!({ "first": -1 }), json!({ "after": "odd" }), json!({ "after": "" })] {
            assert_eq!(admin.is_refused(ACTIONS, odd.clone()).await, "BAD_USER_INPUT", "{odd}");
        }
        for odd in ["", "ada", "entry_1", "9223372036854775808"] {
            assert_eq!(admin.is_refused(ACTIONS, json!({ "userId": odd })).await, "NOT_FOUND", "{odd:?}");
        }
        assert_eq!(actions(&admin, json!({ "userId": "user_999" })).await, Vec::<Value>::new());
    }

    async fn only_an_admin_reads_actions(app: TestApp) {
        let (ada, service) = (app.signs_up("ada").await, app.signs_up_as("exporter", Role::Service).await);
        for stranger in [&ada, &service] {
            assert_eq!(stranger.is_refused(ACTIONS, json!({})).await, "FORBIDDEN");
        }
        assert_eq!(app.visitor().is_refused(ACTIONS, json!({})).await, "UNAUTHENTICATED");
    }
}
