//! Operators see the background tasks that fail, and those that no worker takes.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    customer, operation, payment, subscription,
    user::Role,
    work::{self, Kind},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::harness::{Actor, TestApp, facts};

const FAILED: &str = "query ($first: Int, $after: String) { failedTasks(first: $first, after: $after) { \
    nodes { id kind subject attempts error createdAt dueAt } pageInfo { hasNextPage endCursor } } }";
const OVERDUE: &str = "query ($first: Int, $after: String) { overdueTasks(first: $first, after: $after) { \
    nodes { id kind subject attempts error createdAt dueAt } pageInfo { hasNextPage endCursor } } }";

/// A task to insert.
pub(crate) struct Given<'a> {
    pub(crate) key: &'a str,
    pub(crate) error: Option<&'a str>,
    pub(crate) created: TimeDelta,
    pub(crate) due: TimeDelta,
    pub(crate) leased: Option<TimeDelta>,
}

impl Given<'_> {
    pub(crate) async fn insert(&self, app: &TestApp) {
        let inside = app.inside().await;
        let now = inside.clock.wall();
        let task = work::ActiveModel {
            kind: Set(Kind::Mail),
            key: Set(self.key.to_owned()),
            due_at: Set(now + self.due),
            generation: Set(1),
            attempts: Set(2),
            leased_until: Set(self.leased.map(|leased| now + leased)),
            lease: Set(1),
            error: Set(self.error.map(ToOwned::to_owned)),
            created_at: Set(now + self.created),
            ..Default::default()
        };
        task.insert(inside.database.write()).await.unwrap();
    }
}

/// A task about an unknown user, which does nothing.
fn waiting(user: i64, due_at: DateTime<Utc>) -> work::ActiveModel {
    work::ActiveModel {
        kind: Set(Kind::Duplicate),
        key: Set(user.to_string()),
        due_at: Set(due_at),
        generation: Set(1),
        attempts: Set(0),
        leased_until: Set(None),
        lease: Set(0),
        error: Set(None),
        created_at: Set(due_at),
        ..Default::default()
    }
}

async fn subjects(admin: &Actor, document: &str, variables: Value) -> (Vec<String>, Value) {
    let page = admin.gets(document, variables).await;
    let nodes = page["nodes"].as_array().unwrap();
    (nodes.iter().map(|node| node["subject"].as_str().unwrap().to_owned()).collect(), page["pageInfo"].clone())
}

facts! {
    async fn failed_tasks_are_listed_oldest_first_with_their_error(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let hours = TimeDelta::hours;
        for (key, error, created) in [("b", Some("refused"), -2), ("a", Some("timeout"), -5), ("c", None, -9), ("d", Some("odd"), -1)] {
            Given { key, error, created: hours(created), due: hours(1), leased: None }.insert(&app).await;
        }
        let page = admin.gets(FAILED, json!({})).await;
        let first = &page["nodes"][0];
        assert!(first["id"].as_str().unwrap().starts_with("task_"));
        assert_eq!((&first["kind"], &first["attempts"], &first["error"]), (&json!("MAIL"), &json!(2), &json!("timeout")));
        let (read, info) = subjects(&admin, FAILED, json!({ "first": 2 })).await;
        assert_eq!((read, &info["hasNextPage"]), (vec!["a".to_owned(), "b".to_owned()], &json!(true)));
        let (read, info) = subjects(&admin, FAILED, json!({ "first": 2, "after": info["endCursor"] })).await;
        assert_eq!((read, &info["hasNextPage"]), (vec!["d".to_owned()], &json!(false)));
    }

    async fn tasks_that_wait_for_a_worker_are_listed_longest_overdue_first(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let minutes = TimeDelta::minutes;
        for (key, due, leased) in [("held", -600, Some(minutes(1))), ("later", 30, None)] {
            Given { key, error: None, created: minutes(-600), due: minutes(due), leased }.insert(&app).await;
        }
        assert_eq!(subjects(&admin, OVERDUE, json!({})).await.0, [""; 0]);
        // More than the workers can do at once.
        let inside = app.inside().await;
        let now = inside.clock.wall();
        let many = (0..1000).map(|number| waiting(900_000_000 + number, now - minutes(2 + number)));
        work::Entity::insert_many(many).exec_without_returning(inside.database.write()).await.unwrap();
        let page = admin.gets(OVERDUE, json!({ "first": 100 })).await;
        let due: Vec<DateTime<Utc>> =
            page["nodes"].as_array().unwrap().iter().map(|node| node["dueAt"].as_str().unwrap().parse().unwrap()).collect();
        assert_eq!((due.len(), &page["pageInfo"]["hasNextPage"]), (100, &json!(true)));
        assert!(due.is_sorted() && due[99] < now - minutes(1), "{due:?}");
        let next = admin.gets(OVERDUE, json!({ "first": 1, "after": page["pageInfo"]["endCursor"] })).await;
        let next: DateTime<Utc> = next["nodes"][0]["dueAt"].as_str().unwrap().parse().unwrap();
        assert!(next > due[99], "{next}");
        app.works_off(Kind::Duplicate).await;
    }

    async fn only_an_admin_reads_tasks_and_bad_pages_are_refused(app: TestApp) {
        let (ada, service) = (app.signs_up("ada").await, app.signs_up_as("exporter", Role::Service).await);
        let admin = app.signs_up_as("admin", Role::Admin).await;
        for document in [FAILED, OVERDUE] {
            for stranger in [&ada, &service] {
                assert_eq!(stranger.is_refused(document, json!({})).await, "FORBIDDEN");
            }
            assert_eq!(app.visitor().is_refused(document, json!({})).await, "UNAUTHENTICATED");
            for odd in [json!({ "first": 101 }), json!({ "first": -1 }), json!({ "after": "odd" })] {
                assert_eq!(admin.is_refused(document, odd.clone()).await, "BAD_USER_INPUT", "{odd}");
            }
        }
    }

    async fn a_task_names_the_user_whom_it_is_about(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        ada.subscribes("CORE").await;
        bob.buys(25).await;
        app.settles().await;
        let inside = app.inside().await;
        let db = inside.database.write();
        let subscription = subscription::Entity::find().one(db).await.unwrap().unwrap().stripe_subscription_id;
        let pack = payment::Entity::find().one(db).await.unwrap().unwrap().stripe_payment_intent_id.unwrap();
        let customers = customer::Entity::find().filter(customer::Column::UserId.eq(bob.row().await));
        let customer = customers.one(db).await.unwrap().unwrap().stripe_customer_id;
        let done = operation::Entity::find().filter(operation::Column::UserId.eq(ada.row().await));
        let operation = done.one(db).await.unwrap().unwrap().id;
        let given = [
            (Kind::Look, format!("subscription:{subscription}"), Some("ada")),
            (Kind::Look, format!("payment:{pack}"), Some("bob")),
            (Kind::Look, format!("customer:{customer}"), Some("bob")),
            (Kind::Look, "invoice:in_unknown".to_owned(), None),
            (Kind::Look, "odd".to_owned(), None),
            (Kind::OpenInvoice, subscription.clone(), Some("ada")),
            (Kind::OpenInvoice, "sub_unknown".to_owned(), None),
            (Kind::Operation, operation.to_string(), Some("ada")),
            (Kind::Operation, "odd".to_owned(), None),
            (Kind::Unlimited, ada.row().await.to_string(), Some("ada")),
            (Kind::Customer, "900000000".to_owned(), None),
            (Kind::Hold, "900000000".to_owned(), None),
            (Kind::Mail, "welcome:ada@patchhive.example".to_owned(), None),
        ];
        let later = inside.clock.wall() + TimeDelta::hours(1);
        for (kind, key, _) in &given {
            let task = work::ActiveModel {
                kind: Set(*kind), key: Set(key.clone()), error: Set(Some("refused".to_owned())), ..waiting(0, later)
            };
            task.insert(db).await.unwrap();
        }
        let tasks = "{ failedTasks(first: 100) { nodes { subject user { username } } } }";
        let nodes = admin.gets(tasks, json!({})).await["nodes"].as_array().unwrap().clone();
        let named = nodes.iter().map(|task| (task["subject"].as_str().unwrap(), task["user"]["username"].as_str()));
        let expected = given.iter().map(|(_, key, user)| (key.as_str(), *user));
        assert_eq!(named.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        let of_user = "query ($id: ID) { failedTasks(first: 100, userId: $id) { nodes { subject } } }";
        for (user, name) in [(&ada, "ada"), (&bob, "bob"), (&admin, "admin")] {
            let id = format!("user_{}", user.row().await);
            let (subjects, _) = subjects(&admin, of_user, json!({ "id": id })).await;
            let about = given.iter().filter(|(_, _, about)| *about == Some(name)).map(|(_, key, _)| key.clone());
            assert_eq!(subjects, about.collect::<Vec<_>>(), "{name}");
        }
        assert_eq!(admin.is_refused(of_user, json!({ "id": "task_1" })).await, "NOT_FOUND");
        work::Entity::delete_many().filter(work::Column::Error.is_not_null()).exec(db).await.unwrap();
    }
}
