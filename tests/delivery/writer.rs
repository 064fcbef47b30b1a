//! Writers that change balances.

use std::time::Instant;

use patch_hive::clock;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use serde_json::json;
use tokio::time::sleep;

use super::silence;
use crate::harness::{
    replicas::{Member, Replicas},
    rng::Rng,
};

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { version } }";

const CHARGE: &str = "mutation ($input: ChargeExportInput!) { chargeExport(input: $input) { __typename } }";

/// Ends the connections that carry hints between replicas, which have to notice it and to connect again.
const DEAFEN: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
    AND (query ILIKE 'LISTEN%' OR application_name LIKE '%hints')";

pub(super) struct Writer<'a> {
    /// The replica to use; `None` writes directly to the database.
    pub(super) replica: Option<usize>,
    pub(super) replicas: &'a Replicas,
    pub(super) admin: &'a Member,
    pub(super) rng: Rng,
}

impl Writer<'_> {
    pub(super) async fn writes(mut self, accounts: &[Member], database: &DatabaseConnection, until: Instant) {
        while Instant::now() < until {
            let owner = &accounts[self.rng.place(accounts.len())];
            self.changes(owner, database).await;
            if self.replica.is_none() && self.rng.rolls(5) && database.get_database_backend() == DbBackend::Postgres {
                database.execute_unprepared(DEAFEN).await.unwrap();
            }
            sleep(self.rng.millis(5, 60)).await;
        }
    }

    /// Changes one balance, unless the credits are insufficient.
    pub(super) async fn changes(&mut self, owner: &Member, database: &DatabaseConnection) {
        let Some(replica) = self.replica else {
            let count = self.rng.place(4) + 1;
            return silence::posts(database, owner.id, count, "unheard").await;
        };
        let key = clock::random_id();
        if self.rng.rolls(50) {
            let input = json!({ "input": { "runId": "run", "idempotencyKey": key } });
            self.replicas.asks(replica, owner, CHARGE, input).await;
        }
        let user = owner.id.to_string();
        let input = json!({ "userId": user, "credits": 1, "reason": "a gift", "idempotencyKey": key });
        self.replicas.asks(replica, self.admin, GRANT, json!({ "input": input })).await;
    }
}
