//! The queue of due work.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_pk_auto, integer, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0008_work"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let work = Table::create()
            .table("work")
            .col(big_pk_auto("id"))
            .col(text("kind"))
            .col(text("key"))
            .col(timestamp_with_time_zone("due_at"))
            .col(big_integer("generation"))
            .col(integer("attempts"))
            .col(timestamp_with_time_zone_null("leased_until"))
            .col(big_integer("lease"))
            .col(text_null("error"))
            .col(timestamp_with_time_zone("created_at"))
            .index(Index::create().name("work_key").col("kind").col("key").unique())
            .to_owned();
        manager.create_table(work).await?;
        let due = "CREATE INDEX work_due ON work (kind, due_at)";
        manager.get_connection().execute_unprepared(due).await?;
        for open in OPEN {
            manager.get_connection().execute_unprepared(open).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("work").to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// What was left open before there was a queue.
const OPEN: [&str; 3] = [
    "INSERT INTO work (kind, key, due_at, generation, attempts, lease, created_at) SELECT 'operation', CAST(id AS TEXT), \
     created_at, 1, 0, 0, created_at FROM stripe_operations WHERE state = 'open'",
    "INSERT INTO work (kind, key, due_at, generation, attempts, lease, created_at) SELECT 'unlimited', \
     CAST(user_id AS TEXT), unlimited_until, 1, 0, 0, updated_at FROM credit_accounts WHERE unlimited_until IS NOT NULL",
    "INSERT INTO work (kind, key, due_at, generation, attempts, lease, created_at) SELECT 'event', event_id, \
     received_at, 1, 0, 0, received_at FROM stripe_events WHERE status = 'failed'",
];
