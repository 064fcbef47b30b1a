//! Users who all receive the same life, each with ids of their own.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use entity::{
    credit_account, customer,
    user::{self, Role},
    work::{self, Kind},
};
use futures_util::future::join_all;
use patch_hive::{
    app::App,
    sync::{self, Refusal},
};
use sandbox::Sandbox;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Statement};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::{
    life::Life,
    state::{ROWS, UNAPPLIED},
};
/// A placeholder in the ids of a life, for the part that makes them a user's own.
const MARK: char = '\u{b6}';

/// Prefixes of the Stripe ids that differ by user.
const PREFIXES: [&str; 11] = ["evt", "cus", "sub", "in", "inpay", "pi", "ch", "re", "du", "cs", "si"];

/// Number of concurrent deliveries.
const WORKERS: usize = 4;

/// Maximum number of deliveries of an event while the database is too busy.
const ATTEMPTS: usize = 10;

/// Number of rows per insert.
const BATCH: usize = 500;

pub(super) struct Crowd {
    /// Replicas on one database.
    replicas: Vec<App>,
    /// The events, with marked ids.
    events: Arc<Vec<String>>,
    /// Each user's id, and the name that makes the ids of the life this user's own.
    users: Vec<(i64, String)>,
}

impl Crowd {
    /// Creates the users and their customers.
    pub(super) async fn gather(stripe: &Sandbox, replicas: &[App], life: &Life, count: usize) -> Self {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let first = LAST.fetch_add(count, Ordering::Relaxed);
        let names: Vec<_> = (first..first + count).map(|number| format!("Zz{number:06}")).collect();
        let customer = marked(&Value::from(life.customer.as_str())).as_str().unwrap().to_owned();
        let mut users = Vec::new();
        for names in names.chunks(BATCH) {
            users.extend(sign_up(&replicas[0], names, &customer).await);
        }
        let objects: Vec<_> = life.objects.iter().map(|object| marked(object).to_string()).collect();
        for (_, name) in &users {
            for object in &objects {
                stripe.adopt(serde_json::from_str(&object.replace(MARK, name)).unwrap());
            }
        }
        let events = life.events.iter().map(|event| marked(event).to_string()).collect();
        Self { replicas: replicas.to_vec(), events: Arc::new(events), users }
    }

    /// Delivers the events to each user in another order, to several users at a time.
    pub(super) async fn receives_in_turn(&self, orders: &[Vec<usize>]) {
        let deliveries: Vec<_> =
            self.users.iter().zip(orders).map(|((_, name), order)| (name.clone(), order.clone())).collect();
        let workers = deliveries.chunks(deliveries.len().div_ceil(WORKERS)).map(|deliveries| {
            let (app, events, deliveries) = (self.replicas[0].clone(), self.events.clone(), deliveries.to_vec());
            tokio::spawn(async move {
                for (name, order) in deliveries {
                    for event in order {
                        deliver(&app, &events[event], &name).await;
                    }
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
    }

    /// Delivers events to a user all at once, each through the next replica.
    pub(super) async fn receives_at_once(&self, user: usize, events: Vec<usize>) {
        let name = &self.users[user].1;
        let replicas = self.replicas.iter().cycle();
        let deliveries = events.into_iter().zip(replicas).map(|(event, app)| {
            let (app, body, name) = (app.clone(), self.events[event].clone(), name.clone());
            tokio::spawn(async move { deliver(&app, &body, &name).await })
        });
        for delivery in join_all(deliveries.collect::<Vec<_>>()).await {
            delivery.unwrap();
        }
    }

    /// Waits until no look is left to do.
    async fn has_looked(&self) {
        let looks = work::Entity::find().filter(work::Column::Kind.eq(Kind::Look));
        let looked = async {
            while looks.clone().count(self.replicas[0].database.read()).await.unwrap() > 0 {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_mins(2), looked).await.expect("looks were not done in time");
    }

    /// The stored state of each user, without the user's own name in ids.
    pub(super) async fn states(&self) -> Vec<Vec<String>> {
        self.has_looked().await;
        let database = &self.replicas[0].database;
        let (db, backend) = (database.read(), database.backend());
        let ask = async |sql: &str| {
            use sea_orm::ConnectionTrait;
            db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap()
        };
        let unapplied: Vec<String> = ask(UNAPPLIED).await.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        assert!(unapplied.is_empty(), "{unapplied:#?}");
        let mut lines = HashMap::<i64, Vec<String>>::new();
        for sql in ROWS {
            for row in ask(sql).await {
                lines.entry(row.try_get_by_index(0).unwrap()).or_default().push(row.try_get_by_index(1).unwrap());
            }
        }
        let of = |(id, name): &(i64, String)| {
            let mut lines: Vec<_> =
                lines.remove(id).unwrap_or_default().into_iter().map(|line| line.replace(name.as_str(), "")).collect();
            lines.sort();
            lines
        };
        self.users.iter().map(of).collect()
    }
}

/// Delivers an event, and repeats it if the database was too busy, as Stripe does.
async fn deliver(app: &App, event: &str, name: &str) {
    let body = event.replace(MARK, name);
    for _ in 0..ATTEMPTS {
        match sync::receive(app, body.as_bytes()).await {
            Ok(_) => return,
            Err(Refusal::Ours(error)) => eprintln!("delivered again: {error}"),
            Err(refusal) => panic!("{refusal}: {body}"),
        }
    }
    panic!("never accepted: {body}");
}

/// Inserts users with accounts and customers.
async fn sign_up(app: &App, names: &[String], customer: &str) -> Vec<(i64, String)> {
    let (db, now) = (app.database.write(), app.clock.now());
    let users = names.iter().map(|name| user::ActiveModel {
        email: Set(format!("{name}@patchhive.example")),
        username: Set(name.clone()),
        role: Set(Role::User),
        created_at: Set(now),
        ..Default::default()
    });
    user::Entity::insert_many(users).exec(db).await.unwrap();
    let made = user::Entity::find().filter(user::Column::Username.is_in(names)).all(db).await.unwrap();
    let accounts = made.iter().map(|user| credit_account::ActiveModel {
        user_id: Set(user.id),
        balance: Set(0),
        held: Set(0),
        version: Set(0),
        unlimited_until: Set(None),
        updated_at: Set(now),
    });
    credit_account::Entity::insert_many(accounts).exec_without_returning(db).await.unwrap();
    let customers = made.iter().map(|user| customer::ActiveModel {
        user_id: Set(user.id),
        stripe_customer_id: Set(customer.replace(MARK, &user.username)),
        created_at: Set(now),
        ..Default::default()
    });
    customer::Entity::insert_many(customers).exec(db).await.unwrap();
    made.into_iter().map(|user| (user.id, user.username)).collect()
}

/// Adds the mark to each id in a value.
fn marked(value: &Value) -> Value {
    match value {
        Value::String(text) if is_id(text) => format!("{text}{MARK}").into(),
        Value::Array(values) => values.iter().map(marked).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), marked(value))).collect(),
        other => other.clone(),
    }
}

fn is_id(text: &str) -> bool {
    let known = |prefix: &str| PREFIXES.contains(&prefix);
    let plain = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    text.split_once('_').is_some_and(|(prefix, rest)| known(prefix) && plain(rest))
}
