//! Alerts: each fact is alerted once, listed, pushed and mailed, by the settings of its user.

mod input;
mod kept;
mod low_balance;
mod mail;
mod model;
pub(crate) mod plan;
mod replicas;
mod verified;
mod watch;

use std::time::Duration;

use entity::user::Role;
use patch_hive::billing::alert::follow;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::harness::{Actor, Socket, TestApp};

pub(crate) const SET: &str = "mutation ($input: SetAlertInput!) { setAlert(input: $input) { kind enabled below } }";

pub(crate) const SETTINGS: &str = "{ alertSettings { kind enabled below } }";

pub(crate) const ALERTS: &str = "query ($first: Int, $after: String) { alerts(first: $first, after: $after) { \
    nodes { id kind below available balanceVersion tier endsAt amount { amount currency } createdAt } \
    pageInfo { hasNextPage endCursor } } }";

pub(crate) const WATCH_ALERTS: &str =
    "subscription ($after: ID) { alerts(afterId: $after) { id kind available balanceVersion } }";

const ADJUST: &str = "mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { version } }";

/// Time limit for the gateway to find a crossing.
const PATIENCE: Duration = Duration::from_secs(20);

/// The setting of a threshold.
pub(crate) fn below(credits: i64) -> Value {
    json!({ "input": { "kind": "LOW_BALANCE", "below": credits } })
}

/// The setting that switches a kind of alerts on or off.
fn switch(kind: &str, enabled: bool) -> Value {
    json!({ "input": { "kind": kind, "enabled": enabled } })
}

/// A user, and an operator who changes the user's balance.
struct Customer {
    app: TestApp,
    user: Actor,
    admin: Actor,
    id: i64,
}

impl Customer {
    async fn signs_up(app: &TestApp, name: &str) -> Self {
        let user = app.signs_up(name).await;
        let admin = app.signs_up_as(&format!("{name}s-admin"), Role::Admin).await;
        let id = user.row().await;
        Self { app: app.clone(), user, admin, id }
    }

    /// A new user with credits, who is alerted below a threshold.
    async fn with_threshold(app: &TestApp, name: &str, credits: i64, threshold: i64) -> Self {
        let customer = Self::signs_up(app, name).await;
        customer.adjusts(credits).await;
        customer.user.gets(SET, below(threshold)).await;
        customer
    }

    /// Adds credits, or takes them.
    async fn adjusts(&self, credits: i64) {
        let key = self.user.balance().await["version"].to_string();
        let user = self.id.to_string();
        let input = json!({ "userId": user, "credits": credits, "reason": "a test", "idempotencyKey": key });
        self.admin.gets(ADJUST, json!({ "input": input })).await;
    }

    /// Exports, which costs three credits.
    async fn exports(&self) {
        let key = self.user.balance().await["version"].to_string();
        assert_eq!(self.user.exports("run", &key).await["__typename"], "ExportCharge");
    }

    /// The alerts so far, newest first.
    async fn alerts(&self) -> Vec<Value> {
        alerts(&self.user).await
    }

    /// The versions of the crossings up to the present, oldest first.
    async fn crossings(&self) -> Vec<i64> {
        follow(&self.app.inside().await, self.id).await.unwrap();
        let alerts = self.alerts().await;
        alerts.iter().rev().filter_map(|alert| alert["balanceVersion"].as_i64()).collect()
    }

    /// Waits until the gateway has sent so many alerts on its own, and returns them, newest first.
    async fn receives(&self, count: usize) -> Vec<Value> {
        let received = async {
            loop {
                let alerts = self.alerts().await;
                if alerts.len() >= count {
                    return alerts;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let alerts = timeout(PATIENCE, received).await.expect("an alert did not come");
        assert_eq!(alerts.len(), count, "{alerts:?}");
        alerts
    }

    async fn watches(&self, after: Option<&Value>) -> Socket {
        let mut socket = self.user.connects().await;
        socket.subscribes("alerts", WATCH_ALERTS, json!({ "after": after })).await;
        socket
    }
}

/// The newest alerts of a user, newest first.
async fn alerts(user: &Actor) -> Vec<Value> {
    user.gets(ALERTS, json!({ "first": 100 })).await["nodes"].as_array().unwrap().clone()
}
