//! Writers that change balances.

use std::time::Instant;

use patch_hive::clock;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use serde_json::json;
use tokio::time::sleep;

use super::silence;
use crate::harness::{
    chance::Dice,
    replicas::{Member, Replicas},
};

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { version } }";

const CHARGE: &str = "mutation ($input: ChargeExportInput!) { chargeExport(input: $input) { __typename } }";

/// Ends what carries hints between replicas: whoever listens or sends has to notice, and to connect again.
const DEAFEN: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
    AND (query ILIKE 'LISTEN%' OR application_name LIKE '%hints')";

pub(super) struct Writer<'a> {
    /// Asks this one, or nobody: then it writes behind all backs.
    pub(super) replica: Option<usize>,
    pub(super) replicas: &'a Replicas,
    pub(super) admin: &'a Member,
    pub(super) dice: Dice,
}

impl Writer<'_> {
    pub(super) async fn writes(mut self, accounts: &[Member], database: &DatabaseConnection, until: Instant) {
        while Instant::now() < until {
            let owner = &accounts[self.dice.place(accounts.len())];
            self.changes(owner, database).await;
            if self.replica.is_none() && self.dice.rolls(5) && database.get_database_backend() == DbBackend::Postgres {
                database.execute_unprepared(DEAFEN).await.unwrap();
            }
            sleep(self.dice.millis(5, 60)).await;
        }
    }

    /// Changes one balance, or is refused.
    pub(super) async fn changes(&mut self, owner: &Member, database: &DatabaseConnection) {
        let Some(replica) = self.replica else {
            let count = self.dice.place(4) + 1;
            return silence::books(database, owner.id, count, "unheard").await;
        };
        let key = clock::random_id();
        if self.dice.rolls(50) {
            let input = json!({ "input": { "runId": "run", "idempotencyKey": key } });
            self.replicas.asks(replica, owner, CHARGE, input).await;
        }
        let user = owner.id.to_string();
        let input = json!({ "userId": user, "credits": 1, "reason": "a gift", "idempotencyKey": key });
        self.replicas.asks(replica, self.admin, GRANT, json!({ "input": input })).await;
    }
}
